/* SPDX-License-Identifier: MIT */
/*
 * Large pages to map: the main task owns 8 MiB as four pages of 2 MiB.
 *
 * Each 4 KiB of them is marked, so that a mark tells which frame is seen.  Page tables stay where
 * small pages have been (M-14): cases that want a large page take an address from fresh().
 */
#ifndef TESTS_BIG_H
#define TESTS_BIG_H

#include "caps.h"

#define MIB2 (1UL << L4_SUPERPAGESHIFT)
enum { BIG_ORDER = 23, SMALL_PER_BIG = 512 };

/** Address and mark of 4 KiB number n of the large pages. */
#define BIG(n) (0x40000000UL + (unsigned long)(n)*L4_PAGESIZE)
#define BIG_MARK(n) (0x40000UL + (unsigned long)(n))
/** Large page number n. */
#define BIG2(n) BIG((n)*SMALL_PER_BIG)

/** caps_init(), get and mark the pages; ends the run on failure. */
void big_init(void);
void big_setup(void);

/** An address, aligned to 8 MiB, that no worker has used before. */
l4_addr_t fresh(void);

/** Task.map of 2^order bytes; fails the case on an error. */
void map_range(l4_cap_idx_t to, l4_addr_t at, l4_cap_idx_t from, l4_fpage_t what);
#define RANGE(at, order, rights) l4_fpage(at, order, (unsigned char)(rights))

/** The 4 KiB seen by the worker; NOTHING_THERE if it cannot read there. */
unsigned long mark_at(struct worker *w, l4_addr_t at);
#define NOTHING_THERE 0xdeadUL
void expect_mark(struct worker *w, l4_addr_t at, unsigned long mark);

/** Take 4 KiB from the middle of 2 MiB away: a large page goes as a whole (M-42), of small ones one. */
void expect_large(struct worker *w, l4_addr_t at);
void expect_small(struct worker *w, l4_addr_t at);

#endif
