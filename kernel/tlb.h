/* SPDX-License-Identifier: MIT */
/*
 * Forgetting stale translations (M-49).  Only the loaded address space can have any: loading another one
 * forgets all (the kernel's own pages are global and never change).
 */
#ifndef QUIRE_TLB_H
#define QUIRE_TLB_H

#include "arch.h"
#include "preempt.h"

static inline void tlb_flush(const struct task *t, u64 va)
{
    struct pcpu *p = pcpu();

    if (p->loaded == t) {
        p->n_tlb_flush++;
        tlb_flush_addr(va);
    }
}

#endif
