/* SPDX-License-Identifier: MIT */
/*
 * Timeouts and the clock (rules I-20, I-21, I-25).
 *
 * Runs as root task.  a, b, c are workers of this task; see worker.h for who runs when.  m is the
 * main thread's system call.  The machine below may stop for a while, so "not too long" is the best
 * of several attempts; "long enough" must always hold.
 */
#include "steps.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sys/factory.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/thread.h>

enum { ATTEMPTS = 60, TICK = 1000 };

static struct worker *a, *b, *c;

static void setup(void)
{
    worker_reset(a);
    worker_reset(b);
    worker_reset(c);
    pager_reset();
}

static l4_cpu_time_t now(void) { return l4_kip_clock(l4_kip()); }

/* Sleeps until one sleep of us microseconds is not longer than limit; none may be too short. */
static void sleep_within(l4_timeout_t timeout, l4_cpu_time_t us, l4_cpu_time_t limit)
{
    l4_cpu_time_t best = ~0UL;

    for (unsigned i = 0; i < ATTEMPTS && best > limit; i++) {
        l4_cpu_time_t start = now(), slept;

        expect("sleep", main_does(L4_INVALID_CAP, RECV, tag(0, 0), timeout), L4_IPC_RETIMEOUT);
        slept = now() - start;
        expect("slept long enough", slept >= us, 1);
        if (slept < best)
            best = slept;
    }
    expect("slept not too long", best <= limit, 1);
}

static void relative(void)
{
    static unsigned const us[] = {1000, 3000, 10000, 50000};

    for (unsigned i = 0; i < sizeof(us) / sizeof(us[0]); i++) {
        l4_timeout_t t = l4_timeout(L4_IPC_TIMEOUT_NEVER, l4_timeout_from_us(us[i]));

        sleep_within(t, us[i], us[i] + us[i] / 2 + 2 * TICK);
    }
}

/* Beyond what a kernel that keeps timeouts by their low bits could tell apart. */
static void longer_than_a_second(void)
{
    l4_cpu_time_t start = now();

    l4_ipc_sleep_ms(1100);
    expect("slept long enough", now() - start >= 1100000, 1);
    expect("slept not too long", now() - start < 2000000, 1);
}

/* 2 ms in all the ways a mantissa and an exponent can say it. */
static void encodings(void)
{
    static unsigned const mantissa[] = {1000, 500, 250, 125};

    for (unsigned i = 0; i < sizeof(mantissa) / sizeof(mantissa[0]); i++) {
        l4_timeout_t t = l4_timeout(L4_IPC_TIMEOUT_NEVER, l4_timeout_rel(mantissa[i], i + 1));

        sleep_within(t, 2000, 6000);
    }
}

static void absolute(void)
{
    l4_cpu_time_t best = ~0UL;

    for (unsigned i = 0; i < ATTEMPTS && (i < 2 || best >= 3 * TICK); i++) {
        l4_cpu_time_t end = now() + 5000, late;
        int br = i % 2 ? 57 : 3;

        ipc_init(&m, L4_INVALID_CAP, RECV, tag(0, 0), L4_IPC_NEVER);
        m.timeout = l4_timeout(L4_IPC_TIMEOUT_NEVER, (l4_timeout_s){(l4_uint16_t)(0x8000 | br)});
        m.buf.br[br] = end;
        ipc_do(&m);
        expect("sleep", m.error, L4_IPC_RETIMEOUT);
        expect("not before its time", now() >= end, 1);
        late = now() - end;
        if (late < best)
            best = late;
    }
    expect("in time", best < 3 * TICK, 1);
}

/* Each of these has expired already: nothing blocks, though the send phase would have to. */
static void expired(void)
{
    static struct {
        l4_uint16_t timeout;
        l4_umword_t clock;
    } const e[] = {
        {0x8003, 1}, /* long ago */
        {0x8003, 0}, /* the beginning of time */
        {0x0800, 0}, /* mantissa 0, exponent 2 */
        {0x7c00, 0}, /* mantissa 0, exponent 31 */
    };

    does(a, b->thread, RECV, tag(0, 0), L4_IPC_NEVER);
    for (unsigned i = 0; i < sizeof(e) / sizeof(e[0]); i++) {
        l4_timeout_s t = {e[i].timeout};

        ipc_init(&m, L4_INVALID_CAP, RECV, tag(0, 0), l4_timeout(L4_IPC_TIMEOUT_NEVER, t));
        m.buf.br[3] = e[i].clock;
        ipc_do(&m);
        expect("receive", m.error, L4_IPC_RETIMEOUT);
        ipc_init(&m, a->thread, CALL, tag(5, 0), l4_timeout(t, L4_IPC_TIMEOUT_NEVER));
        m.buf.br[3] = e[i].clock;
        ipc_do(&m);
        expect("send", m.error, L4_IPC_SETIMEOUT);
    }
}

static volatile unsigned long idle_runs;

static void count_idle_runs(void *unused)
{
    (void)unused;
    for (;;)
        idle_runs++;
}

/*
 * A deadline that is now has expired: who waits does not block even until the next tick.  A thread of
 * lower priority would run then.  Mantissa 0 makes the deadline the time of the call.
 */
static void deadline_is_now(void)
{
    l4_timeout_s zero = {0x0800};
    l4_sched_param_t low = l4_sched_param(PRIO_MAIN - 1, 0),
                     normal = l4_sched_param(PRIO_WORKER, 0);

    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, a->thread, &low);
    idle_runs = 0;
    worker_run(a, count_idle_runs, 0);
    for (unsigned i = 0; i < 20; i++)
        expect("error",
               main_does(L4_INVALID_CAP, RECV, tag(0, 0), l4_timeout(L4_IPC_TIMEOUT_NEVER, zero)),
               L4_IPC_RETIMEOUT);
    expect("others ran meanwhile", idle_runs, 0);
    l4_ipc_sleep_ms(3);
    expect("others run when the main thread sleeps", idle_runs > 0, 1);
    worker_reset(a);
    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, a->thread, &normal);
}

