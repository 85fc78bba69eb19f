/* SPDX-License-Identifier: MIT */
/*
 * Derivation trees over several tasks (rules U-1 ... U-9, U-12 ... U-16, M-3 ... M-5, M-9).
 *
 * The scenarios of the reference by real map and unmap calls: the main task stands for the root of
 * the tree, d, e, f, son, daughter and aunt for the tasks named there (other = d, client = e, father
 * = f).  What a lookup in the database would say shows in who loses what.  Pages of 1 GiB (U-10,
 * U-11): t_huge.c.
 *
 * Runs as root task; see big.h.
 */
#include "big.h"
#include "memory.h"

#include <l4/sigma0/sigma0.h>

#define HPET 0xfed00000UL   /* physical address of a timer's registers */
#define DEVICE 0x58000000UL /* where the main task puts them */

static struct worker *son, *daughter, *aunt;

static void setup(void)
{
    big_setup();
    worker_reset(son);
    worker_reset(daughter);
    worker_reset(aunt);
}

static void small(struct worker *to, l4_addr_t at, struct worker *from, l4_addr_t src)
{
    map(to->task, at, from->task, src, RW);
}

static void revoke(struct worker *w, l4_addr_t at, unsigned order, l4_umword_t mask)
{
    unmap(w->task, at, order, RWX, mask);
}

/* Nothing comes from an address that has no node; the root finds everything of its own. */
static void lookup_without_node(void)
{
    small(e, AT(1), d, 0x7ff12345000UL);
    expect_none(e, AT(1));
    map(e->task, AT(1), MAIN, BIG(1777), RW);
    expect_mark(e, AT(1), BIG_MARK(1777));
}

static void page_below_root(void)
{
    map(d->task, 0x2000, MAIN, PAGE(1), RW);
    expect_page(d, 0x2000, RW, MARK(1));
    expect_none(d, 0x1000);
    expect_none(d, 0x3000);
    unmap(MAIN, PAGE(1), 12, RWX, L4_FP_OTHER_SPACES);
    expect_none(d, 0x2000);
}

static void piece_of_large_page(void)
{
    map_range(d->task, 0x800000, MAIN, RANGE(BIG2(1), 21, RW));
    small(e, 15 * L4_PAGESIZE, d, 0x800000 + 15 * L4_PAGESIZE);
    /* Not found at its neighbours, but at its place, and below d's page. */
    revoke(d, 0x800000 + 14 * L4_PAGESIZE, 12, L4_FP_OTHER_SPACES);
    revoke(d, 0x800000 + 16 * L4_PAGESIZE, 12, L4_FP_OTHER_SPACES);
    expect_mark(e, 15 * L4_PAGESIZE, BIG_MARK(512 + 15));
    revoke(d, 0x800000 + 15 * L4_PAGESIZE, 12, L4_FP_OTHER_SPACES);
    expect_none(e, 15 * L4_PAGESIZE);
    expect_large(d, 0x800000);
}

static void hole_in_the_tree(void)
{
    map(f->task, AT(0), MAIN, PAGE(1), RW);
    small(son, AT(0), f, AT(0));
    small(daughter, AT(0), f, AT(0));
    revoke(son, AT(0), 12, L4_FP_ALL_SPACES);
    expect_none(son, AT(0));
    expect_mark(daughter, AT(0), MARK(1));
    map(aunt->task, AT(0), MAIN, PAGE(1), RW);
    expect_mark(daughter, AT(0), MARK(1));
    expect_mark(f, AT(0), MARK(1));
    revoke(f, AT(0), 12, L4_FP_OTHER_SPACES);
    expect_none(daughter, AT(0));
    expect_mark(aunt, AT(0), MARK(1));
}

/* U-5, U-6: two sizes next to each other below the root. */
static l4_addr_t two_sizes(void)
{
    l4_addr_t large = fresh();

    map(d->task, 0x2000, MAIN, BIG(1), RW);
    map_range(d->task, large, MAIN, RANGE(BIG2(1), 21, RW));
    map_range(aunt->task, large, MAIN, RANGE(BIG2(0), 21, RW));
    small(son, 0xa0000000, d, large);
    return large;
}

static void unmap_below_large(void)
{
    l4_addr_t large = two_sizes();

    revoke(d, large, 21, L4_FP_OTHER_SPACES);
    expect_none(son, 0xa0000000);
    expect_mark(d, large, BIG_MARK(512));
    expect_mark(d, 0x2000, BIG_MARK(1));
    expect_mark(aunt, large, BIG_MARK(0));
}

