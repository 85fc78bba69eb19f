/* SPDX-License-Identifier: MIT */
/*
 * Kernel memory: blocks of 2^order bytes from the kernel heap (buddy system), objects of one size from
 * slabs, and the quotas that pay for both (M-75 .. M-78).
 *
 * Everything that a user can cause is allocated with a quota; NULL quota is the kernel's own (unlimited).  An
 * allocation either succeeds and is charged, or changes nothing and returns NULL.
 *
 * Invariants: I7 free and used blocks are disjoint and cover the heap; I8 the sum of what is charged to a
 * quota equals what its owners hold.
 */
#ifndef QUIRE_KMEM_H
#define QUIRE_KMEM_H

#include "trace.h"
#include "types.h"

struct quota {
    u64 limit; /* bytes; ~0: unlimited */
    u64 used;  /* bytes charged, sub-quotas' whole limits included (M-76) */
};

static inline bool quota_charge(struct quota *q, u64 bytes)
{
    if (!q)
        return true;
    if (bytes > q->limit - q->used)
        return TRACE(quota, q, (s64)bytes, true), false;
    q->used += bytes;
    TRACE(quota, q, (s64)bytes, false);
    return true;
}
static inline void quota_release(struct quota *q, u64 bytes)
{
    if (q) {
        q->used -= bytes;
        TRACE(quota, q, -(s64)bytes, false);
    }
}
/* What `from` pays for is `to`'s now (grant); false: more than `to` may have. */
static inline bool quota_move(struct quota *from, struct quota *to, u64 bytes)
{
    if (to == from)
        return true;
    if (!quota_charge(to, bytes))
        return false;
    quota_release(from, bytes);
    return true;
}

/* Fault injection for tests: the n-th allocation from now on fails (0: none). */
extern u64 kmem_fail_at;

enum { KMEM_MIN_ORDER = 12, KMEM_MAX_ORDER = 21 };

/* Take the heap over: physical ranges, all within the direct map.  Once, at boot. */
struct phys_range;
void kmem_init(const struct phys_range *heap, unsigned n);

/* A block of 2^order bytes (12..21), aligned to its size, not cleared.  NULL: quota or heap exhausted. */
void *kmem_alloc(struct quota *q, unsigned order);
/* The same, cleared; counts as work (preempt.h). */
void *kmem_zalloc(struct quota *q, unsigned order);
void kmem_free(struct quota *q, void *block, unsigned order);

/* Bytes of the heap that are free, and in all. */
u64 kmem_free_bytes(void);
u64 kmem_total_bytes(void);
/* Bytes of the blocks that slabs hold. */
u64 kmem_slab_bytes(void);
/* I7: walk the free lists; NULL or the name of the broken invariant. */
const char *kmem_check(void);

/* One frame of objects: this header, then the objects. */
struct slab_page {
    struct slab_page *next,
        **link; /* in the slab's list of pages with free objects; link NULL: full */
    void *free; /* free objects, linked through their first word */
    u64 used;   /* objects in use */
};

struct slab {
    const char *name;
    u32 size;                  /* bytes per object, multiple of 8 */
    u32 align;                 /* power of two, at most 64 */
    struct slab_page *partial; /* pages with free objects; at most one of them is empty */
    u64 used;                  /* objects in use */
    struct slab *next;         /* all slabs that were used */
};
#define SLAB(type, al)                                                                             \
    {                                                                                              \
        .name = #type, .size = sizeof(type), .align = (al)                                         \
    }

bool kmem_injected_failure(void);
/* The rare ends: a page with free objects, NULL: no memory; a page that has none left, was full, or became empty. */
struct slab_page *slab_grow(struct slab *s);
void slab_page_full(struct slab_page *p);
void slab_page_freed(struct slab *s, struct slab_page *p, bool was_full);

/* An object of the slab's size, not cleared.  NULL: quota or heap exhausted. */
static inline void *slab_alloc(struct slab *s, struct quota *q)
{
    struct slab_page *p = s->partial;
    void *obj;

    if (unlikely(kmem_fail_at != 0) && kmem_injected_failure())
        return NULL;
    if (unlikely(!quota_charge(q, s->size)))
        return NULL;
    if (unlikely(!p)) {
        p = slab_grow(s);
        if (!p) {
            quota_release(q, s->size);
            return NULL;
        }
    }
    obj = p->free;
    p->free = *(void **)obj;
    p->used++;
    s->used++;
    if (unlikely(!p->free))
        slab_page_full(p);
    return obj;
}

static inline void slab_free(struct slab *s, struct quota *q, void *obj)
{
    struct slab_page *p = (struct slab_page *)ALIGN_DOWN((u64)obj, PAGE_SIZE);
    void *next = p->free;

    quota_release(q, s->size);
    s->used--;
    p->used--;
    *(void **)obj = next;
    p->free = obj;
    if (unlikely(!next) || unlikely(!p->used))
        slab_page_freed(s, p, !next);
}

/* Give the empty pages that slabs keep at hand back to the heap, so that the free bytes say what is in use. */
void kmem_trim(void);

#endif
