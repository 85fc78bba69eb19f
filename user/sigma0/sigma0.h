/* SPDX-License-Identifier: MIT */
/*
 * State of sigma0, shared by its files.
 */
#ifndef SIGMA0_SIGMA0_H
#define SIGMA0_SIGMA0_H

#include "regions.h"

#include <l4/sys/kip.h>

extern struct region_map ram;   /* memory for anybody, by physical address */
extern struct region_map iomem; /* device memory */
extern struct region_map ports; /* I/O ports */

/** Fill the three maps from the memory descriptors; 0, or -1 after printing why not. */
int init_regions(l4_kernel_info_t const *kip);

#endif
