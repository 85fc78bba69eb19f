/* SPDX-License-Identifier: MIT */
/*
 * What the processor can do, found out once at boot (cpu.c).
 */
#ifndef QUIRE_CPU_H
#define QUIRE_CPU_H

#include "types.h"

struct cpu_info {
    bool nx;        /* always true: without it the kernel refuses to boot */
    bool page1g;    /* 1 GiB pages */
    bool smep;      /* the kernel cannot execute user pages: on */
    bool smap;      /* the kernel cannot touch user pages (but between stac and clac): on */
    bool umip;      /* user mode cannot read descriptor table registers: on */
    u32 max_leaf;   /* highest basic CPUID leaf */
    char brand[49]; /* name of the processor, may be empty */
};
extern struct cpu_info cpu_info;

struct cpuid_regs {
    u32 eax, ebx, ecx, edx;
};
struct cpuid_regs cpuid(u32 leaf, u32 subleaf);

/*
 * Turn on what protects the kernel, for the processor this runs on: NX, SMEP, SMAP, UMIP, global
 * pages, write protection, and the PAT that page-table entries are written for.  No user page may
 * be mapped executable or be in use by the kernel at that time.
 */
void cpu_protect(void);

#endif
