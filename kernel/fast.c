/* SPDX-License-Identifier: MIT */
/*
 * The system call's way in and way out, and the two halves of an everyday round trip in one straight line: a call with
 * words through a gate, and the answer with the next open wait, which may carry items.
 *
 * Decides only whether a call is of that kind: the partner waits for it, nobody else is to run.  All that is asked
 * comes before the first change; in every other case syscall.c does the same thing in general.  An answer whose items
 * are not all done at once goes on in transfer.c as if it had come the general way.
 * So a kernel without this file's shortcut (FAST=0, and every debug build) behaves the same.
 *
 * Called by entry.asm; calls the invoked object.
 */
#include "fast.h"
#include "fast_item.h"
#include "gate.h"
#include "obj_space.h"
#include "panic.h"
#include "reply.h"
#include "sched.h"
#include "switch.h"
#include "syscall.h"
#include "trace.h"
#include "transfer.h"

enum { SEL_OP = 0xf, OP_ANSWER = 0xf };
/* A tag that needs more than copying words: items, flags. */
enum { TAG_NOT_PLAIN = TAG_ITEMS | TAG_FPU | TAG_SCHEDULE | 0x4000 | TAG_ERROR };

void syscall_leave(struct thread *t)
{
    struct thread *to = exit_quickly();

    if (unlikely(to != t))
        arch_leave_slowly(t, to);
}

void syscall_answered(struct thread *t, u64 answer)
{
    CHECK(pcpu()->cur == t);
    t->regs.rax = answer;
    syscall_leave(t);
}

static OWN_FRAME u64 slowly(struct thread *t)
{
    syscall_again(t);
    return NO_ANSWER;
}

u64 syscall_dead_object(struct thread *t, struct kobject *o, unsigned rights)
{
    (void)o, (void)rights;
    return slowly(t);
}

/* `to` gets the message; from one system call straight into the other. */
static inline u64 deliver(struct thread *t, struct thread *to, u64 tag, u64 label)
{
    fast_deliver(to, tag, label);
    latency_end(NULL);
    return arch_leave(t, to);
}

static inline void move_words(const struct thread *t, struct thread *to, u64 tag)
{
    if (tag_words(tag))
        copy_words(to->utcb->mr, t->utcb->mr, tag_words(tag));
}

/* A call through a gate to a thread in an open wait: it is lent the time slice (I-67). */
static inline u64 call(struct thread *t, struct thread *to, u64 label, u64 rights)
{
    u64 tag = t->regs.rax;

    fast_wait_for(t, to, rights, MODE_CLOSED_WAIT);
    move_words(t, to, tag);
    return deliver(t, to, tag, label | rights);
}

/*
 * The answer to the caller whose time slice is running, and the next open wait.  A caller that the implicit slot
 * names waits for the slot's owner.
 */
static inline bool can_answer(const struct thread *t, const struct thread *to)
{
    return likely(to == pcpu()->sc) && likely(!t->senders.first) && likely(!(u16)t->regs.r8) &&
           likely(!t->explicit_wait) && switch_is_plain(to);
}

static inline void begin_wait(struct thread *t, struct thread *to)
{
    t->reply = 0;
    to->named_by = NULL;
    t->mode = MODE_OPEN_WAIT;
}

static inline u64 answer(struct thread *t, struct thread *to)
{
    u64 tag = t->regs.rax;

    begin_wait(t, to);
    move_words(t, to, tag);
    return deliver(t, to, tag, t->regs.rsi);
}

/* Not all is done, or there is more to do before user code runs: the rest of the answer goes the general way. */
static OWN_FRAME u64 answer_generally(struct thread *t, enum ipc_error e)
{
    u8 unused;

    syscall_to_ipc(t);
    t->wait_open = true;
    t->sender.label = t->regs.rsi;
    t->xfer.snd = t;
    t->xfer.rcv = reply_take(&t->reply, &unused);
    if (e == IPC_PREEMPTED) {
        t->cont = transfer_continue;
        sched_stop();
    } else {
        ipc_transfer_done(t, e);
    }
    return NO_ANSWER;
}

static void begin_transfer(struct thread *t, struct thread *to)
{
    t->tag = t->regs.rax;
    t->snd_rights = t->reply & 3;
    transfer_begin(t, t, to);
}

static OWN_FRAME enum ipc_error move_items(struct thread *t, struct thread *to)
{
    enum ipc_error e;

    begin_transfer(t, to);
    e = transfer_items(t);
    if (e == IPC_OK)
        t->xfer.snd = t->xfer.rcv = NULL;
    return e;
}

/* Now there must be a transfer: it goes on with the item's mapping later, or fails. */
static OWN_FRAME enum ipc_error item_not_done(struct thread *t, struct thread *to, u64 *ret,
                                              enum map_status s)
{
    begin_transfer(t, to);
    return transfer_item_end(t, ret, s);
}

