/* SPDX-License-Identifier: MIT */
/* Explicit reply slots, see reply.h. */
#include "reply.h"

#include "kmem.h"

enum { SLOTS = 512, PAGES = 512 };

u64 *reply_slot(struct task *t, u64 index, bool make)
{
    struct quota *q = task_quota(t);
    u64 **page;

    if (index >= SLOTS * PAGES)
        return NULL;
    if (!t->reply_slots && make)
        t->reply_slots = kmem_zalloc(q, PAGE_SHIFT);
    if (!t->reply_slots)
        return NULL;
    page = &t->reply_slots[index / SLOTS];
    if (!*page && make)
        *page = kmem_zalloc(q, PAGE_SHIFT);
    return *page ? &(*page)[index % SLOTS] : NULL;
}

bool reply_release_step(struct task *t)
{
    u8 rights;

    if (!t->reply_slots)
        return true;
    for (unsigned i = 0; i < PAGES; i++) {
        u64 *page = t->reply_slots[i];
        if (!page)
            continue;
        for (unsigned s = 0; s < SLOTS; s++)
            if (page[s])
                reply_take(&page[s], &rights);
        kmem_free(task_quota(t), page, PAGE_SHIFT);
        t->reply_slots[i] = NULL;
        return false;
    }
    kmem_free(task_quota(t), t->reply_slots, PAGE_SHIFT);
    t->reply_slots = NULL;
    return true;
}
