/* SPDX-License-Identifier: MIT */
/*
 * How costs grow: n siblings (one page mapped n times) and chains (each mapping the source of the
 * next).  The siblings are in one task, the levels of a chain alternate between two.
 */
#include "spaces.h"

#include <quire/io.h>

enum { MAX_DEPTH = 250, LONG_SAMPLES = 3 };

static l4_cap_idx_t task[2];

static unsigned long further(unsigned long all, unsigned long one, unsigned n)
{
    return n > 1 && all > one ? (all - one + (n - 1) / 2) / (n - 1) : 0;
}

/* ---- siblings ---- */

static void siblings_add(unsigned first, unsigned end)
{
    for (unsigned i = first; i < end; i++)
        must_map(task[0], AT(i), MAIN, PAGE(0));
}

/* Unmap of one: of others each time, from all over the list. */
static void unmap_one_of(unsigned n)
{
    series_begin(WARM_UP);
    for (unsigned i = 0; i < WARM_UP + SAMPLES; i++) {
        unsigned victim = i * (n - 1) / (WARM_UP + SAMPLES - 1);

        MEASURE(unmap_page(task[0], AT(victim)));
        must_map(task[0], AT(victim), MAIN, PAGE(0));
    }
    series_report("sibling_unmap_one", n);
}

static void siblings(unsigned n)
{
    static unsigned long one;
    unsigned long all;

    siblings_add(0, n);
    unmap_page(task[0], AT(n - 1));
    SERIES(map_page(task[0], AT(n - 1), MAIN, PAGE(0)), unmap_page(task[0], AT(n - 1)));
    series_report("sibling_map", n);
    siblings_add(n - 1, n);
    unmap_one_of(n);
    series_begin(0);
    for (unsigned i = 0; i < LONG_SAMPLES; i++) {
        await_tick();
        MEASURE(unmap_below(PAGE(0)));
        siblings_add(0, n);
    }
    unmap_below(PAGE(0));
    all = series_report("sibling_unmap_all", n);
    if (n == 1)
        one = all;
    else
        value_report("sibling_unmap_further", n, further(all, one, n), "instr");
}

/* ---- chains ---- */

static void level_add(unsigned depth)
{
    if (depth == 1)
        must_map(task[1], AT(1), MAIN, PAGE(0));
    else
        must_map(task[depth % 2], AT(depth), task[(depth - 1) % 2], AT(depth - 1));
}

static void chain(unsigned depth)
{
    static unsigned long one;
    l4_cap_idx_t from = depth == 1 ? MAIN : task[(depth - 1) % 2];
    l4_addr_t page = depth == 1 ? PAGE(0) : AT(depth - 1);
    unsigned long all;

    for (unsigned d = 1; d <= depth; d++)
        level_add(d);
    SERIES(unmap_page(task[depth % 2], AT(depth)), level_add(depth));
    series_report("chain_unmap_last", depth);
    unmap_page(task[depth % 2], AT(depth));
    SERIES(map_page(task[depth % 2], AT(depth), from, page),
           unmap_page(task[depth % 2], AT(depth)));
    series_report("chain_map", depth);
    series_begin(1);
    for (unsigned i = 0; i < 1 + LONG_SAMPLES; i++) {
        for (unsigned d = 1; d <= depth; d++)
            level_add(d);
        await_tick();
        MEASURE(unmap_below(PAGE(0)));
    }
    all = series_report("chain_unmap_all", depth);
    if (depth == 1)
        one = all;
    else
        value_report("chain_unmap_further", depth, further(all, one, depth), "instr");
}

void bench_scaling(void)
{
    static unsigned const depths[] = {1, 2, 10, 50, 100, 200, MAX_DEPTH};

    task[0] = task_new();
    task[1] = task_new();
    for (unsigned n = 1; n <= 10000; n *= 10)
        siblings(n);
    for (unsigned i = 0; i < sizeof(depths) / sizeof(depths[0]); i++)
        chain(depths[i]);
    task_delete(task[0]);
    task_delete(task[1]);
}
