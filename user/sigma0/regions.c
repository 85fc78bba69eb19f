/* SPDX-License-Identifier: MIT */
/*
 * Sorted lists of owned ranges, see regions.h.  Called by main.c and init.c, calls string.c only.
 */
#include "regions.h"

#include <l4/sys/__l4_fpage.h>
#include <quire/string.h>

/* Index of the first region that ends at or behind address. */
static unsigned find(struct region_map const *m, l4_addr_t address)
{
    unsigned low = 0, high = m->n;

    while (low < high) {
        unsigned mid = (low + high) / 2;

        if (m->r[mid].end < address)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void insert(struct region_map *m, unsigned at, struct region const *r)
{
    struct region copy = *r; /* r may be an element of the list */

    memmove(&m->r[at + 1], &m->r[at], (m->n - at) * sizeof(m->r[0]));
    m->r[at] = copy;
    m->n++;
}

static void remove_at(struct region_map *m, unsigned at)
{
    m->n--;
    memmove(&m->r[at], &m->r[at + 1], (m->n - at) * sizeof(m->r[0]));
}

int regions_remove(struct region_map *m, l4_addr_t start, l4_addr_t end)
{
    unsigned i = find(m, start);

    if (m->n >= MAX_REGIONS)
        return 0;
    while (i < m->n && m->r[i].start <= end) {
        struct region *r = &m->r[i];

        if (r->start < start && r->end > end) {
            struct region rest = *r;

            r->end = start - 1;
            rest.start = end + 1;
            insert(m, i + 1, &rest);
            break;
        }
        if (r->start < start) {
            r->end = start - 1;
            i++;
        } else if (r->end > end) {
            r->start = end + 1;
            break;
        } else {
            remove_at(m, i);
        }
    }
    return 1;
}

/* Joins region i with its successor if they are adjacent and alike. */
static void join(struct region_map *m, unsigned i)
{
    struct region *a = &m->r[i], *b = a + 1;

    if (i + 1 >= m->n || a->end + 1 != b->start || a->owner != b->owner || a->rights != b->rights)
        return;
    a->end = b->end;
    remove_at(m, i + 1);
}

int regions_set(struct region_map *m, struct region const *new_region)
{
    unsigned i;

    if (!regions_remove(m, new_region->start, new_region->end))
        return 0;
    i = find(m, new_region->start);
    insert(m, i, new_region);
    join(m, i);
    if (i > 0)
        join(m, i - 1);
    return 1;
}

int regions_claim(struct region_map *m, l4_addr_t start, l4_addr_t end, unsigned owner,
                  unsigned *rights)
{
    l4_addr_t at = start;
    unsigned i = find(m, start);

    /*
     * First look at everything, then change: a refused request must not leave traces.  Claiming
     * splits at most the first and the last region.
     */
    *rights = L4_FPAGE_RWX;
    if (m->n + 3 > MAX_REGIONS)
        return 0;
    for (unsigned k = i;; k++) {
        struct region const *r = &m->r[k];

        if (k == m->n || r->start > at || (r->owner != OWNER_FREE && r->owner != owner))
            return 0;
        *rights &= r->rights;
        if (r->end >= end)
            break;
        at = r->end + 1;
    }
    for (; i < m->n && m->r[i].start <= end; i++) {
        struct region part = m->r[i];

        if (part.owner == owner)
            continue;
        if (part.start < start)
            part.start = start;
        if (part.end > end)
            part.end = end;
        part.owner = owner;
        if (!regions_set(m, &part))
            return 0;
        i = find(m, part.start);
    }
    return 1;
}

int regions_claim_any(struct region_map *m, unsigned order, unsigned owner, l4_addr_t *start)
{
    l4_addr_t size, best_size = ~0UL;
    unsigned best = m->n;
    unsigned rights;

    if (order >= 63)
        return 0;
    size = 1UL << order;
    for (unsigned i = 0; i < m->n; i++) {
        struct region const *r = &m->r[i];
        l4_addr_t block = (r->start + size - 1) & ~(size - 1);

        if (r->owner != OWNER_FREE || block < r->start || block > r->end ||
            r->end - block < size - 1 || r->end - r->start >= best_size)
            continue;
        best = i;
        best_size = r->end - r->start;
    }
    if (best == m->n)
        return 0;
    /* From the top of the region: what is left keeps its start. */
    *start = (m->r[best].end - (size - 1)) & ~(size - 1);
    return regions_claim(m, *start, *start + size - 1, owner, &rights);
}

l4_addr_t regions_sum(struct region_map const *m, unsigned owner)
{
    l4_addr_t sum = 0;

    for (unsigned i = 0; i < m->n; i++)
        if (m->r[i].owner == owner)
            sum += m->r[i].end - m->r[i].start + 1;
    return sum;
}
