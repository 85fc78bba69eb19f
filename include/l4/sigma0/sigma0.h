/* SPDX-License-Identifier: MIT */
/*
 * Requests to sigma0, the owner of all memory and I/O ports (abi: boot section 6).
 *
 * Decides: the request words.  Used by sigma0 (server side) and user/lib/sigma0.c (client side).
 *
 *   63                         8 7     4 3    0
 *  +----------------------------+-------+------+
 *  | all ones                   | kind  |  0   |   MR0      MR1 = flexpage
 *  +----------------------------+-------+------+
 */
#ifndef L4_SIGMA0_SIGMA0_H
#define L4_SIGMA0_SIGMA0_H

#include <l4/sys/kip.h>
#include <l4/sys/types.h>

#define SIGMA0_REQ_MAGIC (~0xFFUL)
#define SIGMA0_REQ_MASK (~0xFFUL)
#define SIGMA0_REQ_ID_MASK 0xF0
#define SIGMA0_REQ_ID_FPAGE_RAM 0x60
#define SIGMA0_REQ_ID_FPAGE_IOMEM 0x70
#define SIGMA0_REQ_ID_FPAGE_IOMEM_CACHED 0x80
#define SIGMA0_REQ_ID_FPAGE_ANY 0x90
#define SIGMA0_REQ_ID_KIP 0xA0
#define SIGMA0_REQ_ID_DEBUG_DUMP 0xC0

#define SIGMA0_IS_MAGIC_REQ(d1) (((d1)&SIGMA0_REQ_MASK) == SIGMA0_REQ_MAGIC)
#define SIGMA0_REQ(x) (SIGMA0_REQ_MAGIC + SIGMA0_REQ_ID_##x)
#define SIGMA0_REQ_FPAGE_RAM SIGMA0_REQ(FPAGE_RAM)
#define SIGMA0_REQ_FPAGE_IOMEM SIGMA0_REQ(FPAGE_IOMEM)
#define SIGMA0_REQ_FPAGE_IOMEM_CACHED SIGMA0_REQ(FPAGE_IOMEM_CACHED)
#define SIGMA0_REQ_FPAGE_ANY SIGMA0_REQ(FPAGE_ANY)
#define SIGMA0_REQ_KIP SIGMA0_REQ(KIP)
#define SIGMA0_REQ_DEBUG_DUMP SIGMA0_REQ(DEBUG_DUMP)

/** Results of the functions below, negated. */
enum l4sigma0_return_flags_t {
    L4SIGMA0_OK,
    L4SIGMA0_NOTALIGNED,
    L4SIGMA0_IPCERROR,
    L4SIGMA0_NOFPAGE,
    L4SIGMA0_4,
    L4SIGMA0_5,
    L4SIGMA0_SMALLERFPAGE,
};

/** Map the KIP at addr (page aligned; null: the library finds a place); null on failure. */
l4_kernel_info_t *l4sigma0_map_kip(l4_cap_idx_t sigma0, void *addr, unsigned log2_size);

/** Map size bytes of RAM at phys to virt; all page aligned.  0 or -L4SIGMA0_*. */
int l4sigma0_map_mem(l4_cap_idx_t sigma0, l4_addr_t phys, l4_addr_t virt, l4_addr_t size);

/** Map device memory; cached: 0 or 1. */
int l4sigma0_map_iomem(l4_cap_idx_t sigma0, l4_addr_t phys, l4_addr_t virt, l4_addr_t size,
                       int cached);

/**
 * Map a free block of 2^sz bytes into the window map_area of 2^log2_map_size bytes.
 * The block appears at the start of the window; *base is set to that address.
 */
int l4sigma0_map_anypage(l4_cap_idx_t sigma0, l4_addr_t map_area, unsigned log2_map_size,
                         l4_addr_t *base, unsigned sz);

/** Get I/O ports port ... port + 2^order - 1; order: 0..16.  0 or -L4SIGMA0_*. */
int l4sigma0_map_ioports(l4_cap_idx_t sigma0, unsigned port, unsigned order);

/** New gate to sigma0 with a client number of its own, put into slot gate.  0 or an error. */
int l4sigma0_new_client(l4_cap_idx_t sigma0, l4_cap_idx_t gate);

/** Let sigma0 print what it owns. */
void l4sigma0_debug_dump(l4_cap_idx_t sigma0);

/** Text for a result. */
char const *l4sigma0_map_errstr(int err);

#endif
