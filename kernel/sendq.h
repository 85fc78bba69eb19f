/* SPDX-License-Identifier: MIT */
/*
 * Queues of senders, ordered by priority and first come first served within one (I-28).
 *
 * One element per priority hangs in the queue itself (at most 256), the others of that priority form a
 * ring with it;
 * so no operation depends on the number of waiting senders.
 */
#ifndef QUIRE_SENDQ_H
#define QUIRE_SENDQ_H

#include "types.h"

struct sendq;

enum sender_kind { SENDER_THREAD, SENDER_IRQ };

struct sender {
    struct sendq *queue;          /* NULL: not queued */
    struct sender *next, *prev;   /* ring of one priority */
    struct sender *below, **link; /* first of the ring only (link != NULL): next lower priority */
    u64 label;                    /* delivered with the message; modify_senders changes it (O-14) */
    u8 prio;
    u8 kind;
};

struct sendq {
    struct sender *first;
};

void sendq_add(struct sendq *q, struct sender *s);
void sendq_remove(struct sender *s);

/* A walk over all senders of a queue, robust against removals between two steps. */
struct sendq_walk {
    struct sender *cur; /* next to visit, NULL at the end */
    struct sendq_walk *link;
};
void sendq_walk_begin(struct sendq_walk *w, struct sendq *q);
void sendq_walk_next(struct sendq_walk *w);
void sendq_walk_end(struct sendq_walk *w);

#endif
