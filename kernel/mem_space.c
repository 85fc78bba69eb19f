/* SPDX-License-Identifier: MIT */
/*
 * Memory spaces, see mem_space.h: sigma0's view of physical memory, faults, kernel-user pages.
 * Mapping is in mem_map.c, unmapping in mem_unmap.c.
 */
#include "mem_space.h"

#include "arch.h"
#include "boot.h"
#include "kip.h"
#include "ku_mem.h"
#include "mem_page.h"
#include "panic.h"
#include "tlb.h"

const u8 mem_class_shift[N_CLASSES] = {0, 9, 18};
struct slab mapnode_slab = SLAB(struct mapnode, 8);

/*
 * sigma0 holds all physical memory 1:1 (M-5).  Its pages are not entered one by one: a root node
 * stands for each GiB of physical addresses.  Real world: Fiasco makes the answer up in
 * Sigma0_task::v_fabricate (src/kern/sigma0_task.cpp).
 */
#define DEVICE_TOP (1UL << 40) /* devices may lie above the RAM */
static struct mapnode *roots;
static u64 n_roots, roots_bytes;

u64 mem_space_boot_bytes(void) { return roots_bytes; }

struct mapnode *mem_root_node(u64 phys)
{
    u64 gib = phys >> class_shift(CLASS_HUGE);

    return gib < n_roots ? &roots[gib] : NULL;
}

void mem_space_init(u64 phys_top)
{
    unsigned order = PAGE_SHIFT;

    phys_top = max_u64(phys_top, DEVICE_TOP);
    n_roots = (phys_top + class_size(CLASS_HUGE) - 1) >> class_shift(CLASS_HUGE);
    while ((1UL << order) < n_roots * sizeof(*roots))
        order++;
    roots_bytes = 1UL << order;
    roots = order <= KMEM_MAX_ORDER ? kmem_alloc(NULL, order) : NULL;
    CHECK(roots);
    for (u64 i = 0; i < n_roots; i++)
        mapdb_root(&roots[i], sigma0_task, i << 18, CLASS_HUGE);
    TRACE(node_roots, "mem", roots, n_roots);
}

/* Does [base, base + size) touch memory of the kernel's own?  Then *skip is the distance to its end. */
static bool overlaps_kernel(u64 base, u64 size, u64 *skip)
{
    for (unsigned i = 0; i < boot_info.n_owned; i++) {
        const struct phys_range *r = &boot_info.kernel_owned[i];
        if (base < r->base + r->size && r->base < base + size) {
            *skip = r->base + r->size - base;
            return true;
        }
    }
    return false;
}

/* Does [base, base + size) hold the kernel information page? */
static bool overlaps_kip(u64 base, u64 size)
{
    u64 kip = virt_to_phys(&kip_page);

    return base <= kip && kip < base + size;
}

/* sigma0's page at physical address `phys`: the largest class that holds nothing of the kernel (B-17). */
bool mem_sigma0_source(u64 phys, struct mem_source *s)
{
    unsigned c = pt_max_class();
    u64 skip;

    if (phys >> class_shift(CLASS_HUGE) >= n_roots) {
        s->skip = USER_END - phys;
        return false;
    }
    while (overlaps_kernel(ALIGN_DOWN(phys, class_size(c)), class_size(c), &skip)) {
        if (c == CLASS_SMALL) {
            s->skip = PAGE_SIZE;
            return false;
        }
        c--;
    }
    s->node = &roots[phys >> class_shift(CLASS_HUGE)];
    s->pte = NULL;
    s->entry = phys | pte_from_rights(MEM_R | MEM_W | MEM_X);
    s->index = (phys & (class_size(CLASS_HUGE) - 1)) >> PAGE_SHIFT;
    if (overlaps_kip(ALIGN_DOWN(phys, class_size(c)), class_size(c))) {
        c = CLASS_SMALL; /* the kernel information page is everybody's to read (B-18) */
        if (overlaps_kip(phys, PAGE_SIZE))
            s->entry &= ~(u64)PTE_W;
    }
    s->c = c;
    return true;
}

/* ---- faults and kernel-user memory ---- */

bool mem_access_allowed(struct task *t, u64 va, unsigned rights)
{
    struct pte_ref r = pt_find(&t->mem, va);

    return r.present && (pte_rights(*r.pte) & rights) == rights;
}

bool mem_sigma0_fault(u64 va)
{
    struct mem_source s;
    struct pte_ref d;
    u64 *slot;

    if (va >= USER_END || !mem_sigma0_source(va, &s))
        return false;
    d = pt_find(&sigma0_task->mem, va);
    if (d.present)
        return false; /* a right that sigma0 does not have: writing the KIP */
    while (s.c > d.c)
        s.c--;
    slot = pt_make(sigma0_task->mem.root, task_quota(sigma0_task), va, s.c);
    if (!slot)
        return false;
    *slot = (s.entry & ~(class_size(s.c) - PAGE_SIZE)) | class_flag(s.c);
    TRACE(pte_new, sigma0_task, va, *slot);
    return true;
}

bool mem_map_ku_page(struct task *t, struct ku_mem *k, u64 offset)
{
    u64 *slot = pt_make(t->mem.root, task_quota(t), k->user + offset, CLASS_SMALL);

    if (!slot)
        return false;
    *slot = (virt_to_phys(k->kernel) + offset) | pte_from_rights(MEM_R | MEM_W);
    *pte_link(slot) = (u64)k | LINK_KU_MEM;
    TRACE(pte_new, t, k->user + offset, *slot);
    return true;
}

void mem_unmap_ku_page(struct task *t, u64 va)
{
    struct pte_ref r = pt_find(&t->mem, va);

    *pte_link(r.pte) = 0;
    pte_reduce(t, va, r.pte, 0);
}

struct ku_mem *mem_find_ku(struct task *t, u64 va)
{
    struct pte_ref r = pt_find(&t->mem, va);

    return r.present && *pte_link(r.pte) & LINK_KU_MEM ? link_ku_mem(*pte_link(r.pte)) : NULL;
}

bool mem_range_in_use(struct task *t, u64 va, u64 size)
{
    for (u64 end = va + size; va < end;) {
        struct pte_ref r = pt_find(&t->mem, va);
        if (r.present)
            return true;
        va += bytes_left_in(va, r.c);
    }
    return false;
}
