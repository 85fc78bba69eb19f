/* SPDX-License-Identifier: MIT */
/*
 * Interrupt controllers: the local APIC, the I/O APIC's lines, the masked legacy controllers.
 *
 * Called by the start-up code, by the entry code (arch_irq_note), by kernel/irq.c and the ICU
 * object (arch_irq_*).  Calls acpi.c, kmap.c.
 *
 * Users see line n as global system interrupt n, pin n of the I/O APIC that serves number 0; other
 * I/O APICs stay masked.  All lines go to the processor that booted.
 *
 * Invariants: redir[n] is what the low word of pin n's redirection entry holds, so that masking
 * costs no reading of the slow device.  The register pair of an I/O APIC (select, window) is used
 * with interrupts off only: arch_irq_note may come whenever they are on.
 */
#include "apic.h"

#include "acpi.h"
#include "arch.h"
#include "boot.h"
#include "cpu.h"
#include "kip.h"
#include "kmap.h"
#include "print.h"

enum { MAX_LINES = 24 };

/* ---- legacy controllers ---- */

enum { PIC1 = 0x20, PIC2 = 0xa0 };

/* Their vectors get out of the exceptions' way: even masked, they may send a spurious 7 or 15. */
static void pic_silence(void)
{
    outb(PIC1, 0x11); /* initialise: cascaded, edges, four words */
    outb(PIC2, 0x11);
    outb(PIC1 + 1, LEGACY_VECTOR_BASE);
    outb(PIC2 + 1, LEGACY_VECTOR_BASE + 8);
    outb(PIC1 + 1, 1 << 2); /* the second one is on input 2 ... */
    outb(PIC2 + 1, 2);      /* ... and is told so */
    outb(PIC1 + 1, 1);      /* 8086 mode */
    outb(PIC2 + 1, 1);
    outb(PIC1 + 1, 0xff);
    outb(PIC2 + 1, 0xff);
}

/* ---- local APIC ---- */

enum { MSR_APIC_BASE = 0x1b, APIC_BASE_ENABLE = 1 << 11, APIC_BASE_X2APIC = 1 << 10 };
enum { CPUID_EDX_APIC = 9, SPURIOUS_ENABLE = 1 << 8 };
#define APIC_BASE_ADDR 0x000ffffffffff000UL

/* Writes to this MiB are interrupts (also those of MSIs), wherever in it they go. */
enum { LAPIC_SPACE = 1 << 20 };

/* Make the registers appear at LAPIC_PHYS, whatever mode and place the firmware chose. */
static void lapic_place(void)
{
    u64 base = rdmsr(MSR_APIC_BASE) & ~(APIC_BASE_ADDR | APIC_BASE_ENABLE | APIC_BASE_X2APIC);

    if (rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC)
        wrmsr(MSR_APIC_BASE, base | LAPIC_PHYS); /* only from "off" there is a way to xAPIC mode */
    wrmsr(MSR_APIC_BASE, base | LAPIC_PHYS | APIC_BASE_ENABLE);
}

static bool lapic_in_service(unsigned vector)
{
    enum lapic_reg reg = (enum lapic_reg)(LAPIC_IN_SERVICE + 0x10 * (vector / 32));

    return lapic_read(reg) >> vector % 32 & 1;
}

