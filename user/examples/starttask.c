/* SPDX-License-Identifier: MIT */
/*
 * A task and its thread, started by hand.
 *
 * Shows: everything a new program needs.  A task is empty: it gets pages (here our own code, and one page as its
 * stack), capabilities (a gate to us), and memory for UTCBs.  A thread is bound to the task and to a UTCB, gets a
 * scheduling priority and its first registers.  The child asks a question, then it ends by an invalid instruction,
 * which we get as its exception handler; deleting the objects ends it for good.
 * Started by the root task; in a boot script: program ex_starttask.elf
 */
#include <l4/re/c/util/cap_alloc.h>
#include <l4/re/env.h>
#include <l4/sys/factory.h>
#include <l4/sys/ipc.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>
#include <quire/io.h>
#include <quire/program.h>

/* Addresses and slots in the child's task, free to choose. */
#define CHILD_UTCBS 0xb3000000UL
#define CHILD_STACK 0x80000000UL
#define CHILD_GATE (1UL << L4_CAP_SHIFT)
enum { CHILD_PRIO = 2, CHILD_LABEL = 0x10, TRAP_OPCODE = 6 };

extern char image_start[], image_data[]; /* code and constants of this program */

static char stack[L4_PAGESIZE] __attribute__((aligned(4096)));
static l4_cap_idx_t task, thread, gate;

/* Runs in the new task.  It has no page of our data: all it may write to is its stack and its UTCB. */
static void child(void)
{
    l4_umword_t n;

    l4_utcb_mr()->mr[0] = 20;
    l4_utcb_mr()->mr[1] = 22;
    l4_ipc_call(CHILD_GATE, l4_utcb(), l4_msgtag(0, 2, 0, 0), L4_IPC_NEVER);
    n = l4_utcb_mr()->mr[0];
    __asm__ volatile("ud2" : : "a"(n));
    __builtin_unreachable();
}

/* Ends the program if a step did not work. */
static void step(char const *what, l4_msgtag_t tag)
{
    long err = l4_error(tag);

    printf("%s: %ld\n", what, err);
    if (err < 0)
        exit(1);
}

static void fill_task(void)
{
    l4_fpage_t page = l4_fpage((l4_addr_t)stack, L4_PAGESHIFT, L4_FPAGE_RW);

    step("map stack", l4_task_map(task, L4RE_THIS_TASK_CAP, page, CHILD_STACK));
    for (char *p = image_start; p < image_data; p += L4_PAGESIZE) {
        page = l4_fpage((l4_addr_t)p, L4_PAGESHIFT, L4_FPAGE_RX);
        if (l4_error(l4_task_map(task, L4RE_THIS_TASK_CAP, page, (l4_addr_t)p)) < 0)
            exit(1);
    }
    page = l4_obj_fpage(gate, 0, L4_CAP_FPAGE_RW);
    step("map gate", l4_task_map(task, L4RE_THIS_TASK_CAP, page, CHILD_GATE));
}

static void start_thread(void)
{
    l4_sched_param_t sched = l4_sched_param(CHILD_PRIO, 0);
    l4_addr_t sp = CHILD_STACK + L4_PAGESIZE - 8; /* as after a call: 8 below a multiple of 16 */

    /* Pager and exception handler are named by slots of the child: the same gate serves for all. */
    l4_thread_control_start();
    l4_thread_control_pager(CHILD_GATE);
    l4_thread_control_exc_handler(CHILD_GATE);
    l4_thread_control_bind((l4_utcb_t *)CHILD_UTCBS, task);
    step("bind thread", l4_thread_control_commit(thread));
    step("schedule thread", l4_scheduler_run_thread(l4re_env()->scheduler, thread, &sched));
    step("start thread", l4_thread_ex_regs(thread, (l4_addr_t)child, sp, 0));
}

/* Answers the child's question, then waits for its end. */
static int serve_child(void)
{
    l4_umword_t sum, label, *mr = l4_utcb_mr()->mr;
    l4_msgtag_t tag = l4_ipc_wait(l4_utcb(), &label, L4_IPC_NEVER);

    if (l4_msgtag_has_error(tag) || l4_msgtag_label(tag) != 0)
        return 1;
    sum = mr[0] + mr[1]; /* before printing, which is IPC too */
    /* Bits 0 and 1 of the label are rights of the capability the sender used: here W. */
    printf("asked with label 0x%lx: %lu + %lu\n", label, mr[0], mr[1]);
    mr[0] = sum;
    tag = l4_ipc_reply_and_wait(l4_utcb(), l4_msgtag(0, 1, 0, 0), &label, L4_IPC_SEND_TIMEOUT_0);
    if (!l4_msgtag_is_exception(tag) || l4_utcb_exc()->trapno != TRAP_OPCODE)
        return 1;
    printf("the child's answer was %lu\n", l4_utcb_exc()->rax);
    return 0;
}

int main(void)
{
    l4_fpage_t utcbs = l4_fpage(CHILD_UTCBS, L4_PAGESHIFT, L4_FPAGE_RW);
    l4re_env_t const *env = l4re_env();
    int status;

    task = l4re_util_cap_alloc();
    thread = l4re_util_cap_alloc();
    gate = l4re_util_cap_alloc();
    step("create task", l4_factory_create_task(env->factory, task, &utcbs));
    step("create thread", l4_factory_create_thread(env->factory, thread));
    step("create gate", l4_factory_create_gate(env->factory, gate, env->main_thread, CHILD_LABEL));
    fill_task();
    start_thread();
    status = serve_child();
    step("delete thread", l4_task_delete_obj(L4RE_THIS_TASK_CAP, thread));
    step("delete task", l4_task_delete_obj(L4RE_THIS_TASK_CAP, task));
    return status;
}
