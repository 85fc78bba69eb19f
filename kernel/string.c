/* SPDX-License-Identifier: MIT */
/*
 * Memory and string functions, see string.h.  Called from everywhere, calls nothing.
 *
 * Copying goes by 8 bytes, unaligned, through a type that may alias anything.  The accesses that
 * matter are volatile: otherwise compilers recognise the loops and replace them by calls of the
 * very functions they implement.
 */
#include "string.h"

#include "types.h"

typedef u64 __attribute__((may_alias, aligned(1))) wide;

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
    return memmove(dst, src, n);
}

void *memmove(void *dst, const void *src, size_t n)
{
    u8 *d = dst;
    const u8 *s = src;

    if (d <= s) {
        /* Forwards is right even if the ranges overlap: each step reads before it writes. */
        for (; n >= 8; n -= 8, d += 8, s += 8)
            *(volatile wide *)d = *(const wide *)s;
        for (; n; n--)
            *(volatile u8 *)d++ = *s++;
        return dst;
    }
    for (; n >= 8; n -= 8)
        *(volatile wide *)(d + n - 8) = *(const wide *)(s + n - 8);
    for (; n; n--)
        *(volatile u8 *)(d + n - 1) = s[n - 1];
    return dst;
}

void *memset(void *dst, int byte, size_t n)
{
    u8 *d = dst;
    u64 pattern = (u8)byte * 0x0101010101010101UL;

    for (; n >= 64; n -= 64, d += 64) {
        volatile wide *w = (volatile wide *)d;
        w[0] = pattern;
        w[1] = pattern;
        w[2] = pattern;
        w[3] = pattern;
        w[4] = pattern;
        w[5] = pattern;
        w[6] = pattern;
        w[7] = pattern;
    }
    for (; n >= 8; n -= 8, d += 8)
        *(volatile wide *)d = pattern;
    for (; n; n--)
        *(volatile u8 *)d++ = (u8)byte;
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const u8 *x = a, *y = b;

    for (; n; n--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

size_t strlen(const char *s) { return strnlen(s, ~0UL); }

size_t strnlen(const char *s, size_t max)
{
    size_t n = 0;

    while (n < max && ((const volatile char *)s)[n])
        n++;
    return n;
}
