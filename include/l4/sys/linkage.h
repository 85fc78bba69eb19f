/* SPDX-License-Identifier: MIT */
/* Calling conventions, which are the compiler's own: the macros are in compiler.h. */
#ifndef L4_SYS_LINKAGE_H
#define L4_SYS_LINKAGE_H

#include <l4/sys/compiler.h>

#endif
