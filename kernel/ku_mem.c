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

enum { PAGE_UNITS = 2 }; /* work units of clearing and mapping a page */

bool ku_mem_fpage_ok(u64 fpage, u64 *base)
{
    u64 size = 1UL << fp_order(fpage);

    *base = (fpage & ~0xfffUL) & ~(size - 1);
    return fp_type(fpage) == FP_MEM && fp_order(fpage) >= KU_MIN_ORDER &&
           fp_order(fpage) <= KU_MAX_ORDER && *base < USER_END && *base + size <= USER_END;
}

int ku_mem_begin(struct task *t, u64 user, unsigned order)
{
    struct quota *q = task_quota(t);
    struct ku_mem *k;

    if (mem_range_in_use(t, user, 1UL << order))
        return -L4_EEXIST;
    k = slab_alloc(&ku_mem_slab, q);
    if (!k)
        return -L4_ENOMEM;
    *k = (struct ku_mem){.next = t->ku_mem, .user = user, .order = order};
    k->kernel = kmem_alloc(q, order);
    if (!k->kernel) {
        slab_free(&ku_mem_slab, q, k);
        return -L4_ENOMEM;
    }
    t->ku_mem = k;
    return 0;
}

/* Take the first area of the task away. */
static void remove_first(struct task *t)
{
    struct ku_mem *k = t->ku_mem;
    struct quota *q = task_quota(t);

    t->ku_mem = k->next;
    while (k->done) {
        k->done -= PAGE_SIZE;
        mem_unmap_ku_page(t, k->user + k->done);
    }
    kmem_free(q, k->kernel, k->order);
    slab_free(&ku_mem_slab, q, k);
}

enum map_status ku_mem_run(struct task *t)
{
    struct ku_mem *k = t->ku_mem;

    while (k->done < 1UL << k->order) {
        memset(k->kernel + k->done, 0, PAGE_SIZE);
        if (!mem_map_ku_page(t, k, k->done)) {
            remove_first(t);
            return MAP_FAILED;
        }
        k->done += PAGE_SIZE;
        preempt_charge(PAGE_UNITS);
    }
    return MAP_DONE;
}

struct utcb *ku_mem_utcb(struct task *t, u64 user)
{
    struct ku_mem *k = user & 7 || user >= USER_END ? NULL : mem_find_ku(t, user);

    if (!k || user - k->user > k->done - UTCB_SIZE)
        return NULL;
    return (struct utcb *)(k->kernel + (user - k->user));
}

bool ku_mem_release_step(struct task *t)
{
    if (t->ku_mem)
        remove_first(t);
    return !t->ku_mem;
}

u64 ku_mem_record_bytes(void) { return ku_mem_slab.size; }
