/* SPDX-License-Identifier: MIT */
/* Memory spaces, see mem_space.h. */
#include "mem_space.h"

#include "arch.h"
#include "boot.h"
#include "kip.h"
#include "ku_mem.h"
#include "panic.h"
#include "string.h"
#include "preempt.h"
#include "tlb.h"

const u8 mem_class_shift[N_CLASSES] = { 0, 9, 18 };
struct slab mapnode_slab = SLAB(struct mapnode, 8);

/*
 * sigma0 holds all physical memory 1:1 (M-5).  Its pages are not entered one by one: a root node stands for each
 * GiB of physical addresses.  Real world: Fiasco makes the answer up in Sigma0_task::v_fabricate
 * (src/kern/sigma0_task.cpp).
 */
#define DEVICE_TOP (1UL << 40) /* devices may lie above the RAM */
static struct mapnode *roots;
static u64 n_roots, roots_bytes;

u64 mem_space_boot_bytes(void) { return roots_bytes; }

void mem_space_init(u64 phys_top)
{
    unsigned order = PAGE_SHIFT;

    phys_top = max_u64(phys_top, DEVICE_TOP);
    n_roots = (phys_top + class_size(CLASS_HUGE) - 1) >> class_shift(CLASS_HUGE);
    while ((1UL << order) < n_roots * sizeof(*roots))
        order++;
    roots_bytes = 1UL << order;
    roots = order <= KMEM_MAX_ORDER ? kmem_alloc(NULL, order) : NULL;
    CHECK(roots);
    for (u64 i = 0; i < n_roots; i++)
        mapdb_root(&roots[i], sigma0_task, i << 18, CLASS_HUGE);
}

/* The page that is mapped from: found in the sender's table, or sigma0's idea of physical memory. */
struct source {
    struct mapnode *node; /* parent of what is mapped */
    u64 *pte;             /* NULL: sigma0 */
    u64 phys;             /* of the source address */
    u64 index;            /* of the source address within the parent, in small pages */
    u64 cache;            /* PTE_CACHE bits */
    u64 skip;             /* absent: bytes to the end of the hole */
    unsigned rights, c;   /* class of the page, as large as it may be used */
};

static u64 bytes_left_in(u64 va, unsigned c) { return class_size(c) - (va & (class_size(c) - 1)); }

/* Does [base, base + size) touch memory of the kernel's own?  Then *skip is the distance to its end. */
static bool overlaps_kernel(u64 base, u64 size, u64 *skip)
{
    for (unsigned i = 0; i < boot_info.n_owned; i++) {
        const struct phys_range *r = &boot_info.kernel_owned[i];
        if (base < r->base + r->size && r->base < base + size) {
            *skip = r->base + r->size - base;
            return true;
        }
    }
    return false;
}

/* Does [base, base + size) hold the kernel information page? */
static bool overlaps_kip(u64 base, u64 size)
{
    u64 kip = virt_to_phys(&kip_page);

    return base <= kip && kip < base + size;
}

/* sigma0's page at physical address `phys`: the largest class that holds nothing of the kernel (B-17). */
static bool sigma0_source(u64 phys, struct source *s)
{
    unsigned c = pt_max_class();
    u64 skip;

    if (phys >> class_shift(CLASS_HUGE) >= n_roots) {
        s->skip = USER_END - phys;
        return false;
    }
    while (overlaps_kernel(ALIGN_DOWN(phys, class_size(c)), class_size(c), &skip)) {
        if (c == CLASS_SMALL) {
            s->skip = PAGE_SIZE;
            return false;
        }
        c--;
    }
    s->node = &roots[phys >> class_shift(CLASS_HUGE)];
    s->pte = NULL;
    s->phys = phys;
    s->index = (phys & (class_size(CLASS_HUGE) - 1)) >> PAGE_SHIFT;
    s->cache = 0;
    s->rights = MEM_R | MEM_W | MEM_X;
    if (overlaps_kip(ALIGN_DOWN(phys, class_size(c)), class_size(c))) {
        c = CLASS_SMALL; /* the kernel information page is everybody's to read (B-18) */
        if (overlaps_kip(phys, PAGE_SIZE))
            s->rights = MEM_R | MEM_X;
    }
    s->c = c;
    return true;
}

static bool find_source(const struct map_op *op, struct source *s)
{
    struct pte_ref r;
    u64 offset;

    if (op->from->is_sigma0)
        return sigma0_source(op->src, s);
    r = pt_find(op->from->mem.root, op->src);
    s->skip = r.c == 3 ? (1UL << 39) - (op->src & ((1UL << 39) - 1)) : bytes_left_in(op->src, r.c);
    if (!r.present)
        return false;
    if (*pte_link(r.pte) & LINK_KU_MEM) /* kernel-user memory cannot be sent (I-18) */
        return false;
    s->node = link_node(*pte_link(r.pte));
    offset = op->src & (class_size(r.c) - 1);
    s->pte = r.pte;
    s->phys = pte_phys(*r.pte) + offset;
    s->index = offset >> PAGE_SHIFT;
    s->cache = *r.pte & PTE_CACHE;
    s->rights = pte_rights(*r.pte);
    s->c = r.c;
    return true;
}

