/* SPDX-License-Identifier: MIT */
/*
 * Map and grant of 2 MiB pages and pieces of them (rules M-7, M-13 ... M-36).
 *
 * Runs as root task; see big.h.  Pages of 1 GiB: t_huge.c.  unmap: t_super_unmap.c.
 *
 * A target misaligned to the source within 2 MiB (second half of M-17) takes two items: the window
 * arithmetic aligns both sides of one to the smaller of send and window order.
 */
#include "big.h"

#define NONE L4_INVALID_CAP

/* By message into a window, from the main task to d. */
static void send_into(l4_fpage_t window, l4_fpage_t what, l4_addr_t hot_spot)
{
    x_begin(0);
    x_window(window, NONE);
    x_item(l4_snd_fpage_fpage(what, hot_spot, 0));
    x_ok(d);
}

static void one_page(void)
{
    l4_addr_t at = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG2(1), 21, RW));
    expect_mark(d, at, BIG_MARK(512));
    expect_page(d, at + MIB2 - 4096, RW, BIG_MARK(1023));
    expect_large(d, at);
}

static void four_mib(void)
{
    l4_addr_t at = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG2(2), 22, RW));
    expect_large(d, at);
    expect_mark(d, at + MIB2, BIG_MARK(3 * 512)); /* the second is a page of its own */
    expect_large(d, at + MIB2);
}

/* One large page, 1 MiB off: 512 small pages, each at its place. */
static void misaligned(void)
{
    l4_addr_t at = fresh() + MIB2 / 2;

    map_range(d->task, at, MAIN, RANGE(BIG2(1), 20, RW));
    map_range(d->task, at + MIB2 / 2, MAIN, RANGE(BIG(512 + 256), 20, RW));
    for (unsigned i = 0; i < SMALL_PER_BIG; i++)
        expect_mark(d, at + i * L4_PAGESIZE, BIG_MARK(512 + i));
    expect_none(d, at - L4_PAGESIZE);
    expect_none(d, at + MIB2);
    for (unsigned i = 5; i < SMALL_PER_BIG; i += 256) { /* on both sides of the boundary of 2 MiB */
        unmap(d->task, at + i * L4_PAGESIZE, 12, RWX, L4_FP_ALL_SPACES);
        expect_mark(d, at + (i - 1) * L4_PAGESIZE, BIG_MARK(512 + i - 1));
        expect_none(d, at + i * L4_PAGESIZE);
        expect_mark(d, at + (i + 1) * L4_PAGESIZE, BIG_MARK(512 + i + 1));
    }
}

static void window_keeps_size(void)
{
    l4_addr_t at = fresh();

    send_into(RANGE(at, 23, 0), RANGE(BIG2(0), 21, RW), 0x6c5000);
    expect_ret(d, 0, 0x6c5558);
    expect_mark(d, at + 0x600000, BIG_MARK(0));
    expect_large(d, at + 0x600000);
}

/* Less than a large page is asked for, or fits: small pages, from a boundary of 2 MiB too. */
static void part_of_a_page(void)
{
    l4_addr_t at = fresh(), window = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG(256), 20, RW));
    expect_mark(d, at, BIG_MARK(256));
    expect_mark(d, at + 0xff000, BIG_MARK(511));
    expect_none(d, at + 0x100000);
    unmap(d->task, at + 0x3000, 12, RWX, L4_FP_ALL_SPACES);
    expect_mark(d, at + 0x2000, BIG_MARK(258));
    expect_none(d, at + 0x3000);
    send_into(RANGE(window, 20, 0), RANGE(BIG2(0), 21, RW), 0x100000);
    expect_mark(d, window, BIG_MARK(256));
    expect_none(d, window + 0x100000);
}

/* A large page is cut to the small pages that are, or have been, in the target. */
static void page_table_stays(void)
{
    l4_addr_t at = fresh();

    map(d->task, at + 0x5000, MAIN, PAGE(5), RW);
    unmap(d->task, at + 0x5000, 12, RWX, L4_FP_ALL_SPACES);
    map_range(d->task, at, MAIN, RANGE(BIG2(0), 21, RW));
    expect_mark(d, at + 0x5000, BIG_MARK(5));
    expect_mark(d, at + MIB2 - 4096, BIG_MARK(511));
    expect_small(d, at);
}

