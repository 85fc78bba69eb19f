/* SPDX-License-Identifier: MIT */
/*
 * RAM of the root task.
 *
 * Decides: how much is taken from sigma0 at a time.  Called by load.c; calls sigma0.  Pages are
 * never given back: the memory of programs stays theirs until the machine ends.
 */
#include "root.h"

#include <l4/re/c/rm.h>
#include <l4/sigma0/sigma0.h>
#include <quire/string.h>

enum { CHUNK_ORDER = 16 }; /* 64 KiB, less when RAM is short */

static l4_addr_t next_page, chunk_end;

static int refill(void)
{
    for (unsigned order = CHUNK_ORDER; order >= L4_PAGESHIFT; order--) {
        l4_addr_t at = 0, base;

        if (l4re_rm_reserve_area(&at, 1UL << order, L4RE_RM_F_SEARCH_ADDR, (unsigned char)order) <
            0)
            return -1;
        if (l4sigma0_map_anypage(L4_BASE_PAGER_CAP, at, order, &base, order) == 0) {
            next_page = at;
            chunk_end = at + (1UL << order);
            return 0;
        }
        l4re_rm_free_area(at);
    }
    return -1;
}

void *page_alloc(void)
{
    void *page;

    if (next_page == chunk_end && refill() < 0)
        return NULL;
    page = (void *)next_page;
    next_page += L4_PAGESIZE;
    return memset(page, 0, L4_PAGESIZE);
}
