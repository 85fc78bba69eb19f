/* SPDX-License-Identifier: MIT */
/*
 * The booted kernel against the reference model of tests/model: random operations, carried out by real system
 * calls and by the model.
 *
 * This program is booted in sigma0's place, so that it is the model's space 0: all memory is its own, at physical
 * addresses.  It is called the driver.  Each task has two helper threads, which run the code of one page
 * (helper.c) on a page of kernel-user memory, and find driver and partners through reserved slots.  All of these
 * are part of the model's state too: an operation may take them away, then the driver gives them back by an
 * operation of its own, which both carry out.
 */
#ifndef USER_FUZZ_MAP_H
#define USER_FUZZ_MAP_H

#include "../../tests/model/gen.h"
#include "../../tests/model/model.h"

#include <l4/sys/types.h>
#include <l4/sys/utcb.h>

enum { N_HELPERS = 2, HELPER_RCV = 0, HELPER_SND = 1, MAX_TASKS = 4 };
#define HELPER_CODE 0x30000000UL
#define HELPER_KU 0x30001000UL

/* Reserved slots of each task. */
enum { SLOT_PARTNER_S = 0x50, SLOT_PARTNER = 0x58, SLOT_PAGER = 0x5f };

/* Orders for helpers: MR0; words that follow; what comes back. */
enum helper_order {
    HELPER_PROBE = 1, /* addresses, bit 0: write; the values read or PROBE_FAULT */
    HELPER_PORTS,     /* ports; PROBE_FAULT or something else */
    HELPER_SEND,      /* selector, tag, items; MR0 tag, MR1 error */
    HELPER_RECEIVE,   /* BDR, BRs; answered at once, then waits for a message */
    HELPER_REPORT     /* MR0 tag of that message, MR1 error, MR2 ... its words 1 ... */
};
enum { PROBE_MAX = 40, FILL = 0x5a5a };
#define PROBE_FAULT 0xdeadfa17UL
#define MARK(phys) ((phys) ^ 0x5eed000000000000UL)

extern char helper_page[], helper_fault[];
void helper_entry(void);

struct answer {
    enum model_status status;
    u64 word[2 * SEQ_MAX_ITEMS];
    bool done;     /* false: does not apply here; the model leaves it out too */
    u64 object_id; /* of a new object */
    bool unknown;  /* a helper did not live to tell */
};

/* A world and a generator; names as in tests/host/scenarios.c. */
struct scenario {
    const char *name;
    struct gen_config gen;
    bool family;    /* task 1 holds the capabilities of the others */
    u32 quota;      /* of each task, KiB; 0: plenty */
    unsigned share; /* of all operations, per thousand */
};

/* ---- the world (map_world.c) ---- */

/* The driver's capabilities of a space. */
l4_cap_idx_t world_task(unsigned space, bool with_s);
l4_cap_idx_t world_factory(unsigned space);
l4_cap_idx_t world_helper(unsigned space, unsigned which);
l4_cap_idx_t world_reserve(unsigned space);
l4_cap_idx_t world_scratch(void);
/* Objects of the model by number: the kernel's id. */
void world_note_object(unsigned object, u64 id);
u64 world_object_id(unsigned object);
u64 world_id_of(l4_cap_idx_t cap);
bool world_is_ram(u64 phys);
/* No device: reading there changes nothing. */
bool world_can_be_read(u64 phys);

void world_init(void);
/* Tasks 1 ... n are made; model and kernel agree. */
void world_begin(const struct scenario *s);
void world_end(void);
/* The driver ends a task, on both sides. */
void world_end_task(unsigned space);
/* After an operation: who has ended in the model must have ended in the kernel. */
void world_bury(void);
/* What the pager did for helpers meanwhile, the model does too. */
void world_after_operation(void);
/* A new task, its helpers too; false: no memory. */
bool world_make_task(struct seq_op *op, struct answer *k);
/* Helpers find code, pager and partner. */
bool world_prepare(unsigned space);
bool world_partner(unsigned space, unsigned partner, bool with_s);
/* Call a helper; words of the order are in the driver's UTCB; the answer's tag. */
l4_msgtag_t world_call(unsigned space, unsigned which, unsigned words);

/* ---- operations (map_exec.c) and comparison (map_compare.c) ---- */

void exec_run(struct seq_op *op, struct answer *k);
/* Both sides; false: it did not apply.  Ends the run with the sequence if they differ. */
bool both_run(const struct seq_op *op, enum model_status *status);
bool slot_is_filled(unsigned space, u64 slot);
/* The id of the object in a slot with R. */
u64 object_in_slot(unsigned space, u64 slot);
void compare_answers(const struct seq_op *op, const struct answer *k, const struct model_answer *m);
/* full: absent pages and ports too, all of them. */
void compare_states(struct gen *g, bool full);

/* ---- tasks with little quota (map_tight.c) ---- */

extern bool tight_world; /* maps may fail for want of memory */
/* Before an operation: all helpers have what they need, and every task has its reserve. */
void tight_prepare(void);
/* Give the task's reserve up; false: there is none. */
bool tight_release(unsigned space);
void tight_end(void);
/* The model's turn: it stops where the kernel did. */
void tight_run(const struct seq_op *op, const struct answer *k, struct model_answer *m);

/* ---- sequences as text (map_replay.c) ---- */

extern const char *const kind_names[N_SEQ_KINDS];
void print_operation(const struct seq_op *op);
/* The n-th module that is a sequence: its operations, *name that of its scenario (no word: none); how many, 0: none. */
unsigned replay_read(unsigned n, struct seq_op *ops, unsigned max, const char **name);

/* A difference: print what and the sequence, end the run. */
_Noreturn void differs(char const *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