static enum map_status advance(struct map_op *op, u64 bytes)
{
    bytes = min_u64(bytes, op->size);
    op->src += bytes;
    op->dst += bytes;
    op->size -= bytes;
    return MAP_DONE;
}

/* ---- removal ---- */

static u64 *node_pte(const struct mapnode *n)
{
    const struct task *t = n->space;
    struct pte_ref r = pt_find(t->mem.root, (u64)n->page << PAGE_SHIFT);

    return r.pte;
}

/* Take a childless node and its entry away; returns the entry's usage bits. */
static unsigned remove_node(struct mapnode *n)
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
 * Remove `top` and all below it, leaf first, so that every state in between is a tree.  `keep`: the entry that
 * inherits the usage bits, or NULL.  False: interrupted; call again.
 */
static bool revoke(struct mapnode *top, u64 *keep, u8 *usage)
{
    struct mapnode *n = mapdb_leaf(top), *up;

    for (;;) {
        bool last = n == top;
        unsigned u;
        up = n->parent;
        u = remove_node(n);
        *usage |= (u8)u;
        if (keep)
            *keep |= pte_from_usage(u);
        if (preempt_point(1))
            return false; /* also when done: the caller looks again */
        if (last)
            return true;
        n = mapdb_leaf(up);
    }
}

/* ---- map and grant ---- */

/* The class to use (M-13). */
static unsigned pick_class(const struct map_op *op, const struct source *s, unsigned dst_class)
{
    unsigned c = s->c;

    if (c > dst_class)
        c = dst_class;
    while (c && (class_size(c) > op->size || ((op->src | op->dst) & (class_size(c) - 1))))
        c--;
    return c;
}

static u64 new_cache(const struct map_op *op, const struct source *s)
{
    return op->attrs & 0x10 ? pte_cache_from_attrs(op->attrs) : s->cache;
}

static u64 class_flag(unsigned c) { return c ? (u64)PTE_PS : 0; }

/* Grant: the node changes hands, its children stay (M-31, M-34). */
static enum map_status grant_page(struct map_op *op, const struct source *s, u64 *slot, u64 entry)
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

static enum map_status insert_page(struct map_op *op, const struct source *s, unsigned c,
                                   unsigned rights)
{
    u64 entry = (s->phys | new_cache(op, s) | pte_from_rights(rights) | class_flag(c));
    u64 *slot = pt_make(op->to->mem.root, task_quota(op->to), op->dst, c);
    struct mapnode *n;

    if (!slot)
        return MAP_FAILED;
    if (op->grant)
        return grant_page(op, s, slot, entry);
    if (!mapdb_may_insert(s->node))
        return MAP_FAILED; /* M-8 */
    n = slab_alloc(&mapnode_slab, task_quota(op->to));
    if (!n)
        return MAP_FAILED;
    n->space = op->to;
    n->page = op->dst >> PAGE_SHIFT & ((1UL << 35) - 1);
    n->key = mapdb_key(c, s->index) & ((1U << MAPDB_KEY_BITS) - 1);
    mapdb_insert(s->node, n);
    *slot = entry;
    *pte_link(slot) = (u64)n;
    return advance(op, class_size(c));
}

/* The target is occupied: upgrade in place (M-19), skip (M-22) or remove (M-20, M-21). */
static enum map_status occupied(struct map_op *op, const struct source *s, struct pte_ref d,
                                unsigned c, unsigned rights)
{
    struct mapnode *n = link_node(*pte_link(d.pte));
    u8 unused = 0;

    if (*pte_link(d.pte) & LINK_KU_MEM)
        return advance(op, class_size(c)); /* M-22 */
    if (!op->grant && n->parent == s->node && d.c == c && pte_phys(*d.pte) == s->phys) {
        u64 old = *d.pte;
        u64 e = (old & ~(u64)PTE_CACHE) | new_cache(op, s) | (rights & MEM_W ? (u64)PTE_W : 0);
        if (rights & MEM_X)
            e &= ~PTE_NX;
        pte_write(op->to, op->dst, d.pte, e);
        if ((old ^ e) & PTE_CACHE) /* more rights need no flush (M-50) */
            tlb_flush(op->to, op->dst);
        return advance(op, class_size(c));
    }
    /* The source may be among what goes: look at it again afterwards instead of asking for ancestors. */
    return revoke(n, NULL, &unused) ? MAP_DONE : MAP_PREEMPTED;
}

