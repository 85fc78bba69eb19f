/* SPDX-License-Identifier: MIT */
/* Unmapping memory pages: removal, or fewer rights; see mem_space.h. */
#include "mem_page.h"
#include "mem_space.h"
#include "preempt.h"
#include "tlb.h"

enum { EMPTY_PER_UNIT = 64 }; /* empty entries looked at per unit of work */

static inline u64 node_va(const struct mapnode *n) { return (u64)n->page << PAGE_SHIFT; }

static inline u64 *node_pte(const struct mapnode *n)
{
    return pt_find(&((struct task *)n->space)->mem, node_va(n)).pte;
}

/* The entry of a node goes, and the node, which is out of the tree; returns the entry's usage bits. */
static ALWAYS_INLINE u64 free_page(struct mapnode *n, struct task *t, u64 va, u64 *pte)
{
    u64 entry = *pte;

    *pte_link(pte) = 0;
    pte_reduce(t, va, pte, 0);
    TRACE(node_del, "mem", n);
    slab_free(&mapnode_slab, task_quota(t), n);
    return entry & PTE_USAGE;
}

/* Take a childless node and its entry away; returns the entry's usage bits. */
static inline u64 remove_node(struct mapnode *n, u64 *pte)
{
    struct task *t = n->space;
    u64 va = node_va(n);

    mapdb_remove(n);
    return free_page(n, t, va, pte);
}

/* Remove all below `top`.  False: interrupted, call again (the end may have been reached). */
static ALWAYS_INLINE bool revoke_below(struct mapnode *top, u64 *used)
{
    struct mapnode *n = top;
    u64 u = 0;
    bool go_on = true;

    while (go_on && (n = mapdb_leaf(n)) != top) {
        struct mapnode *up = n->parent;
        u |= remove_node(n, node_pte(n));
        n = up;
        go_on = !preempt_point(1);
    }
    *used |= u;
    return go_on;
}

bool mem_revoke(struct mapnode *top, u64 *used)
{
    if (!revoke_below(top, used))
        return false;
    *used |= remove_node(top, node_pte(top));
    return !preempt_point(1);
}

/* Take rights and usage bits from one entry; returns the usage bits (M-38, M-46). */
static u64 reduce(const struct task *t, u64 va, u64 *pte, unsigned rights)
{
    u64 old = *pte, e = old & ~(u64)PTE_USAGE;

    if (rights & MEM_W)
        e &= ~(u64)PTE_W;
    if (rights & MEM_X)
        e |= PTE_NX;
    if (e != old)
        pte_reduce(t, va, pte, e);
    return old & PTE_USAGE;
}

/* Rights-only: walk over the descendants; the tree stays.  False: interrupted. */
static bool reduce_below(struct unmap_op *op, const struct child_range *range, u64 *used)
{
    if (!op->walking) {
        mapdb_walk_begin(&op->walk, range);
        op->walking = true;
    }
    while (op->walk.cur) {
        struct mapnode *n = op->walk.cur;
        *used |= reduce(n->space, node_va(n), node_pte(n), op->rights);
        mapdb_walk_next(&op->walk);
        if (preempt_point(1))
            return false;
    }
    unmap_abort(op);
    return true;
}

/* The descendants in `range` go, or lose rights. */
static bool unmap_below(struct unmap_op *op, const struct child_range *range, u64 *used)
{
    struct mapnode *n;
    u64 key = 0;

    if (unlikely(!(op->rights & MEM_R)))
        return reduce_below(op, range, used);
    while ((n = mapdb_first_in(range, key))) {
        key = n->key + (n->next ? 0UL : 1UL); /* another of the same piece, or the next */
        if (!mem_revoke(n, used))
            return false;
    }
    return true;
}

/* While the operation was interrupted its page went, or another came: the walk is over something else. */
static void drop_stale_walk(struct unmap_op *op, const struct mapnode *parent)
{
    if (op->walking && (!parent || op->walk.range.parent != parent))
        unmap_abort(op);
}

/* sigma0: one piece of a GiB; its own entry comes back with the next fault (M-47). */
static OWN_FRAME enum map_status unmap_sigma0(struct unmap_op *op)
{
    struct child_range range = {.class_shift = mem_class_shift};
    u64 end, used = 0;
    struct pte_ref r = pt_find(&op->task->mem, op->pos);
    bool done;

    range.parent = mem_root_node(op->pos);
    if (!range.parent) {
        op->pos = op->end;
        return MAP_DONE;
    }
    end = min_u64(op->end, op->pos + bytes_left_in(op->pos, CLASS_HUGE));
    if (op->self && r.c < CLASS_HUGE)
        end = min_u64(end, op->pos + bytes_left_in(op->pos, r.c));
    range.first = (op->pos & (class_size(CLASS_HUGE) - 1)) >> PAGE_SHIFT;
    range.last = ((end - 1) & (class_size(CLASS_HUGE) - 1)) >> PAGE_SHIFT;
    done = unmap_below(op, &range, &used);
    op->usage |= used;
    if (!done)
        return MAP_PREEMPTED;
    if (op->self && r.present && op->rights & MEM_R && !(*pte_link(r.pte) & LINK_KU_MEM))
        pte_reduce(op->task, op->pos, r.pte, 0);
    op->pos = end;
    return MAP_DONE;
}

