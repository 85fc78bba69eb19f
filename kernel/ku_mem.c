/* SPDX-License-Identifier: MIT */
/* Kernel-user memory, see ku_mem.h. */
#include "ku_mem.h"

#include "arch.h"
#include "l4/sys/err.h"
#include "mem_space.h"
#include "preempt.h"
#include "string.h"
#include "utcb.h"

static struct slab ku_mem_slab = SLAB(struct ku_mem, 8);

enum {
    PAGE_UNITS = 3,
    PAGES_PER_UNIT = 4
}; /* work of clearing a page; pages mapped per unit of work */

bool ku_mem_fpage_ok(u64 fpage, u64 *base)
{
    u64 size = 1UL << fp_order(fpage);

    *base = (fpage & ~0xfffUL) & ~(size - 1);
    return fp_type(fpage) == FP_MEM && fp_order(fpage) >= KU_MIN_ORDER &&
           fp_order(fpage) <= KU_MAX_ORDER && *base < USER_END && *base + size <= USER_END;
}

int ku_mem_begin(struct task *t, u64 user, unsigned order, struct ku_mem **area)
{
    struct quota *q = task_quota(t);
    struct ku_mem *k;

    if (mem_range_in_use(t, user, 1UL << order))
        return -L4_EEXIST;
    k = slab_alloc(&ku_mem_slab, q);
    if (!k)
        return -L4_ENOMEM;
    *k = (struct ku_mem){.next = t->ku_mem, .link = &t->ku_mem, .user = user, .order = order};
    k->kernel = kmem_alloc(q, order);
    if (!k->kernel) {
        slab_free(&ku_mem_slab, q, k);
        return -L4_ENOMEM;
    }
    if (k->next)
        k->next->link = &k->next;
    t->ku_mem = k;
    *area = k;
    return 0;
}

void ku_mem_remove(struct task *t, struct ku_mem *k)
{
    struct quota *q = task_quota(t);

    *k->link = k->next;
    if (k->next)
        k->next->link = k->link;
    while (k->mapped)
        mem_unmap_ku_page(t, k->user + --k->mapped * (u64)PAGE_SIZE);
    kmem_free(q, k->kernel, k->order);
    slab_free(&ku_mem_slab, q, k);
}

/* All pages of the area appear in the task. */
static int map_area(struct task *t, struct ku_mem *k, u32 pages)
{
    if (mem_range_in_use(t, k->user, 1UL << k->order)) /* meanwhile */
        return -L4_EEXIST;
    for (; k->mapped < pages; k->mapped++)
        if (!mem_map_ku_page(t, k, k->mapped * (u64)PAGE_SIZE))
            return -L4_ENOMEM;
    preempt_charge(pages / PAGES_PER_UNIT);
    return 0;
}

int ku_mem_run(struct task *t, struct ku_mem *k)
{
    u32 pages = 1U << (k->order - PAGE_SHIFT);
    int err;

    while (k->cleared < pages) {
        memset(k->kernel + k->cleared++ * (u64)PAGE_SIZE, 0, PAGE_SIZE);
        /* what comes behind the last page takes its time */
        if (preempt_point(k->cleared < pages ? PAGE_UNITS : PREEMPT_UNITS))
            return 1;
    }
    err = map_area(t, k, pages);
    if (err)
        ku_mem_remove(t, k);
    return err;
}

struct utcb *ku_mem_utcb(struct task *t, u64 user)
{
    struct ku_mem *k = user & 7 || user >= USER_END ? NULL : mem_find_ku(t, user);

    if (!k || user - k->user > (1UL << k->order) - UTCB_SIZE)
        return NULL;
    return (struct utcb *)(k->kernel + (user - k->user));
}

bool ku_mem_release_step(struct task *t)
{
    if (t->ku_mem)
        ku_mem_remove(t, t->ku_mem);
    return !t->ku_mem;
}

u64 ku_mem_record_bytes(void) { return ku_mem_slab.size; }
