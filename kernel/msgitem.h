/* SPDX-License-Identifier: MIT */
/*
 * Typed message items: send items, receive buffers, return items (abi: flexpage.md sections 2 to 4).
 * Pure.  Called by transfer.c, task.c, factory.c and the host tests.
 *
 * Send item, word 0 (word 1 is the flexpage):
 *   63              12 11    8 7      4 3     2   1       0
 *  +------------------+-------+--------+-----+---+-------+----------+
 *  |     hot spot     |   0   | attrs  | map | 0 | grant | compound |
 *  +------------------+-------+--------+-----+---+-------+----------+
 *
 * Receive buffer, word 0 (then a flexpage unless small, then a task capability if forward):
 *   63                     12 11    4 3     2          1       0
 *  +-------------------------+-------+-----+----------+-------+---------+
 *  | capability slot (small) |   0   | map | local id | small | forward |
 *  +-------------------------+-------+-----+----------+-------+---------+
 *
 * Return item, word 0: send word 0 with bits 4..11 taken from the flexpage and bits 1..2 the result:
 *   63              12 11    6 5    4 3     2      1 0
 *  +------------------+-------+------+-----+--------+----------+
 *  |     hot spot     | order | type | map | result | compound |
 *  +------------------+-------+------+-----+--------+----------+
 */
#ifndef QUIRE_MSGITEM_H
#define QUIRE_MSGITEM_H

#include "fpage.h"

enum item_bits {
    ITEM_COMPOUND = 1,
    ITEM_GRANT = 2,
    ITEM_MAP = 8,
    ITEM_ATTR_MASK = 0xf0,
    BUF_FORWARD = 1,
    BUF_SMALL = 2,
    BUF_LOCAL_ID = 4,
};

enum item_result {                    /* bits 1..2 of a return item */
                   RESULT_MAPPED = 0, /* attempted: at least one page or capability was processed */
                   RESULT_NOTHING = 2, /* nothing was mapped in the sender (F-19) */
                   RESULT_LABEL = 4,   /* word 1: gate label and rights (F-17) */
                   RESULT_FPAGE = 6,   /* word 1: the sender's flexpage (F-16) */
};

enum { N_BUFFER_REGS = 58 };

static inline bool item_is_void(u64 w0) { return w0 == 0; }
static inline bool item_is_map(u64 w0) { return w0 & ITEM_MAP; }

/* Word 0 of the return item for a sent item {w0, fpage}. */
static inline u64 return_word(u64 w0, u64 fpage, enum item_result result)
{
    return (w0 & ~0xff6UL) | (fpage & 0xff0) | result;
}

/* A decoded receive buffer. */
struct recv_buffer {
    u64 window;   /* flexpage of the window */
    u64 task_cap; /* with BUF_FORWARD: selector of the destination task in the receiver */
    u64 flags;    /* word 0 */
};

/* The three buffer cursors of one message (F-9); fields are BR indices. */
struct buffer_cursors {
    u8 at[4]; /* by flexpage type; type 0 is unused */
};

/* Cursors at the start of a message: the three five-bit indices of the BDR. */
static inline struct buffer_cursors cursors_from_bdr(u64 bdr)
{
    return (struct buffer_cursors){{0, bdr & 31, bdr >> 5 & 31, bdr >> 10 & 31}};
}

/*
 * Decode the buffer at br[at].  Returns the number of BRs it takes, or 0 when there is none: void, without the map
 * bit, or beyond the last BR (F-11).
 */
static inline unsigned buffer_decode(const u64 *br, unsigned at, struct recv_buffer *out)
{
    unsigned size;
    u64 w0;

    if (at >= N_BUFFER_REGS)
        return 0;
    w0 = br[at];
    if (!item_is_map(w0))
        return 0;
    size = 1U + (w0 & BUF_SMALL ? 0U : 1U) + (w0 & BUF_FORWARD ? 1U : 0U);
    if (at + size > N_BUFFER_REGS)
        return 0;
    out->flags = w0;
    /* A small buffer is a window of one capability slot. */
    out->window = w0 & BUF_SMALL ? (w0 & ~0xfffUL) | FP_OBJ << 4 : br[at + 1];
    out->task_cap = w0 & BUF_FORWARD ? br[at + size - 1] : 0;
    return size;
}

#endif
