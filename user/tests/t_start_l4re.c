/* SPDX-License-Identifier: MIT */
/*
 * The system calls with which L4Re's region mapper, its thread library and a first program start, in their order
 * (boot.md section 7, the part on l4re and ned).
 *
 * Runs as root task.  The main thread is the region mapper: pager and exception handler of the other threads of its
 * task, through a gate.  It answers a page fault by having the page mapped into its own task, without an item in
 * the answer.  The cases build on each other.
 */
#include "steps.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/re/env.h>
#include <l4/sigma0/sigma0.h>
#include <l4/sys/factory.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/semaphore.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>
#include <l4/sys/vcon.h>
#include <quire/string.h>

enum { PRIO_MAPPER = 255, PRIO_APP = 2, LABEL = 0x100, MAX_MESSAGES = 20, RIGHTS = 3 };
enum { MR_IP = 18, UD2_SIZE = 2, LARGE_ORDER = 22, STACK_WORDS = 512, LOG_LABEL = 0x200 };
#define MAIN L4_BASE_TASK_CAP
#define SELF L4_INVALID_CAP
#define REGION 0x60000000UL /* what the application touches */
#define LARGE 0x80000000UL
#define KU_AREA 0x70000000UL

extern char quire_thread_entry[];

static l4_cap_idx_t gate, app, sem, ready, log_gate;
static l4_umword_t stacks[3][STACK_WORDS];
static volatile unsigned steps;

/* Thread of this task at a UTCB; its pager and exception handler is the gate. */
static l4_cap_idx_t start_thread(l4_utcb_t *utcb, unsigned stack, void (*fn)(void *), void *arg)
{
    l4_sched_param_t sched = l4_sched_param(PRIO_APP, 0);
    l4_umword_t *sp = stacks[stack] + STACK_WORDS - 2;
    l4_cap_idx_t thread = new_object(L4_PROTO_THREAD);

    sp[0] = (l4_umword_t)arg;
    sp[1] = (l4_umword_t)fn;
    l4_thread_control_start();
    l4_thread_control_pager(gate);
    l4_thread_control_exc_handler(gate);
    l4_thread_control_bind(utcb, MAIN);
    expect_tag_label("control", l4_thread_control_commit(thread), 0);
    expect_tag_label("ex_regs",
                     l4_thread_ex_regs(thread, (l4_addr_t)quire_thread_entry, (l4_addr_t)sp, 0), 0);
    expect_tag_label("run_thread", l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, thread, &sched),
                     0);
    return thread;
}

/* ---- the region mapper ---- */

static void preparations(void)
{
    l4_sched_param_t sched = l4_sched_param(PRIO_MAPPER, 0);
    static l4_umword_t tls[2];

    ipc_init(&m, SELF, CALL, tag(L4_PROTO_THREAD, 2), L4_IPC_NEVER);
    m.msg.mr[0] = 0x12; /* fs base */
    m.msg.mr[1] = (l4_umword_t)tls;
    ipc_do(&m);
    expect_tag_label("thread-local storage", m.tag, 0);
    gate = new_gate(L4_BASE_THREAD_CAP, LABEL);
    sem = new_object(L4_PROTO_SEMAPHORE);
    ready = new_object(L4_PROTO_SEMAPHORE);
    expect_tag_label("priority",
                     l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, L4_BASE_THREAD_CAP, &sched), 0);
}

/* Two page faults, a trap, a call. */
static void application(void *unused)
{
    (void)unused;
    *(volatile l4_umword_t *)REGION = 0x1234;
    steps++;
    *(volatile l4_umword_t *)(REGION + 5 * L4_PAGESIZE) = *(volatile l4_umword_t *)REGION;
    steps++;
    __asm__ volatile("ud2");
    steps++;
    l4_ipc_call(gate, l4_utcb(), l4_msgtag(7, 0, 0, 0), L4_IPC_NEVER);
    steps++;
    for (;;)
        l4_ipc_sleep(L4_IPC_NEVER);
}

static void start_application(void)
{
    app = start_thread((l4_utcb_t *)(l4re_env()->first_free_utcb + 0x400), 0, application, 0);
    expect("has not run yet", steps, 0);
}

