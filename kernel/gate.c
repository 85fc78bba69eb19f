/* SPDX-License-Identifier: MIT */
/* IPC gates, see gate.h. */
#include "gate.h"

#include "ipc.h"
#include "irq.h"
#include "l4/sys/err.h"
#include "l4/sys/types.h"
#include "preempt.h"
#include "syscall.h"

static struct slab gate_slab = SLAB(struct gate, 8);

enum { OP_DEC_REFCNT = 0, OP_BIND = 0x10, OP_GET_INFO = 0x11, LABEL_RIGHTS = 3 };

struct gate *gate_create(struct factory *f)
{
    struct gate *g = slab_alloc(&gate_slab, factory_quota(f));

    if (!g)
        return NULL;
    *g = (struct gate){.thread = NULL};
    kobject_init(&g->obj, &gate_type, f);
    return g;
}

void gate_bind(struct gate *g, struct thread *t, u64 label)
{
    struct thread *old = g->thread;

    kobject_get(&t->obj);
    g->thread = t;
    g->label = label;
    if (old)
        kobject_put(&old->obj);
}

void gate_restart_rest(struct kobject *o)
{
    struct gate *g = gate_of(o);

    while (o->type == &gate_type && g->thread && g->waiting.first)
        ipc_restart_sender(g->waiting.first);
}

/* The senders that waited for a thread go on with it (O-25). */
static void restart_waiting(struct thread *t)
{
    struct gate *g = gate_of(t->held[0]);

    while (g->waiting.first) {
        ipc_restart_sender(g->waiting.first);
        if (preempt_point(1) && g->waiting.first) {
            t->cont = restart_waiting;
            return;
        }
    }
    t->held[0] = NULL;
    kobject_put(&g->obj);
    syscall_label(t, 0);
}

void gate_send(struct thread *t, struct gate *g, unsigned rights)
{
    if (unlikely(!g->thread)) {
        ipc_wait_in(t, &g->waiting); /* I-36 */
        return;
    }
    t->snd_rights = (u8)rights;
    t->sender.label = g->label | rights; /* O-21 */
    ipc_start(t, g->thread);
}

bool gate_is_local(const struct kobject *o, const struct task *task)
{
    const struct gate *g = container_of(o, struct gate, obj);

    return o->type == &gate_type && g->thread && g->thread->task == task;
}

u64 gate_label(const struct kobject *o) { return container_of(o, struct gate, obj)->label; }

/* ---- control, with the server right ---- */

static void op_bind(struct thread *t, struct gate *g, unsigned rights)
{
    u64 label = t->utcb->mr[1];
    struct thread *thread;
    int err;

    if (tag_words(sys_tag(t)) < 2) {
        syscall_label(t, -L4_EMSGTOOSHORT);
        return;
    }
    if (!(rights & CAP_S)) {
        syscall_label(t, -L4_EPERM);
        return;
    }
    thread = syscall_thread_arg(t, &err);
    if (!thread) {
        syscall_arg_error(t, err);
        return;
    }
    if (label & LABEL_RIGHTS) {
        syscall_label(t, -L4_EINVAL);
        return;
    }
    gate_bind(g, thread, label);
    kobject_get(&g->obj);
    t->held[0] = &g->obj;
    restart_waiting(t);
}

/* The server gives references up; 0 does not delete by itself, the next slot that goes does (O-24). */
static void op_dec_refcnt(struct thread *t, struct gate *g)
{
    s64 amount = (s64)t->utcb->mr[1];

    if (tag_words(sys_tag(t)) < 2) {
        syscall_label(t, -L4_EINVAL);
        return;
    }
    g->given_up += amount;
    g->obj.counted -= amount;
    syscall_out(t)[0] = (u64)g->obj.counted;
    syscall_tag(t, tag_make(0, 1, 0));
}

static void gate_control(struct thread *t, struct gate *g, unsigned rights)
{
    if (!tag_words(sys_tag(t))) {
        syscall_label(t, -L4_EINVAL);
        return;
    }
    switch (t->utcb->mr[0]) {
    case OP_BIND:
        op_bind(t, g, rights);
        break;
    case OP_GET_INFO:
        syscall_out(t)[0] = g->thread ? g->label : 0;
        syscall_tag(t, tag_make(0, 1, 0));
        break;
    case OP_DEC_REFCNT:
        op_dec_refcnt(t, g);
        break;
    default:
        syscall_label(t, -L4_ENOSYS);
    }
}

static void gate_invoke(struct thread *t, struct kobject *o, unsigned rights)
{
    struct gate *g = gate_of(o);

    if (gate_is_control(t, rights) && sys_op(t) & OP_SEND) {
        gate_control(t, g, rights);
        return;
    }
    syscall_to_ipc(t);
    gate_send(t, g, rights & (CAP_W | CAP_S));
}

static bool gate_destroy(struct kobject *o)
{
    struct gate *g = gate_of(o);

    while (g->waiting.first) {
        ipc_fail_sender(g->waiting.first, IPC_NOT_EXISTENT); /* I-37 */
        if (preempt_point(1))
            return false;
    }
    if (g->thread) {
        struct thread *t = g->thread;
        g->thread = NULL;
        if (t->del_irq)
            irq_trigger(t->del_irq); /* O-23 */
        kobject_put(&t->obj);
    }
    return true;
}

const struct kobject_type gate_type = {
    .name = "gate",
    .proto = L4_PROTO_KOBJECT,
    .invoke = gate_invoke,
    .destroy = gate_destroy,
    .slab = &gate_slab,
};
