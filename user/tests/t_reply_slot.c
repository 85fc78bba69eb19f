/* SPDX-License-Identifier: MIT */
/*
 * Explicit reply slots, and what the death of a thread does to them and to IRQs (rules I-41, I-43,
 * I-45, I-51).
 *
 * Runs as root task.  a, b, c are workers of this task; see worker.h for who runs when.  The main
 * thread m is the callee.
 */
#include "memory.h"
#include "steps.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sys/irq.h>
#include <l4/sys/task.h>

/** Selector of explicit reply slot n; there are N_SLOTS. */
#define REPLY_SLOT(n) ((l4_cap_idx_t)(n) << L4_CAP_SHIFT | 0x400UL)
#define N_SLOTS (512UL * 512UL)

static struct worker *a, *b, *c;

static void setup(void)
{
    worker_reset(a);
    worker_reset(b);
    worker_reset(c);
    pager_reset();
    main_does(L4_INVALID_CAP, REPLY, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0); /* empties the slot */
}

/* A worker's call arrives and is kept in an explicit slot. */
static void call_kept(struct worker *w, unsigned long slot, long label)
{
    does(w, w->main_thread, CALL, tag(label, 1), L4_IPC_NEVER);
    expect("wait", main_does(REPLY_SLOT(slot), WAIT, tag(0, 0), MS(50)), 0);
    expect_tag_label("received", m.tag, label);
}

static unsigned long main_replies(l4_cap_idx_t slot, long label)
{
    return main_does(slot, REPLY, tag(label, 0), L4_IPC_BOTH_TIMEOUT_0);
}

static void kept_and_answered(void)
{
    call_kept(a, 5, 1);
    expect("the implicit slot is empty", main_replies(L4_INVALID_CAP, 9), L4_IPC_ENOT_EXISTENT);
    expect("another slot is empty", main_replies(REPLY_SLOT(6), 9), L4_IPC_ENOT_EXISTENT);
    expect("caller waits", (unsigned long)a->done, 0);
    expect("reply", main_replies(REPLY_SLOT(5), 9), 0);
    expect_tag_label("caller", a->x.tag, 9);
    expect("a second reply", main_replies(REPLY_SLOT(5), 9), L4_IPC_ENOT_EXISTENT);
}

static void any_order(void)
{
    call_kept(a, 0, 1);
    call_kept(b, 511, 2);
    call_kept(c, N_SLOTS - 1, 3);
    expect("second", main_replies(REPLY_SLOT(511), 12), 0);
    expect("third", main_replies(REPLY_SLOT(N_SLOTS - 1), 13), 0);
    expect("first", main_replies(REPLY_SLOT(0), 11), 0);
    expect_tag_label("a", a->x.tag, 11);
    expect_tag_label("b", b->x.tag, 12);
    expect_tag_label("c", c->x.tag, 13);
}

static void refilled(void)
{
    call_kept(a, 7, 1);
    does(b, b->main_thread, CALL, tag(2, 0), L4_IPC_NEVER);
    expect("reply and wait", main_does(REPLY_SLOT(7), REPLY_AND_WAIT, tag(11, 0), MS(50)), 0);
    expect_tag_label("next message", m.tag, 2);
    expect_tag_label("first caller", a->x.tag, 11);
    expect("second caller waits", (unsigned long)b->done, 0);
    expect("reply", main_replies(REPLY_SLOT(7), 12), 0);
    expect_tag_label("second caller", b->x.tag, 12);
}

static void unavailable(void)
{
    does(a, a->main_thread, CALL, tag(1, 0), L4_IPC_NEVER);
    expect("wait", main_does(REPLY_SLOT(N_SLOTS), WAIT, tag(0, 0), MS(50)), L4_IPC_NO_REPLY_CAP);
    expect("tag", (unsigned long)m.tag.raw, L4_MSGTAG_ERROR);
    expect("reply and wait", main_does(REPLY_SLOT(N_SLOTS), REPLY_AND_WAIT, tag(9, 0), MS(50)),
           L4_IPC_ENOT_EXISTENT);
    expect("error", l4_msgtag_has_error(m.tag) != 0, 1);
    expect("reply", main_replies(REPLY_SLOT(N_SLOTS), 9), L4_IPC_ENOT_EXISTENT);
    expect("caller still waits to send", (unsigned long)a->done, 0);
    expect("it can be received", main_does(a->thread, RECV, tag(0, 0), MS(50)), 0);
}

