/* SPDX-License-Identifier: MIT */
/*
 * Scheduling: priorities, round robin, preemption, time-slice donation (rules O-30 ... O-33, I-67, B-22).
 *
 * Runs as root task.  a and b are workers of this task that count as long as they get the
 * processor, below the main thread's priority: they run only while that sleeps.
 */
#include "steps.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sys/factory.h>
#include <l4/sys/irq.h>
#include <l4/sys/rcv_endpoint.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/task.h>

#include <stddef.h>

enum { LOWEST = 1, LOW = 4, MIDDLE = 6, HIGH = 8 }; /* all below PRIO_MAIN */

static struct worker *a, *b;
static volatile unsigned long count[2]; /* how often a, b have come round */
static volatile unsigned turns, last;   /* how often the processor went from one to the other */

static l4_msgtag_t set(struct worker *w, unsigned prio, l4_umword_t quantum)
{
    l4_sched_param_t sched = l4_sched_param(prio, quantum);

    return l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, w->thread, &sched);
}

static void setup(void)
{
    /* In this order: a worker that still spins must not do so above the main thread. */
    worker_reset(a);
    worker_reset(b);
    set(a, PRIO_WORKER, 0);
    set(b, PRIO_WORKER, 0);
    pager_reset();
    count[0] = count[1] = 0;
    turns = 0;
    last = 2;
}

/* Time passes until worker n has counted: the machine below may stop for a while. */
static void await(unsigned n)
{
    for (unsigned i = 0; i < 100 && !count[n]; i++)
        l4_ipc_sleep_ms(10);
}

static void spin(void *arg)
{
    unsigned me = arg == b;

    for (;;) {
        count[me]++;
        if (last != me) {
            last = me;
            turns++;
        }
    }
}

/* Both spin for ms milliseconds. */
static void spin_for(unsigned prio_a, unsigned prio_b, unsigned quantum, unsigned ms)
{
    set(a, prio_a, quantum);
    set(b, prio_b, quantum);
    worker_run(a, spin, a);
    worker_run(b, spin, b);
    l4_ipc_sleep_ms(ms);
    await(0);
}

static void strict(void)
{
    spin_for(HIGH, MIDDLE, 0, 60);
    expect("the higher one ran", count[0] != 0, 1);
    expect("the lower one", count[1], 0);
    /* Priorities change while both are ready. */
    set(b, HIGH + 1, 0);
    count[0] = 0;
    l4_ipc_sleep_ms(30);
    await(1);
    expect("now the other one ran", count[1] != 0, 1);
    expect("and the first one not", count[0], 0);
}

/* Time passes until the processor has gone from one to the other n times. */
static void await_turns(unsigned n)
{
    for (unsigned i = 0; i < 300 && turns < n; i++)
        l4_ipc_sleep_ms(10);
}

static void round_robin(void)
{
    spin_for(MIDDLE, MIDDLE, 2000, 60);
    await_turns(12);
    expect("turns of 2 ms", turns >= 12, 1);
    expect("shares are alike", count[0] < 8 * count[1] && count[1] < 8 * count[0], 1);
    setup();
    spin_for(MIDDLE, MIDDLE, 100000, 150);
    expect("not more turns of 100 ms than fit", turns <= 4, 1);
    await_turns(3);
    expect("turns of 100 ms", turns >= 3, 1);
}

/* A thread that becomes ready takes the processor from a spinning one of lower priority at once. */
static void preempted_by_waker(void)
{
    l4_cpu_time_t best = ~0UL;

    set(a, HIGH, 1000000);
    worker_run(a, spin, a);
    for (unsigned i = 0; i < 60 && (best >= 9000 || !count[0]); i++) {
        l4_cpu_time_t start = l4_kip_clock(l4_kip()), slept;

        l4_ipc_sleep_ms(5);
        slept = l4_kip_clock(l4_kip()) - start;
        if (slept < best)
            best = slept;
    }
    expect("spun meanwhile", count[0] != 0, 1);
    expect("woke in time", best < 9000, 1);
}

