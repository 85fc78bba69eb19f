/* SPDX-License-Identifier: MIT */
/*
 * What the kernel says about its own memory, through the debugger object.  A kernel of another project has no such
 * requests: there kernel_free() is always 0 and kernel_check() finds nothing wrong.
 */
#ifndef TESTS_MEMORY_H
#define TESTS_MEMORY_H

#include "steps.h"

/** Bytes of the kernel heap that are free. */
unsigned long kernel_free(void);

/** Let the kernel check its invariants: 0, or an error if one does not hold (it prints which). */
long kernel_check(void);

/** Order that the k-th allocation from now fails, 0: none; 0, or -L4_ENOSYS if it is no debug kernel. */
long kernel_fail_at(unsigned long k);

/** Whether it is a debug kernel, which checks all its structures after changes and so is slow. */
int kernel_is_debug(void);

/**
 * Run fn a few times (slabs keep a page, tables of the main task stay), then a few times more:
 * the case fails if the kernel then has fewer free bytes, or more.
 */
void expect_no_loss(void (*fn)(void));

#endif
