/* SPDX-License-Identifier: MIT */
/* IPC gates: a label and a thread behind a capability (abi: objects.md section 5). */
#ifndef QUIRE_GATE_H
#define QUIRE_GATE_H

#include "l4/sys/types.h"
#include "syscall.h"

struct gate {
    struct kobject obj;
    struct thread *thread; /* a reference; NULL: unbound */
    u64 label;             /* bits 1:0 zero */
    struct sendq waiting;  /* senders while unbound (O-22) */
    s64 given_up;          /* by dec_refcnt: counter + this = counted slots (I9) */
};

extern const struct kobject_type gate_type;

static inline struct gate *gate_of(struct kobject *o) { return container_of(o, struct gate, obj); }

/* A new gate, unbound; NULL: no memory or quota. */
struct gate *gate_create(struct factory *f);
/* Bind, or bind anew; senders waiting in the gate are the caller's to restart. */
void gate_bind(struct gate *g, struct thread *t, u64 label);

/* The thread that was restarting the senders waiting in the gate is killed: the rest, in one go. */
void gate_restart_rest(struct kobject *o);

/* Is the current system call, which sends, for the gate itself and not for the thread behind it (O-19)? */
static inline bool gate_is_control(const struct thread *t, u64 rights)
{
    return rights & ATTR_SERVER && tag_label(sys_tag(t)) == L4_PROTO_KOBJECT;
}

/* Message IPC of the current thread through the gate; `rights`: W and S of the slot used. */
void gate_send(struct thread *t, struct gate *g, unsigned rights);

/* Is the object a gate bound to a thread of `task` (F-17)?  Its label. */
bool gate_is_local(const struct kobject *o, const struct task *task);
u64 gate_label(const struct kobject *o);

#endif
