/* SPDX-License-Identifier: MIT */
/*
 * Object spaces: the slot table, and one slot of a map, grant or unmap of capabilities (M-58 .. M-72).
 * Called by map.c, syscall.c and every object that takes a capability argument.
 */
#ifndef QUIRE_OBJ_SPACE_H
#define QUIRE_OBJ_SPACE_H

#include "map.h"

/* The slot at `index`, NULL if its table does not exist. */
static inline struct cap *obj_slot(const struct task *t, u64 index)
{
    struct cap *table;

    if (unlikely(index >= t->caps.end))
        return NULL;
    table = t->caps.dir[index / SLOTS_PER_PAGE];
    return table ? &table[index % SLOTS_PER_PAGE] : NULL;
}

/* The slot of a selector if it holds a living object, else NULL. */
static inline struct cap *obj_lookup(const struct task *t, u64 selector)
{
    struct cap *slot = obj_slot(t, selector >> 12);

    return slot && slot->obj && !slot->obj->dying ? slot : NULL;
}

/* Bits of a selector that names no slot: an explicit reply slot, the invoking thread (I-7, I-8). */
enum { SEL_REPLY_SLOT = 0x400, SEL_SELF = 0x800, SEL_SPECIAL = SEL_REPLY_SLOT | SEL_SELF };

/* The same of a selector that may name no slot at all: then NULL. */
static inline struct cap *obj_lookup_named(const struct task *t, u64 selector)
{
    return selector & SEL_SPECIAL ? NULL : obj_lookup(t, selector);
}

/* The slot at `index`, its table made as needed (paid by the task); NULL: beyond the end or no memory. */
struct cap *obj_make_slot_slowly(struct task *t, u64 index);
static inline struct cap *obj_make_slot(struct task *t, u64 index)
{
    struct cap *slot = obj_slot(t, index);

    return likely(slot != NULL) ? slot : obj_make_slot_slowly(t, index);
}

enum map_status obj_map_step(struct map_op *op);
enum map_status obj_unmap_step(struct unmap_op *op);

/* Give the tables of an empty object space back; one bounded step, true: done. */
bool obj_release_step(struct task *t);

#endif
