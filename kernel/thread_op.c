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
enum { USER_DATA_SEL = 0x23, USER_CODE_SEL = 0x2b, USER_CODE32_SEL = 0x1b, GDT_USER_FIRST = 0xb };

static void op_control(struct thread *t, struct thread *target, unsigned rights)
{
    u64 *mr = t->utcb->mr, flags = mr[0], pager = mr[1], handler = mr[2], utcb = mr[5], *out;
    struct cap *task;
    int err;

    if (!(rights & CAP_S)) {
        syscall_label(t, -L4_EPERM);
        return;
    }
    if (tag_words(sys_tag(t)) < 6) {
        syscall_label(t, -L4_EINVAL);
        return;
    }
    if (flags & CONTROL_BIND) {
        task = syscall_cap_arg(t, 0, &task_type, &err);
        if (!task) {
            syscall_arg_error(t, err);
            return;
        }
        err = task->rights & CAP_S ? thread_bind(target, task_of(task->obj), utcb) : -L4_EPERM;
        if (err) {
            syscall_label(t, err);
            return;
        }
    }
    out = syscall_out(t);
    out[1] = target->pager;
    out[2] = target->exc_handler;
    if (flags & CONTROL_PAGER)
        target->pager = pager;
    if (flags & CONTROL_EXC_HANDLER)
        target->exc_handler = handler;
    syscall_tag(t, tag_make(0, 3, 0));
}

void thread_ex_regs(struct thread *t, u64 ip, u64 sp, u64 flags)
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

static void op_ex_regs(struct thread *t, struct thread *target)
{
    u64 *mr = t->utcb->mr, flags = mr[0] & ~0xffffUL, ip = mr[1], sp = mr[2], *out;

    if (tag_words(sys_tag(t)) != 3 || flags & ~(u64)(EX_REGS_CANCEL | EX_REGS_EXCEPTION)) {
        syscall_label(t, -L4_EINVAL);
        return;
    }
    out = syscall_out(t);
    out[0] = target->regs.rflags;
    out[1] = target->regs.rip;
    out[2] = target->regs.rsp;
    syscall_tag(t, tag_make(0, 3, 0)); /* first: the target may be the caller */
    thread_ex_regs(target, ip, sp, flags);
}

static void op_register_del_irq(struct thread *t, struct thread *target)
{
    struct cap *irq;
    int err;

    irq = syscall_cap_arg(t, 0, &irq_type, &err);
    if (!irq) {
        syscall_arg_error(t, err);
        return;
    }
    if (!(irq->rights & CAP_W)) {
        syscall_label(t, -L4_EPERM);
        return;
    }
    if (target->del_irq && !target->del_irq->obj.dying) {
        syscall_label(t, -L4_EBUSY);
        return;
    }
    if (target->del_irq)
        kobject_put(&target->del_irq->obj);
    kobject_get(irq->obj);
    target->del_irq = irq_of(irq->obj);
    syscall_label(t, 0);
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
        modify_label(w->cur, &t->utcb->mr[1], (tag_words(sys_tag(t)) - 1) / 4);
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

static void op_segment_base(struct thread *t, struct thread *target)
{
    u64 base = t->utcb->mr[1];

    if (tag_words(sys_tag(t)) < 2) {
        syscall_label(t, -L4_EMSGTOOSHORT);
        return;
    }
    if (canonical(base) != base || t->utcb->mr[0] >> 16 > 1) {
        syscall_label(t, -L4_EINVAL);
        return;
    }
    if (t->utcb->mr[0] >> 16)
        target->gs_base = base;
    else
        target->fs_base = base;
    arch_thread_bases_changed(target);
    syscall_label(t, 0);
}

static void thread_op(struct thread *t, struct thread *target, unsigned rights)
{
    u64 *out;

    if (!tag_words(sys_tag(t))) {
        syscall_label(t, -L4_EMSGTOOSHORT);
        return;
    }
    switch (t->utcb->mr[0] & 0xffff) {
    case OP_CONTROL:
        op_control(t, target, rights);
        break;
    case OP_EX_REGS:
        op_ex_regs(t, target);
        break;
    case OP_SWITCH_TO:
        syscall_label(t, 0);
        if (target != t && target->queued)
            sched_switch_to(target);
        break;
    case OP_STATS:
        syscall_out(t)[0] = target->cpu_time;
        syscall_tag(t, tag_make(0, 1, 0));
        break;
    case OP_REGISTER_DEL_IRQ:
        op_register_del_irq(t, target);
        break;
    case OP_MODIFY_SENDERS:
        sendq_walk_begin(&t->senders_walk, &target->senders);
        t->walking_senders = true;
        modify_continue(t);
        break;
    case OP_GDT:
        if (tag_words(sys_tag(t)) == 1) {
            syscall_out(t)[0] = GDT_USER_FIRST;
            syscall_tag(t, tag_make(0, 1, 0));
        } else {
            syscall_label(t, -L4_ENOSYS); /* per-thread descriptors: not in this kernel */
        }
        break;
    case OP_SEGMENT_BASE:
        op_segment_base(t, target);
        break;
    case OP_SEGMENT_INFO:
        out = syscall_out(t);
        out[0] = USER_DATA_SEL;
        out[1] = USER_CODE_SEL;
        out[2] = USER_CODE32_SEL;
        syscall_tag(t, tag_make(0, 3, 0));
        break;
    default:
        syscall_label(t, -L4_ENOSYS);
    }
}

void thread_invoke(struct thread *t, struct kobject *o, unsigned rights)
{
    if (tag_label(sys_tag(t)) == L4_PROTO_THREAD && (sys_op(t) & OP_SEND || sys_op(t) == 0)) {
        thread_op(t, thread_of(o), rights);
        return;
    }
    syscall_to_ipc(t);
    t->sender.label = t->regs.rsi;
    t->snd_rights = rights & (CAP_W | CAP_S);
    ipc_start(t, thread_of(o));
}
