/* SPDX-License-Identifier: MIT */
/*
 * Timeouts of an IPC.
 *
 * Decides: the encoding of the two 16-bit timeouts in the low half of r8 (abi: ipc section 5).
 * Used by kernel (timeout.c) and user; pure.
 */
#ifndef L4_SYS_TIMEOUT_H
#define L4_SYS_TIMEOUT_H

#include <l4/sys/compiler.h>
#include <l4/sys/l4int.h>

/*
 * One timeout; two of them make a pair:
 *
 *    15  14       10 9            0          31           16 15           0
 *   +---+-----------+--------------+        +---------------+--------------+
 *   | 0 | exponent  |   mantissa   |        | send timeout  | receive      |   r8
 *   +---+-----------+--------------+        +---------------+--------------+
 *     relative: mantissa << exponent microseconds; 0x0000 = never, 0x0400 = zero
 *    15  14                6 5    0
 *   +---+-------------------+------+
 *   | 1 |         0         |  br  |   absolute: buffer register br holds the clock value in us
 *   +---+-------------------+------+
 */
typedef struct l4_timeout_s {
    l4_uint16_t t;
} __attribute__((packed)) l4_timeout_s;

typedef union l4_timeout_t {
    l4_uint32_t raw;
    struct {
        l4_timeout_s rcv;
        l4_timeout_s snd;
    } p;
} l4_timeout_t;

#define L4_IPC_TIMEOUT_0 ((l4_timeout_s){0x0400})
#define L4_IPC_TIMEOUT_NEVER ((l4_timeout_s){0})
#define L4_IPC_NEVER_INITIALIZER                                                                   \
    {                                                                                              \
        0                                                                                          \
    }
#define L4_IPC_NEVER ((l4_timeout_t){0})
#define L4_IPC_RECV_TIMEOUT_0 ((l4_timeout_t){0x00000400})
#define L4_IPC_SEND_TIMEOUT_0 ((l4_timeout_t){0x04000000})
#define L4_IPC_BOTH_TIMEOUT_0 ((l4_timeout_t){0x04000400})

#define L4_TIMEOUT_US_NEVER (~0ULL)
#define L4_TIMEOUT_US_MAX ((1ULL << 41) - 1)

/** Relative timeout of man << exp microseconds; man: 0..1023, exp: 0..31. */
L4_INLINE l4_timeout_s l4_timeout_rel(unsigned man, unsigned exp)
{
    return (l4_timeout_s){(l4_uint16_t)((man & 0x3ffU) | ((exp & 0x1fU) << 10))};
}

/** Pair of a send and a receive timeout. */
L4_INLINE l4_timeout_t l4_timeout(l4_timeout_s snd, l4_timeout_s rcv)
{
    return (l4_timeout_t){(l4_uint32_t)snd.t << 16 | rcv.t};
}

/** Pair from two mantissas and exponents. */
L4_INLINE l4_timeout_t l4_ipc_timeout(unsigned snd_man, unsigned snd_exp, unsigned rcv_man,
                                      unsigned rcv_exp)
{
    return l4_timeout(l4_timeout_rel(snd_man, snd_exp), l4_timeout_rel(rcv_man, rcv_exp));
}

L4_INLINE void l4_snd_timeout(l4_timeout_s snd, l4_timeout_t *to) { to->p.snd = snd; }

L4_INLINE void l4_rcv_timeout(l4_timeout_s rcv, l4_timeout_t *to) { to->p.rcv = rcv; }

/** Microseconds of a relative timeout; "never" gives L4_TIMEOUT_US_NEVER. */
L4_INLINE l4_uint64_t l4_timeout_rel_get(l4_timeout_s to)
{
    if (to.t == 0)
        return L4_TIMEOUT_US_NEVER;
    return (l4_uint64_t)(to.t & 0x3ffU) << ((to.t >> 10) & 0x1fU);
}

L4_INLINE unsigned l4_timeout_is_absolute(l4_timeout_s to) { return to.t & 0x8000U; }

/** Point in time at which a relative timeout that starts at @cur ends; 0: it is an absolute one. */
L4_INLINE l4_uint64_t l4_timeout_get(l4_uint64_t cur, l4_timeout_s to)
{
    return l4_timeout_is_absolute(to) ? 0 : cur + l4_timeout_rel_get(to);
}

/**
 * Relative timeout of at least us microseconds, rounded up to the next encodable value.
 * 0 gives the zero timeout, more than L4_TIMEOUT_US_MAX gives "never".
 */
L4_INLINE l4_timeout_s l4_timeout_from_us(l4_uint64_t us)
{
    unsigned exp = 0;

    if (us == 0)
        return L4_IPC_TIMEOUT_0;
    if (us > L4_TIMEOUT_US_MAX)
        return L4_IPC_TIMEOUT_NEVER;
    while (us > 0x3ff && exp < 31) {
        us = (us + 1) >> 1;
        exp++;
    }
    /* Rounding up at the very end of the range may not fit any more. */
    return l4_timeout_rel(us > 0x3ff ? 0x3ffU : (unsigned)us, exp);
}

_Static_assert(sizeof(l4_timeout_s) == 2 && sizeof(l4_timeout_t) == 4, "timeout words");

#endif
