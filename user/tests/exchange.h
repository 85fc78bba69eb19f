/* SPDX-License-Identifier: MIT */
/*
 * One message with items, from the main thread or a worker to a worker.
 *
 * A case builds it from x_begin(), x_window()/x_slot() (the receiver's buffers, in order) and
 * x_item() (the sender's items), lets it pass, and looks at what the receiver got: return items,
 * registers, pages, slots, ports.  The words and the label of the message are X_WORD + n, X_LABEL.
 */
#ifndef TESTS_EXCHANGE_H
#define TESTS_EXCHANGE_H

/* Before pages.h, whose short names of workers are parameters there. */
#include <l4/sys/factory.h>
#include <l4/sys/snd_fpage.h>

#include "pages.h"

enum { X_LABEL = 0x11, X_WORD = 0xd0, NO_BUFFER = 31 };

struct exchange {
    l4_utcb_t snd, rcv; /* message registers of the sender, buffer registers of the receiver */
    unsigned words, n, br;
    unsigned types; /* bit t: a buffer for flexpage type t is there */
};
extern struct exchange x;

/** Slots of the workers' tasks that exchange_setup() empties: SLOT(0) ... SLOT(255). */
#define SLOT(n) ((0x100UL + (n)) << L4_CAP_SHIFT)
/** And these; index: 0x40 ... 0x7f. */
#define LOW_SLOT(index) ((l4_cap_idx_t)(index) << L4_CAP_SHIFT)
/** The worker f in the object spaces of d and e; the worker e in that of d. */
#define PEER_E LOW_SLOT(0x80)
#define PEER_F LOW_SLOT(0x81)

/** pages_init(), then introduce the workers to each other. */
void exchange_init(void);
/** Pages, slots and ports 0x80...0x9f, 0x2f8...0x2ff, 0x3f8...0x3ff are taken back; x_begin(0). */
void exchange_setup(void);

/** Begin a message with this many words, no items and no buffers. */
void x_begin(unsigned words);
/** Append a receive window; it is the first of its type if none was there.  task: see snd_fpage.h. */
void x_window(l4_fpage_t window, l4_cap_idx_t task);
/** Append a buffer for a single slot. */
void x_slot(l4_cap_idx_t slot, unsigned flags);
/** Append an item. */
void x_item(l4_snd_fpage_t item);

/** The worker waits for the message. */
void x_wait(struct worker *to);
/** Main thread to worker through a capability of the main task; returns the sender's error. */
unsigned long x_send(struct worker *to, l4_cap_idx_t through);
/** Worker to worker through a capability of the sender's task; returns the sender's error. */
unsigned long x_pass(struct worker *from, struct worker *to, l4_cap_idx_t through);
/** x_send() to the worker's thread; fails the case on any error. */
void x_ok(struct worker *to);

/** Return item number i. */
l4_snd_fpage_t x_ret(struct worker *w, unsigned i);
/** Compare the first word of return item i; the second must not have been written. */
void expect_ret(struct worker *w, unsigned i, l4_umword_t word0);
/** Both partners must have got the overflow error (F-11). */
void expect_overflow(struct worker *w, unsigned long sender_error);

/** Map one page of the main task to another address of its own, until the next setup. */
void alias(l4_addr_t at, unsigned page);

/** Copy a capability of the main task to a slot of another task. */
void give(l4_cap_idx_t task, l4_cap_idx_t slot, l4_cap_idx_t cap, unsigned rights);
/** Is the slot of the task filled? */
int filled(l4_cap_idx_t task, l4_cap_idx_t slot);
void expect_filled(l4_cap_idx_t task, l4_cap_idx_t slot, int want);

/** A task without threads, in a fresh slot; delete_object() ends it. */
l4_cap_idx_t new_task(l4_cap_idx_t factory);

#endif
