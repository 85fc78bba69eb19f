/* SPDX-License-Identifier: MIT */
/*
 * The way in of the system call, and the two halves of an everyday round trip in one straight line: a call with
 * words through a gate, and the answer with the next open wait.
 *
 * Decides only whether a call is of that kind: the partner waits for it, nobody else is to run.  All that is asked
 * comes before the first change; in every other case syscall.c does the same thing in general.
 * So a kernel without this file's shortcut (FAST=0, and every debug build) behaves the same.
 *
 * Called by entry.asm; calls the invoked object.
 */
#include "fast.h"
#include "gate.h"
#include "obj_space.h"
#include "reply.h"
#include "sched.h"
#include "switch.h"
#include "syscall.h"
#include "transfer.h"

enum { SEL_OP = 0xf, OP_ANSWER = 0xf };
/* A tag that needs more than copying words: items, flags. */
enum { TAG_NOT_PLAIN = TAG_ITEMS | TAG_FPU | TAG_SCHEDULE | 0x4000 | TAG_ERROR };

static struct thread *slowly(struct thread *t)
{
    syscall_again(t);
    return exit_quickly();
}

/* `to` gets the message; from one system call straight into the other. */
static inline struct thread *deliver(struct thread *t, struct thread *to, u64 tag, u64 label)
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
static inline struct thread *call(struct thread *t, struct thread *to, u64 label, u64 rights)
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

static inline struct thread *answer(struct thread *t, struct thread *to)
{
    u64 tag = t->regs.rax;

    begin_wait(t, to);
    move_words(t, to, tag);
    return deliver(t, to, tag, t->regs.rsi);
}

/* An answer with items that were not all done at once: the rest goes the general way. */
static __attribute__((noinline)) struct thread *answer_generally(struct thread *t, enum ipc_error e)
{
    u8 unused;

    syscall_to_ipc(t);
    t->wait_open = true;
    t->sender.label = t->regs.rsi;
    reply_take(&t->reply, &unused);
    if (e == IPC_PREEMPTED) {
        t->cont = transfer_continue;
        sched_stop();
    } else {
        ipc_transfer_done(t, e);
    }
    return exit_quickly();
}

/* The answer carries items, and perhaps it is for a page fault. */
static __attribute__((noinline)) struct thread *answer_items(struct thread *t, struct thread *to)
{
    u64 tag = t->regs.rax;
    enum ipc_error e;

    t->tag = tag;
    t->snd_rights = t->reply & 3;
    transfer_begin(t, t, to);
    if (likely(to->kind == IPC_USER))
        move_words(t, to, tag);
    e = transfer_items(t);
    if (unlikely(e != IPC_OK))
        return answer_generally(t, e);
    t->xfer.snd = t->xfer.rcv = NULL;
    begin_wait(t, to);
    if (likely(to->kind == IPC_USER))
        return deliver(t, to, tag, t->regs.rsi);
    to->mode = T_READY; /* the fault is repaired */
    switch_plainly(to);
    latency_end(NULL);
    return to;
}

static inline struct thread *invoke(struct thread *t, const struct cap *slot)
{
    slot->obj->type->invoke(t, slot->obj, (unsigned)slot->rights);
    return exit_quickly();
}

struct thread *syscall_entry(struct thread *t)
{
    u64 sel = t->regs.rdx;
    bool plain = QUIRE_FAST && !(t->regs.rax & TAG_NOT_PLAIN);
    const struct cap *slot;

    latency_begin();
    if (likely((sel & (SEL_OP | SEL_SPECIAL)) == OP_CALL)) {
        slot = obj_lookup(t->task, sel);
        if (unlikely(!slot))
            return slowly(t);
        if (likely(slot->obj->type == &gate_type) && plain && !gate_is_control(t, slot->rights)) {
            const struct gate *g = gate_of(slot->obj);
            if (likely(!(u16)t->regs.r8) && fast_can_lend(g->thread))
                return call(t, g->thread, g->label, slot->rights & (CAP_W | CAP_S));
        }
        return invoke(t, slot);
    }
    if (!(sel & (OP_REPLY | SEL_SPECIAL))) {
        slot = obj_lookup(t->task, sel);
        return likely(slot != NULL) ? invoke(t, slot) : slowly(t);
    }
    if (QUIRE_FAST && (sel & (SEL_OP | SEL_REPLY_SLOT)) == OP_ANSWER) {
        struct thread *to = reply_caller(t->reply);
        if (likely(can_answer(t, to))) {
            if (plain && likely(to->mode == MODE_CLOSED_WAIT))
                return answer(t, to);
            if (!(t->regs.rax & (TAG_NOT_PLAIN ^ TAG_ITEMS)) &&
                (to->mode == MODE_CLOSED_WAIT ||
                 (to->mode == MODE_FAULT_WAIT && (s64)t->regs.rax >= 0)))
                return answer_items(t, to);
        }
    }
    return slowly(t);
}
