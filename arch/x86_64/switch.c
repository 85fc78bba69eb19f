/* SPDX-License-Identifier: MIT */
/*
 * Context switch, see switch.h and kernel/arch.h.
 *
 * The FPU is switched lazily: its owner's state stays in the CPU until another thread touches it.  (Where
 * speculation past the trap is a threat a CPU without the LazyFP flaw is needed; one line in
 * arch_switch would make it
 * eager.)  The port bitmap is lazy too (M-56).
 */
#include "switch.h"

#include "io_space.h"
#include "kmap.h"
#include "latency.h"
#include "string.h"
#include "thread.h"
#include "tlb.h"

/* ds, es, fs, gs, 16 bits each. */
enum { NORMAL_SELECTORS = USER_DATA_SEL | USER_DATA_SEL << 16, FS_SHIFT = 32, GS_SHIFT = 48 };
enum {
    USER_CODE32 = 0x18,
    USER_CODE = 0x28
}; /* the descriptors that user mode may use are 0x18 to 0x28 */
enum { CR0_TS = 8, FX_SIZE = 512, FX_MXCSR = 24 };

static struct pcpu cpu0;
static u8 fpu_initial[FX_SIZE] __attribute__((aligned(64)));

void switch_init(void)
{
    cpu0.kernel_stack = (u64)kernel_stack_top - 8; /* aligned after one push */
    wrmsr(MSR_GS_BASE, (u64)&cpu0);
    wrmsr(MSR_KERNEL_GS_BASE, 0);
    __asm__ volatile("clts; fninit; mov %%cr0, %0" : "=r"(cpu0.cr0_no_fpu));
    cpu0.cr0_no_fpu |= CR0_TS;
    __asm__ volatile("fxsave64 %0" : "=m"(fpu_initial));
    memset(fpu_initial + 32, 0, FX_SIZE - 32); /* x87 and SSE registers */
    *(u32 *)(fpu_initial + FX_MXCSR) = 0x1f80;
    cpu0.fpu_enabled = true;
}

unsigned arch_fpu_size(void) { return FX_SIZE; }

void arch_thread_init(struct thread *t)
{
    t->regs.cs = USER_CODE_SEL;
    t->regs.ss = USER_DATA_SEL;
    t->regs.rflags = 0x202;
    t->selectors = NORMAL_SELECTORS;
}

/* ---- FPU ---- */

/* The owner's registers go to its save area; nobody owns the FPU any more. */
static void fpu_save(pcpu_ref p)
{
    if (!p->fpu_owner)
        return;
    switch_fpu_enable(p, true);
    __asm__ volatile("fxsave64 %0" : "=m"(*(u8(*)[FX_SIZE])p->fpu_owner->fpu));
    p->fpu_owner = NULL;
}

void switch_load_fpu(struct thread *t)
{
    pcpu_ref p = pcpu();
    const void *area = t->fpu_used ? t->fpu : fpu_initial;

    if (p->fpu_owner != t)
        fpu_save(p);
    switch_fpu_enable(p, true);
    __asm__ volatile("fxrstor64 %0" ::"m"(*(const u8(*)[FX_SIZE])area));
    p->fpu_owner = t;
    t->fpu_used = true;
}

void arch_fpu_release(struct thread *t)
{
    pcpu_ref p = pcpu();

    t->fpu_used = false;
    if (p->fpu_owner == t) {
        p->fpu_owner = NULL;
        switch_fpu_enable(p, false);
    }
}

void arch_fpu_transfer(struct thread *from, struct thread *to)
{
    pcpu_ref p = pcpu();

    if (!from->fpu_used) {
        arch_fpu_release(to); /* a fresh state is a state too */
        return;
    }
    if (p->fpu_owner == from)
        fpu_save(p);
    arch_fpu_release(to);
    memcpy(to->fpu, from->fpu, FX_SIZE);
    to->fpu_used = true;
    from->fpu_used = false;
    switch_fpu_enable(p, p->fpu_owner && p->fpu_owner == p->cur);
}

/* ---- ports ---- */

void arch_io_reset(void)
{
    pcpu()->io_task = NULL;
    tss.io_map = TSS_NO_IO_MAP;
}

