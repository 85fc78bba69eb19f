/* SPDX-License-Identifier: MIT */
/* Loading a thread's context into the CPU, and the per-CPU data; the rest of the interface is kernel/arch.h. */
#ifndef QUIRE_SWITCH_H
#define QUIRE_SWITCH_H

#include "arch.h"

/* The task state segment: stacks for entries, and the port bitmap of the task that used a port last. */
struct __attribute__((packed)) tss {
    u32 reserved0;
    u64 rsp[3];
    u64 reserved1;
    u64 ist[7];
    u64 reserved2;
    u16 reserved3, io_map;
    u8 io_bitmap[8192];
    u8 io_end; /* all ones, as the CPU wants it behind the bitmap */
};
enum { TSS_IO_MAP = 104, TSS_NO_IO_MAP = 0xffff };
static_assert(offsetof(struct tss, io_bitmap) == TSS_IO_MAP, "TSS layout");
extern struct tss tss;

void switch_init(void);
/* The thread touched the FPU: give it (lazily, trap 7). */
void switch_load_fpu(struct thread *t);
/* Put the task's port bitmap into the TSS. */
void switch_load_ports(struct task *task);

#endif
