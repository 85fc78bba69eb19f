/* SPDX-License-Identifier: MIT */
/*
 * Flexpages and window arithmetic (abi: flexpage words, rules F-1 .. F-4, section "window arithmetic").
 * Pure.  Called by transfer.c, task.c and the host tests.
 *
 *   63                              12 11      6 5    4 3      0
 *  +----------------------------------+---------+------+--------+
 *  |  address / port / index          |  order  | type | rights |
 *  +----------------------------------+---------+------+--------+
 */
#ifndef QUIRE_FPAGE_H
#define QUIRE_FPAGE_H

#include "types.h"

enum fpage_type { FP_SPECIAL = 0, FP_MEM = 1, FP_IO = 2, FP_OBJ = 3 };
enum { FP_ORDER_WHOLE = 63 };

static inline unsigned fp_rights(u64 fp) { return fp & 15; }
static inline enum fpage_type fp_type(u64 fp) { return (enum fpage_type)(fp >> 4 & 3); }
static inline unsigned fp_order(u64 fp) { return fp >> 6 & 63; }
static inline bool fp_is_all_spaces(u64 fp) { return (fp & 0xff0) == 0xfc0; }

/* A range in the units of its space: bytes, ports or capability slots. */
struct fp_range {
    u64 base, size; /* size 0: nothing to do */
};

/* What a send flexpage moves into a window: both sides, same size. */
struct fp_match {
    u64 src, dst, size;
};

/* The address field in the units of its type: memory addresses are the field itself. */
static inline u64 fp_units(u64 field, enum fpage_type type)
{
    return type == FP_MEM ? field & ~0xfffUL : field >> PAGE_SHIFT;
}
static inline u64 fp_order_mask(unsigned order) { return (1UL << order) - 1; }
/* The base in the units of the type, rounded down to the size (F-1). */
static inline u64 fp_base(u64 fp)
{
    return fp_units(fp, fp_type(fp)) & ~fp_order_mask(fp_order(fp));
}

/*
 * The range of `fp` in the units of its type, clipped to `limit` units (F-3, F-4).
 * Memory orders below 12 give an empty range (F-2).
 */
static inline struct fp_range fp_to_range(u64 fp, u64 limit)
{
    struct fp_range r = {fp_base(fp), 1UL << fp_order(fp)};

    if (unlikely(r.base >= limit) || (fp_type(fp) == FP_MEM && unlikely(r.size < PAGE_SIZE)))
        r.size = 0;
    else
        r.size = min_u64(r.size, limit - r.base);
    return r;
}

/* A window that is a whole space of the flexpage's type: the hot spot says where it goes. */
static inline void fp_window_all(u64 send, u64 hot_spot, struct fp_match *m)
{
    enum fpage_type type = fp_type(send);

    m->src = m->dst = fp_base(send);
    if (likely(type != FP_IO)) /* ports keep their numbers */
        m->dst = fp_units(hot_spot, type) << 1 >> 1 & ~fp_order_mask(fp_order(send));
    m->size = 1UL << fp_order(send);
    if (type == FP_MEM && unlikely(m->size < PAGE_SIZE))
        m->size = 0; /* F-2 */
}

/*
 * Match the send flexpage `send` against the window `window` with hot spot `hot_spot` (the send item's
 * first word).  False: the types differ (F-12).  An all-spaces window matches every type.
 * The result is not clipped to the receiver's space: the walk ends at the limit of either side.
 */
bool fp_window(u64 send, u64 window, u64 hot_spot, struct fp_match *m);

#endif
