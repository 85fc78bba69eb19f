/* SPDX-License-Identifier: MIT */
/*
 * Message IPC, see ipc.h.
 *
 * Invariant I10: t->sender.queue is set exactly in T_SEND; a reply slot and the caller it names
 * know each other, and that caller is in T_RECV.
 *
 * Real world: Fiasco's sender copies in its own context after a handshake and may be preempted anywhere
 * (src/kern/thread-ipc.cpp); seL4 has endpoints as objects of their own (src/object/endpoint.c).
 */
#include "ipc.h"

#include "arch.h"
#include "irq.h"
#include "pager.h"
#include "reply.h"
#include "sched.h"
#include "syscall.h"
#include "timeout.h"
#include "trace.h"
#include "transfer.h"

static void enter_recv(struct thread *t, struct sender *partner);
static void take_message(struct thread *t, struct thread *snd);

/* ---- ends of an IPC ---- */

static void leave_wait(struct thread *t)
{
    timeout_cancel(&t->timeout);
    if (t->sender.queue)
        sendq_remove(&t->sender);
    reply_forget(t);
}

void ipc_fail(struct thread *t, unsigned e)
{
    TRACE(ipc_fail, t, e);
    leave_wait(t);
    sched_ready(t);
    if (t->kind != IPC_USER) {
        pager_ipc_failed(t, e);
        return;
    }
    /* The receive phase returns the caller's own tag (I-26), the send phase nothing but the flag (I-24). */
    t->regs.rax = e & IPC_IN_RECV ? t->regs.rax | TAG_ERROR : TAG_ERROR;
    t->utcb->error = e;
}

void ipc_fail_sender(struct sender *s, enum ipc_error e)
{
    ipc_fail(container_of(s, struct thread, sender), e);
}

void ipc_timeout(struct thread *t)
{
    if (t->state == T_BLOCKED)
        syscall_unblock(t, IPC_TIMEOUT | IPC_IN_RECV);
    else
        ipc_fail(t, t->state == T_SEND ? IPC_TIMEOUT : IPC_TIMEOUT | IPC_IN_RECV);
}

void ipc_cancel(struct thread *t)
{
    switch (t->state) {
    case T_SEND:
        ipc_fail(t, IPC_CANCELED);
        break;
    case T_RECV:
        ipc_fail(t, IPC_CANCELED | IPC_IN_RECV);
        break;
    case T_BLOCKED:
        syscall_unblock(t, IPC_CANCELED | IPC_IN_RECV);
        break;
    case T_XFER:
        t->cancel_pending = true;
        break;
    default:
        if (t->xfer.snd) /* interrupted in a transfer of its own (I-47) */
            t->cancel_pending = true;
        else if (t->cont == ipc_recv_continue)
            ipc_fail(t, IPC_CANCELED | IPC_IN_RECV), t->cont = NULL;
        break;
    }
}

void ipc_leave_all(struct thread *t)
{
    u8 unused;

    leave_wait(t);
    reply_take(&t->reply, &unused); /* the caller is not woken (I-43) */
}

/* ---- send ---- */

/* Block in a queue for the send phase; false: the timeout is zero or has expired (I-23). */
static bool wait_to_send(struct thread *t, struct sendq *q)
{
    if (!timeout_begin(t, send_timeout(t->timeouts)))
        return false;
    t->state = T_SEND;
    t->sender.prio = t->prio;
    sendq_add(q, &t->sender);
    sched_stop();
    return true;
}

void ipc_wait_in(struct thread *t, struct sendq *q)
{
    TRACE(ipc_block, t, "send", 0UL);
    if (!wait_to_send(t, q))
        ipc_fail(t, IPC_TIMEOUT);
}

void ipc_restart_sender(struct sender *s)
{
    struct thread *t = container_of(s, struct thread, sender);

    leave_wait(t);
    t->cont = t->kind == IPC_USER ? syscall_again : pager_again;
    sched_ready(t);
}

/* Would `r` take a message from the sender with this id now (I-27)? */
static inline bool accepts(const struct thread *r, u64 sender_id)
{
    return r->state == T_RECV && (r->wait_open ? !r->senders.first : r->wait_id == sender_id);
}

/* ---- receive ---- */

void ipc_receive(struct thread *t, u64 partner_id, struct sender *partner)
{
    t->wait_open = t->op & OP_OPEN_WAIT;
    t->wait_id = partner_id;
    enter_recv(t, partner);
}

void ipc_recv_continue(struct thread *t) { enter_recv(t, NULL); }

static void irq_to_regs(struct thread *r, u64 label)
{
    r->regs.rax = 0; /* raw tag 0 (O-26) */
    r->regs.rsi = label;
}

/* Block for a message; false: the timeout is zero or has expired. */
static inline bool wait_to_receive(struct thread *t)
{
    if (unlikely(!timeout_begin(t, recv_timeout(t->timeouts))))
        return false;
    TRACE(ipc_block, t, "recv", t->wait_open ? 0 : t->wait_id);
    t->state = T_RECV;
    return true;
}

