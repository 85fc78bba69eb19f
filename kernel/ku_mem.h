/* SPDX-License-Identifier: MIT */
/*
 * Kernel-user memory: pages of the kernel in a task, for UTCBs (O-8).  Not in the mapping
 * database: it cannot be unmapped, sent or overmapped, and goes with the task.  Called by task.c
 * and factory.c.
 */
#ifndef QUIRE_KU_MEM_H
#define QUIRE_KU_MEM_H

#include "map.h"

struct ku_mem {
    struct ku_mem *next, **link; /* all areas of the task, those that are not mapped yet too */
    u64 user;                    /* address in the task */
    u8 *kernel;                  /* the same memory in the kernel */
    u32 order;                   /* log2 bytes, 12..17 */
    u32 cleared;                 /* pages */
    u32 mapped;                  /* pages: none, then all at once */
};

enum { KU_MIN_ORDER = 12, KU_MAX_ORDER = 17 };

/* Is the flexpage one that kernel-user memory can be made of?  Its base. */
bool ku_mem_fpage_ok(u64 fpage, u64 *base);

/* Begin to create an area of 2^order bytes at `user`; 0, -EEXIST (something is there) or -ENOMEM. */
int ku_mem_begin(struct task *t, u64 user, unsigned order, struct ku_mem **area);
/*
 * Go on: 0 when it is there, 1 when interrupted, else -EEXIST or -ENOMEM and the area is gone.  While the memory is
 * cleared nothing of it can be seen; then the range is looked at again and filled without a break.
 */
int ku_mem_run(struct task *t, struct ku_mem *k);
/* Take an area away, finished or not; only when nobody uses it. */
void ku_mem_remove(struct task *t, struct ku_mem *k);

/* The kernel's address of a UTCB at `user`, NULL unless it lies in one area and is aligned (I-18, O-9). */
struct utcb *ku_mem_utcb(struct task *t, u64 user);

/* Free one area of a task that nobody uses any more; true: none is left. */
bool ku_mem_release_step(struct task *t);

/* Bytes charged for the record of an area. */
u64 ku_mem_record_bytes(void);

#endif
