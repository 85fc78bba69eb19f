/* SPDX-License-Identifier: MIT */
/*
 * Map, grant and unmap of one thing: 4 KiB, 2 MiB, 512 x 4 KiB, a piece of a large page, an object,
 * a port.  Source is the main task, destination another one that had such things before, so that its
 * page tables are there.
 */
#include "spaces.h"

#include <l4/sigma0/sigma0.h>

enum { PORT = 0x2f8, PIECES = 512 };

/* The destination, a task whose thread can look at what was mapped. */
static l4_cap_idx_t task;

static l4_msgtag_t map_fpage(l4_fpage_t fp, l4_umword_t base)
{
    return l4_task_map(task, MAIN, fp, base);
}

static l4_msgtag_t unmap_fpage(l4_fpage_t fp)
{
    return l4_task_unmap(MAIN, fp, L4_FP_OTHER_SPACES);
}

/* Map and unmap of memory, as two series. */
static void memory(l4_fpage_t fp, l4_addr_t at, char const *map_name, char const *unmap_name)
{
    must(map_name, l4_error(map_fpage(fp, at)));
    expect_page(remote, at, 1);
    SERIES(unmap_fpage(fp), map_fpage(fp, at));
    series_report(unmap_name, 0);
    unmap_fpage(fp);
    expect_page(remote, at, 0);
    SERIES(map_fpage(fp, at), unmap_fpage(fp));
    series_report(map_name, 0);
}

/* A capability: it has no descendants, so it is taken from where it was mapped to. */
static void capability(void)
{
    l4_fpage_t here = l4_obj_fpage(L4_BASE_LOG_CAP, 0, L4_CAP_FPAGE_RWS);
    l4_fpage_t there = l4_obj_fpage(CHILD_SLOT, 0, L4_CAP_FPAGE_RWS);

    must("map", l4_error(map_fpage(here, CHILD_SLOT)));
    must("capability", l4_error(l4_task_cap_valid(task, CHILD_SLOT)) == 1 ? 0 : -L4_ENOENT);
    SERIES(l4_task_unmap(task, there, L4_FP_ALL_SPACES), map_fpage(here, CHILD_SLOT));
    series_report("unmap_cap", 0);
    l4_task_unmap(task, there, L4_FP_ALL_SPACES);
    must("no capability", l4_error(l4_task_cap_valid(task, CHILD_SLOT)) == 0 ? 0 : -L4_EEXIST);
    SERIES(map_fpage(here, CHILD_SLOT), l4_task_unmap(task, there, L4_FP_ALL_SPACES));
    series_report("map_cap", 0);
}

static void port(void)
{
    l4_fpage_t fp = l4_iofpage(PORT, 0);

    must("port", l4sigma0_map_ioports(L4_BASE_PAGER_CAP, PORT, 0));
    must("map", l4_error(map_fpage(fp, 0)));
    SERIES(unmap_fpage(fp), map_fpage(fp, 0));
    series_report("unmap_port", 0);
    unmap_fpage(fp);
    SERIES(map_fpage(fp, 0), unmap_fpage(fp));
    series_report("map_port", 0);
}

/* There and back again, as a series; only the way there is timed. */
static void grant(char const *name, l4_fpage_t here, l4_umword_t to, l4_fpage_t there,
                  l4_umword_t home)
{
    SERIES(l4_task_map(task, MAIN, here, to | L4_MAP_ITEM_GRANT),
           must("back", l4_error(l4_task_map(MAIN, task, there, home | L4_MAP_ITEM_GRANT))));
    series_report(name, 0);
    must(name, l4_error(l4_task_map(task, MAIN, here, to | L4_MAP_ITEM_GRANT)));
}

static void grant_memory(char const *name, l4_addr_t page, unsigned order, l4_addr_t at)
{
    l4_addr_t last = (1UL << order) - L4_PAGESIZE;
    l4_fpage_t there = l4_fpage(at, order, L4_FPAGE_RWX);

    grant(name, l4_fpage(page, order, L4_FPAGE_RWX), at, there, page);
    expect_page(remote, at + last, 1);
    must("back", l4_error(l4_task_map(MAIN, task, there, page | L4_MAP_ITEM_GRANT)));
    expect_page(remote, at + last, 0);
    *(volatile char *)(page + last) = 1;
}

