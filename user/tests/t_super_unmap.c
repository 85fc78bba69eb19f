/* SPDX-License-Identifier: MIT */
/*
 * Unmap of 2 MiB pages and of their pieces (rules M-38 ... M-46, table of section 6 of the mapping
 * reference: rows 1 to 4; rows 5 and 6, with pages of 1 GiB, are in t_huge.c, row 7 in t_unmap.c).
 *
 * Runs as root task; see big.h.
 */
#include "big.h"

enum { REFERENCED = 1, MODIFIED = 2 };

/* d has a large page at `at`; e has its 4 KiB at +0x3000, at `at`. */
static l4_addr_t piece(void)
{
    l4_addr_t at = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG2(0), 21, RWX));
    map(e->task, at, d->task, at + 0x3000, RW);
    return at;
}

static void row_1(void)
{
    l4_addr_t at = piece();

    unmap(d->task, at + 0x3000, 12, RWX, L4_FP_OTHER_SPACES);
    expect_none(e, at);
    expect_mark(d, at + 0x3000, BIG_MARK(3));
}

static void row_2(void)
{
    l4_addr_t at = piece();

    unmap(d->task, at + 0x4000, 12, RWX, L4_FP_OTHER_SPACES);
    unmap(d->task, at, 13, RWX, L4_FP_OTHER_SPACES);
    expect_page(e, at, RW, BIG_MARK(3));
}

static void row_3(void)
{
    l4_addr_t at = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG2(0), 21, RWX));
    map_range(e->task, at, d->task, RANGE(at, 21, RW));
    map(f->task, at, e->task, at + 0x100000, RW); /* below e, outside the range (M-43) */
    unmap(d->task, at + 0x3000, 12, RWX, L4_FP_OTHER_SPACES);
    expect_none(e, at + 0x3000);
    expect_none(e, at);
    expect_none(f, at);
    expect_mark(d, at + 0x3000, BIG_MARK(3));
}

static void row_4(void)
{
    l4_addr_t at = piece();

    unmap(d->task, at + 0x8000, 12, RWX, L4_FP_ALL_SPACES);
    expect_none(d, at + 0x8000);
    expect_none(d, at);
    expect_none(e, at);
}

/* First and last small page of the large one, and ranges that end next to them. */
static void edges(void)
{
    l4_addr_t at = fresh(), last = MIB2 - L4_PAGESIZE;

    map_range(d->task, at, MAIN, RANGE(BIG2(0), 22, RWX));
    map(e->task, at, d->task, at, RW);
    map(e->task, at + 0x1000, d->task, at + last, RW);
    map(e->task, at + 0x2000, d->task, at + MIB2, RW);
    unmap(d->task, at + 0x1000, 12, RWX, L4_FP_OTHER_SPACES);
    unmap(d->task, at + last - 0x1000, 12, RWX, L4_FP_OTHER_SPACES);
    expect_mark(e, at, BIG_MARK(0));
    expect_mark(e, at + 0x1000, BIG_MARK(511));
    unmap(d->task, at + last, 12, RWX, L4_FP_OTHER_SPACES);
    expect_none(e, at + 0x1000);
    expect_mark(e, at + 0x2000, BIG_MARK(512)); /* of the next large page */
    unmap(d->task, at, 12, RWX, L4_FP_OTHER_SPACES);
    expect_none(e, at);
    unmap(d->task, at, 22, RWX, L4_FP_OTHER_SPACES);
    expect_none(e, at + 0x2000);
}