void switch_load_ports(struct task *task)
{
    if (task->is_sigma0)
        memset(tss.io_bitmap, 0, sizeof(tss.io_bitmap));
    else
        memcpy(tss.io_bitmap, task->io.bitmap, sizeof(tss.io_bitmap));
    tss.io_map = TSS_IO_MAP;
    pcpu()->io_task = task;
}

bool arch_io_bitmap_is(const u8 *bitmap)
{
    return memcmp(bitmap, tss.io_bitmap, sizeof(tss.io_bitmap)) == 0;
}

/* ---- switch ---- */

static u64 read_selectors(void)
{
    struct selectors s = switch_read_selectors();

    return (u64)s.ds | (u64)s.es << 16 | (u64)s.fs << FS_SHIFT | (u64)s.gs << GS_SHIFT;
}

static void load_selectors(u64 s)
{
    __asm__ volatile("mov %0, %%ds; mov %1, %%es; mov %2, %%fs" ::"r"((u32)s), "r"((u32)(s >> 16)),
                     "r"((u32)(s >> FS_SHIFT)));
    __asm__ volatile("swapgs; mov %0, %%gs; swapgs" ::"r"((u32)(s >> GS_SHIFT)) : "memory");
}

/* What the thread gets when it is loaded; while it is current the CPU knows. */
static void store_selectors(struct thread *t, u64 s)
{
    t->selectors = s;
    t->flags =
        (u8)(s != NORMAL_SELECTORS ? t->flags | TF_ODD_SELECTORS : t->flags & ~TF_ODD_SELECTORS);
}

u64 arch_selectors(const struct thread *t)
{
    return t == pcpu()->cur ? read_selectors() : t->selectors;
}

/* Null, or one of the three descriptors that user mode may use. */
static bool is_user_selector(u16 s)
{
    unsigned descriptor = s & ~3U;

    return !descriptor || (descriptor >= USER_CODE32 && descriptor <= USER_CODE);
}

void arch_set_selectors(struct thread *t, u64 word)
{
    u64 s = t->selectors;

    for (unsigned shift = 0; shift < 64; shift += 16)
        if (is_user_selector((u16)(word >> shift)))
            s = (s & ~(0xffffUL << shift)) | (word & 0xffffUL << shift);
    store_selectors(t, s);
}

/* A selector other than 0 has its descriptor's base, 0 (I-5). */
static void load_bases(const struct thread *t, u64 selectors)
{
    wrmsr(MSR_FS_BASE, (u16)(selectors >> FS_SHIFT) ? 0 : t->fs_base);
    wrmsr(MSR_KERNEL_GS_BASE, selectors >> GS_SHIFT ? 0 : t->gs_base);
}

void arch_thread_bases_changed(struct thread *t)
{
    if (t == pcpu()->cur)
        load_bases(t, read_selectors());
}

void switch_slowly(struct thread *from, struct thread *to)
{
    pcpu_ref p = pcpu();

    if (from)
        store_selectors(from, read_selectors());
    if (!to) {
        TRACE(switch, from, to);
        p->cur = NULL;
        return;
    }
    if (p->io_task && to->task != p->loaded) /* another's */
        arch_io_reset();
    switch_plainly(to);
    load_selectors(to->selectors);
    load_bases(to, to->selectors);
    store_selectors(to, NORMAL_SELECTORS);
}

void arch_unload_task(void)
{
    pcpu_ref p = pcpu();

    p->loaded = NULL;
    TRACE(tlb_all, 0UL);
    p->n_root_load++;
    tlb_note_flush_all();
    __asm__ volatile("mov %0, %%cr3" ::"r"(kmap_root_phys()) : "memory");
    if (p->io_task)
        arch_io_reset();
}

void arch_thread_gone(struct thread *t)
{
    pcpu_ref p = pcpu();

    arch_fpu_release(t);
    if (p->cur == t) {
        TRACE(switch, t, NULL);
        p->cur = NULL;
    }
    if (p->sc == t)
        p->sc = NULL;
}

void arch_irq_window(void)
{
    latency_end(__builtin_return_address(0));
    __asm__ volatile("sti; nop; cli" ::: "memory");
    latency_begin();
}

void arch_idle(void)
{
    latency_end(__builtin_return_address(0));
    __asm__ volatile("sti; hlt; cli" ::: "memory");
    latency_begin();
}
