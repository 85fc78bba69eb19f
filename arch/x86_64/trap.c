/* SPDX-License-Identifier: MIT */
/*
 * Traps: the descriptor tables, and what each trap from user mode or from the kernel means.
 * Called by entry.asm; calls pager.c for what belongs to the user.
 */
#include "apic.h"
#include "arch.h"
#include "io_space.h"
#include "latency.h"
#include "pager.h"
#include "panic.h"
#include "print.h"
#include "sched.h"
#include "switch.h"
#include "syscall.h"

/* ---- descriptor tables (selectors: abi ipc.md section 1) ---- */

enum {
    KERNEL_CS = 0x08,
    KERNEL_DS = 0x10,
    USER_CS32 = 0x18,
    USER_DS = 0x20,
    USER_CS = 0x28,
    TSS_SEL = 0x78,
    GDT_SIZE = 0x98,
    N_IRQ_STUBS = 64,
    FIRST_IRQ = 32,
};
enum trap_number {
    TRAP_NMI = 2,
    TRAP_BREAKPOINT = 3,
    TRAP_NO_FPU = 7,
    TRAP_DOUBLE_FAULT = 8,
    TRAP_PROTECTION = 13,
    TRAP_MACHINE_CHECK = 18,
};

static u64 gdt[GDT_SIZE / 8] __attribute__((aligned(16))) = {
    [KERNEL_CS / 8] = 0x00209b0000000000, /* 64-bit code */
    [KERNEL_DS / 8] = 0x00cf93000000ffff, [USER_CS32 / 8] = 0x00cffb000000ffff,
    [USER_DS / 8] = 0x00cff3000000ffff,   [USER_CS / 8] = 0x0020fb0000000000,
};

struct gate_desc {
    u16 offset0, selector;
    u8 ist, type;
    u16 offset1;
    u32 offset2, reserved;
};
static struct gate_desc idt[256] __attribute__((aligned(16)));
enum { GATE_INTERRUPT = 0x8e, GATE_USER = 0x60 };

struct tss tss __attribute__((aligned(4096)));
enum { IST_SIZE = 4096, IST_NMI = 1, IST_DOUBLE_FAULT = 2, IST_MACHINE_CHECK = 3, N_IST = 3 };
static u8 ist_stack[N_IST][IST_SIZE] __attribute__((aligned(16)));

extern const u64 trap_stubs[32], irq_stubs[N_IRQ_STUBS];
extern char entry_syscall[], entry_syscall32[], entry_spurious[];

static_assert(offsetof(struct pcpu, user_rsp) == 0, "entry.asm");
static_assert(offsetof(struct pcpu, kernel_stack) == 0x10, "entry.asm");
static_assert(offsetof(struct pcpu, cur) == 0x18, "entry.asm");
static_assert(offsetof(struct pcpu, resched) == 0x4c, "entry.asm");
static_assert(NO_ANSWER == -1UL, "entry.asm");
static_assert(offsetof(struct thread, regs) == 8, "entry.asm");
static_assert(offsetof(struct regs, trap) == 16 * 8, "entry.asm");

static void set_gate(unsigned v, u64 handler, unsigned ist, bool user)
{
    idt[v] = (struct gate_desc){
        .offset0 = (u16)handler,
        .selector = KERNEL_CS,
        .ist = (u8)ist,
        .type = (u8)(GATE_INTERRUPT | (user ? GATE_USER : 0)),
        .offset1 = (u16)(handler >> 16),
        .offset2 = (u32)(handler >> 32),
    };
}

static void init_idt(void)
{
    for (unsigned v = 0; v < 256; v++)
        set_gate(v, (u64)entry_spurious, 0, false);
    for (unsigned v = 0; v < 32; v++) {
        unsigned ist = v == TRAP_NMI             ? IST_NMI
                       : v == TRAP_DOUBLE_FAULT  ? IST_DOUBLE_FAULT
                       : v == TRAP_MACHINE_CHECK ? IST_MACHINE_CHECK
                                                 : 0;
        set_gate(v, trap_stubs[v], ist, v == TRAP_BREAKPOINT);
    }
    for (unsigned v = 0; v < N_IRQ_STUBS; v++)
        set_gate(FIRST_IRQ + v, irq_stubs[v], 0, false);
}

