/* SPDX-License-Identifier: MIT */
/*
 * Port accesses of workers, see ports.h.  Called by t_*.c; calls worker.c.
 *
 * A probe faults with the stack pointer of its entry, as those of the user library do, so that
 * the exception handler can let it return 0.
 */
#include "ports.h"

#include "test.h"

#include <stddef.h>

unsigned probe_in(unsigned port, unsigned *value);
unsigned probe_out(unsigned port, unsigned value);
unsigned probe_cli(void);

__asm__(".pushsection .text\n"
        "probe_in:\n"
        "    movl %edi, %edx\n"
        "    xorl %eax, %eax\n"
        "    inb %dx, %al\n"
        "    movl %eax, (%rsi)\n"
        "    movl $1, %eax\n"
        "    ret\n"
        "probe_out:\n"
        "    movl %edi, %edx\n"
        "    movl %esi, %eax\n"
        "    outb %al, %dx\n"
        "    movl $1, %eax\n"
        "    ret\n"
        "probe_cli:\n"
        "    cli\n"
        "    sti\n"
        "    movl $1, %eax\n"
        "    ret\n"
        ".popsection\n");

static struct access {
    unsigned port, value, done;
} a;

static void do_in(void *unused)
{
    (void)unused;
    a.done = probe_in(a.port, &a.value);
}

static void do_out(void *unused)
{
    (void)unused;
    a.done = probe_out(a.port, a.value);
}

static void do_cli(void *unused)
{
    (void)unused;
    a.done = probe_cli();
}

static int access_port(struct worker *w, void (*fn)(void *), unsigned port, unsigned value)
{
    a = (struct access){port, value, 0};
    worker_run(w, fn, NULL);
    expect("port access ends", (unsigned long)w->done, 1);
    return (int)a.done;
}

int worker_in(struct worker *w, unsigned port, unsigned *value)
{
    int done = access_port(w, do_in, port, 0);

    if (done && value)
        *value = a.value;
    return done;
}

int worker_out(struct worker *w, unsigned port, unsigned value)
{
    return access_port(w, do_out, port, value);
}

int worker_cli(struct worker *w) { return access_port(w, do_cli, 0, 0); }

unsigned worker_ports(struct worker *w, unsigned port, unsigned n)
{
    unsigned set = 0;

    for (unsigned i = 0; i < n; i++)
        set |= (unsigned)worker_in(w, port + i, NULL) << i;
    return set;
}
