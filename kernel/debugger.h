/* SPDX-License-Identifier: MIT */
/* The debugger object (abi: objects.md section 11): names of objects, and questions that tests ask. */
#ifndef QUIRE_DEBUGGER_H
#define QUIRE_DEBUGGER_H

#include "kobject.h"

extern const struct kobject_type debugger_type;

/* The name that was set last, cut to 16 characters; "": none was, or it had to give way to a newer one. */
const char *debugger_name(const struct kobject *o);
/* The object, which has a name, goes. */
void debugger_forget(const struct kobject *o);

#endif
