/* SPDX-License-Identifier: MIT */
/*
 * Region map: what the virtual addresses of this program are used for.
 *
 * Decides: the client's side of the protocol (user/lib/rm.c).  A program without a region map (its environment names
 * none; so are those that the root task of this project starts) can reserve and free areas nevertheless: the library
 * then keeps the list inside the program (user/lib/area.c).  Everything else needs the server.
 * The functions without _srv ask the region map of the environment.  All return IPC errors as negative numbers.
 */
#ifndef L4_RE_C_RM_H
#define L4_RE_C_RM_H

#include <l4/re/c/dataspace.h>
#include <l4/re/env.h>

enum l4re_rm_flags_values {
    L4RE_RM_F_R = L4RE_DS_F_R,
    L4RE_RM_F_W = L4RE_DS_F_W,
    L4RE_RM_F_X = L4RE_DS_F_X,
    L4RE_RM_F_RX = L4RE_DS_F_RX,
    L4RE_RM_F_RW = L4RE_DS_F_RW,
    L4RE_RM_F_RWX = L4RE_DS_F_RWX,

    L4RE_RM_F_KERNEL = 0x100, /* kernel-user memory */
    L4RE_RM_F_DETACH_FREE = 0x200,
    L4RE_RM_F_PAGER = 0x400, /* faults go to another pager */
    L4RE_RM_F_RESERVED = 0x800,

    L4RE_RM_CACHING_SHIFT = 4,
    L4RE_RM_F_CACHING = L4RE_DS_F_CACHING_MASK,
    L4RE_RM_REGION_FLAGS = 0xffff,
    L4RE_RM_F_CACHE_NORMAL = L4RE_DS_F_NORMAL,
    L4RE_RM_F_CACHE_BUFFERED = L4RE_DS_F_BUFFERABLE,
    L4RE_RM_F_CACHE_UNCACHED = L4RE_DS_F_UNCACHEABLE,

    /* only while attaching */
    L4RE_RM_F_SEARCH_ADDR = 0x020000,
    L4RE_RM_F_IN_AREA = 0x040000,
    L4RE_RM_F_EAGER_MAP = 0x080000,
    L4RE_RM_F_NO_EAGER_MAP = 0x100000,
    L4RE_RM_F_ATTACH_FLAGS = 0x1f0000,
};

typedef l4_uint32_t l4re_rm_flags_t;
typedef l4_uint64_t l4re_rm_offset_t;

/**
 * Reserve size bytes (rounded up to pages) of address space.
 *
 * *start  with L4RE_RM_F_SEARCH_ADDR the lowest address to look at, else the exact address; out:
 *         start of the area.  align: log2, at least 12 is taken.
 * Errors: -L4_EINVAL size 0 or start not aligned, -L4_EADDRNOTAVAIL no room or taken,
 *         -L4_ENOMEM the list is full.
 */
int l4re_rm_reserve_area_srv(l4_cap_idx_t rm, l4_addr_t *start, unsigned long size,
                             l4re_rm_flags_t flags, unsigned char align) L4_NOTHROW;

/** Free the area that contains addr; -L4_ENOENT if there is none.  Mappings stay. */
int l4re_rm_free_area_srv(l4_cap_idx_t rm, l4_addr_t addr) L4_NOTHROW;

/**
 * Make size bytes of the data space, from offs on, visible at an address.
 *
 * *start  the page to use, with L4RE_RM_F_SEARCH_ADDR where the search begins, with L4RE_RM_F_IN_AREA an address in the
 *         reserved area to use; out: the address.
 * flags   rights, cacheability, kind of region and search.  Without rights, or reserved: no data space is used.
 * mem     selector; its low bits are the rights that the region map gets (mem | L4_CAP_FPAGE_RW to write to it).
 * align   log2, for the search.
 * Errors: -L4_ENOENT no such area, -L4_EPERM rights, -L4_EINVAL, -L4_EADDRNOTAVAIL taken.
 */
int l4re_rm_attach_srv(l4_cap_idx_t rm, void **start, unsigned long size, l4re_rm_flags_t flags,
                       l4re_ds_t mem, l4re_rm_offset_t offs, unsigned char align) L4_NOTHROW;

/** The same; name (or null) and backing_offset are for those who look at the region map. */
int l4re_rm_attach_w_info_srv(l4_cap_idx_t rm, void **start, unsigned long size,
                              l4re_rm_flags_t flags, l4re_ds_t mem, l4re_rm_offset_t offs,
                              unsigned char align, char const *name,
                              l4re_ds_offset_t backing_offset) L4_NOTHROW;

