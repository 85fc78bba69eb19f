/* SPDX-License-Identifier: MIT */
/*
 * Integer types of the ABI on x86-64 (LP64).
 *
 * Decides: the width of the machine word and the names of fixed-width integers.  Used by all ABI
 * headers; uses nothing.  The sizes are asserted, since every binary layout depends on them.
 */
#ifndef L4_SYS_L4INT_H
#define L4_SYS_L4INT_H

typedef signed char l4_int8_t;
typedef unsigned char l4_uint8_t;
typedef short l4_int16_t;
typedef unsigned short l4_uint16_t;
typedef int l4_int32_t;
typedef unsigned int l4_uint32_t;
typedef long long l4_int64_t;
typedef unsigned long long l4_uint64_t;

typedef unsigned long l4_addr_t;   /* address, bytes */
typedef signed long l4_mword_t;    /* signed machine word */
typedef unsigned long l4_umword_t; /* unsigned machine word */

typedef __SIZE_TYPE__ l4_size_t;
typedef signed long l4_ssize_t;

typedef l4_uint64_t l4_cpu_time_t;     /* microseconds of CPU time */
typedef l4_uint64_t l4_kernel_clock_t; /* microseconds since boot */

#define L4_MWORD_BITS 64

_Static_assert(sizeof(l4_umword_t) == 8, "the machine word has 64 bits");
_Static_assert(sizeof(l4_uint16_t) == 2 && sizeof(l4_uint32_t) == 4 && sizeof(l4_uint64_t) == 8,
               "fixed widths");

#endif
