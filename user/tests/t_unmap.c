/* SPDX-License-Identifier: MIT */
/*
 * Unmap of 4 KiB pages (rules M-38 ... M-49).  Runs as root task; see pages.h.
 */
#include "pages.h"

#include <l4/re/c/util/cap_alloc.h>

#define UTCB_PAGE 0xb3000000UL

enum { REFERENCED = 1, MODIFIED = 2 };

/* main -> d -> e -> f, all at AT(0). */
static void chain(unsigned rights)
{
    map(d->task, AT(0), MAIN, PAGE(0), rights);
    map(e->task, AT(0), d->task, AT(0), rights);
    map(f->task, AT(0), e->task, AT(0), rights);
}

static void take_write(void)
{
    chain(RWX);
    unmap(d->task, AT(0), 12, L4_FPAGE_W, L4_FP_OTHER_SPACES);
    expect_page(d, AT(0), RWX, MARK(0));
    expect_page(e, AT(0), RX, MARK(0));
    expect_page(f, AT(0), RX, MARK(0));
    unmap(d->task, AT(0), 12, L4_FPAGE_X, L4_FP_ALL_SPACES);
    expect_page(d, AT(0), RW, MARK(0));
    expect_page(e, AT(0), RO, MARK(0));
    /* The nodes stay: what is left can still be revoked. */
    unmap(d->task, AT(0), 12, RO, L4_FP_OTHER_SPACES);
    expect_page(d, AT(0), RW, MARK(0));
    expect_none(f, AT(0));
}

static void take_both(void)
{
    chain(RWX);
    unmap(d->task, AT(0), 12, L4_FPAGE_W | L4_FPAGE_X, L4_FP_OTHER_SPACES);
    expect_page(d, AT(0), RWX, MARK(0));
    expect_page(e, AT(0), RO, MARK(0));
    expect_page(f, AT(0), RO, MARK(0));
}

static void take_nothing(void)
{
    chain(RW);
    unmap(d->task, AT(0), 12, 0, L4_FP_ALL_SPACES);
    expect_page(d, AT(0), RW, MARK(0));
    expect_page(e, AT(0), RW, MARK(0));
}

static void all_descendants(void)
{
    chain(RW);
    map(d->task, AT(5), e->task, AT(0), RW); /* an alias in the addressed task itself */
    unmap(d->task, AT(0), 12, RWX, L4_FP_OTHER_SPACES);
    expect_page(d, AT(0), RW, MARK(0));
    expect_none(d, AT(5));
    expect_none(e, AT(0));
    expect_none(f, AT(0));
}

static void with_self(void)
{
    chain(RW);
    unmap(e->task, AT(0), 12, RWX, L4_FP_ALL_SPACES);
    expect_page(d, AT(0), RW, MARK(0));
    expect_none(e, AT(0));
    expect_none(f, AT(0));
}

static void below_goes_too(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    map(e->task, AT(7), d->task, AT(0), RW);
    map(f->task, AT(9), e->task, AT(7), RW);
    unmap(d->task, AT(0), 12, RO, L4_FP_OTHER_SPACES);
    expect_none(e, AT(7));
    expect_none(f, AT(9));
}

static void siblings_stay(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    map(e->task, AT(0), MAIN, PAGE(0), RW);
    map(f->task, AT(0), d->task, AT(0), RW);
    unmap(d->task, AT(0), 12, RWX, L4_FP_ALL_SPACES);
    expect_none(d, AT(0));
    expect_none(f, AT(0));
    expect_page(e, AT(0), RW, MARK(0));
}

static void ranges(void)
{
    expect_label("map", map_order(d->task, AT(0), MAIN, l4_fpage(PAGE(0), 15, RW)), 0);
    unmap(d->task, AT(1), 12, RWX, L4_FP_ALL_SPACES); /* a gap */
    unmap(d->task, AT(0), 14, RWX, L4_FP_ALL_SPACES);
    for (unsigned i = 0; i < 4; i++)
        expect_none(d, AT(i));
    expect_page(d, AT(4), RW, MARK(4));
    unmap(d->task, AT(4), 11, RWX, L4_FP_ALL_SPACES); /* orders below 12 do nothing */
    expect_page(d, AT(4), RW, MARK(4));
}