/**
 * Detach the region that contains addr, and unmap it from task unless that is invalid or the region map has done it.
 *
 * *ds (if not null): the data space, or L4_INVALID_CAP.  Returns 0 detached, 1 data space kept, 2 split, with 4 added
 * if there is more to detach; -L4_ENOENT no region.
 */
int l4re_rm_detach_srv(l4_cap_idx_t rm, l4_addr_t addr, l4re_ds_t *ds,
                       l4_cap_idx_t task) L4_NOTHROW;

/**
 * Region that overlaps *size bytes from *addr on; out: its address, size, offset in the data space, flags, data space.
 * Returns a number >= 0 that says whether it is a region or an area; -L4_ENOENT: nothing there.
 */
int l4re_rm_find_srv(l4_cap_idx_t rm, l4_addr_t *addr, unsigned long *size,
                     l4re_rm_offset_t *offset, l4re_rm_flags_t *flags, l4re_ds_t *ds) L4_NOTHROW;

/** Name (cut to len bytes with its zero) and backing offset of the region at addr. */
int l4re_rm_get_info_srv(l4_cap_idx_t rm, l4_addr_t addr, char *name, unsigned int len,
                         l4re_rm_offset_t *backing_offset) L4_NOTHROW;

/** Have the server print its lists. */
void l4re_rm_show_lists_srv(l4_cap_idx_t rm) L4_NOTHROW;

L4_INLINE int l4re_rm_reserve_area(l4_addr_t *start, unsigned long size, l4re_rm_flags_t flags,
                                   unsigned char align)
{
    return l4re_rm_reserve_area_srv(l4re_global_env->rm, start, size, flags, align);
}

L4_INLINE int l4re_rm_free_area(l4_addr_t addr)
{
    return l4re_rm_free_area_srv(l4re_global_env->rm, addr);
}

L4_INLINE int l4re_rm_attach(void **start, unsigned long size, l4re_rm_flags_t flags, l4re_ds_t mem,
                             l4re_rm_offset_t offs, unsigned char align)
{
    return l4re_rm_attach_srv(l4re_global_env->rm, start, size, flags, mem, offs, align);
}

L4_INLINE int l4re_rm_attach_w_info(void **start, unsigned long size, l4re_rm_flags_t flags,
                                    l4re_ds_t mem, l4re_rm_offset_t offs, unsigned char align,
                                    char const *name, l4re_ds_offset_t backing_offset)
{
    return l4re_rm_attach_w_info_srv(l4re_global_env->rm, start, size, flags, mem, offs, align,
                                     name, backing_offset);
}

/** Detach and unmap from this task. */
L4_INLINE int l4re_rm_detach(void *addr)
{
    return l4re_rm_detach_srv(l4re_global_env->rm, (l4_addr_t)addr, 0, L4_BASE_TASK_CAP);
}

L4_INLINE int l4re_rm_detach_ds(void *addr, l4re_ds_t *ds)
{
    return l4re_rm_detach_srv(l4re_global_env->rm, (l4_addr_t)addr, ds, L4_BASE_TASK_CAP);
}

L4_INLINE int l4re_rm_detach_unmap(l4_addr_t addr, l4_cap_idx_t task)
{
    return l4re_rm_detach_srv(l4re_global_env->rm, addr, 0, task);
}

L4_INLINE int l4re_rm_detach_ds_unmap(void *addr, l4re_ds_t *ds, l4_cap_idx_t task)
{
    return l4re_rm_detach_srv(l4re_global_env->rm, (l4_addr_t)addr, ds, task);
}

L4_INLINE int l4re_rm_find(l4_addr_t *addr, unsigned long *size, l4re_rm_offset_t *offset,
                           l4re_rm_flags_t *flags, l4re_ds_t *ds)
{
    return l4re_rm_find_srv(l4re_global_env->rm, addr, size, offset, flags, ds);
}

L4_INLINE int l4re_rm_get_info(l4_addr_t addr, char *name, unsigned int len,
                               l4re_rm_offset_t *backing_offset)
{
    return l4re_rm_get_info_srv(l4re_global_env->rm, addr, name, len, backing_offset);
}

L4_INLINE void l4re_rm_show_lists(void) { l4re_rm_show_lists_srv(l4re_global_env->rm); }

#endif
