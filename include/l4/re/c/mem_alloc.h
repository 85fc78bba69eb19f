/* SPDX-License-Identifier: MIT */
/*
 * Allocator of memory, in form of data spaces.  Its protocol is that of a factory; the client's side is one call
 * (user/lib/dataspace.c).
 */
#ifndef L4_RE_C_MEM_ALLOC_H
#define L4_RE_C_MEM_ALLOC_H

#include <l4/re/c/dataspace.h>
#include <l4/re/env.h>
#include <l4/sys/consts.h>

enum l4re_ma_flags {
    L4RE_MA_CONTINUOUS = 0x01,
    L4RE_MA_PINNED = 0x02,
    L4RE_MA_SUPER_PAGES = 0x04,
};

/**
 * Allocate a data space of size bytes.
 *
 * size: negative and continuous memory means as much as possible but for -size bytes of the quota.
 * mem: slot that gets the data space.  flags: enum l4re_ma_flags.  align: log2; less than a page counts as a page.
 * Errors: -L4_ERANGE size, -L4_ENOMEM, IPC errors.
 */
l4_ret_t l4re_ma_alloc_align_srv(l4_cap_idx_t srv, long size, l4re_ds_t const mem,
                                 unsigned long flags, unsigned long align) L4_NOTHROW;

/** The same at the environment's allocator. */
L4_INLINE l4_ret_t l4re_ma_alloc_align(long size, l4re_ds_t const mem, unsigned long flags,
                                       unsigned long align)
{
    return l4re_ma_alloc_align_srv(l4re_global_env->mem_alloc, size, mem, flags, align);
}

/** The same without a wish for an alignment. */
L4_INLINE l4_ret_t l4re_ma_alloc(long size, l4re_ds_t const mem, unsigned long flags)
{
    return l4re_ma_alloc_align(size, mem, flags, 0);
}

#endif
