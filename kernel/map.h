/* SPDX-License-Identifier: MIT */
/*
 * Map, grant and unmap over ranges: the loops.  One page, port or slot at a time is done by mem_space.c,
 * io_space.c and obj_space.c; between two of them the operation may be interrupted and is continued later
 * from the same struct, which says all about how far it has come.
 *
 * Called by transfer.c and task.c.
 */
#ifndef QUIRE_MAP_H
#define QUIRE_MAP_H

#include "check.h"
#include "fpage.h"
#include "mapdb.h"
#include "msgitem.h"
#include "preempt.h"
#include "task.h"
#include "trace.h"

/* What one step or the whole loop says. */
enum map_status {
    MAP_DONE,      /* step: the cursor was advanced; loop: the end of the range */
    MAP_PREEMPTED, /* call again later */
    MAP_FAILED,    /* no memory or quota, or M-8; what was done before stays (M-29) */
    MAP_DYING,     /* the destination is being destroyed (M-82) */
};

/* A map or grant in progress; also one step's argument.  Addresses in bytes, ports or slots. */
struct map_op {
    struct task *from, *to;
    u64 src, dst, size; /* rest of the range */
    u8 type;            /* enum fpage_type */
    u8 rights;          /* of the flexpage */
    u8 attrs;           /* bits 4..7 of the send item */
    bool grant;         /* becomes false for the rest of the item by M-33 */
    bool any;           /* at least one source page was processed (F-19) */
    bool clearing; /* what is at dst is being removed; the source may have gone already (M-21) */
#ifdef QUIRE_TRACE
    struct trace_item traced;
#endif
};

struct unmap_op;

/* The three kinds of spaces, by enum fpage_type. */
struct space_kind {
    enum map_status (*map)(struct map_op *op);     /* one step; MAP_DONE: the cursor was advanced */
    enum map_status (*unmap)(struct unmap_op *op); /* one step */
    u64 limit;                                     /* where the space ends */
    u8 needed; /* enum task_spaces: what a task must have for a transfer of the type (M-1) */
};
extern const struct space_kind space_kinds[];

/* Begin: fills everything but the tasks, from an already matched item. */
static inline void map_begin(struct map_op *op, u64 item_word, u64 fpage, const struct fp_match *m)
{
    op->src = m->src;
    op->dst = m->dst;
    op->size = m->size;
    op->type = (u8)fp_type(fpage);
    op->rights = (u8)fp_rights(fpage);
    op->attrs = item_word & ITEM_ATTR_MASK;
    op->grant = item_word & ITEM_GRANT;
    op->clearing = false;
    op->any = m->size == 0; /* nothing asked for: "attempted" (F-2, F-12, F-19) */
    TRACE(item_range, op);
}

/* A step is done with the next `n` bytes, ports or slots, or with the rest when that is less. */
static inline enum map_status map_advance(struct map_op *op, u64 n)
{
    n = min_u64(n, op->size);
    op->src += n;
    op->dst += n;
    op->size -= n;
    return MAP_DONE;
}

/* One page, port or slot at op->src; or what one kind of space does with several at once. */
static inline enum map_status map_step(struct map_op *op)
{
    return unlikely(op->to->obj.dying) ? MAP_DYING : space_kinds[op->type].map(op);
}

/* MAP_DONE at the end of the range; usually the first step gets there. */
enum map_status map_run_on(struct map_op *op, enum map_status s);
static inline enum map_status map_run(struct map_op *op)
{
    enum map_status s;

    if (unlikely(!(op->from->spaces & op->to->spaces & space_kinds[op->type].needed)) ||
        unlikely(!op->size))
        return MAP_DONE;
    s = map_step(op);
    if (unlikely(op->size))
        return map_run_on(op, s);
    preempt_point(1);
    check_note(false);
    return s;
}

/* An unmap of one flexpage in progress. */
struct unmap_op {
    struct task *task;
    u64 pos, end;           /* rest of the range in the units of the type */
    u64 usage;              /* collected usage bits of the entries (M-46) */
    u8 type;                /* enum fpage_type */
    u8 rights;              /* what is taken away (M-38) */
    bool self;              /* mask bit 31: the task's own page too */
    bool del;               /* mask bit 30 */
    bool walking;           /* `walk` is registered */
    struct mapdb_walk walk; /* rights-only: where in the current page's descendants */
};

/* Bits of Task.unmap's mask (M-39, M-68). */
#define UNMAP_SELF (1UL << 31)
#define UNMAP_DELETE (1UL << 30)

static inline void unmap_begin(struct unmap_op *op, struct task *t, u64 fpage, u64 mask)
{
    enum fpage_type type = fp_type(fpage);
    const struct space_kind *kind = &space_kinds[type];
    struct fp_range r = fp_to_range(fpage, likely(t->spaces & kind->needed) ? kind->limit : 0);

    op->task = t;
    op->type = (u8)type;
    op->pos = r.base;
    op->end = r.base + r.size;
    op->rights = (u8)fp_rights(fpage);
    op->self = mask & UNMAP_SELF;
    op->del = mask & UNMAP_DELETE;
    op->usage = 0;
    op->walking = false;
    TRACE(unmap_begin, op, fpage, mask);
}

/* MAP_DONE or MAP_PREEMPTED; usually the first step gets to the end. */
enum map_status unmap_run_on(struct unmap_op *op, enum map_status s);
static inline enum map_status unmap_run(struct unmap_op *op)
{
    enum map_status s;

    if (unlikely(op->pos >= op->end))
        return MAP_DONE;
    s = space_kinds[op->type].unmap(op);
    if (unlikely(op->pos < op->end))
        return unmap_run_on(op, s);
    preempt_point(1);
    check_note(false);
    return s;
}
/* Drop an unfinished operation (its thread is killed). */
void unmap_abort(struct unmap_op *op);

#endif
