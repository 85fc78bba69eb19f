/* SPDX-License-Identifier: MIT */
/* Making and freeing page tables, see paging.h.  No inline assembly: also compiled by the host tests. */
#include "arch.h"
#include "cpu.h"
#include "kmap.h"
#include "kmem.h"
#include "mapdb.h"
#include "trace.h"

static u64 *pt_index(u64 entry, u64 va, unsigned c)
{
    return (u64 *)phys_to_virt(entry & PTE_ADDR) + (va >> class_shift(c) & 511);
}

/* The walk from the top level, to the entry of class `last` at most. */
static inline struct pte_ref walk_to(const u64 *root, u64 va, unsigned last)
{
    struct pte_ref r = {(u64 *)root + (va >> class_shift(3) & 511), 3, false};

    while (r.c > last && (*r.pte & (PTE_P | PTE_PS)) == PTE_P) {
        r.c--;
        r.pte = pt_index(*r.pte, va, r.c);
    }
    r.present = *r.pte & PTE_P;
    return r;
}

struct pte_ref pt_walk(const u64 *root, u64 va) { return walk_to(root, va, CLASS_SMALL); }

static inline void remember(struct mem_space *m, u64 va, unsigned c, u64 *pte)
{
    m->recent[c].table = (u64 *)ALIGN_DOWN((u64)pte, PAGE_SIZE);
    m->recent[c].tag = va >> class_shift(c + 1);
}

/* Not the small page's table found last: the other one may lead to it. */
struct pte_ref pt_find_slowly(struct mem_space *m, u64 va)
{
    u64 *pte = m->recent[CLASS_LARGE].table + (va >> class_shift(CLASS_LARGE) & 511);

    if (unlikely(va >> class_shift(CLASS_HUGE) != m->recent[CLASS_LARGE].tag)) {
        struct pte_ref r = walk_to(m->root, va, CLASS_LARGE);
        if (r.c > CLASS_LARGE)
            return r;
        pte = r.pte;
        remember(m, va, CLASS_LARGE, pte);
    }
    if ((*pte & (PTE_P | PTE_PS)) != PTE_P)
        return (struct pte_ref){pte, CLASS_LARGE, *pte & PTE_P};
    pte = pt_index(*pte, va, CLASS_SMALL);
    remember(m, va, CLASS_SMALL, pte);
    return (struct pte_ref){pte, CLASS_SMALL, *pte & PTE_P};
}

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
            TRACE(table, root, va, level + 1, table);
        }
        table = phys_to_virt(*e & PTE_ADDR);
        e = &table[va >> class_shift(level) & 511];
        if (level == c)
            return e;
    }
}

bool pt_create(struct mem_space *m, struct quota *q)
{
    u64 *root = kmem_zalloc(q, PAGE_SHIFT);

    if (!root)
        return false;
    *m = (struct mem_space){root, virt_to_phys(root), {{NULL, ~0UL}, {NULL, ~0UL}}};
    copy_words(root + PT_ENTRIES / 2, kmap_root() + PT_ENTRIES / 2, PT_ENTRIES / 2);
    return true;
}

const u64 *pt_skip_empty(const u64 *e, const u64 *end)
{
    while (end - e >= 4 && !(e[0] | e[1] | e[2] | e[3]))
        e += 4;
    while (e < end && !*e)
        e++;
    return e;
}

/*
 * Frees the lowest table at or above *pos (an address) that has no tables below: one step of at most 512 looks
 * at each of three levels.  No page is left.
 */
bool pt_destroy_step(u64 *root, struct quota *q, u64 *pos)
{
    u64 *table = root, *up = NULL;
    unsigned entries = PT_ENTRIES / 2;

    for (unsigned level = 3; level > 0; level--) {
        unsigned first = (unsigned)(*pos >> class_shift(level)) & 511, i;
        i = (unsigned)(pt_skip_empty(&table[first], &table[entries]) - table);
        if (i == entries)
            break;
        if (i != first)
            *pos = ALIGN_DOWN(*pos, class_size(level + 1)) + ((u64)i << class_shift(level));
        up = &table[i];
        table = phys_to_virt(*up & PTE_ADDR);
        entries = PT_ENTRIES;
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
