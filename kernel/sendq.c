/* SPDX-License-Identifier: MIT */
/* Queues of senders, see sendq.h. */
#include "sendq.h"

static struct sendq_walk *active_walks;

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

/* Behind `s`: the rest of its ring, then the first of the next lower priority. */
static struct sender *successor(const struct sender *s)
{
    return s->next->link ? s->next->below : s->next;
}

void sendq_remove(struct sender *s)
{
    for (struct sendq_walk *w = active_walks; w; w = w->link)
        if (w->cur == s)
            w->cur = successor(s);
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

void sendq_walk_begin(struct sendq_walk *w, struct sendq *q)
{
    w->cur = q->first;
    w->link = active_walks;
    active_walks = w;
}

void sendq_walk_next(struct sendq_walk *w) { w->cur = successor(w->cur); }

void sendq_walk_end(struct sendq_walk *w)
{
    struct sendq_walk **p = &active_walks;

    while (*p != w)
        p = &(*p)->link;
    *p = w->link;
}
