/* SPDX-License-Identifier: MIT */
/*
 * Pages of 1 GiB (rules M-13, M-15, M-17, M-33, M-40 ... M-42 and rows 5 and 6 of the table of
 * section 6 of the mapping reference, U-10, U-11).
 *
 * Runs as root task; see big.h.  The GiB comes from RAM if the machine has that much in one piece
 * (tests/qemu/huge.py), and is marked then; else it is an address range without devices, where
 * reads answer all ones: then marks are not compared.  On a processor without pages of 1 GiB the
 * same steps give pages of 2 MiB, and the cases expect what that means.
 */
#include "big.h"

#include <l4/sigma0/sigma0.h>
#include <quire/io.h>

#define GIB (1UL << 30)
#define HUGE 0x4000000000UL      /* in the main task */
#define NO_DEVICES 0x400000000UL /* physical */
#define HUGE_MARK(offset) (0x9000000UL + ((offset) >> L4_PAGESHIFT))

static int has_ram, has_huge;

static void expect_at(struct worker *w, l4_addr_t at, l4_addr_t offset)
{
    unsigned long v = 0;

    expect("readable", (unsigned long)worker_read(w, at, &v), 1);
    if (has_ram)
        expect("mark", v, HUGE_MARK(offset));
}

static void setup(void)
{
    big_setup();
    unmap(MAIN, HUGE, 30, RWX, L4_FP_OTHER_SPACES);
}

static l4_addr_t fresh_gib(void)
{
    static l4_addr_t next = 0x100000000000UL;

    next += GIB;
    return next;
}

/* Take 4 KiB in the middle: what else goes is the page. */
static void expect_huge(struct worker *w, l4_addr_t at)
{
    unmap(w->task, at + 0x12345000, 12, RWX, L4_FP_ALL_SPACES);
    expect("at 4 KiB", (unsigned long)worker_read(w, at + 0x12345000, 0), 0);
    expect("in the same 2 MiB", (unsigned long)worker_read(w, at + 0x12200000, 0), 0);
    expect("last of the GiB", (unsigned long)worker_read(w, at + GIB - 4096, 0), !has_huge);
}

static l4_addr_t whole(struct worker *w)
{
    l4_addr_t at = fresh_gib();

    map_range(w->task, at, MAIN, RANGE(HUGE, 30, RW));
    return at;
}

static void one_page(void)
{
    l4_addr_t at = whole(d);

    expect_at(d, at, 0);
    expect_at(d, at + 0x2345000, 0x2345000);
    expect_at(d, at + GIB - 4096, GIB - 4096);
    expect_none(d, at + GIB);
    expect_huge(d, at);
}

static void chain(void)
{
    l4_addr_t at = whole(d);

    map_range(e->task, at, d->task, RANGE(at, 30, RO));
    expect_at(e, at + 0x200000, 0x200000);
    expect("write", (unsigned long)worker_write(e, at + 16, 1), 0);
    unmap(d->task, at + 0x3000, 12, RWX, L4_FP_OTHER_SPACES); /* M-41 */
    expect("rest of e", (unsigned long)worker_read(e, at + GIB - 4096, 0), !has_huge);
    expect_none(e, at + 0x3000);
    expect_at(d, at + 0x3000, 0x3000);
}

static void large_piece(void)
{
    l4_addr_t at = whole(d), to = fresh();

    map_range(e->task, to, d->task, RANGE(at + 0x2600000, 21, RW));
    expect_at(e, to, 0x2600000);
    expect_at(e, to + MIB2 - 4096, 0x2600000 + MIB2 - 4096);
    expect_none(e, to + MIB2);
    expect_large(e, to);
    expect_at(d, at + 0x2600000, 0x2600000);
}