static void grants(void)
{
    l4_cap_idx_t own = new_slot();
    l4_fpage_t there = l4_obj_fpage(CHILD_SLOT, 0, L4_CAP_FPAGE_RWS);

    grant_memory("grant_4k", PAGE(1), L4_PAGESHIFT, AT(1));
    grant_memory("grant_2m", LARGE, LARGE_ORDER, AT_LARGE);
    grant_memory("grant_512x4k", PAGE(0), LARGE_ORDER, AT(0));
    give(MAIN, own, L4_BASE_LOG_CAP);
    grant("grant_cap", l4_obj_fpage(own, 0, L4_CAP_FPAGE_RWS), CHILD_SLOT, there, own);
    must("here", l4_error(l4_task_cap_valid(MAIN, own)) == 0 ? 0 : -L4_EEXIST);
    must("there", l4_error(l4_task_cap_valid(task, CHILD_SLOT)) == 1 ? 0 : -L4_ENOENT);
    l4_task_unmap(task, there, L4_FP_ALL_SPACES);
    grant("grant_port", l4_iofpage(PORT, 0), 0, l4_iofpage(PORT, 0), 0);
}

/* 512 pages of 4 KiB as one flexpage. */
static void many_pages(void)
{
    l4_fpage_t fp = l4_fpage(PAGE(0), LARGE_ORDER, L4_FPAGE_RWX);
    unsigned long value;

    must("map", l4_error(map_fpage(fp, AT(0))));
    expect_page(remote, AT(PIECES - 1), 1);
    SERIES(unmap_fpage(fp), map_fpage(fp, AT(0)));
    value = series_report("unmap_512x4k", 0);
    value_report("unmap_512x4k_per_page", 0, (value + PIECES - 1) / PIECES, "instr");
    unmap_fpage(fp);
    expect_page(remote, AT(PIECES - 1), 0);
    SERIES(map_fpage(fp, AT(0)), unmap_fpage(fp));
    value = series_report("map_512x4k", 0);
    value_report("map_512x4k_per_page", 0, (value + PIECES - 1) / PIECES, "instr");
}

/* Pieces from everywhere in the large page, each once, while the others are mapped: map, or else unmap. */
static void many_pieces(char const *name, int map)
{
    series_begin(0);
    for (unsigned i = 0; i < MAX_SAMPLES; i++) {
        unsigned number = i * (PIECES / MAX_SAMPLES) + i % (PIECES / MAX_SAMPLES);
        l4_fpage_t page = l4_fpage(LARGE + number * L4_PAGESIZE, L4_PAGESHIFT, L4_FPAGE_RWX);
        if (map) {
            unmap_fpage(page);
            MEASURE(map_fpage(page, AT(number)));
        } else {
            MEASURE(unmap_fpage(page));
            map_fpage(page, AT(number));
        }
    }
    series_report(name, PIECES - 1);
}

/* One piece of the large page, while `others` other pieces are mapped. */
static void piece(unsigned others)
{
    l4_addr_t page = LARGE + (PIECES / 2) * L4_PAGESIZE;
    l4_addr_t at = AT(PIECES / 2);
    l4_fpage_t large = l4_fpage(LARGE, LARGE_ORDER, L4_FPAGE_RWX);

    if (others)
        for (unsigned i = 0; i < PIECES; i++)
            must_map(task, AT(i), MAIN, LARGE + i * L4_PAGESIZE);
    unmap_below(page);
    expect_page(remote, at, 0);
    SERIES(map_page(task, at, MAIN, page), unmap_below(page));
    series_report("map_piece", others);
    must_map(task, at, MAIN, page);
    expect_page(remote, at, 1);
    SERIES(unmap_below(page), map_page(task, at, MAIN, page));
    series_report("unmap_piece", others);
    if (others) {
        many_pieces("map_pieces", 1);
        many_pieces("unmap_pieces", 0);
    }
    unmap_fpage(large);
}

void bench_maps(void)
{
    task = remote->task;
    release(remote);
    memory(l4_fpage(PAGE(0), L4_PAGESHIFT, L4_FPAGE_RWX), AT(0), "map_4k", "unmap_4k");
    memory(l4_fpage(LARGE, LARGE_ORDER, L4_FPAGE_RWX), AT_LARGE, "map_2m", "unmap_2m");
    many_pages();
    piece(0);
    piece(PIECES - 1);
    capability();
    port();
    grants();
}
