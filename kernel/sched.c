/* SPDX-License-Identifier: MIT */
/*
 * Scheduling and the way out of the kernel, see sched.h.
 *
 * Invariant: a thread is in the ready queue exactly when it is T_READY and not current.
 */
#include "sched.h"

#include "check.h"
#include "irq.h"
#include "latency.h"
#include "pager.h"
#include "preempt.h"
#include "switch.h"
#include "trace.h"

static struct thread *queue[PRIO_MAX + 1]; /* first of a ring per priority */
static u64 ready_mask[4];                  /* priorities with a non-empty ring */

static unsigned top_prio(void)
{
    for (int i = 3; i >= 0; i--)
        if (ready_mask[i])
            return (unsigned)i * 64 + 63 - (unsigned)__builtin_clzl(ready_mask[i]);
    return 0;
}

static bool any_ready(void)
{
    return ready_mask[0] | ready_mask[1] | ready_mask[2] | ready_mask[3];
}

static void enqueue(struct thread *t, bool front)
{
    struct thread **head = &queue[t->prio], *first = *head;

    t->queued = true;
    if (!first) {
        t->ready_next = t->ready_prev = t;
        *head = t;
        ready_mask[t->prio / 64] |= 1UL << (t->prio % 64);
        return;
    }
    t->ready_next = first;
    t->ready_prev = first->ready_prev;
    t->ready_prev->ready_next = t;
    first->ready_prev = t;
    if (front)
        *head = t;
}

static void dequeue(struct thread *t)
{
    struct thread **head = &queue[t->prio];

    t->queued = false;
    if (t->ready_next == t) {
        *head = NULL;
        ready_mask[t->prio / 64] &= ~(1UL << (t->prio % 64));
        return;
    }
    t->ready_prev->ready_next = t->ready_next;
    t->ready_next->ready_prev = t->ready_prev;
    if (*head == t)
        *head = t->ready_next;
}

unsigned sched_current_prio(void)
{
    pcpu_ref p = pcpu();

    return p->sc ? p->sc->prio : 0;
}

void sched_note_work(void) { pcpu()->resched = true; }

static void sched_choose_again(pcpu_ref p) { p->choose = p->resched = true; }

void sched_ready(struct thread *t)
{
    pcpu_ref p = pcpu();

    t->state = T_READY;
    if (t == p->cur || t->queued || t->flags & TF_PARKED)
        return;
    enqueue(t, false);
    if (t == p->sc) /* its time slice was lent: it wants it back itself */
        p->sc = p->cur;
    if (!p->sc || t->prio > p->sc->prio)
        sched_choose_again(p);
}

void sched_run(struct thread *t)
{
    pcpu_ref p = pcpu();
    struct thread *cur = p->cur;

    if (p->resched || p->sc != cur || t->prio <= cur->prio || t->flags & TF_PARKED || t->cont) {
        sched_ready(t);
        return;
    }
    t->state = T_READY;
    enqueue(cur, true);
    p->sc = t;
    arch_switch(cur, t);
}

void sched_remove(struct thread *t)
{
    pcpu_ref p = pcpu();

    if (t->queued)
        dequeue(t);
    if (t == p->sc)
        p->sc = p->cur;
    sched_choose_again(p);
}

void sched_set_prio(struct thread *t, unsigned prio)
{
    bool queued = t->queued;

    if (queued)
        dequeue(t);
    t->prio = (u8)prio;
    if (queued)
        enqueue(t, false);
    sched_choose_again(pcpu());
}

void sched_set_cpu(struct thread *t, bool run)
{
    t->flags = (u8)((t->flags & ~TF_PARKED) | (run ? 0 : TF_PARKED));
    t->has_cpu = run;
    if (!run && t->queued)
        dequeue(t);
    else if (run && t->state == T_READY)
        sched_ready(t);
    sched_choose_again(pcpu());
}

void sched_yield(void)
{
    pcpu()->yield = true;
    sched_choose_again(pcpu());
}

/* May `t` run at once?  A call lends the time slice; else its own must be due. */
static bool may_follow(pcpu_ref p, const struct thread *t, bool lend)
{
    if (unlikely(p->resched) || unlikely(t->flags & TF_PARKED) || !p->sc)
        return false;
    return p->sc == t || (lend && t->prio <= p->sc->prio) || !any_ready() || top_prio() < t->prio;
}

void sched_hand_over(struct thread *t, bool lend)
{
    pcpu_ref p = pcpu();

    t->state = T_READY;
    if (!may_follow(p, t, lend)) {
        sched_ready(t);
        sched_stop();
        return;
    }
    if (!lend || t->prio > p->sc->prio)
        p->sc = t;
    if (unlikely(t->cont != NULL))
        p->resched = true;
    arch_switch(p->cur, t);
}

void sched_switch_to(struct thread *t)
{
    struct thread *cur = pcpu()->cur;

    dequeue(t);
    enqueue(cur, true);
    arch_switch(cur, t);
    sched_choose_again(pcpu());
}

void sched_tick(u64 now)
{
    pcpu_ref p = pcpu();
    struct thread *sc = p->sc;
    u64 spent = now - p->last_clock;

    p->last_clock = now;
    if (p->cur)
        p->cur->cpu_time += spent;
    else
        p->idle_time += spent;
    if (!sc)
        return;
    if (sc->left > spent) {
        sc->left -= spent;
        return;
    }
    sc->left = sc->quantum;
    sched_yield(); /* to the end of its ring (O-32) */
}

/* Choose who runs next and load it; NULL: nobody. */
static struct thread *choose(pcpu_ref p)
{
    struct thread *cur = p->cur, *next;
    bool cur_ok = cur && cur->state == T_READY && !(cur->flags & TF_PARKED), yield = p->yield;

    p->choose = p->yield = false;
    if (!any_ready()) {
        if (!cur_ok) {
            p->sc = NULL;
            if (cur)
                arch_switch(cur, NULL);
            return NULL;
        }
        p->sc = cur;
        return cur;
    }
    next = queue[top_prio()];
    if (cur_ok) {
        unsigned eff = p->sc ? p->sc->prio : cur->prio;
        if (next->prio < eff || (next->prio == eff && !yield))
            return cur;
        enqueue(cur, !yield);
        next = queue[top_prio()];
    }
    dequeue(next);
    p->sc = next;
    if (next != cur)
        arch_switch(cur, next);
    return next;
}

struct thread *exit_slowly(void)
{
    pcpu_ref p = pcpu();

    for (;;) {
        struct thread *t;
        if (p->irq_pending)
            irq_run_pending();
        check_noted();
        p->resched = false;
        t = p->cur;
        if (p->choose || !t || t->state != T_READY || t->flags & TF_PARKED)
            t = choose(p);
        if (reap_pending() && (!t || t->prio <= reap_prio())) {
            reap_run(); /* interrupted or done: look again */
            continue;
        }
        if (!t) {
            if (!p->irq_pending)
                arch_idle();
            continue;
        }
        if (t->cont) {
            void (*cont)(struct thread *) = t->cont;
            t->cont = NULL;
            cont(t);
        }
        if (unlikely(t->raise_pending) && !t->cont && t->state == T_READY)
            pager_raise(t);
        if (!p->resched && !p->irq_pending && p->cur == t && t->state == T_READY && !t->cont) {
            latency_end(exit_slowly);
            TRACE(user_return, t);
            return t;
        }
    }
}
