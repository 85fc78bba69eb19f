/* SPDX-License-Identifier: MIT */
/*
 * Kernel memory: buddy allocator and slabs, see kmem.h.
 *
 * The state of every heap frame is one byte: the order of a free block at its first frame, or USED.
 * Free blocks are linked through themselves.
 */
#include "kmem.h"

#include "arch.h"
#include "boot.h"
#include "panic.h"
#include "preempt.h"
#include "string.h"

struct free_block {
    struct free_block *next, **link; /* link: the pointer that leads here */
};

enum { CLEAR_UNIT = 2048 }; /* bytes cleared per unit of work */
enum { FRAME_USED = 0xff, N_ORDERS = KMEM_MAX_ORDER - KMEM_MIN_ORDER + 1 };

static struct free_block *free_list[N_ORDERS];
static u8 *frame_state;            /* by frame number relative to the arena */
static u64 arena_base, arena_size; /* physical, spans all heap ranges */
static u64 free_bytes, total_bytes, slab_bytes;
u64 kmem_fail_at;

static u64 frame_of(const void *block) { return (virt_to_phys(block) - arena_base) >> PAGE_SHIFT; }

static void push(u64 frame, unsigned order)
{
    struct free_block **head = &free_list[order - KMEM_MIN_ORDER];
    struct free_block *b = phys_to_virt(arena_base + (frame << PAGE_SHIFT));

    b->next = *head;
    b->link = head;
    if (b->next)
        b->next->link = &b->next;
    *head = b;
    frame_state[frame] = (u8)order;
}

static void unlink_block(struct free_block *b)
{
    *b->link = b->next;
    if (b->next)
        b->next->link = b->link;
    frame_state[frame_of(b)] = FRAME_USED;
}

/* Return a block, joining it with its buddy as long as that is free too. */
static void put_block(u64 frame, unsigned order)
{
    free_bytes += 1UL << order;
    while (order < KMEM_MAX_ORDER) {
        /* Buddies by physical address, so that blocks are aligned to their size. */
        u64 phys = arena_base + (frame << PAGE_SHIFT), buddy = phys ^ (1UL << order);
        u64 buddy_frame = (buddy - arena_base) >> PAGE_SHIFT;
        if (buddy < arena_base || buddy >= arena_base + arena_size ||
            frame_state[buddy_frame] != order)
            break;
        unlink_block(phys_to_virt(buddy));
        if (buddy_frame < frame)
            frame = buddy_frame;
        order++;
    }
    push(frame, order);
}

void kmem_init(const struct phys_range *heap, unsigned n)
{
    u64 end = 0, state_size, taken = 0;

    arena_base = ~0UL;
    for (unsigned i = 0; i < n; i++) {
        arena_base = min_u64(arena_base, heap[i].base);
        end = max_u64(end, heap[i].base + heap[i].size);
    }
    arena_size = end - arena_base;
    state_size = ALIGN_UP(arena_size >> PAGE_SHIFT, PAGE_SIZE);
    for (unsigned i = 0; i < n;
         i++) { /* the state array lives at the start of the first range that fits */
        u64 base = heap[i].base, limit = heap[i].base + heap[i].size;
        if (!taken && heap[i].size > state_size) {
            frame_state = phys_to_virt(base);
            memset(frame_state, FRAME_USED, arena_size >> PAGE_SHIFT);
            base += state_size;
            taken = base;
        }
        CHECK(taken);
        for (; base < limit; base += PAGE_SIZE)
            put_block((base - arena_base) >> PAGE_SHIFT, PAGE_SHIFT);
    }
    total_bytes = free_bytes;
}

bool kmem_injected_failure(void) { return kmem_fail_at && --kmem_fail_at == 0; }

void *kmem_alloc(struct quota *q, unsigned order)
{
    unsigned o = order;
    struct free_block *b;

    if (kmem_injected_failure() || !quota_charge(q, 1UL << order))
        return NULL;
    while (o <= KMEM_MAX_ORDER && !free_list[o - KMEM_MIN_ORDER])
        o++;
    if (o > KMEM_MAX_ORDER) {
        quota_release(q, 1UL << order);
        return NULL;
    }
    b = free_list[o - KMEM_MIN_ORDER];
    unlink_block(b);
    while (o > order) { /* give the upper halves back */
        o--;
        push(frame_of(b) + (1UL << (o - PAGE_SHIFT)), o);
    }
    free_bytes -= 1UL << order;
    return b;
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
    quota_release(q, 1UL << order);
    put_block(frame_of(block), order);
}

u64 kmem_free_bytes(void) { return free_bytes; }
u64 kmem_total_bytes(void) { return total_bytes; }
u64 kmem_slab_bytes(void) { return slab_bytes; }

const char *kmem_check(void)
{
    u64 sum = 0;

    for (unsigned o = KMEM_MIN_ORDER; o <= KMEM_MAX_ORDER; o++)
        for (struct free_block *b = free_list[o - KMEM_MIN_ORDER]; b; b = b->next) {
            if (frame_state[frame_of(b)] != o || *b->link != b ||
                virt_to_phys(b) & ((1UL << o) - 1))
                return "I7 free block";
            sum += 1UL << o;
        }
    return sum == free_bytes ? NULL : "I7 free sum";
}

/* ---- slabs ---- */

static struct slab *all_slabs; /* those that were used; the last one points to itself */

/* Behind the first page, which is used until it is full. */
static void partial_add(struct slab *s, struct slab_page *p)
{
    p->link = s->partial ? &s->partial->next : &s->partial;
    p->next = *p->link;
    if (p->next)
        p->next->link = &p->next;
    *p->link = p;
}

void slab_page_full(struct slab_page *p)
{
    *p->link = p->next;
    if (p->next)
        p->next->link = p->link;
    p->link = NULL;
}

struct slab_page *slab_grow(struct slab *s)
{
    u64 saved = kmem_fail_at; /* one allocation counts once */
    u32 stride = (s->size + s->align - 1) & ~(s->align - 1);
    struct slab_page *p;

    kmem_fail_at = 0;
    p = kmem_alloc(NULL, PAGE_SHIFT);
    kmem_fail_at = saved;
    if (!p)
        return NULL;
    slab_bytes += PAGE_SIZE;
    *p = (struct slab_page){.free = NULL};
    for (u64 at = ALIGN_UP(sizeof(*p), s->align); at + s->size <= PAGE_SIZE; at += stride) {
        void **obj = (void **)((u8 *)p + at);
        *obj = p->free;
        p->free = obj;
    }
    partial_add(s, p);
    if (!s->next) {
        s->next = all_slabs ? all_slabs : s;
        all_slabs = s;
    }
    return p;
}

static void give_back(struct slab_page *p)
{
    slab_page_full(p); /* off the list */
    slab_bytes -= PAGE_SIZE;
    kmem_free(NULL, p, PAGE_SHIFT);
}

void slab_page_freed(struct slab *s, struct slab_page *p, bool was_full)
{
    if (was_full)
        partial_add(s, p);
    if (!p->used && (p->next || p->link != &s->partial)) /* the only page with room stays at hand */
        give_back(p);
}

void kmem_trim(void)
{
    for (struct slab *s = all_slabs; s; s = s->next == s ? NULL : s->next)
        for (struct slab_page *p = s->partial, *next; p; p = next) {
            next = p->next;
            if (!p->used)
                give_back(p);
        }
}