/* No CPU of the set is there: it is empty, or begins behind the last one. */
static void park(l4_sched_cpu_set_t nobody)
{
    l4_sched_param_t nowhere = l4_sched_param(MIDDLE, 0);
    unsigned long before;

    nowhere.affinity = nobody;
    spin_for(MIDDLE, LOW, 0, 20);
    expect("runs", count[0] != 0, 1);
    expect_label("park",
                 l4_error(l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, a->thread, &nowhere)), 0);
    before = count[0];
    l4_ipc_sleep_ms(20);
    await(1);
    expect("parked", count[0], before);
    expect("the other one runs", count[1] != 0, 1);
    set(a, MIDDLE, 0);
    for (unsigned i = 0; i < 100 && count[0] == before; i++)
        l4_ipc_sleep_ms(10);
    expect("runs again", count[0] != before, 1);
}

static void parked(void)
{
    park(l4_sched_cpu_set(0, 0, 0));
    setup();
    park(l4_sched_cpu_set(0xffff, 0, 1));
}

/* run_thread in the form with a parameter class. */
static long run_class(long class, l4_umword_t length, l4_umword_t prio)
{
    ipc_init(&m, L4_BASE_SCHEDULER_CAP, CALL, l4_msgtag(L4_PROTO_SCHEDULER, 7, 1, 0), L4_IPC_NEVER);
    m.msg.mr[0] = L4_SCHEDULER_RUN_THREAD_OP;
    m.msg.mr[1] = 0;
    m.msg.mr[2] = ~0UL;
    m.msg.mr[3] = (l4_umword_t) class;
    m.msg.mr[4] = length;
    m.msg.mr[5] = 0;
    m.msg.mr[6] = prio;
    m.msg.mr[7] = l4_map_obj_control(0, 0);
    m.msg.mr[8] = l4_obj_fpage(a->thread, 0, L4_CAP_FPAGE_RWS).raw;
    ipc_do(&m);
    return l4_msgtag_label(m.tag);
}

static void parameters(void)
{
    l4_sched_cpu_set_t far = l4_sched_cpu_set(0xffff, 0, 1);

    expect_label("priority 0", l4_error(set(a, 0, 0)), -L4_EINVAL);
    expect_label("priority 1", l4_error(set(a, 1, 0)), 0);
    expect_label("priority 4711", l4_error(set(a, 4711, 0)), 0);
    expect_label("info from processor 65535",
                 l4_error(l4_scheduler_info(L4_BASE_SCHEDULER_CAP, NULL, &far)), -L4_ERANGE);
    ipc_init(&m, L4_BASE_SCHEDULER_CAP, CALL, l4_msgtag(L4_PROTO_SCHEDULER, 4, 1, 0), MS(50));
    m.msg.mr[0] = L4_SCHEDULER_RUN_THREAD_OP;
    ipc_do(&m);
    expect_tag_label("too few words", m.tag, -L4_EINVAL);
    expect_label("fixed priority", run_class(-1, 6 * sizeof(long), MIDDLE), 0);
    expect_label("fixed priority, too short", run_class(-1, 5 * sizeof(long), MIDDLE), -L4_EINVAL);
    expect_label("longer than the message", run_class(-1, 7 * sizeof(long), MIDDLE), -L4_EINVAL);
    expect_label("fixed priority 0", run_class(-1, 6 * sizeof(long), 0), -L4_EINVAL);
    expect_label("unknown class", run_class(-2, 3 * sizeof(long), MIDDLE), -L4_ERANGE);
}

/* A refused run_thread changes nothing. */
static void refused_changes_nothing(void)
{
    spin_for(HIGH, MIDDLE, 0, 10);
    set(a, 0, 0);
    run_class(-2, 3 * sizeof(long), LOW);
    count[0] = count[1] = 0;
    l4_ipc_sleep_ms(20);
    await(0);
    expect("the higher one ran", count[0] != 0, 1);
    expect("the lower one", count[1], 0);
}

