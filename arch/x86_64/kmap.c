/* SPDX-License-Identifier: MIT */
/*
 * Building of the kernel's page tables, see kmap.h.
 *
 * Called once by boot.c on the early page tables, and by drivers for device registers.  Frames come
 * from the start of the heap (boot_info.heap[0]); a few are put aside for later kmap_mmio calls.
 *
 * One function, set_range, does all the work: it writes the largest possible pages and splits
 * larger ones that are in its way.  So each special range below is simply mapped over the general
 * one.
 */
#include "kmap.h"

#include "arch.h"
#include "arch_boot.h"
#include "boot.h"
#include "cpu.h"
#include "kip.h"
#include "panic.h"
#include "string.h"

#define GIB (1UL << 30)

enum { SPARE_FRAMES = 16, LEVEL_4K = 0, LEVEL_2M = 1, LEVEL_1G = 2, LEVEL_TOP = 3 };
enum { UNIT_2M = 1 << 21 };

#define RO (PTE_P | PTE_G | PTE_NX)
#define RX (PTE_P | (u64)PTE_G)
#define RW (PTE_P | PTE_W | PTE_G | PTE_NX)
#define UC (RW | PTE_PCD | PTE_PWT)
#define NOTHING 0UL

extern char _text_start[], _text_end[], _rodata_start[], _rodata_end[], _data_start[], _data_end[];
extern char _kernel_phys_start[], _kernel_phys_end[], kernel_stack_guard[];

static u64 root[PT_ENTRIES] __attribute__((aligned(4096)));
static u64 next_frame, frames_left; /* the bump allocator */

const u64 *kmap_root(void) { return root; }
u64 kmap_root_phys(void) { return virt_to_phys(root); }
u64 arch_image_start(void) { return (u64)_kernel_phys_start; }
u64 arch_image_end(void) { return (u64)_kernel_phys_end; }
u64 arch_kip_phys(void) { return virt_to_phys(&kip_page); }

static u64 level_size(unsigned level) { return 1UL << (PAGE_SHIFT + 9 * level); }

static u64 *new_table(void)
{
    u64 *table = phys_to_virt(next_frame);

    if (!frames_left)
        panic("no frames left for kernel page tables");
    frames_left--;
    next_frame += PAGE_SIZE;
    memset(table, 0, PAGE_SIZE);
    return table;
}

/* The table that an entry of `level` leads to; made if need be, from the page that was there. */
static u64 *descend(u64 *entry, unsigned level)
{
    u64 old = *entry, step = level_size(level - 1);
    u64 *table;

    if ((old & (PTE_P | PTE_PS)) == PTE_P)
        return phys_to_virt(old & PTE_ADDR);
    table = new_table();
    if (old & PTE_P) {
        if (level - 1 == LEVEL_4K)
            old &= ~(u64)PTE_PS;
        for (unsigned i = 0; i < PT_ENTRIES; i++)
            table[i] = old + i * step;
    }
    *entry = virt_to_phys(table) | PTE_P | PTE_W;
    return table;
}

struct mapping {
    u64 virt, phys, size, bits; /* bits 0: unmap */
};

/* Level of the largest page that starts at m and may be written at this entry. */
static bool fits(const struct mapping *m, unsigned level)
{
    u64 size = level_size(level);

    if (level > (cpu_info.page1g ? LEVEL_1G : LEVEL_2M))
        return false;
    return !((m->virt | m->phys) & (size - 1)) && m->size >= size;
}

static void set_range(struct mapping m)
{
    while (m.size) {
        unsigned level = LEVEL_TOP;
        u64 *entry = &root[m.virt >> 39 & 511];
        u64 step;

        /* Down to a page of the right size; never replace a table by a page. */
        while (!fits(&m, level) || (level && (*entry & (PTE_P | PTE_PS)) == PTE_P)) {
            u64 *table = descend(entry, level);
            level--;
            entry = &table[m.virt >> (PAGE_SHIFT + 9 * level) & 511];
        }
        *entry = m.bits ? m.phys | m.bits | (level ? (u64)PTE_PS : 0) : 0;
        step = level_size(level);
        m.virt += step;
        m.phys += step;
        m.size -= step;
    }
}

static void map_direct(u64 base, u64 end, u64 bits)
{
    set_range((struct mapping){DIRECT_MAP + base, base, end - base, bits});
}

/* A part of the image, given by its symbols. */
static void map_image(const char *start, const char *end, u64 bits)
{
    set_range((struct mapping){(u64)start, virt_to_phys(start), (u64)(end - start), bits});
}

/* The TLB forgets everything, global pages too. */
static void flush_all(void)
{
    u64 cr4;

    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4 & ~0x80UL) : "memory");
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4) : "memory");
}

void kmap_mmio(u64 phys, u64 size)
{
    map_direct(ALIGN_DOWN(phys, UNIT_2M), ALIGN_UP(phys + size, UNIT_2M), UC);
    flush_all();
}

void arch_map_kernel(const struct range_set *ram)
{
    struct phys_range *heap = &boot_info.heap[0];
    u64 unit = cpu_info.page1g ? GIB : (u64)UNIT_2M;

    next_frame = heap->base;
    frames_left = heap->size / PAGE_SIZE;

    map_direct(0, 4 * GIB, RW);
    for (unsigned i = 0; i < ram->n; i++)
        if (ram->r[i].end > 4 * GIB)
            map_direct(ALIGN_DOWN(max_u64(ram->r[i].base, 4 * GIB), unit),
                       ALIGN_UP(ram->r[i].end, unit), RW);
    map_direct(virt_to_phys(_text_start), virt_to_phys(_rodata_end), RO);
    map_image(_text_start, _text_end, RX);
    map_image(_rodata_start, _rodata_end, RO);
    map_image(_data_start, _data_end, RW);
    map_image(kernel_stack_guard, kernel_stack_guard + PAGE_SIZE, NOTHING);
    map_direct(LAPIC_PHYS, LAPIC_PHYS + UNIT_2M, UC);

    /* kmap_mmio has its spare frames; the heap begins behind them. */
    if (frames_left < SPARE_FRAMES)
        boot_fail("too little memory: the page tables of the kernel do not fit into its heap");
    frames_left = SPARE_FRAMES;
    heap->size -= next_frame + SPARE_FRAMES * PAGE_SIZE - heap->base;
    heap->base = next_frame + SPARE_FRAMES * PAGE_SIZE;

    cpu_protect();
    __asm__ volatile("mov %0, %%cr3" : : "r"(kmap_root_phys()) : "memory");
    flush_all();
}
