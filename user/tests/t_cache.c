/* SPDX-License-Identifier: MIT */
/*
 * Caching types of mapped pages (rules M-18, M-19).
 *
 * Runs as root task; see big.h.  A program cannot see the type of a page.  So each case says what it
 * has made, and lets the worker touch an address that stands for "look now":
 *
 *     cache: 0 0x60001000 uncached
 *
 * tests/qemu/cache.py stops the machine there and looks at the page-table entries.  What the program
 * itself sees: the mappings succeed and show the right pages.
 */
#include "big.h"

#include <quire/io.h>

#define LOOK_NOW 0x7e0000000000UL
#define SMALL(n) (0x70000000UL + (unsigned long)(n)*L4_PAGESIZE)

enum { WEAKLY_NAMED = 0x20, BUFFERED_BIT = 0x40, IGNORED_BIT = 0x80 };
enum { CACHED = L4_SND_FPAGE_CACHED, BUFFERED = L4_SND_FPAGE_BUFFERED };
enum { UNCACHED = L4_SND_FPAGE_UNCACHED, INHERITED = L4_SND_FPAGE_NONE };

static unsigned looks;

static void is(l4_addr_t at, char const *type) { printf("cache: %u 0x%lx %s\n", looks, at, type); }

/* The worker's page tables are looked at; the access itself must fail. */
static void look(struct worker *w)
{
    expect("look", (unsigned long)worker_read(w, LOOK_NOW + looks * L4_PAGESIZE, 0), 0);
    looks++;
}

static void with_type(struct worker *to, l4_addr_t at, l4_cap_idx_t from, l4_addr_t page,
                      unsigned type)
{
    map(to->task, at | type, from, page, RW);
}

/* By message, all that the bits of an item can say. */
static void named_in_items(void)
{
    static struct {
        unsigned bits;
        char const *type;
    } const k[] = {
        {INHERITED, "cached"},
        {CACHED, "cached"},
        {BUFFERED, "buffered"},
        {UNCACHED, "uncached"},
        {CACHED | BUFFERED, "cached"},
        {UNCACHED | IGNORED_BIT, "uncached"},
        {BUFFERED | IGNORED_BIT, "buffered"},
    };
    enum { KINDS = sizeof(k) / sizeof(k[0]) };

    x_window(l4_fpage(AT(0), 16, 0), L4_INVALID_CAP);
    for (unsigned i = 0; i < KINDS; i++)
        x_item(l4_snd_fpage_raw((0x1000UL * i) | k[i].bits | L4_ITEM_MAP | L4_SND_FPAGE_COMPOUND,
                                l4_fpage(PAGE(i), 12, RW).raw));
    x_ok(d);
    for (unsigned i = 0; i < KINDS; i++) {
        expect_page(d, AT(i), RW, MARK(i));
        is(AT(i), k[i].type);
    }
    look(d);
}

/* Without the bit that says "override" the others mean nothing. */
static void inherited(void)
{
    with_type(d, AT(0), MAIN, PAGE(0), UNCACHED);
    with_type(d, AT(1), MAIN, PAGE(1), BUFFERED);
    with_type(d, AT(2), MAIN, PAGE(2), CACHED);
    for (unsigned i = 0; i < 3; i++)
        with_type(e, AT(i), d->task, AT(i), INHERITED);
    with_type(e, AT(3), d->task, AT(0), WEAKLY_NAMED);
    with_type(e, AT(4), d->task, AT(2), BUFFERED_BIT | IGNORED_BIT);
    with_type(e, AT(5), d->task, AT(0), CACHED); /* and named again */
    with_type(e, AT(6), d->task, AT(2), UNCACHED);
    expect_label("range", map_order(e->task, AT(8), d->task, RANGE(AT(0), 13, RW)), 0);
    is(AT(0), "uncached");
    is(AT(1), "buffered");
    is(AT(2), "cached");
    is(AT(3), "uncached");
    is(AT(4), "cached");
    is(AT(5), "cached");
    is(AT(6), "uncached");
    is(AT(8), "uncached"); /* each page of a range has its own */
    is(AT(9), "buffered");
    look(e);
}

static void granted(void)
{
    with_type(d, AT(0), MAIN, PAGE(0), BUFFERED);
    with_type(d, AT(1), MAIN, PAGE(1), BUFFERED);
    grant(e->task, AT(0), d->task, AT(0), RW);
    grant(e->task, AT(1) | UNCACHED, d->task, AT(1), RW);
    is(AT(0), "buffered");
    is(AT(1), "uncached");
    look(e);
}

static void large(void)
{
    l4_addr_t at = fresh(), to = fresh();

    map_range(d->task, at | UNCACHED, MAIN, RANGE(BIG2(1), 21, RW));
    map_range(d->task, at + MIB2, MAIN, RANGE(BIG2(2), 21, RW));
    is(at, "uncached large");
    is(at + MIB2, "cached large");
    look(d);
    map_range(e->task, to, d->task, RANGE(at, 21, RW));
    with_type(e, SMALL(0), d->task, at + 0x7000, INHERITED); /* a piece of it */
    with_type(e, SMALL(1), d->task, at + 0x8000, BUFFERED);
    expect_mark(e, SMALL(0), BIG_MARK(512 + 7));
    is(to, "uncached large");
    is(SMALL(0), "uncached");
    is(SMALL(1), "buffered");
    look(e);
}

/* More rights to a direct child: its type becomes that of this map (M-19). */
static void upgraded(void)
{
    for (unsigned i = 0; i < 3; i++)
        map(d->task, AT(i) | (i == 1 ? (unsigned)UNCACHED : 0), MAIN, PAGE(i), RO);
    map(e->task, AT(0), d->task, AT(0), RO);
    is(AT(0), "cached");
    is(AT(1), "uncached");
    look(d);
    with_type(d, AT(0), MAIN, PAGE(0), UNCACHED);
    with_type(d, AT(1), MAIN, PAGE(1), INHERITED); /* from the main task's page */
    with_type(d, AT(2), MAIN, PAGE(2), BUFFERED);
    is(AT(0), "uncached");
    is(AT(1), "cached");
    is(AT(2), "buffered");
    look(d);
    is(AT(0), "cached"); /* descendants are unchanged */
    look(e);
}

static struct test_case const cases[] = {
    {"M-18", "caching types named in items", named_in_items},
    {"M-18", "caching types inherited", inherited},
    {"M-18", "caching types of granted pages", granted},
    {"M-18", "caching types of large pages and pieces of them", large},
    {"M-19", "caching type after a second map", upgraded},
};

int main(void)
{
    big_init();
    return TEST_RUN(cases);
}
