/* SPDX-License-Identifier: MIT */
/* The debugger object (abi: objects.md section 11): names of objects, and questions that tests ask. */
#ifndef QUIRE_DEBUGGER_H
#define QUIRE_DEBUGGER_H

#include "kobject.h"

extern const struct kobject_type debugger_type;

#endif