static void unmap_at_root(void)
{
    l4_addr_t large = two_sizes();

    unmap(MAIN, BIG2(1), 21, RWX, L4_FP_OTHER_SPACES);
    expect_none(d, large);
    expect_none(son, 0xa0000000);
    expect_mark(d, 0x2000, BIG_MARK(1));
    expect_mark(aunt, large, BIG_MARK(0));
    revoke(d, 0x2000, 12, L4_FP_ALL_SPACES);
    expect_none(d, 0x2000);
    expect_mark(aunt, large, BIG_MARK(0));
}

/* U-7 ... U-9: 8 MiB of f; three large pages of aunt from it, which mix two blocks of 4 MiB. */
static void family(void)
{
    map_range(f->task, 0x03000000, MAIN, RANGE(BIG2(0), 23, RW));
    for (unsigned i = 0; i < 3; i++)
        map_range(aunt->task, 0x04000000 + i * MIB2, f->task,
                  RANGE(0x03000000 + (i + 1) * MIB2, 21, RW));
}

static void two_parents(void)
{
    family();
    for (unsigned i = 0; i < 3; i++)
        expect_mark(aunt, 0x04000000 + i * MIB2, BIG_MARK((i + 1) * 512));
    revoke(f, 0x03400000, 21, L4_FP_OTHER_SPACES);
    expect_none(aunt, 0x04200000);
    expect_mark(aunt, 0x04400000, BIG_MARK(3 * 512));
    expect_large(aunt, 0x04000000);
    expect_large(aunt, 0x04400000);
    expect_large(f, 0x03400000);
}

static void three_pages_of_aunt(void)
{
    family();
    for (unsigned i = 0; i < 3; i++)
        small(e, 0x2000 + i * L4_PAGESIZE, aunt, 0x04001000 + i * L4_PAGESIZE);
    revoke(aunt, 0x04000000, 12, L4_FP_OTHER_SPACES);
    revoke(aunt, 0x04004000, 12, L4_FP_OTHER_SPACES);
    for (unsigned i = 0; i < 3; i++)
        expect_mark(e, 0x2000 + i * L4_PAGESIZE, BIG_MARK(512 + 1 + i));
    expect_none(e, 0x1000);
    expect_none(e, 0x5000);
    revoke(aunt, 0x04002000, 12, L4_FP_OTHER_SPACES);
    expect_none(e, 0x3000);
    expect_mark(e, 0x4000, BIG_MARK(512 + 3));
    revoke(f, 0x03200000, 21, L4_FP_OTHER_SPACES);
    expect_none(e, 0x2000);
    expect_none(e, 0x4000);
}

static void child_as_large_as_parent(void)
{
    family();
    map_range(aunt->task, 0x05000000, f->task, RANGE(0x03000000, 22, RW));
    for (unsigned i = 0; i < 3; i++)
        small(e, 0x42000 + i * L4_PAGESIZE, aunt, 0x05201000 + i * L4_PAGESIZE);
    expect_mark(e, 0x43000, BIG_MARK(512 + 2));
    revoke(aunt, 0x04000000, 21, L4_FP_ALL_SPACES); /* the same frames, another branch */
    expect_mark(e, 0x43000, BIG_MARK(512 + 2));
    revoke(f, 0x03200000, 12, L4_FP_OTHER_SPACES); /* M-41: the child of the same size goes whole */
    expect_none(e, 0x43000);
    expect_none(aunt, 0x05200000);
    expect_mark(aunt, 0x05000000, BIG_MARK(0));
}

static void hot_spot_in_whole_space(void)
{
    x_window(l4_fpage(0, 63, 0), L4_INVALID_CAP);
    x_item(l4_snd_fpage_mem(PAGE(16), 12, RWX, 0x4000, 0));
    x_ok(d);
    expect_page(d, 0x4000, RWX, MARK(16));
    revoke(d, 0x4000, 12, L4_FP_ALL_SPACES);
}

