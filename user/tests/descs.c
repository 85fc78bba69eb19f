/* SPDX-License-Identifier: MIT */
/* What the memory descriptors say, see descs.h.  Called by t_*.c; calls nothing. */
#include "descs.h"

l4_umword_t described(l4_kernel_info_t const *kip, unsigned type, unsigned sub_type, unsigned virt)
{
    l4_kernel_info_mem_desc_t const *md = l4_kernel_info_get_mem_descs(kip);
    l4_umword_t sum = 0;

    for (unsigned i = 0; i < l4_kernel_info_get_num_mem_descs(kip); i++, md++)
        if (l4_kernel_info_get_mem_desc_type(md) == type &&
            l4_kernel_info_get_mem_desc_subtype(md) == sub_type &&
            !l4_kernel_info_get_mem_desc_is_virtual(md) == !virt)
            sum += l4_kernel_info_get_mem_desc_end(md) - l4_kernel_info_get_mem_desc_start(md) + 1;
    return sum;
}

unsigned type_at(l4_kernel_info_t const *kip, l4_addr_t address)
{
    l4_kernel_info_mem_desc_t const *md = l4_kernel_info_get_mem_descs(kip);
    unsigned type = l4_mem_type_undefined;

    for (unsigned i = 0; i < l4_kernel_info_get_num_mem_descs(kip); i++, md++)
        if (l4_kernel_info_get_mem_desc_type(md) != l4_mem_type_undefined &&
            !l4_kernel_info_get_mem_desc_is_virtual(md) &&
            l4_kernel_info_get_mem_desc_start(md) <= address &&
            address <= l4_kernel_info_get_mem_desc_end(md))
            type = (unsigned)l4_kernel_info_get_mem_desc_type(md);
    return type;
}
