/* SPDX-License-Identifier: MIT */
/*
 * Formatted output on the console, see print.h.
 *
 * Called from everywhere in the kernel, also from panic(): no memory, no locks, no state.  Calls
 * only the console.  Every \n becomes \r\n here, so that callers need not know about terminals.
 */
#include "print.h"

#include "arch_boot.h"
#include "types.h"

static void put(char c)
{
    if (c == '\n')
        arch_console_putc('\r');
    arch_console_putc(c);
}

/* At least `width` digits. */
static void put_number(u64 value, unsigned base, unsigned width)
{
    char digits[24];
    unsigned n = sizeof(digits);

    do {
        digits[--n] = "0123456789abcdef"[value % base];
        value /= base;
    } while (n && (value || sizeof(digits) - n < width));
    while (n < sizeof(digits))
        put(digits[n++]);
}

static void put_text(const char *s, size_t max)
{
    for (; max && *s; max--)
        put(*s++);
}

/* The conversion at f, behind the %; returns where its letter is. */
static const char *convert(const char *f, va_list *args)
{
    unsigned width = 0;
    size_t max = ~0UL;
    bool is_long = false;
    s64 number;

    for (; *f >= '0' && *f <= '9'; f++)
        width = width * 10 + (unsigned)(*f - '0');
    if (f[0] == '.' && f[1] == '*') {
        max = (size_t)va_arg(*args, int);
        f += 2;
    }
    for (; *f == 'l'; f++)
        is_long = true;
    switch (*f) {
    case 's':
        put_text(va_arg(*args, const char *), max);
        break;
    case 'd':
        number = is_long ? va_arg(*args, long) : va_arg(*args, int);
        if (number < 0)
            put('-');
        put_number(number < 0 ? 0 - (u64)number : (u64)number, 10, width);
        break;
    case 'u':
    case 'x':
        put_number(is_long ? va_arg(*args, unsigned long) : va_arg(*args, unsigned),
                   *f == 'x' ? 16 : 10, width);
        break;
    default: /* also %%; an unknown letter shows itself */
        put(*f);
    }
    return f;
}

void kvprintf(const char *fmt, va_list args)
{
    va_list ap;

    /* A va_list parameter may be an array: only a copy has an address to pass on. */
    va_copy(ap, args);
    for (; *fmt; fmt++)
        if (*fmt == '%' && fmt[1])
            fmt = convert(fmt + 1, &ap);
        else
            put(*fmt);
    va_end(ap);
}

void kprintf(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    kvprintf(fmt, args);
    va_end(args);
}