static void large_into_window(void)
{
    l4_addr_t at = fresh();

    x_window(l4_fpage(at, 21, 0), L4_INVALID_CAP);
    x_item(l4_snd_fpage_mem(BIG2(1), 21, RWX, 0, 0));
    x_ok(d);
    expect_page(d, at + 0x1000, RWX, BIG_MARK(513));
    /* U-14: a small piece of it on to a third task. */
    x_begin(0);
    x_window(l4_fpage(0, 63, 0), L4_INVALID_CAP);
    x_item(l4_snd_fpage_mem(at + 0x1000, 12, RWX, 0x8000, 0));
    expect("send", x_pass(d, e, PEER_E), 0);
    expect_page(e, 0x8000, RWX, BIG_MARK(513));
    expect_large(d, at);
    expect_none(e, 0x8000);
}

static void used_entries(void)
{
    map(d->task, 0x8000, MAIN, PAGE(1), RW);
    worker_write(d, 0x8010, 0x77);
    expect_page(d, 0x8000, RW, MARK(1));
    expect("bits", unmap(MAIN, PAGE(1), 12, 0, L4_FP_OTHER_SPACES), 3);
    expect_page(d, 0x8000, RW, MARK(1));
    small(e, 0x9000, d, 0x8000); /* a used page is as good a source */
    expect_page(e, 0x9000, RW, MARK(1));
}

static void no_rights_named(void)
{
    l4_addr_t at = fresh();

    map_range(d->task, at, MAIN, RANGE(BIG2(1), 21, RW));
    unmap(d->task, at + 0x3000, 12, 0, L4_FP_ALL_SPACES);
    expect_page(d, at + 0x3000, RW, BIG_MARK(515));
    expect_large(d, at);
}

/* ---- more of section 1 and 2 ---- */

/* The quota or depth may end a map; what was before stays: effects are in ascending order. */
static void ascending(void)
{
    l4_addr_t last = AT(0);

    map(d->task, AT(0), MAIN, PAGE(0), RW);
    for (unsigned i = 1; i < 255; i++) { /* the deepest page there can be, see M-8 */
        map(d->task, AT(i), d->task, AT(i - 1), RW);
        last = AT(i);
    }
    map(e->task, AT(0), MAIN, PAGE(1), RW);
    grant(e->task, AT(1), d->task, last, RW);
    map(e->task, AT(2), MAIN, PAGE(2), RW);
    expect_label("second page cannot be mapped",
                 map_order(f->task, AT(0), e->task, RANGE(AT(0), 14, RW)),
                 l4_ipc_to_errno(L4_IPC_SEMAPFAILED));
    expect_mark(f, AT(0), MARK(1));
    expect_none(f, AT(1));
    expect_none(f, AT(2));
    expect_mark(e, AT(1), MARK(0));
}

/* sigma0 itself has never touched this timer's registers: all physical memory is "found" in it. */
static void root_has_everything(void)
{
    unsigned long id = 0;

    expect_label("sigma0", l4sigma0_map_iomem(L4_BASE_PAGER_CAP, HPET, DEVICE, L4_PAGESIZE, 0), 0);
    map(d->task, AT(0), MAIN, DEVICE, RO);
    expect("read", (unsigned long)worker_read(d, AT(0), &id), 1);
    expect("vendor of the timer", id >> 16 & 0xffff, 0x8086);
    unmap(MAIN, DEVICE, 12, RWX, L4_FP_ALL_SPACES);
    expect_none(d, AT(0));
    /* It comes again: what is taken from a child stays in the root. */
    expect_label("sigma0", l4sigma0_map_iomem(L4_BASE_PAGER_CAP, HPET, DEVICE, L4_PAGESIZE, 0), 0);
    map(d->task, AT(0), MAIN, DEVICE, RO);
    expect("again", (unsigned long)worker_read(d, AT(0), 0), 1);
    unmap(MAIN, DEVICE, 12, RWX, L4_FP_ALL_SPACES);
}

/* The kernel's own check of its tables, nodes, slots and accounts, with a tree of many shapes. */
static void one_node_per_entry(void)
{
    family();
    two_sizes();
    for (unsigned i = 0; i < 3; i++)
        small(e, 0x2000 + i * L4_PAGESIZE, aunt, 0x04001000 + i * L4_PAGESIZE);
    grant(e->task, AT(1), e->task, 0x2000, RW);
    expect_label("invariants", kernel_check(), 0);
}

/*
 * The server runs in the main task: between its access and the main thread's call no other address
 * space is loaded, so an old translation would still be in use if the call did not flush it.
 */
