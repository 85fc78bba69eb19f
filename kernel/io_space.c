/* SPDX-License-Identifier: MIT */
/* Port spaces, see io_space.h. */
#include "io_space.h"

#include "arch.h"
#include "mem_space.h"
#include "preempt.h"
#include "string.h"

enum { BITMAP_ORDER = 13, DIR_PAGES = N_PORTS / PORTS_PER_PAGE };

/* Small pieces are ports, the huge page is all of them; there is nothing between. */
const u8 io_class_shift[N_CLASSES] = {0, 16, 16};
static struct mapnode io_root; /* sigma0 holds all ports */

void io_space_init(void)
{
    mapdb_root(&io_root, sigma0_task, 0, CLASS_HUGE);
    TRACE(node_roots, "io", &io_root, 1);
}

/* The node of a port: the single one, or that of the whole space. */
static struct mapnode *find_port(const struct task *t, u64 port)
{
    struct mapnode **page;

    if (t->is_sigma0)
        return &io_root;
    if (t->io.all)
        return t->io.all;
    page = t->io.link ? t->io.link[port / PORTS_PER_PAGE] : NULL;
    return page ? page[port % PORTS_PER_PAGE] : NULL;
}

#ifdef QUIRE_CONSOLE
struct mapnode *io_port_node(const struct task *t, u64 port) { return find_port(t, port); }
#endif

/* The place for a single port's node, with the space's memory made as needed (M-55); NULL: no memory. */
static struct mapnode **make_port(struct task *t, u64 port)
{
    struct quota *q = task_quota(t);
    struct mapnode ***page;

    if (!t->io.bitmap) {
        t->io.bitmap = kmem_alloc(q, BITMAP_ORDER);
        if (!t->io.bitmap)
            return NULL;
        memset(t->io.bitmap, 0xff, 1UL << BITMAP_ORDER);
    }
    if (!t->io.link)
        t->io.link = kmem_zalloc(q, PAGE_SHIFT);
    if (!t->io.link)
        return NULL;
    page = &t->io.link[port / PORTS_PER_PAGE];
    if (!*page)
        *page = kmem_zalloc(q, PAGE_SHIFT);
    return *page ? &(*page)[port % PORTS_PER_PAGE] : NULL;
}

static void set_bitmap(struct task *t, u64 port, bool allowed)
{
    u8 bit = (u8)(1U << (port & 7));

    if (allowed)
        t->io.bitmap[port >> 3] &= (u8)~bit;
    else
        t->io.bitmap[port >> 3] |= bit;
}

/* The CPU forgets the task's bitmap; it comes back with the next trap (M-56). */
static void bitmap_changed(struct task *t)
{
    if (pcpu()->io_task == t)
        arch_io_reset();
}

/* Enter or clear a node at its place. */
static void set_node(struct task *t, struct mapnode *n, u64 port, bool present)
{
    if (mapnode_class(n) == CLASS_HUGE) {
        t->io.all = present ? n : NULL;
        memset(t->io.bitmap, present ? 0 : 0xff, 1UL << BITMAP_ORDER);
    } else {
        t->io.link[port / PORTS_PER_PAGE][port % PORTS_PER_PAGE] = present ? n : NULL;
        t->io.count += present ? 1U : -1U;
        set_bitmap(t, port, present);
    }
    TRACE(port, t, port, mapnode_class(n) == CLASS_HUGE ? N_PORTS : 1, present);
    bitmap_changed(t);
}

static void remove_node(struct mapnode *n)
{
    struct task *t = n->space;

    set_node(t, n, n->page, false);
    mapdb_remove(n);
    TRACE(node_del, "io", n);
    slab_free(&mapnode_slab, task_quota(t), n);
}

static bool revoke(struct mapnode *top)
{
    struct mapnode *n;

    do {
        n = mapdb_leaf(top);
        remove_node(n);
        if (preempt_point(1))
            return false;
    } while (n != top);
    return true;
}

static enum map_status insert_port(struct map_op *op, struct mapnode *src, unsigned c)
{
    struct quota *to = task_quota(op->to);
    struct mapnode *n = src;

    if (!make_port(op->to, op->dst))
        return MAP_FAILED;
    if (op->grant) {
        if (!quota_move(task_quota(op->from), to, mapnode_slab.size))
            return MAP_FAILED;
        set_node(op->from, n, op->src, false);
        TRACE(node_move, "io", n, op);
        n->space = op->to;
        n->page = op->dst & (N_PORTS - 1);
    } else {
        u64 index = mapnode_class(src) == CLASS_HUGE && c == CLASS_SMALL ? op->src : 0;
        n = mapdb_may_insert(src) ? slab_alloc(&mapnode_slab, to)
                                  : (TRACE(skip, op, 0, "depth rule=M-8"), NULL);
        if (!n)
            return MAP_FAILED;
        mapdb_insert(src, n, op->to, op->dst, mapdb_key(c, index));
        TRACE(node_add, "io", n, 0);
    }
    set_node(op->to, n, op->dst, true);
    TRACE(step, op, op->grant ? "grant" : "map", c == CLASS_HUGE ? 16 : 0);
    return map_advance(op, c == CLASS_HUGE ? N_PORTS : 1);
}

