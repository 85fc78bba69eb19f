/* SPDX-License-Identifier: MIT */
/*
 * The inline part of the machine interface (kernel/arch.h) for x86-64: address conversion,
 * per-CPU data, ports, TLB, and the page-table format (paging.h).
 */
#ifndef QUIRE_MACHINE_H
#define QUIRE_MACHINE_H

#include "types.h"

#define DIRECT_MAP 0xffff800000000000UL   /* all physical memory */
#define KERNEL_IMAGE 0xffffffff80000000UL /* the kernel image, linked at this plus physical */
#define USER_END 0x800000000000UL         /* first address that is not a user's */

static inline void *phys_to_virt(u64 phys) { return (void *)(phys + DIRECT_MAP); }
/* For pointers into the direct map or the kernel image. */
static inline u64 virt_to_phys(const void *p)
{
    return (u64)p >= KERNEL_IMAGE ? (u64)p - KERNEL_IMAGE : (u64)p - DIRECT_MAP;
}

/* Per-CPU data, reached through GS in the kernel.  The first members are known to entry.asm. */
struct pcpu {
    u64 user_rsp;         /* 0x00 scratch of the entry code */
    u64 cr0_no_fpu;       /* 0x08 CR0 with which the FPU's use traps */
    u64 kernel_stack;     /* 0x10 */
    struct thread *cur;   /* 0x18 current thread; NULL: idle */
    struct thread *sc;    /* whose time slice is running */
    struct task *loaded;  /* task whose page tables are in CR3; NULL: the kernel's */
    struct task *io_task; /* task whose port bitmap is in the TSS; NULL: none */
    struct thread *fpu_owner;
    u64 irq_pending; /* bit n: vector 32 + n was taken while the kernel could not handle it */
    u32 work_units;  /* see preempt.h */
    bool resched;    /* something is to be done before user code runs */
    bool choose;     /* namely: choose again who runs */
    bool yield;      /* the current thread goes behind those of its priority */
    bool fpu_enabled;
    bool check_due;                                /* debug builds: see kernel/check.h */
    u64 last_clock;                                /* µs at which time was last charged */
    u64 idle_time;                                 /* µs */
    u64 n_tlb_flush, n_root_load;                  /* statistics */
    u64 irq_off_since, irq_off_max, irq_off_where; /* kernel/latency.h */
};

/*
 * Through GS, without a pointer to be loaded.  The linker puts the symbol at 0.  (A null pointer instead of it would
 * let gcc think that nobody can read what is stored there.)
 */
typedef struct pcpu __seg_gs *pcpu_ref;
extern struct pcpu __seg_gs pcpu_at_gs;
static inline pcpu_ref pcpu(void) { return &pcpu_at_gs; }

static inline void outb(u16 port, u8 v) { __asm__ volatile("outb %0, %1" ::"a"(v), "Nd"(port)); }
static inline u8 inb(u16 port)
{
    u8 v;

    __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static inline void wrmsr(u32 msr, u64 v)
{
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((u32)v), "d"((u32)(v >> 32)));
}
/* The same from memory, two instructions less. */
static inline void wrmsr_from(u32 msr, const u64 *v)
{
    const u32 *half = (const u32 *)v;

    __asm__ volatile("wrmsr" ::"c"(msr), "a"(half[0]), "d"(half[1]));
}
static inline u64 rdmsr(u32 msr)
{
    u32 lo, hi;

    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return (u64)hi << 32 | lo;
}
static inline u64 rdtsc(void)
{
    u32 lo, hi;

    __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return (u64)hi << 32 | lo;
}

/* A counter of time or instructions, for measuring. */
static inline u64 arch_cycles(void) { return rdtsc(); }

/* Copy n words: few one by one, many by the string instruction. */
static inline void copy_words(u64 *to, const u64 *from, u64 n)
{
    if (n >= 8) {
        __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(n)::"memory");
        return;
    }
    for (; n; n--)
        *to++ = *from++;
}

/* One page of the loaded address space: forget what the CPU remembers. */
static inline void tlb_flush_addr(u64 va) { __asm__ volatile("invlpg (%0)" ::"r"(va) : "memory"); }

#include "apic.h"
#include "paging.h"

#endif
