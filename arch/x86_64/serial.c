/* SPDX-License-Identifier: MIT */
/*
 * The first serial port as the kernel's console, and the exit device of QEMU.
 *
 * Called by print.c, vcon and whoever ends the machine; calls nothing.  Polled.  A machine without
 * a serial port is recognised at start-up and then costs no time.
 */
#include "arch.h"
#include "arch_boot.h"

enum { COM1 = 0x3f8, EXIT_PORT = 0xf4 };

/* Registers of the 16550, relative to its base port. */
enum {
    DATA = 0,
    INT_ENABLE = 1,
    DIVISOR_HIGH = 1,
    FIFO = 2,
    LINE = 3,
    MODEM = 4,
    STATUS = 5,
    SCRATCH = 7
};
enum { INT_RECEIVED = 0x01 };
enum { STATUS_RECEIVED = 0x01, STATUS_SPACE = 0x20, STATUS_EMPTY = 0x40 };
enum { LINE_8N1 = 0x03, LINE_DIVISOR = 0x80, FIFO_ON = 0x07, MODEM_READY = 0x0b };

/* At 115200 baud a byte takes 87 us, a port read about 1 us: a stuck port is given up soon. */
enum { PATIENCE = 20000 };

static bool present;

static void wait_status(u8 bits)
{
    for (unsigned i = 0; i < PATIENCE && (inb(COM1 + STATUS) & bits) != bits; i++)
        __asm__ volatile("pause");
}

void arch_console_init(void)
{
    outb(COM1 + SCRATCH, 0x5a);
    present = inb(COM1 + SCRATCH) == 0x5a;
    if (!present)
        return;
    outb(COM1 + INT_ENABLE, 0);
    outb(COM1 + LINE, LINE_DIVISOR);
    outb(COM1 + DATA, 1); /* divisor 1: 115200 baud */
    outb(COM1 + DIVISOR_HIGH, 0);
    outb(COM1 + LINE, LINE_8N1);
    outb(COM1 + FIFO, FIFO_ON);
    outb(COM1 + MODEM, MODEM_READY);
}

void arch_console_enable_irq(void)
{
    if (present)
        outb(COM1 + INT_ENABLE, INT_RECEIVED);
}

void arch_console_putc(char c)
{
    if (!present)
        return;
    wait_status(STATUS_SPACE);
    outb(COM1 + DATA, (u8)c);
}

int arch_console_getc(void)
{
    if (!present || !(inb(COM1 + STATUS) & STATUS_RECEIVED))
        return -1;
    return inb(COM1 + DATA);
}

void arch_exit(u8 code)
{
    if (present)
        wait_status(STATUS_SPACE |
                    STATUS_EMPTY); /* the last line is out before the machine is gone */
    outb(EXIT_PORT, code);
    for (;;)
        __asm__ volatile("cli; hlt");
}
