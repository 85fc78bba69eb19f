/* SPDX-License-Identifier: MIT */
/* Factories, see factory.h. */
#include "factory.h"

#include "fpage.h"
#include "gate.h"
#include "irq.h"
#include "ku_mem.h"
#include "l4/sys/err.h"
#include "l4/sys/types.h"
#include "obj_space.h"
#include "syscall.h"
#include "task.h"

struct factory root_factory;
static struct slab factory_slab = SLAB(struct factory, 8);

enum { LABEL_RIGHTS = 3, ALL_RIGHTS = CAP_RIGHTS | ATTR_CTL };
enum { MADE = 0 }; /* of the functions that make an object: it is there (as answer_label(0)) */

void factory_init_root(void)
{
    kobject_init(&root_factory.obj, &factory_type, NULL);
    root_factory.quota.limit = ~0UL;
}

static u64 create_gate(struct thread *t, struct creation *c)
{
    struct thread *thread = NULL;
    u64 label = t->utcb->mr[2];
    struct gate *g;
    int err;

    if (tag_items(sys_tag(t))) {
        if (sys_words(t) < 3)
            return answer_label(-L4_EMSGTOOSHORT);
        thread = syscall_thread_arg(t, &err);
        if (!thread)
            return answer_arg(err);
        if (label & LABEL_RIGHTS)
            return answer_label(-L4_EINVAL);
    }
    g = gate_create(c->factory);
    if (!g)
        return answer_label(-L4_ENOMEM);
    if (thread)
        gate_bind(g, thread, label);
    c->obj = &g->obj;
    return MADE;
}

static u64 create_task(struct thread *t, struct creation *c)
{
    u64 fpage = t->utcb->mr[2], base = 0;
    struct task *task;

    if (sys_words(t) < 3 || (fpage && !ku_mem_fpage_ok(fpage, &base)))
        return answer_label(-L4_EINVAL);
    task = task_create(c->factory);
    if (!task)
        return answer_label(-L4_ENOMEM);
    c->obj = &task->obj;
    c->words = 1;
    if (!fpage)
        return MADE;
    return answer_label(ku_mem_begin(task, base, fp_order(fpage), &c->area) ? -L4_ENOMEM : 0);
}

static u64 create_factory(struct thread *t, struct creation *c)
{
    u64 limit = t->utcb->mr[2];
    struct factory *f;

    if (sys_words(t) != 3)
        return answer_label(sys_words(t) < 3 ? -L4_EMSGTOOSHORT : -L4_EMSGTOOLONG);
    if (!limit || limit >> 62)
        return answer_label(-L4_ENOMEM);
    f = slab_alloc(&factory_slab, &c->factory->quota);
    if (!f)
        return answer_label(-L4_ENOMEM);
    if (!quota_charge(&c->factory->quota, limit)) { /* reserved at once (M-76) */
        slab_free(&factory_slab, &c->factory->quota, f);
        return answer_label(-L4_ENOMEM);
    }
    *f = (struct factory){.quota = {.limit = limit}};
    kobject_init(&f->obj, &factory_type, c->factory);
    c->obj = &f->obj;
    return MADE;
}

/* Make the object: MADE, or the answer if it failed; c->obj may be set in both cases. */
static u64 create(struct thread *t, struct creation *c)
{
    s64 kind = (s64)t->utcb->mr[0];
    struct thread *thread;
    struct irq *irq;

    switch (kind) {
    case 0:
    case L4_PROTO_KOBJECT:
        return create_gate(t, c);
    case L4_PROTO_TASK:
        return create_task(t, c);
    case L4_PROTO_THREAD:
        thread = thread_create(c->factory);
        c->obj = thread ? &thread->obj : NULL;
        return answer_label(thread ? 0 : -L4_ENOMEM);
    case L4_PROTO_FACTORY:
        return create_factory(t, c);
    case L4_PROTO_IRQ_SENDER:
    case L4_PROTO_SEMAPHORE:
        irq = irq_create(c->factory, kind == L4_PROTO_SEMAPHORE);
        c->obj = irq ? &irq->obj : NULL;
        return answer_label(irq ? 0 : -L4_ENOMEM);
    default:
        return answer_label(-L4_ENODEV);
    }
}

/* The new object's slot: the address of the caller's first object buffer (O-18); false: no such buffer. */
static inline bool result_slot(const struct thread *t, u64 *index)
{
    struct recv_buffer b;

    if (!buffer_decode(t->utcb->br, cursors_from_bdr(t->utcb->bdr).at[FP_OBJ], &b) ||
        fp_type(b.window) != FP_OBJ)
        return false;
    *index = b.window >> 12;
    return true;
}

/* Put the object into its slot; if it was not made, or has no slot, drop it. */
static u64 finish(struct thread *t, u64 answer)
{
    struct kobject *o = t->creation.obj;
    unsigned words = t->creation.words;
    struct cap *slot;
    u64 *out = t->utcb->mr;

    t->creation.obj = NULL;
    if (likely(answer == MADE)) {
        slot = obj_make_slot(t->task, t->creation.slot);
        answer = slot ? MADE : answer_label(-L4_ENOMEM);
    }
    if (unlikely(answer != MADE)) {
        if (o)
            kobject_kill(o);
        return answer;
    }
    if (slot->obj)
        cap_remove(slot, true);      /* O-19 */
    cap_insert(slot, o, ALL_RIGHTS); /* O-20 */
    if (words)
        out[0] = out[2] & ~15UL;
    out[words] = FP_OBJ << 4 | ITEM_MAP; /* O-17 */
    return tag_make(0, words, 1);
}

/* A task's kernel-user memory is cleared; may take some time. */
static void fill_task(struct thread *t)
{
    int err = ku_mem_run(task_of(t->creation.obj), t->creation.area);

    if (err > 0) {
        t->cont = fill_task;
        return;
    }
    if (t->task->obj.dying) /* while the call was interrupted: no slot will do */
        err = -L4_ENOMEM;
    syscall_tag(t, finish(t, answer_label(err ? -L4_ENOMEM : 0)));
}

static u64 op_create(struct thread *t, struct factory *f)
{
    struct creation *c = &t->creation;
    u64 index, answer;

    if (!(sys_op(t) & OP_RECV)) /* O-18 */
        return NO_ANSWER;
    if (!result_slot(t, &index)) {
        ipc_fail(t, IPC_OVERFLOW | IPC_IN_RECV);
        return NO_ANSWER;
    }
    *c = (struct creation){.factory = f, .slot = index};
    answer = create(t, c);
    if (!c->area)
        return finish(t, answer);
    fill_task(t);
    return NO_ANSWER;
}

static u64 factory_op(struct thread *t, struct kobject *o, unsigned rights)
{
    if (sys_label(t) != L4_PROTO_FACTORY)
        return answer_label(-L4_EBADPROTO);
    if (!(rights & CAP_S))
        return answer_label(-L4_EPERM);
    if (!sys_words(t))
        return answer_label(-L4_EMSGTOOSHORT);
    return op_create(t, container_of(o, struct factory, obj));
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
    .invoke = syscall_invoke_op,
    .op = factory_op,
    .release = factory_release,
    .slab = &factory_slab,
};
