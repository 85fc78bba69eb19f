/* SPDX-License-Identifier: MIT */
/*
 * Interrupt service: each interrupt of the PC's real-time clock is a message to this thread.
 *
 * Shows: make an IRQ object, bind it to a thread with a label, bind it to a line of the interrupt controller, then
 * wait; unmasking says that the next interrupt may come.  The clock is set to 1,024 interrupts a second.
 * Runs as root task, which has the interrupt controller and may ask sigma0 for the clock's ports:
 * make run ROOT=build/ex_isr.elf
 */
#include <l4/re/c/util/cap_alloc.h>
#include <l4/re/env.h>
#include <l4/sigma0/sigma0.h>
#include <l4/sys/factory.h>
#include <l4/sys/icu.h>
#include <l4/sys/irq.h>
#include <l4/sys/kip.h>
#include <quire/io.h>

enum { CLOCK_LINE = 8, N_INTERRUPTS = 64, MIN_PERIOD_US = 900, LABEL = 0x1d0 };
enum { CMOS_INDEX = 0x70, CMOS_DATA = 0x71, REG_RATE = 0xa, REG_CONTROL = 0xb, REG_CAUSE = 0xc };
enum { RATE_1024 = 6, RATE_MASK = 0xf, CONTROL_PERIODIC = 0x40 };

static void out(unsigned port, unsigned value)
{
    __asm__ volatile("outb %0, %1" : : "a"((unsigned char)value), "Nd"((unsigned short)port));
}

static unsigned clock_read(unsigned reg)
{
    unsigned char value;

    out(CMOS_INDEX, reg);
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"((unsigned short)CMOS_DATA));
    return value;
}

static void clock_change(unsigned reg, unsigned clear, unsigned set)
{
    unsigned value = (clock_read(reg) & ~clear) | set;

    out(CMOS_INDEX, reg);
    out(CMOS_DATA, value);
}

/* The IRQ object: messages of line CLOCK_LINE come to this thread with LABEL.  Returns 0 or an error. */
static long attach(l4_cap_idx_t irq)
{
    long err = l4_error(l4_factory_create_irq(l4re_env()->factory, irq));

    if (err >= 0)
        err = l4_error(l4_rcv_ep_bind_thread(irq, l4re_env()->main_thread, LABEL));
    if (err >= 0)
        err = l4_error(l4_icu_set_mode(L4_BASE_ICU_CAP, CLOCK_LINE, L4_IRQ_F_POS_EDGE));
    /* A label of 0 in the answer: the line is to be unmasked at the IRQ object, not at the controller. */
    if (err >= 0)
        err = l4_error(l4_icu_bind(L4_BASE_ICU_CAP, CLOCK_LINE, irq));
    return err;
}

int main(void)
{
    l4_timeout_t second = l4_timeout(L4_IPC_TIMEOUT_NEVER, l4_timeout_from_us(1000000));
    l4_cap_idx_t irq = l4re_util_cap_alloc();
    l4_cpu_time_t start, time;
    l4_umword_t label;

    if (l4sigma0_map_ioports(L4_BASE_PAGER_CAP, CMOS_INDEX, 1) != 0 || attach(irq) != 0)
        return 1;
    printf("attached to line %u\n", CLOCK_LINE);
    clock_change(REG_RATE, RATE_MASK, RATE_1024);
    clock_change(REG_CONTROL, 0, CONTROL_PERIODIC);
    start = l4_kip_clock(l4_kip());
    for (unsigned i = 0; i < N_INTERRUPTS; i++) {
        clock_read(REG_CAUSE); /* without it a real clock would not interrupt again */
        if (l4_msgtag_has_error(l4_irq_wait(irq, &label, second)) || label != LABEL) {
            printf("interrupt %u did not come\n", i);
            return 1;
        }
        if (i % 16 == 15)
            printf("%u interrupts\n", i + 1);
    }
    time = l4_kip_clock(l4_kip()) - start;
    clock_change(REG_CONTROL, CONTROL_PERIODIC, 0);
    printf("detached: %ld\n", (long)l4_error(l4_icu_unbind(L4_BASE_ICU_CAP, CLOCK_LINE, irq)));
    /* What comes while we are busy counts once: it may take longer than 64 periods, but not less. */
    return time < N_INTERRUPTS * (l4_cpu_time_t)MIN_PERIOD_US ? 1 : 0;
}
