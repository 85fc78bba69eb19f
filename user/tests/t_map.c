/* SPDX-License-Identifier: MIT */
/*
 * Map and grant of 4 KiB pages (rules M-6 ... M-36).  Runs as root task; see exchange.h.
 */
#include "exchange.h"

#define UTCB_PAGE 0xb3000000UL

static void many_children(void)
{
    map(d->task, AT(0), MAIN, PAGE(1), RW);
    map(e->task, AT(0), MAIN, PAGE(1), RW);
    map(f->task, AT(0), MAIN, PAGE(1), RW);
    expect_page(d, AT(0), RW, MARK(1));
    expect_page(e, AT(0), RW, MARK(1));
    expect_page(f, AT(0), RW, MARK(1));
    unmap(MAIN, PAGE(1), 12, RWX, L4_FP_OTHER_SPACES);
    expect_none(d, AT(0));
    expect_none(e, AT(0));
    expect_none(f, AT(0));
}

static void generations(void)
{
    unsigned n = 0;
    long err = 0;

    map(d->task, AT(0), MAIN, PAGE(0), RW);
    for (; n < 400 && err == 0; n += err == 0)
        err = map_order(d->task, AT(n + 1), d->task, l4_fpage(AT(n), L4_PAGESHIFT, RW));
    /* The first page of d is one generation below the main task's. */
    expect("generations", n, 254);
    expect_label("error", err, l4_ipc_to_errno(L4_IPC_SEMAPFAILED));
    expect_page(d, AT(254), RW, MARK(0));
    expect_none(d, AT(255));
}

static void gaps(void)
{
    map(d->task, AT(0), MAIN, PAGE(1), RW);
    map(d->task, AT(2), MAIN, PAGE(2), RW);
    expect_label("map", map_order(e->task, AT(16), d->task, l4_fpage(AT(0), 14, RW)), 0);
    expect_page(e, AT(16), RW, MARK(1));
    expect_none(e, AT(17));
    expect_page(e, AT(18), RW, MARK(2));
}

static void nothing_present(void)
{
    expect_label("map", map_order(e->task, AT(0), d->task, l4_fpage(AT(0), 14, RWX)), 0);
    expect_none(e, AT(0));
}

static void rights_masked(void)
{
    static struct {
        unsigned first, second, want;
    } const r[] = {
        {RWX, RWX, RWX},       {RWX, RO, RO},         {RO, RWX, RO},
        {RW, RX, RO},          {RX, RWX, RX},         {RWX, RW, RW},
        {RWX, L4_FPAGE_W, RW}, {RWX, L4_FPAGE_X, RX}, {RWX, 0, NOTHING},
    };

    for (unsigned i = 0; i < sizeof(r) / sizeof(r[0]); i++) {
        map(d->task, AT(i), MAIN, PAGE(i), r[i].first);
        map(e->task, AT(i), d->task, AT(i), r[i].second);
        expect_page(e, AT(i), r[i].want, MARK(i));
    }
}

static void many_pages(void)
{
    expect_label("map", map_order(d->task, AT(0), MAIN, l4_fpage(PAGE(0), 18, RW)), 0);
    for (unsigned i = 0; i < N_PAGES; i += 9)
        expect_page(d, AT(i), RW, MARK(i));
}

/* 64 pages asked for, no more than 8 of them fit; those around the window stay as they are. */
static void range_in_a_window(void)
{
    map(d->task, AT(7), MAIN, PAGE(1), RO);
    map(d->task, AT(16), MAIN, PAGE(2), RO);
    x_window(l4_fpage(AT(8), 15, 0), L4_INVALID_CAP);
    x_item(l4_snd_fpage_mem(PAGE(0), 18, RW, 0x8000, 0));
    x_ok(d);
    for (unsigned i = 0; i < 8; i++)
        expect_page(d, AT(8 + i), RW, MARK(8 + i));
    expect_page(d, AT(7), RO, MARK(1));
    expect_page(d, AT(16), RO, MARK(2));
}

static void upgrade(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RO);
    map(e->task, AT(0), d->task, AT(0), RO);
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    expect_page(d, AT(0), RW, MARK(0));
    expect_page(e, AT(0), RO, MARK(0));
    /* e is still below d. */
    unmap(d->task, AT(0), 12, RWX, L4_FP_OTHER_SPACES);
    expect_none(e, AT(0));
    expect_page(d, AT(0), RW, MARK(0));
}

