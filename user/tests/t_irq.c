/* SPDX-License-Identifier: MIT */
/*
 * IRQ senders and semaphores (rules O-26, O-27, O-29, I-13; objects.md sections 6 and 7).
 *
 * Runs as root task; see steps.h.  The workers a and b are threads of this task and more urgent than
 * the main thread: what wakes them lets them run at once.
 */
#include "steps.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sys/factory.h>
#include <l4/sys/rcv_endpoint.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/semaphore.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>

#include <stddef.h>

/* A label of an IRQ is passed on as it is, with its low bits (I-31). */
#define LABEL 0xfedcba9876543213UL
#define SELF L4_INVALID_CAP
enum { STORM = 20000, PRIO_URGENT = PRIO_WORKER + 1 };

static struct worker *a, *b;
static l4_cap_idx_t irq, sem;
static volatile unsigned long arrived;

static void setup(void)
{
    static l4_cap_idx_t old[2];
    l4_sched_param_t sched = l4_sched_param(PRIO_WORKER, 0);

    for (unsigned i = 0; i < 2; i++)
        if (old[i])
            delete_object(old[i]);
    worker_reset(a);
    worker_reset(b);
    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, b->thread, &sched);
    pager_reset();
    arrived = 0;
    old[0] = irq = new_object(L4_PROTO_IRQ_SENDER);
    old[1] = sem = new_object(L4_PROTO_SEMAPHORE);
}

static void bind(struct worker *w, l4_umword_t label)
{
    expect_tag_label("bind", l4_rcv_ep_bind_thread(irq, w->thread, label), 0);
}

/* A waiting worker has got the IRQ, and nothing but its label. */
static void expect_irq(struct worker *w, l4_umword_t label)
{
    expect("goes on", (unsigned long)w->done, 1);
    expect("error", w->x.error, 0);
    expect("tag", (unsigned long)w->x.tag.raw, 0);
    expect("label", w->x.label, label);
}

/* The worker waits for anybody, and nobody has sent. */
static void expect_nothing(struct worker *w)
{
    does(w, SELF, WAIT, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0);
    expect("nothing is left", w->x.error, L4_IPC_RETIMEOUT);
}

/* A call with words MR0 and MR1; returns the answer's label or the negative error. */
static long call(l4_cap_idx_t dest, long label, unsigned words, l4_umword_t op)
{
    ipc_init(&m, dest, CALL, tag(label, words), MS(50));
    m.msg.mr[0] = op;
    ipc_do(&m);
    return m.error ? l4_ipc_to_errno(m.error) : l4_msgtag_label(m.tag);
}

/* A second slot for the object, with these rights. */
static l4_cap_idx_t copy(l4_cap_idx_t cap, unsigned rights)
{
    l4_cap_idx_t slot = l4re_util_cap_alloc();

    expect_tag_label("copy",
                     l4_task_map(L4_BASE_TASK_CAP, L4_BASE_TASK_CAP,
                                 l4_obj_fpage(cap, 0, (unsigned char)rights), slot),
                     0);
    return slot;
}

/* ---- IRQ senders ---- */

static void delivered(void)
{
    bind(a, LABEL);
    expect("waits", (unsigned long)does(a, SELF, WAIT, tag(0x77, 3), L4_IPC_NEVER), 0);
    expect("trigger", (unsigned long)l4_irq_trigger(irq).raw,
           (unsigned long)l4_msgtag(L4_PROTO_IRQ, 0, 0, 0).raw); /* no answer: the tag as it was */
    expect_irq(a, LABEL);
    for (unsigned i = 0; i < L4_UTCB_GENERIC_DATA_SIZE; i++)
        expect("no words", a->x.msg.mr[i], FILL + i);
    expect_nothing(a);
    /* The other form of a trigger, and no reply slot is filled by it. */
    does(a, SELF, WAIT, tag(0, 0), L4_IPC_NEVER);
    ipc_init(&m, irq, SEND, tag(L4_PROTO_IRQ, 1), L4_IPC_BOTH_TIMEOUT_0);
    m.msg.mr[0] = L4_IRQ_OP_TRIGGER;
    ipc_do(&m);
    expect_irq(a, LABEL);
    does(a, SELF, REPLY, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0);
    expect("nobody to reply to", a->x.error, L4_IPC_ENOT_EXISTENT);
}

static void remembered(void)
{
    for (unsigned i = 0; i < 3; i++)
        l4_irq_trigger(irq);
    bind(a, LABEL);
    expect("at once", (unsigned long)does(a, SELF, WAIT, tag(0, 0), L4_IPC_NEVER), 1);
    expect_irq(a, LABEL);
    expect_nothing(a);
}

static void collapse(void)
{
    bind(a, LABEL);
    for (unsigned i = 0; i < 3; i++)
        l4_irq_trigger(irq);
    does(a, SELF, WAIT, tag(0, 0), L4_IPC_NEVER);
    expect_irq(a, LABEL);
    expect_nothing(a);
    l4_irq_trigger(irq);
    does(a, SELF, WAIT, tag(0, 0), L4_IPC_NEVER);
    expect_irq(a, LABEL);
}

