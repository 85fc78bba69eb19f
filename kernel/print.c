/* SPDX-License-Identifier: MIT */
/*
 * Formatted output on the console, see print.h.
 *
 * Called from everywhere in the kernel, also from panic(): no memory, no locks, no state.  Calls
 * only the console.  Every \n becomes \r\n here, so that callers need not know about terminals.
 */
#include "print.h"

#include "arch_boot.h"
#include "string.h"

struct conversion {
    bool left, zero;
    int width;
    int precision; /* -1: none */
    int longs;     /* number of l, 2 for z */
};

static void put(char c)
{
    if (c == '\n')
        arch_console_putc('\r');
    arch_console_putc(c);
}

static void pad(int n, char c)
{
    for (; n > 0; n--)
        put(c);
}

static void put_text(const char *s, size_t len, const struct conversion *cv)
{
    int fill = cv->width - (int)len;

    if (!cv->left)
        pad(fill, ' ');
    for (size_t i = 0; i < len; i++)
        put(s[i]);
    if (cv->left)
        pad(fill, ' ');
}

/* Digits of value in the base, behind the prefix ("", "-" or "0x"). */
static void put_number(u64 value, unsigned base, const char *prefix, const struct conversion *cv)
{
    char digits[24];
    unsigned n = sizeof(digits);
    int fill;

    do {
        digits[--n] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);

    fill = cv->width - (int)(sizeof(digits) - n) - (int)strlen(prefix);
    if (!cv->left && !cv->zero)
        pad(fill, ' ');
    for (; *prefix; prefix++)
        put(*prefix);
    if (!cv->left && cv->zero)
        pad(fill, '0');
    for (unsigned i = n; i < sizeof(digits); i++)
        put(digits[i]);
    if (cv->left)
        pad(fill, ' ');
}

/* Read flags, width, precision, length behind a %; returns where the conversion letter is. */
static const char *parse(const char *f, struct conversion *cv, va_list *args)
{
    *cv = (struct conversion){.precision = -1};
    for (; *f == '-' || *f == '0'; f++) {
        cv->left |= *f == '-';
        cv->zero |= *f == '0';
    }
    for (; *f >= '0' && *f <= '9'; f++)
        cv->width = cv->width * 10 + (*f - '0');
    if (*f == '.') {
        cv->precision = 0;
        f++;
        if (*f == '*') {
            cv->precision = va_arg(*args, int);
            f++;
        }
        for (; *f >= '0' && *f <= '9'; f++)
            cv->precision = cv->precision * 10 + (*f - '0');
    }
    for (; *f == 'l' || *f == 'z'; f++)
        cv->longs += *f == 'z' ? 2 : 1;
    return f;
}

static void put_conversion(char letter, struct conversion *cv, va_list *args)
{
    s64 number;
    const char *text;
    char c;

    switch (letter) {
    case 'c':
        c = (char)va_arg(*args, int);
        put_text(&c, 1, cv);
        break;
    case 's':
        text = va_arg(*args, const char *);
        if (!text)
            text = "(null)";
        put_text(text, cv->precision < 0 ? strlen(text) : strnlen(text, (size_t)cv->precision), cv);
        break;
    case 'd':
    case 'i':
        number = cv->longs ? va_arg(*args, long) : va_arg(*args, int);
        put_number(number < 0 ? 0 - (u64)number : (u64)number, 10, number < 0 ? "-" : "", cv);
        break;
    case 'u':
    case 'x':
        put_number(cv->longs ? va_arg(*args, unsigned long) : va_arg(*args, unsigned),
                   letter == 'x' ? 16 : 10, "", cv);
        break;
    case 'p':
        cv->zero = true;
        cv->width = 18;
        put_number((u64)va_arg(*args, void *), 16, "0x", cv);
        break;
    default: /* also %%; an unknown letter shows itself */
        put(letter);
        break;
    }
}

void kvprintf(const char *fmt, va_list args)
{
    struct conversion cv;
    va_list ap;

    va_copy(ap,
            args); /* a va_list parameter may be an array: only a copy has an address to pass on */
    for (; *fmt; fmt++) {
        if (*fmt != '%') {
            put(*fmt);
            continue;
        }
        fmt = parse(fmt + 1, &cv, &ap);
        if (!*fmt)
            break;
        put_conversion(*fmt, &cv, &ap);
    }
    va_end(ap);
}

void kprintf(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    kvprintf(fmt, args);
    va_end(args);
}
