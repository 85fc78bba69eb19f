/* SPDX-License-Identifier: MIT */
/* Operations on threads, see thread_op.h. */
#include "thread_op.h"

#include "arch.h"
#include "irq.h"
#include "l4/sys/err.h"
#include "l4/sys/types.h"
#include "pager.h"
#include "preempt.h"
#include "sched.h"
#include "syscall.h"
#include "task.h"

enum thread_ops {
    OP_CONTROL = 0,
    OP_EX_REGS = 1,
    OP_SWITCH_TO = 2,
    OP_STATS = 3,
    OP_REGISTER_DEL_IRQ = 5,
    OP_MODIFY_SENDERS = 6,
    OP_GDT = 0x10,
    OP_SEGMENT_BASE = 0x12,
    OP_SEGMENT_INFO = 0x13,
};
enum control_flags {
    CONTROL_PAGER = 0x10000,
    CONTROL_BIND = 0x200000,
    CONTROL_EXC_HANDLER = 0x1000000,
};
enum { EX_REGS_CANCEL = 0x10000, EX_REGS_EXCEPTION = 0x20000 };
enum { USER_DATA_SEL = 0x23, USER_CODE_SEL = 0x2b, USER_CODE32_SEL = 0x1b, GDT_USER_FIRST = 0xb };

static u64 op_control(struct thread *t, struct thread *target, unsigned rights)
{
    u64 *mr = t->utcb->mr, flags = mr[0], pager = mr[1], handler = mr[2], utcb = mr[5], *out;
    struct cap *task;
    int err;

    if (!(rights & CAP_S))
        return answer_label(-L4_EPERM);
    if (sys_words(t) < 6)
        return answer_label(-L4_EINVAL);
    if (flags & CONTROL_BIND) {
        task = syscall_cap_arg(t, CAP_S, &task_type, &err);
        if (!task)
            return answer_arg(err);
        err = thread_bind(target, task_of(task->obj), utcb);
        if (err)
            return answer_label(err);
    }
    out = syscall_out(t);
    out[1] = target->pager;
    out[2] = target->exc_handler;
    if (flags & CONTROL_PAGER)
        target->pager = pager;
    if (flags & CONTROL_EXC_HANDLER)
        target->exc_handler = handler;
    return answer_words(3);
}

/* Set ip and sp; all-ones keeps (O-11, O-12). */
static void ex_regs(struct thread *t, u64 ip, u64 sp, u64 flags)
{
    /* Inside an exception message the registers belong to the handler, unless that is cancelled (O-12). */
    bool in_exception = t->kind == IPC_EXCEPTION && (t->state == T_SEND || t->state == T_RECV);

    if (flags & EX_REGS_CANCEL)
        ipc_cancel(t);
    if (!in_exception || flags & EX_REGS_CANCEL) {
        if (ip != ~0UL)
            t->regs.rip = canonical(ip);
        if (sp != ~0UL)
            t->regs.rsp = sp;
    }
    if (flags & EX_REGS_EXCEPTION && !t->dead) {
        ipc_cancel(t);
        pager_raise(t);
    }
    if (!t->task) { /* answered with 0, but it does not start any more (O-11) */
        t->spoiled = true;
        return;
    }
    t->started = true;
    thread_try_start(t);
}

static u64 op_ex_regs(struct thread *t, struct thread *target)
{
    u64 *mr = t->utcb->mr, flags = mr[0] & ~0xffffUL, ip = mr[1], sp = mr[2];

    if (sys_words(t) != 3 || flags & ~(u64)(EX_REGS_CANCEL | EX_REGS_EXCEPTION))
        return answer_label(-L4_EINVAL);
    /* The answer comes first: the target may be the caller. */
    syscall_tag(t, answer_three(t, target->regs.rflags, target->regs.rip, target->regs.rsp));
    ex_regs(target, ip, sp, flags);
    return NO_ANSWER;
}