/* The only item of an answer, usually; nobody looks at the transfer's state when it is done at once. */
static inline enum ipc_error move_item(struct thread *t, struct thread *to, u64 tag)
{
    static u64 nowhere;
    u64 at = tag_words(tag), *ret = &nowhere, w0, fpage;
    struct fp_match m;
    enum map_status s;

    if (unlikely(tag_items(tag) != 1) || unlikely(at + 2 > N_MESSAGE_REGS))
        return move_items(t, to);
    w0 = t->utcb->mr[at];
    fpage = t->utcb->mr[at + 1];
    if (unlikely(!item_is_map(w0)) || unlikely(!fast_item_match(to, w0, fpage, &m)))
        return move_items(t, to);
    if (fast_item_is_cap(fpage) && !(t->reply & CAP_S))
        fpage &= ~(u64)CAP_S; /* F-8 */
    if (likely(to->kind == IPC_USER))
        ret = &to->utcb->mr[at];
    *ret = return_word(w0, fpage, RESULT_MAPPED);
    t->map.from = t->task;
    t->map.to = to->task;
    map_begin(&t->map, w0, fpage, &m);
    s = map_run(&t->map);
    if (unlikely(s != MAP_DONE))
        return item_not_done(t, to, ret, s);
    if (unlikely(!t->map.any))
        *ret |= RESULT_NOTHING; /* F-19 */
    return IPC_OK;
}

/* The answer carries items, and perhaps it is for a page fault. */
static OWN_FRAME u64 answer_items(struct thread *t, struct thread *to)
{
    u64 tag = t->regs.rax;
    enum ipc_error e;

    if (likely(to->kind == IPC_USER))
        move_words(t, to, tag);
    e = move_item(t, to, tag);
    if (unlikely(e != IPC_OK) || unlikely(pcpu()->resched))
        return answer_generally(t, e);
    begin_wait(t, to);
    if (likely(to->kind == IPC_USER))
        return deliver(t, to, tag, t->regs.rsi);
    to->mode = T_READY; /* the fault is repaired */
    switch_plainly(to);
    latency_end(NULL);
    return arch_leave_slowly(t, to);
}

/* In general. */
static OWN_FRAME u64 call_object(struct thread *t, struct kobject *o, unsigned rights)
{
    o->type->invoke(t, o, rights);
    return NO_ANSWER;
}

u64 fast_gate_op(struct thread *t, struct kobject *o, unsigned rights)
{
    const struct gate *g = gate_of(o);

    if (QUIRE_FAST && !(t->regs.rax & TAG_NOT_PLAIN) && !gate_is_control(t, rights) &&
        likely(!(u16)t->regs.r8) && fast_can_lend(g->thread))
        return call(t, g->thread, g->label, rights & (CAP_W | CAP_S));
    return call_object(t, o, rights);
}

static OWN_FRAME u64 reply_and_wait(struct thread *t)
{
    struct thread *to = reply_caller(t->reply);
    u64 tag = t->regs.rax;

    if (unlikely(!can_answer(t, to)))
        return slowly(t);
    if (!(tag & TAG_NOT_PLAIN) && likely(to->mode == MODE_CLOSED_WAIT))
        return answer(t, to);
    if (!(tag & (TAG_NOT_PLAIN ^ TAG_ITEMS)) &&
        (to->mode == MODE_CLOSED_WAIT || (to->mode == MODE_FAULT_WAIT && (s64)tag >= 0)))
        return answer_items(t, to);
    return slowly(t);
}

/* What is neither a call of a slot nor an answer, or names nothing. */
static OWN_FRAME u64 do_other(struct thread *t, u64 sel)
{
    const struct cap *slot = sel & (OP_REPLY | SEL_SPECIAL) ? NULL : obj_lookup(t->task, sel);

    if (unlikely(!slot))
        return slowly(t);
    if ((sel & SEL_OP) == OP_CALL)
        return slot->obj->op(t, slot->obj, (unsigned)slot->rights);
    return call_object(t, slot->obj, (unsigned)slot->rights);
}

u64 syscall_entry(struct thread *t)
{
    u64 sel = t->regs.rdx;

    latency_begin();
    TRACE(syscall, t);
    if (likely((sel & ((u64)OBJ_NOT_FIRST | SEL_OP)) == OP_CALL)) {
        const struct cap *slot = obj_first_slot(t->task, sel);
        struct kobject *o = slot->obj;
        if (likely(o != NULL)) /* one that is dying has syscall_dead_object */
            return o->op(t, o, (unsigned)slot->rights);
    } else if (QUIRE_FAST && (sel & (SEL_OP | SEL_REPLY_SLOT)) == OP_ANSWER) {
        return reply_and_wait(t);
    }
    return do_other(t, sel);
}
