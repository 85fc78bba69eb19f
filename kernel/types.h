/* SPDX-License-Identifier: MIT */
/*
 * Basic types and helpers for every kernel file.  Pure: freestanding headers only, so that the pure
 * parts of the kernel (mapdb, fpage, msgitem) also compile on the host.
 */
#ifndef QUIRE_TYPES_H
#define QUIRE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;
typedef int16_t s16;

#define static_assert _Static_assert
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ALIGN_DOWN(x, a) ((x) & ~((u64)(a)-1))
#define ALIGN_UP(x, a) ALIGN_DOWN((x) + (u64)(a)-1, a)
#define container_of(ptr, type, member) ((type *)((u8 *)(ptr)-offsetof(type, member)))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* Part of a straight line that is to stay one. */
#define ALWAYS_INLINE inline __attribute__((always_inline))
/* Called rarely, or long: its registers are saved only when it is called. */
#define OWN_FRAME __attribute__((noinline))

static inline u64 min_u64(u64 a, u64 b) { return a < b ? a : b; }
static inline u64 max_u64(u64 a, u64 b) { return a > b ? a : b; }

enum { PAGE_SHIFT = 12, PAGE_SIZE = 1 << PAGE_SHIFT };

#endif