static void every_small_page(void)
{
    l4_addr_t at = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG2(0), 21, RW));
    map_range(e->task, at, d->task, RANGE(at, 20, RW)); /* half of it, in small pages */
    map_range(e->task, at + 0x100000, d->task, RANGE(at + 0x100000, 20, RW));
    expect_mark(e, at + MIB2 - 4096, BIG_MARK(511));
    unmap(d->task, at + 0x40000, 18, RWX, L4_FP_OTHER_SPACES); /* 64 of the 512 */
    for (unsigned i = 0; i < SMALL_PER_BIG; i += 7)
        expect_mark(e, at + i * L4_PAGESIZE, i / 64 == 1 ? NOTHING_THERE : BIG_MARK(i));
    unmap(d->task, at, 21, RWX, L4_FP_OTHER_SPACES);
    for (unsigned i = 0; i < SMALL_PER_BIG; i += 7)
        expect_none(e, at + i * L4_PAGESIZE);
}

/* Taking W in a range of 4 KiB concerns the large child as a whole. */
static void take_write(void)
{
    l4_addr_t at = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG2(0), 21, RWX));
    map_range(e->task, at, d->task, RANGE(at, 21, RWX));
    map(f->task, at, d->task, at + 0x3000, RWX);
    unmap(d->task, at + 0x8000, 12, L4_FPAGE_W, L4_FP_OTHER_SPACES);
    expect_page(e, at + 0x100000, RX, BIG_MARK(256));
    expect_page(f, at, RWX, BIG_MARK(3)); /* smaller, outside the range */
    expect_page(d, at + 0x8000, RWX, BIG_MARK(8));
    unmap(d->task, at + 0x8000, 12, L4_FPAGE_W, L4_FP_ALL_SPACES); /* M-42 */
    expect_page(d, at + 0x100000, RX, BIG_MARK(256));
    expect_page(f, at, RX, BIG_MARK(3));
    expect_large(e, at);
}

static void access_bits(void)
{
    l4_addr_t at = piece();

    unmap(MAIN, BIG2(0), 21, 0, L4_FP_OTHER_SPACES); /* clears what there was */
    worker_write(e, at + 16, 1);
    expect("another piece", unmap(d->task, at + 0x4000, 12, 0, L4_FP_OTHER_SPACES), 0);
    expect("the piece", unmap(d->task, at + 0x3000, 12, 0, L4_FP_OTHER_SPACES),
           REFERENCED | MODIFIED);
    expect("again", unmap(d->task, at, 21, 0, L4_FP_OTHER_SPACES), 0);
    /* d's large page remembers it for the main task. */
    expect("for the main task", unmap(MAIN, BIG(9), 12, 0, L4_FP_OTHER_SPACES),
           REFERENCED | MODIFIED);
    worker_read(d, at + 0x100000, 0);
    expect("large page read", unmap(MAIN, BIG2(0), 21, 0, L4_FP_OTHER_SPACES), REFERENCED);
}

/* Reading with the own page resets nothing; only the parent's reading does. */
static void access_bits_with_self(void)
{
    l4_addr_t at = piece();

    unmap(MAIN, BIG2(0), 21, 0, L4_FP_OTHER_SPACES);
    worker_write(d, at + 16, 1);
    expect("d", unmap(d->task, at, 12, 0, L4_FP_ALL_SPACES), REFERENCED | MODIFIED);
    expect("again", unmap(d->task, at, 12, 0, L4_FP_ALL_SPACES), REFERENCED | MODIFIED);
    worker_write(e, at + 16, 1);
    expect("with e's", unmap(d->task, at, 21, L4_FPAGE_X, L4_FP_ALL_SPACES), REFERENCED | MODIFIED);
    expect("main task", unmap(MAIN, BIG2(0), 21, 0, L4_FP_OTHER_SPACES), REFERENCED | MODIFIED);
    expect("now clean", unmap(MAIN, BIG2(0), 21, 0, L4_FP_OTHER_SPACES), 0);
}

/* Bits of removed pages are reported and kept as well. */
static void remove_written(unsigned long offset, unsigned order)
{
    l4_addr_t at = piece();

    unmap(MAIN, BIG2(0), 21, 0, L4_FP_OTHER_SPACES);
    worker_write(e, at + 16, 1);
    expect("removed", unmap(d->task, at + offset, order, RWX, L4_FP_OTHER_SPACES),
           REFERENCED | MODIFIED);
    expect("kept for the main task", unmap(MAIN, BIG2(0), 21, RWX, L4_FP_OTHER_SPACES),
           REFERENCED | MODIFIED);
}

