/* SPDX-License-Identifier: MIT */
/*
 * IPC timeouts.  Armed timeouts hang in a wheel of buckets, one per millisecond tick; each tick looks
 * at one bucket.
 * Arming, cancelling and expiring do not depend on the number of armed timeouts.
 */
#include "timeout.h"

#include "ipc.h"
#include "preempt.h"

enum { WHEEL = 1024, TICK_US = 1000 };

static struct timeout *wheel[WHEEL];
static u64 done_ticks; /* all buckets up to this tick have been looked at */

/* The deadline of a 16-bit timeout other than "never" (abi: ipc.md section 5). */
static u64 deadline_of(const struct thread *t, unsigned field, u64 now)
{
    unsigned br = field & 63;

    if (!(field & 0x8000))
        return now + ((u64)(field & 0x3ff) << (field >> 10 & 31));
    return t->utcb ? t->utcb->br[br > 57 ? 57 : br] : 0; /* absolute: the clock value is in a BR */
}

static void arm(struct thread *thread, u64 deadline)
{
    struct timeout *t = &thread->timeout;
    /* Into the bucket of the first tick at or after the deadline that is still to come. */
    u64 tick = max_u64((deadline + TICK_US - 1) / TICK_US, done_ticks + 1);
    struct timeout **head = &wheel[tick % WHEEL];

    thread->flags |= TF_TIMEOUT;
    t->deadline = deadline;
    t->next = *head;
    t->link = head;
    if (t->next)
        t->next->link = &t->next;
    *head = t;
}

bool timeout_begin_slowly(struct thread *t, unsigned field)
{
    u64 now = arch_clock_us(), deadline = deadline_of(t, field, now);

    if (deadline <= now) /* I-20 */
        return false;
    arm(t, deadline);
    return true;
}

void timeout_remove(struct timeout *t)
{
    container_of(t, struct thread, timeout)->flags &= (u8)~TF_TIMEOUT;
    *t->link = t->next;
    if (t->next)
        t->next->link = t->link;
    t->link = NULL;
}

/* Expire what is due in one bucket; restarted from its head after an interruption. */
static bool run_bucket(struct timeout *first, u64 now)
{
    struct timeout *next;

    for (struct timeout *t = first; t; t = next) {
        next = t->next;
        if (t->deadline <= now) {
            timeout_cancel(t);
            ipc_timeout(container_of(t, struct thread, timeout));
        }
        if (preempt_point(1) && next)
            return false;
    }
    return true;
}

bool timeout_run(u64 now)
{
    u64 tick = now / TICK_US;

    if (tick - done_ticks > WHEEL) /* after a long stop each bucket once is enough */
        done_ticks = tick - WHEEL;
    while (done_ticks < tick) {
        if (!run_bucket(wheel[(done_ticks + 1) % WHEEL], now))
            return false;
        done_ticks++;
    }
    return true;
}
