/* SPDX-License-Identifier: MIT */
/*
 * State of the root task, shared by its files.
 *
 *   modules.c  finds the boot modules           script.c  reads the boot script
 *   memory.c   RAM of the root task             elf.c     checks program files
 *   load.c     makes a task of a program        main.c    starts all, serves faults and ends
 */
#ifndef ROOT_ROOT_H
#define ROOT_ROOT_H

#include "script.h"

#include <l4/sys/types.h>

/** A boot module; data is readable by the root task after module_open(). */
struct module {
    char name[MODULE_SIZE];
    char const *data;
    unsigned long size;
};

/** A started program. */
struct program {
    struct script_program const *script;
    l4_cap_idx_t task, thread, gate, factory;
    l4_addr_t utcb_area;
    int ended, faulted;
    unsigned long status; /* valid when ended and not faulted */
};

/** Programs' address space, set up by load.c. */
#define STACK_LOW 0xb0000000UL
#define STACK_SIZE 0x8000UL
#define KIP_ADDRESS 0xaffff000UL
#define UTCB_ADDRESS 0xb3000000UL

/** Print "root: error: ..." and end the run with failure. */
void die(char const *format, ...) __attribute__((format(printf, 1, 2))) L4_NORETURN;

/** Read the module list; 0, or -1 if the machine has none. */
int modules_find(void);

/** The module with this name, or null. */
struct module const *module_by_name(char const *name);

/** The first module whose name ends like this, or null. */
struct module const *module_by_ending(char const *ending);

/** Make a module's data readable; dies if sigma0 refuses. */
void module_open(struct module const *m);

/** A zeroed page of RAM, mapped in the root task; null if there is none left. */
void *page_alloc(void);

/** Capability slot of channel n's gate; made by main.c before programs are loaded. */
extern l4_cap_idx_t channel_gate[MAX_CHANNELS];
extern struct script script;

/**
 * Make a task of a program: memory, capabilities, first thread, but do not let it run.
 * label: of the gate through which it talks to the root task.  Dies on bad files.
 */
void program_load(struct program *p, l4_umword_t label);

/** Let the first thread run. */
void program_start(struct program *p);

/** Delete the task and its first thread. */
void program_destroy(struct program *p);

#endif
