/* SPDX-License-Identifier: MIT */
/*
 * What the tests see of the fake machine, and the world they boot on it: the kernel's own mapping code with
 * sigma0, tasks with quotas, simple objects, and a driver task that holds a capability of each task.
 *
 * Decides: how one operation of a sequence becomes calls of the kernel, and what counts as a difference from
 * the model.  Called by tests/host/t_*.c.
 */
#ifndef TESTS_HOST_FAKE_H
#define TESTS_HOST_FAKE_H

#include "../../model/model.h"

#include "factory.h"
#include "kmem.h"
#include "task.h"
#include "thread.h"

/* ---- the machine (fake.c) ---- */

/* Interrupts: one in `odds` looks finds one; 0: never. */
extern unsigned fake_irq_odds;
extern u64 fake_random_state;
u64 fake_random(void);

/* The CPU of the loaded task reads or writes: sets bits in the entry, keeps the translation.  False: fault. */
bool fake_access(struct task *t, u64 va, bool write);
/* Load another task: nothing is remembered. */
void fake_load(struct task *t);
/* A translation that the tables forbid; NULL: none (I12). */
const char *fake_tlb_check(void);

/* Which kind of difference was found: set before the process ends; may point to shared memory. */
extern u64 *fake_why;
/* A test has found something: print and end the process. */
_Noreturn void fake_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- the world (world.c) ---- */

struct world_config {
    u64 heap;         /* bytes of kernel memory */
    u64 quota;        /* of each task; 0: unlimited */
    bool huge;        /* 1 GiB pages */
    unsigned n_tasks; /* besides sigma0 */
    unsigned irq_odds;
    bool tight;  /* memory failures are to be expected */
    bool family; /* task 1 holds the capabilities of the others in its slots */
};
extern struct world_config world;
extern struct task *world_driver;

struct fake_object {
    struct kobject obj;
    u64 label, bound; /* a gate: id of the task of its thread */
};
extern const struct kobject_type fake_object_type, fake_gate_type;

enum { FAMILY_SLOT = 0x60 };
/* Boot; model and kernel are in the same state: tasks 1 ... n_tasks exist and hold nothing. */
void world_boot(const struct world_config *c);
/* The same state again, with new tasks. */
void world_restart(void);
/* The task of a space, NULL if it does not live. */
struct task *world_task(unsigned space);
struct factory *world_factory(unsigned space);
/* The driver's slot of the space's task, with or without S. */
u64 world_selector(unsigned space, bool with_s);
/* Put a new task's capabilities into the driver's slots; counted: as the only ones. */
void world_enter_task(unsigned space, struct task *t, bool counted);
/* All tasks end; all memory must be back. */
void world_end(void);
/* Let the reaper work until nothing is left. */
void world_reap(void);
/* All invariants, as the kernel's own check sees them. */
void world_check(void);
/* Could an allocation of this task really fail now? */
bool world_is_tight(unsigned space);

/* ---- one operation (exec.c) ---- */

enum { EXEC_FILL = 0x5a5a }; /* message register n holds this + n beforehand */

/* How the kernel answered; word and written as in model_answer. */
struct exec_answer {
    enum model_status status;
    struct model_stop stop;
    u64 word[2 * SEQ_MAX_ITEMS];
    bool done;     /* false: it does not apply in this state (no such task) */
    bool injected; /* the failure that SEQ_FAIL ordered has come */
};
/* May turn the receiver of a new task's capability into the driver alone, when its slot cannot be had. */
void exec_run(struct seq_op *op, struct exec_answer *a);

/* Do all the tasks live that the operation needs? */
bool exec_possible(const struct seq_op *op);

/* The threads of one operation. */
struct exec_pair {
    struct thread thread[2];
    struct utcb utcb[2];
};
/* Begin a map, unmap, message or ku_mem; the thread that does it, whose `cont` is set while it is not done. */
struct thread *exec_begin(const struct seq_op *op, struct exec_pair *p);

/* The IPC error of the last message, 0: none; forgotten afterwards. */
unsigned exec_error(void);

/* Kernel and model: the answers, and the whole state. */
void compare_answers(const struct seq_op *op, const struct exec_answer *k,
                     const struct model_answer *m);
void compare_states(void);
/* After a failure the kernel may have made tables that the model does not know of. */
void compare_learn_tables(void);

/*
 * Run one operation on both sides and compare; the status in *status.  False: it had no effect, for want of memory
 * (MODEL_NO_MEMORY) or because a task that it needs does not live.
 */
bool both_run(const struct seq_op *op, enum model_status *status);

#endif
