/* SPDX-License-Identifier: MIT */
/*
 * Included before everything else by each file of the host tests.  The C library and include/l4 both have the names
 * __BEGIN_DECLS and __END_DECLS, and here they meet in one file.  Then the kernel's slabs, with the address sanitizer's
 * help: an object that is free may not be touched but for its first word, which links it; a new one is not zero.
 */
#ifndef TESTS_HOST_FAKE_PREFIX_H
#define TESTS_HOST_FAKE_PREFIX_H

#include <sys/cdefs.h>
#undef __BEGIN_DECLS
#undef __END_DECLS
#include <l4/sys/compiler.h>

#include <sanitizer/asan_interface.h>

#define slab_alloc real_slab_alloc
#define slab_free real_slab_free
#include "kmem.h"
#undef slab_alloc
#undef slab_free

enum { SLAB_LINK = 8, NEW_MEMORY = 0xa5 };

static inline void *slab_alloc(struct slab *s, struct quota *q)
{
    void *p = real_slab_alloc(s, q);

    if (p) {
        ASAN_UNPOISON_MEMORY_REGION(p, s->size);
        __builtin_memset(p, NEW_MEMORY, s->size);
    }
    return p;
}

static inline void slab_free(struct slab *s, struct quota *q, void *obj)
{
    ASAN_POISON_MEMORY_REGION((u8 *)obj + SLAB_LINK, s->size - SLAB_LINK);
    real_slab_free(s, q, obj);
}

#endif
