/* SPDX-License-Identifier: MIT */
/* Making and freeing page tables, see paging.h.  No inline assembly: also compiled by the host tests. */
#include "arch.h"
#include "cpu.h"
#include "kmap.h"
#include "kmem.h"
#include "mapdb.h"
#include "string.h"

u64 *pt_make(u64 *root, struct quota *q, u64 va, unsigned c)
{
    u64 *e = &root[va >> 39 & 511];

    for (unsigned level = 2;; level--) {
        u64 *table;
        if (unlikely(!(*e & PTE_P))) {
            table = kmem_zalloc(q, PT_PAIR_ORDER);
            if (!table)
                return NULL;
            *e = virt_to_phys(table) | PTE_P | PTE_W | PTE_U;
        }
        table = phys_to_virt(*e & PTE_ADDR);
        e = &table[va >> class_shift(level) & 511];
        if (level == c)
            return e;
    }
}

/* The kernel's half of the top level: few entries, which never change once tasks exist. */
static u16 kernel_entry[PT_ENTRIES / 2];
static unsigned n_kernel_entries;

static void find_kernel_entries(void)
{
    for (unsigned i = PT_ENTRIES / 2; i < PT_ENTRIES; i++)
        if (kmap_root()[i])
            kernel_entry[n_kernel_entries++] = (u16)i;
}

u64 *pt_create(struct quota *q)
{
    u64 *root = kmem_zalloc(q, PAGE_SHIFT);

    if (!root)
        return NULL;
    if (!n_kernel_entries)
        find_kernel_entries();
    for (unsigned i = 0; i < n_kernel_entries; i++)
        root[kernel_entry[i]] = kmap_root()[kernel_entry[i]];
    return root;
}

/*
 * Frees the lowest table at or above *pos (an address): descends to a table without subtables, which goes in
 * one step of at most 512 looks per level.
 */
bool pt_destroy_step(u64 *root, struct quota *q, u64 *pos)
{
    u64 *table = root, *up = NULL;
    unsigned level = 3, entries = PT_ENTRIES / 2;

    for (;;) {
        unsigned i = (unsigned)(*pos >> class_shift(level)) & 511;
        if (level < 3)
            while (i < entries && (table[i] & (PTE_P | PTE_PS)) != PTE_P)
                i++;
        else
            while (i < entries && !table[i])
                i++;
        if (i == entries || level == 0)
            break;
        if (i != ((*pos >> class_shift(level)) & 511))
            *pos = ALIGN_DOWN(*pos, class_size(level + 1)) + ((u64)i << class_shift(level));
        up = &table[i];
        table = phys_to_virt(*up & PTE_ADDR);
        entries = PT_ENTRIES;
        level--;
    }
    if (!up) {
        kmem_free(q, root, PAGE_SHIFT);
        return true;
    }
    *up = 0;
    kmem_free(q, table, PT_PAIR_ORDER);
    return false;
}

unsigned pt_max_class(void) { return cpu_info.page1g ? CLASS_HUGE : CLASS_LARGE; }

/* Tables at `level` and below that the entries of one table lead to. */
static u64 count_below(const u64 *table, unsigned entries, unsigned level)
{
    u64 n = 0;

    for (unsigned i = 0; i < entries; i++)
        if ((table[i] & (PTE_P | PTE_PS)) == PTE_P)
            n += 1 + (level ? count_below(phys_to_virt(table[i] & PTE_ADDR), PT_ENTRIES, level - 1)
                            : 0);
    return n;
}

u64 pt_count_tables(const u64 *root) { return count_below(root, PT_ENTRIES / 2, 2); }
