/* SPDX-License-Identifier: MIT */
/*
 * What the generic kernel needs from the machine, declared once.  Implemented by arch/x86_64/; host tests
 * give their own (tests/host/).  The inline parts come from arch/<machine>/machine.h.
 */
#ifndef QUIRE_ARCH_H
#define QUIRE_ARCH_H

#include "types.h"

struct thread;
struct task;

#include "machine.h" /* phys_to_virt, virt_to_phys, struct pcpu, pcpu(), TLB primitives */

/* ---- start-up (kernel/main.c) ---- */
void arch_cpu_init(void); /* descriptors, traps, system-call entry; needs the heap */
void arch_timer_init(
    void); /* calibrate the clock, start the periodic tick; fills the KIP's clock fields */

/* ---- clock ---- */
u64 arch_clock_us(void); /* microseconds since boot, monotonic; the KIP clock */

/* ---- threads ---- */
/* Set up the register state of a new thread (all zero, user selectors, interrupts on). */
void arch_thread_init(struct thread *t);
/* arch_switch(from, to) is inline, in arch/<machine>/switch.h: it needs to know struct thread. */
/* The CPU keeps nothing of `t` any more. */
void arch_thread_gone(struct thread *t);
/* Bytes of a floating-point save area. */
unsigned arch_fpu_size(void);
/* ds, es, fs, gs as MR 25 of an exception message holds them, 16 bits each. */
u64 arch_selectors(const struct thread *t);
/* The same of a thread that is not current; one that the user could not load itself stays as it was. */
void arch_set_selectors(struct thread *t, u64 word);
/* fs_base, gs_base or a selector of `t` was changed by somebody else. */
void arch_thread_bases_changed(struct thread *t);
/* The loaded task goes away: load the kernel's own page tables. */
void arch_unload_task(void);
/*
 * From a system call of `from` to user mode in another thread: the end of syscall_entry and syscall_leave, as a call in
 * tail position.  It comes back only to the compiler's eyes.
 */
/* `to` is loaded, and in a system call too. */
u64 arch_leave(struct thread *from, struct thread *to);
/* `to` is loaded; NULL: exit_slowly says who goes on, perhaps `from`. */
u64 arch_leave_slowly(struct thread *from, struct thread *to);
/* Leave the kernel: load t's registers and go on in user mode. */
_Noreturn void arch_user_return(struct thread *t);
/* Let pending interrupts in for a moment; they are only noted in pcpu()->irq_pending. */
void arch_irq_window(void);
/* The port bitmap in the TSS is not valid any more (M-56). */
void arch_io_reset(void);
/* Wait for an interrupt, which is noted in pcpu()->irq_pending. */
void arch_idle(void);
/* The floating-point state of `t` is dropped (thread gone) or moved to another thread (I-66). */
void arch_fpu_release(struct thread *t);
void arch_fpu_transfer(struct thread *from, struct thread *to);

/* ---- for the checks ---- */
/* Is the CPU's port bitmap this one (I11)? */
bool arch_io_bitmap_is(const u8 *bitmap);

/* ---- interrupt lines (kernel/irq.c, kernel/sched.c) ---- */
void arch_irq_mask(unsigned pin, bool mask);
bool arch_irq_set_mode(unsigned pin, unsigned mode); /* mode bits of the ICU protocol */
unsigned arch_irq_pins(void);
bool arch_irq_is_level(unsigned pin);
_Noreturn void arch_exit(u8 code);
_Noreturn void arch_reboot(void);
void arch_poweroff(void); /* comes back when the machine cannot */

#endif
