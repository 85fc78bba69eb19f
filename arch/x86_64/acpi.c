/* SPDX-License-Identifier: MIT */
/*
 * The firmware's ACPI tables, as far as the kernel needs them: interrupt controllers (MADT), power
 * management timer, registers for power-off and reset (FADT, DSDT).
 *
 * Called by apic.c at start-up; timer.c and power.c use the results.  Calls apic_map_device.
 *
 * The tables are input that nobody vouches for.  They are reached through the direct map, of which
 * the low 4 GiB always exist; every length is checked against that and a limit, every field against
 * the table's length (one that is not there reads as 0), every table's checksum.  There is no AML
 * interpreter: the sleep type for power-off is found by the form that compilers give the \_S5
 * package.
 *
 * Invariant: after acpi_init() no table is read any more, since user space may be given the memory.
 */
#include "acpi.h"

#include "apic.h"
#include "arch.h"
#include "boot.h"
#include "print.h"
#include "string.h"

#define DIRECT_LIMIT (1UL << 32)

/* Limits of what is looked at: the size of a table, and how many the root names. */
enum { MAX_TABLE = 4 << 20, MAX_TABLES = 128 };

struct acpi_info acpi_info;
struct acpi_power acpi_power;

/* Address spaces of an address as tables give it ("generic address structure"). */
enum gas_space { SPACE_MEMORY = 0, SPACE_IO = 1 };

/* ---- tables ---- */

/* size 0: there is none. */
struct table {
    const u8 *data;
    u32 size;
};

enum { HEADER_SIZE = 36 };

/* n bytes at an offset, little endian; 0 if they are not within the table. */
static u64 field(struct table t, u32 offset, u32 n)
{
    u64 v = 0;

    if (offset > t.size || n > t.size - offset)
        return 0;
    for (u32 i = 0; i < n; i++)
        v |= (u64)t.data[offset + i] << 8 * i;
    return v;
}

static bool sums_to_zero(const u8 *p, u32 size)
{
    u8 sum = 0;

    while (size--)
        sum = (u8)(sum + *p++);
    return sum == 0;
}

/* The table at an address if it has the signature sig. */
static struct table table_at(u64 phys, const char *sig)
{
    const struct table none = {NULL, 0};
    struct table t = {phys_to_virt(phys), HEADER_SIZE};

    if (!phys || phys > DIRECT_LIMIT - HEADER_SIZE || memcmp(t.data, sig, 4) != 0)
        return none;
    t.size = (u32)field(t, 4, 4);
    if (t.size < HEADER_SIZE || t.size > MAX_TABLE || t.size > DIRECT_LIMIT - phys)
        return none;
    if (!sums_to_zero(t.data, t.size)) {
        kprintf("quire: the ACPI table at 0x%lx has a wrong checksum and is left out\n", phys);
        return none;
    }
    return t;
}

/* ---- root pointer and root table ---- */

enum { RSDP_SIZE_1 = 20, RSDP_SIZE_2 = 36, BIOS_DATA_EBDA = 0x40e };

static bool is_rsdp(u64 phys)
{
    const u8 *p = phys_to_virt(phys);

    return phys && phys <= DIRECT_LIMIT - RSDP_SIZE_2 && memcmp(p, "RSD PTR ", 8) == 0 &&
           sums_to_zero(p, RSDP_SIZE_1);
}

static u64 scan_for_rsdp(u64 base, u64 end)
{
    for (; base < end; base += 16)
        if (is_rsdp(base))
            return base;
    return 0;
}

u64 acpi_search_rsdp(void)
{
    const volatile u16 *segment = phys_to_virt(BIOS_DATA_EBDA);
    u64 ebda = (u64)*segment << 4, found = 0;

    if (ebda >= 0x80000 && ebda < 0xa0000)
        found = scan_for_rsdp(ebda, ebda + 1024);
    return found ? found : scan_for_rsdp(0xe0000, 0x100000);
}

/* XSDT or RSDT: addresses of the others behind the header. */
struct root_table {
    struct table t;
    u32 entry_size;
};

