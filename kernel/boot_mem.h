/* SPDX-License-Identifier: MIT */
/*
 * Sets of physical address ranges, for laying out memory at boot.  Pure: freestanding headers only.
 */
#ifndef QUIRE_BOOT_MEM_H
#define QUIRE_BOOT_MEM_H

#include "types.h"

enum { RANGE_SET_MAX = 128 };
#define RANGE_NONE (~0UL)

/* Half-open: end is the first byte behind. */
struct range {
    u64 base, end;
};

/* Ascending, neither overlapping nor touching, none empty. */
struct range_set {
    unsigned n;
    struct range r[RANGE_SET_MAX];
};

void range_add(struct range_set *set, u64 base, u64 end);
void range_remove(struct range_set *set, u64 base, u64 end);
/* Is every byte of [base, end) in the set? */
bool range_contains(const struct range_set *set, u64 base, u64 end);
/*
 * Highest start of a free piece of `size` bytes below `limit`, aligned to `align` (a power of two);
 * RANGE_NONE if there is none.  The set is not changed.
 */
u64 range_find_top(const struct range_set *set, u64 size, u64 align, u64 limit);
/* Sum of all sizes in bytes. */
u64 range_total(const struct range_set *set);

#endif