static void lapic_init(void)
{
    unsigned highest_lvt;

    if (!(cpuid(1, 0).edx >> CPUID_EDX_APIC & 1))
        boot_fail("this processor (%s) has no local APIC", cpu_info.brand);
    lapic_place();
    highest_lvt = lapic_read(LAPIC_VERSION) >> 16 & 0xff;
    lapic_write(LAPIC_SPURIOUS, SPURIOUS_ENABLE | SPURIOUS_VECTOR);
    lapic_write(LAPIC_LVT_TIMER, LVT_MASKED);
    lapic_write(LAPIC_LVT_LINT0, LVT_MASKED); /* the legacy controllers */
    lapic_write(LAPIC_LVT_LINT1, LVT_MASKED); /* NMI button */
    lapic_write(LAPIC_LVT_ERROR, LVT_MASKED);
    if (highest_lvt >= 4)
        lapic_write(LAPIC_LVT_PERF, LVT_MASKED);
    if (highest_lvt >= 5)
        lapic_write(LAPIC_LVT_THERMAL, LVT_MASKED);
    if (highest_lvt >= 6)
        lapic_write(LAPIC_LVT_CMCI, LVT_MASKED);
    lapic_write(LAPIC_TASK_PRIORITY, 0);
    for (unsigned v = 0; v < 256; v++) /* what the firmware left unacknowledged would block us */
        if (lapic_in_service(v))
            lapic_write(LAPIC_EOI, 0);
}

/* ---- I/O APIC ---- */

enum { IOAPIC_SELECT = 0, IOAPIC_WINDOW = 0x10 / 4, IOAPIC_SPACE = 0x20 };
enum { IOAPIC_VERSION = 1, IOAPIC_REDIR = 0x10 };
enum { REDIR_LOW = 1 << 13, REDIR_LEVEL = 1 << 15, REDIR_MASKED = 1 << 16 };

static volatile u32 *ioapic; /* registers of the one whose lines are used */
static unsigned n_lines;
static u32 redir[MAX_LINES];

static u32 ioapic_read(volatile u32 *base, u32 reg)
{
    base[IOAPIC_SELECT] = reg;
    return base[IOAPIC_WINDOW];
}

static void ioapic_write(volatile u32 *base, u32 reg, u32 v)
{
    base[IOAPIC_SELECT] = reg;
    base[IOAPIC_WINDOW] = v;
}

static void redir_write(unsigned pin, u32 v)
{
    redir[pin] = v;
    ioapic_write(ioapic, IOAPIC_REDIR + 2 * pin, v);
}

/* Number of pins; 0: there is no I/O APIC. */
static unsigned ioapic_pins(volatile u32 *base)
{
    u32 version = ioapic_read(base, IOAPIC_VERSION);

    return version == 0 || version == ~0U ? 0 : (version >> 16 & 0xff) + 1;
}

static bool overlaps_ram(u64 base, u64 end)
{
    for (unsigned i = 0; i < ARRAY_SIZE(kip_page.mem_desc); i++) {
        const struct kip_mem_desc *d = &kip_page.mem_desc[i];

        if ((d->start & (KIP_MEM_TYPE_MASK | KIP_MEM_VIRTUAL)) == KIP_MEM_RAM &&
            ALIGN_DOWN(d->start, KIP_MEM_GRANULE) < end && d->last >= base)
            return true;
    }
    return false;
}

void *apic_map_device(u64 phys, u64 size)
{
    const u64 unit = 1UL << 21, limit = 1UL << 32;

    if (phys >= limit || size > limit - phys ||
        overlaps_ram(ALIGN_DOWN(phys, unit), ALIGN_UP(phys + size, unit)))
        return NULL;
    kmap_mmio(phys, size);
    return phys_to_virt(phys);
}

