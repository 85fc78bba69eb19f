/* SPDX-License-Identifier: MIT */
/* Typed message items, see msgitem.h. */
#include "msgitem.h"

unsigned buffer_decode(const u64 *br, const struct buffer_cursors *c, unsigned type,
                       struct recv_buffer *out)
{
    return buffer_decode_at(br, c->at[type], out);
}
