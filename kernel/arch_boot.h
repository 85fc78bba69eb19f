/* SPDX-License-Identifier: MIT */
/*
 * What booting and the console need from the machine; arch/x86_64/ implements it (serial.c, cpu.c,
 * kmap.c, multiboot.c).  Everything else of the machine is in arch.h.
 */
#ifndef QUIRE_ARCH_BOOT_H
#define QUIRE_ARCH_BOOT_H

#include "types.h"

struct boot_source;
struct range_set;

/* ---- console: the first serial port, 115200 8N1 ---- */
void arch_console_init(void);
/* Write one byte; waits for the transmitter, but not for ever. */
void arch_console_putc(char c);
/* The next byte received, 0..255; -1: none. */
int arch_console_getc(void);

#ifdef QUIRE_TRACE
/* The functions above mean the second serial port, until it is taken back. */
void arch_trace_select(bool trace);
#endif

/* Interrupt (line ARCH_IRQ_SERIAL) when a byte has been received. */
void arch_console_enable_irq(void);

/* Find out what the processor can do and turn on what protects the kernel. */
void arch_cpu_detect(void);
/* Print the processor features in use as one line's words. */
void arch_cpu_print(void);

/* Copy what the boot loader left into *src; a wrong magic or too large a table fails the boot. */
void arch_read_loader_info(u32 magic, u64 info, struct boot_source *src);

/*
 * Build the kernel's page tables and switch to them.  ram: all RAM of the machine.  Frames come
 * from the start of boot_info.heap[0], which shrinks; it must lie below 4 GiB.
 */
void arch_map_kernel(const struct range_set *ram);

/* Physical range of the kernel image (whole pages, end exclusive); the KIP page within it. */
u64 arch_image_start(void);
u64 arch_image_end(void);
u64 arch_kip_phys(void);

#endif
