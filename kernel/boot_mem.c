/* SPDX-License-Identifier: MIT */
/*
 * Sets of physical address ranges, see boot_mem.h.  Called by boot*.c and multiboot.c; calls
 * nothing.
 *
 * A full set drops what does not fit.  For sets of free memory that is safe:
 * memory is lost, never invented.
 */
#include "boot_mem.h"

static void delete_at(struct range_set *set, unsigned i)
{
    set->n--;
    for (; i < set->n; i++)
        set->r[i] = set->r[i + 1];
}

static void insert_at(struct range_set *set, unsigned i, struct range range)
{
    if (set->n == RANGE_SET_MAX) {
        return;
    }
    for (unsigned k = set->n; k > i; k--)
        set->r[k] = set->r[k - 1];
    set->r[i] = range;
    set->n++;
}

void range_add(struct range_set *set, u64 base, u64 end)
{
    unsigned i = 0;

    if (base >= end)
        return;
    while (i < set->n && set->r[i].end < base)
        i++;
    while (i < set->n && set->r[i].base <= end) { /* swallow what overlaps or touches */
        base = min_u64(base, set->r[i].base);
        end = max_u64(end, set->r[i].end);
        delete_at(set, i);
    }
    insert_at(set, i, (struct range){base, end});
}

void range_remove(struct range_set *set, u64 base, u64 end)
{
    if (base >= end)
        return;
    for (unsigned i = 0; i < set->n;) {
        struct range *r = &set->r[i];
        struct range upper = {end, r->end};

        if (r->end <= base || r->base >= end) {
            i++;
        } else if (r->base >= base && r->end <= end) {
            delete_at(set, i);
        } else if (r->base >= base) {
            r->base = end;
            i++;
        } else {
            r->end = base;
            i++;
            if (upper.base < upper.end)
                insert_at(set, i++, upper);
        }
    }
}

bool range_contains(const struct range_set *set, u64 base, u64 end)
{
    for (unsigned i = 0; i < set->n; i++)
        if (base >= set->r[i].base && end <= set->r[i].end)
            return true;
    return false;
}

u64 range_find_top(const struct range_set *set, u64 size, u64 align, u64 limit)
{
    for (unsigned i = set->n; i-- > 0;) {
        u64 end = min_u64(set->r[i].end, limit);

        if (end < size || set->r[i].base > end - size)
            continue;
        u64 base = ALIGN_DOWN(end - size, align);
        if (base >= set->r[i].base)
            return base;
    }
    return RANGE_NONE;
}

u64 range_total(const struct range_set *set)
{
    u64 sum = 0;

    for (unsigned i = 0; i < set->n; i++)
        sum += set->r[i].end - set->r[i].base;
    return sum;
}