/* A BR index above 57 means 57. */
static void clamped(void)
{
    ipc_init(&m, L4_INVALID_CAP, RECV, tag(0, 0),
             l4_timeout(L4_IPC_TIMEOUT_NEVER, (l4_timeout_s){0x803f}));
    m.buf.br[57] = now() + 2000;
    ipc_do(&m);
    expect("error", m.error, L4_IPC_RETIMEOUT);
    expect("waited", now() >= m.buf.br[57], 1);
}

static unsigned order[3], n_order;

static void sleep_and_say(void *arg)
{
    struct worker *w = arg;

    l4_ipc_sleep_us(w->arguments[0]);
    order[n_order++] = (unsigned)w->arguments[1];
}

static void sleeper(struct worker *w, unsigned long us, unsigned long number)
{
    w->arguments[0] = us;
    w->arguments[1] = number;
    worker_run(w, sleep_and_say, w);
}

static void several(void)
{
    n_order = 0;
    sleeper(a, 60000, 3);
    sleeper(b, 20000, 1);
    sleeper(c, 40000, 2);
    l4_ipc_sleep_ms(100);
    expect("woken", n_order, 3);
    for (unsigned i = 0; i < 3; i++)
        expect("order", order[i], i + 1);
}

/* The partner is there at once, but answers later than the send timeout. */
static void send_timeout_ends_with_sending(void)
{
    l4_timeout_t t = l4_timeout(l4_timeout_from_us(200000), L4_IPC_TIMEOUT_NEVER);

    does(a, a->main_thread, CALL, tag(5, 0), t);
    expect("wait", main_does(L4_INVALID_CAP, WAIT, tag(0, 0), MS(50)), 0);
    l4_ipc_sleep_ms(300);
    expect("reply", main_does(L4_INVALID_CAP, REPLY, tag(9, 0), L4_IPC_BOTH_TIMEOUT_0), 0);
    expect("call", a->x.error, 0);
    expect_tag_label("answer", a->x.tag, 9);
}

/* 10 ms of sending do not count for the 5 ms of receiving. */
static void receive_timeout_begins_after_sending(void)
{
    l4_timeout_t t = l4_timeout(L4_IPC_TIMEOUT_NEVER, l4_timeout_from_us(5000));
    l4_cpu_time_t received;

    does(a, a->main_thread, CALL, tag(5, 0), t);
    l4_ipc_sleep_ms(10);
    expect("still sending", (unsigned long)a->done, 0);
    expect("wait", main_does(L4_INVALID_CAP, WAIT, tag(0, 0), MS(50)), 0);
    received = now();
    while (!a->done)
        l4_ipc_sleep_us(500);
    expect("call", a->x.error, L4_IPC_RETIMEOUT);
    expect("waited for the answer", now() - received >= 4900, 1);
}

/* The main thread's failing operation must leave the sender in its queue, though it could receive. */
static void fails_without_receiving(l4_cap_idx_t dest, l4_umword_t flags, unsigned long error)
{
    l4_timeout_t t = l4_timeout(l4_timeout_from_us(2000), L4_IPC_TIMEOUT_NEVER);

    does(c, c->main_thread, SEND, tag(6, 0), L4_IPC_NEVER);
    expect("error", main_does(dest, flags, tag(5, 0), t), error);
    expect("tag", (unsigned long)m.tag.raw, L4_MSGTAG_ERROR);
    expect("sender waits", (unsigned long)c->done, 0);
    expect("receive", main_does(c->thread, RECV, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0), 0);
}

static void no_receive_after_failed_send(void)
{
    l4_cap_idx_t never_started = new_object(L4_PROTO_THREAD);
    l4_cap_idx_t unbound = new_gate(L4_INVALID_CAP, 0);

    does(a, b->thread, RECV, tag(0, 0), L4_IPC_NEVER);
    fails_without_receiving(a->thread, L4_SYSF_SEND_AND_WAIT, L4_IPC_SETIMEOUT);
    fails_without_receiving(never_started, L4_SYSF_SEND_AND_WAIT, L4_IPC_ENOT_EXISTENT);
    fails_without_receiving(unbound, L4_SYSF_SEND_AND_WAIT, L4_IPC_SETIMEOUT);
    fails_without_receiving(0x1ff0UL << L4_CAP_SHIFT, L4_SYSF_SEND_AND_WAIT, L4_IPC_ENOT_EXISTENT);
    delete_object(unbound);
    delete_object(never_started);
}

static struct test_case const cases[] = {
    {"I-20", "relative timeouts last as long as they say", relative},
    {"I-20", "a timeout of more than a second", longer_than_a_second},
    {"I-20", "mantissa and exponent", encodings},
    {"I-20", "absolute timeouts end at their clock value", absolute},
    {"I-20", "absolute timeout in a buffer register beyond the last", clamped},
    {"I-20", "timeouts that have expired already", expired},
    {"I-20", "a deadline that is now has expired", deadline_is_now},
    {"I-20", "several sleepers wake in the order of their timeouts", several},
    {"I-21", "the send timeout ends with the send phase", send_timeout_ends_with_sending},
    {"I-21", "the receive timeout begins after the send phase",
     receive_timeout_begins_after_sending},
    {"I-25", "no receive phase after a failed send", no_receive_after_failed_send},
};

int main(void)
{
    a = worker_new(0);
    b = worker_new(0);
    c = worker_new(0);
    test_setup = setup;
    return TEST_RUN(cases);
}
