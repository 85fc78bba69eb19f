/* SPDX-License-Identifier: MIT */
/*
 * The kernel information page (KIP) as the kernel writes it.
 *
 * User programs find the machine described here.  The page is arch/x86_64/kip_page.asm; the kernel
 * changes it through kip_page, user programs see it at its physical address (B-18) or wherever they
 * map it.
 */
#ifndef QUIRE_KIP_H
#define QUIRE_KIP_H

#include "types.h"

/*
 * One memory descriptor, start and end in steps of 1 KiB:
 *
 *      63                         10  9   8  7       4 3      0
 *     +-----------------------------+---+---+---------+--------+
 *     | start / 1024                | V | E | subtype |  type  |  V: virtual, E: map eagerly
 *     +-----------------------------+---+---+---------+--------+
 *     | last byte; the low 10 bits count as ones               |
 *     +--------------------------------------------------------+
 */
struct kip_mem_desc {
    u64 start, last;
};

enum kip_mem_type {
    KIP_MEM_UNUSED = 0,
    KIP_MEM_RAM = 1,
    KIP_MEM_RESERVED = 2,
    KIP_MEM_DEDICATED = 3, /* sigma0's own */
    KIP_MEM_INFO = 0xd,
    KIP_MEM_BOOTLOADER = 0xe, /* the sub-type is the root task's rights: R 4, W 2, X 1 */
    KIP_MEM_ARCH =
        0xf, /* the sub-type is the type of the firmware's memory map, 0 for the first page */
    KIP_MEM_TYPE_MASK = 0xf,
};
enum kip_mem_subtype { KIP_RESERVED_IMAGE = 0, KIP_RESERVED_HEAP = 1, KIP_BOOT_RWX = 7 };
enum {
    KIP_MEM_SUBTYPE_SHIFT = 4,
    KIP_MEM_VIRTUAL = 1 << 9,
    KIP_MEM_GRANULE = 1024,
    KIP_MAGIC = 0x4be6344c
};

struct kip {
    u32 magic;
    u32 version;
    u8 strings_offset; /* in 16 bytes */
    u8 reserved0[7];
    u64 sigma0_entry;
    u64 root_entry; /* 0: no root task (B-19) */
    u64 clock_us;   /* written by the timer tick */
    u64 cpu_khz;
    u64 rsdp; /* physical address of the ACPI root pointer; 0: none */
    u64 device_tree;
    u64 modules; /* physical address of the boot module structure */
    u64 test_count;
    u32 granularity_us;
    u32 mem_descs_offset;
    u32 n_mem_descs;
    u32 reserved1[5];
    char platform[16];
    u32 multiprocessor;
    u32 reserved2[3];
    struct kip_mem_desc mem_desc[64];
    u8 strings[0x470];
    u8 clock_code[0xf0]; /* 0x900: microseconds, 0x980: nanoseconds */
    u64 tsc_to_us;       /* 2^64 * 1000 / kHz; 0: use clock_us */
    u64 tsc_to_ns;       /* 2^32 * 10^6 / kHz */
    u8 reserved3[0x600];
};
static_assert(offsetof(struct kip, sigma0_entry) == 0x10, "KIP layout");
static_assert(offsetof(struct kip, modules) == 0x40, "KIP layout");
static_assert(offsetof(struct kip, platform) == 0x70, "KIP layout");
static_assert(offsetof(struct kip, mem_desc) == 0x90, "KIP layout");
static_assert(offsetof(struct kip, strings) == 0x490, "KIP layout");
static_assert(offsetof(struct kip, clock_code) == 0x900, "KIP layout");
static_assert(offsetof(struct kip, tsc_to_us) == 0x9f0, "KIP layout");
static_assert(sizeof(struct kip) == 4096, "KIP layout");

extern struct kip kip_page;

/* The first argument of kip_add_mem, to which KIP_MEM_VIRTUAL may be added. */
static inline u32 kip_type(enum kip_mem_type type, u32 subtype)
{
    return (u32)type | subtype << KIP_MEM_SUBTYPE_SHIFT;
}

/*
 * Append a memory descriptor; `last` is its last byte.  Later ones override earlier ones (B-5).  The
 * start is rounded down and the end up to 1 KiB.  False: no descriptor is left, nothing changed.
 */
bool kip_add_mem(u32 type_word, u64 base, u64 last);

/* Number of descriptors still unused. */
unsigned kip_mem_left(void);

/* Add what concerns the kernel itself: the virtual address ranges of user space (B-6, B-7). */
bool kip_add_virtual(void);

/*
 * Tell user programs the frequency of the time stamp counter in kHz (above 1000); from then on the
 * clock code in the page counts with it.  Its zero is the counter's.
 */
void kip_set_tsc(u64 khz);

/* The microseconds that the clock code in the page would return for this counter value. */
u64 kip_tsc_to_us(u64 tsc);

#endif
