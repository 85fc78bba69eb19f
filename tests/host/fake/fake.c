/* SPDX-License-Identifier: MIT */
/* The fake machine, see machine.h and fake.h: memory, interrupts, TLB, and what the kernel's other parts would do. */
#include "fake.h"

#include "arch.h"
#include "boot.h"
#include "cpu.h"
#include "debugger.h"
#include "gate.h"
#include "ipc.h"
#include "kip.h"
#include "kmap.h"
#include "pager.h"
#include "panic.h"
#include "preempt.h"
#include "print.h"
#include "sched.h"
#include "syscall.h"
#include "timeout.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

u8 fake_heap[FAKE_HEAP_MAX] __attribute__((aligned(1 << 21)));
struct pcpu fake_pcpu;
struct boot_info boot_info;
struct cpu_info cpu_info;
struct kip kip_page;
static u64 kernel_root[512];

/* ---- interrupts ---- */

unsigned fake_irq_odds;
u64 fake_random_state = 1;

u64 fake_random(void)
{
    fake_random_state ^= fake_random_state << 13;
    fake_random_state ^= fake_random_state >> 7;
    fake_random_state ^= fake_random_state << 17;
    return fake_random_state;
}

void arch_irq_window(void)
{
    struct pcpu *p = pcpu();

    if (!fake_irq_odds)
        return;
    p->work_units = PREEMPT_UNITS - 1; /* look again after the next unit already */
    if (fake_random() % fake_irq_odds == 0)
        p->irq_pending = 1;
}

/* ---- translations that the CPU remembers ---- */

enum { N_TLB = 32 };
static struct translation {
    u64 va, entry; /* entry 0: none */
    unsigned c;
} tlb[N_TLB];

void fake_load(struct task *t)
{
    for (unsigned i = 0; i < N_TLB; i++)
        tlb[i].entry = 0;
    if (pcpu()->loaded != t)
        pcpu()->n_root_load++;
    pcpu()->loaded = t;
}

void tlb_flush_addr(u64 va)
{
    for (unsigned i = 0; i < N_TLB; i++)
        if (tlb[i].entry && ALIGN_DOWN(va, class_size(tlb[i].c)) == tlb[i].va)
            tlb[i].entry = 0;
}

bool fake_access(struct task *t, u64 va, bool write)
{
    struct pte_ref r = pt_walk(t->mem.root, va);
    struct translation *e = &tlb[(va >> PAGE_SHIFT) % N_TLB];

    if (!r.present || (write && !(*r.pte & PTE_W)))
        return false;
    *r.pte |= write ? PTE_A | PTE_D : PTE_A;
    if (pcpu()->loaded == t)
        *e = (struct translation){ALIGN_DOWN(va, class_size(r.c)), *r.pte, r.c};
    return true;
}

const char *fake_tlb_check(void)
{
    for (unsigned i = 0; i < N_TLB; i++) {
        struct pte_ref r;
        if (!tlb[i].entry)
            continue;
        r = pt_walk(pcpu()->loaded->mem.root, tlb[i].va);
        if (!r.present || r.c != tlb[i].c || pte_loses(tlb[i].entry, *r.pte))
            return "I12 a translation is left that the tables forbid";
    }
    return NULL;
}

/* ---- the rest of the kernel ---- */

const u64 *kmap_root(void) { return kernel_root; }
void arch_unload_task(void) { fake_load(NULL); }
void arch_io_reset(void) { pcpu()->io_task = NULL; }
bool arch_io_bitmap_is(const u8 *bitmap)
{
    (void)bitmap;
    return true; /* there is no other copy on this machine */
}
void arch_fpu_transfer(struct thread *from, struct thread *to)
{
    (void)from;
    (void)to;
}
unsigned sched_current_prio(void) { return 1; }
void sched_note_work(void) {}
void debugger_forget(const struct kobject *o) { (void)o; }
u64 syscall_dead_object(struct thread *t, struct kobject *o, unsigned rights)
{
    (void)t, (void)o, (void)rights;
    fake_fail("no system calls here");
}
void pager_copy_words(const struct thread *snd, struct thread *rcv, unsigned n)
{
    (void)snd;
    (void)rcv;
    (void)n;
    fake_fail("no message here is one of the kernel");
}

static u64 why;
u64 *fake_why = &why;

_Noreturn void fake_fail(const char *fmt, ...)
{
    va_list args;

    *fake_why = (u64)fmt;
    va_start(args, fmt);
    printf("difference: ");
    vprintf(fmt, args);
    printf("\n");
    fflush(stdout);
    _Exit(3);
}

_Noreturn void panic(const char *fmt, ...)
{
    va_list args;

    *fake_why = (u64)fmt;
    va_start(args, fmt);
    printf("panic: ");
    vprintf(fmt, args);
    printf("\n");
    fflush(stdout);
    _Exit(4);
}

void kprintf(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vprintf(fmt, args);
}
