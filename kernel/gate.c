/* SPDX-License-Identifier: MIT */
/* IPC gates, see gate.h. */
#include "gate.h"

#include "fast.h"
#include "ipc.h"
#include "irq.h"
#include "l4/sys/err.h"
#include "l4/sys/types.h"
#include "preempt.h"
#include "syscall.h"
#include "trace.h"

static struct slab gate_slab = SLAB(struct gate, 8);

enum { OP_DEC_REFCNT = 0, OP_BIND = 0x10, OP_GET_INFO = 0x11, LABEL_RIGHTS = 3 };

struct gate *gate_create(struct factory *f)
{
    struct gate *g = slab_alloc(&gate_slab, factory_quota(f));

    if (!g)
        return NULL;
    g->thread = NULL;
    g->label = 0;
    g->waiting = (struct sendq){.first = NULL};
    g->given_up = 0;
    kobject_init(&g->obj, &gate_type, f);
    return g;
}

void gate_bind(struct gate *g, struct thread *t, u64 label)
{
    struct thread *old = g->thread;

    kobject_get(&t->obj);
    g->thread = t;
    g->label = label;
    TRACE(gate_bind, g, t->obj.id, label);
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

static u64 op_bind(struct thread *t, struct gate *g, unsigned rights)
{
    u64 label = t->utcb->mr[1];
    struct thread *thread;
    int err;

    if (sys_words(t) < 2)
        return answer_label(-L4_EMSGTOOSHORT);
    if (!(rights & CAP_S))
        return answer_label(-L4_EPERM);
    thread = syscall_thread_arg(t, &err);
    if (!thread)
        return answer_arg(err);
    if (label & LABEL_RIGHTS)
        return answer_label(-L4_EINVAL);
    gate_bind(g, thread, label);
    kobject_get(&g->obj);
    t->held[0] = &g->obj;
    restart_waiting(t);
    return NO_ANSWER;
}

/* The server gives references up; 0 does not delete by itself, the next slot that goes does (O-24). */
static u64 op_dec_refcnt(struct thread *t, struct gate *g)
{
    s64 amount = (s64)t->utcb->mr[1];

    if (sys_words(t) < 2)
        return answer_label(-L4_EINVAL);
    g->given_up += amount;
    g->obj.counted -= amount;
    return answer_word(t, (u64)g->obj.counted);
}

static u64 gate_control(struct thread *t, struct gate *g, unsigned rights)
{
    if (!sys_words(t))
        return answer_label(-L4_EINVAL);
    switch (t->utcb->mr[0]) {
    case OP_BIND:
        return op_bind(t, g, rights);
    case OP_GET_INFO:
        return answer_word(t, g->thread ? g->label : 0);
    case OP_DEC_REFCNT:
        return op_dec_refcnt(t, g);
    default:
        return answer_label(-L4_ENOSYS);
    }
}

static void gate_invoke(struct thread *t, struct kobject *o, unsigned rights)
{
    struct gate *g = gate_of(o);

    if (gate_is_control(t, rights) && sys_op(t) & OP_SEND) {
        syscall_answer(t, gate_control(t, g, rights));
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
        TRACE(gate_bind, g, 0UL, g->label);
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
    .op = fast_gate_op,
    .destroy = gate_destroy,
    .slab = &gate_slab,
};
