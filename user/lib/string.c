/* SPDX-License-Identifier: MIT */
/*
 * Memory and string functions of C for user programs.  Called by everything, calls nothing.  The
 * compiler may call memcpy, memmove, memset and memcmp on its own.
 */
#include <quire/string.h>

void *memcpy(void *restrict dst, void const *restrict src, size_t n)
{
    void *d = dst;

    __asm__ volatile("rep movsb" : "+D"(d), "+S"(src), "+c"(n) : : "memory");
    return dst;
}

void *memmove(void *dst, void const *src, size_t n)
{
    char *d = (char *)dst + n - 1;
    char const *s = (char const *)src + n - 1;

    if ((size_t)dst - (size_t)src >= n)
        return memcpy(dst, src, n);
    /* The end of the source would be overwritten first: copy downwards. */
    __asm__ volatile("std; rep movsb; cld" : "+D"(d), "+S"(s), "+c"(n) : : "memory", "cc");
    return dst;
}

void *memset(void *dst, int c, size_t n)
{
    void *d = dst;

    __asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(c) : "memory");
    return dst;
}

int memcmp(void const *a, void const *b, size_t n)
{
    unsigned char const *x = a;
    unsigned char const *y = b;

    for (; n; n--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

size_t strnlen(char const *s, size_t max)
{
    size_t n = 0;

    while (n < max && s[n])
        n++;
    return n;
}

size_t strlen(char const *s) { return strnlen(s, ~0UL); }

int strncmp(char const *a, char const *b, size_t n)
{
    for (; n; n--, a++, b++)
        if (*a != *b || !*a)
            return (unsigned char)*a - (unsigned char)*b;
    return 0;
}

int strcmp(char const *a, char const *b) { return strncmp(a, b, ~0UL); }

char *strchr(char const *s, int c)
{
    for (; *s != (char)c; s++)
        if (!*s)
            return NULL;
    return (char *)(unsigned long)s;
}

char *strrchr(char const *s, int c)
{
    char const *found = NULL;

    do {
        if (*s == (char)c)
            found = s;
    } while (*s++);
    return (char *)(unsigned long)found;
}

size_t strlcpy(char *dst, char const *src, size_t size)
{
    size_t len = strlen(src);
    size_t n = len < size ? len : size - 1;

    memcpy(dst, src, n);
    dst[n] = '\0';
    return len;
}
