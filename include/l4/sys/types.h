/* SPDX-License-Identifier: MIT */
/*
 * Message tag, capability index, protocol labels.
 *
 * Decides: the words in rax and rdx of every system call.  Used by kernel and user; uses only
 * pure headers.  Invariant: a tag is a plain 64-bit word, all 64 bits are ABI.
 */
#ifndef L4_SYS_TYPES_H
#define L4_SYS_TYPES_H

#include <l4/sys/compiler.h>
#include <l4/sys/consts.h>
#include <l4/sys/err.h>
#include <l4/sys/l4int.h>

typedef l4_int16_t l4_ret_t;   /* result of an operation: 0 or positive, or -L4_E... */
typedef l4_int16_t l4_proto_t; /* protocol label */

/** Capability selector: index << L4_CAP_SHIFT, or L4_INVALID_CAP. */
typedef unsigned long l4_cap_idx_t;

/** Protocol labels.  Kernel objects are negative, services start at 0x4000. */
enum L4_msgtag_protocol {
    L4_PROTO_NONE = 0L,
    L4_PROTO_ALLOW_SYSCALL = 1L,
    L4_PROTO_PF_EXCEPTION = 1L,
    L4_PROTO_IRQ = -1L,
    L4_PROTO_PAGE_FAULT = -2L,
    L4_PROTO_EXCEPTION = -5L,
    L4_PROTO_SIGMA0 = -6L,
    L4_PROTO_IO_PAGE_FAULT = -8L,
    L4_PROTO_THREAD_GROUP = -9L,
    L4_PROTO_KOBJECT = -10L,
    L4_PROTO_TASK = -11L,
    L4_PROTO_THREAD = -12L,
    L4_PROTO_LOG = -13L,
    L4_PROTO_SCHEDULER = -14L,
    L4_PROTO_FACTORY = -15L,
    L4_PROTO_VM = -16L,
    L4_PROTO_DMA_SPACE = -17L,
    L4_PROTO_IRQ_SENDER = -18L,
    L4_PROTO_SEMAPHORE = -20L,
    L4_PROTO_META = -21L,
    L4_PROTO_IOMMU = -22L,
    L4_PROTO_DEBUGGER = -23L,
    L4_PROTO_SMCCC = -24L,
    L4_PROTO_VCPU_CONTEXT = -25L,
};

/** Types of arguments in factory calls (low 16 bits of the word before the value). */
enum L4_varg_type {
    L4_VARG_TYPE_NIL = 0x00,
    L4_VARG_TYPE_UMWORD = 0x01,
    L4_VARG_TYPE_MWORD = 0x81,
    L4_VARG_TYPE_STRING = 0x02,
    L4_VARG_TYPE_FPAGE = 0x03,
    L4_VARG_TYPE_SIGN = 0x80,
};

/*
 * Message tag (rax at entry and return):
 *
 *   63                               16  15   14    13    12   11    6 5     0
 *  +-----------------------------------+----+-----+-----+-----+-------+-------+
 *  | label (signed)                    |err |prop |sched| fpu | items | words |
 *  +-----------------------------------+----+-----+-----+-----+-------+-------+
 *
 *   err is set by the kernel only; items start in the message register after the words.
 */
typedef struct l4_msgtag_t {
    l4_mword_t raw;
} l4_msgtag_t;

enum L4_msgtag_flags {
    L4_MSGTAG_ERROR = 0x8000,
    L4_MSGTAG_TRANSFER_FPU = 0x1000,
    L4_MSGTAG_SCHEDULE = 0x2000,
    L4_MSGTAG_PROPAGATE = 0x4000,
    L4_MSGTAG_FLAGS = 0xf000,
};

/** Build a tag; label: -2^47..2^47-1, words and items: 0..63, flags: L4_MSGTAG_*. */
L4_INLINE l4_msgtag_t l4_msgtag(long label, unsigned words, unsigned items,
                                unsigned flags) L4_NOTHROW;
L4_INLINE l4_msgtag_t l4_msgtag(long label, unsigned words, unsigned items, unsigned flags)
{
    l4_umword_t raw = ((l4_umword_t)label << 16) | (words & 0x3fU) | ((items & 0x3fU) << 6) |
                      (flags & (unsigned)L4_MSGTAG_FLAGS);
    return (l4_msgtag_t){(l4_mword_t)raw};
}

/** Label of a tag, sign extended. */
L4_INLINE long l4_msgtag_label(l4_msgtag_t t) { return t.raw >> 16; }

/** Number of untyped words, 0..63. */
L4_INLINE unsigned l4_msgtag_words(l4_msgtag_t t) { return (unsigned)t.raw & 0x3fU; }

/** Number of typed items, 0..63. */
L4_INLINE unsigned l4_msgtag_items(l4_msgtag_t t) { return ((unsigned)t.raw >> 6) & 0x3fU; }

/** The flag bits, L4_MSGTAG_*. */
L4_INLINE unsigned l4_msgtag_flags(l4_msgtag_t t)
{
    return (unsigned)t.raw & (unsigned)L4_MSGTAG_FLAGS;
}

/** Non-zero: the IPC failed, the code is in the UTCB's error word. */
L4_INLINE unsigned l4_msgtag_has_error(l4_msgtag_t t)
{
    return (unsigned)t.raw & (unsigned)L4_MSGTAG_ERROR;
}

L4_INLINE unsigned l4_msgtag_is_page_fault(l4_msgtag_t t)
{
    return l4_msgtag_label(t) == L4_PROTO_PAGE_FAULT;
}

L4_INLINE unsigned l4_msgtag_is_exception(l4_msgtag_t t)
{
    return l4_msgtag_label(t) == L4_PROTO_EXCEPTION;
}

L4_INLINE unsigned l4_msgtag_is_sigma0(l4_msgtag_t t)
{
    return l4_msgtag_label(t) == L4_PROTO_SIGMA0;
}

L4_INLINE unsigned l4_msgtag_is_io_page_fault(l4_msgtag_t t)
{
    return l4_msgtag_label(t) == L4_PROTO_IO_PAGE_FAULT;
}

/** Non-zero if the selector names no slot. */
L4_INLINE unsigned l4_is_invalid_cap(l4_cap_idx_t c) { return (c & L4_INVALID_CAP_BIT) != 0; }

/** Non-zero if the selector names a slot; says nothing about the slot being filled. */
L4_INLINE unsigned l4_is_valid_cap(l4_cap_idx_t c) { return (c & L4_INVALID_CAP_BIT) == 0; }

/** Non-zero if both selectors name the same slot (not: the same object). */
L4_INLINE unsigned l4_capability_equal(l4_cap_idx_t c1, l4_cap_idx_t c2)
{
    return (c1 >> L4_CAP_SHIFT) == (c2 >> L4_CAP_SHIFT);
}

/** Selector of the next slot. */
L4_INLINE l4_cap_idx_t l4_capability_next(l4_cap_idx_t c) { return c + L4_CAP_OFFSET; }

_Static_assert(sizeof(l4_msgtag_t) == 8, "a tag is one word");

#include <l4/sys/__l4_fpage.h>

#endif
