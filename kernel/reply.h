/* SPDX-License-Identifier: MIT */
/*
 * Reply slots (abi: ipc.md section 8).  A slot is one word: the calling thread and, in its low
 * two bits, the W and S rights of the capability the caller used; 0: empty.  Each thread has an
 * implicit slot; a task has explicit ones, made on demand (I-45).  A caller knows the slot that
 * names it (thread.named_by), invariant I10.
 */
#ifndef QUIRE_REPLY_H
#define QUIRE_REPLY_H

#include "thread.h"

static inline struct thread *reply_caller(u64 slot) { return (struct thread *)(slot & ~3UL); }

/* The caller leaves its receive phase: no slot names it any more (I-42). */
static inline void reply_forget(struct thread *caller)
{
    if (caller->named_by) {
        *caller->named_by = 0;
        caller->named_by = NULL;
    }
}

/* Store the caller; whoever was there stays blocked (I-39). */
static inline void reply_store(u64 *slot, struct thread *caller)
{
    if (*slot)
        reply_caller(*slot)->named_by = NULL;
    reply_forget(caller);
    *slot = (u64)caller | caller->snd_rights;
    caller->named_by = slot;
}

/* Take and empty a slot: the caller, NULL if none, and its rights (I-7, I-40). */
static inline struct thread *reply_take(u64 *slot, u8 *rights)
{
    struct thread *caller = reply_caller(*slot);

    *rights = *slot & 3;
    *slot = 0;
    if (caller)
        caller->named_by = NULL;
    return caller;
}

/* The explicit slot `index` of a task; `make`: with its memory, paid by the task.  NULL: none. */
u64 *reply_slot(struct task *t, u64 index, bool make);

/* Give the explicit slots back, whatever they hold; one bounded step, true: done. */
bool reply_release_step(struct task *t);

#endif
