/* SPDX-License-Identifier: MIT */
/*
 * Tasks: a memory space, a port space and an object space, and the kernel-user memory in them
 * (abi: objects.md section 2, mapping.md section 1).
 */
#ifndef QUIRE_TASK_H
#define QUIRE_TASK_H

#include "arch.h" /* struct mem_space */
#include "factory.h"
#include "kobject.h"
#include "mapdb.h"

/* ---- the other two spaces; operations in mem_space.h, io_space.h, obj_space.h ---- */

enum { N_PORTS = 65536, PORTS_PER_PAGE = 512 };

struct io_space {
    struct mapnode *all; /* the one node of an order-16 mapping (M-53) */
    struct mapnode **
        *link;  /* 128 pointers to pages of 512 node pointers, by port; NULL: no port yet */
    u8 *bitmap; /* 8 KiB, a set bit denies, as the CPU wants it */
    u32 count;  /* single ports present */
};

enum { N_SLOTS = 65536, SLOTS_PER_PAGE = 128 };

struct obj_space {
    const struct cap
        *first;       /* the slots below SLOTS_PER_PAGE, for looking only: *dir, or none_there */
    struct cap **dir; /* 512 pointers to pages of 128 slots */
    u64 end;          /* the first index that has no slot: 0 while dir is NULL, then N_SLOTS */
};

struct ku_mem;

struct task {
    struct kobject obj;
    struct mem_space mem;
    struct io_space io;
    struct obj_space caps;
    struct ku_mem *ku_mem;
    u64 **reply_slots; /* explicit ones: 512 pages of 512 (reply.h); NULL: none yet */
    u64 teardown_pos;  /* how far the destroy step has come in its phase, see task.c */
    u8 teardown;
    u8 spaces;      /* enum task_spaces */
    bool is_sigma0; /* root of the memory and port trees (M-5) */
};

enum task_spaces { SPACE_MEM = 1, SPACE_OBJ = 2, SPACE_IO = 4, SPACE_THREADS = 8 };

extern const struct kobject_type task_type;
extern struct task *sigma0_task;

/* A new empty task paid by `f`; NULL: no memory or quota. */
struct task *task_create(struct factory *f);

static inline struct task *task_of(struct kobject *o) { return container_of(o, struct task, obj); }
static inline struct quota *task_quota(const struct task *t)
{
    return factory_quota(t->obj.factory);
}

#endif
