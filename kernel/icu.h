/* SPDX-License-Identifier: MIT */
/* The interrupt controller object and platform control, one capability (abi: objects.md section 8). */
#ifndef QUIRE_ICU_H
#define QUIRE_ICU_H

#include "irq.h"

extern const struct kobject_type icu_type;

/*
 * The ICU operations of an object with one pin (log, scheduler).  *line: where the bound IRQ is kept, a
 * reference; NULL while nothing is bound.
 */
void icu_invoke_single(struct thread *t, struct kobject *o, struct irq **line);

#endif
