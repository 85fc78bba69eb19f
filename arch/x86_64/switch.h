/* SPDX-License-Identifier: MIT */
/*
 * Loading a thread's context into the CPU.  arch_switch is inline, for it is a large part of a short IPC; the rest of
 * the interface is in kernel/arch.h.
 */
#ifndef QUIRE_SWITCH_H
#define QUIRE_SWITCH_H

#include "arch.h"
#include "thread.h"
#include "task.h"
#include "tlb.h"
#include "trace.h"

/* The task state segment: stacks for entries, and the port bitmap of the task that used a port last. */
struct __attribute__((packed)) tss {
    u32 reserved0;
    u64 rsp[3];
    u64 reserved1;
    u64 ist[7];
    u64 reserved2;
    u16 reserved3, io_map;
    u8 io_bitmap[8192];
    u8 io_end; /* all ones, as the CPU wants it behind the bitmap */
};
enum { TSS_IO_MAP = 104, TSS_NO_IO_MAP = 0xffff };
static_assert(offsetof(struct tss, io_bitmap) == TSS_IO_MAP, "TSS layout");
extern struct tss tss;

enum { MSR_FS_BASE = 0xc0000100, MSR_GS_BASE = 0xc0000101, MSR_KERNEL_GS_BASE = 0xc0000102 };
enum { USER_DATA_SEL = 0x23, USER_CODE_SEL = 0x2b };

void switch_init(void);
/* The thread touched the FPU: give it (lazily, trap 7). */
void switch_load_fpu(struct thread *t);
/* Put the task's port bitmap into the TSS. */
void switch_load_ports(struct task *task);
/* A switch with something rare: user-loaded selectors, another task's port bitmap, nobody to switch to. */
void switch_slowly(struct thread *from, struct thread *to);

/* Let the FPU be used, or trap on its use (CR0.TS); asks first whether it is so already. */
static inline void switch_fpu_enable(pcpu_ref p, bool on)
{
    if (likely(p->fpu_enabled == on))
        return;
    p->fpu_enabled = on;
    if (on)
        __asm__ volatile("clts");
    else
        __asm__ volatile("mov %0, %%cr0" ::"r"(p->cr0_no_fpu));
}

/* The CPU's data selectors. */
struct selectors {
    u32 ds, es, fs, gs;
};
static inline struct selectors switch_read_selectors(void)
{
    struct selectors s;

    __asm__ volatile("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%gs, %3"
                     : "=r"(s.ds), "=r"(s.es), "=r"(s.fs), "=r"(s.gs));
    return s;
}

/* Is one of them another than a thread begins with? */
static inline bool switch_odd_selectors(void)
{
    struct selectors s = switch_read_selectors();

    return (s.ds ^ USER_DATA_SEL) | (s.es ^ USER_DATA_SEL) | s.fs | s.gs;
}

/* Will the switch to `to`, which has no odd selectors, be a plain one? */
static inline bool switch_is_plain(const struct thread *to)
{
    return likely(!switch_odd_selectors()) &&
           (likely(pcpu()->io_task == NULL) || to->task == pcpu()->loaded);
}

/* A plain switch: nothing rare is to be done. */
static ALWAYS_INLINE void switch_plainly(struct thread *to)
{
    pcpu_ref p = pcpu();
    struct task *task = to->task;

    TRACE(switch, p->cur, to);
    p->cur = to;
    tss.rsp[0] = (u64)&to->regs + sizeof(to->regs);
    /* What the CPU holds cannot be known: a user who loads a selector changes the base. */
    wrmsr_from(MSR_FS_BASE, &to->fs_base);
    wrmsr_from(MSR_KERNEL_GS_BASE, &to->gs_base);
    if (task != p->loaded) {
        p->loaded = task;
        p->n_root_load++;
        TRACE(tlb_all, task->obj.id);
        tlb_note_flush_all();
        __asm__ volatile("mov %0, %%cr3" ::"r"(task->mem.root_phys) : "memory");
    }
    switch_fpu_enable(p, p->fpu_owner == to);
}

/* Make `to` (NULL: the idle loop) the one whose user state is loaded; `from` was, NULL: nobody. */
static inline void arch_switch(struct thread *from, struct thread *to)
{
    if (likely(to != NULL) && switch_is_plain(to) && likely(!(to->flags & TF_ODD_SELECTORS)))
        switch_plainly(to);
    else
        switch_slowly(from, to);
}

#endif
