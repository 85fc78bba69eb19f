/* SPDX-License-Identifier: MIT */
/*
 * Scheduling: strict priorities, round robin within one, time slices (O-32), and the way out of the kernel.
 *
 * The current thread is not in the ready queue.  Time is taken from the scheduling context that was
 * chosen last (pcpu->sc): a thread that got the CPU directly by a call runs on its caller's (I-67).
 */
#ifndef QUIRE_SCHED_H
#define QUIRE_SCHED_H

#include "latency.h"
#include "thread.h"
#include "trace.h"

enum { PRIO_MAX = 255, DEFAULT_QUANTUM_US = 10000 };

/* Runnable: into the ready queue; a higher priority than the running context's asks for a new choice. */
void sched_ready(struct thread *t);
/*
 * The same, when the current thread has nothing more to do in the kernel: a higher priority runs at once.  The current
 * thread may be another one afterwards.
 */
void sched_run(struct thread *t);
/* Not runnable any more (dead, parked). */
void sched_remove(struct thread *t);
void sched_set_prio(struct thread *t, unsigned prio);
/* Give the thread a CPU, or take it away: it is parked (O-31). */
void sched_set_cpu(struct thread *t, bool run);
/* The current thread gives way to others of its priority. */
void sched_yield(void);
/*
 * Hand the CPU to `t`, which becomes T_READY, from the current thread, which has just blocked.
 * `lend`: it runs on the current time slice (a call, I-67); otherwise on its own if nobody of its
 * priority waits.
 */
void sched_hand_over(struct thread *t, bool lend);
/* The current thread lends its time slice to a thread from the ready queue (thread operation 2). */
void sched_switch_to(struct thread *t);
/* Priority of the running scheduling context. */
unsigned sched_current_prio(void);
/* Something must be done before user code runs again. */
void sched_note_work(void);
/* A timer tick: clock, time slice. */
void sched_tick(u64 now);

/*
 * The way out of the kernel when something is to be done first: another choice, a continuation, an
 * interrupt, the reaper.
 * Returns the thread to resume.
 */
struct thread *exit_slowly(void);
/* The same when usually nothing is to be done; NULL: call exit_slowly. */
static inline struct thread *exit_quickly(void)
{
    pcpu_ref p = pcpu();

    if (unlikely(p->resched))
        return NULL;
    latency_end(NULL);
    TRACE(user_return, p->cur);
    return p->cur;
}
/* The current thread has blocked, or has a continuation: the quick way is closed. */
static inline void sched_stop(void) { pcpu()->resched = true; }

#endif
