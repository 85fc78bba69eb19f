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
    u32 level_lines, low_lines; /* bit n: global system interrupt n is level-triggered, active low */
    u16 pm_timer_port;          /* of a 24-bit counter at 3.579545 MHz; 0: none */
};
extern struct acpi_info acpi_info;

/*
 * Read everything that is ever needed from the tables.  Once, before user space exists, which might
 * be given the memory they are in.  Tables that are not sound are left out.
 */
void acpi_init(void);

/* Switch the machine off; false: no way is known, or it did not work. */
bool acpi_poweroff(void);

#endif
