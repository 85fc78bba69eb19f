/* SPDX-License-Identifier: MIT */
/*
 * Areas of a program without a region map; meaning and errors as l4re_rm_reserve_area() and l4re_rm_free_area().
 */
#ifndef LIB_AREA_H
#define LIB_AREA_H

#include <l4/re/c/rm.h>

int area_reserve(l4_addr_t *start, unsigned long size, l4re_rm_flags_t flags, unsigned char align);
int area_free(l4_addr_t addr);

#endif
