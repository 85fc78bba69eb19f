/* SPDX-License-Identifier: MIT */
/*
 * The way in of the system call, and the two halves of an everyday round trip in one straight line: a call
 * through a gate, and the answer with the next open wait.
 *
 * Decides only whether a call is of that kind: words only, the partner waits for it, nobody else is to run.  All
 * that is asked comes before the first change; in every other case syscall.c does the same thing in general.
 * So a kernel without this file's shortcut (FAST=0, and every debug build) behaves the same.
 *
 * Called by entry.asm; calls the invoked object.
 */
#include "gate.h"
#include "obj_space.h"
#include "reply.h"
#include "sched.h"
#include "switch.h"
#include "syscall.h"

enum { SEL_OP = 0xf, SEL_SPECIAL = 0xc00, SEL_SLOT_REPLY = 0x400, OP_ANSWER = 0xf };
/* A tag that needs more than copying words: items, flags. */
enum { TAG_NOT_PLAIN = TAG_ITEMS | TAG_FPU | TAG_SCHEDULE | 0x4000 | TAG_ERROR };

static struct thread *slowly(struct thread *t)
{
    syscall_again(t);
    return exit_quickly();
}

/* The words go over, `to` runs. */
static inline struct thread *deliver(struct thread *t, struct thread *to, u64 label)
{
    u64 tag = t->regs.rax;

    if (tag_words(tag))
        copy_words(to->utcb->mr, t->utcb->mr, tag_words(tag));
    to->regs.rax = tag;
    to->regs.rsi = label;
    to->state = T_READY;
    switch_plainly(to);
    latency_end(NULL);
    return arch_leave(t, to);
}

/* A call through a gate to a thread in an open wait: it is lent the time slice (I-67). */
static inline bool can_call(const struct thread *t, const struct thread *to)
{
    const struct thread *sc = pcpu()->sc;

    return likely(to != NULL) && likely(to->mode == MODE_OPEN_WAIT) && likely(!(u16)t->regs.r8) &&
           (likely(to->prio <= sc->prio) || to == sc) && switch_is_plain(to);
}

static inline struct thread *call(struct thread *t, struct thread *to, u64 label, u64 rights)
{
    u64 *slot = to->wait_slot;

    t->mode = MODE_CLOSED_WAIT;
    t->wait_id = to->obj.id;
    if (unlikely(*slot)) /* a caller who is not answered any more stays blocked (I-39) */
        reply_caller(*slot)->named_by = NULL;
    *slot = (u64)t | rights;
    t->named_by = slot;
    return deliver(t, to, label | rights);
}

/*
 * The answer to the caller whose time slice is running, and the next open wait.  A caller that the implicit slot
 * names waits for the slot's owner.
 */
static inline bool can_answer(const struct thread *t, const struct thread *to)
{
    return likely(to == pcpu()->sc) && likely(to->mode == MODE_CLOSED_WAIT) &&
           likely(!t->senders.first) && likely(!(u16)t->regs.r8) && likely(!t->explicit_wait) &&
           switch_is_plain(to);
}

static inline struct thread *answer(struct thread *t, struct thread *to)
{
    t->reply = 0;
    to->named_by = NULL;
    t->mode = MODE_OPEN_WAIT;
    return deliver(t, to, t->regs.rsi);
}

struct thread *syscall_entry(struct thread *t)
{
    u64 sel = t->regs.rdx;
    bool plain = QUIRE_FAST && !(t->regs.rax & TAG_NOT_PLAIN);

    latency_begin();
    if (likely((sel & (SEL_OP | SEL_SPECIAL)) == OP_CALL)) {
        const struct cap *slot = obj_lookup(t->task, sel);
        if (unlikely(!slot))
            return slowly(t);
        if (likely(slot->obj->type == &gate_type) && plain && !gate_is_control(t, slot->rights)) {
            const struct gate *g = gate_of(slot->obj);
            if (can_call(t, g->thread))
                return call(t, g->thread, g->label, slot->rights & (CAP_W | CAP_S));
        }
        slot->obj->type->invoke(t, slot->obj, (unsigned)slot->rights);
        return exit_quickly();
    }
    if ((sel & (SEL_OP | SEL_SLOT_REPLY)) == OP_ANSWER && plain) {
        struct thread *to = reply_caller(t->reply);
        if (can_answer(t, to))
            return answer(t, to);
    }
    return slowly(t);
}
