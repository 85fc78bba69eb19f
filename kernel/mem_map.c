/* SPDX-License-Identifier: MIT */
/* Map and grant of memory pages, see mem_space.h. */
#include "mem_page.h"
#include "mem_space.h"
#include "preempt.h"
#include "tlb.h"

/* Rights and caching that the item asks for (M-12, M-18). */
static inline void restrict_to_item(const struct map_op *op, struct mem_source *s)
{
    s->keep = PTE_ADDR | PTE_NX | PTE_U | PTE_P | PTE_CACHE;
    s->set = 0;
    if (op->rights & MEM_W)
        s->keep |= PTE_W;
    if (!(op->rights & MEM_X))
        s->set = PTE_NX;
    if (unlikely(op->attrs & 0x10)) {
        s->keep &= ~(u64)PTE_CACHE;
        s->set |= pte_cache_from_attrs(op->attrs);
    }
    s->entry = (s->entry & s->keep) | s->set;
}

/* The page at op->src; false: nothing there that can be mapped, s->skip says how far. */
static inline bool find_source(const struct map_op *op, struct mem_source *s)
{
    struct pte_ref r;
    u64 offset;

    if (unlikely(op->from->is_sigma0)) {
        struct mem_source fabricated; /* the caller's can stay in registers */
        bool found = mem_sigma0_source(op->src, &fabricated);
        *s = fabricated;
        return found;
    }
    r = pt_find(&op->from->mem, op->src);
    if (unlikely(!r.present) || unlikely(*pte_link(r.pte) & LINK_KU_MEM)) { /* M-10, I-18 */
        s->skip = bytes_left_in(op->src, r.c);
        return false;
    }
    offset = op->src & (class_size(r.c) - 1);
    s->node = link_node(*pte_link(r.pte));
    s->pte = r.pte;
    s->entry = *r.pte + offset;
    s->index = offset >> PAGE_SHIFT;
    s->c = r.c;
    return true;
}

/*
 * The class to use (M-13).  A range begins aligned to its size on both sides: a page that fits into what is left of it
 * is aligned too.
 */
static unsigned pick_class(const struct map_op *op, unsigned c, unsigned dst_class)
{

    if (c > dst_class)
        c = dst_class;
    while (c && class_size(c) > op->size)
        c--;
    return c;
}

/* Grant: the node changes hands, its children stay (M-31, M-34). */
static enum map_status grant_page(struct map_op *op, struct mem_source s, u64 *slot)
{
    if (!quota_move(task_quota(op->from), task_quota(op->to), mapnode_slab.size))
        return MAP_FAILED;
    *slot = s.entry | class_flag(s.c) | (*s.pte & (PTE_A | PTE_D));
    *pte_link(slot) = (u64)s.node;
    TRACE(pte_new, op->to, op->dst, *slot);
    *pte_link(s.pte) = 0;
    pte_reduce(op->from, op->src, s.pte, 0);
    TRACE(node_move, "mem", s.node, op);
    s.node->space = op->to;
    s.node->page = op->dst >> PAGE_SHIFT & ((1UL << 35) - 1);
    TRACE(step, op, "grant", class_shift(s.c));
    return map_advance(op, class_size(s.c));
}

/* Enter a child of the source at op->dst, whose empty slot is known; false: no memory, or too deep (M-8). */
static ALWAYS_INLINE bool insert_child(struct map_op *op, const struct mem_source *s, u64 *slot,
                                       unsigned c)
{
    struct mapnode *n;

    if (unlikely(!mapdb_may_insert(s->node)))
        return TRACE(skip, op, 0, "depth rule=M-8"), false;
    n = slab_alloc(&mapnode_slab, task_quota(op->to));
    if (unlikely(!n))
        return false;
    *slot = s->entry | class_flag(c);
    *pte_link(slot) = (u64)n;
    mapdb_insert(s->node, n, op->to, op->dst >> PAGE_SHIFT, mapdb_key(c, s->index));
    TRACE(node_add, "mem", n, pte_phys(*slot));
    TRACE(pte_new, op->to, op->dst, *slot);
    TRACE(step, op, "map", class_shift(c));
    return true;
}