static void several_flexpages(void)
{
    l4_fpage_t fp[3];

    for (unsigned i = 0; i < 3; i++) {
        map(d->task, AT(2 * i), MAIN, PAGE(i), RW);
        fp[i] = l4_fpage(AT(2 * i), L4_PAGESHIFT, i == 1 ? L4_FPAGE_W : L4_FPAGE_RWX);
    }
    expect_label("unmap", l4_error(l4_task_unmap_batch(d->task, fp, 3, L4_FP_ALL_SPACES)), 0);
    expect_none(d, AT(0));
    expect_page(d, AT(2), RO, MARK(1));
    expect_none(d, AT(4));
}

static void ku_mem_stays(void)
{
    unmap(d->task, UTCB_PAGE, 12, RWX, L4_FP_ALL_SPACES);
    map(d->task, AT(0), MAIN, PAGE(0), RO);
    expect_page(d, AT(0), RO, MARK(0)); /* the worker still gets orders through its UTCB */
}

static void access_bits(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    unmap(MAIN, PAGE(0), 12, 0, L4_FP_OTHER_SPACES); /* clears what earlier cases left */
    expect("untouched", unmap(MAIN, PAGE(0), 12, 0, L4_FP_OTHER_SPACES), 0);
    worker_read(d, AT(0), 0);
    expect("read", unmap(MAIN, PAGE(0), 12, 0, L4_FP_OTHER_SPACES), REFERENCED);
    worker_write(d, AT(0) + 16, 1);
    expect("written", unmap(MAIN, PAGE(0), 12, 0, L4_FP_OTHER_SPACES), REFERENCED | MODIFIED);
    expect("cleared by reading", unmap(MAIN, PAGE(0), 12, 0, L4_FP_OTHER_SPACES), 0);
}

/* Each word comes back in its place: its own bits, taken together over its range, nothing else changed. */
static void access_bits_of_ranges(void)
{
    l4_fpage_t const fp[] = {
        l4_fpage(AT(0), 14, L4_FPAGE_X),
        l4_fpage(AT(4), 13, L4_FPAGE_W | 8),
        l4_fpage(AT(8), 12, 0),
    };

    expect_label("map", map_order(d->task, AT(0), MAIN, l4_fpage(PAGE(0), 16, RW)), 0);
    unmap(MAIN, PAGE(0), 16, 0, L4_FP_OTHER_SPACES);
    map(e->task, AT(0), d->task, AT(3), RW);
    worker_read(d, AT(1), 0);
    worker_write(e, AT(0) + 16, 1); /* AT(3) of d */
    worker_read(d, AT(5), 0);
    expect_label("unmap", l4_error(l4_task_unmap_batch(d->task, fp, 3, L4_FP_ALL_SPACES)), 0);
    expect("first", l4_utcb_mr()->mr[2], (fp[0].raw & ~0xfUL) | REFERENCED | MODIFIED);
    expect("second", l4_utcb_mr()->mr[3], (fp[1].raw & ~0xfUL) | REFERENCED);
    expect("third", l4_utcb_mr()->mr[4], fp[2].raw & ~0xfUL);
}

static void access_bits_kept_for_parent(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    map(e->task, AT(0), d->task, AT(0), RW);
    unmap(MAIN, PAGE(0), 12, 0, L4_FP_OTHER_SPACES);
    worker_write(e, AT(0) + 16, 1);
    expect("for d", unmap(d->task, AT(0), 12, 0, L4_FP_OTHER_SPACES), REFERENCED | MODIFIED);
    expect("for d again", unmap(d->task, AT(0), 12, 0, L4_FP_OTHER_SPACES), 0);
    expect("for the main task", unmap(MAIN, PAGE(0), 12, 0, L4_FP_OTHER_SPACES),
           REFERENCED | MODIFIED);
}

static void no_right_needed(void)
{
    l4_cap_idx_t weak = l4re_util_cap_alloc();

    l4_task_map(MAIN, MAIN, l4_obj_fpage(d->task, 0, L4_CAP_FPAGE_R), weak);
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    expect_label("map through it", map_order(weak, AT(1), MAIN, l4_fpage(PAGE(1), 12, RW)),
                 -L4_EPERM);
    unmap(weak, AT(0), 12, RWX, L4_FP_ALL_SPACES);
    expect_none(d, AT(0));
    l4re_util_cap_free_um(weak);
}

