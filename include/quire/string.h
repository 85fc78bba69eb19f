/* SPDX-License-Identifier: MIT */
/* Memory and string functions of the user library, as in C. */
#ifndef QUIRE_STRING_H
#define QUIRE_STRING_H

#include <stddef.h>

void *memcpy(void *restrict dst, void const *restrict src, size_t n);
void *memmove(void *dst, void const *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(void const *a, void const *b, size_t n);
size_t strlen(char const *s);
size_t strnlen(char const *s, size_t max);
int strcmp(char const *a, char const *b);
int strncmp(char const *a, char const *b, size_t n);
char *strchr(char const *s, int c);
char *strrchr(char const *s, int c);

/** Copy at most size - 1 characters, always terminated (size > 0); returns strlen(src). */
size_t strlcpy(char *dst, char const *src, size_t size);

#endif
