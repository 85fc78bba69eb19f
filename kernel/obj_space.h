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

/* The first table of a task that has none. */
extern const struct cap obj_none[SLOTS_PER_PAGE];

/* A new object space: no slots. */
static inline void obj_space_init(struct obj_space *s)
{
    *s = (struct obj_space){.first = obj_none};
}

/* The slot that a selector below OBJ_FIRST_END names, for looking only; one of obj_none if its table does not exist. */
enum { OBJ_FIRST_END = SLOTS_PER_PAGE << 12 };
static inline struct cap *obj_first_slot(const struct task *t, u64 selector)
{
    return (struct cap *)((u64)t->caps.first +
                          (selector >> 7 & (SLOTS_PER_PAGE - 1) * sizeof(struct cap)));
}

/* The slot holds a living object. */
static inline bool obj_slot_is_used(const struct cap *slot)
{
    return slot->obj && !slot->obj->dying;
}

/* Bits of a selector that names no slot: an explicit reply slot, the invoking thread (I-7, I-8). */
enum { SEL_REPLY_SLOT = 0x400, SEL_SELF = 0x800, SEL_SPECIAL = SEL_REPLY_SLOT | SEL_SELF };

/*
 * Bits that are clear in a selector that names a slot of the first table, as most programs' selectors do.  Bits 0 to 9
 * are no part of the name.
 */
enum { OBJ_NOT_FIRST = ~(OBJ_FIRST_END - 1 - SEL_SPECIAL) };

/* The slot of a selector if it holds a living object, else NULL. */
struct cap *obj_lookup_slowly(const struct task *t, u64 selector);
static inline struct cap *obj_lookup(const struct task *t, u64 selector)
{
    struct cap *slot;

    if (unlikely(selector >= OBJ_FIRST_END))
        return obj_lookup_slowly(t, selector);
    slot = obj_first_slot(t, selector);
    return likely(obj_slot_is_used(slot)) ? slot : NULL;
}

/* The same of a selector that may name no slot at all: then NULL. */
static inline struct cap *obj_lookup_named(const struct task *t, u64 selector)
{
    struct cap *slot;

    if (unlikely(selector & (u64)OBJ_NOT_FIRST))
        return selector & SEL_SPECIAL ? NULL : obj_lookup_slowly(t, selector);
    slot = obj_first_slot(t, selector);
    return likely(obj_slot_is_used(slot)) ? slot : NULL;
}

/* Does a selector name a living object? */
static inline bool obj_names_object(const struct task *t, u64 selector)
{
    if (unlikely(selector & (u64)OBJ_NOT_FIRST))
        return obj_lookup_named(t, selector) != NULL;
    return obj_slot_is_used(obj_first_slot(t, selector));
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
