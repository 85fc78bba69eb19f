/* SPDX-License-Identifier: MIT */
/* Invariants of one task's spaces, see check.h. */
#include "check_space.h"

#include "arch.h"
#include "boot.h"
#include "io_space.h"
#include "kip.h"
#include "ku_mem.h"
#include "mem_space.h"
#include "obj_space.h"
#include "tlb.h"

static u64 n_nodes; /* seen in the tables since the last check_space_totals */

/* ---- memory ---- */

static bool kernel_owned(u64 phys, u64 size)
{
    for (unsigned i = 0; i < boot_info.n_owned; i++) {
        const struct phys_range *r = &boot_info.kernel_owned[i];
        if (phys < r->base + r->size && r->base < phys + size)
            return true;
    }
    return false;
}

static u64 frame_of(const struct mapnode *n)
{
    if (!n->parent) /* sigma0's: the physical address itself */
        return (u64)n->page << PAGE_SHIFT;
    return pte_phys(
        *pt_walk(((const struct task *)n->space)->mem.root, (u64)n->page << PAGE_SHIFT).pte);
}

/* A present entry with a node. */
static const char *check_page(const struct task *t, u64 va, struct pte_ref r)
{
    const struct mapnode *n = link_node(*pte_link(r.pte));
    u64 phys = pte_phys(*r.pte), kip = virt_to_phys(&kip_page);
    const char *bad;

    n_nodes++;
    if (n->space != t || (u64)n->page << PAGE_SHIFT != va || mapnode_class(n) != r.c)
        return "I2 link";
    bad = mapdb_check_node(n, mem_class_shift);
    if (bad)
        return bad;
    if (phys != frame_of(n->parent) + (mapnode_index(n) << PAGE_SHIFT))
        return "I5 frame";
    if (kernel_owned(phys, class_size(r.c)) || !(*r.pte & PTE_U))
        return "I6 kernel memory";
    if (phys <= kip && kip < phys + class_size(r.c) && *r.pte & PTE_W)
        return "I6 KIP";
    return NULL;
}

/* A present entry without a node must be kernel-user memory. */
static const char *check_ku_page(u64 va, struct pte_ref r)
{
    const struct ku_mem *k = link_ku_mem(*pte_link(r.pte));

    if (!(*pte_link(r.pte) & LINK_KU_MEM))
        return "I1 no node";
    if (va < k->user || va - k->user >= 1UL << k->order ||
        pte_phys(*r.pte) != virt_to_phys(k->kernel) + (va - k->user))
        return "I6 ku_mem";
    return NULL;
}

static const char *check_memory(const struct task *t)
{
    for (u64 va = 0; va < USER_END;) {
        struct pte_ref r = pt_walk(t->mem.root, va);
        const char *bad = NULL;
        if (r.present)
            bad = link_is_node(*pte_link(r.pte)) ? check_page(t, va, r) : check_ku_page(va, r);
        if (bad)
            return bad;
        if (!r.present && r.c <= CLASS_HUGE && *pte_link(r.pte))
            return "I2 link of an empty entry";
        va += r.c > CLASS_HUGE ? 1UL << 39 : class_size(r.c);
    }
    return NULL;
}

/* The table with the slots of class `c` that the root leads to for `va`; NULL: none. */
static const u64 *table_of(const u64 *root, u64 va, unsigned c)
{
    const u64 *table = root;

    for (unsigned level = 3; table && level > c; level--) {
        u64 e = table[va >> class_shift(level) & 511];
        table = (e & (PTE_P | PTE_PS)) == PTE_P ? phys_to_virt(pte_phys(e)) : NULL;
    }
    return table;
}

static const char *check_recent(const struct mem_space *m)
{
    for (unsigned c = 0; c < ARRAY_SIZE(m->recent); c++) {
        u64 tag = m->recent[c].tag;
        if (tag != ~0UL && table_of(m->root, tag << class_shift(c + 1), c) != m->recent[c].table)
            return "I13 remembered table";
    }
    return NULL;
}

/* sigma0: entries of its own, all 1:1. */
static const char *check_sigma0(const struct task *t)
{
    for (u64 va = 0; va < USER_END;) {
        struct pte_ref r = pt_walk(t->mem.root, va);
        if (r.present && pte_phys(*r.pte) != va && check_ku_page(va, r))
            return "I6 sigma0 is not 1:1";
        if (r.present && pte_phys(*r.pte) == va && kernel_owned(va, class_size(r.c)))
            return "I6 kernel memory in sigma0";
        va += r.c > CLASS_HUGE ? 1UL << 39 : class_size(r.c);
    }
    return NULL;
}

/* ---- ports ---- */

static const char *check_port(const struct task *t, const struct mapnode *n, u64 port)
{
    n_nodes++;
    if (n->space != t || n->page != port)
        return "I2 port link";
    return mapdb_check_node(n, io_class_shift);
}

