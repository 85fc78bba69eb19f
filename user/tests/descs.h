/* SPDX-License-Identifier: MIT */
/*
 * What the memory descriptors of the information page say (boot.md section 2).
 */
#ifndef TESTS_DESCS_H
#define TESTS_DESCS_H

#include <l4/sys/memdesc.h>

/** Bytes in descriptors of this kind; virt: 0 or 1. */
l4_umword_t described(l4_kernel_info_t const *kip, unsigned type, unsigned sub_type, unsigned virt);

/** Type that holds for a physical address: that of the last descriptor with it. */
unsigned type_at(l4_kernel_info_t const *kip, l4_addr_t address);

#endif
