/* SPDX-License-Identifier: MIT */
/*
 * Calls of a server's operations.
 *
 * Decides: how a request becomes a message and what of the answer counts.  Called by rm.c and dataspace.c; changes
 * message registers, BDR and the first buffer registers.
 */
#include "rpc.h"

#include <l4/sys/err.h>
#include <quire/string.h>

enum { MAX_ORDER = 30, ITEM_WORDS = 2, CAP_RIGHTS = 0xff };

l4_ret_t rpc_call(struct rpc *call, void const *request, unsigned bytes)
{
    l4_utcb_t *u = l4_utcb();
    unsigned words = (unsigned)l4_bytes_to_mwords(bytes), br = 0;
    unsigned items = l4_snd_fpage_is_valid(call->item) ? 1 : 0;
    l4_msgtag_t tag;
    l4_ret_t result;

    if (words + items * ITEM_WORDS > L4_UTCB_GENERIC_DATA_SIZE)
        return -L4_EMSGTOOLONG;
    if (words)
        u->msg.mr[words - 1] = 0;
    memcpy(u->msg.mr, request, bytes);
    if (items)
        l4_snd_fpage_put_u(u, words, call->item);
    u->buf.bdr = 0;
    if (call->window.raw)
        br = l4_rcv_fpage_put_u(u, 0, call->window, L4_INVALID_CAP);
    u->buf.br[br] = 0;
    tag = l4_ipc_call(call->server, u, l4_msgtag(call->label, words, items, 0), L4_IPC_NEVER);
    result = l4_error_u(tag, u);
    call->order = 0;
    if (result >= 0 && l4_msgtag_items(tag))
        call->order = l4_snd_fpage_rcv_order(l4_snd_fpage_get_u(u, l4_msgtag_words(tag)));
    return result;
}

unsigned rpc_block_order(l4_addr_t address, l4_addr_t min, l4_addr_t max)
{
    unsigned order = L4_PAGESHIFT;

    for (; order < MAX_ORDER; order++) {
        l4_addr_t size = 2UL << order, base = address & ~(size - 1);

        if (base < min || base + (size - 1) > max - 1)
            break;
    }
    return order;
}

l4_snd_fpage_t rpc_cap(l4_cap_idx_t cap)
{
    return l4_snd_fpage_cap(cap & L4_CAP_MASK, (unsigned)cap & CAP_RIGHTS, L4_SND_FPAGE_MAP);
}
