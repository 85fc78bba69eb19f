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
    u64 entry;            /* as for a small page: the source address, rights, caching */
    u64 keep, set;        /* what the item's rights and caching make of the bits of an entry */
    u64 index;            /* of the source address within the parent, in small pages */
    u64 skip;             /* absent: bytes to the end of the hole */
    unsigned c;           /* class of the page, as large as it may be used */
};

/* sigma0's page at a physical address; false: nothing there that can be mapped, s->skip says how far. */
bool mem_sigma0_source(u64 phys, struct mem_source *s);

/* The root node of a physical address, NULL: there is no such memory. */
struct mapnode *mem_root_node(u64 phys);

/*
 * Remove `top` and all below it, leaf first, so that every state in between is a tree; *used collects the usage bits
 * of their entries.  False: interrupted, or an interrupt came at the end; look again.
 */
bool mem_revoke(struct mapnode *top, u64 *used);

static inline u64 bytes_left_in(u64 va, unsigned c)
{
    return class_size(c) - (va & (class_size(c) - 1));
}

/* The bit that makes an entry of a class a page. */
static inline u64 class_flag(unsigned c) { return c ? (u64)PTE_PS : 0; }

#endif