static void no_right_needed(void)
{
    l4_cap_idx_t sched = l4re_util_cap_alloc(), thread = l4re_util_cap_alloc();
    l4_sched_param_t p = l4_sched_param(PRIO_WORKER, 0);

    l4_task_map(L4_BASE_TASK_CAP, L4_BASE_TASK_CAP,
                l4_obj_fpage(L4_BASE_SCHEDULER_CAP, 0, L4_CAP_FPAGE_RO), sched);
    l4_task_map(L4_BASE_TASK_CAP, L4_BASE_TASK_CAP, l4_obj_fpage(a->thread, 0, L4_CAP_FPAGE_RO),
                thread);
    expect_label("run_thread", l4_error(l4_scheduler_run_thread(sched, thread, &p)), 0);
    l4re_util_cap_free_um(sched);
    l4re_util_cap_free_um(thread);
}

/* Answers one call with a label of its own. */
static void answer_one(void *arg)
{
    struct worker *w = arg;

    ipc_init(&w->x, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    ipc_do(&w->x);
    ipc_init(&w->x, L4_INVALID_CAP, REPLY, tag(9, 0), L4_IPC_BOTH_TIMEOUT_0);
    ipc_do(&w->x);
}

/* A server of low priority is called while a thread of middle priority spins. */
static unsigned long call_low_server(unsigned flags, unsigned timeout_us)
{
    worker_run(b, answer_one, b);
    set(b, LOW, 0);
    set(a, HIGH, 0);
    worker_run(a, spin, a);
    return main_does(b->thread, CALL, l4_msgtag(5, 0, 0, flags),
                     l4_timeout(L4_IPC_TIMEOUT_NEVER, l4_timeout_from_us(timeout_us)));
}

static void donation(void)
{
    expect("call", call_low_server(0, 1000000), 0);
    expect_tag_label("answer", m.tag, 9);
    expect("the spinning thread", count[0], 0);
}

static void no_donation(void)
{
    expect("call", call_low_server(L4_MSGTAG_SCHEDULE, 30000), L4_IPC_RETIMEOUT);
    await(0);
    expect("the spinning thread ran", count[0] != 0, 1);
}

/* A server of the highest priority hands its message over and waits: it may not go on before something comes. */
static void sender_waits(void)
{
    worker_run(b, answer_one, b);
    set(b, LOW, 0);
    set(a, LOW, 0);
    worker_run(a, spin, a);
    expect("send and wait",
           main_does(b->thread, SEND | WAIT, l4_msgtag(5, 0, 0, 0),
                     l4_timeout(L4_IPC_TIMEOUT_NEVER, l4_timeout_from_us(30000))),
           L4_IPC_RETIMEOUT);
    await(0);
    expect("the spinning thread ran", count[0] != 0, 1);
}

/* A thread that is ready and more urgent than the receiver comes first. */
static void receiver_takes_its_turn(void)
{
    worker_run(b, answer_one, b);
    set(b, LOW, 0);
    set(a, MIDDLE, 0);
    worker_run(a, spin, a);
    expect("send and wait",
           main_does(b->thread, SEND | WAIT, l4_msgtag(5, 0, 0, 0),
                     l4_timeout(L4_IPC_TIMEOUT_NEVER, l4_timeout_from_us(30000))),
           L4_IPC_RETIMEOUT);
    await(0);
    expect("the receiver did not run", (unsigned long)b->done, 0);
}

/* An interrupt wakes the worker, which is less urgent, or has no CPU: the one who triggers it goes on. */
static void wake_by_interrupt(int has_cpu)
{
    l4_cap_idx_t irq = new_object(L4_PROTO_IRQ_SENDER);
    l4_sched_param_t p = l4_sched_param(has_cpu ? LOW : PRIO_WORKER, 0);

    expect_label("bind", l4_error(l4_rcv_ep_bind_thread(irq, b->thread, 0)), 0);
    does(b, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    if (!has_cpu)
        p.affinity.map = 0;
    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, b->thread, &p);
    l4_irq_trigger(irq);
    expect("has not run", (unsigned long)b->done, 0);
    l4_ipc_sleep_ms(2);
    expect("runs when the other sleeps", (unsigned long)b->done, (unsigned long)has_cpu);
    set(b, PRIO_WORKER, 0);
    expect("runs with a CPU", (unsigned long)b->done, 1);
    delete_object(irq);
}

static void woken_by_interrupt(void)
{
    wake_by_interrupt(1);
    wake_by_interrupt(0);
}

/* A call to a thread that has no CPU. */
static void caller_of_parked_waits(void)
{
    l4_sched_param_t none = l4_sched_param(PRIO_WORKER, 0);

    worker_run(b, answer_one, b);
    none.affinity.map = 0;
    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, b->thread, &none);
    expect("call",
           main_does(b->thread, CALL, l4_msgtag(5, 0, 0, 0),
                     l4_timeout(L4_IPC_TIMEOUT_NEVER, l4_timeout_from_us(30000))),
           L4_IPC_RETIMEOUT);
}

