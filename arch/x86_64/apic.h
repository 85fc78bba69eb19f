/* SPDX-License-Identifier: MIT */
/*
 * Interrupt controllers and timer: vector numbers, local APIC registers, start-up (apic.c,
 * timer.c).
 *
 *   vector 0..31      exceptions
 *   vector 32 + n     interrupt line n: global system interrupt n, pin n of the first I/O APIC
 *   vector 94         timer tick of the local APIC
 *   vector 240..255   legacy controllers (masked) and the local APIC's spurious interrupt
 *
 * Bit n of pcpu()->irq_pending stands for vector 32 + n.  What arch.h declares for interrupt lines
 * and the clock is implemented in the same files.
 */
#ifndef QUIRE_APIC_H
#define QUIRE_APIC_H

#include "machine.h"

enum {
    IRQ_VECTOR_BASE = 32,
    IRQ_VECTOR_END = 96,
    LEGACY_VECTOR_BASE = 0xf0,
    SPURIOUS_VECTOR = 0xff,
};

/* Bits of pcpu()->irq_pending with a fixed meaning. */
enum { ARCH_IRQ_SERIAL = 4, ARCH_IRQ_TIMER = 62 };

/* ---- local APIC ---- */

#define LAPIC_PHYS 0xfee00000UL

enum lapic_reg {
    LAPIC_ID = 0x20,
    LAPIC_VERSION = 0x30,
    LAPIC_TASK_PRIORITY = 0x80,
    LAPIC_EOI = 0xb0,
    LAPIC_SPURIOUS = 0xf0,
    LAPIC_IN_SERVICE = 0x100, /* 8 registers of 32 vectors, 0x10 apart */
    LAPIC_LVT_CMCI = 0x2f0,
    LAPIC_LVT_TIMER = 0x320,
    LAPIC_LVT_THERMAL = 0x330,
    LAPIC_LVT_PERF = 0x340,
    LAPIC_LVT_LINT0 = 0x350,
    LAPIC_LVT_LINT1 = 0x360,
    LAPIC_LVT_ERROR = 0x370,
    LAPIC_TIMER_INITIAL = 0x380,
    LAPIC_TIMER_CURRENT = 0x390,
    LAPIC_TIMER_DIVIDE = 0x3e0,
};
enum { LVT_MASKED = 1 << 16, LVT_PERIODIC = 1 << 17 };

static inline u32 lapic_read(enum lapic_reg reg)
{
    return *(volatile u32 *)phys_to_virt(LAPIC_PHYS + (u64)reg);
}
static inline void lapic_write(enum lapic_reg reg, u32 v)
{
    *(volatile u32 *)phys_to_virt(LAPIC_PHYS + (u64)reg) = v;
}

/*
 * Silence the legacy controllers, read the ACPI tables, set up the local APIC and the I/O APICs
 * with all lines masked.  Once, before user space exists: the register pages are added to
 * boot_info.kernel_owned.  Interrupts stay off.
 */
void apic_init(void);

/*
 * An interrupt arrived; called by the entry code for vectors from 32 on, interrupts off.  Notes it
 * in pcpu()->irq_pending and acknowledges it; a level-triggered line is masked first.
 */
void arch_irq_note(unsigned vector);

/*
 * Uncached access to device registers at `phys`, at most `size` bytes.  NULL: there is RAM in the
 * same 2 MiB, or the address is not below 4 GiB.
 */
void *apic_map_device(u64 phys, u64 size);

/* Update the clock word in the KIP; called on each tick. */
void arch_timer_tick(void);

#endif
