/* SPDX-License-Identifier: MIT */
/*
 * Changing page-table entries and forgetting stale translations (M-49).  Only the loaded address
 * space can have any: loading another one forgets all (the kernel's own pages are global and
 * never change).  Debug builds keep a list of what lost something and was not flushed yet (I12).
 */
#ifndef QUIRE_TLB_H
#define QUIRE_TLB_H

#include "arch.h"
#include "trace.h"

#ifdef QUIRE_DEBUG
void tlb_note_stale(u64 va);
void tlb_note_flush(u64 va);
void tlb_note_flush_all(void);
/* I12: nothing is left on the list. */
bool tlb_all_flushed(void);
#else
static inline void tlb_note_stale(u64 va) { (void)va; }
static inline void tlb_note_flush(u64 va) { (void)va; }
static inline void tlb_note_flush_all(void) {}
static inline bool tlb_all_flushed(void) { return true; }
#endif

/* Write an entry of `t` for the page at `va`; the caller flushes when it takes something away. */
static inline void pte_write(const struct task *t, u64 va, u64 *pte, u64 entry)
{
    if (pcpu()->loaded == t && pte_loses(*pte, entry))
        tlb_note_stale(va);
    TRACE(pte, t, va, *pte, entry);
    *pte = entry;
}

static inline void tlb_flush(const struct task *t, u64 va)
{
    pcpu_ref p = pcpu();

    if (p->loaded == t) {
        p->n_tlb_flush++;
        TRACE(tlb, t, va);
        tlb_note_flush(va);
        tlb_flush_addr(va);
    }
}

/* Write an entry that takes something away, or everything: 0. */
static inline void pte_reduce(const struct task *t, u64 va, u64 *pte, u64 entry)
{
    pte_write(t, va, pte, entry);
    tlb_flush(t, va);
}

#endif
