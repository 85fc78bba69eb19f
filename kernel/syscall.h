/* SPDX-License-Identifier: MIT */
/*
 * The one system call: decoding (abi: ipc.md section 2), and how kernel operations answer.
 */
#ifndef QUIRE_SYSCALL_H
#define QUIRE_SYSCALL_H

#include "ipc.h"
#include "l4/sys/err.h"
#include "obj_space.h"

/*
 * Entry from user mode by `syscall`.  The answer, with which the thread goes on at once if nothing else is to be done;
 * NO_ANSWER: syscall_leave() says who goes on.  Or it ends in arch_leave, and another thread goes on.
 */
u64 syscall_entry(struct thread *t);
/* The way out after NO_ANSWER.  If it returns, the thread goes on (else it ends in arch_leave_slowly). */
void syscall_leave(struct thread *t);
/* The same after an answer, when something else is to be done first. */
void syscall_answered(struct thread *t, u64 answer);
/* Continuation: the whole system call from the beginning. */
void syscall_again(struct thread *t);

/* The request of a thread in a system call: operation bits, tag. */
static inline u8 sys_op(const struct thread *t) { return t->regs.rdx & 15; }
static inline u64 sys_tag(const struct thread *t) { return t->regs.rax; }

/* The request becomes a message IPC: what ipc.c needs of it. */
static inline void syscall_to_ipc(struct thread *t)
{
    t->op = sys_op(t);
    t->tag = sys_tag(t);
    t->timeouts = (u32)t->regs.r8;
    if (unlikely(t->explicit_wait)) { /* chosen anew by each system call (I-45) */
        t->explicit_wait = (t->regs.rdx & 0xc00) == 0x400;
        if (!t->explicit_wait)
            t->wait_slot = &t->reply;
    }
}

/* Parts of the tag. */
static inline s64 sys_label(const struct thread *t) { return tag_label(sys_tag(t)); }
static inline unsigned sys_words(const struct thread *t) { return tag_words(sys_tag(t)); }

/* ---- answers of kernel operations ---- */

/*
 * An operation returns its answer, a message tag, and its object's invoke function gives it with
 * syscall_answer().  NO_ANSWER: an IPC error was given instead, or the operation has no reply, or it blocks or
 * goes on later and then answers by itself.
 */
#define NO_ANSWER (~0UL)

/* A label (0, positive, or -L4_E...) and no words; or n words and label 0. */
static inline u64 answer_label(s64 label) { return tag_make(label, 0, 0); }
static inline u64 answer_words(unsigned n) { return tag_make(0, n, 0); }

/*
 * Is this a kernel operation?  If not (no send phase), the plain receive it is instead has been
 * started: from the object's queue element if it is an IRQ sender, else a sleep (ipc.md section
 * 2).
 */
bool syscall_is_op(struct thread *t, struct kobject *o, struct sender *irq);

/* Answer with a tag; without a receive phase nobody sees it (I-12). */
static inline void syscall_tag(struct thread *t, u64 tag)
{
    if (likely(sys_op(t) & OP_RECV))
        t->regs.rax = tag;
}
/* Answer with a label (0, positive, or -L4_E...) and no words. */
static inline void syscall_label(struct thread *t, s64 label)
{
    syscall_tag(t, answer_label(label));
}
/* Give what an operation has returned. */
static inline void syscall_answer(struct thread *t, u64 tag)
{
    if (tag != NO_ANSWER)
        syscall_tag(t, tag);
}

/* The invoke function of objects that have operations only, `op` of their type. */
void syscall_invoke_op(struct thread *t, struct kobject *o, unsigned rights);
/* The op of objects that have more than operations: it calls `invoke`. */
kobject_op syscall_op_invoke;
/* The op of a dying object: its slots count as empty. */
kobject_op syscall_dead_object;

/* The MRs for output words; without a receive phase they go nowhere (I-12). */
static inline u64 *syscall_out(struct thread *t)
{
    static u64 nowhere[N_MESSAGE_REGS];

    return sys_op(t) & OP_RECV ? t->utcb->mr : nowhere;
}
/* The answer of one output word. */
static inline u64 answer_word(struct thread *t, u64 word)
{
    syscall_out(t)[0] = word;
    return answer_words(1);
}
static inline u64 answer_three(struct thread *t, u64 word0, u64 word1, u64 word2)
{
    u64 *out = syscall_out(t);

    out[0] = word0;
    out[1] = word1;
    out[2] = word2;
    return answer_words(3);
}

/*
 * A no-reply operation is done: the receive phase, if asked for, is a real one (I-13).
 * Always NO_ANSWER.
 */
u64 syscall_no_reply(struct thread *t, struct kobject *o, struct sender *irq);

/* A thread blocked in a kernel operation (semaphore) goes on: with an error, or with label 0. */
void syscall_unblock(struct thread *t, unsigned error);

/* ---- arguments ---- */

/*
 * The first item after the words as a capability of the given type (NULL: any) whose slot has
 * `rights`; O-2, O-3.
 * NULL: *err is -EINVAL or -EPERM, or 0 after an IPC error 8 has been answered.
 */
struct cap *syscall_cap_arg(struct thread *t, unsigned rights, const struct kobject_type *type,
                            int *err);
/* The same with no rights, for what is called often. */
static inline struct cap *syscall_cap_arg_quickly(struct thread *t, const struct kobject_type *type,
                                                  int *err)
{
    unsigned at = sys_words(t);
    const u64 *item = &t->utcb->mr[at];

    if (likely(sys_tag(t) & TAG_ITEMS) && likely(at + 2 <= N_MESSAGE_REGS) &&
        likely(!item_is_void(item[0])) && likely(fp_type(item[1]) == FP_OBJ)) {
        struct cap *slot = obj_lookup(t->task, item[1]);
        if (likely(slot != NULL) && likely(slot->obj->type == type))
            return slot;
    }
    return syscall_cap_arg(t, 0, type, err);
}

/* The first item as a thread that messages may be sent to by others: its slot needs S. */
static inline struct thread *syscall_thread_arg(struct thread *t, int *err)
{
    struct cap *slot = syscall_cap_arg_quickly(t, &thread_type, err);

    if (unlikely(!slot))
        return NULL;
    *err = -L4_EPERM;
    return likely(slot->rights & CAP_S) ? thread_of(slot->obj) : NULL;
}

/* The answer for `err` of these two. */
static inline u64 answer_arg(int err) { return err ? answer_label(err) : NO_ANSWER; }

#endif