static struct root_table find_root(void)
{
    u64 phys = boot_info.rsdp ? boot_info.rsdp : acpi_search_rsdp();
    struct table rsdp = {phys_to_virt(phys), RSDP_SIZE_1};
    struct root_table root = {{NULL, 0}, 8};

    if (!is_rsdp(phys))
        return root;
    if (rsdp.data[15] >= 2 && sums_to_zero(rsdp.data, RSDP_SIZE_2)) {
        rsdp.size = RSDP_SIZE_2;
        root.t = table_at(field(rsdp, 24, 8), "XSDT");
    }
    if (!root.t.size) {
        root.entry_size = 4;
        root.t = table_at(field(rsdp, 16, 4), "RSDT");
    }
    return root;
}

/* The next table with this signature, from the root's entry *index on; *index moves behind it. */
static struct table next_table(struct root_table root, const char *sig, u32 *index)
{
    struct table t = {NULL, 0};

    while (!t.size && *index < MAX_TABLES) {
        u32 offset = HEADER_SIZE + (*index)++ * root.entry_size;

        t = table_at(field(root.t, offset, root.entry_size), sig);
    }
    return t;
}

static struct table first_table(struct root_table root, const char *sig)
{
    u32 index = 0;

    return next_table(root, sig, &index);
}

/* ---- MADT: interrupt controllers ---- */

enum { MADT_ENTRIES = 44, MADT_IOAPIC = 1, MADT_OVERRIDE = 2 };
enum { POLARITY_MASK = 3, POLARITY_LOW = 3, TRIGGER_MASK = 3 << 2, TRIGGER_LEVEL = 3 << 2 };

static void note_override(u64 line, u64 flags)
{
    if (line >= 32)
        return;
    if ((flags & TRIGGER_MASK) == TRIGGER_LEVEL)
        acpi_info.level_lines |= 1U << line;
    if ((flags & POLARITY_MASK) == POLARITY_LOW)
        acpi_info.low_lines |= 1U << line;
}

static void read_madt(struct table madt)
{
    u32 length;

    for (u32 at = MADT_ENTRIES; at + 2 <= madt.size; at += length) {
        length = (u32)field(madt, at + 1, 1);
        if (length < 2 || length > madt.size - at)
            return;
        switch (field(madt, at, 1)) {
        case MADT_IOAPIC:
            if (length >= 12 && acpi_info.n_ioapics < ACPI_MAX_IOAPICS)
                acpi_info.ioapic[acpi_info.n_ioapics++] =
                    (struct acpi_ioapic){field(madt, at + 4, 4), (u32)field(madt, at + 8, 4)};
            break;
        case MADT_OVERRIDE:
            if (length >= 10)
                note_override(field(madt, at + 4, 4), field(madt, at + 8, 2));
            break;
        }
    }
}

/* ---- AML: the \_S5 package ---- */

enum { AML_ZERO = 0x00, AML_ONE = 0x01, AML_NAME = 0x08, AML_BYTE = 0x0a, AML_PACKAGE = 0x12 };

/* A small constant at *at, which is moved behind it; false: something else. */
static bool aml_constant(struct table t, u32 *at, u8 *value)
{
    u64 op = field(t, *at, 1);

    if (op == AML_BYTE) {
        *value = (u8)field(t, *at + 1, 1);
        *at += 2;
        return *value < 8;
    }
    *value = (u8)op;
    *at += 1;
    return op == AML_ZERO || op == AML_ONE;
}

/* Name (\_S5, Package () { type of PM1a, type of PM1b, ... }), with the name at `at`. */
static bool read_s5(struct table t, u32 at)
{
    bool named = field(t, at - 1, 1) == AML_NAME ||
                 (field(t, at - 1, 1) == '\\' && field(t, at - 2, 1) == AML_NAME);
    u32 elements;

    at += 4;
    if (!named || field(t, at, 1) != AML_PACKAGE)
        return false;
    at += 2 + (u32)(field(t, at + 1, 1) >> 6); /* the top bits count further bytes of the length */
    elements = (u32)field(t, at, 1);
    at++;
    acpi_power.sleep_type_b = 0;
    return elements >= 1 && aml_constant(t, &at, &acpi_power.sleep_type_a) &&
           (elements < 2 || aml_constant(t, &at, &acpi_power.sleep_type_b));
}

