/* SPDX-License-Identifier: MIT */
/* The system call, see syscall.h. */
#include "syscall.h"

#include "fpage.h"
#include "l4/sys/err.h"
#include "latency.h"
#include "obj_space.h"
#include "reply.h"
#include "sched.h"
#include "timeout.h"

enum { SEL_REPLY_SLOT = 0x400, SEL_SELF = 0x800 };

/* The explicit reply slot a selector names, to fill it by a wait and to take it by a reply (I-45); false: none. */
static bool choose_reply_slot(struct thread *t, u64 sel)
{
    bool fill = (t->op & (OP_RECV | OP_OPEN_WAIT)) == (OP_RECV | OP_OPEN_WAIT);

    if ((sel & (SEL_REPLY_SLOT | SEL_SELF)) != SEL_REPLY_SLOT || !(fill || t->op & OP_REPLY))
        return true;
    t->wait_slot = reply_slot(t->task, sel >> 12, fill);
    return t->wait_slot;
}

/* Reply, or an operation on the invoking thread. */
static void special(struct thread *t, u64 sel)
{
    struct thread *caller;

    if (!choose_reply_slot(t, sel)) {
        ipc_fail(t, t->op & OP_OPEN_WAIT ? IPC_NO_REPLY_CAP : IPC_NOT_EXISTENT);
        if (t->op & OP_OPEN_WAIT)
            t->regs.rax = TAG_ERROR; /* nothing was sent */
    } else if (sel & OP_REPLY) {
        caller = reply_take(t->wait_slot, &t->snd_rights);
        if (caller)
            ipc_start(t, caller); /* always a message (I-11) */
        else
            ipc_fail(t, IPC_NOT_EXISTENT);
    } else {
        thread_type.invoke(t, &t->obj, CAP_W | CAP_S);
    }
}

/* Resolution order of the selector: reply, self, slot (I-7, I-8, I-9). */
void syscall_again(struct thread *t)
{
    u64 sel = t->regs.rdx;
    struct cap *slot;

    t->kind = IPC_USER;
    t->op = sel & 15;
    t->tag = t->regs.rax;
    t->timeouts = (u32)t->regs.r8;
    t->sender.label = t->regs.rsi;
    t->wait_slot = &t->reply;
    if (unlikely(sel & (OP_REPLY | SEL_REPLY_SLOT | SEL_SELF))) {
        special(t, sel);
        return;
    }
    slot = obj_lookup(t->task, sel);
    if (likely(slot != NULL))
        slot->obj->type->invoke(t, slot->obj, (unsigned)slot->rights);
    else
        ipc_fail(t, IPC_NOT_EXISTENT); /* I-10 */
}

struct thread *syscall_entry(struct thread *t)
{
    latency_begin();
    syscall_again(t);
    return kernel_exit();
}

bool syscall_is_op(struct thread *t, struct kobject *o, struct sender *irq)
{
    if (t->op & OP_SEND)
        return true;
    if (t->op & OP_RECV)
        ipc_receive(t, irq ? o->id : t->obj.id, irq);
    else
        ipc_fail(t, IPC_NOT_EXISTENT);
    return false;
}

void syscall_no_reply(struct thread *t, struct kobject *o, struct sender *irq)
{
    if (t->op & OP_RECV)
        ipc_receive(t, irq ? o->id : t->obj.id, irq);
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

struct cap *syscall_cap_arg(struct thread *t, unsigned n, const struct kobject_type *type, int *err)
{
    unsigned at = tag_words(t->tag) + 2 * n;
    struct cap *slot;
    u64 w0, fpage;

    *err = -L4_EINVAL;
    if (n >= tag_items(t->tag) || at + 2 > N_MESSAGE_REGS)
        return NULL;
    w0 = t->utcb->mr[at];
    fpage = t->utcb->mr[at + 1];
    if (item_is_void(w0))
        return NULL;
    if (!item_is_map(w0) || fp_type(fpage) != FP_OBJ) {
        *err = 0;
        ipc_fail(t, IPC_OVERFLOW);
        return NULL;
    }
    slot = obj_lookup(t->task, fpage);
    return slot && (!type || slot->obj->type == type) ? slot : NULL;
}
