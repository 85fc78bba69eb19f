/* SPDX-License-Identifier: MIT */
/* Invariants of the running kernel, see check.h. */
#include "check.h"

#include "kmem.h"
#include "print.h"

bool check_invariants(void)
{
    const char *bad = kmem_check();

    if (bad)
        kprintf("quire: invariant broken: %s\n", bad);
    return !bad;
}