static void one_small_page(void)
{
    l4_addr_t at = fresh();

    send_into(RANGE(at + 0x9000, 12, 0), RANGE(BIG2(1), 21, RW), 0x55000);
    expect_page(d, at + 0x9000, RW, BIG_MARK(512 + 0x55));
    expect_none(d, at + 0xa000);
    expect_none(d, at + 0x8000);
    /* It is a child of that large page, at this place in it. */
    unmap(MAIN, BIG(512 + 0x56), 12, RWX, L4_FP_OTHER_SPACES);
    unmap(MAIN, BIG(0x55), 12, RWX, L4_FP_OTHER_SPACES);
    expect_page(d, at + 0x9000, RW, BIG_MARK(512 + 0x55));
    unmap(MAIN, BIG(512 + 0x55), 12, RWX, L4_FP_OTHER_SPACES);
    expect_none(d, at + 0x9000);
}

static void small_pages_never_merge(void)
{
    l4_addr_t at = fresh(), to = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG(0), 20, RW));
    map_range(d->task, at + 0x100000, MAIN, RANGE(BIG(256), 20, RW));
    map_range(e->task, to, d->task, RANGE(at, 21, RW));
    expect_mark(e, to, BIG_MARK(0));
    expect_mark(e, to + MIB2 - 4096, BIG_MARK(511));
    expect_small(e, to);
}

static void same_size_below(void)
{
    l4_addr_t at = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG2(0), 21, RW));
    map_range(e->task, at, d->task, RANGE(at, 21, RW));
    map_range(f->task, at, e->task, RANGE(at + 0x7000, 12, RW));
    expect_mark(f, at, BIG_MARK(7));
    /* A small page has only small children. */
    map_range(f->task, at + 0x10000, f->task, RANGE(at, 12, RO));
    expect_page(f, at + 0x10000, RO, BIG_MARK(7));
    unmap(d->task, at, 21, RWX, L4_FP_OTHER_SPACES);
    expect_none(f, at + 0x10000);
    expect_none(e, at + 0x9000);
    expect_mark(d, at + 0x9000, BIG_MARK(9));
}

/* ---- target occupied ---- */

static void upgrade(void)
{
    l4_addr_t at = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG2(0), 21, RO));
    map(e->task, at, d->task, at + 0x3000, RO);
    map_range(d->task, at, MAIN, RANGE(BIG2(0), 21, RW));
    expect_page(d, at + 0x9000, RW, BIG_MARK(9));
    expect_page(e, at, RO, BIG_MARK(3));
    map(e->task, at, d->task, at + 0x3000, RW); /* the small child in turn */
    expect_page(e, at, RW, BIG_MARK(3));
    expect_large(d, at);
}

/* The same frame, but another size: no upgrade. */
static void other_size_replaced(void)
{
    l4_addr_t at = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG2(0), 21, RWX));
    map(d->task, at + 0x3000, MAIN, BIG(3), RO);
    expect_page(d, at + 0x3000, RO, BIG_MARK(3));
    expect_none(d, at + 0x4000);
    expect_none(d, at);
    /* The first piece, which begins at the same address. */
    at = fresh();
    map_range(d->task, at, MAIN, RANGE(BIG2(0), 21, RWX));
    map(d->task, at, MAIN, BIG(0), RO);
    expect_page(d, at, RO, BIG_MARK(0));
    expect_none(d, at + 0x1000);
}

static void small_page_in_the_way(void)
{
    l4_addr_t at = fresh();

    map(d->task, at + 0x5000, MAIN, PAGE(5), RW);
    map(e->task, at, d->task, at + 0x5000, RW);
    map_range(d->task, at, MAIN, RANGE(BIG2(0), 21, RW));
    expect_mark(d, at + 0x5000, BIG_MARK(5));
    expect_mark(d, at + MIB2 - 4096, BIG_MARK(511));
    expect_none(e, at);
}

static void large_page_replaced(void)
{
    l4_addr_t at = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG2(0), 21, RW));
    map(e->task, at, d->task, at + 0x8000, RW);
    map_range(d->task, at, MAIN, RANGE(BIG2(1), 21, RO));
    expect_page(d, at + 0x8000, RO, BIG_MARK(520));
    expect_none(e, at);
    expect_large(d, at);
}

static void rest_goes(void)
{
    l4_addr_t at = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG2(0), 21, RW));
    map(e->task, at, d->task, at + 0x8000, RW);
    map(d->task, at + 0x3000, MAIN, PAGE(3), RW);
    expect_page(d, at + 0x3000, RW, MARK(3));
    expect_none(d, at);
    expect_none(d, at + 0x4000);
    expect_none(d, at + MIB2 - 4096);
    expect_none(e, at);
}

