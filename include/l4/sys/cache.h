/* SPDX-License-Identifier: MIT */
/*
 * Cache maintenance for [start, end).  On x86-64 data, instructions and devices see the same memory,
 * so there is nothing to be done: always 0.
 */
#ifndef L4_SYS_CACHE_H
#define L4_SYS_CACHE_H

#include <l4/sys/compiler.h>

L4_INLINE int l4_cache_nothing_to_do(unsigned long start, unsigned long end)
{
    (void)start;
    (void)end;
    return 0;
}

/** Write data back. */
L4_INLINE int l4_cache_clean_data(unsigned long start, unsigned long end)
{
    return l4_cache_nothing_to_do(start, end);
}

/** Write data back and drop it. */
L4_INLINE int l4_cache_flush_data(unsigned long start, unsigned long end)
{
    return l4_cache_nothing_to_do(start, end);
}

/** Drop data. */
L4_INLINE int l4_cache_inv_data(unsigned long start, unsigned long end)
{
    return l4_cache_nothing_to_do(start, end);
}

/** Let the processor execute what was written. */
L4_INLINE int l4_cache_coherent(unsigned long start, unsigned long end)
{
    return l4_cache_nothing_to_do(start, end);
}

/** Let devices and the processor see the same. */
L4_INLINE int l4_cache_dma_coherent(unsigned long start, unsigned long end)
{
    return l4_cache_nothing_to_do(start, end);
}

/** The same for all memory. */
L4_INLINE int l4_cache_dma_coherent_full(void) { return 0; }

#endif
