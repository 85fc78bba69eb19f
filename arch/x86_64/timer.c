/* SPDX-License-Identifier: MIT */
/*
 * The clock and the periodic tick.
 *
 * The clock is the processor's time stamp counter (TSC), scaled to microseconds in the way the code
 * in the KIP does, so that kernel and user programs agree.  The tick is the local APIC's timer.
 * The speed of both is measured here, once.
 *
 * Called by the start-up code and the tick handler; calls kip.c, uses what acpi.c found.
 *
 * Reference: the legacy timer (PIT), or where it is absent the ACPI power management timer, or what
 * the processor says of itself.  Every wait is bounded.
 *
 * Each reading of a counter stands between two readings of the TSC, and of several the one with
 * the shortest distance counts.  So it does no harm when an emulator or a hypervisor stops the
 * processor for a while: the TSC and the counters go on alike.
 */
#include "acpi.h"
#include "apic.h"
#include "arch.h"
#include "boot.h"
#include "cpu.h"
#include "kip.h"
#include "print.h"

enum { TICK_HZ = 1000, RUNS = 3, ATTEMPTS = 16, READINGS = 5 };

/* ---- measuring ---- */

/* A counter that runs at a constant speed and wraps at `mask`. */
struct counter {
    u32 (*read)(void);
    u32 mask;
    bool down;
};

struct reading {
    u64 tsc, uncertainty; /* TSC cycles */
    u32 count;
};

struct run {
    u64 cycles, ticks; /* how far the TSC and the counter went in the same time; ticks 0: failed */
};

/* The TSC, not read before earlier instructions are done. */
static u64 tsc_now(void)
{
    __asm__ volatile("lfence" ::: "memory");
    return rdtsc();
}

static struct reading take_reading(const struct counter *c)
{
    struct reading best = {0, ~0UL, 0};

    for (unsigned i = 0; i < READINGS; i++) {
        u64 before = tsc_now();
        u32 count = c->read();
        u64 distance = tsc_now() - before;

        if (distance < best.uncertainty)
            best = (struct reading){before + distance / 2, distance, count};
    }
    return best;
}

/*
 * Let the TSC go on by about so many cycles.  The empty loop keeps emulators quick, which leave
 * translated code to read it; `pause` would be worse there.
 */
static void spin(u64 cycles)
{
    u64 start = tsc_now();

    for (u64 steps = cycles; steps > 0 && tsc_now() - start < cycles; steps--)
        for (unsigned i = 0; i < 64; i++)
            __asm__ volatile("");
}

static u64 ticks_between(const struct counter *c, u32 from, u32 to)
{
    return (c->down ? from - to : to - from) & c->mask;
}

/*
 * The best of some runs of about so many cycles.  Runs of more than max_cycles do not count: the
 * processor was stopped for so long that the counter may have wrapped.
 */
static struct run measure(const struct counter *c, u64 cycles, u64 max_cycles)
{
    struct run best = {0, 0};
    u64 best_uncertainty = ~0UL;

    for (unsigned i = 0, good = 0; i < ATTEMPTS && good < RUNS; i++) {
        struct reading a = take_reading(c), b;
        struct run r;

        spin(cycles);
        b = take_reading(c);
        r = (struct run){b.tsc - a.tsc, ticks_between(c, a.count, b.count)};
        if (!r.ticks || r.cycles > max_cycles)
            continue;
        good++;
        if (a.uncertainty + b.uncertainty < best_uncertainty) {
            best_uncertainty = a.uncertainty + b.uncertainty;
            best = r;
        }
    }
    return best;
}

/* ---- references for the TSC ---- */

enum { PIT_CHANNEL2 = 0x42, PIT_COMMAND = 0x43, PIT_GATE = 0x61, PIT_HZ = 1193182 };
enum { GATE_ON = 1 << 0, SPEAKER_ON = 1 << 1 };
enum { PM_TIMER_HZ = 3579545 };

/* What is believed of a TSC: 100 MHz to 100 GHz. */
enum { MIN_KHZ = 100000, MAX_KHZ = 100000000 };

/*
 * A short run, in cycles, tells how many cycles the good ones have to be.  The PIT wraps after
 * 54 ms: the longest that counts are 40 ms, with the slowest TSC.
 */
enum { SHORT_RUN = 200000, MAX_SHORT_RUN = 40 * MIN_KHZ, GOOD_RUN_MS = 10, MAX_GOOD_RUN_MS = 40 };

