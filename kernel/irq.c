/* SPDX-License-Identifier: MIT */
/* IRQ senders, semaphores and interrupt lines, see irq.h. */
#include "irq.h"

#include "arch.h"
#include "ipc.h"
#include "l4/sys/err.h"
#include "l4/sys/types.h"
#include "preempt.h"
#include "sched.h"
#include "syscall.h"
#include "timeout.h"
#include "vcon.h"

static struct slab irq_slab = SLAB(struct irq, 8);

enum { OP_TRIGGER = 2, OP_EOI = 4, OP_BIND = 0x10, OP_DETACH = 1, OP_DOWN = 0 };
enum { IRQ_QUEUE_PRIO = 255, DETACH_IDLE = 0, DETACH_PENDING = 1 };

struct irq *irq_create(struct factory *f, bool semaphore)
{
    struct irq *irq = slab_alloc(&irq_slab, factory_quota(f));

    if (!irq)
        return NULL;
    *irq = (struct irq){.is_semaphore = semaphore, .pin = -1, .masked = true};
    irq->sender.kind = SENDER_IRQ;
    irq->sender.prio = IRQ_QUEUE_PRIO;
    kobject_init(&irq->obj, semaphore ? &semaphore_type : &irq_type, f);
    return irq;
}

/* ---- delivery ---- */

static void semaphore_up(struct irq *irq)
{
    if (irq->waiting.first)
        syscall_unblock(container_of(irq->waiting.first, struct thread, sender), 0);
    else
        irq->count++;
}

/* The thread that has got the message and is to be made ready, NULL: none. */
static struct thread *trigger(struct irq *irq)
{
    struct thread *t = irq->thread;

    if (unlikely(irq->is_semaphore)) {
        semaphore_up(irq);
    } else if (unlikely(!t) || t->dead) {
        irq->pending = true; /* remembered once (O-27) */
    } else if (!irq->sender.queue) {
        if (ipc_deliver_irq(t, &irq->sender, irq->obj.id))
            return t;
        sendq_add(&t->senders, &irq->sender); /* several collapse into one */
    }
    return NULL;
}

void irq_trigger(struct irq *irq)
{
    struct thread *waiter = trigger(irq);

    if (waiter)
        sched_ready(waiter);
}

/* The user or the kernel masks an IRQ, or unmasks it, and so the line that it has. */
static void set_mask(struct irq *irq, bool mask)
{
    irq->masked = mask;
    irq->overrun = false;
    if (irq->pin >= 0)
        arch_irq_mask((unsigned)irq->pin, mask);
}

void irq_taken(struct sender *s)
{
    struct irq *irq = container_of(s, struct irq, sender);

    if (irq->overrun)
        set_mask(irq, false);
}

void irq_thread_dies(struct sender *s)
{
    struct irq *irq = container_of(s, struct irq, sender);

    sendq_remove(s);
    irq->pending = true;
}

/* Unbind from the thread; true: a trigger was waiting. */
static bool unbind(struct irq *irq)
{
    struct thread *t = irq->thread;
    bool queued = irq->sender.queue;

    if (queued)
        sendq_remove(&irq->sender);
    irq->thread = NULL;
    kobject_put(&t->obj);
    return queued;
}

/* ---- operations ---- */

/* For a protocol of one operation: is it that, and may it be used?  0 or the error. */
static int check_op(const struct thread *t, u64 code, unsigned rights)
{
    if (!sys_words(t))
        return -L4_EINVAL;
    if (t->utcb->mr[0] != code)
        return -L4_ENOSYS;
    return rights & CAP_S ? 0 : -L4_EPERM;
}

static u64 op_bind(struct thread *t, struct irq *irq, unsigned rights)
{
    struct thread *thread;
    bool queued;
    int err;

    err = check_op(t, OP_BIND, rights);
    if (err)
        return answer_label(err);
    if (sys_words(t) < 2)
        return answer_label(-L4_EMSGTOOSHORT);
    thread = syscall_thread_arg(t, &err);
    if (!thread)
        return answer_arg(err);
    kobject_get(&thread->obj);
    queued = irq->pending;
    if (irq->thread)
        queued |= unbind(irq);
    irq->thread = thread;
    irq->sender.label = t->utcb->mr[1];
    irq->pending = false;
    if (queued)
        irq_trigger(irq);
    return answer_label(0);
}

static u64 op_detach(struct thread *t, struct irq *irq, unsigned rights)
{
    int err = check_op(t, OP_DETACH, rights);

    if (err)
        return answer_label(err);
    if (!irq->thread || irq->thread->dead)
        return answer_label(-L4_ENOENT);
    return answer_label(unbind(irq) ? DETACH_PENDING : DETACH_IDLE);
}

/* Trigger and EOI: no reply (I-13). */
static u64 op_irq(struct thread *t, struct irq *irq)
{
    u64 op = sys_words(t) ? t->utcb->mr[0] & 0xffff : OP_TRIGGER;

    if (op == OP_TRIGGER) {
        struct thread *waiter = trigger(irq);
        if (!(sys_op(t) & OP_RECV)) {
            if (waiter)
                sched_run(waiter);
            return NO_ANSWER;
        }
        if (waiter)
            sched_ready(waiter);
    } else if (op != OP_EOI) {
        return answer_label(-L4_ENOSYS);
    } else if (irq->masked) {
        set_mask(irq, false);
    }
    return syscall_no_reply(t, &irq->obj, irq->is_semaphore ? NULL : &irq->sender);
}

