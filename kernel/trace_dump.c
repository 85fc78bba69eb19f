/* SPDX-License-Identifier: MIT */
/*
 * The end of a trace: everything the kernel has, read from its own structures, so that a reader can compare it with
 * what the events add up to.  See trace.h.
 */
#include "trace.h"

#ifdef QUIRE_TRACE
#include "arch.h"
#include "factory.h"
#include "io_space.h"
#include "mem_space.h"
#include "obj_space.h"

static struct {
    const struct mapnode *first;
    u64 count;
} roots[2]; /* memory, ports */

void trace_dump_roots(bool io, const struct mapnode *first, u64 count)
{
    roots[io].first = first;
    roots[io].count = count;
}

/* All nodes below one of sigma0's. */
static void dump_tree(const char *at, const struct mapnode *root, bool io)
{
    struct child_range all = {(struct mapnode *)root, 0, (1UL << MAPDB_INDEX_BITS) - 1,
                              io ? io_class_shift : mem_class_shift};
    struct mapdb_walk w;

    for (mapdb_walk_begin(&w, &all); w.cur; mapdb_walk_next(&w)) {
        const struct mapnode *n = w.cur;
        unsigned c = mapnode_class(n);
        trace_write(at, "dump-node node=0x%lx parent=0x%lx space=%lu kind=%s va=0x%lx order=%u",
                    (u64)n, (u64)n->parent, ((const struct task *)n->space)->obj.id,
                    io ? "io" : "mem", io ? (u64)n->page : (u64)n->page << PAGE_SHIFT,
                    io ? (c ? 16 : 0) : class_shift(c));
    }
    mapdb_walk_end(&w);
}

static void dump_pages(const char *at, const struct task *t)
{
    for (u64 va = 0; va < USER_END;) {
        struct pte_ref r = pt_walk(t->mem.root, va);
        if (r.present)
            trace_write(at, "dump-pte space=%lu va=0x%lx order=%u entry=0x%lx", t->obj.id, va,
                        class_shift(r.c), *r.pte);
        va += class_size(r.c);
    }
}

static bool port_allowed(const struct task *t, u64 port)
{
    return port < N_PORTS && !(t->io.bitmap[port >> 3] >> (port & 7) & 1);
}

static void dump_ports(const char *at, const struct task *t)
{
    for (u64 port = 0, n; t->io.bitmap && port < N_PORTS; port += n + 1) {
        for (n = 0; port_allowed(t, port + n); n++)
            continue;
        if (n)
            trace_write(at, "dump-port space=%lu first=0x%lx count=0x%lx", t->obj.id, port, n);
    }
}

static void dump_slots(const char *at, const struct task *t)
{
    for (u64 i = 0; i < t->caps.end; i++) {
        const struct cap *slot = obj_slot(t, i);
        if (slot && slot->obj)
            trace_write(at, "dump-slot space=%lu index=0x%lx obj=%lu rights=0x%lx", t->obj.id, i,
                        slot->obj->id, slot->rights);
    }
}

static void dump_object(const char *at, struct kobject *o)
{
    trace_write(at, "dump-obj id=%lu type=%s", o->id, o->type->name);
    if (o->type == &factory_type) {
        const struct quota *q = &container_of(o, struct factory, obj)->quota;
        trace_write(at, "dump-quota factory=%lu used=%lu limit=%lu", o->id, q->used,
                    ~q->limit ? q->limit : 0);
    } else if (o->type == &task_type && o->refs) { /* not while its tables are being freed */
        dump_pages(at, task_of(o));
        dump_ports(at, task_of(o));
        dump_slots(at, task_of(o));
    }
}

void trace_dump(const char *at, struct kobject *all)
{
    trace_write(at, "dump-begin");
    for (; all; all = all->all_next)
        dump_object(at, all);
    for (unsigned io = 0; io < ARRAY_SIZE(roots); io++)
        for (u64 i = 0; i < roots[io].count; i++)
            dump_tree(at, &roots[io].first[i], io);
    trace_write(at, "dump-end");
}
#endif
