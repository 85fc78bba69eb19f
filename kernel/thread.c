/* SPDX-License-Identifier: MIT */
/*
 * Threads, see thread.h: their life.  The operations on them are in thread_op.c.
 *
 * A thread runs when it is bound to a task, has a CPU (run_thread) and was given an instruction
 * pointer (ex_regs), in any order of the last two (O-13).
 */
#include "thread.h"

#include "arch.h"
#include "ipc.h"
#include "gate.h"
#include "irq.h"
#include "ku_mem.h"
#include "l4/sys/err.h"
#include "l4/sys/types.h"
#include "panic.h"
#include "preempt.h"
#include "sched.h"
#include "string.h"
#include "task.h"
#include "thread_op.h"
#include "trace.h"
#include "vcon.h"

static struct slab thread_slab = {.name = "struct thread", .align = 64};

void thread_init(void)
{
    thread_slab.size = (u32)(ALIGN_UP(sizeof(struct thread), 64) + arch_fpu_size());
}

struct thread *thread_create(struct factory *f)
{
    struct thread *t = slab_alloc(&thread_slab, factory_quota(f));

    if (!t)
        return NULL;
    memset(t, 0, sizeof(*t));
    t->fpu = (u8 *)t + ALIGN_UP(sizeof(*t), 64);
    t->dead = true; /* until it starts: messages to it fail (I-28) */
    t->prio = 1;
    t->quantum = t->left = DEFAULT_QUANTUM_US;
    t->pager = t->exc_handler = 0;
    t->sender.kind = SENDER_THREAD;
    t->wait_slot = &t->reply;
    arch_thread_init(t);
    kobject_init(&t->obj, &thread_type, f);
    return t;
}

int thread_bind(struct thread *t, struct task *task, u64 utcb_user)
{
    struct utcb *u = ku_mem_utcb(task, utcb_user);

    if (t->task || !u || !(task->spaces & SPACE_THREADS) || task->obj.dying)
        return -L4_EINVAL;
    kobject_get(&task->obj);
    t->task = task;
    t->utcb = u;
    u->self = utcb_user; /* I-5 */
    t->gs_base = utcb_user + offsetof(struct utcb, self);
    TRACE(bind, t, utcb_user);
    return 0;
}

void thread_try_start(struct thread *t)
{
    if (!t->dead || t->state != T_DEAD || !t->task || !t->started || !t->has_cpu || t->spoiled ||
        t->obj.dying)
        return;
    t->dead = false;
    TRACE(start, t);
    sched_ready(t);
}

/* The references of an operation that will not be finished. */
static void drop_operation(struct thread *t)
{
    unmap_abort(&t->unmap);
    if (t->ku_call.area)
        ku_mem_remove(t->ku_call.task, t->ku_call.area);
    t->ku_call.area = NULL;
    if (t->walking_senders)
        sendq_walk_end(&t->senders_walk);
    t->walking_senders = false;
    t->cont = NULL;
    vcon_writer_dies(t);
    if (t->creation.obj) {
        kobject_kill(t->creation.obj);
        t->creation.obj = NULL;
    }
    for (unsigned i = 0; i < ARRAY_SIZE(t->held); i++)
        if (t->held[i]) {
            gate_restart_rest(t->held[i]);
            kobject_put(t->held[i]);
            t->held[i] = NULL;
        }
}

/* Who wants to send to the dead thread learns it (I-48); true: nobody is left. */
static bool refuse_senders(struct thread *t)
{
    while (t->senders.first) {
        struct sender *s = t->senders.first;
        if (s->kind == SENDER_IRQ)
            irq_thread_dies(s);
        else
            ipc_fail_sender(s, IPC_CANCELED);
        if (preempt_point(1))
            return !t->senders.first;
    }
    return true;
}

/* A killed thread that still has senders to refuse goes on as a kernel context of its own. */
static void finish_dying(struct thread *t)
{
    if (!refuse_senders(t)) {
        t->cont = finish_dying;
        return;
    }
    t->state = T_DEAD;
    sched_remove(t);
    kobject_put(&t->obj);
}

void thread_kill(struct thread *t)
{
    if (t->dead && (t->state == T_DEAD || t->cont == finish_dying))
        return;
    if (t->xfer.snd || t->state == T_XFER) { /* at the end of the transfer (I-47) */
        if (!t->kill_pending) {
            t->kill_pending = true;
            kobject_get(&t->obj);
        }
        return;
    }
    t->dead = true;
    ipc_leave_all(t);
    drop_operation(t);
    arch_fpu_release(t);
    if (t->utcb)
        t->utcb->free_marker = 0; /* I-16 */
    kobject_get(&t->obj);
    if (!t->senders.first) {
        finish_dying(t);
        return;
    }
    t->cont = finish_dying;
    sched_ready(t);
    sched_stop(); /* if it is the current one */
}

static bool thread_destroy(struct kobject *o)
{
    struct thread *t = thread_of(o);

    if (!t->dead || t->state != T_DEAD)
        thread_kill(t);
    if (t->kill_pending) /* the transfer holds a reference and does the rest */
        return true;
    if (!refuse_senders(t))
        return false;
    if (t->cont == finish_dying) {
        t->cont = NULL;
        kobject_put(&t->obj);
    }
    t->state = T_DEAD;
    sched_remove(t);
    if (t->del_irq) {
        kobject_put(&t->del_irq->obj);
        t->del_irq = NULL;
    }
    return true;
}

static bool thread_release(struct kobject *o)
{
    struct thread *t = thread_of(o);

    CHECK(t->state == T_DEAD && !t->queued && !t->sender.queue && !t->timeout.link);
    if (t->del_irq)
        kobject_put(&t->del_irq->obj);
    if (t->task)
        kobject_put(&t->task->obj);
    arch_thread_gone(t);
    return true;
}

const struct kobject_type thread_type = {
    .name = "thread",
    .proto = L4_PROTO_THREAD,
    .invoke = thread_invoke,
    .op = syscall_op_invoke,
    .destroy = thread_destroy,
    .release = thread_release,
    .slab = &thread_slab,
    .head = offsetof(struct thread, obj),
};
