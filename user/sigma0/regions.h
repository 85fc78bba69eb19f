/* SPDX-License-Identifier: MIT */
/*
 * Who owns which part of an address space: RAM, device memory or I/O ports.
 *
 * Decides: whether a client gets a range (B-24: the first who asks owns it).  Used by main.c and
 * init.c, uses nothing.  Invariants: regions are sorted, do not overlap, and neighbours differ in
 * owner or rights (they are joined), so that nothing is lost by splitting.
 */
#ifndef SIGMA0_REGIONS_H
#define SIGMA0_REGIONS_H

#include <l4/sys/l4int.h>

enum { MAX_REGIONS = 2048 };

/** Owners; other numbers are clients made by the factory protocol. */
enum {
    OWNER_FREE = 0,
    OWNER_SIGMA0 = 2,
    OWNER_ROOT = 4,
};

struct region {
    l4_addr_t start, end; /* end is inclusive */
    unsigned owner;
    unsigned rights; /* L4_FPAGE_*; 0: no page faults, explicit requests only */
};

struct region_map {
    unsigned n;
    struct region r[MAX_REGIONS + 2]; /* two spare: a change may split two regions at most */
};

/** Make start..end a region with this owner and rights, whatever was there; 0 if the map is full. */
int regions_set(struct region_map *m, struct region const *new_region);

/** Forget what is known of start..end; 0 if the map is full. */
int regions_remove(struct region_map *m, l4_addr_t start, l4_addr_t end);

/**
 * Give start..end to a client.  All of it must be free or belong to the client; otherwise, or if
 * the map is full, nothing changes and 0 is returned, else 1.  *rights: what all parts have.
 */
int regions_claim(struct region_map *m, l4_addr_t start, l4_addr_t end, unsigned owner,
                  unsigned *rights);

/**
 * Give an aligned free block of 2^order to a client; *start: where it is.  The smallest region
 * that has room is used, so that large ones stay whole.  Returns 1, or 0 if there is none.
 */
int regions_claim_any(struct region_map *m, unsigned order, unsigned owner, l4_addr_t *start);

/** Sum of the sizes of an owner's regions. */
l4_addr_t regions_sum(struct region_map const *m, unsigned owner);

#endif
