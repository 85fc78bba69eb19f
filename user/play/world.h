/* SPDX-License-Identifier: MIT */
/*
 * What the playground knows: names, the derivation it caused, and whether the kernel agrees.
 *
 * Decides: how one operation happens.  Each is done by the kernel through the public interface and
 * by the reference model (tests/model), which shares no code with the kernel.  The model says
 * which pages, ports and slots there must be, and what derives from what, which no system call
 * tells; the answers are compared at once, pages and slots by trying them (probe.c).
 *
 * Called by the commands; calls agent.c, the model and kernel objects.
 */
#ifndef PLAY_WORLD_H
#define PLAY_WORLD_H

#include "agent.h"
#include "tests/model/model.h"

enum { NAME_SIZE = 8, SMALL_PAGES = 64, LARGE_PAGES = 2, SMALL_PER_LARGE = 512 };

/** The root task's memory: small pages P0... and large pages L0... */
#define SMALL_BASE 0x10000000UL
#define LARGE_BASE 0x40000000UL
#define LARGE_SIZE (1UL << L4_SUPERPAGESHIFT)

/** Slots of the root task that `gate`, `task`, ... fill; scratch of the probes. */
enum { OBJECT_SLOTS = 0x1000, SCRATCH_SLOT = 0xf00 };

struct named {
    char name[NAME_SIZE]; /* "": not in use */
    unsigned slot;        /* of the root task, when it was made */
    char const *kind;     /* "task", "gate", ... */
    unsigned space;       /* of a task; else 0 */
    unsigned object;      /* number in the model */
    l4_umword_t id;       /* the kernel's, from the debugger object */
    unsigned long limit;  /* of a task with a quota of its own */
};
enum { N_NAMES = 48 };
extern struct named names[N_NAMES];

/** How an operation went. */
struct outcome {
    long error; /* as l4_error(); of the sender for a message */
    struct model_answer model;
    l4_umword_t word[SEQ_MAX_UNMAPS]; /* unmap: flexpages as returned */
    struct agent_message from, to;    /* message: both sides */
    unsigned n_wrong;                 /* answers that the model does not expect */
};

/** Threads, memory and model; ends the program if the machine has too little. */
void world_init(void);

/** By name: NULL if unknown.  By number of the model's object or space: "?" if it has none. */
struct named *name_find(char const *name);
char const *name_of_space(unsigned space);
char const *name_of_object(unsigned object);

/** Space of a task's name ("root" too), 0 if there is none. */
unsigned space_of(char const *name);

/** Make an object; 0 or an error.  kind: L4_PROTO_*; a gate's thread: helper of `space`. */
long world_task(char const *name, unsigned long limit);
long world_gate(char const *name, unsigned space, l4_umword_t label);
long world_object(char const *name, long kind, char const *what);
/** Delete by the capability that the root task got when it was made. */
long world_delete(struct named *n);
/** Forget what died on the way, end helpers of dead tasks; after each operation. */
void world_bury(void);

/** Task.map of one item; Task.unmap; a message (op->w and op->n as in tests/model/seq.h). */
void world_map(struct seq_op const *op, struct outcome *o);
void world_unmap(struct seq_op const *op, struct outcome *o);
void world_send(struct seq_op const *op, l4_cap_idx_t dest, struct outcome *o);
/** Tell the model that a helper has read or written. */
void world_touch(unsigned space, l4_addr_t at, int write);

/** Ports of sigma0 for the root task; 0 or an error. */
long world_ports(unsigned port, unsigned order);
/** Delete all tasks and objects, give the root task its memory again. */
void world_reset(void);

/** Largest limit that a factory made by the task's factory can have: what is left of its quota. */
unsigned long world_quota_left(struct named const *task);

/** The name of a piece of memory: P3, L0+0x3000, or a number. */
char const *frame_name(u64 phys);
/** Physical address behind an address of the root task's own memory, or ~0. */
u64 frame_of(l4_addr_t at);

/** Compare the kernel with the model (probe.c): the number of places that differ, each printed. */
unsigned world_check(unsigned *pages, unsigned *slots);
/** Remember that something was, or could be, at this place, to be looked at by world_check. */
void place_note(unsigned space, unsigned type, u64 at);
void places_forget(void);
/** What the task may do at the address: R, W and X bits, by trying. */
unsigned probe_rights(unsigned space, l4_addr_t at);

#endif
