/* SPDX-License-Identifier: MIT */
/* Map and grant of memory pages, see mem_space.h. */
#include "mem_page.h"
#include "mem_space.h"
#include "preempt.h"
#include "tlb.h"

static enum map_status advance(struct map_op *op, u64 bytes)
{
    bytes = min_u64(bytes, op->size);
    op->src += bytes;
    op->dst += bytes;
    op->size -= bytes;
    return MAP_DONE;
}

/* The class to use (M-13). */
static unsigned pick_class(const struct map_op *op, const struct mem_source *s, unsigned dst_class)
{
    unsigned c = s->c;

    if (c > dst_class)
        c = dst_class;
    while (c && (class_size(c) > op->size || ((op->src | op->dst) & (class_size(c) - 1))))
        c--;
    return c;
}

/* Grant: the node changes hands, its children stay (M-31, M-34). */
static enum map_status grant_page(struct map_op *op, const struct mem_source *s, u64 *slot,
                                  u64 entry)
{
    struct quota *to = task_quota(op->to), *from = task_quota(op->from);

    if (to != from) {
        if (!quota_charge(to, mapnode_slab.size))
            return MAP_FAILED;
        quota_release(from, mapnode_slab.size);
    }
    *slot = entry | (*s->pte & (PTE_A | PTE_D));
    *pte_link(slot) = (u64)s->node;
    pte_write(op->from, op->src, s->pte, 0);
    *pte_link(s->pte) = 0;
    tlb_flush(op->from, op->src);
    s->node->space = op->to;
    s->node->page = op->dst >> PAGE_SHIFT & ((1UL << 35) - 1);
    return advance(op, class_size(s->c));
}

/* Enter a child of the source at op->dst, whose empty slot is known; false: no memory, or too deep (M-8). */
static inline bool insert_child(struct map_op *op, const struct mem_source *s, u64 *slot,
                                unsigned c)
{
    u64 entry = s->phys | s->cache | pte_from_rights(s->rights) | class_flag(c);
    struct mapnode *n;

    if (unlikely(!mapdb_may_insert(s->node)))
        return false;
    n = slab_alloc(&mapnode_slab, task_quota(op->to));
    if (unlikely(!n))
        return false;
    n->space = op->to;
    n->page = op->dst >> PAGE_SHIFT & ((1UL << 35) - 1);
    n->key = mapdb_key(c, s->index) & ((1U << MAPDB_KEY_BITS) - 1);
    mapdb_insert(s->node, n);
    *slot = entry;
    *pte_link(slot) = (u64)n;
    return true;
}

/* The source for the next small page, if it lies in the same table or the same larger page. */
static inline bool next_source(const struct map_op *op, struct mem_source *s)
{
    u64 e;

    if (!s->pte || s->c > CLASS_SMALL) {
        if (!(op->src & (class_size(s->c) - 1)) || !s->pte)
            return false;
        s->phys += PAGE_SIZE;
        s->index++;
        return true;
    }
    if (!(op->src & (class_size(CLASS_LARGE) - 1)))
        return false;
    e = *++s->pte;
    if (!(e & PTE_P) || *pte_link(s->pte) & LINK_KU_MEM)
        return false;
    s->node = link_node(*pte_link(s->pte));
    s->phys = pte_phys(e);
    s->rights = pte_rights(e) & op->rights;
    if (!(op->attrs & 0x10))
        s->cache = e & PTE_CACHE;
    return s->rights;
}

/* Small pages one after the other, as long as both sides stay in their tables and nothing is in the way. */
static enum map_status insert_small(struct map_op *op, struct mem_source *s, u64 *slot)
{
    for (;;) {
        if (!insert_child(op, s, slot, CLASS_SMALL))
            return MAP_FAILED;
        advance(op, PAGE_SIZE);
        slot++;
        if (!op->size || !(op->dst & (class_size(CLASS_LARGE) - 1)) || *slot & PTE_P ||
            !next_source(op, s))
            return MAP_DONE;
        if (preempt_point(1))
            return MAP_PREEMPTED;
    }
}

