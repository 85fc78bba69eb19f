/* SPDX-License-Identifier: MIT */
/*
 * Tasks and threads made and destroyed in large numbers (rules M-73, M-80, M-81).
 *
 * Runs as root task.  In each round ten tasks with ten threads each; the threads run code of this image in their
 * task and have come to different states when they end.  The order in which they end changes from round to round.
 * Kernel memory is compared in between, so that a loss is seen long before memory is used up.  A debug kernel, which
 * checks all its structures again and again, gets few rounds.
 */
#include "memory.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sys/factory.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>

#define MAIN L4_BASE_TASK_CAP
#define CHILD_UTCBS 0xb3000000UL
#define CHILD_STACKS 0x80000000UL
#define CHILD_GATE (1UL << L4_CAP_SHIFT)
#define CHILD_UNBOUND (2UL << L4_CAP_SHIFT)
enum {
    TASKS = 10,
    THREADS = 10,
    ROUNDS = 100,
    FEW_ROUNDS = 2,
    UTCB_ORDER = 14,
    STACK = 256,
    SECONDS = 40
};
enum { LABEL = 0x40, GATE_W = 1 };

/* What a thread does: by its number. */
enum { BOUND_ONLY, SLEEPS, CALLS, SENDS_TO_NOBODY, ENDS_BY_FAULT, KINDS };

extern char image_start[], image_data[];
extern char quire_thread_entry[];

static char stacks[L4_PAGESIZE] __attribute__((aligned(4096)));
static l4_cap_idx_t gate, unbound;
static struct {
    l4_cap_idx_t cap;
    l4_cap_idx_t thread[THREADS];
} tasks[TASKS];
static unsigned n_threads; /* made so far in this case */

_Static_assert(ROUNDS *TASKS == 1000 && ROUNDS * TASKS * THREADS == 10000, "as the case says");

/* The threads' code: the number is what ex_regs left at the top of the stack. */
static void child(unsigned long number) L4_NORETURN;
static void child(unsigned long number)
{
    l4_utcb_mr()->mr[0] = number;
    if (number % KINDS == CALLS)
        l4_ipc_call(CHILD_GATE, l4_utcb(), l4_msgtag(0, 1, 0, 0), L4_IPC_NEVER);
    l4_ipc_send(CHILD_GATE, l4_utcb(), l4_msgtag(0, 1, 0, 0), L4_IPC_NEVER);
    if (number % KINDS == SENDS_TO_NOBODY)
        l4_ipc_send(CHILD_UNBOUND, l4_utcb(), l4_msgtag(0, 1, 0, 0), L4_IPC_NEVER);
    if (number % KINDS == ENDS_BY_FAULT)
        __asm__ volatile("ud2");
    for (;;)
        l4_ipc_sleep_ms(60000);
}

static void give(l4_cap_idx_t task, l4_cap_idx_t cap, l4_cap_idx_t slot)
{
    expect_tag_label("capability",
                     l4_task_map(task, MAIN, l4_obj_fpage(cap, 0, L4_CAP_FPAGE_RW), slot), 0);
}

static l4_cap_idx_t make_task(void)
{
    l4_fpage_t utcbs = l4_fpage(CHILD_UTCBS, UTCB_ORDER, L4_FPAGE_RW);
    l4_cap_idx_t task = l4re_util_cap_alloc();
    unsigned order = L4_PAGESHIFT;

    while (image_start + (1UL << order) < image_data)
        order++; /* of the image what is there */
    expect_tag_label("task", l4_factory_create_task(L4_BASE_FACTORY_CAP, task, &utcbs), 0);
    expect_tag_label("code",
                     l4_task_map(task, MAIN, l4_fpage((l4_addr_t)image_start, order, L4_FPAGE_RX),
                                 (l4_addr_t)image_start),
                     0);
    expect_tag_label("stacks",
                     l4_task_map(task, MAIN, l4_fpage((l4_addr_t)stacks, L4_PAGESHIFT, L4_FPAGE_RW),
                                 CHILD_STACKS),
                     0);
    give(task, gate, CHILD_GATE);
    give(task, unbound, CHILD_UNBOUND);
    return task;
}

