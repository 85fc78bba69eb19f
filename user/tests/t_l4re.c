/* SPDX-License-Identifier: MIT */
/*
 * Two things that L4Re's own programs depend on at their start; call by call it is in t_start_*.c.
 *
 * Runs as root task.  Each case repeats what one of L4Re's programs was seen to depend on; what the
 * single rules say is in the test programs of the rules.
 */
#include "steps.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sys/factory.h>
#include <l4/sys/icu.h>
#include <l4/sys/irq.h>
#include <l4/sys/rcv_endpoint.h>
#include <l4/sys/scheduler.h>

#include <stddef.h>

enum { PRIO_CLIENT = 5, N_CALLS = 50, SERVER_LABEL = 0x40, FROM_CLIENT = 0x100 };

static struct worker *server, *a, *b;
static volatile unsigned n_served, n_answered, n_spurious;

static void setup(void)
{
    l4_sched_param_t low = l4_sched_param(PRIO_CLIENT, 0);

    worker_reset(server);
    worker_reset(a);
    worker_reset(b);
    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, a->thread, &low);
    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, b->thread, &low);
    pager_reset();
    n_served = n_answered = n_spurious = 0;
}

/* The root task wants to hear of processors that come and go: an IRQ at the scheduler's only pin. */
static void scheduler_pin(void)
{
    l4_cap_idx_t irq = new_object(L4_PROTO_IRQ_SENDER), other = new_object(L4_PROTO_IRQ_SENDER);

    expect_tag_label("thread", l4_rcv_ep_bind_thread(irq, L4_BASE_THREAD_CAP, 0x1230), 0);
    expect_tag_label("pin 1", l4_icu_bind(L4_BASE_SCHEDULER_CAP, 1, irq), -L4_EINVAL);
    expect_tag_label("pin 0", l4_icu_bind(L4_BASE_SCHEDULER_CAP, 0, irq), 0);
    expect_tag_label("taken", l4_icu_bind(L4_BASE_SCHEDULER_CAP, 0, other), -L4_EINVAL);
    expect_tag_label("once more", l4_icu_bind(L4_BASE_SCHEDULER_CAP, 0, irq), 0);
    expect_tag_label("unbind", l4_icu_unbind(L4_BASE_SCHEDULER_CAP, 0, irq), 0);
    expect_tag_label("another", l4_icu_bind(L4_BASE_SCHEDULER_CAP, 0, other), 0);
    delete_object(other);
    expect_tag_label("after its end", l4_icu_bind(L4_BASE_SCHEDULER_CAP, 0, irq), 0);
    expect_tag_label("unbind again", l4_icu_unbind(L4_BASE_SCHEDULER_CAP, 0, irq), 0);
    delete_object(irq);
}

/* Each return of the wait must bring a message through the gate. */
static void serve(void *unused)
{
    l4_utcb_t *u = l4_utcb();
    l4_umword_t label;
    l4_msgtag_t t = l4_ipc_wait(u, &label, L4_IPC_NEVER);

    (void)unused;
    for (;;) {
        if ((label & ~3UL) == SERVER_LABEL && l4_msgtag_label(t) == FROM_CLIENT)
            n_served++;
        else if (n_spurious++ > 2)
            return;
        label = 0;
        t = l4_ipc_reply_and_wait(u, l4_msgtag(1, 0, 0, 0), &label, L4_IPC_SEND_TIMEOUT_0);
    }
}

static void call_often(void *gate)
{
    l4_utcb_t *u = l4_utcb();

    for (unsigned i = 0; i < N_CALLS; i++) {
        l4_msgtag_t t = l4_msgtag(FROM_CLIENT, 0, 0, 0);
        if (l4_msgtag_label(l4_ipc_call((l4_cap_idx_t)gate, u, t, L4_IPC_NEVER)) == 1)
            n_answered++;
    }
}

/*
 * A region mapper of high priority answers one of two clients of the same priority while the other
 * waits for the processor: it must block until the next message, not return from its wait at once.
 */
static void two_clients(void)
{
    l4_cap_idx_t gate = new_gate(server->thread, SERVER_LABEL);

    worker_run(server, serve, NULL);
    worker_run(a, call_often, (void *)gate); /* both run when the main thread sleeps */
    worker_run(b, call_often, (void *)gate);
    for (unsigned i = 0; i < 100 && !(a->done && b->done); i++)
        l4_ipc_sleep_ms(5);
    expect("returns without a message", n_spurious, 0);
    expect("served", n_served, 2 * N_CALLS);
    expect("answered", n_answered, 2 * N_CALLS);
    worker_reset(server);
    delete_object(gate);
}

static struct test_case const cases[] = {
    {"I-32", "a reply while another client is ready", two_clients},
    {"ICU", "an IRQ at the scheduler's pin", scheduler_pin},
};

int main(void)
{
    server = worker_new(0);
    a = worker_new(0);
    b = worker_new(0);
    test_setup = setup;
    return TEST_RUN(cases);
}
