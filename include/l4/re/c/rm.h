/* SPDX-License-Identifier: MIT */
/*
 * Region map: which virtual addresses of this program are taken.
 *
 * Decides: nothing in the kernel; the library keeps the list inside the program (user/lib/rm.c).
 * There are no data spaces, so only areas can be reserved, nothing can be attached.
 */
#ifndef L4_RE_C_RM_H
#define L4_RE_C_RM_H

#include <l4/sys/types.h>

typedef l4_uint32_t l4re_rm_flags_t;

enum l4re_rm_flags_values {
    L4RE_RM_F_RESERVED = 0x800,
    L4RE_RM_F_SEARCH_ADDR = 0x020000,
};

/**
 * Reserve size bytes (rounded up to pages) of address space.
 *
 * *start  with L4RE_RM_F_SEARCH_ADDR the lowest address to look at, else the exact address; out:
 *         start of the area.  align: log2, at least 12 is taken.
 * Errors: -L4_EINVAL size 0 or start not aligned, -L4_EADDRNOTAVAIL no room or taken,
 *         -L4_ENOMEM the list is full.
 */
int l4re_rm_reserve_area(l4_addr_t *start, unsigned long size, l4re_rm_flags_t flags,
                         unsigned char align);

/** Free the area that contains addr; -L4_ENOENT if there is none.  Mappings stay. */
int l4re_rm_free_area(l4_addr_t addr);

#endif
