/* SPDX-License-Identifier: MIT */
/* Object spaces, see obj_space.h. */
#include "obj_space.h"

#include "kmem.h"
#include "trace.h"

const struct cap obj_none[SLOTS_PER_PAGE];

enum { DIR_ENTRIES = N_SLOTS / SLOTS_PER_PAGE };

struct cap *obj_make_slot_slowly(struct task *t, u64 index)
{
    struct quota *q = task_quota(t);
    struct cap **table;

    if (index >= N_SLOTS)
        return NULL;
    if (!t->caps.dir)
        t->caps.dir = kmem_zalloc(q, PAGE_SHIFT);
    if (!t->caps.dir)
        return NULL;
    t->caps.end = N_SLOTS;
    table = &t->caps.dir[index / SLOTS_PER_PAGE];
    *table = kmem_zalloc(q, PAGE_SHIFT);
    if (*table && index < SLOTS_PER_PAGE)
        t->caps.first = *table;
    return *table ? &(*table)[index % SLOTS_PER_PAGE] : NULL;
}

struct cap *obj_lookup_slowly(const struct task *t, u64 selector)
{
    struct cap *slot = obj_slot(t, selector >> 12);

    return slot && obj_slot_is_used(slot) ? slot : NULL;
}

/* Rights of the copy: what the sender has and the item asks for; weak sticks (M-60, flexpage.md section 2). */
static unsigned copy_rights(const struct map_op *op, const struct cap *src)
{
    unsigned have = (unsigned)src->rights;

    return (have & op->rights & CAP_RIGHTS) | (have & op->attrs & ATTR_CTL) |
           ((have | op->attrs) & ATTR_WEAK);
}

enum map_status obj_map_step(struct map_op *op)
{
    struct cap *src, *dst;
    unsigned rights;

    if (op->src >= N_SLOTS || op->dst >= N_SLOTS) /* F-4 */
        return TRACE(skip, op, op->size, "beyond-space rule=F-4"), map_advance(op, op->size);
    src = likely(op->src < SLOTS_PER_PAGE) ? obj_first_slot(op->from, op->src << 12)
                                           : obj_slot(op->from, op->src);
    if (!src)
        return TRACE(skip, op, SLOTS_PER_PAGE - op->src % SLOTS_PER_PAGE, "no-source rule=M-62"),
               map_advance(op, SLOTS_PER_PAGE - op->src % SLOTS_PER_PAGE);
    if (!obj_slot_is_used(src)) /* M-62 */
        return TRACE(skip, op, 1, "no-source rule=M-62"), map_advance(op, 1);
    rights = copy_rights(op, src);
    if (!(rights & CAP_R)) /* F-6 */
        return TRACE(skip, op, 1, "no-rights rule=F-6"), map_advance(op, 1);
    op->any = true;
    dst = obj_make_slot(op->to, op->dst);
    if (!dst)
        return MAP_FAILED;
    if (dst->obj) { /* M-63 .. M-65: as unmap with delete; the source may go with it, so look again */
        TRACE(step, op, "replace", 0);
        cap_remove(dst, true);
        return MAP_DONE;
    }
    TRACE(step, op, op->grant ? "grant" : "map", 0);
    if (op->grant)
        cap_move(dst, src, rights);
    else
        cap_insert(dst, src->obj, rights);
    return map_advance(op, 1);
}

static void slot_reduce(struct cap *slot, u64 rights)
{
    TRACE(slot, slot, slot->obj, slot->rights & ~rights);
    slot->rights &= ~rights;
}

enum map_status obj_unmap_step(struct unmap_op *op)
{
    struct cap *slot = op->self ? obj_slot(op->task, op->pos) : NULL;

    if (!op->self) /* objects have no descendants (M-67) */
        op->pos = op->end;
    else if (!op->task->caps.dir)
        op->pos = op->end;
    else if (!slot)
        op->pos = ALIGN_DOWN(op->pos, SLOTS_PER_PAGE) + SLOTS_PER_PAGE;
    else {
        if (slot->obj && op->rights & CAP_R)
            cap_remove(slot, op->del); /* M-68 */
        else if (slot->obj)            /* M-69 */
            slot_reduce(slot, op->rights & (CAP_W | CAP_S | CAP_D));
        op->pos++;
    }
    return MAP_DONE;
}

bool obj_release_step(struct task *t)
{
    if (!t->caps.dir)
        return true;
    for (unsigned i = 0; i < DIR_ENTRIES; i++)
        if (t->caps.dir[i]) {
            t->caps.first = obj_none;
            kmem_free(task_quota(t), t->caps.dir[i], PAGE_SHIFT);
            t->caps.dir[i] = NULL;
            return false;
        }
    kmem_free(task_quota(t), t->caps.dir, PAGE_SHIFT);
    obj_space_init(&t->caps);
    return true;
}
