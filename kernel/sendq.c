/* SPDX-License-Identifier: MIT */
/* Queues of senders, see sendq.h. */
#include "sendq.h"

void sendq_add(struct sendq *q, struct sender *s)
{
    struct sender **p = &q->first, *at;

    s->queue = q;
    while (*p && (*p)->prio > s->prio)
        p = &(*p)->below;
    at = *p;
    if (at && at->prio == s->prio) { /* behind the last of the ring */
        s->link = NULL;
        s->next = at;
        s->prev = at->prev;
        at->prev->next = s;
        at->prev = s;
        return;
    }
    s->next = s->prev = s;
    s->below = at;
    s->link = p;
    if (at)
        at->link = &s->below;
    *p = s;
}

void sendq_remove(struct sender *s)
{
    if (s->link) {
        struct sender *heir = s->next != s ? s->next : s->below;
        if (heir == s->next) { /* the next of the ring takes the place */
            heir->below = s->below;
            if (heir->below)
                heir->below->link = &heir->below;
        }
        *s->link = heir;
        if (heir)
            heir->link = s->link;
    }
    s->next->prev = s->prev;
    s->prev->next = s->next;
    s->queue = NULL;
    s->link = NULL;
}