static void piece_onto_itself(void)
{
    l4_addr_t at = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG2(0), 21, RW));
    map_range(e->task, at, d->task, RANGE(at, 21, RW));
    map(d->task, at + 0x3000, d->task, at + 0x3000, RW);
    expect_none(d, at);
    expect_none(d, at + 0x3000);
    expect_none(e, at + 0x8000);
}

/* e's small page is mapped into d's large page, from which it came. */
static void piece_onto_its_parent(void)
{
    l4_addr_t at = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG2(0), 21, RW));
    map(e->task, at, d->task, at + 0x3000, RW);
    map(d->task, at + 0x9000, e->task, at, RW);
    expect_none(d, at + 0x9000);
    expect_none(d, at);
    expect_none(e, at);
}

/* ---- grant ---- */

static void grant_moves(void)
{
    l4_addr_t at = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG2(0), 21, RW));
    map(f->task, at, d->task, at + 0x3000, RW);
    map_range(e->task, at | L4_MAP_ITEM_GRANT, d->task, RANGE(at, 21, RO));
    expect_none(d, at + 0x3000);
    expect_page(e, at + 0x9000, RO, BIG_MARK(9));
    expect_page(f, at, RW, BIG_MARK(3)); /* M-32 */
    unmap(e->task, at + 0x3000, 12, RWX, L4_FP_OTHER_SPACES);
    expect_none(f, at);
    expect_large(e, at);
}

static void grant_of_a_piece_maps(void)
{
    l4_addr_t at = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG2(0), 21, RW));
    grant(e->task, at + 0x7000, d->task, at + 0x3000, RW);
    expect_mark(d, at + 0x3000, BIG_MARK(3));
    expect_page(e, at + 0x7000, RW, BIG_MARK(3));
    unmap(d->task, at + 0x3000, 12, RWX, L4_FP_OTHER_SPACES);
    expect_none(e, at + 0x7000);
}

static void grant_until_split(void)
{
    l4_addr_t at = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG2(0), 23, RW)); /* four large pages */
    map(e->task, at + MIB2 + 0x5000, MAIN, PAGE(5), RW);  /* the second target is in small pages */
    map_range(e->task, at | L4_MAP_ITEM_GRANT, d->task, RANGE(at, 23, RW));
    expect_none(d, at); /* granted */
    expect_mark(e, at, BIG_MARK(0));
    for (unsigned i = 1; i < 4; i++) { /* mapped, the rest of the item too */
        expect_mark(d, at + i * MIB2, BIG_MARK(i * 512));
        expect_mark(e, at + i * MIB2, BIG_MARK(i * 512));
    }
    unmap(d->task, at, 23, RWX, L4_FP_OTHER_SPACES);
    expect_mark(e, at, BIG_MARK(0));
    expect_none(e, at + MIB2);
    expect_none(e, at + 3 * MIB2);
}

static void grant_within(void)
{
    l4_addr_t at = fresh(), to = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG2(0), 21, RW));
    map_range(d->task, to | L4_MAP_ITEM_GRANT, d->task, RANGE(at, 21, RW));
    expect_none(d, at);
    expect_mark(d, to + 0x3000, BIG_MARK(3));
    map_range(d->task, to | L4_MAP_ITEM_GRANT, d->task, RANGE(to, 21, RW));
    expect_none(d, to);
}

static struct test_case const cases[] = {
    {"M-7", "children of the same size and smaller", same_size_below},
    {"M-13", "size kept in a window", window_keeps_size},
    {"M-13", "part of a large page", part_of_a_page},
    {"M-14", "a page table stays", page_table_stays},
    {"M-15", "a large page into a window of a small one", one_small_page},
    {"M-16", "small pages never merge", small_pages_never_merge},
    {"M-17", "a large page in one piece", one_page},
    {"M-17", "two large pages", four_mib},
    {"M-17", "misaligned target: small pages", misaligned},
    {"M-19", "large page gains rights and keeps its children", upgrade},
    {"M-20", "the same frame in another size", other_size_replaced},
    {"M-20", "small page in the way of a large one", small_page_in_the_way},
    {"M-20", "large page replaced", large_page_replaced},
    {"M-21", "piece onto its parent", piece_onto_its_parent},
    {"M-23", "small page into the middle of a large one", rest_goes},
    {"M-24", "piece onto itself: the large page goes", piece_onto_itself},
    {"M-31", "large page granted", grant_moves},
    {"M-33", "grant of a piece maps", grant_of_a_piece_maps},
    {"M-33", "grant until a page has to be split", grant_until_split},
    {"M-35", "large page granted within its task", grant_within},
};

int main(void)
{
    big_init();
    return TEST_RUN(cases);
}
