/* SPDX-License-Identifier: MIT */
/*
 * Reserved areas of the address space of a program without a region map.
 *
 * Decides: where such a program puts memory it receives.  Called by rm.c; calls nothing.  Invariant: areas[] is sorted
 * by address and its entries do not overlap.  The search starts far above RAM, image, stack and UTCBs.
 */
#include "area.h"

#include <quire/string.h>

#define SEARCH_START 0x10000000000UL /* 1 TiB */
#define SPACE_END 0x7ffffffff000UL   /* the last page of user space stays free */

enum { MAX_AREAS = 128 };

static struct area {
    l4_addr_t start, end; /* end is exclusive */
} areas[MAX_AREAS];
static unsigned n_areas;

/* Lowest address >= from with the alignment where size bytes are free, or 0; *pos: its index. */
static l4_addr_t find_gap(l4_addr_t from, unsigned long size, unsigned char align, unsigned *pos)
{
    l4_addr_t at = l4_round_size(from, align);

    for (*pos = 0; *pos < n_areas; (*pos)++) {
        struct area const *a = &areas[*pos];

        if (a->end <= at)
            continue;
        if (at + size <= a->start)
            break;
        at = l4_round_size(a->end, align);
    }
    return at <= SPACE_END && size <= SPACE_END - at ? at : 0;
}

int area_reserve(l4_addr_t *start, unsigned long size, l4re_rm_flags_t flags, unsigned char align)
{
    int search = (flags & L4RE_RM_F_SEARCH_ADDR) != 0;
    l4_addr_t from = *start, at;
    unsigned pos;

    if (align < L4_PAGESHIFT)
        align = L4_PAGESHIFT;
    if (size == 0 || size > SPACE_END || align > 46)
        return -L4_EINVAL;
    if (!search && from != l4_trunc_size(from, align))
        return -L4_EINVAL;
    if (search && from < SEARCH_START)
        from = SEARCH_START;
    size = l4_round_page(size);
    if (from > SPACE_END)
        return -L4_EADDRNOTAVAIL;
    at = find_gap(from, size, align, &pos);
    if (at == 0 || (!search && at != from))
        return -L4_EADDRNOTAVAIL;
    if (n_areas == MAX_AREAS)
        return -L4_ENOMEM;
    memmove(&areas[pos + 1], &areas[pos], (n_areas - pos) * sizeof(areas[0]));
    areas[pos] = (struct area){at, at + size};
    n_areas++;
    *start = at;
    return 0;
}

int area_free(l4_addr_t addr)
{
    for (unsigned i = 0; i < n_areas; i++) {
        if (addr < areas[i].start || addr >= areas[i].end)
            continue;
        n_areas--;
        memmove(&areas[i], &areas[i + 1], (n_areas - i) * sizeof(areas[0]));
        return 0;
    }
    return -L4_ENOENT;
}
