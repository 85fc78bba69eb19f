/* SPDX-License-Identifier: MIT */
/*
 * Data spaces: memory objects that a server provides, with offsets from 0 to their size.
 *
 * Decides: the client's side of the protocol (user/lib/dataspace.c); the root task of this project serves none, but
 * L4Re's does.  Every function also returns IPC errors as negative numbers.
 */
#ifndef L4_RE_C_DATASPACE_H
#define L4_RE_C_DATASPACE_H

#include <l4/sys/__l4_fpage.h>
#include <l4/sys/compiler.h>
#include <l4/sys/types.h>

typedef l4_cap_idx_t l4re_ds_t;
typedef l4_uint64_t l4re_ds_size_t;     /* bytes */
typedef l4_uint64_t l4re_ds_offset_t;   /* bytes from the start of the data space */
typedef l4_uint64_t l4re_ds_map_addr_t; /* address in this task */
typedef unsigned long l4re_ds_flags_t;  /* enum l4re_ds_map_flags */

typedef struct {
    l4re_ds_size_t size;
    l4re_ds_flags_t flags;
} l4re_ds_stats_t;

/** Rights and cacheability of a mapping. */
enum l4re_ds_map_flags {
    L4RE_DS_F_R = L4_FPAGE_RO,
    L4RE_DS_F_W = L4_FPAGE_W,
    L4RE_DS_F_X = L4_FPAGE_X,
    L4RE_DS_F_RW = L4_FPAGE_RW,
    L4RE_DS_F_RX = L4_FPAGE_RX,
    L4RE_DS_F_RWX = L4_FPAGE_RWX,
    L4RE_DS_F_RIGHTS_MASK = 0x0f,

    L4RE_DS_F_NORMAL = 0x00,
    L4RE_DS_F_CACHEABLE = L4RE_DS_F_NORMAL,
    L4RE_DS_F_BUFFERABLE = 0x10,
    L4RE_DS_F_UNCACHEABLE = 0x20,
    L4RE_DS_F_CACHING_MASK = 0x30,
    L4RE_DS_F_CACHING_SHIFT = 4,
};

/**
 * Map what lies at offset to the page of local_addr, and around it as much as the server gives in one flexpage.
 *
 * The flexpage is the largest aligned block around local_addr between min_addr and max_addr (exclusive), at most 1 GiB.
 * Errors: those of the server, -L4_ERANGE for an offset outside.
 */
l4_ret_t l4re_ds_map(l4re_ds_t ds, l4re_ds_offset_t offset, l4re_ds_flags_t flags,
                     l4re_ds_map_addr_t local_addr, l4re_ds_map_addr_t min_addr,
                     l4re_ds_map_addr_t max_addr) L4_NOTHROW;

/** Map the data space from offset on to all pages of min_addr to max_addr (exclusive). */
l4_ret_t l4re_ds_map_region(l4re_ds_t ds, l4re_ds_offset_t offset, l4re_ds_flags_t flags,
                            l4re_ds_map_addr_t min_addr, l4re_ds_map_addr_t max_addr) L4_NOTHROW;

/** Fill with zeros; needs the write right. */
l4_ret_t l4re_ds_clear(l4re_ds_t ds, l4re_ds_offset_t offset, l4re_ds_size_t size) L4_NOTHROW;

/** Let the server have memory ready for this part. */
l4_ret_t l4re_ds_allocate(l4re_ds_t ds, l4re_ds_offset_t offset, l4re_ds_size_t size) L4_NOTHROW;

/**
 * Copy size bytes from another data space, of the same server.
 * src: selector, its low bits are the rights to send; -L4_EMSGMISSARG if it is invalid.
 */
l4_ret_t l4re_ds_copy_in(l4re_ds_t ds, l4re_ds_offset_t dst_offs, l4re_ds_t src,
                         l4re_ds_offset_t src_offs, l4re_ds_size_t size) L4_NOTHROW;

/** Size in bytes; 0 after an error. */
l4re_ds_size_t l4re_ds_size(l4re_ds_t ds) L4_NOTHROW;

/** Flags; 0 after an error. */
l4re_ds_flags_t l4re_ds_flags(l4re_ds_t ds) L4_NOTHROW;

/** Size and flags; *stats is as it was after an error. */
l4_ret_t l4re_ds_info(l4re_ds_t ds, l4re_ds_stats_t *stats) L4_NOTHROW;

/** Addresses where it must be mapped: only of interest without an MMU, so 0 here and nothing is stored. */
l4_ret_t l4re_ds_map_info(l4re_ds_t ds, l4_addr_t *start_addr, l4_addr_t *end_addr) L4_NOTHROW;

#endif