static u64 op_down(struct thread *t, struct irq *sem, unsigned rights)
{
    int err = check_op(t, OP_DOWN, rights);

    if (err)
        return answer_label(err);
    if (sem->count) {
        sem->count--;
        return answer_label(0);
    }
    if (!timeout_begin(t, recv_timeout((u32)t->regs.r8))) {
        ipc_fail(t, IPC_TIMEOUT | IPC_IN_RECV);
        return NO_ANSWER;
    }
    t->state = T_BLOCKED;
    sched_stop();
    t->sender.prio = t->prio;
    sendq_add(&sem->waiting, &t->sender);
    return NO_ANSWER;
}

static u64 irq_op(struct thread *t, struct irq *irq, unsigned rights)
{
    s64 proto = sys_label(t);

    if (proto == L4_PROTO_IRQ)
        return op_irq(t, irq);
    if (proto == L4_PROTO_SEMAPHORE && irq->is_semaphore)
        return op_down(t, irq, rights);
    if (proto == L4_PROTO_KOBJECT && !irq->is_semaphore)
        return op_bind(t, irq, rights);
    if (proto == L4_PROTO_IRQ_SENDER && !irq->is_semaphore)
        return op_detach(t, irq, rights);
    return answer_label(-L4_EBADPROTO);
}

static void irq_invoke(struct thread *t, struct kobject *o, unsigned rights)
{
    struct irq *irq = irq_of(o);

    if (syscall_is_op(t, o, irq->is_semaphore ? NULL : &irq->sender))
        syscall_answer(t, irq_op(t, irq, rights));
}

/* ---- lines ---- */

static struct irq *lines[IRQ_PINS]; /* who takes a line's interrupts; a reference each */

static void free_line(unsigned pin)
{
    struct irq *irq = lines[pin];

    arch_irq_mask(pin, true);
    lines[pin] = NULL;
    irq->pin = -1;
    kobject_put(&irq->obj);
}

int irq_line_bind(unsigned pin, struct irq *irq)
{
    if (irq && irq->pin >= 0) /* whatever comes of it, the line it had is free */
        free_line((unsigned)irq->pin);
    if (lines[pin] && irq)
        return -L4_EINVAL;
    if (lines[pin])
        free_line(pin);
    if (!irq)
        return 0;
    kobject_get(&irq->obj);
    lines[pin] = irq;
    irq->pin = (s16)pin;
    arch_irq_mask(pin, irq->masked); /* a new IRQ is masked until its first EOI */
    return 0;
}

void irq_line_mask(unsigned pin, bool mask)
{
    if (lines[pin])
        set_mask(lines[pin], mask);
}

static void line_hit(unsigned pin)
{
    struct irq *irq = lines[pin];

    if (!irq) {
        arch_irq_mask(pin, true);
        return;
    }
    /* Level lines stay masked until EOI; an edge while the last one still waits masks the line (O-28). */
    if (arch_irq_is_level(pin) || irq->sender.queue) {
        set_mask(irq, true);
        irq->overrun = !arch_irq_is_level(pin);
    }
    irq_trigger(irq);
}

void irq_run_pending(void)
{
    pcpu_ref p = pcpu();

    while (p->irq_pending) {
        unsigned v = (unsigned)__builtin_ctzl(p->irq_pending);
        p->irq_pending &= ~(1UL << v);
        if (v == ARCH_IRQ_TIMER) {
            u64 now = arch_clock_us();
            arch_timer_tick();
            sched_tick(now);
            timeout_run(now); /* interrupted: the rest with the next tick */
        } else if (v < IRQ_PINS) {
            if (v == ARCH_IRQ_SERIAL)
                vcon_input_arrived();
            if (v != ARCH_IRQ_SERIAL || lines[v])
                line_hit(v);
        }
    }
}

/* ---- the end ---- */

static bool irq_destroy(struct kobject *o)
{
    struct irq *irq = irq_of(o);

    while (irq->waiting.first) {
        ipc_fail_sender(irq->waiting.first, IPC_NOT_EXISTENT);
        if (preempt_point(1))
            return false;
    }
    if (irq->thread)
        unbind(irq);
    if (irq->pin >= 0)
        free_line((unsigned)irq->pin);
    return true;
}

const struct kobject_type irq_type = {
    .name = "irq",
    .proto = L4_PROTO_IRQ_SENDER,
    .invoke = irq_invoke,
    .op = syscall_op_invoke,
    .destroy = irq_destroy,
    .slab = &irq_slab,
};

const struct kobject_type semaphore_type = {
    .name = "semaphore",
    .proto = L4_PROTO_SEMAPHORE,
    .invoke = irq_invoke,
    .op = syscall_op_invoke,
    .destroy = irq_destroy,
    .slab = &irq_slab,
};
