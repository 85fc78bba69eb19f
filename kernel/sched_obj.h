/* SPDX-License-Identifier: MIT */
/* The scheduler object (abi: objects.md section 9). */
#ifndef QUIRE_SCHED_OBJ_H
#define QUIRE_SCHED_OBJ_H

#include "kobject.h"

extern const struct kobject_type sched_type;

#endif
