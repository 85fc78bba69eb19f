/* SPDX-License-Identifier: MIT */
/*
 * The debugger object: names of objects, their global ids, and what tests ask.  Image information is accepted and not
 * kept.  Called for the system call, by kobject.c when an object ends, by those who print names.
 *
 * Names are a help to people and cost nobody memory: there is a fixed table of 255, and when it is full a new name
 * takes the place of another, usually the oldest.  Invariant: names[n].obj->name == n for every entry in use.
 */
#include "debugger.h"

#include "arch.h"
#include "check.h"
#include "kmem.h"
#include "l4/sys/err.h"
#include "l4/sys/types.h"
#include "string.h"
#include "syscall.h"
#include "trace.h"

enum { NAME_SIZE = 16, N_NAMES = 256 };

enum debugger_ops {
    DBG_SET_NAME = 0x100,   /* characters from MR1 */
    DBG_GLOBAL_ID = 0x101,  /* of the object: MR0 */
    DBG_NAME_OF_ID = 0x105, /* MR1: an id; characters from MR0, zero terminated */
    DBG_ADD_IMAGE = 0x107,
    DBG_GET_NAME = 0x108,   /* of the object, the same */
    DBG_KMEM_STATS = 0x500, /* MR0 free bytes, MR1 all bytes of the kernel heap */
    DBG_CHECK = 0x501,    /* label 0: all invariants hold; -EFAULT: one does not (it is printed) */
    DBG_COUNTERS = 0x503, /* MR0 TLB flushes, MR1 page-table root loads since boot */
    DBG_LATENCY =
        0x504, /* LATENCY=1 builds: MR0 longest stretch with interrupts off since the last read, MR1 its end */
    DBG_TRACE_DUMP = 0x505, /* TRACE=1 builds: print what there is on the trace's port */
    DBG_FAIL_ALLOC = 0x502, /* MR1: the n-th allocation from now on fails (debug builds) */
};

static struct {
    struct kobject *obj;                /* NULL: free */
    char text[NAME_SIZE + sizeof(u64)]; /* zeros at the end */
} names[N_NAMES];                       /* 0 is not used */
static u8 newest;

const char *debugger_name(const struct kobject *o) { return names[o->name].text; }

void debugger_forget(const struct kobject *o) { names[o->name].obj = NULL; }

static u8 next(u8 n) { return n == N_NAMES - 1 ? 1 : (u8)(n + 1); }

static u64 set_name(struct thread *t, struct kobject *o)
{
    u64 size = (sys_words(t) - 1) * sizeof(u64);

    if (!o->name) {
        newest = next(newest);
        for (unsigned i = 1; i < N_NAMES && names[newest].obj; i++)
            newest = next(newest);
        if (names[newest].obj)
            names[newest].obj->name = 0;
        names[newest].obj = o;
        o->name = newest;
    }
    memset(names[o->name].text, 0, NAME_SIZE);
    memcpy(names[o->name].text, &t->utcb->mr[1],
           strnlen((char *)&t->utcb->mr[1], min_u64(size, NAME_SIZE)));
    TRACE(obj_name, o, names[o->name].text);
    return answer_label(0);
}

static u64 get_name(struct thread *t, const struct kobject *o)
{
    if (!o || !o->name)
        return answer_label(-L4_ENOENT);
    memcpy(syscall_out(t), debugger_name(o), sizeof(names->text));
    return answer_words(sizeof(names->text) / sizeof(u64));
}

/* Only one that has a name is found. */
static struct kobject *object_of_id(u64 id)
{
    for (unsigned i = 1; i < N_NAMES; i++)
        if (names[i].obj && names[i].obj->id == id && !names[i].obj->dying)
            return names[i].obj;
    return NULL;
}

static u64 with_object(struct thread *t, u64 code)
{
    int err;
    struct cap *slot = syscall_cap_arg(t, 0, NULL, &err);

    if (!slot)
        return answer_arg(err);
    switch (code) {
    case DBG_SET_NAME:
        return set_name(t, slot->obj);
    case DBG_GLOBAL_ID:
        return answer_word(t, slot->obj->id);
    case DBG_NAME_OF_ID:
        return get_name(t, object_of_id(t->utcb->mr[1]));
    case DBG_GET_NAME:
        return get_name(t, slot->obj);
    default:
        return answer_label(0);
    }
}

static u64 answer_two(struct thread *t, u64 word0, u64 word1)
{
    u64 *out = syscall_out(t);

    out[0] = word0;
    out[1] = word1;
    return answer_words(2);
}

static u64 debugger_op(struct thread *t, struct kobject *o, unsigned rights)
{
    u64 code = sys_words(t) ? t->utcb->mr[0] & 0xffff : ~0UL;

    (void)o;
    (void)rights;
    if (sys_label(t) != L4_PROTO_DEBUGGER)
        return answer_label(-L4_EBADPROTO);
    switch (code) {
    case DBG_SET_NAME:
    case DBG_GLOBAL_ID:
    case DBG_NAME_OF_ID:
    case DBG_ADD_IMAGE:
    case DBG_GET_NAME:
        return with_object(t, code);
    case DBG_KMEM_STATS:
        kmem_trim();
        return answer_two(t, kmem_free_bytes(), kmem_total_bytes());
    case DBG_COUNTERS:
        return answer_two(t, pcpu()->n_tlb_flush, pcpu()->n_root_load);
#ifdef QUIRE_LATENCY
    case DBG_LATENCY:
        code = pcpu()->irq_off_max;
        pcpu()->irq_off_max = 0;
        return answer_two(t, code, pcpu()->irq_off_where);
#endif
#ifdef QUIRE_TRACE
    case DBG_TRACE_DUMP:
        TRACE(dump, kobject_all());
        return answer_label(0);
#endif
    case DBG_CHECK:
        return answer_label(check_invariants() ? 0 : -L4_EFAULT);
#ifdef QUIRE_DEBUG
    case DBG_FAIL_ALLOC:
        kmem_fail_at = sys_words(t) >= 2 ? t->utcb->mr[1] : 0;
        return answer_label(0);
#endif
    default:
        return answer_label(-L4_ENOSYS);
    }
}

const struct kobject_type debugger_type = {
    .name = "debugger",
    .proto = L4_PROTO_DEBUGGER,
    .invoke = syscall_invoke_op,
    .op = debugger_op,
};
