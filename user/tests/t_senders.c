/* SPDX-License-Identifier: MIT */
/*
 * Many threads queued at one: their labels rewritten (O-14), none lost; and the time that a thread
 * has used (objects.md section 3, op 3).
 *
 * Runs as root task; see steps.h.  The senders are more urgent than the main thread: each runs until
 * it is queued.
 */
#include "steps.h"

#include <l4/sys/scheduler.h>
#include <l4/sys/thread.h>
#include <quire/program.h>

enum { N = 96, GATES = 4, STORM = 24, MESSAGES = 20, SPIN_US = 20000 };
enum { SLACK_US = 5000 /* the clock tick's whole time is its thread's */ };
enum { LABEL_A = 0x1000, LABEL_B = 0x2000, RIGHTS = 3 };
#define STACK 2048

static struct quire_thread threads[N];
static char stacks[N][STACK] __attribute__((aligned(16)));
static l4_cap_idx_t gates[GATES];
static volatile unsigned n_done;

static void start(unsigned i, void (*entry)(void *))
{
    threads[i].entry = entry;
    threads[i].arg = &threads[i];
    expect_label("start",
                 quire_thread_create(&threads[i], stacks[i], STACK, PRIO_WORKER, L4_BASE_PAGER_CAP),
                 0);
}

static unsigned index_of(void *arg) { return (unsigned)((struct quire_thread *)arg - threads); }

static void end_all(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        delete_object(threads[i].cap);
    for (unsigned g = 0; g < GATES; g++)
        delete_object(gates[g]);
    l4_ipc_sleep_ms(2);
}

static void setup(void)
{
    n_done = 0;
    for (unsigned g = 0; g < GATES; g++)
        gates[g] = new_gate(L4_BASE_THREAD_CAP, (g + 1) * 0x1000UL);
}

static void send_once(void *arg)
{
    unsigned i = index_of(arg);

    l4_utcb_mr()->mr[0] = i;
    l4_ipc_send(gates[i % GATES], l4_utcb(), tag(0, 1), L4_IPC_NEVER);
    n_done++;
    l4_ipc_sleep(L4_IPC_NEVER);
}

/* The senders of two gates get other labels, and all keep their places in the queue. */
static void queue_rewritten(void)
{
    static l4_umword_t const want[GATES] = {0xa1000 | RIGHTS, 0x2000 | RIGHTS, 0xbeef0,
                                            0x4000 | RIGHTS};
    l4_msgtag_t t;

    for (unsigned i = 0; i < N; i++)
        start(i, send_once);
    expect("all wait", n_done, 0);
    t = l4_thread_modify_sender_start();
    l4_thread_modify_sender_add(0xf000, 0x1000, 0, 0xa0000, &t);
    l4_thread_modify_sender_add(0xf000, 0x3000, ~0UL, 0xbeef0, &t);
    expect_label("modify", l4_error(l4_thread_modify_sender_commit(L4_BASE_THREAD_CAP, t)), 0);
    for (unsigned i = 0; i < N; i++) {
        expect("received", main_does(L4_INVALID_CAP, WAIT, tag(0, 0), MS(50)), 0);
        expect("in order", m.msg.mr[0], i);
        expect("label", m.label, want[i % GATES]);
    }
    expect("nobody else", main_does(L4_INVALID_CAP, WAIT, tag(0, 0), MS(1)), L4_IPC_RETIMEOUT);
    expect("all have gone on", n_done, N);
    end_all(N);
}

static volatile unsigned n_late;

/* Messages one after the other, each tried until somebody takes it. */
static void send_impatiently(void *arg)
{
    unsigned i = index_of(arg);
    l4_timeout_t to = l4_timeout(l4_timeout_from_us(500 + 100 * i), L4_IPC_TIMEOUT_NEVER);

    for (unsigned seq = 0; seq < MESSAGES;) {
        l4_msgtag_t t;

        l4_utcb_mr()->mr[0] = i;
        l4_utcb_mr()->mr[1] = seq;
        t = l4_ipc_send(gates[i % 2], l4_utcb(), tag(0, 2), to);
        if (l4_msgtag_has_error(t))
            n_late++;
        else
            seq++;
    }
    n_done++;
    l4_ipc_sleep(L4_IPC_NEVER);
}

/* Labels change to and fro while timeouts take senders out of the queue and they come again. */
static void storm(void)
{
    unsigned next[STORM] = {0}, received = 0;
    l4_cpu_time_t end = l4_kip_clock(l4_kip()) + 20000000;

    n_late = 0;
    for (unsigned i = 0; i < STORM; i++)
        start(i, send_impatiently);
    while (received < STORM * MESSAGES && l4_kip_clock(l4_kip()) < end) {
        l4_msgtag_t t = l4_thread_modify_sender_start();

        l4_thread_modify_sender_add(0xf000, LABEL_A, LABEL_A, LABEL_B, &t);
        l4_thread_modify_sender_add(0xf000, LABEL_B, LABEL_B, LABEL_A, &t);
        l4_thread_modify_sender_commit(L4_BASE_THREAD_CAP, t);
        if (received % 8 == 0 && n_late < received * 4)
            l4_ipc_sleep_us(1000); /* let some be late */
        if (main_does(L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0))
            continue;
        received++;
        expect("one of the labels", m.label == (LABEL_A | RIGHTS) || m.label == (LABEL_B | RIGHTS),
               1);
        if (expect("a sender", m.msg.mr[0] < STORM, 1))
            expect("its next message", m.msg.mr[1], next[m.msg.mr[0]]++);
    }
    expect("all messages", received, STORM * MESSAGES);
    l4_ipc_sleep_ms(5);
    expect("all have ended", n_done, STORM);
    expect("some were late", n_late > 0, 1);
    end_all(STORM);
}

static l4_kernel_clock_t time_of(l4_cap_idx_t thread)
{
    l4_kernel_clock_t us = 0;

    expect_tag_label("stats", l4_thread_stats_time(thread, &us), 0);
    return us;
}

static void spin(void *unused)
{
    l4_cpu_time_t start = l4_kip_clock(l4_kip());

    (void)unused;
    while (l4_kip_clock(l4_kip()) < start + SPIN_US)
        continue;
    n_done = 1;
    l4_ipc_sleep(L4_IPC_NEVER);
}

static void used_time(void)
{
    l4_kernel_clock_t own = time_of(L4_BASE_THREAD_CAP), used;
    l4_cpu_time_t begun = l4_kip_clock(l4_kip()), passed;

    start(0, spin);
    passed = l4_kip_clock(l4_kip()) - begun;
    used = time_of(threads[0].cap);
    expect("it ran first", n_done, 1);
    expect("not more than has passed", used > passed + SLACK_US ? used : 0, 0);
    expect("not less than it ran", used < SPIN_US - SLACK_US ? used : 0, 0);
    expect("the main thread has not", time_of(L4_BASE_THREAD_CAP) - own < SPIN_US, 1);
    l4_ipc_sleep_ms(10);
    expect("asleep it uses none", time_of(threads[0].cap), used);
    end_all(1);
}

static struct test_case const cases[] = {
    {"O-14", "the labels of a long queue", queue_rewritten},
    {"O-14", "labels change while senders come and go", storm},
    {"THREAD", "used time", used_time},
};

int main(void)
{
    l4_sched_param_t sched = l4_sched_param(PRIO_MAIN, 0);

    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, L4_BASE_THREAD_CAP, &sched);
    test_setup = setup;
    return TEST_RUN(cases);
}
