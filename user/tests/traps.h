/* SPDX-License-Identifier: MIT */
/*
 * Machine code that runs in a worker and ends in a trap.
 *
 * The worker ring3 has a task of its own; CODE in it is a page of the main task, filled by the case.
 */
#ifndef TESTS_TRAPS_H
#define TESTS_TRAPS_H

#include "steps.h"

#define CODE 0x60000000UL      /* in ring3 */
#define CODE_POOL 0x50000000UL /* the same page in the main task */

enum {
    TRAP_DIV = 0,
    TRAP_DEBUG = 1,
    TRAP_BREAK = 3,
    TRAP_OPCODE = 6,
    TRAP_PROTECTION = 13,
    TRAP_PF = 14,
    TRAP_FPU = 16,
};

extern struct worker *ring3;

/** A worker and a page for code; sets test_setup. */
void traps_init(void);
/** Forgets what was seen, takes the page at CODE away. */
void traps_setup(void);

/** Maps the code's page to ring3. */
void map_code(unsigned rights);

/** ring3 calls the code; 1: it returned, 0: it trapped, see pager_seen.regs. */
int call_code(void const *code, unsigned n);

/** ring3 begins to call the code, which may block. */
void start_code(void const *code, unsigned n);

/** ring3 calls the code; compares the number of the trap. */
void trap_of_code(char const *name, void const *code, unsigned n, unsigned long trap);

#endif
