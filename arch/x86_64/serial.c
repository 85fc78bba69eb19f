/* SPDX-License-Identifier: MIT */
/*
 * The first serial port as the kernel's console, and the exit device of QEMU.
 *
 * Called by print.c, vcon and whoever ends the machine; calls nothing.  Polled.  A machine without
 * a serial port is recognised at start-up and then costs no time.
 */
#include "arch.h"
#include "arch_boot.h"

enum { COM1 = 0x3f8, COM2 = 0x2f8, EXIT_PORT = 0xf4, FIFO_SIZE = 16 };
#ifdef QUIRE_TRACE
static u16 com = COM1; /* the port in use */
#else
enum { com = COM1 };
#endif

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

#ifdef QUIRE_TRACE
void arch_trace_select(bool trace)
{
    static bool there[2]; /* the console, the trace's port */

    there[com == COM2] = present;
    com = trace ? COM2 : COM1;
    present = there[trace];
}

/* The trace's port is this driver's alone: when its queue is empty, that many bytes fit. */
static bool queue_room(void)
{
    static unsigned room;

    if (com == COM2 && room) {
        room--;
        return true;
    }
    room = FIFO_SIZE - 1;
    return false;
}
#else
static inline bool queue_room(void) { return false; }
#endif

static void wait_status(u8 bits)
{
    for (unsigned i = 0; i < PATIENCE && (inb(com + STATUS) & bits) != bits; i++)
        __asm__ volatile("pause");
}

void arch_console_init(void)
{
    outb(com + SCRATCH, 0x5a);
    present = inb(com + SCRATCH) == 0x5a;
    if (!present)
        return;
    outb(com + INT_ENABLE, 0);
    outb(com + LINE, LINE_DIVISOR);
    outb(com + DATA, 1); /* divisor 1: 115200 baud */
    outb(com + DIVISOR_HIGH, 0);
    outb(com + LINE, LINE_8N1);
    outb(com + FIFO, FIFO_ON);
    outb(com + MODEM, MODEM_READY);
}

void arch_console_enable_irq(void)
{
    if (present)
        outb(com + INT_ENABLE, INT_RECEIVED);
}

void arch_console_putc(char c)
{
    if (!present)
        return;
    if (!queue_room())
        wait_status(STATUS_SPACE);
    outb(com + DATA, (u8)c);
}

int arch_console_getc(void)
{
    if (!present || !(inb(com + STATUS) & STATUS_RECEIVED))
        return -1;
    return inb(com + DATA);
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