/* Bound to another thread and label, the waiting trigger goes there. */
static void bound_again(void)
{
    bind(a, LABEL);
    l4_irq_trigger(irq);
    bind(b, 0x1110);
    expect_nothing(a);
    does(b, SELF, WAIT, tag(0, 0), L4_IPC_NEVER);
    expect_irq(b, 0x1110);
}

static void closed_wait(void)
{
    l4_cap_idx_t other = new_object(L4_PROTO_IRQ_SENDER);

    bind(a, LABEL);
    expect_tag_label("bind", l4_rcv_ep_bind_thread(other, a->thread, 0x2220), 0);
    l4_irq_trigger(other);
    expect("waits", (unsigned long)does(a, irq, RECV, tag(0, 0), L4_IPC_NEVER), 0);
    main_does(a->thread, SEND, tag(5, 0), L4_IPC_BOTH_TIMEOUT_0);
    expect("a message is not taken", m.error, L4_IPC_SETIMEOUT);
    l4_irq_trigger(irq);
    expect_irq(a, LABEL);
    does(a, SELF, WAIT, tag(0, 0), L4_IPC_NEVER);
    expect_irq(a, 0x2220);
    delete_object(other);
}

/* Unmasking with a receive phase goes on to receive: from the IRQ, or from anybody. */
static void unmask_and_receive(void)
{
    bind(a, LABEL);
    ipc_init(&a->x, irq, CALL, tag(L4_PROTO_IRQ, 1), L4_IPC_NEVER);
    a->x.msg.mr[0] = L4_IRQ_OP_EOI;
    expect("waits", (unsigned long)worker_ipc(a), 0);
    main_does(a->thread, SEND, tag(5, 0), L4_IPC_BOTH_TIMEOUT_0);
    expect("closed", m.error, L4_IPC_SETIMEOUT);
    l4_irq_trigger(irq);
    expect_irq(a, LABEL);

    ipc_init(&a->x, irq, L4_SYSF_SEND_AND_WAIT, tag(L4_PROTO_IRQ, 1), L4_IPC_NEVER);
    a->x.msg.mr[0] = L4_IRQ_OP_EOI;
    expect("waits", (unsigned long)worker_ipc(a), 0);
    main_does(a->thread, SEND, tag(5, 0), L4_IPC_BOTH_TIMEOUT_0);
    expect("open", m.error, 0);
    expect_tag_label("the message", a->x.tag, 5);
}

static void detach(void)
{
    l4_cap_idx_t weak = copy(irq, L4_CAP_FPAGE_RW);

    expect_tag_label("not bound", l4_irq_detach(irq), -L4_ENOENT);
    bind(a, LABEL);
    expect_tag_label("without S", l4_irq_detach(weak), -L4_EPERM);
    expect_tag_label("idle", l4_irq_detach(irq), 0);
    bind(a, LABEL);
    l4_irq_trigger(irq);
    expect_tag_label("pending", l4_irq_detach(irq), 1);
    expect_nothing(a);
    l4_irq_trigger(weak); /* a trigger needs no right */
    bind(b, LABEL);
    does(b, SELF, WAIT, tag(0, 0), L4_IPC_NEVER);
    expect_irq(b, LABEL);
    delete_object(weak);
}

static void refused(void)
{
    l4_cap_idx_t weak = copy(irq, L4_CAP_FPAGE_RW), thread = copy(a->thread, L4_CAP_FPAGE_RW);

    expect_label("protocol", call(irq, 0x55, 1, 0), -L4_EBADPROTO);
    expect_label("no words", call(irq, L4_PROTO_KOBJECT, 0, 0), -L4_EINVAL);
    expect_label("operation", call(irq, L4_PROTO_KOBJECT, 1, 0x77), -L4_ENOSYS);
    expect_label("obsolete", call(irq, L4_PROTO_IRQ_SENDER, 1, 0), -L4_ENOSYS);
    expect_tag_label("without S", l4_rcv_ep_bind_thread(weak, a->thread, 0), -L4_EPERM);
    expect_tag_label("thread without S", l4_rcv_ep_bind_thread(irq, thread, 0), -L4_EPERM);
    expect_tag_label("no thread", l4_rcv_ep_bind_thread(irq, sem, 0), -L4_EINVAL);
    expect_tag_label("still unbound", l4_irq_detach(irq), -L4_ENOENT);
    delete_object(weak);
    l4re_util_cap_free(thread);
}

static void receive_all(void *unused)
{
    l4_utcb_t *u = l4_utcb();

    (void)unused;
    for (;;)
        if (!l4_msgtag_has_error(l4_irq_receive_u(irq, L4_IPC_NEVER, u)))
            arrived++;
}

