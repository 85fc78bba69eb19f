/* SPDX-License-Identifier: MIT */
/* The named invariants of the running kernel, checked on demand and in debug builds after every operation. */
#ifndef QUIRE_CHECK_H
#define QUIRE_CHECK_H

#include "types.h"

/* All invariants; false: one is broken, its name is printed. */
bool check_invariants(void);

#endif
