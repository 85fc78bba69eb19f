/* SPDX-License-Identifier: MIT */
/*
 * Guarded accesses: try to read, write or execute at an address and survive a fault.
 *
 * A second thread of the program is the exception handler of the calling thread.  A page fault
 * that the pager does not resolve becomes an exception (I-54), which this thread receives; if the
 * fault came from one of the functions here, it is recorded and the function returns 0, else the
 * program ends with a message.
 */
#ifndef QUIRE_GUARD_H
#define QUIRE_GUARD_H

#include <l4/sys/types.h>

/** What the last failed guarded access saw. */
struct quire_fault {
    l4_addr_t address;
    l4_addr_t ip;
    char const *kind;    /* "read", "write" or "execute" */
    unsigned long trap;  /* trap number, 14 for a page fault */
    unsigned long error; /* error code of the processor */
};

/** Start the handler thread for the calling thread; 0 or an error. */
int quire_guard_start(void);

/** Read a word; 1 = done, 0 = fault. */
int quire_guard_read(l4_addr_t address, unsigned long *value);

/** Write a word; 1 = done, 0 = fault. */
int quire_guard_write(l4_addr_t address, unsigned long value);

/** Call the code at address, which must return; 1 = done, 0 = fault. */
int quire_guard_exec(l4_addr_t address);

/** Number of faults survived so far; *f (may be null) gets the last one. */
unsigned quire_guard_faults(struct quire_fault *f);

#endif