static const char *check_ports(const struct task *t)
{
    const char *bad = NULL;
    u32 count = 0;

    if (t->io.all)
        bad = check_port(t, t->io.all, 0);
    for (unsigned port = 0; t->io.link && port < N_PORTS && !bad; port++) {
        struct mapnode **page = t->io.link[port / PORTS_PER_PAGE];
        bool allowed = !(t->io.bitmap[port >> 3] >> (port & 7) & 1);
        struct mapnode *n = page ? page[port % PORTS_PER_PAGE] : NULL;
        if (n)
            bad = check_port(t, n, port);
        count += n != NULL;
        if (!bad && allowed != (n || t->io.all))
            bad = "I1 port bitmap";
    }
    if (!bad && count != t->io.count)
        bad = "I1 port count";
    return bad;
}

/* ---- slots ---- */

static const char *check_slots(const struct task *t)
{
    const struct cap *first = obj_slot(t, 0);

    if (t->caps.first != (first ? first : obj_none))
        return "I13 first slots";
    for (u64 i = 0; i < N_SLOTS;) {
        const struct cap *slot = obj_slot(t, i);
        if (!slot) {
            i += SLOTS_PER_PAGE;
            continue;
        }
        if (slot->obj && (*slot->link != slot || (slot->next && slot->next->link != &slot->next)))
            return "I9 slot";
        i++;
    }
    return NULL;
}

const char *check_space(const struct task *t)
{
    const char *bad = t->is_sigma0 ? check_sigma0(t) : check_memory(t);

    if (!bad)
        bad = check_recent(&t->mem);
    if (!bad && !t->is_sigma0)
        bad = check_ports(t);
    if (!bad)
        bad = check_slots(t);
    if (!bad && pcpu()->io_task == t && !t->is_sigma0 && !arch_io_bitmap_is(t->io.bitmap))
        bad = "I11 port bitmap of the CPU";
    return bad;
}

const char *check_space_totals(void)
{
    u64 n = n_nodes;

    n_nodes = 0;
    if (n != mapnode_slab.used)
        return "I1 nodes and entries";
    return tlb_all_flushed() ? NULL : "I12 stale translation";
}

/* ---- accounting ---- */

/* Page tables: one table per slot of the level above that is not empty; counted by walking the slots. */
static u64 table_bytes(const struct task *t)
{
    return PAGE_SIZE + pt_count_tables(t->mem.root) * (1UL << PT_PAIR_ORDER);
}

u64 check_space_blocks(const struct task *t)
{
    u64 sum = t->mem.root ? table_bytes(t) : 0;

    for (const struct ku_mem *k = t->ku_mem; k; k = k->next)
        sum += 1UL << k->order;
    if (t->io.bitmap)
        sum += 8192;
    if (t->io.link) {
        sum += PAGE_SIZE;
        for (unsigned i = 0; i < N_PORTS / PORTS_PER_PAGE; i++)
            sum += t->io.link[i] ? PAGE_SIZE : 0;
    }
    if (t->caps.dir) {
        sum += PAGE_SIZE;
        for (unsigned i = 0; i < N_SLOTS / SLOTS_PER_PAGE; i++)
            sum += t->caps.dir[i] ? PAGE_SIZE : 0;
    }
    if (t->reply_slots) {
        sum += PAGE_SIZE;
        for (unsigned i = 0; i < 512; i++)
            sum += t->reply_slots[i] ? PAGE_SIZE : 0;
    }
    return sum;
}

static u64 node_bytes(const struct task *t)
{
    u64 n = t->io.count + (t->io.all ? 1U : 0U);

    for (u64 va = 0; va < USER_END && !t->is_sigma0;) {
        struct pte_ref r = pt_walk(t->mem.root, va);
        n += r.present && link_is_node(*pte_link(r.pte));
        va += r.c > CLASS_HUGE ? 1UL << 39 : class_size(r.c);
    }
    return n * mapnode_slab.size;
}

u64 check_space_bytes(const struct task *t)
{
    u64 sum = check_space_blocks(t) + node_bytes(t);

    for (const struct ku_mem *k = t->ku_mem; k; k = k->next)
        sum += ku_mem_record_bytes();
    return sum;
}

u64 check_space_boot_bytes(void) { return mem_space_boot_bytes(); }

/* ---- I12 ---- */

#ifdef QUIRE_DEBUG
enum { MAX_STALE = 64 };
static u64 stale[MAX_STALE];
static unsigned n_stale;

void tlb_note_stale(u64 va)
{
    if (n_stale < MAX_STALE)
        stale[n_stale++] = va;
}

void tlb_note_flush(u64 va)
{
    for (unsigned i = 0; i < n_stale;)
        if (stale[i] == va)
            stale[i] = stale[--n_stale];
        else
            i++;
}

void tlb_note_flush_all(void) { n_stale = 0; }

bool tlb_all_flushed(void) { return n_stale == 0; }
#endif
