/* SPDX-License-Identifier: MIT */
/*
 * A machine made of ordinary memory, in place of arch/x86_64/machine.h: physical memory of the kernel is an
 * array, the page tables are real ones that no CPU reads, the TLB is a list.  Found through the order of the
 * include directories, so that the kernel's files compile for the host as they are.
 */
#ifndef QUIRE_MACHINE_H
#define QUIRE_MACHINE_H

#include "types.h"

#define USER_END 0x800000000000UL  /* first address that is not a user's */
#define FAKE_HEAP_BASE 0x1000000UL /* physical */
#define FAKE_KIP_PHYS 0x800000UL

enum { FAKE_HEAP_MAX = 16 << 20 };
extern u8 fake_heap[FAKE_HEAP_MAX];
extern u8 fake_kip[];

static inline void *phys_to_virt(u64 phys) { return fake_heap + (phys - FAKE_HEAP_BASE); }
static inline u64 virt_to_phys(const void *p)
{
    u64 offset = (u64)p - (u64)fake_heap;

    return offset < FAKE_HEAP_MAX ? FAKE_HEAP_BASE + offset : FAKE_KIP_PHYS;
}

struct pcpu {
    struct thread *cur, *sc;
    struct task *loaded, *io_task;
    u64 irq_pending;
    u32 work_units;
    bool resched, check_due;
    u64 n_tlb_flush, n_root_load;
};
extern struct pcpu fake_pcpu;
typedef struct pcpu *pcpu_ref;
static inline pcpu_ref pcpu(void) { return &fake_pcpu; }

static inline u64 arch_cycles(void) { return 0; }
static inline void copy_words(u64 *to, const u64 *from, u64 n)
{
    while (n--)
        *to++ = *from++;
}

/* Forget translations of the loaded task (fake.c). */
void tlb_flush_addr(u64 va);

#include "paging.h"

#endif
