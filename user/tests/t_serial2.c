/* SPDX-License-Identifier: MIT */
/*
 * A task drives a device with ports that it was given: the second serial port (rules M-52, M-56).
 *
 * Runs as root task; see exchange.h and ports.h.  The worker d plays the driver: it initialises the
 * UART and sends back every byte that arrives, until END.  tests/qemu/serial2.py boots this with a
 * second serial port, sends bytes and compares.  Without one (nothing answers in the scratch
 * register) the case with the echo is left out.
 */
#include "exchange.h"
#include "ports.h"

#include <l4/sigma0/sigma0.h>
#include <quire/io.h>

enum { UART = 0x2f8, PORTS_ORDER = 3, END = 4 };
enum { DATA = 0, IRQ_ENABLE = 1, FIFO = 2, LINE = 3, MODEM = 4, STATUS = 5, SCRATCH = 7 };
enum { RECEIVED = 1, MAY_SEND = 0x20 };
#define TIME_LIMIT 60000000000UL /* processor cycles */

static volatile unsigned n_bytes, sum, timed_out;

static unsigned inb(unsigned reg)
{
    unsigned char v;

    __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"((unsigned short)(UART + reg)));
    return v;
}

static void outb(unsigned reg, unsigned value)
{
    __asm__ volatile("outb %0, %1"
                     :
                     : "a"((unsigned char)value), "Nd"((unsigned short)(UART + reg)));
}

static unsigned long cycles(void)
{
    unsigned low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (unsigned long)high << 32 | low;
}

/* Wait for bits of the status register; 0 when the time is over. */
static int await(unsigned bits, unsigned long end)
{
    while (!(inb(STATUS) & bits))
        if (cycles() > end)
            return 0;
    return 1;
}

static int send(unsigned byte, unsigned long end)
{
    if (!await(MAY_SEND, end))
        return 0;
    outb(DATA, byte);
    return 1;
}

/* The driver: 115200 baud, eight bits, FIFOs, no interrupts; announces itself, then echoes. */
static void driver(void *unused)
{
    unsigned long end = cycles() + TIME_LIMIT;
    unsigned byte = 0;

    (void)unused;
    timed_out = 1;
    outb(IRQ_ENABLE, 0);
    outb(LINE, 0x80);
    outb(DATA, 1);
    outb(IRQ_ENABLE, 0);
    outb(LINE, 3);
    outb(FIFO, 7);
    outb(MODEM, 3);
    for (char const *s = "ready\n"; *s; s++)
        if (!send((unsigned char)*s, end))
            return;
    do {
        if (!await(RECEIVED, end))
            return;
        byte = inb(DATA);
        n_bytes++;
        sum = sum * 31 + byte;
        if (!send(byte, end))
            return;
    } while (byte != END);
    timed_out = 0;
}

static void give_ports(void)
{
    expect_label("map", l4_error(l4_task_map(d->task, MAIN, l4_iofpage(UART, PORTS_ORDER), 0)), 0);
}

static void only_with_ports(void)
{
    expect("without", worker_ports(d, UART, 8), 0);
    give_ports();
    /* Not the data register, which would take a byte away. */
    expect("with", worker_ports(d, UART + 1, 8), 0x7f);
    expect("another task", worker_ports(e, UART + 1, 7), 0);
}

static void echo(void)
{
    give_ports();
    worker_run(d, driver, NULL);
    expect("driver ends", (unsigned long)d->done, 1);
    expect("no answer in time", timed_out, 0);
    printf("serial2: %u bytes, sum 0x%x\n", n_bytes, sum);
    expect_label("unmap",
                 l4_error(l4_task_unmap(d->task, l4_iofpage(UART, PORTS_ORDER), L4_FP_ALL_SPACES)),
                 0);
    expect("afterwards", worker_ports(d, UART, 8), 0);
}

static struct test_case const cases[] = {
    {"M-52", "ports of the second serial port", only_with_ports},
    {"M-56", "a task drives the second serial port", echo},
};

static int present(void)
{
    unsigned v = 0;

    give_ports();
    worker_out(d, UART + SCRATCH, 0x5a);
    return worker_in(d, UART + SCRATCH, &v) && v == 0x5a;
}

int main(void)
{
    exchange_init();
    if (l4sigma0_map_ioports(L4_BASE_PAGER_CAP, UART, PORTS_ORDER)) {
        printf("sigma0 gives no ports\n");
        return 1;
    }
    exchange_setup();
    return test_run(cases, present() ? 2 : 1);
}
