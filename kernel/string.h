/* SPDX-License-Identifier: MIT */
/*
 * Memory and string functions.  The first four are also what compilers call for copies of structs.
 */
#ifndef QUIRE_STRING_H
#define QUIRE_STRING_H

#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n); /* the ranges may overlap */
void *memset(void *dst, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);

size_t strlen(const char *s);
/* Length of s, but at most max: s need not be terminated. */
size_t strnlen(const char *s, size_t max);

#endif
