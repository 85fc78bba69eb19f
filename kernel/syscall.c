/* SPDX-License-Identifier: MIT */
/* The system call, see syscall.h. */
#include "syscall.h"

#include "fpage.h"
#include "l4/sys/err.h"
#include "obj_space.h"
#include "reply.h"
#include "sched.h"
#include "timeout.h"

/*
 * The reply slot a selector names: for a reply the one to take, for a wait also the one to fill (I-45).
 * NULL: none.
 */
static u64 *choose_reply_slot(struct thread *t, u64 sel)
{
    bool fill = (sel & (OP_RECV | OP_OPEN_WAIT)) == (OP_RECV | OP_OPEN_WAIT);
    u64 *slot;

    if (likely((sel & (SEL_REPLY_SLOT | SEL_SELF)) != SEL_REPLY_SLOT) || !(fill || sel & OP_REPLY))
        return &t->reply;
    slot = reply_slot(t->task, sel >> 12, fill);
    if (slot && fill) {
        t->wait_slot = slot;
        t->explicit_wait = true;
    }
    return slot;
}

/* A message to the thread that the reply slot names, whatever its label (I-11). */
static void reply(struct thread *t, u64 *slot)
{
    struct thread *caller = reply_take(slot, &t->snd_rights);

    if (unlikely(!caller)) {
        ipc_fail(t, IPC_NOT_EXISTENT);
        return;
    }
    syscall_to_ipc(t);
    t->sender.label = t->regs.rsi;
    ipc_start(t, caller);
}

/* Reply, or an operation on the invoking thread. */
static void special(struct thread *t, u64 sel)
{
    u64 *slot = choose_reply_slot(t, sel);

    if (unlikely(!slot)) {
        bool wait = (sel & (OP_OPEN_WAIT | OP_REPLY)) == OP_OPEN_WAIT;
        ipc_fail(t, wait ? IPC_NO_REPLY_CAP : IPC_NOT_EXISTENT);
        if (wait)
            t->regs.rax = TAG_ERROR; /* nothing was sent */
    } else if (sel & OP_REPLY) {
        reply(t, slot);
    } else {
        thread_type.invoke(t, &t->obj, CAP_W | CAP_S);
    }
}

/* Resolution order of the selector: reply, self, slot (I-7, I-8, I-9). */
void syscall_again(struct thread *t)
{
    u64 sel = t->regs.rdx;
    struct cap *slot;

    if (sel & (OP_REPLY | SEL_REPLY_SLOT | SEL_SELF)) {
        special(t, sel);
        return;
    }
    slot = obj_lookup(t->task, sel);
    if (likely(slot != NULL))
        slot->obj->type->invoke(t, slot->obj, (unsigned)slot->rights);
    else
        ipc_fail(t, IPC_NOT_EXISTENT); /* I-10 */
}

bool syscall_is_op(struct thread *t, struct kobject *o, struct sender *irq)
{
    if (likely(sys_op(t) & OP_SEND))
        return true;
    if (sys_op(t) & OP_RECV)
        syscall_no_reply(t, o, irq);
    else
        ipc_fail(t, IPC_NOT_EXISTENT);
    return false;
}

void syscall_invoke_op(struct thread *t, struct kobject *o, unsigned rights)
{
    if (syscall_is_op(t, o, NULL))
        syscall_answer(t, o->type->op(t, o, rights));
}

u64 syscall_op_invoke(struct thread *t, struct kobject *o, unsigned rights)
{
    o->type->invoke(t, o, rights);
    return NO_ANSWER;
}

u64 syscall_no_reply(struct thread *t, struct kobject *o, struct sender *irq)
{
    syscall_to_ipc(t);
    if (t->op & OP_RECV)
        ipc_receive(t, irq ? o->id : t->obj.id, irq);
    return NO_ANSWER;
}

void syscall_unblock(struct thread *t, unsigned error)
{
    if (error) {
        ipc_fail(t, error);
        return;
    }
    timeout_cancel(&t->timeout);
    if (t->sender.queue)
        sendq_remove(&t->sender);
    syscall_label(t, 0);
    sched_ready(t);
}

struct cap *syscall_cap_arg(struct thread *t, unsigned rights, const struct kobject_type *type,
                            int *err)
{
    unsigned at = sys_words(t);
    struct cap *slot;
    u64 w0, fpage;

    *err = -L4_EINVAL;
    if (!tag_items(sys_tag(t)) || at + 2 > N_MESSAGE_REGS)
        return NULL;
    w0 = t->utcb->mr[at];
    fpage = t->utcb->mr[at + 1];
    if (item_is_void(w0))
        return NULL;
    if (fp_type(fpage) != FP_OBJ) {
        *err = 0;
        ipc_fail(t, IPC_OVERFLOW);
        return NULL;
    }
    slot = obj_lookup(t->task, fpage);
    if (!slot || (type && slot->obj->type != type))
        return NULL;
    *err = -L4_EPERM;
    return (slot->rights & rights) == rights ? slot : NULL;
}