static void irq_storm(void)
{
    bind(a, LABEL);
    worker_run(a, receive_all, NULL);
    for (unsigned i = 0; i < STORM; i++)
        l4_irq_trigger(irq);
    expect("each arrived", arrived, STORM);
}

/* ---- semaphores ---- */

static void down(struct worker *w, l4_timeout_t timeout)
{
    ipc_init(&w->x, sem, CALL, tag(L4_PROTO_SEMAPHORE, 1), timeout);
    w->x.msg.mr[0] = L4_SEMAPHORE_OP_DOWN;
    worker_ipc(w);
}

static void count_up_and_down(void)
{
    down(a, L4_IPC_BOTH_TIMEOUT_0);
    expect("begins with 0", a->x.error, L4_IPC_RETIMEOUT);
    l4_semaphore_up(sem);
    l4_semaphore_up(sem);
    for (unsigned i = 0; i < 2; i++) {
        down(a, L4_IPC_BOTH_TIMEOUT_0);
        expect("done", (unsigned long)a->done, 1);
        expect("error", a->x.error, 0);
        expect_tag_label("answer", a->x.tag, 0);
    }
    down(a, MS(5));
    l4_ipc_sleep_ms(20);
    expect("time limit", a->x.error, L4_IPC_RETIMEOUT);
    l4_semaphore_up(sem); /* the one that gave up is not in the queue any more */
    down(a, L4_IPC_BOTH_TIMEOUT_0);
    expect("counted", a->x.error, 0);
}

static void most_urgent_first(void)
{
    l4_sched_param_t sched = l4_sched_param(PRIO_URGENT, 0);

    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, b->thread, &sched);
    down(a, L4_IPC_NEVER);
    down(b, L4_IPC_NEVER);
    l4_semaphore_up(sem);
    expect("b goes on", (unsigned long)b->done, 1);
    expect("a does not", (unsigned long)a->done, 0);
    l4_semaphore_up(sem);
    expect("a goes on", (unsigned long)a->done, 1);
    down(a, L4_IPC_BOTH_TIMEOUT_0);
    expect("nothing is left", a->x.error, L4_IPC_RETIMEOUT);
}

static void cancelled(void)
{
    down(a, L4_IPC_NEVER);
    worker_cancel(a);
    expect("goes on", (unsigned long)a->done, 1);
    expect("error", a->x.error, L4_IPC_RECANCELED);
    l4_semaphore_up(sem);
    down(b, L4_IPC_BOTH_TIMEOUT_0);
    expect("the count is kept", b->x.error, 0);
}

static void semaphore_rights(void)
{
    l4_cap_idx_t weak = copy(sem, L4_CAP_FPAGE_RW);

    expect_label("down without S", call(weak, L4_PROTO_SEMAPHORE, 1, 0), -L4_EPERM);
    expect_label("no words", call(sem, L4_PROTO_SEMAPHORE, 0, 0), -L4_EINVAL);
    l4_semaphore_up(weak); /* up needs no right */
    expect_tag_label("down", l4_semaphore_down(sem, L4_IPC_BOTH_TIMEOUT_0), 0);
    delete_object(weak);
}

static void take_all(void *unused)
{
    l4_utcb_t *u = l4_utcb();

    (void)unused;
    for (;;)
        if (!l4_error_u(l4_semaphore_down_u(sem, L4_IPC_NEVER, u), u))
            arrived++;
}

static void semaphore_storm(void)
{
    worker_run(a, take_all, NULL);
    worker_run(b, take_all, NULL);
    for (unsigned i = 0; i < STORM; i++)
        l4_semaphore_up(sem);
    expect("each woke one", arrived, STORM);
    worker_reset(a);
    worker_reset(b);
    for (unsigned i = 0; i < STORM; i++)
        l4_semaphore_up(sem);
    worker_run(a, take_all, NULL);
    expect("each was counted", arrived, 2 * STORM);
}

static struct test_case const cases[] = {
    {"O-26", "an IRQ is a message without words", delivered},
    {"O-27", "triggers before binding are remembered once", remembered},
    {"O-27", "several triggers become one", collapse},
    {"O-27", "a waiting trigger goes where the IRQ is bound next", bound_again},
    {"O-27", "detach", detach},
    {"O-29", "closed wait on an IRQ", closed_wait},
    {"I-13", "unmask and receive in one call", unmask_and_receive},
    {"O-26", "refused operations", refused},
    {"O-26", "every trigger of a storm arrives", irq_storm},
    {"SEMAPHORE", "count, time limit", count_up_and_down},
    {"SEMAPHORE", "the most urgent waiter first", most_urgent_first},
    {"SEMAPHORE", "cancelled while waiting", cancelled},
    {"SEMAPHORE", "rights", semaphore_rights},
    {"SEMAPHORE", "a storm", semaphore_storm},
};

int main(void)
{
    a = worker_new(0);
    b = worker_new(0);
    test_setup = setup;
    return TEST_RUN(cases);
}