/* Reads in a loop so that the translation is cached, then asks to be shown the new rights. */
static void cached_translation(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    for (unsigned i = 0; i < 50; i++) {
        expect("write", (unsigned long)worker_write(d, AT(0) + 16, i), 1);
        unmap(MAIN, PAGE(0), 12, L4_FPAGE_W, L4_FP_OTHER_SPACES);
        expect("write after unmap of W", (unsigned long)worker_write(d, AT(0) + 16, i), 0);
        map(d->task, AT(0), MAIN, PAGE(0), RW);
        expect("write after upgrade", (unsigned long)worker_write(d, AT(0) + 16, i), 1);
        map(d->task, AT(0), MAIN, PAGE(1 + i), RW);
        expect_page(d, AT(0), RW, MARK(1 + i));
        unmap(MAIN, PAGE(1 + i), 12, RWX, L4_FP_OTHER_SPACES);
        expect_none(d, AT(0));
        map(d->task, AT(0), MAIN, PAGE(0), RW);
    }
}

int quire_probe_read(l4_addr_t address, unsigned long *value);
int quire_probe_write(l4_addr_t address, unsigned long value);

static struct {
    int write_before, write_after, read_after;
    unsigned long replaced;
} own;

/* All in one thread: no switch of the address space refreshes the translations on the way. */
static void change_own_pages(void *unused)
{
    (void)unused;
    own.write_before = quire_probe_write(AT(3) + 16, 1);
    l4_task_unmap(MAIN, l4_fpage(AT(3), 12, L4_FPAGE_W), L4_FP_ALL_SPACES);
    own.write_after = quire_probe_write(AT(3) + 16, 1);
    quire_probe_read(AT(1), &own.replaced);
    l4_task_map(MAIN, MAIN, l4_fpage(AT(2), 12, L4_FPAGE_RO), AT(1));
    quire_probe_read(AT(1), &own.replaced);
    l4_task_unmap(MAIN, l4_fpage(AT(3), 12, L4_FPAGE_RWX), L4_FP_ALL_SPACES);
    own.read_after = quire_probe_read(AT(3), &(unsigned long){0});
}

static void cached_translation_own_task(void)
{
    for (unsigned i = 0; i < 4; i++)
        map(d->task, AT(i), MAIN, PAGE(i), RW);
    worker_run(d, change_own_pages, 0); /* in d, MAIN is the selector of d's own task */
    expect("done", (unsigned long)d->done, 1);
    expect("write", (unsigned long)own.write_before, 1);
    expect("write after unmap of W", (unsigned long)own.write_after, 0);
    expect("page after replacement", own.replaced, MARK(2));
    expect("read after unmap", (unsigned long)own.read_after, 0);
}

static struct test_case const cases[] = {
    {"M-38", "write and execute rights taken, the page stays", take_write},
    {"M-38", "write and execute rights taken at once", take_both},
    {"M-38", "no rights named, nothing taken", take_nothing},
    {"M-39", "all descendants, aliases too", all_descendants},
    {"M-39", "siblings stay", siblings_stay},
    {"M-42", "with the own page", with_self},
    {"M-43", "everything below a removed page goes", below_goes_too},
    {"M-44", "ranges with gaps, orders below 12", ranges},
    {"M-44", "several flexpages in one call", several_flexpages},
    {"M-45", "kernel-user memory is not affected", ku_mem_stays},
    {"M-46", "referenced and modified bits", access_bits},
    {"M-46", "bits of several ranges in one call", access_bits_of_ranges},
    {"M-46", "bits are kept for the parent", access_bits_kept_for_parent},
    {"M-48", "no right on the task is needed", no_right_needed},
    {"M-49", "no stale translation after unmap, upgrade and replacement", cached_translation},
    {"M-49", "no stale translation in the task that changes itself", cached_translation_own_task},
};

int main(void)
{
    pages_init();
    return TEST_RUN(cases);
}
