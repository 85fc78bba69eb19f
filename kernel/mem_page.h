/* SPDX-License-Identifier: MIT */
/* What mem_space.c, mem_map.c and mem_unmap.c share: the source of a map, the removal of a subtree. */
#ifndef QUIRE_MEM_PAGE_H
#define QUIRE_MEM_PAGE_H

#include "arch.h"
#include "map.h"

/* The page that is mapped from: found in the sender's table, or sigma0's idea of physical memory. */
struct mem_source {
    struct mapnode *node; /* parent of what is mapped */
    u64 *pte;             /* NULL: sigma0 */
    u64 phys;             /* of the source address */
    u64 index;            /* of the source address within the parent, in small pages */
    u64 cache;            /* PTE_CACHE bits */
    u64 skip;             /* absent: bytes to the end of the hole */
    unsigned rights, c;   /* class of the page, as large as it may be used */
};

/* The page at op->src; false: nothing there that can be mapped, s->skip says how far. */
bool mem_find_source(const struct map_op *op, struct mem_source *s);

/* The root node of a physical address, NULL: there is no such memory. */
struct mapnode *mem_root_node(u64 phys);

/*
 * Remove `top` and all below it, leaf first, so that every state in between is a tree.  `keep`: the
 * entry that
 * inherits the usage bits, or NULL.  False: interrupted, or an interrupt came at the end; look again.
 */
bool mem_revoke(struct mapnode *top, u64 *keep, u8 *usage);

static inline u64 bytes_left_in(u64 va, unsigned c)
{
    return class_size(c) - (va & (class_size(c) - 1));
}

/* The bit that makes an entry of a class a page. */
static inline u64 class_flag(unsigned c) { return c ? (u64)PTE_PS : 0; }

/* Size of the slot of class c, 3: of the top level. */
static inline u64 slot_size(unsigned c) { return 1UL << (12 + 9 * c); }

#endif
