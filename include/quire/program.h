/* SPDX-License-Identifier: MIT */
/*
 * Start and end of programs, and threads.
 */
#ifndef QUIRE_PROGRAM_H
#define QUIRE_PROGRAM_H

#include <l4/sys/types.h>
#include <l4/sys/utcb.h>

/** Values for quire_machine_exit(). */
enum {
    QUIRE_EXIT_SUCCESS = 0x10,
    QUIRE_EXIT_FAILURE = 0x11,
};

/** End the program with a status: 0 = success.  In a root task: ends the machine. */
void exit(int status) L4_NORETURN;

/**
 * End the machine through QEMU's exit port 0xf4, which is asked from sigma0; if that fails by
 * platform control.  Root tasks only.
 */
void quire_machine_exit(unsigned char value) L4_NORETURN;

/** Slot, UTCB and entry of a thread made by quire_thread_create(). */
struct quire_thread {
    l4_cap_idx_t cap;
    l4_utcb_t *utcb;
    void (*entry)(void *);
    void *arg;
};

/** A UTCB of this task that no thread uses, or null; adds kernel-user memory when needed. */
l4_utcb_t *quire_utcb_alloc(void);

/**
 * Create and start a thread of this task.
 *
 * t->entry and t->arg are set by the caller; entry must not return.  stack: lowest address, size
 * bytes; prio: 1..255.  Pager and exception handler: selector handler.  Returns 0 or an error.
 */
int quire_thread_create(struct quire_thread *t, void *stack, unsigned long size, unsigned prio,
                        l4_cap_idx_t handler);

#endif
