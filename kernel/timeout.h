/* SPDX-License-Identifier: MIT */
/* IPC timeouts: decoding (abi: ipc.md section 5) and the queue of armed ones. */
#ifndef QUIRE_TIMEOUT_H
#define QUIRE_TIMEOUT_H

#include "thread.h"

void timeout_remove(struct timeout *t);
static inline void timeout_cancel(struct timeout *t)
{
    if (unlikely(t->link != NULL))
        timeout_remove(t);
}
/* Expire what is due; false: an interrupt came first, call again. */
bool timeout_run(u64 now);

/* Arm the thread's timeout for a phase; false: it is zero or has expired already. */
bool timeout_begin_slowly(struct thread *t, unsigned field);
static inline bool timeout_begin(struct thread *t, unsigned field)
{
    return likely(field == 0) || timeout_begin_slowly(t, field);
}

static inline unsigned send_timeout(u32 timeouts) { return timeouts >> 16; }
static inline unsigned recv_timeout(u32 timeouts) { return timeouts & 0xffff; }

#endif