/* Remove what is at op->dst, to the end even if the source goes first and an interrupt comes (M-21). */
static enum map_status clear_target(struct map_op *op, struct mapnode *dst)
{
    if (dst && !revoke(dst))
        return MAP_PREEMPTED;
    op->clearing = false;
    return MAP_DONE;
}

enum map_status io_map_step(struct map_op *op)
{
    struct mapnode *src, *dst;
    unsigned c;

    if (op->clearing)
        return clear_target(op, find_port(op->to, op->dst));
    if (op->src >= N_PORTS)
        return TRACE(skip, op, op->size, "beyond-space rule=F-4"), map_advance(op, op->size);
    src = find_port(op->from, op->src);
    if (!src) { /* skip what is empty: everything, a page of ports, one port */
        if (!op->from->io.link)
            return TRACE(skip, op, op->size, "no-source rule=M-10"), map_advance(op, op->size);
        if (!op->from->io.link[op->src / PORTS_PER_PAGE])
            return TRACE(skip, op, PORTS_PER_PAGE - op->src % PORTS_PER_PAGE,
                         "no-source rule=M-10"),
                   map_advance(op, PORTS_PER_PAGE - op->src % PORTS_PER_PAGE);
        return TRACE(skip, op, 1, "no-source rule=M-10"), map_advance(op, 1);
    }
    if (!(op->rights & 14)) /* any of bits 8, 4, 2 gives access (M-52) */
        return TRACE(skip, op, op->size, "no-rights rule=M-52"), map_advance(op, op->size);
    op->any = true;
    if (op->to->is_sigma0)
        return TRACE(skip, op, op->size, "sigma0-has-all"), map_advance(op, op->size);
    dst = find_port(op->to, op->dst);
    c = CLASS_SMALL;
    if (mapnode_class(src) == CLASS_HUGE && op->src == 0 && op->size >= N_PORTS &&
        (dst ? mapnode_class(dst) == CLASS_HUGE : op->to->io.count == 0))
        c = CLASS_HUGE;
    if (op->grant && (op->from->is_sigma0 || c < mapnode_class(src)))
        op->grant = false; /* M-33, M-37 */
    if (!dst)
        return insert_port(op, src, c);
    if (!op->grant && dst->parent == src && mapnode_class(dst) == c)
        return TRACE(step, op, "upgrade", c == CLASS_HUGE ? 16 : 0),
               map_advance(op,
                           c == CLASS_HUGE ? N_PORTS : 1); /* M-19: it has all rights there are */
    TRACE(step, op, "replace", 0);
    op->clearing = true;
    return clear_target(op, dst);
}

enum map_status io_unmap_step(struct unmap_op *op)
{
    struct child_range range = {.class_shift = io_class_shift};
    struct mapnode *n = find_port(op->task, op->pos), *child;
    bool large;

    if (!op->rights) { /* only reading usage bits, and ports have none */
        op->pos = op->end;
        return MAP_DONE;
    }
    if (!n) {
        if (!op->task->io.link)
            op->pos = op->end;
        else if (!op->task->io.link[op->pos / PORTS_PER_PAGE])
            op->pos = ALIGN_DOWN(op->pos, PORTS_PER_PAGE) + PORTS_PER_PAGE;
        else
            op->pos++;
        return MAP_DONE;
    }
    large = mapnode_class(n) == CLASS_HUGE;
    range.parent = n;
    if (large) {
        bool whole = op->self && !op->task->is_sigma0; /* M-42 */
        range.first = whole ? 0 : op->pos;
        range.last = whole ? N_PORTS - 1 : op->end - 1;
    }
    while ((child = mapdb_first_in(&range, 0)))
        if (!revoke(child))
            return MAP_PREEMPTED;
    if (op->self && !op->task->is_sigma0)
        remove_node(n);
    op->pos = large ? op->end : op->pos + 1;
    return MAP_DONE;
}

bool io_release_step(struct task *t)
{
    struct quota *q = task_quota(t);

    if (t->io.link) {
        for (unsigned i = 0; i < DIR_PAGES; i++)
            if (t->io.link[i]) {
                kmem_free(q, t->io.link[i], PAGE_SHIFT);
                t->io.link[i] = NULL;
                return false;
            }
        kmem_free(q, t->io.link, PAGE_SHIFT);
        t->io.link = NULL;
    }
    if (t->io.bitmap)
        kmem_free(q, t->io.bitmap, BITMAP_ORDER);
    t->io.bitmap = NULL;
    return true;
}
