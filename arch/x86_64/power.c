/* SPDX-License-Identifier: MIT */
/*
 * Switching the machine off and restarting it.
 *
 * Called by the platform control object and the console's commands, interrupts off; calls nothing.
 * Decides in which order the known ways are tried: the firmware's (acpi.c) first, then what PCs and
 * emulators have always had.  Every wait is bounded.
 */
#include "acpi.h"
#include "arch.h"
#include "cpu.h"

enum {
    PM1_ACPI_MODE = 1,
    PM1_SLEEP_TYPE_SHIFT = 10,
    PM1_SLEEP_TYPE = 7 << 10,
    PM1_SLEEP = 1 << 13
};
enum { KEYBOARD_STATUS = 0x64, KEYBOARD_BUSY = 2, KEYBOARD_RESET = 0xfe };
enum { CPUID_ECX_HYPERVISOR = 31 };

/* Port reads to wait for the hardware; one takes a microsecond where there is hardware. */
enum { PATIENCE = 100000 };

static void outw(u16 port, u16 v) { __asm__ volatile("outw %0, %1" ::"a"(v), "Nd"(port)); }
static u16 inw(u16 port)
{
    u16 v;

    __asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

static void wait_a_little(u16 port)
{
    for (unsigned i = 0; i < PATIENCE; i++)
        inb(port);
}

static void write_sleep_type(u16 port, u8 type)
{
    u16 v = (u16)((inw(port) & ~(PM1_SLEEP_TYPE | PM1_SLEEP)) | type << PM1_SLEEP_TYPE_SHIFT);

    outw(port, v);
    outw(port, v | PM1_SLEEP);
}

static void sleep_s5(void)
{
    if (!(inw(acpi_power.pm1a) & PM1_ACPI_MODE) && acpi_power.smi_port && acpi_power.smi_enable) {
        outb(acpi_power.smi_port, acpi_power.smi_enable);
        for (unsigned i = 0; i < PATIENCE && !(inw(acpi_power.pm1a) & PM1_ACPI_MODE); i++)
            ;
    }
    write_sleep_type(acpi_power.pm1a, acpi_power.sleep_type_a);
    if (acpi_power.pm1b)
        write_sleep_type(acpi_power.pm1b, acpi_power.sleep_type_b);
    wait_a_little(KEYBOARD_STATUS);
}

void arch_poweroff(void)
{
    if (acpi_power.has_s5 && acpi_power.pm1a)
        sleep_s5();
    if (cpuid(1, 0).ecx >> CPUID_ECX_HYPERVISOR & 1) { /* QEMU's registers; elsewhere, who knows */
        outw(0x604, PM1_SLEEP);
        outw(0xb004, PM1_SLEEP);
        wait_a_little(KEYBOARD_STATUS);
    }
}

void arch_reboot(void)
{
    static const struct {
        u16 limit;
        u64 base;
    } __attribute__((packed)) no_idt = {0, 0};

    if (acpi_power.has_reset) {
        if (acpi_power.reset_port)
            outb(acpi_power.reset_port, acpi_power.reset_value);
        else
            *acpi_power.reset_memory = acpi_power.reset_value;
        wait_a_little(KEYBOARD_STATUS);
    }
    for (unsigned i = 0; i < PATIENCE && (inb(KEYBOARD_STATUS) & KEYBOARD_BUSY); i++)
        ;
    outb(KEYBOARD_STATUS, KEYBOARD_RESET);
    wait_a_little(KEYBOARD_STATUS);
    for (;;) /* an exception without a handler table resets the processor */
        __asm__ volatile("cli; lidt %0; int3" ::"m"(no_idt));
}
