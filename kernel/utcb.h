/* SPDX-License-Identifier: MIT */
/*
 * The user thread control block as the kernel sees it, 1 KiB in kernel-user memory (abi: ipc.md section 4).
 * Reached through the kernel's own mapping only; its content is the user's and may change at any time another
 * thread of the task runs.
 */
#ifndef QUIRE_UTCB_H
#define QUIRE_UTCB_H

#include "types.h"

enum { N_MESSAGE_REGS = 63, UTCB_SIZE = 0x400 };

struct utcb {
    u64 mr[N_MESSAGE_REGS];
    u64 self; /* user address of this UTCB, found through gs:0 (I-5) */
    u64 bdr;
    u64 br[58];
    u64 error;
    u64 free_marker; /* I-16 */
    u64 user[3];
};
static_assert(offsetof(struct utcb, self) == 0x1f8, "gs:0");
static_assert(offsetof(struct utcb, bdr) == 0x200, "BDR");
static_assert(offsetof(struct utcb, error) == 0x3d8, "error word");
static_assert(sizeof(struct utcb) == UTCB_SIZE, "UTCB size");

#endif
