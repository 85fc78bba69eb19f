/* SPDX-License-Identifier: MIT */
/*
 * Formatted output on the console.
 *
 * Conversions: %s, also %.*s; %d %u %x, with the length l and a width of at most 24, which leading
 * zeros fill; %%.  Nothing else.
 */
#ifndef QUIRE_PRINT_H
#define QUIRE_PRINT_H

#include <stdarg.h>

void kprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void kvprintf(const char *fmt, va_list args) __attribute__((format(printf, 1, 0)));

#endif