/* How many entries behind this one in its table are empty (the kernel's half of the top level is not). */
static u64 empty_behind(const u64 *pte)
{
    const u64 *e = pt_skip_empty(pte + 1, (u64 *)ALIGN_UP((u64)(pte + 1), PAGE_SIZE));

    preempt_charge((unsigned)(e - pte) / EMPTY_PER_UNIT);
    return (u64)(e - pte) - 1;
}

/* Whole pages of one table and what is below them go, one after the other as long as there are nodes. */
static ALWAYS_INLINE enum map_status remove_whole(struct unmap_op *op, u64 *pte, u64 size)
{
    op->pos &= ~(size - 1);
    for (;;) {
        struct mapnode *n = link_node(*pte_link(pte));
        bool leaf = !mapdb_has_children(n);
        if (!leaf) {
            u64 used = 0;
            bool done = revoke_below(n, &used);
            *pte |= used; /* of the page, when it stays (M-46) */
            op->usage |= used;
            if (unlikely(!done))
                return MAP_PREEMPTED;
        }
        if (op->self)
            op->usage |= remove_node(n, pte);
        op->pos += size;
        pte++;
        if (op->pos >= op->end || size != PAGE_SIZE || !((u64)pte & (PAGE_SIZE - 1)) ||
            !link_is_node(*pte_link(pte)))
            return MAP_DONE;
        if (leaf && preempt_point(1))
            return MAP_PREEMPTED;
    }
}

static OWN_FRAME enum map_status remove_small(struct unmap_op *op, u64 *pte)
{
    return remove_whole(op, pte, PAGE_SIZE);
}
static OWN_FRAME enum map_status remove_large(struct unmap_op *op, struct pte_ref r)
{
    return remove_whole(op, r.pte, class_size(r.c));
}

/* A page of any size in part, or it and what is below loses rights. */
static OWN_FRAME enum map_status unmap_part(struct unmap_op *op, struct pte_ref r)
{
    struct child_range range = {.class_shift = mem_class_shift};
    u64 size = class_size(r.c), base = ALIGN_DOWN(op->pos, size), end = base + size, used = 0;
    bool done = true;

    range.parent = link_node(*pte_link(r.pte));
    drop_stale_walk(op, range.parent);
    if (!op->self) { /* else all of it (M-42) */
        range.first = (op->pos - base) >> PAGE_SHIFT;
        end = min_u64(op->end, end);
    }
    range.last = (end - base - 1) >> PAGE_SHIFT;
    if (mapdb_has_children(range.parent) || op->walking)
        done = unmap_below(op, &range, &used);
    *r.pte |= used; /* kept for the parent (M-46) */
    op->usage |= used;
    if (!done)
        return MAP_PREEMPTED;
    if (op->self) {
        used = reduce(op->task, base, r.pte, op->rights);
        op->usage |= used;
        *r.pte |= used;
    }
    op->pos = base + size;
    return MAP_DONE;
}

/* One small piece of a large page.  Mostly one node without children is all that is mapped of it. */
static OWN_FRAME enum map_status remove_piece(struct unmap_op *op, struct pte_ref r)
{
    u64 index = op->pos >> PAGE_SHIFT & (PT_ENTRIES - 1);
    struct mapnode **link = mapdb_single_piece(link_node(*pte_link(r.pte)), index);
    struct mapnode *n;
    struct task *t;
    u64 used, va, *pte;

    if (!link)
        return unmap_part(op, r);
    n = *link;
    mapdb_remove_piece(n, link);
    t = n->space;
    va = node_va(n);
    pte = pt_find(&t->mem, va).pte;
    used = *pte & PTE_USAGE;
    *r.pte |= used; /* kept for the parent (M-46) */
    op->usage |= used;
    op->pos += PAGE_SIZE;
    free_page(n, t, va, pte);
    return MAP_DONE;
}

/* Nothing to take away: on to the next entry of the table (M-44, M-45). */
static OWN_FRAME enum map_status pass_over(struct unmap_op *op, struct pte_ref r)
{
    drop_stale_walk(op, NULL);
    op->pos = ALIGN_DOWN(op->pos, class_size(r.c)) + class_size(r.c) * (1 + empty_behind(r.pte));
    return MAP_DONE;
}

/* Only looks which of these it is. */
enum map_status mem_unmap_step(struct unmap_op *op)
{
    struct pte_ref r;

    if (unlikely(op->task->is_sigma0))
        return unmap_sigma0(op);
    r = pt_find(&op->task->mem, op->pos);
    if (!r.present || *pte_link(r.pte) & LINK_KU_MEM)
        return pass_over(op, r);
    if (unlikely(!(op->rights & MEM_R)))
        return unmap_part(op, r);
    if (likely(r.c == CLASS_SMALL))
        return remove_small(op, r.pte);
    if (!op->self && r.c == CLASS_LARGE && op->end - op->pos == PAGE_SIZE)
        return remove_piece(op, r);
    /* With the own page all of it goes (M-42); a range that is as large as the page begins with it (F-1). */
    return op->self || op->end - op->pos >= class_size(r.c) ? remove_large(op, r)
                                                            : unmap_part(op, r);
}
