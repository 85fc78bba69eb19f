/* SPDX-License-Identifier: MIT */
/*
 * Allocator of capability slots (user/lib/cap_alloc.c).  Works on the slots from the environment's
 * first_free_cap on.
 */
#ifndef L4_RE_C_UTIL_CAP_ALLOC_H
#define L4_RE_C_UTIL_CAP_ALLOC_H

#include <l4/sys/types.h>

/** A free slot's selector, or L4_INVALID_CAP if all are taken. */
l4_cap_idx_t l4re_util_cap_alloc(void);

/** Give a slot back; it must be empty or its capability is not needed any more. */
void l4re_util_cap_free(l4_cap_idx_t cap);

/** Empty the slot (all spaces) and give it back. */
void l4re_util_cap_free_um(l4_cap_idx_t cap);

/** Selector of the highest slot of the allocator. */
long l4re_util_cap_last(void);

#endif
