/* SPDX-License-Identifier: MIT */
/*
 * What the shortcuts of IPC have in common (fast.c, and pager.c for page faults): a call to a thread in an open wait
 * that can run at once, on the caller's time slice.
 */
#ifndef QUIRE_FAST_H
#define QUIRE_FAST_H

#include "reply.h"
#include "switch.h"

/* Is `to` (NULL: nobody) in an open wait, and may it have the current time slice (I-67)? */
static inline bool fast_can_lend(const struct thread *to)
{
    return QUIRE_FAST && likely(to != NULL) && likely(to->mode == MODE_OPEN_WAIT) &&
           (likely(to->prio <= pcpu()->sc->prio) || to == pcpu()->sc) && switch_is_plain(to);
}

/* The current thread calls `to`, which can answer it: `rights` of the capability used, `mode` of the wait. */
static inline void fast_wait_for(struct thread *t, struct thread *to, u64 rights,
                                 enum ready_mode mode)
{
    u64 *slot = to->wait_slot;

    t->mode = mode;
    t->wait_id = to->obj.id;
    if (unlikely(*slot)) /* a caller who is not answered any more stays blocked (I-39) */
        reply_caller(*slot)->named_by = NULL;
    *slot = (u64)t | rights;
    t->named_by = slot;
}

/* `to` gets the message and runs. */
static inline void fast_deliver(struct thread *to, u64 tag, u64 label)
{
    to->regs.rax = tag;
    to->regs.rsi = label;
    to->state = T_READY;
    switch_plainly(to);
}

/* A call of a gate: the `op` of their type (kobject.h). */
kobject_op fast_gate_op;

#endif