static void access_bits_of_removed(void)
{
    remove_written(0, 21);
    remove_written(0x3000, 12);
}

/* A hole of 2 MiB between two large pages, in one range with small pages. */
static void range_with_holes(void)
{
    l4_addr_t at = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG2(0), 21, RW));
    map_range(d->task, at + 2 * MIB2, MAIN, RANGE(BIG(3), 12, RW));
    map_range(d->task, at + 3 * MIB2, MAIN, RANGE(BIG2(1), 21, RW));
    map(e->task, at, d->task, at + 0x3000, RW);
    map(e->task, at + 0x1000, d->task, at + 2 * MIB2, RW);
    map(e->task, at + 0x2000, d->task, at + 3 * MIB2, RW);
    unmap(d->task, at, 23, RWX, L4_FP_OTHER_SPACES);
    for (unsigned i = 0; i < 3; i++)
        expect_none(e, at + i * L4_PAGESIZE);
    expect_mark(d, at, BIG_MARK(0));
    unmap(d->task, at, 23, RWX, L4_FP_ALL_SPACES);
    expect_none(d, at);
    expect_none(d, at + 2 * MIB2);
    expect_none(d, at + 3 * MIB2);
}

/* The translation of a large page is used, then it is gone or has another frame. */
static void cached_translation(void)
{
    l4_addr_t at = fresh();

    for (unsigned i = 0; i < 20; i++) {
        map_range(d->task, at, MAIN, RANGE(BIG2(i & 3), 21, RW));
        expect_mark(d, at + 0x9000, BIG_MARK((i & 3) * 512 + 9));
        unmap(MAIN, BIG2(i & 3), 12, L4_FPAGE_W, L4_FP_OTHER_SPACES);
        expect("write", (unsigned long)worker_write(d, at + 0x9010, 1), 0);
        if (i & 1)
            unmap(d->task, at, 12, RWX, L4_FP_ALL_SPACES);
        expect_mark(d, at + 0x9000, i & 1 ? NOTHING_THERE : BIG_MARK((i & 3) * 512 + 9));
    }
}

static void destroyed_in_the_middle(void)
{
    l4_addr_t at = fresh();
    l4_cap_idx_t middle = new_task(L4_BASE_FACTORY_CAP);

    map_range(d->task, at, MAIN, RANGE(BIG2(0), 21, RWX));
    map_range(middle, at, d->task, RANGE(at, 21, RWX));
    map(e->task, at, middle, at + 0x3000, RW);
    map_range(e->task, at + 0x400000, middle, RANGE(at, 21, RW));
    delete_object(middle);
    expect_mark(d, at, BIG_MARK(0));
    expect_none(e, at);
    expect_none(e, at + 0x400000);
}

static struct test_case const cases[] = {
    {"M-40", "row 1: small child in the range", row_1},
    {"M-40", "row 2: small child outside the range", row_2},
    {"M-41", "row 3: child of the same size, part of it in the range", row_3},
    {"M-42", "row 4: with the own page", row_4},
    {"M-40", "edges of the range", edges},
    {"M-40", "64 of 512 children", every_small_page},
    {"M-41", "write right taken from a large child", take_write},
    {"M-44", "range with holes and pages of both sizes", range_with_holes},
    {"M-46", "referenced and modified bits of pieces", access_bits},
    {"M-46", "reading with the own page resets nothing", access_bits_with_self},
    {"M-46", "bits of removed pages", access_bits_of_removed},
    {"M-49", "no stale translation of a large page", cached_translation},
    {"M-79", "task in the middle of a chain destroyed", destroyed_in_the_middle},
};

int main(void)
{
    big_init();
    return TEST_RUN(cases);
}
