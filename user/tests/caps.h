/* SPDX-License-Identifier: MIT */
/*
 * What a capability slot is good for, told by using it.
 *
 * The gates of these cases are bound to a thread of the main task, the server: a message through a
 * slot shows the object (the gate's label) and the slot's W and S rights (O-21).
 */
#ifndef TESTS_CAPS_H
#define TESTS_CAPS_H

#include "exchange.h"

#include <l4/re/c/util/cap_alloc.h>

extern struct worker *server;

/** exchange_init() and the server. */
void caps_init(void);
void caps_setup(void);

/** Result of label_of() when nothing arrived; the low bits are the sender's error. */
#define NO_LABEL 0xe0000000UL

/** Send through a slot of the worker; label that arrives at the server, or NO_LABEL | error. */
l4_umword_t label_of(struct worker *w, l4_cap_idx_t slot);
/** The same through a slot of the main task. */
l4_umword_t main_label_of(l4_cap_idx_t slot);

/** A gate to the server. */
l4_cap_idx_t server_gate(l4_umword_t label);

/** Counted slots of a gate of which the main task holds the server right in this slot (O-24). */
unsigned long count(l4_cap_idx_t gate);

/** Task.map of one slot of the main task; word0: hot spot, attributes, grant; returns l4_error(). */
long map_cap(l4_cap_idx_t to, l4_umword_t word0, l4_cap_idx_t cap, unsigned rights);

/** Task.unmap of slots; mask L4_FP_*. */
void unmap_caps(l4_cap_idx_t task, l4_fpage_t slots, l4_umword_t mask);
#define CAP(slot, rights) l4_obj_fpage(slot, 0, (unsigned char)(rights))

/** An unused slot of the main task; free_slot() empties it and gives it back. */
l4_cap_idx_t new_slot(void);
void free_slot(l4_cap_idx_t slot);

#endif
