/* SPDX-License-Identifier: MIT */
/* Typed message items, see msgitem.h. */
#include "msgitem.h"

#include "fpage.h"

struct buffer_cursors cursors_from_bdr(u64 bdr)
{
    struct buffer_cursors c = {{0, bdr & 31, bdr >> 5 & 31, bdr >> 10 & 31}};
    return c;
}

unsigned buffer_decode(const u64 *br, const struct buffer_cursors *c, unsigned type,
                       struct recv_buffer *out)
{
    unsigned at = c->at[type], size;
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