static void small_piece_in_window(void)
{
    l4_addr_t to = fresh();

    x_window(l4_fpage(to + 0x5000, 12, 0), L4_INVALID_CAP);
    x_item(l4_snd_fpage_mem(HUGE, 30, RW, 0x77a3f3000, 0));
    x_ok(d);
    expect_ret(d, 0, 0x77a3f3000 | 30 << 6 | 0x18);
    expect_at(d, to + 0x5000, 0x77a3f3000 & (GIB - 1));
    expect_none(d, to + 0x6000);
    unmap(MAIN, HUGE + ((0x77a3f3000 + 0x1000) & (GIB - 1)), 12, RWX, L4_FP_OTHER_SPACES);
    expect_at(d, to + 0x5000, 0x77a3f3000 & (GIB - 1));
    unmap(MAIN, HUGE + (0x77a3f3000 & (GIB - 1)), 12, RWX, L4_FP_OTHER_SPACES);
    expect_none(d, to + 0x5000);
}

/* A small page in the target: 511 pages of 2 MiB beside, 512 small ones around it. */
static void target_in_pieces(void)
{
    l4_addr_t at = fresh_gib();

    map(d->task, at + 0x5000, MAIN, PAGE(5), RW);
    map_range(d->task, at, MAIN, RANGE(HUGE, 30, RW));
    expect_at(d, at + 0x5000, 0x5000);
    expect_at(d, at + GIB - 4096, GIB - 4096);
    expect_small(d, at);
    expect_large(d, at + MIB2);
    expect_at(d, at + 2 * MIB2, 2 * MIB2);
}

static void grant_piece(void)
{
    l4_addr_t at = whole(d), to = fresh();

    map_range(e->task, to | L4_MAP_ITEM_GRANT, d->task, RANGE(at + MIB2, 21, RW));
    expect_at(e, to, MIB2);
    /* A piece cannot be granted: d keeps it, and e's is below (M-33); else the page has moved. */
    expect("d keeps it", (unsigned long)worker_read(d, at + MIB2, 0), (unsigned long)has_huge);
    map_range(e->task, at | L4_MAP_ITEM_GRANT, d->task, RANGE(at, 30, RW));
    expect_none(d, at);
    expect_at(e, at + 0x3000, 0x3000);
    unmap(e->task, at, 30, RWX, L4_FP_OTHER_SPACES);
    expect("piece", (unsigned long)worker_read(e, to, 0), !has_huge);
}

static void row_5(void)
{
    l4_addr_t at = whole(d), to = fresh();

    map_range(e->task, to, d->task, RANGE(at + 2 * MIB2, 21, RW));
    map(f->task, AT(0), e->task, to + 0x2000, RW);
    unmap(d->task, at + 2 * MIB2, 12, RWX, L4_FP_OTHER_SPACES);
    expect_none(e, to);
    expect_none(e, to + 0x3000);
    expect_none(f, AT(0));
    expect_at(d, at + 2 * MIB2, 2 * MIB2);
}

static void row_6(void)
{
    l4_addr_t at = whole(d), to = fresh();

    map_range(e->task, to, d->task, RANGE(at + 2 * MIB2, 21, RW));
    map(f->task, AT(0), d->task, at + 4 * MIB2, RW);
    unmap(d->task, at + 2 * MIB2, 21, RWX, L4_FP_OTHER_SPACES);
    expect_none(e, to);
    expect_at(f, AT(0), 4 * MIB2);
    unmap(d->task, at + 6 * MIB2, 12, RWX, L4_FP_ALL_SPACES); /* M-42 */
    expect("d", (unsigned long)worker_read(d, at, 0), !has_huge);
    expect("f", (unsigned long)worker_read(f, AT(0), 0), !has_huge);
}

/* U-10: three small pages over a boundary of 2 MiB. */
static void over_a_boundary(void)
{
    l4_addr_t at = whole(d), off = 0x3000000 + MIB2 - L4_PAGESIZE;

    for (unsigned i = 0; i < 3; i++)
        map(e->task, 0xc2000 + i * L4_PAGESIZE, d->task, at + off + i * L4_PAGESIZE, RW);
    for (unsigned i = 0; i < 3; i++)
        expect_at(e, 0xc2000 + i * L4_PAGESIZE, off + i * L4_PAGESIZE);
    for (unsigned i = 0; i < 3; i++) {
        unmap(d->task, at + off + i * L4_PAGESIZE, 12, RWX, L4_FP_OTHER_SPACES);
        expect_none(e, 0xc2000 + i * L4_PAGESIZE);
        if (i < 2)
            expect_at(e, 0xc3000 + i * L4_PAGESIZE, off + (i + 1) * L4_PAGESIZE);
    }
}

