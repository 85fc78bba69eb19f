/* SPDX-License-Identifier: MIT */
/*
 * Protocol between a program and the root task that started it.
 *
 *   label L4RE_PROTO_PARENT   MR0 = 0 (signal)   MR1 = signal   MR2 = value
 *
 * Signal 0: the program ends with status value (0 = success).  The root task does not answer it.
 */
#ifndef L4_RE_C_PARENT_H
#define L4_RE_C_PARENT_H

#include <l4/sys/types.h>

enum {
    L4RE_PARENT_OP_SIGNAL = 0,
    L4RE_PARENT_SIGNAL_EXIT = 0,
};

/** Send a signal to the parent; returns only with an error. */
long l4re_parent_signal(l4_cap_idx_t parent, unsigned long sig, unsigned long val);

#endif
