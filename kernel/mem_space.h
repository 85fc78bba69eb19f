/* SPDX-License-Identifier: MIT */
/*
 * Memory spaces: one page of a map, grant or unmap (abi: mapping.md sections 3 to 6).
 * Called by map.c and task.c.  Calls mapdb, the page tables and the allocator.
 *
 * Invariants: I1 every present user entry of a task but sigma0's and kernel-user memory has exactly one node;
 * I2 the entry's link is that node; I4, I5 the frame of a node is the frame of its parent plus its index.
 */
#ifndef QUIRE_MEM_SPACE_H
#define QUIRE_MEM_SPACE_H

#include "map.h"

extern const u8 mem_class_shift[N_CLASSES]; /* log2 of small pages per page */

/* Set up the roots: physical memory up to `phys_top`, none of the kernel's own.  Once, at boot. */
void mem_space_init(u64 phys_top);

/* Map or grant the page at op->src; advances op, or leaves it unchanged to be called again after a removal. */
enum map_status mem_map_step(struct map_op *op);
/* Unmap in the page at op->pos. */
enum map_status mem_unmap_step(struct unmap_op *op);

/* Resolve a fault of sigma0 itself: true if `va` is now mapped (B-17). */
bool mem_sigma0_fault(u64 va);

/* Does the page table allow the access (MEM_* bits) to `va`?  For faults from stale entries (M-50). */
bool mem_access_allowed(struct task *t, u64 va, unsigned rights);

/* Map the page at `offset` of kernel-user memory (no node); false: no memory.  The slot must be empty. */
bool mem_map_ku_page(struct task *t, struct ku_mem *k, u64 offset);
void mem_unmap_ku_page(struct task *t, u64 va);
/* The kernel-user memory that `va` belongs to, NULL: none. */
struct ku_mem *mem_find_ku(struct task *t, u64 va);
/* Is any page of the range present? */
bool mem_range_in_use(struct task *t, u64 va, u64 size);

/* Kernel memory taken for the roots. */
u64 mem_space_boot_bytes(void);

extern struct slab mapnode_slab;

#endif
