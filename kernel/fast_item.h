/* SPDX-License-Identifier: MIT */
/*
 * Where the item of an answer goes when nothing about it is rare: memory to a window that takes it whole, one
 * capability to a buffer of one slot.  Only asks; everything else is for transfer.c.
 *
 * Called by fast.c and the host tests.
 */
#ifndef QUIRE_FAST_ITEM_H
#define QUIRE_FAST_ITEM_H

#include "ipc.h"

/* A window that is the whole memory space, as that of a page fault is to memory. */
enum { FP_ALL_MEMORY = FP_ORDER_WHOLE << 6 | FP_MEM << 4 };

/* Type and order of a flexpage: one capability. */
static inline bool fast_item_is_cap(u64 fpage) { return (fpage & 0xff0) == FP_OBJ << 4; }

/* The map item {w0, fpage} for `to`; false: some other case. */
static inline bool fast_item_match(const struct thread *to, u64 w0, u64 fpage, struct fp_match *m)
{
    u64 window = FP_ALL_MEMORY, whole = ~0UL << fp_order(fpage), inside;
    bool cap = fast_item_is_cap(fpage);

    if (likely(to->kind == IPC_USER)) {
        struct buffer_cursors first = cursors_from_bdr(to->utcb->bdr); /* not behind BR 31 */
        const u64 *b = &to->utcb->br[first.at[cap ? FP_OBJ : FP_MEM]];

        if ((b[0] & 15) != (cap ? ITEM_MAP | BUF_SMALL : ITEM_MAP))
            return false;
        window = b[1];
        if (cap) {
            *m = (struct fp_match){fpage >> PAGE_SHIFT, b[0] >> PAGE_SHIFT, 1};
            return true;
        }
    }
    if (unlikely(fp_type(fpage) != FP_MEM) || unlikely(fp_type(window) != FP_MEM) ||
        unlikely(fp_order(fpage) < PAGE_SHIFT) || unlikely(fp_order(window) < fp_order(fpage)))
        return false;
    inside = ~(~0UL << fp_order(window));
    m->src = fpage & whole;
    m->dst = ((window & ~inside) | (w0 & inside)) & whole;
    m->size = 1UL << fp_order(fpage);
    return true;
}

#endif
