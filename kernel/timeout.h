/* SPDX-License-Identifier: MIT */
/* IPC timeouts: decoding (abi: ipc.md section 5) and the queue of armed ones. */
#ifndef QUIRE_TIMEOUT_H
#define QUIRE_TIMEOUT_H

#include "thread.h"

enum timeout_kind { TIMEOUT_NEVER, TIMEOUT_ZERO, TIMEOUT_AT };

/* Decode a 16-bit timeout of thread `t`; TIMEOUT_AT fills *deadline (µs); expired ones are TIMEOUT_ZERO (I-20). */
enum timeout_kind timeout_decode(const struct thread *t, unsigned field, u64 *deadline);

void timeout_arm(struct timeout *t, u64 deadline);
void timeout_remove(struct timeout *t);
static inline void timeout_cancel(struct timeout *t)
{
    if (unlikely(t->link != NULL))
        timeout_remove(t);
}
/* Expire what is due; false: an interrupt came first, call again. */
bool timeout_run(u64 now);

static inline unsigned send_timeout(u32 timeouts) { return timeouts >> 16; }
static inline unsigned recv_timeout(u32 timeouts) { return timeouts & 0xffff; }

#endif
