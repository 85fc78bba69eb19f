/* SPDX-License-Identifier: MIT */
/* Factories, see factory.h. */
#include "factory.h"

#include "arch.h"
#include "fpage.h"
#include "gate.h"
#include "irq.h"
#include "l4/sys/err.h"
#include "l4/sys/types.h"
#include "obj_space.h"
#include "syscall.h"
#include "task.h"

struct factory root_factory;
static struct slab factory_slab = SLAB(struct factory, 8);

enum { LABEL_RIGHTS = 3, UTCB_MAX_ORDER = 17, ALL_RIGHTS = CAP_RIGHTS | ATTR_CTL };

void factory_init_root(void)
{
    kobject_init(&root_factory.obj, &factory_type, NULL);
    root_factory.quota.limit = ~0UL;
}

/* A creation in progress. */
struct creation {
    struct thread *t;    /* the caller */
    struct factory *f;
    struct kobject *obj; /* the result */
    unsigned words;      /* of the answer (MR0 of a task) */
};

static int create_gate(struct creation *c)
{
    struct thread *t = c->t;
    struct cap *thread = NULL;
    u64 label = t->utcb->mr[2];
    struct gate *g;
    int err;

    if (tag_items(t->tag)) {
        if (tag_words(t->tag) < 3)
            return -L4_EMSGTOOSHORT;
        thread = syscall_cap_arg(t, 0, &thread_type, &err);
        if (!thread)
            return err ? err : 1;
        if (!(thread->rights & CAP_S))
            return -L4_EPERM;
        if (label & LABEL_RIGHTS)
            return -L4_EINVAL;
    }
    g = gate_create(c->f);
    if (!g)
        return -L4_ENOMEM;
    if (thread)
        gate_bind(g, thread_of(thread->obj), label);
    c->obj = &g->obj;
    return 0;
}

static int create_task(struct creation *c)
{
    u64 fpage = c->t->utcb->mr[2], base, size = 1UL << fp_order(fpage);
    struct task *task;
    int err = 0;

    if (tag_words(c->t->tag) < 3)
        return -L4_EINVAL;
    base = (fpage & ~0xfffUL) & ~(size - 1);
    if (fpage && (fp_type(fpage) != FP_MEM || fp_order(fpage) < PAGE_SHIFT ||
                  fp_order(fpage) > UTCB_MAX_ORDER || base + size > USER_END))
        return -L4_EINVAL;
    task = task_create(c->f);
    if (!task)
        return -L4_ENOMEM;
    c->obj = &task->obj;
    if (fpage)
        err = task_add_ku_mem(task, base, fp_order(fpage));
    c->words = 1;
    return err;
}

static int create_factory(struct creation *c)
{
    u64 limit = c->t->utcb->mr[2];
    struct factory *f;

    if (tag_words(c->t->tag) != 3)
        return tag_words(c->t->tag) < 3 ? -L4_EMSGTOOSHORT : -L4_EMSGTOOLONG;
    if (!limit || limit >> 62)
        return -L4_ENOMEM;
    f = slab_alloc(&factory_slab, &c->f->quota);
    if (!f)
        return -L4_ENOMEM;
    if (!quota_charge(&c->f->quota, limit)) { /* reserved at once (M-76) */
        slab_free(&factory_slab, &c->f->quota, f);
        return -L4_ENOMEM;
    }
    *f = (struct factory){ .quota = { .limit = limit } };
    kobject_init(&f->obj, &factory_type, c->f);
    c->obj = &f->obj;
    return 0;
}

static int create(struct creation *c)
{
    struct thread *thread;
    struct irq *irq;

    switch ((s64)c->t->utcb->mr[0]) {
    case 0:
    case L4_PROTO_KOBJECT:
        return create_gate(c);
    case L4_PROTO_TASK:
        return create_task(c);
    case L4_PROTO_THREAD:
        thread = thread_create(c->f);
        c->obj = thread ? &thread->obj : NULL;
        return thread ? 0 : -L4_ENOMEM;
    case L4_PROTO_FACTORY:
        return create_factory(c);
    case L4_PROTO_IRQ_SENDER:
    case L4_PROTO_SEMAPHORE:
        irq = irq_create(c->f, (s64)c->t->utcb->mr[0] == L4_PROTO_SEMAPHORE);
        c->obj = irq ? &irq->obj : NULL;
        return irq ? 0 : -L4_ENOMEM;
    default:
        return -L4_ENODEV;
    }
}

/* The new object's slot: the address of the caller's first object buffer (O-18); false: no such buffer. */
static bool result_slot(const struct thread *t, u64 *index)
{
    struct buffer_cursors cursors = cursors_from_bdr(t->utcb->bdr);
    struct recv_buffer b;

    if (!buffer_decode(t->utcb->br, &cursors, FP_OBJ, &b) || fp_type(b.window) != FP_OBJ)
        return false;
    *index = b.window >> 12;
    return true;
}

static void op_create(struct thread *t, struct factory *f)
{
    struct creation c = { .t = t, .f = f };
    u64 index, task_fpage = t->utcb->mr[2], *out = t->utcb->mr;
    struct cap *slot;
    int err;

    if (!(t->op & OP_RECV)) /* O-18 */
        return;
    if (!result_slot(t, &index)) {
        ipc_fail(t, IPC_OVERFLOW | IPC_IN_RECV);
        return;
    }
    err = create(&c);
    slot = err ? NULL : obj_make_slot(t->task, index);
    if (!err && !slot)
        err = -L4_ENOMEM;
    if (err) {
        if (c.obj)
            kobject_kill(c.obj);
        if (err < 0) /* else an IPC error has been answered */
            syscall_label(t, err);
        return;
    }
    if (slot->obj)
        cap_remove(slot, true); /* O-19 */
    cap_insert(slot, c.obj, ALL_RIGHTS); /* O-20 */
    if (c.words)
        out[0] = task_fpage & ~15UL;
    out[c.words] = FP_OBJ << 4 | ITEM_MAP; /* O-17 */
    syscall_tag(t, tag_make(0, c.words, 1));
}

static void factory_invoke(struct thread *t, struct kobject *o, unsigned rights)
{
    if (!syscall_is_op(t, o, NULL))
        return;
    if (tag_label(t->tag) != L4_PROTO_FACTORY)
        syscall_label(t, -L4_EBADPROTO);
    else if (!(rights & CAP_S))
        syscall_label(t, -L4_EPERM);
    else if (!tag_words(t->tag))
        syscall_label(t, -L4_EMSGTOOSHORT);
    else
        op_create(t, container_of(o, struct factory, obj));
}

static bool factory_release(struct kobject *o)
{
    struct factory *f = container_of(o, struct factory, obj);
    struct quota *parent = factory_quota(o->factory);

    quota_release(parent, f->quota.limit); /* the reservation goes back (M-78) */
    return true;
}

const struct kobject_type factory_type = {
    .name = "factory",
    .proto = L4_PROTO_FACTORY,
    .invoke = factory_invoke,
    .release = factory_release,
    .slab = &factory_slab,
};