/* What was there stays, what is new comes to it; the page keeps its place in the tree. */
static void union_of_rights(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    map(e->task, AT(0), d->task, AT(0), RO);
    map(d->task, AT(0), MAIN, PAGE(0), RX);
    expect_page(d, AT(0), RWX, MARK(0));
    map(d->task, AT(0), MAIN, PAGE(0), RO);
    expect_page(d, AT(0), RWX, MARK(0));
    unmap(MAIN, PAGE(0), 12, RWX, L4_FP_OTHER_SPACES);
    expect_none(d, AT(0));
    expect_none(e, AT(0));
}

static void replaced(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    map(e->task, AT(0), d->task, AT(0), RW);
    map(d->task, AT(0), MAIN, PAGE(1), RO);
    expect_page(d, AT(0), RO, MARK(1));
    expect_none(e, AT(0));
}

/* Map would upgrade here (M-19); grant removes the target, then moves the page. */
static void grant_onto_own_child(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    map(e->task, AT(0), d->task, AT(0), RWX);
    map(f->task, AT(0), e->task, AT(0), RW);
    grant(e->task, AT(0), d->task, AT(0), RO);
    expect_none(d, AT(0));
    expect_none(f, AT(0));
    expect_page(e, AT(0), RO, MARK(0)); /* no rights of the old page */
    unmap(MAIN, PAGE(0), 12, RWX, L4_FP_OTHER_SPACES);
    expect_none(e, AT(0));
}

/* The same frame, but not from the source: the child of another page goes with what is below it. */
/* first, second: in which order the two got the page from the main task. */
static void same_frame(struct worker *first, struct worker *second)
{
    map(first->task, AT(0), MAIN, PAGE(0), RW);
    map(second->task, AT(0), MAIN, PAGE(0), RW);
    map(f->task, AT(0), e->task, AT(0), RW);
    map(e->task, AT(0), d->task, AT(0), RO);
    expect_page(e, AT(0), RO, MARK(0));
    expect_none(f, AT(0));
    unmap(d->task, AT(0), 12, RWX, L4_FP_OTHER_SPACES);
    expect_none(e, AT(0));
}

static void same_frame_of_another_parent(void) { same_frame(d, e); }
static void same_frame_of_a_younger_parent(void) { same_frame(e, d); }

static void onto_itself(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    map(e->task, AT(0), d->task, AT(0), RW);
    map(d->task, AT(0), d->task, AT(0), RW);
    expect_none(d, AT(0));
    expect_none(e, AT(0));
}

static void onto_ancestor(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    map(e->task, AT(0), d->task, AT(0), RW);
    map(f->task, AT(0), e->task, AT(0), RW);
    map(d->task, AT(0), f->task, AT(0), RW);
    expect_none(d, AT(0));
    expect_none(e, AT(0));
    expect_none(f, AT(0));
}

static void onto_ku_mem(void)
{
    map(d->task, UTCB_PAGE, MAIN, PAGE(0), RW);
    /* The worker's UTCB still works, or this order would not arrive. */
    map(d->task, AT(0), MAIN, PAGE(0), RO);
    expect_page(d, AT(0), RO, MARK(0));
    map(e->task, AT(0), d->task, UTCB_PAGE, RW);
    expect_none(e, AT(0));
}

/* Only the page of kernel-user memory is left out of a range, be it source or target. */
static void ku_mem_in_a_range(void)
{
    expect_label("map", map_order(d->task, UTCB_PAGE, MAIN, l4_fpage(PAGE(0), 13, RW)), 0);
    expect_page(d, UTCB_PAGE + L4_PAGESIZE, RW, MARK(1));
    expect_label("map on", map_order(e->task, AT(0), d->task, l4_fpage(UTCB_PAGE, 13, RW)), 0);
    expect_none(e, AT(0));
    expect_page(e, AT(1), RW, MARK(1));
    grant(e->task, AT(2), d->task, UTCB_PAGE, RW);
    expect_none(e, AT(2));
    map(d->task, AT(0), MAIN, PAGE(0), RO); /* its UTCB works: orders still arrive */
    expect_page(d, AT(0), RO, MARK(0));
}

