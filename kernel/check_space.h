/* SPDX-License-Identifier: MIT */
/* The part of check.c that looks at one task's spaces. */
#ifndef QUIRE_CHECK_SPACE_H
#define QUIRE_CHECK_SPACE_H

#include "task.h"

/* I1 to I6, I11 and I13 of one task, and the slots of its object space; NULL or the name of what is broken. */
const char *check_space(const struct task *t);
/* After all tasks were checked: as many nodes as the allocator has given out (I1), I12. */
const char *check_space_totals(void);

/* What the task has charged beside itself: blocks, nodes, records (I8). */
u64 check_space_bytes(const struct task *t);
/* Of these the blocks of whole pages (I7). */
u64 check_space_blocks(const struct task *t);
/* Blocks taken at boot for the roots of the memory tree. */
u64 check_space_boot_bytes(void);

#endif
