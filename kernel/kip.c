/* SPDX-License-Identifier: MIT */
/*
 * Filling of the kernel information page, see kip.h.  Called by boot*.c and the timer; calls
 * nothing.
 *
 * Invariant: used memory descriptors come first, unused ones (type 0) behind them.
 */
#include "kip.h"

static bool unused(const struct kip_mem_desc *d)
{
    return (d->start & KIP_MEM_TYPE_MASK) == KIP_MEM_UNUSED;
}

unsigned kip_mem_left(void)
{
    unsigned used = 0;

    while (used < ARRAY_SIZE(kip_page.mem_desc) && !unused(&kip_page.mem_desc[used]))
        used++;
    return (unsigned)ARRAY_SIZE(kip_page.mem_desc) - used;
}

bool kip_add_mem(u32 type_word, u64 base, u64 last)
{
    unsigned left = kip_mem_left();

    if (!left)
        return false;
    kip_page.mem_desc[ARRAY_SIZE(kip_page.mem_desc) - left] = (struct kip_mem_desc){
        .start = ALIGN_DOWN(base, KIP_MEM_GRANULE) | type_word,
        .last = last | (KIP_MEM_GRANULE - 1),
    };
    return true;
}

bool kip_add_virtual(void)
{
    return kip_add_mem(KIP_MEM_RAM | KIP_MEM_VIRTUAL, 0, 0x7fffffffffff) &&
           kip_add_mem(KIP_MEM_RESERVED | KIP_MEM_VIRTUAL, 0x800000000000, 0xffff7fffffffffff);
}

void kip_set_tsc(u64 khz)
{
    /*
     * 2^64 * 1000 / khz by long division: the dividend has 74 bits, the quotient 64.  Rounded up,
     * so that a whole number of microseconds does not come out as one less.
     */
    u64 rest = 1000, quotient = 0;

    for (unsigned bit = 0; bit < 64; bit++) {
        rest *= 2;
        quotient *= 2;
        if (rest >= khz) {
            rest -= khz;
            quotient++;
        }
    }
    kip_page.cpu_khz = khz;
    kip_page.tsc_to_us = quotient + 1;
    kip_page.tsc_to_ns = (1000000UL << 32) / khz + 1;
}

u64 kip_tsc_to_us(u64 tsc) { return (u64)(((unsigned __int128)tsc * kip_page.tsc_to_us) >> 64); }
