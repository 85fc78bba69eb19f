/* SPDX-License-Identifier: MIT */
/*
 * Steps that many cases consist of: a system call of the main thread or of a worker, gates.
 */
#ifndef TESTS_STEPS_H
#define TESTS_STEPS_H

#include "test.h"
#include "worker.h"

#include <l4/sys/kip.h>

/** Both timeouts: n milliseconds. */
#define MS(n) l4_timeout(l4_timeout_from_us((n)*1000UL), l4_timeout_from_us((n)*1000UL))

#define SEND L4_SYSF_SEND
#define RECV L4_SYSF_RECV
#define CALL L4_SYSF_CALL
#define WAIT L4_SYSF_WAIT
#define REPLY (L4_SYSF_SEND | L4_SYSF_REPLY)
#define REPLY_AND_WAIT L4_SYSF_REPLY_AND_WAIT

/** The main thread's last system call. */
extern struct ipc m;

/** Message tag without items and flags. */
l4_msgtag_t tag(long label, unsigned words);

/** The main thread does a system call; returns its error code. */
unsigned long main_does(l4_cap_idx_t dest, l4_umword_t flags, l4_msgtag_t t, l4_timeout_t timeout);

/** A worker starts a system call; returns whether it has finished. */
int does(struct worker *w, l4_cap_idx_t dest, l4_umword_t flags, l4_msgtag_t t,
         l4_timeout_t timeout);

/** Compare a label, result or error number, which may be negative. */
int expect_label(char const *name, long got, long want);

/** Compare the label of a tag. */
int expect_tag_label(char const *name, l4_msgtag_t t, long want);

/** New gate in a fresh slot, bound to thread unless that is L4_INVALID_CAP. */
l4_cap_idx_t new_gate(l4_cap_idx_t thread, l4_umword_t label);

/** New object without arguments in a fresh slot; kind: L4_PROTO_*. */
l4_cap_idx_t new_object(long kind);

/** Delete the object and free the slot. */
void delete_object(l4_cap_idx_t cap);

#endif