static void init_tss(void)
{
    u64 base = (u64)&tss, limit = sizeof(tss) - 1;

    for (unsigned i = 0; i < N_IST; i++)
        tss.ist[i] = (u64)ist_stack[i] + IST_SIZE;
    tss.io_map = TSS_NO_IO_MAP;
    tss.io_end = 0xff;
    gdt[TSS_SEL / 8] = (limit & 0xffff) | (base & 0xffffff) << 16 | 0x89UL << 40 |
                       (limit >> 16 & 0xf) << 48 | (base >> 24 & 0xff) << 56;
    gdt[TSS_SEL / 8 + 1] = base >> 32;
}

/* As lgdt and lidt read it. */
struct __attribute__((packed)) table_ref {
    u16 limit;
    u64 base;
};

static void load_tables(void)
{
    struct table_ref g = {sizeof(gdt) - 1, (u64)gdt}, i = {sizeof(idt) - 1, (u64)idt};

    __asm__ volatile("lgdt %0; lidt %1" ::"m"(g), "m"(i));
    __asm__ volatile("pushq %0; leaq 1f(%%rip), %%rax; pushq %%rax; lretq; 1:" ::"i"(KERNEL_CS)
                     : "rax", "memory");
    __asm__ volatile(
        "mov %0, %%ds; mov %0, %%es; mov %1, %%fs; mov %1, %%gs; mov %2, %%ss" ::"r"(USER_DS | 3),
        "r"(0), "r"(KERNEL_DS));
    __asm__ volatile("ltr %w0" ::"r"(TSS_SEL));
}

enum {
    MSR_EFER = 0xc0000080,
    MSR_STAR = 0xc0000081,
    MSR_LSTAR = 0xc0000082,
    MSR_CSTAR = 0xc0000083,
    MSR_FMASK = 0xc0000084
};
enum { EFER_SCE = 1 };

void arch_cpu_init(void)
{
    init_idt();
    init_tss();
    load_tables();
    wrmsr(MSR_STAR, (u64)KERNEL_CS << 32 | (u64)(USER_CS32 | 3) << 48);
    wrmsr(MSR_LSTAR, (u64)entry_syscall);
    wrmsr(MSR_CSTAR, (u64)entry_syscall32);
    wrmsr(MSR_FMASK, 0xffffffff);
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
    switch_init(); /* per-CPU data; from here on pcpu() works */
    apic_init();
}

/* ---- traps ---- */

/* A port the task has, but not in the TSS's bitmap yet (M-56). */
static bool refresh_ports(struct thread *t)
{
    if (t->regs.err || (!t->task->is_sigma0 && !io_has_ports(t->task)) ||
        pcpu()->io_task == t->task)
        return false;
    switch_load_ports(t->task);
    return true;
}

struct thread *trap_entry(struct thread *t);
struct thread *trap_entry(struct thread *t)
{
    u64 v = t->regs.trap;

    latency_begin();
    if (likely(v == TRAP_PAGE_FAULT)) {
        pager_page_fault(t);
        t = exit_quickly();
        return t ? t : exit_slowly();
    }
    /* The CPU would fault in the kernel when it is to load another (I-3); a page fault never has one. */
    t->regs.rip = canonical(t->regs.rip);
    if (v >= FIRST_IRQ)
        arch_irq_note((unsigned)v);
    else if (v == TRAP_NO_FPU)
        switch_load_fpu(t);
    else if (v != TRAP_PROTECTION || !refresh_ports(t))
        pager_exception(t);
    t = exit_quickly();
    return t ? t : exit_slowly();
}

_Noreturn void kernel_trap(struct regs *r);
_Noreturn void kernel_trap(struct regs *r)
{
    panic_begin();
    kprintf("\nquire: panic: trap %lu (error %lx) in the kernel, cr2 %016lx\n", r->trap, r->err,
            r->cr2);
    kprintf("  rip %016lx cs %04lx rflags %08lx rsp %016lx\n", r->rip, r->cs, r->rflags, r->rsp);
    kprintf("  rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", r->rax, r->rbx, r->rcx, r->rdx);
    kprintf("  rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", r->rsi, r->rdi, r->rbp, r->r8);
    kprintf("  r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", r->r9, r->r10, r->r11, r->r12);
    kprintf("  r13 %016lx r14 %016lx r15 %016lx\n", r->r13, r->r14, r->r15);
    print_code_address(r->rip);
    backtrace_from(r->rsp);
    panic_end();
}