/* The page comes to the place of the fault; the answer says only that. */
static l4_msgtag_t page_fault(l4_umword_t const *mr)
{
    l4_addr_t base, page = l4_trunc_page(mr[0]);

    expect("a write", mr[0] & 7, 2);
    expect_label("memory",
                 l4sigma0_map_anypage(L4_BASE_PAGER_CAP, page, L4_PAGESHIFT, &base, L4_PAGESHIFT),
                 0);
    return l4_msgtag(0, 0, 0, 0);
}

static void serve(void)
{
    unsigned faults = 0, exceptions = 0, calls = 0;

    ipc_init(&m, SELF, WAIT, tag(0, 0), L4_IPC_SEND_TIMEOUT_0);
    for (unsigned n = 0; n < MAX_MESSAGES && !calls; n++) {
        ipc_do(&m);
        expect("error", m.error, 0);
        expect("label", m.label & ~(l4_umword_t)RIGHTS, LABEL);
        m.flags = REPLY_AND_WAIT;
        if (l4_msgtag_label(m.tag) == L4_PROTO_PAGE_FAULT) {
            expect("steps before", steps, faults++);
            m.tag = page_fault(m.msg.mr);
        } else if (l4_msgtag_label(m.tag) == L4_PROTO_EXCEPTION) {
            expect("steps before", steps, 2);
            exceptions++;
            m.msg.mr[MR_IP] += UD2_SIZE;
            m.tag = l4_msgtag(0, L4_UTCB_EXCEPTION_REGS_SIZE, 0, 0);
        } else {
            calls++;
        }
    }
    main_does(SELF, REPLY, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0);
    expect("page faults", faults, 2);
    expect("exceptions", exceptions, 1);
    l4_ipc_sleep_ms(5);
    expect("all done", steps, 4);
    expect("what was read", *(volatile l4_umword_t *)(REGION + 5 * L4_PAGESIZE), 0x1234);
}

/* As from a data space: a large page in one item, into a window of its size. */
static void large_item(void)
{
    l4_addr_t base;

    expect_label("large",
                 l4sigma0_map_anypage(L4_BASE_PAGER_CAP, LARGE, LARGE_ORDER, &base, LARGE_ORDER),
                 0);
    for (l4_addr_t p = LARGE; p < LARGE + (1UL << LARGE_ORDER); p += L4_PAGESIZE)
        *(volatile l4_umword_t *)p = p;
    expect("last page", *(volatile l4_umword_t *)(LARGE + (1UL << LARGE_ORDER) - L4_PAGESIZE),
           LARGE + (1UL << LARGE_ORDER) - L4_PAGESIZE);
}

/* ---- threads of the library, as Ned has ---- */

/* At its end a thread replies to whoever waits for it, if anybody does. */
static void library_thread(void *arg)
{
    l4_umword_t label;

    l4_semaphore_up(ready);
    if (!l4_error(l4_semaphore_down(sem, L4_IPC_NEVER)))
        steps += (unsigned)(l4_umword_t)arg;
    l4_semaphore_up(ready);
    l4_ipc(SELF, l4_utcb(), L4_SYSF_SEND | L4_SYSF_REPLY, 0, l4_msgtag(0, 0, 0, 0), &label,
           L4_IPC_NEVER);
    steps += 100; /* nobody waited: error, and on */
    for (;;)
        l4_ipc_sleep(L4_IPC_NEVER);
}

static void semaphores(void)
{
    l4_fpage_t area = l4_fpage(KU_AREA, L4_PAGESHIFT, L4_FPAGE_RW);
    l4_cap_idx_t thread;

    steps = 0;
    expect_tag_label("add_ku_mem", l4_task_add_ku_mem(MAIN, &area), 0);
    thread = start_thread((l4_utcb_t *)KU_AREA, 1, library_thread, (void *)10);
    expect_label("it is there", l4_error(l4_semaphore_down(ready, MS(500))), 0);
    expect("waits", steps, 0);
    l4_semaphore_up(sem);
    expect_label("it has gone on", l4_error(l4_semaphore_down(ready, MS(500))), 0);
    l4_ipc_sleep_ms(5);
    expect("and ends", steps, 110);
    delete_object(thread);
}

