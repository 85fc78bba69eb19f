/* SPDX-License-Identifier: MIT */
/* Pages of the mapping tests, see pages.h.  Called by t_*.c; calls worker.c and task objects. */
#include "pages.h"

#include <l4/sigma0/sigma0.h>
#include <quire/io.h>
#include <quire/program.h>

enum { POOL_ORDER = 18 };
_Static_assert(N_PAGES *L4_PAGESIZE == 1UL << POOL_ORDER, "size of the pool");

struct worker *d, *e, *f;

void pages_init(void)
{
    l4_addr_t base;

    for (unsigned i = 0; i < N_PAGES; i++) {
        if (l4sigma0_map_anypage(L4_BASE_PAGER_CAP, PAGE(i), L4_PAGESHIFT, &base, L4_PAGESHIFT)) {
            printf("no memory for the test\n");
            exit(1);
        }
        ((volatile unsigned long *)PAGE(i))[0] = MARK(i);
        ((volatile unsigned long *)PAGE(i))[1] = 0xc3c3c3c3c3c3c3c3UL; /* ret */
    }
    d = worker_new(1);
    e = worker_new(1);
    f = worker_new(1);
    test_setup = pages_setup;
}

void pages_setup(void)
{
    worker_reset(d);
    worker_reset(e);
    worker_reset(f);
    pager_reset();
    unmap(MAIN, PAGE(0), POOL_ORDER, RWX, L4_FP_OTHER_SPACES);
}

long map_order(l4_cap_idx_t to, l4_addr_t at, l4_cap_idx_t from, l4_fpage_t what)
{
    return l4_error(l4_task_map(to, from, what, at));
}

void map(l4_cap_idx_t to, l4_addr_t at, l4_cap_idx_t from, l4_addr_t page, unsigned rights)
{
    expect_label("map",
                 map_order(to, at, from, l4_fpage(page, L4_PAGESHIFT, (unsigned char)rights)), 0);
}

void grant(l4_cap_idx_t to, l4_addr_t at, l4_cap_idx_t from, l4_addr_t page, unsigned rights)
{
    map(to, at | L4_MAP_ITEM_GRANT, from, page, rights);
}

unsigned unmap(l4_cap_idx_t task, l4_addr_t at, unsigned order, unsigned rights, l4_umword_t mask)
{
    l4_fpage_t fp = l4_fpage(at, order, (unsigned char)rights);

    expect_label("unmap", l4_error(l4_task_unmap(task, fp, mask)), 0);
    return (unsigned)l4_utcb_mr()->mr[2] & 0xfU;
}

void expect_page(struct worker *w, l4_addr_t at, unsigned rights, unsigned long mark)
{
    unsigned long v = 0;

    expect("rights", worker_rights(w, at), rights);
    if (rights && worker_read(w, at, &v))
        expect("page", v, mark);
}

void expect_none(struct worker *w, l4_addr_t at)
{
    expect("rights", worker_rights(w, at), NOTHING);
}
