/* SPDX-License-Identifier: MIT */
/*
 * Frame of the benchmark, a program that runs as root task.
 *
 * Decides: what a figure is.  Under QEMU's `-icount shift=0` the time stamp counter counts guest
 * instructions, so the distance of two readings is exact.  An operation is repeated; each time it
 * stands alone between two readings (MEASURE), the repeats make a series, and its line is
 *
 *     BENCH <name> <value> instr n=<n> min=<value> max=<value> flush=<f> root=<r> off=<o>@<address>
 *
 * value: the median; n: size of the operation, 0 if it has none.  flush, root: TLB flushes and loads
 * of the page-table root per operation, off: longest stretch with interrupts off in any of the
 * operations and where it ended; "-" if the kernel does not tell (it needs LATENCY=1 to tell off).
 *
 * Called by the b_*.c; calls the debugger object.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <l4/sys/types.h>
#include <stddef.h>

enum { MAX_SAMPLES = 64, WARM_UP = 4, SAMPLES = 17 };

/** What the kernel counts. */
struct counters {
    int known, off_known;
    unsigned long flushes, roots, off, off_where;
};

/** Lower half of the time stamp counter; memory accesses stay on their side of it. */
static inline unsigned stamp(void)
{
    unsigned low;

    __asm__ volatile("rdtsc" : "=a"(low) : : "rdx", "memory");
    return low;
}

/** Begin a series (there is one at a time, all tasks share it); warm_up samples are thrown away. */
void series_begin(unsigned warm_up);
struct counters counters_read(void);
void series_add(struct counters before, unsigned ticks);

/** End the run if an operation failed. */
void series_check(l4_msgtag_t result);

/** Free kernel memory in bytes. */
unsigned long kernel_memory(void);

/** Time one operation, which gives a message tag, as a sample of the series. */
#define MEASURE(operation)                                                                         \
    do {                                                                                           \
        struct counters before_ = counters_read();                                                 \
        unsigned start_ = stamp();                                                                 \
        l4_msgtag_t result_ = operation;                                                           \
        unsigned ticks_ = stamp() - start_;                                                        \
                                                                                                   \
        series_check(result_);                                                                     \
        series_add(before_, ticks_);                                                               \
    } while (0)

/** For operations that give none. */
#define NO_TAG l4_msgtag(0, 0, 0, 0)

/** A whole series: warm-up and samples; undo is not timed. */
#define SERIES(operation, undo)                                                                    \
    do {                                                                                           \
        series_begin(WARM_UP);                                                                     \
        for (unsigned i_ = 0; i_ < WARM_UP + SAMPLES; i_++) {                                      \
            MEASURE(operation);                                                                    \
            undo;                                                                                  \
        }                                                                                          \
    } while (0)

/** Print the series' line; returns its value. */
unsigned long series_report(char const *name, unsigned long n);

/** Print a value that was computed from several: unit as text. */
void value_report(char const *name, unsigned long n, unsigned long value, char const *unit);

/** End the run with a message if err is negative. */
void must(char const *what, long err);

/** Let a tick of the clock pass, so that what follows has the longest time without one. */
void await_tick(void);

/** What two readings cost; calibrate() finds it, and checks that ticks are instructions. */
extern unsigned long stamp_cost;
void calibrate(void);

/* ---- the groups of operations, in their order ---- */
void bench_calls(void);   /* b_call.c: system call, IPC, items in replies */
void bench_events(void);  /* b_event.c: page fault with a pager, IRQ object */
void bench_maps(void);    /* b_map.c: map, grant, unmap of one page, object, port, large pages */
void bench_scaling(void); /* b_scale.c: siblings, chains */
void bench_objects(void); /* b_object.c: creation and destruction */

#endif
