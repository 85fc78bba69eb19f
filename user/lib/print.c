/* SPDX-License-Identifier: MIT */
/*
 * Output of lines to the log.
 *
 * Decides: one line is one write (at most 488 bytes), so that the lines of several tasks do not
 * mix.  Called by programs, calls format.c and the log capability.  Invariants: buffer and name
 * are used under the lock; the caller's UTCB is unchanged, as programs print between filling the
 * message registers and sending them.
 */
#include <l4/re/c/log.h>
#include <l4/sys/vcon.h>
#include <quire/io.h>
#include <quire/string.h>

#define NAME_WIDTH 8

static char line[L4_VCON_WRITE_SIZE];
static unsigned line_len;
static char prefix[NAME_WIDTH + 3]; /* "server  | " or empty */
static char lock;

/* Another thread of this program may be printing: sleep, as it may have a lower priority. */
static void acquire(void)
{
    l4_umword_t error = l4_utcb_tcr()->error;

    while (__atomic_test_and_set(&lock, __ATOMIC_ACQUIRE))
        l4_ipc_sleep_us(500);
    l4_utcb_tcr()->error = error;
}

static void release(void) { __atomic_clear(&lock, __ATOMIC_RELEASE); }

static void write_line(void)
{
    l4_utcb_t *u = l4_utcb();
    l4_msg_regs_t saved = u->msg;
    l4_umword_t error = u->tcr.error;

    l4_vcon_send_u(L4_BASE_LOG_CAP, line, line_len, u);
    u->msg = saved;
    u->tcr.error = error;
    line_len = 0;
}

static void put_char(char c)
{
    if (line_len == 0) {
        line_len = (unsigned)strlen(prefix);
        memcpy(line, prefix, line_len);
    }
    line[line_len++] = c;
    if (c == '\n') {
        write_line();
    } else if (line_len == sizeof(line) - 1) {
        /* Too long for one write: the rest becomes a line of its own. */
        line[line_len++] = '\n';
        write_line();
    }
}

void l4re_log_printn(char const *string, int len)
{
    acquire();
    for (int i = 0; i < len; i++)
        put_char(string[i]);
    release();
}

void l4re_log_print(char const *string) { l4re_log_printn(string, (int)strlen(string)); }

void l4re_log_printn_srv(l4_cap_idx_t const logcap, char const *string, int len)
{
    while (len > 0) {
        long n = l4_vcon_write(logcap, string, (unsigned)len);
        if (n <= 0)
            return;
        string += n;
        len -= (int)n;
    }
}

void l4re_log_print_srv(l4_cap_idx_t const logcap, char const *string)
{
    l4re_log_printn_srv(logcap, string, (int)strlen(string));
}

int vprintf(char const *format, va_list args)
{
    char text[1024];
    int n = vsnprintf(text, sizeof(text), format, args);

    l4re_log_printn(text, n < (int)sizeof(text) ? n : (int)sizeof(text) - 1);
    return n;
}

int printf(char const *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vprintf(format, args);
    va_end(args);
    return n;
}

int puts(char const *s) { return printf("%s\n", s); }

void quire_flush(void)
{
    acquire();
    if (line_len)
        put_char('\n');
    release();
}

void quire_set_line_name(char const *name)
{
    acquire();
    if (name)
        snprintf(prefix, sizeof(prefix), "%-*.*s| ", NAME_WIDTH, NAME_WIDTH, name);
    else
        prefix[0] = '\0';
    release();
}
