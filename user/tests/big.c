/* SPDX-License-Identifier: MIT */
/* Large pages of the mapping tests, see big.h.  Called by t_*.c; calls worker.c and task objects. */
#include "big.h"

#include <l4/sigma0/sigma0.h>
#include <quire/io.h>
#include <quire/program.h>

void big_init(void)
{
    l4_addr_t base;

    caps_init();
    if (l4sigma0_map_anypage(L4_BASE_PAGER_CAP, BIG(0), BIG_ORDER, &base, BIG_ORDER)) {
        printf("no memory for the test\n");
        exit(1);
    }
    for (unsigned i = 0; i < 4 * SMALL_PER_BIG; i++) {
        ((volatile unsigned long *)BIG(i))[0] = BIG_MARK(i);
        ((volatile unsigned long *)BIG(i))[1] = 0xc3c3c3c3c3c3c3c3UL; /* ret */
    }
    test_setup = big_setup;
}

void big_setup(void)
{
    caps_setup();
    unmap(MAIN, BIG(0), BIG_ORDER, RWX, L4_FP_OTHER_SPACES);
}

l4_addr_t fresh(void)
{
    static l4_addr_t next = 0x1000000000UL;

    next += 1UL << BIG_ORDER;
    return next;
}

void map_range(l4_cap_idx_t to, l4_addr_t at, l4_cap_idx_t from, l4_fpage_t what)
{
    expect_label("map", map_order(to, at, from, what), 0);
}

unsigned long mark_at(struct worker *w, l4_addr_t at)
{
    unsigned long v = NOTHING_THERE;

    worker_read(w, at, &v);
    return v;
}

void expect_mark(struct worker *w, l4_addr_t at, unsigned long mark)
{
    expect("mark", mark_at(w, at), mark);
}

/* What is left of 2 MiB after 4 KiB have been taken: 0 nothing, 1 the rest, 2 all. */
static unsigned long left_of(struct worker *w, l4_addr_t at)
{
    expect("there", (unsigned long)worker_read(w, at + 0x3000, 0), 1);
    unmap(w->task, at + 0x3000, L4_PAGESHIFT, RWX, L4_FP_ALL_SPACES);
    return (unsigned long)worker_read(w, at + 0x3000, 0) +
           (unsigned long)worker_read(w, at + MIB2 - 4096, 0);
}

void expect_large(struct worker *w, l4_addr_t at) { expect("of a large page", left_of(w, at), 0); }

void expect_small(struct worker *w, l4_addr_t at) { expect("of small pages", left_of(w, at), 1); }