static u64 op_switch_to(struct thread *t, struct thread *target)
{
    if (target != t && target->queued)
        sched_switch_to(target);
    return answer_label(0);
}

static u64 op_register_del_irq(struct thread *t, struct thread *target)
{
    int err;
    struct cap *irq = syscall_cap_arg(t, CAP_W, &irq_type, &err);

    if (!irq)
        return answer_arg(err);
    if (target->del_irq && !target->del_irq->obj.dying)
        return answer_label(-L4_EBUSY);
    if (target->del_irq)
        kobject_put(&target->del_irq->obj);
    kobject_get(irq->obj);
    target->del_irq = irq_of(irq->obj);
    return answer_label(0);
}

/* Change the label of one queued message: the first fitting group of mask, match, delete, add (O-14). */
static void modify_label(struct sender *s, const u64 *g, unsigned groups)
{
    for (; groups; groups--, g += 4)
        if ((s->label & g[0]) == g[1]) {
            s->label = (s->label & ~g[2]) | g[3];
            return;
        }
}

static void modify_continue(struct thread *t)
{
    struct sendq_walk *w = &t->senders_walk;

    while (w->cur) {
        modify_label(w->cur, &t->utcb->mr[1], (sys_words(t) - 1) / 4);
        sendq_walk_next(w);
        if (preempt_point(1) && w->cur) {
            t->cont = modify_continue;
            return;
        }
    }
    sendq_walk_end(w);
    t->walking_senders = false;
    syscall_label(t, 0);
}

static u64 op_modify_senders(struct thread *t, struct thread *target)
{
    sendq_walk_begin(&t->senders_walk, &target->senders);
    t->walking_senders = true;
    modify_continue(t);
    return NO_ANSWER;
}

static u64 op_segment_base(struct thread *t, struct thread *target)
{
    u64 segment = t->utcb->mr[0] >> 16, base = t->utcb->mr[1];

    if (sys_words(t) < 2)
        return answer_label(-L4_EMSGTOOSHORT);
    if (canonical(base) != base || segment > 1)
        return answer_label(-L4_EINVAL);
    *(segment ? &target->gs_base : &target->fs_base) = base;
    arch_thread_bases_changed(target);
    return answer_label(0);
}

static u64 thread_op(struct thread *t, struct thread *target, unsigned rights)
{
    if (!sys_words(t))
        return answer_label(-L4_EMSGTOOSHORT);
    switch (t->utcb->mr[0] & 0xffff) {
    case OP_CONTROL:
        return op_control(t, target, rights);
    case OP_EX_REGS:
        return op_ex_regs(t, target);
    case OP_SWITCH_TO:
        return op_switch_to(t, target);
    case OP_STATS:
        return answer_word(t, target->cpu_time);
    case OP_REGISTER_DEL_IRQ:
        return op_register_del_irq(t, target);
    case OP_MODIFY_SENDERS:
        return op_modify_senders(t, target);
    case OP_GDT: /* per-thread descriptors: not in this kernel */
        return sys_words(t) == 1 ? answer_word(t, GDT_USER_FIRST) : answer_label(-L4_ENOSYS);
    case OP_SEGMENT_BASE:
        return op_segment_base(t, target);
    case OP_SEGMENT_INFO:
        return answer_three(t, USER_DATA_SEL, USER_CODE_SEL, USER_CODE32_SEL);
    default:
        return answer_label(-L4_ENOSYS);
    }
}

void thread_invoke(struct thread *t, struct kobject *o, unsigned rights)
{
    if (sys_label(t) == L4_PROTO_THREAD && (sys_op(t) & OP_SEND || sys_op(t) == 0)) {
        syscall_answer(t, thread_op(t, thread_of(o), rights));
        return;
    }
    syscall_to_ipc(t);
    t->sender.label = t->regs.rsi;
    t->snd_rights = rights & (CAP_W | CAP_S);
    ipc_start(t, thread_of(o));
}
