/* SPDX-License-Identifier: MIT */
/*
 * What booting finds out and hands to the rest of the kernel, and what the boot files share.
 */
#ifndef QUIRE_BOOT_H
#define QUIRE_BOOT_H

#include "boot_mem.h"
#include "types.h"

struct phys_range {
    u64 base, size;
};

/* Complete when kernel_main() starts; constant from then on. */
struct boot_info {
    struct phys_range heap[4]; /* kernel heap without what the page tables took; below 4 GiB */
    unsigned n_heap;
    /* What user space must never get: the image without the KIP page, the whole heap. */
    struct phys_range kernel_owned[16]; /* heap 4, image 2, local APIC, I/O APICs 8 */
    unsigned n_owned;
    u64 phys_top; /* end of the highest RAM */
    u64 sigma0_entry, root_entry;
    const char *cmdline; /* of the kernel; never NULL */
    u64 rsdp;            /* physical address of the ACPI root pointer; 0: none known */
};
extern struct boot_info boot_info;

/* First C code, from boot.asm.  magic: Multiboot's or 0 (bootstrap); info: physical address. */
_Noreturn void boot_entry(u32 magic, u64 info);

/* Whole pages [base, end) are nothing for user space. */
void boot_own(u64 base, u64 end);

/* The kernel proper (main.c); called with the final page tables, interrupts off. */
_Noreturn void kernel_main(void);

/* ---- between the boot files ---- */

enum { BOOT_MAX_MODULES = 48, BOOT_MAX_AREAS = 160, BOOT_TEXT_SIZE = 8192, BOOT_RSDP_SIZE = 36 };

/* Types of memory areas, as firmware numbers them. */
enum { AREA_RAM = 1, AREA_RESERVED = 2, AREA_ACPI_TABLES = 3, AREA_ACPI_NVS = 4, AREA_BAD = 5 };

struct boot_area {
    u64 base, end; /* end exclusive */
    u32 type;
};

struct boot_module {
    u64 start, end;      /* physical; end exclusive */
    const char *cmdline; /* never NULL */
};

/* What the boot loader said, copied out of its memory. */
struct boot_source {
    const char *protocol; /* for messages */
    const char *loader;
    const char *cmdline;
    unsigned n_areas, n_modules;
    struct boot_area area[BOOT_MAX_AREAS];
    struct boot_module module[BOOT_MAX_MODULES]; /* [0] sigma0, [1] root task, then the others */
    u64 rsdp;                     /* physical address of the ACPI root pointer, or 0 */
    u8 rsdp_copy[BOOT_RSDP_SIZE]; /* valid if rsdp is 0 and byte 0 is not */
    char text[BOOT_TEXT_SIZE];    /* holds the strings */
    unsigned text_used;
};

/* Physical memory while it is being laid out. */
struct boot_layout {
    struct range_set ram;                   /* all of it, whole pages */
    struct range_set free;                  /* what nobody uses yet; not the first MiB */
    struct range_set sigma0, root, modules; /* what each got, whole pages */
    u64 module_info; /* physical address of the boot module structure (one region, RWX for root) */
    u64 module_info_size;
};

/* Print "quire: error: ..." and end the machine: the input cannot be booted. */
_Noreturn void boot_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), cold));

/* Copy a string (at most max bytes) into src->text; fails the boot when that is full. */
const char *boot_keep_text(struct boot_source *src, const char *text, u64 max);
/* Note a memory area or a module; too many modules fail the boot. */
void boot_note_area(struct boot_source *src, struct boot_area area);
void boot_note_module(struct boot_source *src, struct boot_module module);

/*
 * Take `size` bytes (rounded up to pages), aligned to `align`, from the free memory below 4 GiB,
 * highest first. Fails the boot with a message about `what` if there is none.
 */
u64 boot_take(struct boot_layout *mem, u64 size, u64 align, const char *what);

/*
 * The modules, in two steps (boot_load.c), so that the heap can be taken in between.  Plan: check
 * sigma0 and the root task, claim the memory that they and the modules occupy.  Load: place both
 * programs, move modules out of their way, build the module structure.
 */
void boot_plan_modules(struct boot_source *src, struct boot_layout *mem);
void boot_load_modules(struct boot_source *src, struct boot_layout *mem);

#endif
