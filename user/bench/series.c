/* SPDX-License-Identifier: MIT */
/* Samples and their lines, see bench.h.  Called by b_*.c; calls the debugger object and print. */
#include "bench.h"

#include <l4/sys/ipc.h>
#include <l4/sys/kernel_object.h>
#include <l4/sys/kip.h>
#include <quire/io.h>
#include <quire/program.h>

/* Statistics of the debugger object; a kernel without them answers with an error. */
enum { DBG_COUNTERS = 0x503, DBG_INTERRUPTS_OFF = 0x504 };

static struct {
    unsigned skip; /* rest of the warm-up */
    unsigned n;
    unsigned long sample[MAX_SAMPLES];
    unsigned long flushes, roots, off;
} series;
unsigned long stamp_cost;

static int ask(l4_umword_t op, l4_umword_t answer[2])
{
    l4_utcb_t *u = l4_utcb();
    l4_msgtag_t tag;

    u->msg.mr[0] = op;
    tag = l4_kobject_call_u(L4_BASE_DEBUGGER_CAP, L4_PROTO_DEBUGGER, 1, 0, u);
    if (l4_error_u(tag, u) != 0 || l4_msgtag_words(tag) < 2)
        return 0;
    answer[0] = u->msg.mr[0];
    answer[1] = u->msg.mr[1];
    return 1;
}

/* Reading begins a new stretch of the interrupts-off figure, therefore that comes last. */
struct counters counters_read(void)
{
    struct counters c = {0, 0, 0, 0, 0};
    l4_umword_t answer[2];

    if (ask(DBG_COUNTERS, answer)) {
        c.known = 1;
        c.flushes = answer[0];
        c.roots = answer[1];
    }
    if (ask(DBG_INTERRUPTS_OFF, answer)) {
        c.off_known = 1;
        c.off = answer[0];
    }
    return c;
}

void series_begin(unsigned warm_up)
{
    series.skip = warm_up;
    series.n = 0;
    series.flushes = series.roots = series.off = 0;
}

void series_add(struct counters before, unsigned ticks)
{
    struct counters after = counters_read();

    if (series.skip) {
        series.skip--;
        return;
    }
    if (series.n == MAX_SAMPLES)
        return;
    series.sample[series.n++] = ticks > stamp_cost ? ticks - stamp_cost : 0;
    series.flushes += after.flushes - before.flushes;
    series.roots += after.roots - before.roots;
    if (after.off > series.off)
        series.off = after.off;
}

static void sort(unsigned long *v, unsigned n)
{
    for (unsigned i = 1; i < n; i++)
        for (unsigned j = i; j > 0 && v[j] < v[j - 1]; j--) {
            unsigned long x = v[j];

            v[j] = v[j - 1];
            v[j - 1] = x;
        }
}

/* Hundredths as a number with two places. */
static void print_per_operation(char const *name, unsigned long count)
{
    unsigned long hundredths = (100 * count + series.n / 2) / series.n;

    printf(" %s=%lu.%02lu", name, hundredths / 100, hundredths % 100);
}

unsigned long series_report(char const *name, unsigned long n)
{
    struct counters c = counters_read();
    unsigned long median;

    must(name, series.n ? 0 : -L4_EINVAL);
    sort(series.sample, series.n);
    median = series.sample[series.n / 2];
    printf("BENCH %s %lu instr n=%lu min=%lu max=%lu", name, median, n, series.sample[0],
           series.sample[series.n - 1]);
    if (c.known) {
        print_per_operation("flush", series.flushes);
        print_per_operation("root", series.roots);
    } else {
        printf(" flush=- root=-");
    }
    if (c.off_known)
        printf(" off=%lu\n", series.off);
    else
        printf(" off=-\n");
    return median;
}

void value_report(char const *name, unsigned long n, unsigned long value, char const *unit)
{
    printf("BENCH %s %lu %s n=%lu\n", name, value, unit, n);
}

void must(char const *what, long err)
{
    if (err >= 0)
        return;
    printf("bench: %s failed: %s\n", what, l4sys_errtostr(err));
    exit(1);
}

void await_tick(void)
{
    l4_uint64_t volatile const *clock = &l4_kip()->_clock_val;
    l4_uint64_t now = *clock;

    while (*clock == now)
        ;
}

/* 1000 instructions that do nothing, and the two readings around them. */
static unsigned long ticks_of_1000(void)
{
    unsigned start = stamp();

    __asm__ volatile(".rept 1000; nop; .endr");
    return stamp() - start - stamp_cost;
}

void calibrate(void)
{
    unsigned long ticks;

    stamp_cost = 0;
    SERIES((void)0, (void)0);
    stamp_cost = series.sample[SAMPLES / 2];
    ticks = ticks_of_1000();
    value_report("clock", 0, ticks, "ticks/1000instr");
    value_report("stamp", 0, stamp_cost, "instr");
    must("counting instructions: start QEMU with -icount shift=0", ticks == 1000 ? 0 : -L4_EINVAL);
}
