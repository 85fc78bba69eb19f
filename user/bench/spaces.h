/* SPDX-License-Identifier: MIT */
/*
 * Pages, tasks and partner threads of the benchmark.
 *
 * Decides: where things are.  The main task owns N_PAGES pages of 4 KiB at PAGE(0)..., each of them
 * mapped alone, and one page of 2 MiB at LARGE.  Tasks that are mapped to use AT(0)... .
 * Partner threads are those of the tests (user/tests/worker.h).
 */
#ifndef BENCH_SPACES_H
#define BENCH_SPACES_H

#include "bench.h"

#include <l4/sys/factory.h>
#include <l4/sys/task.h>
#include <user/tests/worker.h>

enum { N_PAGES = 10240 };
#define PAGE(n) (0x50000000UL + (unsigned long)(n)*L4_PAGESIZE)
#define LARGE 0x70000000UL
#define LARGE_ORDER 21U
#define AT(n) (0x80000000UL + (unsigned long)(n)*L4_PAGESIZE)
#define AT_LARGE 0xc0000000UL /* a part of the tasks where no page of 4 KiB has been */

#define MAIN L4_BASE_TASK_CAP

/** Get the pages, make the partner threads. */
void spaces_init(void);

/** A thread of this task, and two of other tasks; they wait for orders. */
extern struct worker *neighbour, *remote, *waiter;

/** A new task without threads, in a fresh slot. */
l4_cap_idx_t task_new(void);
void task_delete(l4_cap_idx_t task);

/** A page at `from` of one task, mapped to `at` in another. */
static inline l4_msgtag_t map_page(l4_cap_idx_t to, l4_addr_t at, l4_cap_idx_t from, l4_addr_t page)
{
    return l4_task_map(to, from, l4_fpage(page, L4_PAGESHIFT, L4_FPAGE_RWX), at);
}

/** What was mapped from a page of the main task goes. */
static inline l4_msgtag_t unmap_below(l4_addr_t page)
{
    return l4_task_unmap(MAIN, l4_fpage(page, L4_PAGESHIFT, L4_FPAGE_RWX), L4_FP_OTHER_SPACES);
}

/** A page of some task goes, and what was mapped from it. */
static inline l4_msgtag_t unmap_page(l4_cap_idx_t task, l4_addr_t at)
{
    return l4_task_unmap(task, l4_fpage(at, L4_PAGESHIFT, L4_FPAGE_RWX), L4_FP_ALL_SPACES);
}

/** The same before a series, where failure ends the run. */
void must_map(l4_cap_idx_t to, l4_addr_t at, l4_cap_idx_t from, l4_addr_t page);

/** A capability of this task to a slot of another. */
void give(l4_cap_idx_t task, l4_cap_idx_t slot, l4_cap_idx_t cap);

l4_cap_idx_t new_slot(void);

/** Let a worker run fn until it waits, then with this priority. */
void serve(struct worker *w, void (*fn)(void *), void *arg, unsigned prio);

#endif
