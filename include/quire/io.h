/* SPDX-License-Identifier: MIT */
/*
 * Formatted print through the log.
 *
 * Output is collected to lines; each line is one write to the log, so that lines of several tasks
 * do not mix.  A program started by the root task prints its name in front of each line.  The
 * UTCB of the caller is as before after each call.
 */
#ifndef QUIRE_IO_H
#define QUIRE_IO_H

#include <stdarg.h>
#include <stddef.h>

/** Print; %s %c %d %i %u %x %X %p %% with -, 0, width, precision, h, l, ll, z.  Returns length. */
int printf(char const *format, ...) __attribute__((format(printf, 1, 2)));
int vprintf(char const *format, va_list args) __attribute__((format(printf, 1, 0)));

/** Print into a buffer of size bytes, always terminated; returns the length it would need. */
int snprintf(char *buf, size_t size, char const *format, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *buf, size_t size, char const *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/** Print a string and a line feed. */
int puts(char const *s);

/** Write out an unfinished line. */
void quire_flush(void);

/** Name in front of each line (cut to 8 characters); null: none. */
void quire_set_line_name(char const *name);

#endif
