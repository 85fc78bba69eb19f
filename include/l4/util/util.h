/* SPDX-License-Identifier: MIT */
/*
 * Sleeping, and making sure that memory is mapped.  User only.
 */
#ifndef L4_UTIL_UTIL_H
#define L4_UTIL_UTIL_H

#include <l4/sys/ipc.h>

/** Timeout of at least us microseconds. */
L4_INLINE l4_timeout_s l4util_micros2l4to(l4_uint64_t us) { return l4_timeout_from_us(us); }

/** Sleep for ms milliseconds. */
L4_INLINE void l4_sleep(l4_uint32_t ms) { l4_ipc_sleep_ms(ms); }

/** Sleep for us microseconds. */
L4_INLINE void l4_usleep(l4_uint64_t us) { l4_ipc_sleep_us(us); }

L4_INLINE L4_NORETURN void l4_sleep_forever(void)
{
    for (;;)
        l4_ipc_sleep(L4_IPC_NEVER);
}

/** Read a byte in each page of addr ... addr + size - 1; size is not 0. */
L4_INLINE void l4_touch_ro(void const *addr, unsigned size)
{
    l4_addr_t page = l4_trunc_page((l4_addr_t)addr), last = (l4_addr_t)addr + size - 1;

    for (; page <= last; page += L4_PAGESIZE)
        (void)*(unsigned char const volatile *)page;
}

/** Write to each page, what is in it stays. */
L4_INLINE void l4_touch_rw(void const *addr, unsigned size)
{
    l4_addr_t page = l4_trunc_page((l4_addr_t)addr), last = (l4_addr_t)addr + size - 1;

    for (; page <= last; page += L4_PAGESIZE)
        __asm__ volatile("lock orb $0, (%0)" : : "r"(page) : "memory", "cc");
}

#endif
