/* SPDX-License-Identifier: MIT */
/* Map, grant and unmap over ranges, see map.h. */
#include "map.h"

#include "arch.h"
#include "io_space.h"
#include "mem_space.h"
#include "obj_space.h"

const struct space_kind space_kinds[] = {
    [FP_MEM] = {mem_map_step, mem_unmap_step, USER_END, SPACE_MEM},
    [FP_IO] = {io_map_step, io_unmap_step, N_PORTS, SPACE_IO},
    [FP_OBJ] = {obj_map_step, obj_unmap_step, N_SLOTS, SPACE_OBJ},
};

enum map_status map_run_on(struct map_op *op, enum map_status s)
{
    for (;;) {
        if (preempt_point(1) && op->size && s == MAP_DONE)
            s = MAP_PREEMPTED;
        if (!op->size || s != MAP_DONE)
            break;
        s = map_step(op);
    }
    check_note(s == MAP_PREEMPTED);
    return s;
}

enum map_status unmap_run_on(struct unmap_op *op, enum map_status s)
{
    for (;;) {
        if (preempt_point(1) && op->pos < op->end)
            s = MAP_PREEMPTED;
        if (op->pos >= op->end || s != MAP_DONE)
            break;
        s = space_kinds[op->type].unmap(op);
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
