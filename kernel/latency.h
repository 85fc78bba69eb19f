/* SPDX-License-Identifier: MIT */
/*
 * The longest stretch with interrupts off, measured in a build with LATENCY=1: from each entry
 * into the kernel, or the last look at interrupts, to the next look or the way out.  Read and
 * reset through the debugger object.
 */
#ifndef QUIRE_LATENCY_H
#define QUIRE_LATENCY_H

#include "arch.h"

#ifdef QUIRE_LATENCY
static inline void latency_begin(void) { pcpu()->irq_off_since = arch_cycles(); }
static inline void latency_end(const void *where)
{
    pcpu_ref p = pcpu();
    u64 d = arch_cycles() - p->irq_off_since;

    if (d > p->irq_off_max) {
        p->irq_off_max = d;
        p->irq_off_where = (u64)where;
    }
}
#else
static inline void latency_begin(void) {}
static inline void latency_end(const void *where) { (void)where; }
#endif

#endif
