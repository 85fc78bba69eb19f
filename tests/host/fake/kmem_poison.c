/* SPDX-License-Identifier: MIT */
/*
 * The kernel's allocator with the address sanitizer's help: a block that is free may not be touched, one that is new is
 * not zero.  The allocator's own words are left out: the first 32 bytes of each frame, head of a free block or of a
 * page of a slab.  prefix.h does the same for the objects of slabs.
 */
#define kmem_alloc real_kmem_alloc
#define kmem_zalloc real_kmem_zalloc
#define kmem_free real_kmem_free
#define slab_grow real_slab_grow
/* It links the objects of a frame that may still count as free. */
struct slab_page *slab_grow(struct slab *s) __attribute__((no_sanitize_address));
#include "../../../kernel/kmem.c"
#undef slab_grow
#undef kmem_alloc
#undef kmem_zalloc
#undef kmem_free

enum { FRAME_HEAD = 32 };

void *kmem_alloc(struct quota *q, unsigned order)
{
    void *p = real_kmem_alloc(q, order);

    if (p) {
        ASAN_UNPOISON_MEMORY_REGION(p, 1UL << order);
        memset(p, NEW_MEMORY, 1UL << order);
    }
    return p;
}

void *kmem_zalloc(struct quota *q, unsigned order)
{
    void *p = kmem_alloc(q, order);

    if (p) {
        memset(p, 0, 1UL << order);
        preempt_charge((unsigned)(1UL << order) / CLEAR_UNIT);
    }
    return p;
}

void kmem_free(struct quota *q, void *block, unsigned order)
{
    for (u64 at = 0; at < 1UL << order; at += PAGE_SIZE)
        ASAN_POISON_MEMORY_REGION((u8 *)block + at + FRAME_HEAD, PAGE_SIZE - FRAME_HEAD);
    real_kmem_free(q, block, order);
}

struct slab_page *slab_grow(struct slab *s)
{
    struct slab_page *p = real_slab_grow(s);

    if (p)
        ASAN_UNPOISON_MEMORY_REGION(p, PAGE_SIZE);
    for (void **obj = p ? p->free : NULL; obj; obj = *obj)
        ASAN_POISON_MEMORY_REGION((u8 *)obj + SLAB_LINK, s->size - SLAB_LINK);
    return p;
}
