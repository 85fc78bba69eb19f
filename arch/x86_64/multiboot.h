/* SPDX-License-Identifier: MIT */
/*
 * Multiboot 1 and 2: what the loader leaves in memory.  Only fields that the kernel reads have
 * names of their own.
 */
#ifndef QUIRE_MULTIBOOT_H
#define QUIRE_MULTIBOOT_H

#include "types.h"

enum { MB1_LOADER_MAGIC = 0x2badb002, MB2_LOADER_MAGIC = 0x36d76289 };

/* ---- version 1: one structure, flags say which fields are valid ---- */

enum {
    MB1_MEMORY = 1 << 0,
    MB1_CMDLINE = 1 << 2,
    MB1_MODULES = 1 << 3,
    MB1_MMAP = 1 << 6,
    MB1_LOADER = 1 << 9
};

struct mb1_info {
    u32 flags;
    u32 mem_lower, mem_upper; /* KiB below 1 MiB, and from 1 MiB to the first hole */
    u32 boot_device;
    u32 cmdline;
    u32 n_modules, modules;
    u32 symbols[4];
    u32 mmap_size, mmap; /* bytes, address */
    u32 drives_size, drives;
    u32 config_table;
    u32 loader_name;
};

struct mb1_module {
    u32 start, end, cmdline, reserved;
};

/* Entries follow each other at distance size + 4. */
struct mb1_mmap {
    u32 size;
    u64 base, length;
    u32 type;
} __attribute__((packed));

/* ---- version 2: a list of tags, each aligned to 8 bytes ---- */

enum mb2_tag_type {
    MB2_END = 0,
    MB2_CMDLINE = 1,
    MB2_LOADER = 2,
    MB2_MODULE = 3,
    MB2_MMAP = 6,
    MB2_RSDP_OLD = 14,
    MB2_RSDP_NEW = 15,
};

struct mb2_info {
    u32 size; /* of everything, this head included */
    u32 reserved;
};

struct mb2_tag {
    u32 type, size; /* size includes this head, not the padding */
    u8 data[];
};

struct mb2_module {
    u32 start, end;
    char cmdline[];
};

struct mb2_mmap {
    u32 entry_size, entry_version;
    u8 entries[];
};

struct mb2_mmap_entry {
    u64 base, length;
    u32 type, reserved;
};

#endif