static void alias_is_child(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    map(d->task, AT(1), d->task, AT(0), RO);
    expect_page(d, AT(1), RO, MARK(0));
    unmap(d->task, AT(0), 12, RWX, L4_FP_OTHER_SPACES);
    expect_page(d, AT(0), RW, MARK(0));
    expect_none(d, AT(1));
}

static void two_children(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    map(d->task, AT(1), MAIN, PAGE(0), RW);
    unmap(d->task, AT(0), 12, RWX, L4_FP_ALL_SPACES);
    expect_none(d, AT(0));
    expect_page(d, AT(1), RW, MARK(0));
}

static void not_a_direct_child(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    map(e->task, AT(0), d->task, AT(0), RW);
    map(f->task, AT(0), e->task, AT(0), RW);
    map(e->task, AT(0), MAIN, PAGE(0), RO);
    expect_page(e, AT(0), RO, MARK(0));
    expect_none(f, AT(0));
    unmap(d->task, AT(0), 12, RWX, L4_FP_OTHER_SPACES);
    expect_page(e, AT(0), RO, MARK(0));
}

static void no_reduction(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    map(d->task, AT(0), MAIN, PAGE(0), RO);
    expect_page(d, AT(0), RW, MARK(0));
}

static void granted(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    grant(e->task, AT(1), d->task, AT(0), RW);
    expect_none(d, AT(0));
    expect_page(e, AT(1), RW, MARK(0));
    /* e has d's place below the main task. */
    unmap(MAIN, PAGE(0), 12, RWX, L4_FP_OTHER_SPACES);
    expect_none(e, AT(1));
}

static void grant_keeps_children(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    map(f->task, AT(0), d->task, AT(0), RW);
    grant(e->task, AT(0), d->task, AT(0), RO);
    expect_page(e, AT(0), RO, MARK(0));
    expect_page(f, AT(0), RW, MARK(0));
    unmap(e->task, AT(0), 12, RWX, L4_FP_OTHER_SPACES);
    expect_none(f, AT(0));
}

static void grant_within(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    grant(d->task, AT(1), d->task, AT(0), RW);
    expect_none(d, AT(0));
    expect_page(d, AT(1), RW, MARK(0));
    grant(d->task, AT(1), d->task, AT(1), RW);
    expect_none(d, AT(1));
}

static void grant_without_rights(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    grant(e->task, AT(0), d->task, AT(0), 0);
    expect_page(d, AT(0), RW, MARK(0));
    expect_none(e, AT(0));
}

static struct test_case const cases[] = {
    {"M-6", "one page with children in three tasks", many_children},
    {"M-8", "generations are bounded", generations},
    {"M-10", "gaps in the source are skipped", gaps},
    {"M-11", "nothing present is no error", nothing_present},
    {"M-12", "rights are those of source and request", rights_masked},
    {"M-13", "a range of 64 pages", many_pages},
    {"M-13", "a range stops at its window", range_in_a_window},
    {"M-19", "direct child gains rights and keeps its children", upgrade},
    {"M-19", "rights old and new, place in the tree unchanged", union_of_rights},
    {"M-20", "other page at the target is replaced with its descendants", replaced},
    {"M-20", "grant onto a child of the page", grant_onto_own_child},
    {"M-20", "the same frame from another parent", same_frame_of_another_parent},
    {"M-20", "the same frame from a parent that has it since later",
     same_frame_of_a_younger_parent},
    {"M-21", "page mapped onto itself vanishes", onto_itself},
    {"M-21", "page mapped onto its ancestor vanishes", onto_ancestor},
    {"M-22", "kernel-user memory is neither source nor target", onto_ku_mem},
    {"M-22", "kernel-user memory within a range", ku_mem_in_a_range},
    {"M-25", "alias in the same task is a child", alias_is_child},
    {"M-26", "two mappings of one page are independent", two_children},
    {"M-27", "a grandchild is not upgraded but replaced", not_a_direct_child},
    {"M-28", "mapping again does not reduce rights", no_reduction},
    {"M-31", "grant moves the page", granted},
    {"M-32", "children of a granted page keep their rights", grant_keeps_children},
    {"M-35", "grant within a task, and onto itself", grant_within},
    {"M-36", "grant without rights leaves the page", grant_without_rights},
};

int main(void)
{
    exchange_init();
    return TEST_RUN(cases);
}
