/* SPDX-License-Identifier: MIT */
/*
 * Kernel objects: the common head, capability slots and the end of an object's life.
 *
 * An object lives as long as a counted slot holds it (M-58); then, or when somebody deletes it, it is killed:
 * from that moment every slot that still holds it counts as empty, and the reaper empties the slots and runs
 * the type's destroy steps in bounded pieces (M-73).  Its memory goes when the last kernel reference goes.
 *
 * Called by everything that has objects; calls the types' functions.
 * Invariant I9: `counted` equals the number of slots without ATTR_WEAK (less what a gate's server gave up);
 * dying exactly after kobject_kill.
 */
#ifndef QUIRE_KOBJECT_H
#define QUIRE_KOBJECT_H

#include "types.h"

struct thread;
struct task;
struct factory;
struct kobject;
struct slab;

/* Rights of a capability slot: the low bits of a flexpage and the attributes of a send item. */
enum cap_rights {
    CAP_W = 1,
    CAP_S = 2,
    CAP_R = 4,
    CAP_D = 8,
    CAP_RIGHTS = 15,
    ATTR_WEAK = 0x10,   /* not counted */
    ATTR_SERVER = 0x20, /* IPC gate: control operations */
    ATTR_CTL = 0xe0,    /* all type-specific rights */
};

/* A capability slot; 32 bytes (128 in a page). */
struct cap {
    struct kobject *obj;      /* NULL: empty */
    struct cap *next, **link; /* the object's list of slots */
    u64 rights;               /* enum cap_rights */
};
static_assert(sizeof(struct cap) == 32, "128 slots in a page");

/* Returns the answer's tag, and then the current thread is still the same; or NO_ANSWER (syscall.h). */
typedef u64 kobject_op(struct thread *cur, struct kobject *o, unsigned rights);

struct kobject_type {
    const char *name;
    s64 proto; /* label of the kernel operations */
    /* A thread invokes the object: cur->regs and cur->utcb hold the request; `rights`: W, S and ATTR_* of the slot. */
    void (*invoke)(struct thread *cur, struct kobject *o, unsigned rights);
    /* The same when it is known to be a call (send and receive); may return the answer's tag (syscall.h). */
    kobject_op *op;
    /* One bounded step of the end; true: done.  NULL: nothing to do. */
    bool (*destroy)(struct kobject *o);
    /* No reference is left: one bounded step of giving back what the object holds; true: done.  NULL: nothing. */
    bool (*release)(struct kobject *o);
    struct slab *slab; /* where the objects come from; NULL: only the kernel makes them */
    u64 head;          /* offset of the struct kobject in the object */
};

struct kobject {
    const struct kobject_type *type;
    kobject_op *op;          /* of the type while the object lives, then syscall_dead_object */
    struct cap *caps;        /* slots that hold the object */
    u64 id;                  /* unique for ever: names a partner without a reference */
    struct factory *factory; /* who pays */
    struct kobject *reap_next;
    struct kobject *all_next, **all_link; /* every object there is */
    s64 counted; /* slots that are not weak, less what dec_refcnt took (O-24) */
    u32 refs;    /* kernel-internal references, one of them for being alive */
    bool dying;
    u8 name; /* of its entry in the debugger's table of names; 0: none */
};

/* Initialise the head with one reference; takes a reference on the factory (NULL: the kernel's own). */
void kobject_init(struct kobject *o, const struct kobject_type *type, struct factory *f);

static inline void kobject_get(struct kobject *o) { o->refs++; }
/* Drop a reference; at zero the reaper releases the object. */
void kobject_put(struct kobject *o);

/* The object ends: unreachable at once, the rest is done by the reaper before user code runs again. */
void kobject_kill(struct kobject *o);

/* The first of all objects, linked by all_next: for the checks and the debugger. */
struct kobject *kobject_all(void);

/* ---- slots ---- */

/* Fill an empty slot. */
void cap_insert(struct cap *slot, struct kobject *o, unsigned rights);
/* Empty a slot: `delete` asks for the object's end if the slot has D (M-64, M-68). */
void cap_remove(struct cap *slot, bool delete);
/* Move a slot's content to an empty slot with new rights (M-61). */
void cap_move(struct cap *to, struct cap *from, unsigned rights);

/* ---- reaper ---- */

/* Objects wait for their end. */
bool reap_pending(void);
/* Work until nothing is left (true) or an interrupt wants to be handled (false). */
bool reap_run(void);
/* The highest priority that had caused the pending work; threads above it go first. */
unsigned reap_prio(void);

#endif
