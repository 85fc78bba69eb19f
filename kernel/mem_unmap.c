/* SPDX-License-Identifier: MIT */
/* Unmapping memory pages: removal, or fewer rights; see mem_space.h. */
#include "mem_page.h"
#include "mem_space.h"
#include "preempt.h"
#include "tlb.h"

enum { EMPTY_PER_UNIT = 64 }; /* empty entries looked at per unit of work */

static inline u64 *node_pte(const struct mapnode *n)
{
    const struct task *t = n->space;
    return pt_page(t->mem.root, (u64)n->page << PAGE_SHIFT, mapnode_class(n));
}

/* Take a childless node and its entry away; returns the entry's usage bits. */
static inline unsigned remove_node(struct mapnode *n)
{
    struct task *t = n->space;
    u64 *pte = node_pte(n);
    unsigned usage = pte_usage(*pte);

    pte_write(t, (u64)n->page << PAGE_SHIFT, pte, 0);
    *pte_link(pte) = 0;
    tlb_flush(t, (u64)n->page << PAGE_SHIFT);
    mapdb_remove(n);
    slab_free(&mapnode_slab, task_quota(t), n);
    return usage;
}

/*
 * Remove leaves below `stop`, beginning at `n`'s, until `stop` has no children (or, with `itself`, is
 * gone too).
 */
static inline bool revoke_until(struct mapnode *n, struct mapnode *stop, bool itself, u64 *keep,
                                u8 *usage)
{
    unsigned u = 0;
    bool more = true, go_on = true;

    while (more && go_on) {
        struct mapnode *up;
        n = mapdb_leaf(n);
        more = n != stop;
        if (!more && !itself)
            break;
        up = n->parent;
        u |= remove_node(n);
        n = up;
        go_on = !preempt_point(1);
    }
    *usage |= (u8)u;
    if (keep)
        *keep |= pte_from_usage(u);
    return go_on;
}

bool mem_revoke(struct mapnode *top, u64 *keep, u8 *usage)
{
    return revoke_until(top, top, true, keep, usage);
}

/* Take rights and usage bits from one entry; returns the usage (M-38, M-46). */
static unsigned reduce(struct task *t, u64 va, u64 *pte, unsigned rights)
{
    u64 old = *pte, e = old & ~(u64)(PTE_A | PTE_D);

    if (rights & MEM_W)
        e &= ~(u64)PTE_W;
    if (rights & MEM_X)
        e |= PTE_NX;
    if (e != old) {
        pte_write(t, va, pte, e);
        tlb_flush(t, va);
    }
    return pte_usage(old);
}

/* Rights-only: walk over the descendants; the tree stays.  False: interrupted. */
static bool reduce_below(struct unmap_op *op, const struct child_range *range, u64 *keep)
{
    if (!op->walking) {
        mapdb_walk_begin(&op->walk, range);
        op->walking = true;
    }
    while (op->walk.cur) {
        struct mapnode *n = op->walk.cur;
        unsigned u = reduce(n->space, (u64)n->page << PAGE_SHIFT, node_pte(n), op->rights);
        op->referenced |= (u8)u;
        if (keep)
            *keep |= pte_from_usage(u);
        mapdb_walk_next(&op->walk);
        if (preempt_point(1))
            return false;
    }
    unmap_abort(op);
    return true;
}

/* The descendants in `range` go, or lose rights. */
static bool unmap_below(struct unmap_op *op, const struct child_range *range, u64 *keep)
{
    struct mapnode *n;

    if (unlikely(!(op->rights & MEM_R)))
        return reduce_below(op, range, keep);
    if (range->first == 0 &&
        range->last >= (class_size(mapnode_class(range->parent)) - 1) >> PAGE_SHIFT)
        return revoke_until(range->parent, range->parent, false, keep, &op->referenced);
    while ((n = mapdb_first_in(range)))
        if (!mem_revoke(n, keep, &op->referenced))
            return false;
    return true;
}

/* While the operation was interrupted its page went, or another came: the walk is over something else. */
static void drop_stale_walk(struct unmap_op *op, const struct mapnode *parent)
{
    if (op->walking && (!parent || op->walk.range.parent != parent))
        unmap_abort(op);
}

/* sigma0: one piece of a GiB; its own entry comes back with the next fault (M-47). */
static enum map_status unmap_sigma0(struct unmap_op *op)
{
    struct child_range range = {.class_shift = mem_class_shift};
    u64 end;
    struct pte_ref r = pt_find(op->task->mem.root, op->pos);

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
    if (!unmap_below(op, &range, NULL))
        return MAP_PREEMPTED;
    if (op->self && r.present && op->rights & MEM_R && !(*pte_link(r.pte) & LINK_KU_MEM)) {
        pte_write(op->task, op->pos, r.pte, 0);
        tlb_flush(op->task, op->pos);
    }
    op->pos = end;
    return MAP_DONE;
}

/* How many entries behind this one in its table are empty. */
static u64 empty_behind(const u64 *pte)
{
    const u64 *e = pte + 1;

    while ((u64)e & (PAGE_SIZE - 1) && !*e)
        e++;
    preempt_charge((unsigned)(e - pte) / EMPTY_PER_UNIT);
    return (u64)(e - pte) - 1;
}

enum map_status mem_unmap_step(struct unmap_op *op)
{
    struct child_range range = {.class_shift = mem_class_shift};
    struct pte_ref r;
    u64 size, base, first, end;
    bool removing = op->rights & MEM_R;

    if (op->task->is_sigma0)
        return unmap_sigma0(op);
    r = pt_find(op->task->mem.root, op->pos);
    size = r.c == 3 ? 1UL << 39 : class_size(r.c);
    base = ALIGN_DOWN(op->pos, size);
    range.parent = r.present ? link_node(*pte_link(r.pte)) : NULL;
    drop_stale_walk(op, range.parent);
    if (!r.present ||
        *pte_link(r.pte) & LINK_KU_MEM) { /* hole or kernel-user memory (M-44, M-45) */
        op->pos =
            base + size * (1 + empty_behind(
                                   r.pte)); /* (the kernel's half of the top level is not empty) */
        return MAP_DONE;
    }
    end = min_u64(op->end, base + size);
    first = op->self ? base : op->pos; /* M-42 */
    range.first = (first - base) >> PAGE_SHIFT;
    range.last = ((op->self ? size : end - base) - 1) >> PAGE_SHIFT;
    if ((range.parent->children || op->walking) &&
        !unmap_below(op, &range, op->self && removing ? NULL : r.pte))
        return MAP_PREEMPTED;
    if (op->self && removing) {
        op->referenced |= (u8)remove_node(range.parent);
    } else if (op->self) {
        unsigned u = reduce(op->task, base, r.pte, op->rights);
        op->referenced |= (u8)u;
        *r.pte |= pte_from_usage(u); /* kept for the parent (M-46) */
    }
    op->pos = base + size;
    return MAP_DONE;
}
