/* SPDX-License-Identifier: MIT */
/*
 * Port spaces: one step of a map, grant or unmap of I/O ports (M-52 .. M-57).
 * A task has no port, or single ports, or all 65536 as one mapping (M-53).  Called by map.c and task.c.
 */
#ifndef QUIRE_IO_SPACE_H
#define QUIRE_IO_SPACE_H

#include "map.h"

extern const u8 io_class_shift[N_CLASSES]; /* log2 of ports per piece */

void io_space_init(void);
enum map_status io_map_step(struct map_op *op);
enum map_status io_unmap_step(struct unmap_op *op);

#ifdef QUIRE_CONSOLE
/* The node of a port, below `N_PORTS`; NULL: the task has not got it. */
struct mapnode *io_port_node(const struct task *t, u64 port);
#endif

/* Has the task any port, so that its bitmap is worth loading? */
static inline bool io_has_ports(const struct task *t) { return t->io.all || t->io.count; }

/* Give the memory of an empty port space back; one bounded step, true: done. */
bool io_release_step(struct task *t);

#endif
