/* SPDX-License-Identifier: MIT */
/*
 * First contents of sigma0's maps.
 *
 * Decides: what each memory descriptor of the KIP means for RAM and device memory (abi: boot
 * section 2).  Called by main.c at start; calls regions.c.  Two passes (B-5): conventional memory
 * first, then everything else takes its part out of it, later descriptors over earlier ones.
 */
#include "sigma0.h"

#include <l4/sys/__l4_fpage.h>
#include <l4/sys/memdesc.h>
#include <quire/io.h>

struct region_map ram, iomem, ports;

static int set(struct region_map *m, l4_addr_t start, l4_addr_t end, unsigned owner,
               unsigned rights)
{
    struct region r = {start, end, owner, rights};

    return regions_set(m, &r);
}

/* Whole pages only: RAM is rounded inwards, everything else outwards. */
static int add_conventional(l4_addr_t start, l4_addr_t end)
{
    start = l4_round_page(start);
    end = l4_trunc_page(end + 1) - 1;
    if (start >= end)
        return 1;
    return set(&ram, start, end, OWNER_FREE, L4_FPAGE_RWX) &&
           set(&iomem, start, end, OWNER_SIGMA0, L4_FPAGE_RW);
}

static int add_other(l4_kernel_info_mem_desc_t const *md)
{
    l4_addr_t start = l4_trunc_page(l4_kernel_info_get_mem_desc_start(md));
    l4_addr_t end = l4_kernel_info_get_mem_desc_end(md) | (L4_PAGESIZE - 1);

    switch (l4_kernel_info_get_mem_desc_type(md)) {
    case l4_mem_type_reserved:
    case l4_mem_type_dedicated:
        return set(&ram, start, end, OWNER_SIGMA0, L4_FPAGE_RWX) &&
               set(&iomem, start, end, OWNER_SIGMA0, L4_FPAGE_RW);
    case l4_mem_type_bootloader: /* the sub-type is the rights word */
        return set(&ram, start, end, OWNER_ROOT,
                   (unsigned)l4_kernel_info_get_mem_desc_subtype(md) & L4_FPAGE_RWX) &&
               set(&iomem, start, end, OWNER_SIGMA0, L4_FPAGE_RW);
    case l4_mem_type_shared:
    case l4_mem_type_info:
    case l4_mem_type_archspecific:
        return regions_remove(&ram, start, end) && set(&iomem, start, end, OWNER_FREE, L4_FPAGE_RW);
    default:
        return 1;
    }
}

int init_regions(l4_kernel_info_t const *kip)
{
    l4_kernel_info_mem_desc_t const *md = l4_kernel_info_get_mem_descs(kip);
    unsigned n = l4_kernel_info_get_num_mem_descs(kip);
    int ok = set(&iomem, 0, ~0UL, OWNER_FREE, L4_FPAGE_RW) &&
             set(&ports, 0, 0xffff, OWNER_FREE, L4_FPAGE_RW);

    for (unsigned i = 0; ok && i < n; i++)
        if (!l4_kernel_info_get_mem_desc_is_virtual(&md[i]) &&
            l4_kernel_info_get_mem_desc_type(&md[i]) == l4_mem_type_conventional)
            ok = add_conventional(l4_kernel_info_get_mem_desc_start(&md[i]),
                                  l4_kernel_info_get_mem_desc_end(&md[i]));
    for (unsigned i = 0; ok && i < n; i++)
        if (!l4_kernel_info_get_mem_desc_is_virtual(&md[i]) &&
            l4_kernel_info_get_mem_desc_type(&md[i]) != l4_mem_type_conventional)
            ok = add_other(&md[i]);
    if (!ok)
        printf("sigma0: error: too many memory descriptors (%u)\n", n);
    return ok ? 0 : -1;
}
