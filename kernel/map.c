/* SPDX-License-Identifier: MIT */
/* Map, grant and unmap over ranges, see map.h. */
#include "map.h"

#include "arch.h"
#include "check.h"
#include "io_space.h"
#include "mem_space.h"
#include "obj_space.h"
#include "preempt.h"

typedef enum map_status map_step_fn(struct map_op *op);
typedef enum map_status unmap_step_fn(struct unmap_op *op);

static map_step_fn *const map_steps[] = {
    [FP_MEM] = mem_map_step,
    [FP_IO] = io_map_step,
    [FP_OBJ] = obj_map_step,
};
static unmap_step_fn *const unmap_steps[] = {
    [FP_MEM] = mem_unmap_step,
    [FP_IO] = io_unmap_step,
    [FP_OBJ] = obj_unmap_step,
};
/* What a task must have for a transfer of the type (M-1). */
static const u8 needed_space[] = {[FP_MEM] = SPACE_MEM, [FP_IO] = SPACE_IO, [FP_OBJ] = SPACE_OBJ};
static const u64 space_limit[] = {[FP_MEM] = USER_END, [FP_IO] = N_PORTS, [FP_OBJ] = N_SLOTS};

enum map_status map_run(struct map_op *op)
{
    enum map_status s = MAP_DONE;

    if (unlikely(!(op->from->spaces & op->to->spaces & needed_space[op->type])))
        return MAP_DONE;
    while (op->size && s == MAP_DONE) {
        s = unlikely(op->to->obj.dying) ? MAP_DYING : map_steps[op->type](op);
        if (preempt_point(1) && op->size && s == MAP_DONE)
            s = MAP_PREEMPTED;
    }
    check_note(s == MAP_PREEMPTED);
    return s;
}

void unmap_begin(struct unmap_op *op, struct task *t, u64 fpage, u64 mask)
{
    enum fpage_type type = fp_type(fpage);
    struct fp_range r = fp_to_range(fpage, t->spaces & needed_space[type] ? space_limit[type] : 0);

    op->task = t;
    op->type = (u8)type;
    op->pos = r.base;
    op->end = r.base + r.size;
    op->rights = (u8)fp_rights(fpage);
    op->self = mask >> 31 & 1;
    op->del = mask >> 30 & 1;
    op->usage = 0;
    op->walking = false;
}

enum map_status unmap_run(struct unmap_op *op)
{
    enum map_status s = MAP_DONE;

    while (op->pos < op->end && s == MAP_DONE) {
        s = unmap_steps[op->type](op);
        if (preempt_point(1) && op->pos < op->end)
            s = MAP_PREEMPTED;
    }
    check_note(s == MAP_PREEMPTED);
    return s;
}

void unmap_abort(struct unmap_op *op)
{
    if (op->walking)
        mapdb_walk_end(&op->walk);
    op->walking = false;
}