/* Small pages one after the other, as long as both sides stay in their tables and nothing is in the way. */
static inline enum map_status map_small(struct map_op *op, const struct mem_source *first,
                                        u64 *slot)
{
    struct mem_source s = *first;

    while (op->size != PAGE_SIZE) {
        if (unlikely(!insert_child(op, &s, slot, CLASS_SMALL)))
            return MAP_FAILED;
        map_advance(op, PAGE_SIZE);
        slot++;
        if (!((u64)slot & (PAGE_SIZE - 1)) || *slot & PTE_P ||
            !s.pte) /* sigma0's pages are looked at one by one */
            return MAP_DONE;
        if (likely(s.c == CLASS_SMALL)) {
            s.pte++;
            if (!((u64)s.pte & (PAGE_SIZE - 1)) || !link_is_node(*pte_link(s.pte)) ||
                !(op->rights & MEM_R))
                return MAP_DONE;
            s.node = link_node(*pte_link(s.pte));
            s.entry = (*s.pte & s.keep) | s.set;
        } else {
            if (!(op->src & (class_size(s.c) - 1)))
                return MAP_DONE;
            s.entry += PAGE_SIZE;
            s.index++;
        }
        if (preempt_point(1))
            return MAP_PREEMPTED;
    }
    if (unlikely(!insert_child(op, &s, slot, CLASS_SMALL)))
        return MAP_FAILED;
    op->size = 0; /* where a range ends nobody asks */
    return MAP_DONE;
}

/* Remove what is at op->dst, to the end even if the source goes first and an interrupt comes (M-21). */
static enum map_status clear_target(struct map_op *op, struct mapnode *n)
{
    u64 unused = 0;

    op->clearing = true;
    if (!mem_revoke(n, &unused))
        return MAP_PREEMPTED;
    op->clearing = false;
    return MAP_DONE;
}

/* Interrupted while clearing: is there more to remove? */
static enum map_status clear_rest(struct map_op *op)
{
    struct pte_ref d = pt_find(&op->to->mem, op->dst);

    op->clearing = false;
    if (d.present && link_is_node(*pte_link(d.pte)))
        return clear_target(op, link_node(*pte_link(d.pte)));
    return MAP_DONE;
}

/* The target is occupied: upgrade in place (M-19), skip (M-22) or remove (M-20, M-21). */
static enum map_status occupied(struct map_op *op, struct mem_source s, struct pte_ref d,
                                unsigned c)
{
    struct mapnode *n = link_node(*pte_link(d.pte));

    if (*pte_link(d.pte) & LINK_KU_MEM)
        return TRACE(skip, op, class_size(c), "ku-mem rule=M-22"), map_advance(op, class_size(c));
    if (!op->grant && n->parent == s.node && d.c == c && pte_phys(*d.pte) == pte_phys(s.entry)) {
        u64 old = *d.pte, e = (old & ~(u64)PTE_CACHE) | (s.entry & (PTE_CACHE | PTE_W));
        if (!(s.entry & PTE_NX))
            e &= ~PTE_NX;
        pte_write(op->to, op->dst, d.pte, e);
        TRACE(step, op, "upgrade", class_shift(c));
        if ((old ^ e) & PTE_CACHE) /* more rights need no flush (M-50) */
            tlb_flush(op->to, op->dst);
        return map_advance(op, class_size(c));
    }
    TRACE(step, op, "replace", class_shift(c));
    /* The source may be among what goes: look at it again afterwards instead of asking for ancestors. */
    return clear_target(op, n);
}

enum map_status mem_map_step(struct map_op *op)
{
    struct mem_source s;
    struct pte_ref d;
    unsigned c;
    u64 *slot;

    if (unlikely(op->clearing))
        return clear_rest(op);
    if (unlikely(op->src >= USER_END || op->dst >= USER_END))
        return TRACE(skip, op, op->size, "beyond-space rule=F-3"), map_advance(op, op->size);
    if (!find_source(op, &s)) /* M-10 */
        return TRACE(skip, op, s.skip, "no-source rule=M-10"), map_advance(op, s.skip);
    if (unlikely(!(op->rights & pte_rights(s.entry)))) /* M-12 */
        return TRACE(skip, op, bytes_left_in(op->src, s.c), "no-rights rule=M-12"),
               map_advance(op, bytes_left_in(op->src, s.c));
    restrict_to_item(op, &s);
    op->any = true;
    if (unlikely(op->to->is_sigma0)) /* holds everything already */
        return TRACE(skip, op, op->size, "sigma0-has-all"), map_advance(op, op->size);
    d = pt_find(&op->to->mem, op->dst);
    c = d.c ? pick_class(op, s.c, d.c) : CLASS_SMALL;
    if (unlikely(op->grant) && (!s.pte || c < s.c))
        op->grant = false; /* M-33, M-37 */
    if (unlikely(d.present))
        return occupied(op, s, d, c);
    slot = d.c == c ? d.pte : pt_make(op->to->mem.root, task_quota(op->to), op->dst, c);
    if (unlikely(!slot))
        return MAP_FAILED;
    if (unlikely(op->grant))
        return grant_page(op, s, slot);
    if (c == CLASS_SMALL)
        return map_small(op, &s, slot);
    return insert_child(op, &s, slot, c) ? map_advance(op, class_size(c)) : MAP_FAILED;
}
