/* SPDX-License-Identifier: MIT */
/*
 * What the kernel takes from the firmware's ACPI tables (acpi.c).
 */
#ifndef QUIRE_ACPI_H
#define QUIRE_ACPI_H

#include "types.h"

enum { ACPI_MAX_IOAPICS = 8 };

struct acpi_ioapic {
    u64 phys;
    u32 gsi_base; /* global system interrupt number of its pin 0 */
};

/* All zero if there are no tables. */
struct acpi_info {
    unsigned n_ioapics;
    struct acpi_ioapic ioapic[ACPI_MAX_IOAPICS];
    u32 level_lines,
        low_lines;     /* bit n: global system interrupt n is level-triggered, active low */
    u16 pm_timer_port; /* of a 24-bit counter at 3.579545 MHz; 0: none */
};
extern struct acpi_info acpi_info;

/* How to end the machine; all zero if there are no tables. */
struct acpi_power {
    u16 pm1a, pm1b; /* ports of the PM1 control registers; 0: none */
    u16 smi_port;   /* to switch ACPI mode on; 0: it always is */
    u8 smi_enable;  /* what to write there */
    bool has_s5;    /* the next two are known */
    u8 sleep_type_a, sleep_type_b;
    bool has_reset; /* the next three are valid */
    u8 reset_value;
    u16 reset_port; /* 0: in memory */
    volatile u8 *reset_memory;
};
extern struct acpi_power acpi_power;

/*
 * The root pointer as PC firmware places it: at a 16-byte boundary in the first KiB of the extended
 * BIOS data area or in the BIOS; its physical address, 0: not there.  Needs only the direct map.
 */
u64 acpi_search_rsdp(void);

/*
 * Read everything that is ever needed from the tables.  Once, before user space exists, which might
 * be given the memory they are in.  Tables that are not sound are left out.
 */
void acpi_init(void);

#endif