/* Below the lowest priority is only the kernel's idling. */
static void lowest_priority(void)
{
    set(a, LOWEST, 0);
    worker_run(a, spin, a);
    expect("not while this runs", count[0], 0);
    l4_ipc_sleep_ms(10);
    await(0);
    expect("when nobody else does", count[0] != 0, 1);
}

static l4_kernel_clock_t idle_time(void)
{
    l4_sched_cpu_set_t cpus = l4_sched_cpu_set(0, 0, 1);
    l4_kernel_clock_t us = 0;

    expect_label("idle_time", l4_error(l4_scheduler_idle_time(L4_BASE_SCHEDULER_CAP, &cpus, &us)),
                 0);
    return us;
}

/* The share of 30 ms in which the processor has nothing to do, in per cent. */
static l4_cpu_time_t idle_share(void)
{
    l4_cpu_time_t start = l4_kip_clock(l4_kip());
    l4_kernel_clock_t idle = idle_time();

    l4_ipc_sleep_ms(30);
    return (idle_time() - idle) * 100 / (l4_kip_clock(l4_kip()) - start);
}

static void idle(void)
{
    expect("nearly all, when all sleep", idle_share() > 50, 1);
    set(a, LOWEST, 0);
    worker_run(a, spin, a);
    expect("nearly nothing, when one spins", idle_share() < 10, 1);
}

static struct test_case const cases[] = {
    {"O-32", "strict priorities", strict},
    {"O-32", "round robin with the quantum", round_robin},
    {"O-32", "a waking thread preempts a lower one", preempted_by_waker},
    {"O-31", "an empty CPU set parks a thread", parked},
    {"B-22", "the lowest priority runs when nobody else does", lowest_priority},
    {"SCHEDULER", "idle time", idle},
    {"O-30", "priorities and classes", parameters},
    {"O-30", "a refused call changes nothing", refused_changes_nothing},
    {"O-33", "no right is needed", no_right_needed},
    {"I-67", "a call lends its time slice", donation},
    {"I-67", "a call with the schedule flag does not", no_donation},
    {"I-67", "after a message to a lower thread the sender waits", sender_waits},
    {"O-32", "a receiver runs after who is more urgent", receiver_takes_its_turn},
    {"O-32", "an interrupt for a less urgent thread, or one without a CPU", woken_by_interrupt},
    {"I-67", "after a call to a thread without a CPU the caller waits", caller_of_parked_waits},
};

int main(void)
{
    a = worker_new(0);
    b = worker_new(0);
    test_setup = setup;
    return TEST_RUN(cases);
}
