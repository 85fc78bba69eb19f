/* SPDX-License-Identifier: MIT */
/*
 * The kernel's page tables.
 *
 *   0xffff800000000000 + p   direct map of physical address p: all RAM and the low 4 GiB; writable,
 *                            not executable; the kernel's text and constants are read-only
 *   0xffffffff80000000 + p   kernel image: text read-execute, constants read-only, data no-execute
 *
 * Nothing else is mapped; the page below the kernel stack is not.
 */
#ifndef QUIRE_KMAP_H
#define QUIRE_KMAP_H

#include "types.h"

/* The top-level table.  Its upper half is shared by copying the entries into every task's table. */
const u64 *kmap_root(void);
u64 kmap_root_phys(void);

/*
 * Make physical [phys, phys + size) uncached in the direct map, in units of 2 MiB, so that
 * phys_to_virt(phys) reaches device registers.  No RAM may be within these units.  Above 4 GiB only
 * before the first task exists (a new top-level entry would not reach the tasks' tables) or within
 * 512 GiB of mapped RAM.
 */
void kmap_mmio(u64 phys, u64 size);

/* The kernel stack that boot and panic run on: the end of its 16 KiB (boot.asm). */
extern char kernel_stack_top[];

#endif
