/* SPDX-License-Identifier: MIT */
/*
 * The named invariants of the running kernel: checked on demand through the debugger object, and
 * in debug builds after every operation that changes mappings, slots or objects.
 *
 *   I1  every present user entry has one mapping node, but sigma0's and kernel-user memory
 *   I2  the entry's link is a node that names this task, page and class
 *   I3  a node is found through its parent's search tree and chain; its depth is the parent's plus one
 *   I4  a node lies within its parent and is not larger
 *   I5  a node's frame is its parent's frame plus its index
 *   I6  no user entry names kernel memory, but kernel-user memory as designed; the KIP is not writable
 *   I7  free and owned kernel memory together are all of it
 *   I8  what a factory has charged is what its objects and tasks hold
 *   I9  an object's counter equals its counted slots; every slot is in its object's list
 *   I10 wait queues and reply slots are mutual
 *   I11 the CPU's port bitmap is the one of the task it is said to be of
 *   I12 no translation that the tables forbid is left in the TLB
 *   I13 the page tables that a task found last are those that its root leads to
 */
#ifndef QUIRE_CHECK_H
#define QUIRE_CHECK_H

#include "arch.h"

/* All invariants; false: one is broken and its name is printed. */
bool check_invariants(void);

#ifdef QUIRE_DEBUG
/*
 * An operation changed something: check before user code runs again.  One that was only
 * interrupted is checked now and then: a check takes longer than a timer tick, so long operations
 * would never end.
 */
void check_note(bool interrupted);
/* Check if something was noted; panics with the name of the broken invariant. */
void check_noted(void);
#else
static inline void check_note(bool interrupted) { (void)interrupted; }
static inline void check_noted(void) {}
#endif

#endif
