/* SPDX-License-Identifier: MIT */
/* The log object, see vcon.h. */
#include "vcon.h"

#include "arch_boot.h"
#include "console.h"
#include "icu.h"
#include "l4/sys/err.h"
#include "l4/sys/types.h"
#include "preempt.h"
#include "string.h"
#include "syscall.h"
#include "trace.h"

enum vcon_ops { VCON_WRITE = 0, VCON_READ = 1, VCON_SET_ATTR = 2, VCON_GET_ATTR = 3 };
enum { WRITE_MAX = 61 * 8, READ_MAX = 62 * 8, PREEMPT_BYTES = 16, INPUT_SIZE = 1024 };
enum { READ_DONE_SHIFT = 31 };

/* Attributes, with the values that termios gives them; what else is set is kept and means nothing. */
enum {
    I_INLCR = 0100,
    I_IGNCR = 0200,
    I_ICRNL = 0400,
    O_ONLCR = 4,
    O_OCRNL = 010,
    O_ONLRET = 040,
    L_ECHO = 010
};
static struct {
    u64 in, out, local;
} attrs = {I_ICRNL, O_ONLCR, L_ECHO};
static struct irq *input_irq;

/* Input not read yet; when it is full what arrives is dropped. */
static struct {
    u8 byte[INPUT_SIZE];
    unsigned head, tail;
} input;

/* A character to the console; a new line always begins at the left, whatever ONLCR says. */
static void put(char c)
{
    if (c == '\r' && attrs.out & O_OCRNL)
        c = '\n';
    if (c == '\r' && attrs.out & O_ONLRET)
        return;
    if (c == '\n')
        arch_console_putc('\r');
    arch_console_putc(c);
}

void vcon_input_arrived(void)
{
    int c;

    while ((c = arch_console_getc()) >= 0) {
        unsigned next = (input.head + 1) % INPUT_SIZE;
        if (console_key(c) || next == input.tail)
            continue;
        input.byte[input.head] = (u8)c;
        input.head = next;
        if (attrs.local & L_ECHO)
            put(c == '\r' && attrs.in & I_ICRNL ? '\n' : (char)c);
    }
    if (input.head != input.tail && input_irq && !input_irq->obj.dying)
        irq_trigger(input_irq);
}

static struct thread *writer; /* whose text is going out */

void vcon_writer_dies(const struct thread *t)
{
    if (writer == t)
        writer = NULL;
}

/*
 * The line is slow, so the text goes out in pieces.  Who writes meanwhile first writes what is left of the other's:
 * lines do not mix.
 */
static void write_continue(struct thread *t)
{
    for (;;) {
        struct thread *w = writer ? writer : t;
        const char *text = (const char *)&w->utcb->mr[2];
        writer = w;
        while (w->vcon_at < w->vcon_end) {
            put(text[w->vcon_at++]);
            if (w->vcon_at % PREEMPT_BYTES == 0 && preempt_point(PREEMPT_UNITS)) {
                t->cont = write_continue;
                return;
            }
        }
        writer = NULL;
        if (w == t)
            break;
    }
    syscall_no_reply(t, NULL, NULL);
}

static u64 op_write(struct thread *t)
{
    u64 len = sys_words(t) >= 2 ? t->utcb->mr[1] : 0;

    t->vcon_at = 0;
    t->vcon_end = len <= WRITE_MAX ? (u32)len : 0; /* too much: dropped as a whole */
    TRACE(console, (const char *)&t->utcb->mr[2], t->vcon_end);
    write_continue(t);
    return NO_ANSWER;
}

static u64 op_read(struct thread *t, unsigned rights)
{
    u64 max = t->utcb->mr[0] >> 16 & 0xffff, n = 0, *out = syscall_out(t);
    u8 *bytes = (u8 *)&out[1];

    if (!(rights & CAP_W))
        return answer_label(-L4_EPERM);
    vcon_input_arrived();
    max = min_u64(max, READ_MAX);
    while (n < max && input.head != input.tail) {
        u8 c = input.byte[input.tail];
        input.tail = (input.tail + 1) % INPUT_SIZE;
        if (c == '\n' && attrs.in & I_INLCR)
            c = '\r';
        if (c == '\r' && attrs.in & I_IGNCR)
            continue;
        bytes[n++] = c == '\r' && attrs.in & I_ICRNL ? '\n' : c;
    }
    out[0] = n | (input.head == input.tail ? 1UL << READ_DONE_SHIFT : 0);
    return answer_label(0);
}

static u64 vcon_op(struct thread *t, struct kobject *o, unsigned rights)
{
    if (sys_label(t) == L4_PROTO_IRQ)
        return icu_op(t, o, &input_irq);
    if (sys_label(t) != L4_PROTO_LOG)
        return answer_label(-L4_EBADPROTO);
    switch (sys_words(t) ? t->utcb->mr[0] & 0xffff : ~0UL) {
    case VCON_WRITE:
        return op_write(t);
    case VCON_READ:
        return op_read(t, rights);
    case VCON_SET_ATTR:
        memcpy(&attrs, &t->utcb->mr[1], sizeof(attrs));
        attrs.out |= O_ONLCR;
        return answer_label(0);
    case VCON_GET_ATTR:
        memcpy(&syscall_out(t)[1], &attrs, sizeof(attrs));
        return answer_words(4);
    default:
        return answer_label(-L4_ENOSYS);
    }
}

const struct kobject_type vcon_type = {
    .name = "log",
    .proto = L4_PROTO_LOG,
    .invoke = syscall_invoke_op,
    .op = vcon_op,
};
