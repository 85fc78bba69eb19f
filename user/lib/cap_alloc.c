/* SPDX-License-Identifier: MIT */
/*
 * Allocator of capability slots.
 *
 * Decides: which slot a new capability goes to.  Called by programs and thread.c; uses the
 * environment's first free slot and, for l4re_util_cap_free_um, the own task.  Not for use by
 * several threads at once.
 */
#include <l4/re/c/util/cap_alloc.h>
#include <l4/re/env.h>
#include <l4/sys/task.h>

enum { SLOTS = 2048, BITS = 64 };

static unsigned long used[SLOTS / BITS]; /* bit set: slot first_free_cap + n is taken */

l4_cap_idx_t l4re_util_cap_alloc(void)
{
    for (unsigned w = 0; w < SLOTS / BITS; w++) {
        unsigned bit;

        if (used[w] == ~0UL)
            continue;
        bit = (unsigned)__builtin_ctzl(~used[w]);
        used[w] |= 1UL << bit;
        return (l4re_env()->first_free_cap + w * BITS + bit) << L4_CAP_SHIFT;
    }
    return L4_INVALID_CAP;
}

void l4re_util_cap_free(l4_cap_idx_t cap)
{
    unsigned long n = (cap >> L4_CAP_SHIFT) - l4re_env()->first_free_cap;

    /* Slots below first_free_cap were given by the parent: they are not ours to manage. */
    if (n < SLOTS)
        used[n / BITS] &= ~(1UL << n % BITS);
}

void l4re_util_cap_free_um(l4_cap_idx_t cap)
{
    l4_task_release_cap(L4RE_THIS_TASK_CAP, cap);
    l4re_util_cap_free(cap);
}

long l4re_util_cap_last(void)
{
    return (long)((l4re_env()->first_free_cap + SLOTS - 1) << L4_CAP_SHIFT);
}
