/* SPDX-License-Identifier: MIT */
/*
 * Reply capability, cancellation, death (rules I-7, I-38 ... I-51).
 *
 * Runs as root task.  a, b, c are workers of this task; see worker.h for who runs when.  The main
 * thread m is usually the callee.
 */
#include "steps.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>

static struct worker *a, *b, *c;

static void setup(void)
{
    worker_reset(a);
    worker_reset(b);
    worker_reset(c);
    pager_reset();
    main_does(L4_INVALID_CAP, REPLY, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0); /* empties the slot */
}

/* A worker calls the main thread, which receives it in an open wait. */
static void call_received(struct worker *w, long label, l4_timeout_t timeout)
{
    does(w, w->main_thread, CALL, tag(label, 1), timeout);
    expect("wait", main_does(L4_INVALID_CAP, WAIT, tag(0, 0), MS(50)), 0);
    expect_tag_label("received", m.tag, label);
}

static unsigned long main_replies(long label)
{
    return main_does(L4_INVALID_CAP, REPLY, tag(label, 0), L4_IPC_BOTH_TIMEOUT_0);
}

static void reply_once(void)
{
    call_received(a, 5, L4_IPC_NEVER);
    expect("first reply", main_replies(9), 0);
    expect_tag_label("caller", a->x.tag, 9);
    expect("second reply", main_replies(9), L4_IPC_ENOT_EXISTENT);
}

static void no_slot_in_closed_receive(void)
{
    does(a, a->main_thread, CALL, tag(5, 1), L4_IPC_NEVER);
    expect("receive", main_does(a->thread, RECV, tag(0, 0), MS(50)), 0);
    expect("reply", main_replies(9), L4_IPC_ENOT_EXISTENT);
    expect("caller waits", (unsigned long)a->done, 0);
}

static void no_slot_for_plain_send(void)
{
    does(a, a->main_thread, SEND, tag(5, 1), L4_IPC_NEVER);
    expect("wait", main_does(L4_INVALID_CAP, WAIT, tag(0, 0), MS(50)), 0);
    expect("reply", main_replies(9), L4_IPC_ENOT_EXISTENT);
}

static void slot_overwritten(void)
{
    call_received(a, 5, L4_IPC_NEVER);
    call_received(b, 6, L4_IPC_NEVER);
    expect("reply", main_replies(9), 0);
    expect("first caller waits", (unsigned long)a->done, 0);
    expect_tag_label("second caller", b->x.tag, 9);
}

static void slot_survives_plain_message(void)
{
    call_received(a, 5, L4_IPC_NEVER);
    does(b, b->main_thread, SEND, tag(6, 0), L4_IPC_NEVER);
    expect("wait", main_does(L4_INVALID_CAP, WAIT, tag(0, 0), MS(50)), 0);
    expect("empty wait", main_does(L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0),
           L4_IPC_RETIMEOUT);
    expect("reply", main_replies(9), 0);
    expect_tag_label("caller", a->x.tag, 9);
}

static void direct_send_empties_slot(void)
{
    call_received(a, 5, L4_IPC_NEVER);
    expect("direct", main_does(a->thread, SEND, tag(8, 0), L4_IPC_BOTH_TIMEOUT_0), 0);
    expect_tag_label("caller", a->x.tag, 8);
    expect("reply", main_replies(9), L4_IPC_ENOT_EXISTENT);
}

static void caller_timed_out(void)
{
    call_received(a, 5, l4_timeout(L4_IPC_TIMEOUT_NEVER, l4_timeout_from_us(2000)));
    l4_ipc_sleep_ms(10);
    expect("caller", a->x.error, L4_IPC_RETIMEOUT);
    expect("reply", main_replies(9), L4_IPC_ENOT_EXISTENT);
}

static void caller_cancelled(void)
{
    call_received(a, 5, L4_IPC_NEVER);
    worker_cancel(a);
    expect("caller", a->x.error, L4_IPC_RECANCELED);
    expect("reply", main_replies(9), L4_IPC_ENOT_EXISTENT);
}

static void caller_destroyed(void)
{
    struct worker *w = worker_new(0);

    call_received(w, 5, L4_IPC_NEVER);
    worker_kill(w);
    expect("reply", main_replies(9), L4_IPC_ENOT_EXISTENT);
}