static enum map_status insert_page(struct map_op *op, struct mem_source *s, struct pte_ref d,
                                   unsigned c)
{
    u64 *slot = d.c == c ? d.pte : pt_make(op->to->mem.root, task_quota(op->to), op->dst, c);

    if (unlikely(!slot))
        return MAP_FAILED;
    if (op->grant)
        return grant_page(op, s, slot,
                          s->phys | s->cache | pte_from_rights(s->rights) | class_flag(c));
    if (c == CLASS_SMALL)
        return insert_small(op, s, slot);
    if (!insert_child(op, s, slot, c))
        return MAP_FAILED;
    return advance(op, class_size(c));
}

/* Remove what is at op->dst, to the end even if the source goes first and an interrupt comes (M-21). */
static enum map_status clear_target(struct map_op *op, struct mapnode *n)
{
    u8 unused = 0;

    op->clearing = true;
    if (!mem_revoke(n, NULL, &unused))
        return MAP_PREEMPTED;
    op->clearing = false;
    return MAP_DONE;
}

/* Interrupted while clearing: is there more to remove? */
static enum map_status clear_rest(struct map_op *op)
{
    struct pte_ref d = pt_find(op->to->mem.root, op->dst);

    op->clearing = false;
    if (d.present && link_is_node(*pte_link(d.pte)))
        return clear_target(op, link_node(*pte_link(d.pte)));
    return MAP_DONE;
}

/* The target is occupied: upgrade in place (M-19), skip (M-22) or remove (M-20, M-21). */
static enum map_status occupied(struct map_op *op, const struct mem_source *s, struct pte_ref d,
                                unsigned c)
{
    struct mapnode *n = link_node(*pte_link(d.pte));

    if (*pte_link(d.pte) & LINK_KU_MEM)
        return advance(op, class_size(c)); /* M-22 */
    if (!op->grant && n->parent == s->node && d.c == c && pte_phys(*d.pte) == s->phys) {
        u64 old = *d.pte;
        u64 e = (old & ~(u64)PTE_CACHE) | s->cache | (s->rights & MEM_W ? (u64)PTE_W : 0);
        if (s->rights & MEM_X)
            e &= ~PTE_NX;
        pte_write(op->to, op->dst, d.pte, e);
        if ((old ^ e) & PTE_CACHE) /* more rights need no flush (M-50) */
            tlb_flush(op->to, op->dst);
        return advance(op, class_size(c));
    }
    /* The source may be among what goes: look at it again afterwards instead of asking for ancestors. */
    return clear_target(op, n);
}

enum map_status mem_map_step(struct map_op *op)
{
    struct mem_source s;
    struct pte_ref d;
    unsigned c;

    if (unlikely(op->clearing))
        return clear_rest(op);
    if (unlikely(op->src >= USER_END || op->dst >= USER_END))
        return advance(op, op->size);
    if (!mem_find_source(op, &s))
        return advance(op, s.skip); /* M-10 */
    s.rights &= op->rights;
    if (!s.rights)
        return advance(op, bytes_left_in(op->src, s.c)); /* M-12 */
    if (op->attrs & 0x10)
        s.cache = pte_cache_from_attrs(op->attrs); /* M-18 */
    op->any = true;
    if (unlikely(op->to->is_sigma0)) /* holds everything already */
        return advance(op, op->size);
    d = pt_find(op->to->mem.root, op->dst);
    c = pick_class(op, &s, d.c > CLASS_HUGE ? CLASS_HUGE : d.c);
    if (op->grant && (!s.pte || c < s.c))
        op->grant = false; /* M-33, M-37 */
    if (d.present)
        return occupied(op, &s, d, c);
    return insert_page(op, &s, d, c);
}
