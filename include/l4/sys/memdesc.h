/* SPDX-License-Identifier: MIT */
/*
 * Memory descriptors in the kernel information page (abi: boot section 2).
 *
 * Decides: how a range of physical or virtual memory is described to sigma0 and the root task.
 * Later descriptors override earlier ones (B-5).  Pure.
 */
#ifndef L4_SYS_MEMDESC_H
#define L4_SYS_MEMDESC_H

#include <l4/sys/compiler.h>
#include <l4/sys/kip.h>
#include <l4/sys/l4int.h>

enum l4_mem_type_t {
    l4_mem_type_undefined = 0x0,
    l4_mem_type_conventional = 0x1,
    l4_mem_type_reserved = 0x2,
    l4_mem_type_dedicated = 0x3,
    l4_mem_type_shared = 0x4,
    l4_mem_type_info = 0xd,
    l4_mem_type_bootloader = 0xe,
    l4_mem_type_archspecific = 0xf,
};

enum l4_mem_info_sub_type_t {
    l4_mem_info_acpi_rsdp = 0,
    l4_mem_reserved_kernel = 0,
    l4_mem_reserved_heap = 1,
    l4_mem_reserved_mmio = 2,
};

enum l4_mem_archspecific_sub_type_common_t {
    l4_mem_archspecific_acpi_tables = 3,
    l4_mem_archspecific_acpi_nvs = 4,
};

/*
 *   63                              10  9     8    7      4 3      0
 *  +----------------------------------+-----+-----+--------+--------+
 *  | start (1 KiB granular)           |virt |eager|sub-type|  type  |   l
 *  +----------------------------------+-----+-----+--------+--------+
 *  | inclusive end; the low ten bits read as ones                   |   h
 *  +----------------------------------------------------------------+
 */
typedef struct l4_kernel_info_mem_desc_t {
    l4_umword_t l;
    l4_umword_t h;
} l4_kernel_info_mem_desc_t;

L4_INLINE l4_kernel_info_mem_desc_t *l4_kernel_info_get_mem_descs(l4_kernel_info_t const *kip)
{
    return (l4_kernel_info_mem_desc_t *)((l4_addr_t)kip + kip->mem_descs);
}

L4_INLINE unsigned l4_kernel_info_get_num_mem_descs(l4_kernel_info_t const *kip)
{
    return kip->mem_descs_num;
}

/** Fill a descriptor; start and end (inclusive) in bytes, virt: 0 or 1. */
L4_INLINE void l4_kernel_info_set_mem_desc(l4_kernel_info_mem_desc_t *md, l4_addr_t start,
                                           l4_addr_t end, unsigned type, unsigned virt,
                                           unsigned sub_type)
{
    md->l = (start & ~0x3ffUL) | (type & 0xfU) | (sub_type & 0xfU) << 4 | (virt ? 0x200U : 0U);
    md->h = end;
}

L4_INLINE l4_umword_t l4_kernel_info_get_mem_desc_start(l4_kernel_info_mem_desc_t const *md)
{
    return md->l & ~0x3ffUL;
}

/** Last byte. */
L4_INLINE l4_umword_t l4_kernel_info_get_mem_desc_end(l4_kernel_info_mem_desc_t const *md)
{
    return md->h | 0x3ffUL;
}

L4_INLINE l4_umword_t l4_kernel_info_get_mem_desc_type(l4_kernel_info_mem_desc_t const *md)
{
    return md->l & 0xfUL;
}

L4_INLINE l4_umword_t l4_kernel_info_get_mem_desc_subtype(l4_kernel_info_mem_desc_t const *md)
{
    return (md->l >> 4) & 0xfUL;
}

L4_INLINE l4_umword_t l4_kernel_info_get_mem_desc_is_virtual(l4_kernel_info_mem_desc_t const *md)
{
    return md->l & 0x200UL;
}

_Static_assert(sizeof(l4_kernel_info_mem_desc_t) == 16, "memory descriptor");

#endif
