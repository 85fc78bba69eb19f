/* SPDX-License-Identifier: MIT */
/*
 * Formatted output on the console.
 *
 * Conversions: %c %s %d %i %u %x %p %%, with h-less lengths l, ll and z; flags 0 and -, a width,
 * and for %s a precision (number or *).  %p prints 0x and 16 digits.  Not: octal, upper case,
 * floating point, # and +.
 */
#ifndef QUIRE_PRINT_H
#define QUIRE_PRINT_H

#include <stdarg.h>

void kprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void kvprintf(const char *fmt, va_list args) __attribute__((format(printf, 1, 0)));

#endif