static void callee_destroyed(void)
{
    struct worker *w = worker_new(0);

    does(w, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    does(a, w->thread, CALL, tag(5, 0), L4_IPC_NEVER);
    expect("received", (unsigned long)w->done, 1);
    worker_kill(w);
    expect("caller waits", (unsigned long)a->done, 0);
}

/* The caller gets a gate in its reply; ws: W and S of the capability it used for the call. */
static void reply_with_cap(unsigned ws, l4_umword_t want)
{
    l4_cap_idx_t gate = new_gate(c->thread, 0x1000);
    l4_cap_idx_t received = l4re_util_cap_alloc();
    l4_cap_idx_t main_copy = l4re_util_cap_alloc();
    l4_fpage_t fp =
        l4_obj_fpage(L4_BASE_THREAD_CAP, 0, (unsigned char)(L4_CAP_FPAGE_R | (ws & 3U)));

    l4_task_map(L4_BASE_TASK_CAP, L4_BASE_TASK_CAP, fp, main_copy);
    ipc_init(&a->x, main_copy, CALL, tag(5, 0), L4_IPC_NEVER);
    a->x.buf.br[0] = received | L4_RCV_ITEM_SINGLE_CAP;
    worker_ipc(a);
    main_does(L4_INVALID_CAP, WAIT, tag(0, 0), MS(50));
    ipc_init(&m, L4_INVALID_CAP, REPLY, l4_msgtag(9, 0, 1, 0), L4_IPC_BOTH_TIMEOUT_0);
    m.msg.mr[0] = l4_map_obj_control(0, 0);
    m.msg.mr[1] = l4_obj_fpage(gate, 0, L4_CAP_FPAGE_RWS).raw;
    ipc_do(&m);
    expect("reply", m.error, 0);

    does(c, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    main_does(received, SEND, tag(5, 0), L4_IPC_BOTH_TIMEOUT_0);
    expect("label through the received capability", c->x.label, want);
    delete_object(gate);
    l4re_util_cap_free_um(main_copy);
    l4re_util_cap_free(received);
}

static void reply_rights(void)
{
    reply_with_cap(L4_CAP_FPAGE_W | L4_CAP_FPAGE_S, 0x1003);
    worker_reset(c);
    reply_with_cap(L4_CAP_FPAGE_W, 0x1001);
}

static void cancel_phases(void)
{
    does(a, b->thread, RECV, tag(0, 0), L4_IPC_NEVER);
    does(c, a->thread, SEND, tag(5, 0), L4_IPC_NEVER);
    worker_cancel(c);
    expect("sending", c->x.error, L4_IPC_SECANCELED);
    worker_cancel(a);
    expect("receiving", a->x.error, L4_IPC_RECANCELED);
}

static void ex_regs_without_cancel(void)
{
    does(a, L4_INVALID_CAP, RECV, tag(0, 0), MS(5));
    l4_thread_ex_regs(a->thread, ~0UL, ~0UL, 0);
    expect("still sleeping", (unsigned long)a->done, 0);
    l4_ipc_sleep_ms(20);
    expect("error", a->x.error, L4_IPC_RETIMEOUT);
}

static void receiver_destroyed(void)
{
    struct worker *w = worker_new(0);

    does(w, b->thread, RECV, tag(0, 0), L4_IPC_NEVER);
    does(a, w->thread, SEND, tag(5, 0), L4_IPC_NEVER);
    expect("queued", (unsigned long)a->done, 0);
    l4_ipc_sleep_ms(1);
    /* The slot stays filled in a second place, so that "later" finds a dead thread. */
    worker_kill(w);
    expect("queued sender", a->x.error, L4_IPC_SECANCELED);
    expect("later sender", main_does(w->thread, SEND, tag(5, 0), L4_IPC_BOTH_TIMEOUT_0),
           L4_IPC_ENOT_EXISTENT);
}

static void sender_destroyed(void)
{
    struct worker *w = worker_new(0);

    does(w, w->main_thread, SEND, tag(5, 0), L4_IPC_NEVER);
    worker_kill(w);
    expect("nothing queued", main_does(L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0),
           L4_IPC_RETIMEOUT);
}

static struct test_case const cases[] = {
    {"I-38", "closed receive does not fill the reply slot", no_slot_in_closed_receive},
    {"I-38", "plain send does not fill the reply slot", no_slot_for_plain_send},
    {"I-39", "a new call overwrites the slot, its caller stays blocked", slot_overwritten},
    {"I-39", "plain messages leave the slot alone", slot_survives_plain_message},
    {"I-40", "a second reply fails", reply_once},
    {"I-41", "a direct send to the caller empties the slot", direct_send_empties_slot},
    {"I-42", "caller timed out", caller_timed_out},
    {"I-42", "caller cancelled", caller_cancelled},
    {"I-42", "caller destroyed", caller_destroyed},
    {"I-43", "callee destroyed, the caller is not woken", callee_destroyed},
    {"I-44", "the caller's rights govern the reply", reply_rights},
    {"I-46", "cancel in the send and in the receive phase", cancel_phases},
    {"I-46", "ex_regs without cancel does not end an IPC", ex_regs_without_cancel},
    {"I-48", "receiver destroyed, queued and later sender", receiver_destroyed},
    {"I-49", "destroyed sender leaves the queue", sender_destroyed},
};

int main(void)
{
    a = worker_new(0);
    b = worker_new(0);
    c = worker_new(0);
    test_setup = setup;
    return TEST_RUN(cases);
}