/* U-11: children of 2 MiB and 4 KiB, and their children, below one page. */
static void all_sizes(void)
{
    l4_addr_t at = whole(d), two = fresh(), four = fresh(), off = 0x3000000;

    map_range(e->task, two, d->task, RANGE(at + off, 22, RW));
    map_range(f->task, four, d->task, RANGE(at + off, 22, RW));
    map(e->task, 0x100000, f->task, four + MIB2, RW);
    map(e->task, 0x101000, f->task, four + MIB2 + L4_PAGESIZE, RW);
    expect_at(e, two + MIB2, off + MIB2);
    expect_at(f, four + MIB2, off + MIB2);
    expect_at(e, 0x101000, off + MIB2 + L4_PAGESIZE);
    unmap(f->task, four, 22, RWX, L4_FP_ALL_SPACES);
    expect_none(e, 0x100000);
    expect_none(e, 0x101000);
    expect_at(e, two, off);
    expect_large(e, two + MIB2);
    unmap(d->task, at, 30, RWX, L4_FP_OTHER_SPACES);
    expect_none(e, two);
    expect_at(d, at + off, off);
}

static void access_bits(void)
{
    l4_addr_t at = whole(d);

    map(e->task, AT(0), d->task, at + 0x7000, RW);
    unmap(MAIN, HUGE, 30, 0, L4_FP_OTHER_SPACES);
    worker_write(e, AT(0) + 16, 1); /* without RAM behind it, the entry notes it all the same */
    expect("other piece", unmap(d->task, at + 0x8000, 12, 0, L4_FP_OTHER_SPACES), 0);
    expect("the piece", unmap(d->task, at, 30, 0, L4_FP_OTHER_SPACES), 3);
    expect("kept", unmap(MAIN, HUGE, 30, 0, L4_FP_OTHER_SPACES), 3);
}

static struct test_case const cases[] = {
    {"M-17", "a GiB in one page", one_page},
    {"M-13", "a GiB to a target in pieces", target_in_pieces},
    {"M-15", "a GiB into a window of 4 KiB", small_piece_in_window},
    {"M-15", "2 MiB out of a GiB", large_piece},
    {"M-33", "grant of a piece, then of the GiB", grant_piece},
    {"M-40", "row 5: large child with a small one", row_5},
    {"M-40", "row 6: large child and small child", row_6},
    {"M-41", "child of a GiB", chain},
    {"M-46", "bits through a GiB", access_bits},
    {"U-10", "three small pages over a boundary of 2 MiB", over_a_boundary},
    {"U-11", "children of all sizes below a GiB", all_sizes},
};

static int cpu_has_huge_pages(void)
{
    unsigned a = 0x80000001, b, c = 0, edx;

    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(edx));
    return edx >> 26 & 1;
}

int main(void)
{
    l4_addr_t base;

    big_init();
    has_huge = cpu_has_huge_pages();
    has_ram = !l4sigma0_map_anypage(L4_BASE_PAGER_CAP, HUGE, 30, &base, 30);
    for (l4_addr_t i = 0; has_ram && i < GIB; i += L4_PAGESIZE)
        *(volatile unsigned long *)(HUGE + i) = HUGE_MARK(i);
    if (!has_ram && l4sigma0_map_iomem(L4_BASE_PAGER_CAP, NO_DEVICES, HUGE, GIB, 0))
        return 1;
    printf("pages of 1 GiB: %s, 1 GiB of RAM: %s\n", has_huge ? "yes" : "no",
           has_ram ? "yes" : "no");
    test_setup = setup;
    return TEST_RUN(cases);
}