/* Both kinds of slot: who leaves its receive phase is named by none. */
static void caller_leaves(void)
{
    does(a, a->main_thread, CALL, tag(1, 0),
         l4_timeout(L4_IPC_TIMEOUT_NEVER, l4_timeout_from_us(3000)));
    expect("wait", main_does(REPLY_SLOT(3), WAIT, tag(0, 0), MS(50)), 0);
    l4_ipc_sleep_ms(10);
    expect("caller", a->x.error, L4_IPC_RETIMEOUT);
    expect("reply", main_replies(REPLY_SLOT(3), 9), L4_IPC_ENOT_EXISTENT);
}

static void direct_send_through_gate(void)
{
    l4_cap_idx_t gate = new_gate(a->thread, 0x40);

    call_kept(a, 4, 1);
    expect("send", main_does(gate, SEND, tag(8, 0), L4_IPC_BOTH_TIMEOUT_0), 0);
    expect_tag_label("caller", a->x.tag, 8);
    expect("reply", main_replies(REPLY_SLOT(4), 9), L4_IPC_ENOT_EXISTENT);
    delete_object(gate);
}

static void wait_in_slot_9(void *arg)
{
    struct worker *w = arg;

    ipc_init(&w->x, REPLY_SLOT(9), WAIT, tag(0, 0), L4_IPC_NEVER);
    ipc_do(&w->x);
}

/* The last thread of a task that keeps a caller dies. */
static void callee_of_explicit_slot_destroyed(void)
{
    struct worker *w = worker_new(1);

    worker_run(w, wait_in_slot_9, w);
    does(a, w->thread, CALL, tag(5, 0), L4_IPC_NEVER);
    expect("received", (unsigned long)w->done, 1);
    worker_kill(w);
    expect("caller waits", (unsigned long)a->done, 0);
    expect_label("kernel", kernel_check(), 0);
}

static void irq_of_dying_thread(void)
{
    l4_cap_idx_t irq = new_object(L4_PROTO_IRQ_SENDER);
    struct worker *w = worker_new(0);

    expect_label("bind", l4_error(l4_rcv_ep_bind_thread(irq, w->thread, 0x120)), 0);
    does(w, b->thread, RECV, tag(0, 0), L4_IPC_NEVER); /* not for the IRQ: that is queued */
    l4_irq_trigger(irq);
    expect("queued", (unsigned long)w->done, 0);
    worker_kill(w);
    expect_label("unbound", l4_error(l4_irq_detach(irq)), -L4_ENOENT);
    does(a, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    expect_label("bind again", l4_error(l4_rcv_ep_bind_thread(irq, a->thread, 0x340)), 0);
    expect("delivered", (unsigned long)a->done, 1);
    expect("label", a->x.label, 0x340);
    does(a, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    expect("only once", (unsigned long)a->done, 0);
    delete_object(irq);
}

static struct test_case const cases[] = {
    {"I-45", "a call is kept in the slot that the wait names", kept_and_answered},
    {"I-45", "several callers, answered in any order", any_order},
    {"I-45", "reply and wait refills the slot", refilled},
    {"I-45", "slot beyond the last", unavailable},
    {"I-42", "caller in an explicit slot timed out", caller_leaves},
    {"I-41", "a send through a gate to the caller empties its slot", direct_send_through_gate},
    {"I-43", "callee with an explicit slot destroyed", callee_of_explicit_slot_destroyed},
    {"I-51", "a queued IRQ of a dying thread waits for the next one", irq_of_dying_thread},
};

int main(void)
{
    a = worker_new(0);
    b = worker_new(0);
    c = worker_new(0);
    test_setup = setup;
    return TEST_RUN(cases);
}