static void stale_in_the_running_task(void)
{
    l4_addr_t large = fresh();

    for (unsigned i = 0; i < 3; i++) {
        alias(AT(0), 1);
        expect_page(server, AT(0), RWX, MARK(1));
        unmap(MAIN, PAGE(1), 12, L4_FPAGE_W, L4_FP_OTHER_SPACES);
        expect("write after W was taken", (unsigned long)worker_write(server, AT(0) + 16, 1), 0);
        map(MAIN, AT(0), MAIN, PAGE(2), RW); /* over-mapped */
        expect_page(server, AT(0), RW, MARK(2));
        grant(MAIN, AT(1), MAIN, AT(0), RW); /* moved */
        expect_none(server, AT(0));
        expect_page(server, AT(1), RW, MARK(2));
        unmap(MAIN, AT(1), 12, RWX, L4_FP_ALL_SPACES);
        expect_none(server, AT(1));
        map_range(MAIN, large, MAIN, RANGE(BIG2(1), 21, RW));
        expect_page(server, large + 0x5000, RW, BIG_MARK(517));
        unmap(MAIN, BIG2(1), 12, RWX, L4_FP_OTHER_SPACES);
        expect_none(server, large + 0x5000);
    }
}

/*
 * One operation that takes a page from more spaces than any bookkeeping of them would remember, the
 * running one first, in the middle and last.
 */
static void many_spaces_at_once(void)
{
    enum { SPACES = 40 };
    l4_cap_idx_t task[SPACES];
    unsigned alias_at[] = {0, SPACES / 2, SPACES - 1};

    for (unsigned i = 0; i < SPACES; i++) {
        task[i] = new_task(L4_BASE_FACTORY_CAP);
        map(task[i], AT(0), MAIN, PAGE(1), RW);
        for (unsigned n = 0; n < 3; n++)
            if (alias_at[n] == i)
                map(MAIN, AT(n), MAIN, PAGE(1), RW);
    }
    for (unsigned n = 0; n < 3; n++)
        expect_page(server, AT(n), RW, MARK(1));
    unmap(MAIN, PAGE(1), 12, L4_FPAGE_W, L4_FP_OTHER_SPACES);
    for (unsigned n = 0; n < 3; n++)
        expect("write", (unsigned long)worker_write(server, AT(n) + 16, 1), 0);
    unmap(MAIN, PAGE(1), 12, RWX, L4_FP_OTHER_SPACES);
    for (unsigned n = 0; n < 3; n++)
        expect("read", (unsigned long)worker_read(server, AT(n), 0), 0);
    for (unsigned i = 0; i < SPACES; i++)
        delete_object(task[i]);
}

static void more_rights_without_a_fault(void)
{
    map(MAIN, AT(0), MAIN, PAGE(1), RO);
    expect("read", (unsigned long)worker_read(server, AT(0), 0), 1);
    map(MAIN, AT(0), MAIN, PAGE(1), RWX);
    expect_page(server, AT(0), RWX, MARK(1));
    expect("page faults", pager_seen.faults, 0);
}

static struct test_case const cases[] = {
    {"U-1", "lookup without a node", lookup_without_node},
    {"U-2", "small page below the root", page_below_root},
    {"U-3", "piece of a large page", piece_of_large_page},
    {"U-4", "hole in the tree", hole_in_the_tree},
    {"U-5", "others only below a large page", unmap_below_large},
    {"U-6", "unmap at the root, then one small page", unmap_at_root},
    {"U-7", "large pages of two parents", two_parents},
    {"U-8", "three small pages of a large one", three_pages_of_aunt},
    {"U-9", "child as large as its parent", child_as_large_as_parent},
    {"U-12", "hot spot in the whole space", hot_spot_in_whole_space},
    {"U-13", "large page into a window", large_into_window},
    {"U-14", "a piece of that into the whole space of a third task", large_into_window},
    {"U-15", "used entries keep frame and rights", used_entries},
    {"U-16", "empty rights leave the large page", no_rights_named},
    {"M-3", "ascending order, a failure keeps what was before", ascending},
    {"M-4", "one node for each entry", one_node_per_entry},
    {"M-5", "the root finds everything", root_has_everything},
    {"M-49", "no stale translation in the running task", stale_in_the_running_task},
    {"M-51", "a page taken from many spaces in one operation", many_spaces_at_once},
    {"M-50", "more rights without a page fault", more_rights_without_a_fault},
    {"M-9", "a node is found at its own place only", piece_of_large_page},
};

int main(void)
{
    big_init();
    son = worker_new(1);
    daughter = worker_new(1);
    aunt = worker_new(1);
    test_setup = setup;
    return TEST_RUN(cases);
}
