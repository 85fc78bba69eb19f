/* SPDX-License-Identifier: MIT */
/*
 * Formatting of numbers and strings into a buffer.
 *
 * Decides: which conversions printf knows (see quire/io.h).  Called by print.c and programs, calls
 * nothing but string.c.  Invariant: never writes beyond the buffer, counts what it would need.
 */
#include <quire/io.h>
#include <quire/string.h>

struct out {
    char *buf;
    size_t size;
    size_t len; /* may grow beyond size */
};

struct spec {
    int left, zero, alternate;
    int width;
    int precision; /* -1: none */
    int longs;     /* 1: 64 bit argument, 0: 32 bit */
    char conversion;
};

static void put(struct out *o, char c)
{
    if (o->len + 1 < o->size)
        o->buf[o->len] = c;
    o->len++;
}

static void pad(struct out *o, char c, int n)
{
    while (n-- > 0)
        put(o, c);
}

static void put_string(struct out *o, struct spec const *s, char const *text)
{
    int n;

    if (!text)
        text = "(null)";
    n = (int)strnlen(text, s->precision >= 0 ? (size_t)s->precision : ~0UL);
    if (!s->left)
        pad(o, ' ', s->width - n);
    for (int i = 0; i < n; i++)
        put(o, text[i]);
    if (s->left)
        pad(o, ' ', s->width - n);
}

static void put_number(struct out *o, struct spec const *s, unsigned long v, int negative)
{
    unsigned base = s->conversion == 'd' || s->conversion == 'u' ? 10 : 16;
    char const *digits = s->conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[24];
    int n = 0;
    int prefix = negative ? 1 : (s->alternate && base == 16 ? 2 : 0);
    int zeros;

    do
        text[n++] = digits[v % base];
    while (v /= base);
    zeros = s->precision > n ? s->precision - n : 0;
    if (s->zero && !s->left && s->precision < 0 && s->width > n + prefix)
        zeros = s->width - n - prefix;
    if (!s->left)
        pad(o, ' ', s->width - n - zeros - prefix);
    if (negative)
        put(o, '-');
    if (prefix == 2) {
        put(o, '0');
        put(o, 'x');
    }
    pad(o, '0', zeros);
    for (int i = n; i-- > 0;)
        put(o, text[i]);
    if (s->left)
        pad(o, ' ', s->width - n - zeros - prefix);
}

static int parse_int(char const **f)
{
    int v = 0;

    while (**f >= '0' && **f <= '9')
        v = v * 10 + (*(*f)++ - '0');
    return v;
}

/* Reads one conversion behind the '%'; *args moves only for a '*'. */
static struct spec parse_spec(char const **f, va_list *args)
{
    struct spec s = {.precision = -1};

    for (;; (*f)++) {
        if (**f == '-')
            s.left = 1;
        else if (**f == '0')
            s.zero = 1;
        else if (**f == '#')
            s.alternate = 1;
        else
            break;
    }
    if (**f == '*') {
        s.width = va_arg(*args, int);
        (*f)++;
    } else {
        s.width = parse_int(f);
    }
    if (**f == '.') {
        (*f)++;
        if (**f == '*') {
            s.precision = va_arg(*args, int);
            (*f)++;
        } else {
            s.precision = parse_int(f);
        }
    }
    while (**f == 'l' || **f == 'z' || **f == 'h') {
        s.longs |= **f != 'h';
        (*f)++;
    }
    s.conversion = **f == 'i' ? 'd' : **f;
    if (**f)
        (*f)++;
    return s;
}

int vsnprintf(char *buf, size_t size, char const *format, va_list args)
{
    struct out o = {buf, size, 0};
    va_list ap;

    va_copy(ap, args);
    while (*format) {
        struct spec s;
        long v;

        if (*format != '%') {
            put(&o, *format++);
            continue;
        }
        format++;
        s = parse_spec(&format, &ap);
        switch (s.conversion) {
        case 's':
            put_string(&o, &s, va_arg(ap, char const *));
            break;
        case 'c':
            put(&o, (char)va_arg(ap, int));
            break;
        case 'd':
            v = s.longs ? va_arg(ap, long) : va_arg(ap, int);
            put_number(&o, &s, v < 0 ? 0UL - (unsigned long)v : (unsigned long)v, v < 0);
            break;
        case 'p':
            s.alternate = 1;
            put_number(&o, &s, (unsigned long)va_arg(ap, void *), 0);
            break;
        case 'u':
        case 'x':
        case 'X':
            put_number(&o, &s, s.longs ? va_arg(ap, unsigned long) : va_arg(ap, unsigned), 0);
            break;
        case '\0':
            break;
        default: /* '%' and unknown conversions: the character itself */
            put(&o, s.conversion);
        }
    }
    va_end(ap);
    if (size)
        buf[o.len < size ? o.len : size - 1] = '\0';
    return (int)o.len;
}

int snprintf(char *buf, size_t size, char const *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(buf, size, format, args);
    va_end(args);
    return n;
}
