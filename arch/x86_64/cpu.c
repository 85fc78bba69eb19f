/* SPDX-License-Identifier: MIT */
/*
 * Processor features, see cpu.h.  Called by boot.c and kmap.c; every further processor calls
 * cpu_protect() too.
 */
#include "cpu.h"

#include "arch.h"
#include "arch_boot.h"
#include "boot.h"
#include "print.h"
#include "string.h"

enum { MSR_PAT = 0x277, MSR_EFER = 0xc0000080, EFER_NXE = 1 << 11 };
enum { CR4_PGE = 1 << 7, CR4_UMIP = 1 << 11, CR4_SMEP = 1 << 20, CR4_SMAP = 1 << 21 };
#define CR0_WP (1UL << 16)

/*
 * Memory type by the entry's bits PAT, PCD, PWT as a number: 0 write-back, 1 write-through, 2
 * write-combining, 3 uncached, then the same with PAT set as after a reset.
 */
#define PAT_VALUE 0x0007040600010406UL

struct cpu_info cpu_info;

struct cpuid_regs cpuid(u32 leaf, u32 subleaf)
{
    struct cpuid_regs r;

    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(subleaf));
    return r;
}

static bool bit(u32 word, unsigned n) { return word >> n & 1; }

static void read_brand(void)
{
    for (u32 i = 0; i < 3; i++) {
        struct cpuid_regs r = cpuid(0x80000002 + i, 0);
        memcpy(cpu_info.brand + 16 * i, &r, 16);
    }
}

void arch_cpu_detect(void)
{
    struct cpuid_regs ext = cpuid(0x80000001, 0), more = {0, 0, 0, 0};

    cpu_info.max_leaf = cpuid(0, 0).eax;
    if (cpu_info.max_leaf >= 7)
        more = cpuid(7, 0);
    cpu_info.nx = bit(ext.edx, 20);
    cpu_info.page1g = bit(ext.edx, 26);
    cpu_info.smep = bit(more.ebx, 7);
    cpu_info.smap = bit(more.ebx, 20);
    cpu_info.umip = bit(more.ecx, 2);
    if (cpuid(0x80000000, 0).eax >= 0x80000004)
        read_brand();
    if (!cpu_info.nx)
        boot_fail("this processor (%s) cannot protect pages from execution (no NX bit)",
                  cpu_info.brand);
    if (!bit(ext.edx, 11))
        boot_fail("this processor (%s) has no SYSCALL instruction", cpu_info.brand);
}

void arch_cpu_print(void)
{
    const struct {
        bool present;
        const char *name;
    } features[] = {
        {cpu_info.nx, "nx"},     {cpu_info.smep, "smep"},       {cpu_info.smap, "smap"},
        {cpu_info.umip, "umip"}, {cpu_info.page1g, "1g-pages"},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(features); i++)
        if (features[i].present)
            kprintf(" %s", features[i].name);
    kprintf("\n");
}

void cpu_protect(void)
{
    u64 cr0, cr4;

    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
    wrmsr(MSR_PAT, PAT_VALUE);
    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    __asm__ volatile("mov %0, %%cr0" : : "r"(cr0 | CR0_WP) : "memory");
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    cr4 |= CR4_PGE | (cpu_info.smep ? CR4_SMEP : 0U) | (cpu_info.smap ? CR4_SMAP : 0U) |
           (cpu_info.umip ? CR4_UMIP : 0U);
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4) : "memory");
}
