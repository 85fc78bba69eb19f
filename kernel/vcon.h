/* SPDX-License-Identifier: MIT */
/* The log object: the console as a virtual console (abi: objects.md section 10). */
#ifndef QUIRE_VCON_H
#define QUIRE_VCON_H

#include "kobject.h"

extern const struct kobject_type vcon_type;

/* The console's line has interrupted: note the input, tell the bound IRQ. */
void vcon_input_arrived(void);
/* The thread will not go on with what it writes. */
void vcon_writer_dies(const struct thread *t);

#endif