enum map_status mem_map_step(struct map_op *op)
{
    struct source s;
    struct pte_ref d;
    unsigned c, rights;

    if (op->src >= USER_END || op->dst >= USER_END)
        return advance(op, op->size);
    if (!find_source(op, &s))
        return advance(op, s.skip); /* M-10 */
    rights = s.rights & op->rights;
    if (!rights)
        return advance(op, bytes_left_in(op->src, s.c)); /* M-12 */
    op->any = true;
    if (op->to->is_sigma0) /* holds everything already */
        return advance(op, op->size);
    d = pt_find(op->to->mem.root, op->dst);
    c = pick_class(op, &s, d.c > CLASS_HUGE ? CLASS_HUGE : d.c);
    if (op->grant && (!s.pte || c < s.c))
        op->grant = false; /* M-33, M-37 */
    if (d.present)
        return occupied(op, &s, d, c, rights);
    return insert_page(op, &s, c, rights);
}

/* ---- unmap ---- */

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

    if (!(op->rights & MEM_R))
        return reduce_below(op, range, keep);
    while ((n = mapdb_first_in(range)))
        if (!revoke(n, keep, &op->referenced))
            return false;
    return true;
}

/* While the operation was interrupted its page went, or another came there: what was walked over is not there any more. */
static void drop_stale_walk(struct unmap_op *op, const struct mapnode *parent)
{
    if (op->walking && op->walk.range.parent != parent)
        unmap_abort(op);
}

/* sigma0: one piece of a GiB; its own entry comes back with the next fault (M-47). */
static enum map_status unmap_sigma0(struct unmap_op *op)
{
    struct child_range range = { .class_shift = mem_class_shift };
    u64 gib = op->pos >> class_shift(CLASS_HUGE), end;
    struct pte_ref r = pt_find(op->task->mem.root, op->pos);

    if (gib >= n_roots) {
        op->pos = op->end;
        return MAP_DONE;
    }
    end = min_u64(op->end, op->pos + bytes_left_in(op->pos, CLASS_HUGE));
    if (op->self && r.c < CLASS_HUGE)
        end = min_u64(end, op->pos + bytes_left_in(op->pos, r.c));
    range.parent = &roots[gib];
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

enum map_status mem_unmap_step(struct unmap_op *op)
{
    struct child_range range = { .class_shift = mem_class_shift };
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
    if (!r.present || *pte_link(r.pte) & LINK_KU_MEM) { /* hole or kernel-user memory (M-44, M-45) */
        op->pos = base + size;
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

/* ---- faults and kernel-user memory ---- */

bool mem_access_allowed(const struct task *t, u64 va, unsigned rights)
{
    struct pte_ref r = pt_find(t->mem.root, va);

    return r.present && (pte_rights(*r.pte) & rights) == rights;
}

bool mem_sigma0_fault(u64 va)
{
    struct source s;
    struct pte_ref d;
    u64 *slot;

    if (va >= USER_END || !sigma0_source(va, &s))
        return false;
    d = pt_find(sigma0_task->mem.root, va);
    if (d.present)
        return false; /* a right that sigma0 does not have: writing the KIP */
    while (s.c > d.c)
        s.c--;
    slot = pt_make(sigma0_task->mem.root, task_quota(sigma0_task), va, s.c);
    if (!slot)
        return false;
    *slot = ALIGN_DOWN(s.phys, class_size(s.c)) | pte_from_rights(s.rights) | class_flag(s.c);
    return true;
}

bool mem_map_ku_page(struct task *t, struct ku_mem *k, u64 offset)
{
    u64 *slot = pt_make(t->mem.root, task_quota(t), k->user + offset, CLASS_SMALL);

    if (!slot)
        return false;
    *slot = (virt_to_phys(k->kernel) + offset) | pte_from_rights(MEM_R | MEM_W);
    *pte_link(slot) = (u64)k | LINK_KU_MEM;
    return true;
}

void mem_unmap_ku_page(struct task *t, u64 va)
{
    struct pte_ref r = pt_find(t->mem.root, va);

    pte_write(t, va, r.pte, 0);
    *pte_link(r.pte) = 0;
    tlb_flush(t, va);
}

struct ku_mem *mem_find_ku(const struct task *t, u64 va)
{
    struct pte_ref r = pt_find(t->mem.root, va);

    return r.present && *pte_link(r.pte) & LINK_KU_MEM ? link_ku_mem(*pte_link(r.pte)) : NULL;
}

bool mem_range_in_use(const struct task *t, u64 va, u64 size)
{
    for (u64 end = va + size; va < end; va += PAGE_SIZE)
        if (pt_find(t->mem.root, va).present)
            return true;
    return false;
}