static void several_flexpages(void)
{
    l4_cap_idx_t irq = new_object(L4_PROTO_IRQ_SENDER), other = new_gate(L4_INVALID_CAP, 0);
    l4_fpage_t none = l4_fpage_invalid(), fp[3];
    l4_cap_idx_t task = l4re_util_cap_alloc();

    expect_tag_label("task", l4_factory_create_task(L4_BASE_FACTORY_CAP, task, &none), 0);
    expect_tag_label("map", l4_task_map(task, MAIN, l4_obj_fpage(irq, 0, L4_CAP_FPAGE_RWS), irq),
                     0);
    fp[0] = l4_obj_fpage(irq, 0, L4_CAP_FPAGE_RWSD);
    fp[1] = l4_obj_fpage(other, 0, L4_CAP_FPAGE_RWSD);
    fp[2] = l4_fpage(LARGE, LARGE_ORDER, L4_FPAGE_RWX);
    expect_tag_label("unmap", l4_task_unmap_batch(MAIN, fp, 3, L4_FP_DELETE_OBJ), 0);
    expect_label("IRQ", l4_error(l4_task_cap_valid(MAIN, irq)), 0);
    expect_label("its copy", l4_error(l4_task_cap_valid(task, irq)), 0);
    expect_label("gate", l4_error(l4_task_cap_valid(MAIN, other)), 0);
    expect_label(
        "memory is gone, too: mapped again",
        l4sigma0_map_anypage(L4_BASE_PAGER_CAP, LARGE, L4_PAGESHIFT, &(l4_addr_t){0}, L4_PAGESHIFT),
        0);
    expect("another page", *(volatile l4_umword_t *)LARGE != LARGE, 1);
    delete_object(task);
}

/* ---- hello ---- */

static void hello(void *unused)
{
    (void)unused;
    l4_vcon_write(log_gate, "Hello World!\n", 13);
    steps++;
    l4_ipc_receive(SELF, l4_utcb(), l4_timeout(L4_IPC_TIMEOUT_NEVER, l4_timeout_from_us(10000)));
    steps++;
    for (;;)
        l4_ipc_sleep(L4_IPC_NEVER);
}

/* Its log is a gate, whose server gets the text as the kernel's log would. */
static void log_through_a_gate(void)
{
    l4_cpu_time_t start;
    l4_cap_idx_t thread;

    steps = 0;
    log_gate = new_gate(L4_BASE_THREAD_CAP, LOG_LABEL);
    thread = start_thread((l4_utcb_t *)(KU_AREA + L4_UTCB_OFFSET), 2, hello, 0);
    expect("receive", main_does(SELF, WAIT, tag(0, 0), MS(500)), 0);
    expect("label", m.label & ~(l4_umword_t)RIGHTS, LOG_LABEL);
    expect_tag_label("protocol", m.tag, L4_PROTO_LOG);
    expect("operation", m.msg.mr[0], 0);
    expect("length", m.msg.mr[1], 13);
    expect("text", (unsigned long)memcmp(&m.msg.mr[2], "Hello World!\n", 13), 0);
    expect("no answer is wanted", main_does(SELF, REPLY, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0),
           L4_IPC_ENOT_EXISTENT);
    start = l4_kip_clock(l4_kip());
    while (steps < 2 && l4_kip_clock(l4_kip()) - start < 500000)
        l4_ipc_sleep_ms(1);
    expect("slept and woke up", steps, 2);
    expect("not too early", l4_kip_clock(l4_kip()) - start >= 8000, 1);
    delete_object(thread);
}

static struct test_case const cases[] = {
    {"START", "l4re: gate, semaphores, priority", preparations},
    {"START", "l4re: start of the application's thread", start_application},
    {"START", "l4re: its faults, trap, call", serve},
    {"START", "l4re: a large item", large_item},
    {"START", "ned: a thread of the library and its end", semaphores},
    {"START", "ned: unmap of several flexpages", several_flexpages},
    {"START", "hello: log through a gate, sleep", log_through_a_gate},
};

int main(void) { return TEST_RUN(cases); }