/* Mask all pins of the I/O APIC and use it if it is the first. */
static void ioapic_init(const struct acpi_ioapic *desc)
{
    volatile u32 *base = apic_map_device(desc->phys, IOAPIC_SPACE);
    u32 destination = lapic_read(LAPIC_ID) & 0xff000000;
    unsigned pins;

    if (!base || !(pins = ioapic_pins(base))) {
        kprintf("quire: no I/O APIC at 0x%lx, where one was expected\n", desc->phys);
        return;
    }
    boot_own(ALIGN_DOWN(desc->phys, PAGE_SIZE), ALIGN_UP(desc->phys + IOAPIC_SPACE, PAGE_SIZE));
    for (unsigned pin = 0; pin < pins; pin++)
        ioapic_write(base, IOAPIC_REDIR + 2 * pin, REDIR_MASKED);
    if (ioapic || desc->gsi_base != 0)
        return;
    ioapic = base;
    n_lines = pins < MAX_LINES ? pins : MAX_LINES;
    for (unsigned pin = 0; pin < n_lines; pin++) {
        u32 v = REDIR_MASKED | (IRQ_VECTOR_BASE + pin);

        if (acpi_info.level_lines >> pin & 1)
            v |= REDIR_LEVEL;
        if (acpi_info.low_lines >> pin & 1)
            v |= REDIR_LOW;
        ioapic_write(base, IOAPIC_REDIR + 2 * pin + 1, destination);
        redir_write(pin, v);
    }
    kprintf("quire: %u interrupt lines, I/O APIC at 0x%lx\n", n_lines, desc->phys);
}

void apic_init(void)
{
    /* Where PCs without tables have it; the legacy timer is on its pin 2, the rest as ever. */
    static const struct acpi_ioapic usual = {0xfec00000, 0};

    pic_silence();
    acpi_init();
    lapic_init();
    boot_own(LAPIC_PHYS, LAPIC_PHYS + LAPIC_SPACE);
    for (unsigned i = 0; i < acpi_info.n_ioapics; i++)
        ioapic_init(&acpi_info.ioapic[i]);
    if (!acpi_info.n_ioapics)
        ioapic_init(&usual);
    if (!ioapic)
        kprintf("quire: no I/O APIC for the first interrupt lines: devices cannot interrupt\n");
}

/* ---- interrupt lines ---- */

enum { MODE_VALID = 1, MODE_LEVEL = 2, MODE_LOW = 4, MODE_BOTH_EDGES = 8, MODE_FLOW = 0xf };

unsigned arch_irq_pins(void) { return n_lines; }

bool arch_irq_is_level(unsigned pin) { return pin < n_lines && redir[pin] & REDIR_LEVEL; }

void arch_irq_mask(unsigned pin, bool mask)
{
    if (pin < n_lines)
        redir_write(pin, mask ? redir[pin] | REDIR_MASKED : redir[pin] & ~(u32)REDIR_MASKED);
}

/* Wake-up bits are accepted: the machine never sleeps.  No mode at all: keep what is set. */
bool arch_irq_set_mode(unsigned pin, unsigned mode)
{
    u32 old, v;

    mode &= MODE_FLOW;
    if (pin >= n_lines || (mode && !(mode & MODE_VALID)) || (mode & MODE_BOTH_EDGES))
        return false;
    if (!mode)
        return true;
    old = redir[pin];
    v = old & ~(u32)(REDIR_LEVEL | REDIR_LOW);
    v |= (mode & MODE_LEVEL ? (u32)REDIR_LEVEL : 0) | (mode & MODE_LOW ? (u32)REDIR_LOW : 0);
    if (v != old) {
        redir_write(pin, v | REDIR_MASKED); /* a change of polarity must not count as an edge */
        redir_write(pin, v);
    }
    return true;
}

/* ---- arrival ---- */

void arch_irq_note(unsigned vector)
{
    pcpu_ref p = pcpu();
    unsigned n = vector - IRQ_VECTOR_BASE;

    if (unlikely(vector >= IRQ_VECTOR_END || vector < IRQ_VECTOR_BASE)) {
        /* Spurious ones are not in service; something the firmware left would block the others. */
        if (lapic_in_service(vector & 0xff))
            lapic_write(LAPIC_EOI, 0);
        return;
    }
    if (arch_irq_is_level(n)) {
        arch_irq_mask(n, true);
        (void)ioapic[IOAPIC_WINDOW]; /* the mask must have arrived before the EOI */
    }
    p->irq_pending |= 1UL << n;
    p->resched = true;
    lapic_write(LAPIC_EOI, 0);
}
