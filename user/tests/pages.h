/* SPDX-License-Identifier: MIT */
/*
 * Pages to map, and tasks to map them to.
 *
 * The main task owns N_PAGES marked pages at PAGE(0)...; d, e and f are workers in tasks of their
 * own, which use the addresses AT(0)... .  pages_setup() takes everything back before each case.
 */
#ifndef TESTS_PAGES_H
#define TESTS_PAGES_H

#include "steps.h"

#include <l4/sys/task.h>

enum { N_PAGES = 64 };
#define PAGE(n) (0x50000000UL + (unsigned long)(n)*L4_PAGESIZE)
#define AT(n) (0x60000000UL + (unsigned long)(n)*L4_PAGESIZE)
#define MARK(n) (0x50000UL + (unsigned long)(n)) /* first word of page n */

#define NOTHING 0U
#define RO L4_FPAGE_RO
#define RW L4_FPAGE_RW
#define RX L4_FPAGE_RX
#define RWX L4_FPAGE_RWX

extern struct worker *d, *e, *f;

/** Selector of the main task, for map() and unmap(). */
#define MAIN L4_BASE_TASK_CAP

/** Get and mark the pages, make the workers; ends the run on failure. */
void pages_init(void);
void pages_setup(void);

/** Task.map of 2^order bytes; returns l4_error(). */
long map_order(l4_cap_idx_t to, l4_addr_t at, l4_cap_idx_t from, l4_fpage_t what);

/** One page; fails the case on an error. */
void map(l4_cap_idx_t to, l4_addr_t at, l4_cap_idx_t from, l4_addr_t page, unsigned rights);
void grant(l4_cap_idx_t to, l4_addr_t at, l4_cap_idx_t from, l4_addr_t page, unsigned rights);

/** Task.unmap; order: of the range; returns the referenced and modified bits. */
unsigned unmap(l4_cap_idx_t task, l4_addr_t at, unsigned order, unsigned rights, l4_umword_t mask);

/** Compare what a worker may do at an address; with rights also which page it is. */
void expect_page(struct worker *w, l4_addr_t at, unsigned rights, unsigned long mark);

/** Nothing is mapped there. */
void expect_none(struct worker *w, l4_addr_t at);

#endif
