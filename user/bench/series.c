/* SPDX-License-Identifier: MIT */
/* Samples and their lines, see bench.h.  Called by b_*.c; calls the debugger object and print. */
#include "bench.h"

#include <l4/sys/ipc.h>
#include <l4/sys/kernel_object.h>
#include <l4/sys/kip.h>
#include <quire/io.h>
#include <quire/program.h>

/* Statistics of the debugger object; a kernel without them answers with an error. */
enum { DBG_MEMORY = 0x500, DBG_COUNTERS = 0x503, DBG_INTERRUPTS_OFF = 0x504 };

static struct {
    unsigned skip; /* rest of the warm-up */
    unsigned n;
    unsigned long sample[MAX_SAMPLES];
    unsigned long flushes, roots, off, off_where;
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
    struct counters c = {0, 0, 0, 0, 0, 0};
    l4_umword_t answer[2];

    if (ask(DBG_COUNTERS, answer)) {
        c.known = 1;
        c.flushes = answer[0];
        c.roots = answer[1];
    }
    if (ask(DBG_INTERRUPTS_OFF, answer)) {
        c.off_known = 1;
        c.off = answer[0];
        c.off_where = answer[1];
    }
    return c;
}

unsigned long kernel_memory(void)
{
    l4_umword_t answer[2] = {0, 0};

    return ask(DBG_MEMORY, answer) ? answer[0] : 0;
}

void series_begin(unsigned warm_up)
{
    series.skip = warm_up;
    series.n = 0;
    series.flushes = series.roots = series.off = series.off_where = 0;
}

void series_check(l4_msgtag_t result) { must("a measured operation", l4_error(result)); }

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
    if (after.off > series.off) {
        series.off = after.off;
        series.off_where = after.off_where;
    }
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
        printf(" off=%lu@%lx\n", series.off, series.off_where);
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

/* One instruction that makes a tag where a system call leaves it; keeping it costs as there. */
static inline l4_msgtag_t one_instruction(void)
{
    l4_msgtag_t tag;

    __asm__ volatile("xor %%eax, %%eax" : "=a"(tag.raw) : : "cc");
    return tag;
}

static inline l4_msgtag_t thousand_more(void)
{
    __asm__ volatile(".rept 1000; nop; .endr");
    return one_instruction();
}

void calibrate(void)
{
    unsigned long ticks;

    stamp_cost = 0;
    SERIES(one_instruction(), (void)0);
    sort(series.sample, series.n);
    stamp_cost = series.sample[0] - 1;
    SERIES(thousand_more(), (void)0);
    sort(series.sample, series.n);
    ticks = series.sample[0] - 1;
    value_report("stamp", 0, stamp_cost, "instr");
    value_report("clock", 0, ticks, "ticks/1000instr");
    must("counting instructions: start QEMU with -icount shift=0", ticks == 1000 ? 0 : -L4_EINVAL);
}
