/* SPDX-License-Identifier: MIT */
/*
 * The one preemption point of the kernel.  Interrupts are off in the kernel; every loop whose length a user
 * chooses calls this once per bounded piece of work.  When it says true the caller saves where it is
 * (every state it can be left in is a valid one), returns, and is continued later.
 */
#ifndef QUIRE_PREEMPT_H
#define QUIRE_PREEMPT_H

#include "arch.h"

enum {
    PREEMPT_UNITS = 16
}; /* work units (one page, one slot, ...: below about 300 instructions) between two looks */

/* Work that is larger than one unit was done on the way to the next preemption point. */
static inline void preempt_charge(unsigned units) { pcpu()->work_units += units; }

/* `units` of work were done; true: an interrupt is waiting, go back to the scheduler. */
static inline bool preempt_point(unsigned units)
{
    pcpu_ref p = pcpu();

    p->work_units += units;
    if (likely(p->work_units < PREEMPT_UNITS))
        return false;
    p->work_units = 0;
    arch_irq_window();
    return p->irq_pending != 0;
}

#endif