static bool search_s5(struct table t)
{
    for (u32 at = HEADER_SIZE; at + 4 <= t.size; at++)
        if (memcmp(t.data + at, "_S5_", 4) == 0 && read_s5(t, at))
            return true;
    return false;
}

/* ---- FADT: fixed hardware ---- */

enum {
    FADT_DSDT = 40,
    FADT_SMI_CMD = 48,
    FADT_ACPI_ENABLE = 52,
    FADT_PM1A_CNT = 64,
    FADT_PM1B_CNT = 68,
    FADT_PM_TIMER = 76,
    FADT_FLAGS = 112,
    FADT_RESET_REG = 116,
    FADT_RESET_VALUE = 128,
    FADT_X_DSDT = 140,
    FADT_X_PM1A_CNT = 172,
    FADT_X_PM1B_CNT = 184,
    FADT_X_PM_TIMER = 208,
    GAS_ADDRESS = 4,
    FLAG_RESET = 1 << 10,
};

static u16 as_port(u64 address) { return address <= 0xffff ? (u16)address : 0; }

/* A port, by the field of version 1 or its later replacement. */
static u16 fadt_port(struct table fadt, u32 offset, u32 x_offset)
{
    u16 port = as_port(field(fadt, offset, 4));

    if (!port && field(fadt, x_offset, 1) == SPACE_IO)
        port = as_port(field(fadt, x_offset + GAS_ADDRESS, 8));
    return port;
}

static void read_reset(struct table fadt)
{
    u64 address = field(fadt, FADT_RESET_REG + GAS_ADDRESS, 8);

    if (!(field(fadt, FADT_FLAGS, 4) & FLAG_RESET) || !address)
        return;
    acpi_power.reset_value = (u8)field(fadt, FADT_RESET_VALUE, 1);
    switch (field(fadt, FADT_RESET_REG, 1)) {
    case SPACE_IO:
        acpi_power.reset_port = as_port(address);
        acpi_power.has_reset = acpi_power.reset_port != 0;
        break;
    case SPACE_MEMORY:
        acpi_power.reset_memory = apic_map_device(address, 1);
        acpi_power.has_reset = acpi_power.reset_memory;
        break;
    default: /* PCI configuration space: the other ways have to do */
        break;
    }
}

static void read_fadt(struct root_table root, struct table fadt)
{
    struct table t = table_at(field(fadt, FADT_X_DSDT, 8), "DSDT");
    u32 index = 0;

    acpi_power.smi_port = as_port(field(fadt, FADT_SMI_CMD, 4));
    acpi_power.smi_enable = (u8)field(fadt, FADT_ACPI_ENABLE, 1);
    acpi_power.pm1a = fadt_port(fadt, FADT_PM1A_CNT, FADT_X_PM1A_CNT);
    acpi_power.pm1b = fadt_port(fadt, FADT_PM1B_CNT, FADT_X_PM1B_CNT);
    acpi_info.pm_timer_port = fadt_port(fadt, FADT_PM_TIMER, FADT_X_PM_TIMER);
    read_reset(fadt);

    if (!t.size)
        t = table_at(field(fadt, FADT_DSDT, 4), "DSDT");
    acpi_power.has_s5 = search_s5(t);
    while (!acpi_power.has_s5 && index < MAX_TABLES)
        acpi_power.has_s5 = search_s5(next_table(root, "SSDT", &index));
}

void acpi_init(void)
{
    struct root_table root = find_root();

    if (!root.t.size) {
        kprintf("quire: no ACPI tables\n");
        return;
    }
    read_madt(first_table(root, "APIC"));
    read_fadt(root, first_table(root, "FACP"));
}