/* The receive phase of `t`, which may be another than the current thread (a sender that was served). */
static void enter_recv(struct thread *t, struct sender *partner)
{
    struct sender *s = t->wait_open ? t->senders.first : partner;

    if (s && s->queue == &t->senders) {
        if (t != pcpu()->cur) { /* takes the message when it is scheduled */
            t->cont = ipc_recv_continue;
            sched_ready(t);
            return;
        }
        sendq_remove(s);
        if (s->kind == SENDER_IRQ) {
            TRACE(ipc_irq, t, container_of(s, struct irq, sender)->obj.id, s->label);
            irq_to_regs(t, s->label);
            irq_taken(s);
            sched_ready(t);
        } else {
            take_message(t, container_of(s, struct thread, sender));
        }
        return;
    }
    if (!wait_to_receive(t))
        ipc_fail(t, IPC_TIMEOUT | IPC_IN_RECV);
    else if (t == pcpu()->cur)
        sched_stop();
}

bool ipc_deliver_irq(struct thread *r, struct sender *irq, u64 irq_id)
{
    if (!accepts(r, irq_id) || r->kind != IPC_USER)
        return false;
    TRACE(ipc_irq, r, irq_id, irq->label);
    leave_wait(r);
    irq_to_regs(r, irq->label);
    return true;
}

/* ---- after the transfer ---- */

/* Kills and cancels that came while the transfer was going on (I-47). */
static void finish_pending(struct thread *t)
{
    if (t->cancel_pending) {
        t->cancel_pending = false;
        ipc_cancel(t);
    }
    if (t->kill_pending) {
        t->kill_pending = false;
        thread_kill(t);
        kobject_put(&t->obj);
    }
}

/* The sender has got rid of its message: its receive phase, and both go on as they can. */
static ALWAYS_INLINE void after_send(struct thread *ctx, struct thread *snd, struct thread *rcv)
{
    bool blocked = false;

    if (likely(snd->op & OP_RECV)) {
        if (snd->wait_open) {
            bool more = pcpu()->resched;
            enter_recv(snd, NULL);
            blocked = snd == ctx && snd->state == T_RECV;
            if (blocked)
                pcpu()->resched = more;
        } else {
            if (rcv->wait_open && rcv->kind == IPC_USER)
                reply_store(rcv->wait_slot, snd); /* I-38 */
            if (likely(wait_to_receive(snd)))
                blocked = snd == ctx;
            else
                ipc_fail(snd, IPC_TIMEOUT | IPC_IN_RECV);
        }
    } else {
        sched_ready(snd);
    }
    if (likely(blocked) && !(snd->tag & TAG_SCHEDULE)) { /* a call lends its time slice (I-67) */
        sched_hand_over(rcv, !snd->wait_open);
    } else {
        if (blocked)
            sched_stop();
        sched_ready(rcv);
    }
}

void ipc_transfer_done(struct thread *ctx, enum ipc_error e)
{
    struct thread *snd = ctx->xfer.snd, *rcv = ctx->xfer.rcv;
    u64 tag = (snd->tag & ~(u64)TAG_ERROR) | (e ? TAG_ERROR : 0);

    TRACE(ipc_done, snd, rcv, e);
    ctx->xfer.snd = ctx->xfer.rcv = NULL;
    if (rcv->kind != IPC_USER) {
        pager_reply(rcv, tag, e ? e | IPC_IN_RECV : 0);
    } else {
        rcv->regs.rax = tag;
        rcv->regs.rsi = snd->sender.label;
        if (e)
            rcv->utcb->error = e | IPC_IN_RECV;
    }
    if (e) {
        ipc_fail(snd, e); /* no receive phase (I-25) */
        sched_ready(rcv);
    } else {
        after_send(ctx, snd, rcv);
    }
    finish_pending(snd);
    finish_pending(rcv);
}

/* Move the message; both are ready for it. */
static ALWAYS_INLINE void transfer(struct thread *ctx, struct thread *snd, struct thread *rcv)
{
    struct thread *other = ctx == snd ? rcv : snd;

    TRACE(ipc_transfer, snd, rcv);
    timeout_cancel(&other->timeout);
    reply_forget(rcv); /* I-41, I-42 */
    if (unlikely(snd->tag & (TAG_ITEMS | TAG_FPU)) || unlikely(snd->kind | rcv->kind)) {
        transfer_start(ctx, snd, rcv);
        return;
    }
    /* Words only, between two users: nothing can fail. */
    copy_words(rcv->utcb->mr, snd->utcb->mr, tag_words(snd->tag));
    rcv->regs.rax = snd->tag & ~(u64)TAG_ERROR;
    rcv->regs.rsi = snd->sender.label;
    TRACE(ipc_done, snd, rcv, 0);
    after_send(ctx, snd, rcv);
}

/* The message of a sender that had been waiting for `t`. */
static void take_message(struct thread *t, struct thread *snd) { transfer(t, snd, t); }

void ipc_start(struct thread *t, struct thread *partner)
{
    TRACE(ipc_begin, t, partner->obj.id);
    if (!(t->op & OP_SEND)) {
        if (!(t->op & OP_RECV))
            ipc_fail(t, IPC_NOT_EXISTENT);
        else if (t->op & OP_OPEN_WAIT)
            ipc_receive(t, 0, NULL);
        else
            ipc_receive(t, partner->obj.id, &partner->sender);
        return;
    }
    t->wait_open = t->op & OP_OPEN_WAIT;
    t->wait_id = partner->obj.id;
    if (likely(accepts(partner, t->obj.id)))
        transfer(t, t, partner);
    else if (partner->dead)
        ipc_fail(t, IPC_NOT_EXISTENT);
    else if (TRACE(ipc_block, t, "send", partner->obj.id), !wait_to_send(t, &partner->senders))
        ipc_fail(t, IPC_TIMEOUT);
}