static u32 pit_read(void)
{
    u32 low;

    outb(PIT_COMMAND, 2 << 6); /* latch channel 2 */
    low = inb(PIT_CHANNEL2);
    return low | (u32)inb(PIT_CHANNEL2) << 8;
}

/* Channel 2 counts down from 0xffff; it is nobody's but the speaker's, which stays off. */
static void pit_start(void)
{
    outb(PIT_GATE, (u8)((inb(PIT_GATE) & ~SPEAKER_ON) | GATE_ON));
    outb(PIT_COMMAND, 2 << 6 | 3 << 4 | 0 << 1); /* channel 2, both bytes, mode 0 */
    outb(PIT_CHANNEL2, 0xff);
    outb(PIT_CHANNEL2, 0xff);
}

static u32 pm_timer_read(void)
{
    u32 v;

    __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(acpi_info.pm_timer_port));
    return v;
}

static u64 to_khz(struct run r, u64 hz) { return r.ticks ? r.cycles * hz / r.ticks / 1000 : 0; }

static bool plausible(u64 khz) { return khz >= MIN_KHZ && khz <= MAX_KHZ; }

/* The speed of the TSC by a counter of so many Hz; 0: the counter does not run. */
static u64 khz_by_counter(const struct counter *c, u64 hz)
{
    u64 khz = to_khz(measure(c, SHORT_RUN, MAX_SHORT_RUN), hz);

    if (!plausible(khz))
        return 0;
    return to_khz(measure(c, khz * GOOD_RUN_MS, khz * MAX_GOOD_RUN_MS), hz);
}

/* Crystal frequency times ratio, or the processor's nominal speed. */
static u64 khz_by_cpuid(void)
{
    struct cpuid_regs r;

    if (cpu_info.max_leaf >= 0x15) {
        r = cpuid(0x15, 0);
        if (r.eax && r.ebx && r.ecx)
            return (u64)r.ecx * r.ebx / r.eax / 1000;
    }
    if (cpu_info.max_leaf >= 0x16)
        return (u64)(cpuid(0x16, 0).eax & 0xffff) * 1000;
    return 0;
}

static u64 find_tsc_khz(const char **by)
{
    static const struct counter pit = {pit_read, 0xffff, true};
    static const struct counter pm_timer = {pm_timer_read, 0xffffff, false};
    u64 khz;

    *by = "PIT";
    pit_start();
    khz = khz_by_counter(&pit, PIT_HZ);
    if (!plausible(khz) && acpi_info.pm_timer_port) {
        *by = "ACPI timer";
        khz = khz_by_counter(&pm_timer, PM_TIMER_HZ);
    }
    if (!plausible(khz)) {
        *by = "CPUID";
        khz = khz_by_cpuid();
    }
    if (!plausible(khz))
        boot_fail("the speed of the time stamp counter cannot be found out: neither PIT nor ACPI "
                  "timer runs and CPUID does not tell");
    return khz;
}

/* ---- tick ---- */

enum { DIVIDE_BY_16 = 3, TICK_VECTOR = IRQ_VECTOR_BASE + ARCH_IRQ_TIMER };

static u32 lapic_timer_read(void) { return lapic_read(LAPIC_TIMER_CURRENT); }

static void start_tick(u64 tsc_khz)
{
    static const struct counter timer = {lapic_timer_read, ~0U, true};
    struct run r;
    u64 period;

    lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_16);
    lapic_write(LAPIC_LVT_TIMER, LVT_MASKED | TICK_VECTOR);
    lapic_write(LAPIC_TIMER_INITIAL, ~0U);
    r = measure(&timer, tsc_khz * GOOD_RUN_MS, tsc_khz * MAX_GOOD_RUN_MS);
    period = r.ticks ? r.ticks * tsc_khz / r.cycles * 1000 / TICK_HZ : 0;
    if (!period || period > ~0U)
        boot_fail("the timer of the local APIC does not run");
    lapic_write(LAPIC_LVT_TIMER, LVT_PERIODIC | TICK_VECTOR);
    lapic_write(LAPIC_TIMER_INITIAL, (u32)period);
}

void arch_timer_init(void)
{
    const char *by;
    u64 khz = find_tsc_khz(&by);

    kip_set_tsc(khz);
    start_tick(khz);
    arch_timer_tick();
    kprintf("quire: clock: TSC at %lu.%03lu MHz (by %s), tick %u Hz\n", khz / 1000, khz % 1000, by,
            TICK_HZ);
}

u64 arch_clock_us(void) { return kip_tsc_to_us(rdtsc()); }

void arch_timer_tick(void) { kip_page.clock_us = arch_clock_us(); }
