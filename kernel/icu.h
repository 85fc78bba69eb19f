/* SPDX-License-Identifier: MIT */
/* The interrupt controller object and platform control, one capability (abi: objects.md section 8). */
#ifndef QUIRE_ICU_H
#define QUIRE_ICU_H

#include "irq.h"

extern const struct kobject_type icu_type;

/*
 * An ICU operation of the ICU itself (line NULL) or of an object with one pin (log, scheduler); the
 * answer.  *line: where the IRQ bound to that pin is kept, a reference; NULL while nothing is bound.
 */
u64 icu_op(struct thread *t, struct kobject *o, struct irq **line);

#endif
