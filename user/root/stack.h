/* SPDX-License-Identifier: MIT */
/*
 * The top page of a program's stack: arguments, environment block, auxiliary vector.
 *
 * Decides: the hand-over from the root task to user/lib/start.c (abi: boot section 7).  Called by
 * load.c.  The page is written at its place in the root task; all addresses in it are the
 * program's.
 *
 *   high  +--------------------------------+
 *         | argument strings               |
 *         | named capabilities, end entry  |
 *         | environment block (l4re_env_t) |
 *         | auxiliary vector, end entry    |
 *         | 0 (no environment strings)     |
 *         | argv[0] ... argv[argc-1], 0    |
 *   low   | argc                           |  <- stack pointer, 16-byte aligned
 *         +--------------------------------+
 */
#ifndef ROOT_STACK_H
#define ROOT_STACK_H

#include "script.h"

#include <l4/re/env.h>
#include <l4/sys/__utcb_layout.h>

struct stack_env {
    char *page;             /* in the root task */
    l4_addr_t page_address; /* in the program */
    l4re_env_t *env;
    unsigned n_caps;
    l4re_env_cap_entry_t *caps; /* room for MAX_CHANNELS + 1 */
};

/** Lay out environment and capability list in the page. */
void stack_begin(struct stack_env *s, l4_addr_t utcb_area, unsigned utcb_order);

/** Add a named capability; at most MAX_CHANNELS. */
void stack_add_cap(struct stack_env *s, char const *name, l4_cap_idx_t cap);

/** Add arguments and vectors; returns the stack pointer.  Dies if they do not fit. */
l4_addr_t stack_finish(struct stack_env *s, struct script_program const *program);

#endif