/* The next message comes from the thread, and says so. */
static void expect_message(long protocol, unsigned words)
{
    l4_umword_t label = 0;
    l4_msgtag_t t = l4_ipc_wait(l4_utcb(), &label, MS(1000));

    expect("message", l4_msgtag_has_error(t), 0);
    expect_tag_label("protocol", t, protocol);
    expect("words", l4_msgtag_words(t), words);
    expect("label", label, LABEL | GATE_W);
}

static void run_thread(l4_cap_idx_t thread, unsigned number)
{
    unsigned top = (number % THREADS + 1) * STACK;
    l4_umword_t *sp = (l4_umword_t *)(void *)(stacks + top) - 2;

    sp[0] = number;
    sp[1] = (l4_umword_t)child;
    expect_tag_label("start",
                     l4_thread_ex_regs(thread, (l4_addr_t)quire_thread_entry,
                                       CHILD_STACKS + top - 2 * sizeof(l4_umword_t), 0),
                     0);
    expect_message(0, 1);
    expect("number", l4_utcb_mr()->mr[0], number);
    if (number % KINDS == ENDS_BY_FAULT)
        expect_message(L4_PROTO_EXCEPTION, L4_UTCB_EXCEPTION_REGS_SIZE);
}

static l4_cap_idx_t make_thread(l4_cap_idx_t task, unsigned number)
{
    l4_sched_param_t sched = l4_sched_param(PRIO_WORKER, 0);
    l4_cap_idx_t thread = new_object(L4_PROTO_THREAD);

    l4_thread_control_start();
    l4_thread_control_pager(CHILD_GATE);
    l4_thread_control_exc_handler(CHILD_GATE);
    l4_thread_control_bind((l4_utcb_t *)(CHILD_UTCBS + number % THREADS * L4_UTCB_OFFSET), task);
    expect_tag_label("bind", l4_thread_control_commit(thread), 0);
    expect_tag_label("schedule", l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, thread, &sched), 0);
    if (number % KINDS != BOUND_ONLY)
        run_thread(thread, number);
    n_threads++;
    return thread;
}

static void end_threads(unsigned i)
{
    for (unsigned k = 0; k < THREADS; k++)
        delete_object(tasks[i].thread[k]);
}

/* Even rounds: threads before their task; odd ones: the task before its threads, which are in it still. */
static void one_round(unsigned round)
{
    for (unsigned i = 0; i < TASKS; i++) {
        tasks[i].cap = make_task();
        for (unsigned k = 0; k < THREADS; k++)
            tasks[i].thread[k] = make_thread(tasks[i].cap, n_threads);
    }
    for (unsigned i = 0; i < TASKS; i++) {
        if (round % 2 == 0)
            end_threads(i);
        delete_object(tasks[i].cap);
        if (round % 2 != 0)
            end_threads(i);
    }
}

static void churn(void)
{
    l4_cpu_time_t start;
    unsigned long before;
    unsigned rounds = kernel_is_debug() ? FEW_ROUNDS : ROUNDS;

    n_threads = 0;
    one_round(0); /* slabs keep a page, tables of the main task stay */
    one_round(1);
    before = kernel_free();
    start = l4_kip_clock(l4_kip());
    for (unsigned round = 0; round < rounds; round++) {
        one_round(round);
        if ((round % 10 == 9 || round == rounds - 1) &&
            !expect("free bytes of the kernel", kernel_free(), before))
            return;
    }
    expect("seconds", (l4_kip_clock(l4_kip()) - start) / 1000000 < SECONDS, 1);
    expect_label("invariants", kernel_check(), 0);
}

static struct test_case const cases[] = {
    {"M-81", "1,000 tasks and 10,000 threads leave nothing behind", churn},
};

int main(void)
{
    l4_sched_param_t sched = l4_sched_param(PRIO_MAIN, 0);

    gate = new_gate(L4_BASE_THREAD_CAP, LABEL);
    unbound = new_gate(L4_INVALID_CAP, 0);
    expect_tag_label("priority",
                     l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, L4_BASE_THREAD_CAP, &sched), 0);
    for (volatile char *p = image_start; p < (volatile char *)image_data; p += L4_PAGESIZE)
        (void)*p; /* sigma0 maps it now, so that it can be mapped on */
    stacks[0] = 0;
    return TEST_RUN(cases);
}
