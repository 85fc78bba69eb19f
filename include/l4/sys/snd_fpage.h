/* SPDX-License-Identifier: MIT */
/*
 * Send items, return items and receive items as C functions.
 *
 * Decides: nothing of the ABI itself (see consts.h and __l4_fpage.h); gives each member of L4Re's
 * C++ class L4::Ipc::Snd_fpage one C function, and of Rcv_fpage and Small_buf what a receiver
 * needs.  docs/snd_fpage.md maps member to function, rule and test.  Pure.
 *
 * Item options are or-ed into one argument: map type, cacheability and continuation.
 */
#ifndef L4_SYS_SND_FPAGE_H
#define L4_SYS_SND_FPAGE_H

#include <l4/sys/__l4_fpage.h>
#include <l4/sys/types.h>
#include <l4/sys/__utcb_layout.h>

/** Options of a send item; or together at most one of each group. */
enum l4_snd_fpage_opt {
    L4_SND_FPAGE_MAP = L4_MAP_ITEM_MAP,
    L4_SND_FPAGE_GRANT = L4_MAP_ITEM_GRANT,

    L4_SND_FPAGE_NONE = 0, /* cacheability as in the sender */
    L4_SND_FPAGE_CACHED = L4_FPAGE_CACHEABLE << 4,
    L4_SND_FPAGE_BUFFERED = L4_FPAGE_BUFFERABLE << 4,
    L4_SND_FPAGE_UNCACHED = L4_FPAGE_UNCACHEABLE << 4,

    L4_SND_FPAGE_SINGLE = 0,
    L4_SND_FPAGE_LAST = 0,
    L4_SND_FPAGE_MORE = L4_ITEM_CONT, /* the next item goes to the same buffer */
    L4_SND_FPAGE_COMPOUND = L4_ITEM_CONT,
};

/** Item types as they are in a flexpage and in the first word of a return item. */
enum l4_snd_fpage_type {
    L4_SND_FPAGE_SPECIAL = L4_FPAGE_SPECIAL << 4,
    L4_SND_FPAGE_MEMORY = L4_FPAGE_MEMORY << 4,
    L4_SND_FPAGE_IO = L4_FPAGE_IO << 4,
    L4_SND_FPAGE_OBJ = L4_FPAGE_OBJ << 4,
};

/* ---- constructors ---- */

/** From raw words, for example of message registers; (0, 0) is the void item. */
L4_INLINE l4_snd_fpage_t l4_snd_fpage_raw(l4_umword_t base, l4_umword_t data)
{
    l4_snd_fpage_t i = {base, {data}};
    return i;
}

/** From a flexpage; snd_base: hot spot, opts: enum l4_snd_fpage_opt. */
L4_INLINE l4_snd_fpage_t l4_snd_fpage_fpage(l4_fpage_t fp, l4_addr_t snd_base, unsigned opts)
{
    return l4_snd_fpage_raw((snd_base & L4_FPAGE_CONTROL_MASK) | L4_ITEM_MAP | (opts & 0x73U),
                            fp.raw);
}

/** One capability; rights: L4_CAP_FPAGE_* and L4_FPAGE_C_*, map_type: L4_SND_FPAGE_MAP or _GRANT */
L4_INLINE l4_snd_fpage_t l4_snd_fpage_cap(l4_cap_idx_t cap, unsigned rights, unsigned map_type)
{
    return l4_snd_fpage_raw(L4_ITEM_MAP | (map_type & L4_MAP_ITEM_GRANT) | (rights & 0xf0U),
                            l4_obj_fpage(cap, 0, (unsigned char)rights).raw);
}

/**
 * Capability slots.  base: selector of the first, order: 0..16, rights: L4_CAP_FPAGE_* and
 * L4_FPAGE_C_*, snd_base: hot spot, opts: map type and continuation.
 */
L4_INLINE l4_snd_fpage_t l4_snd_fpage_obj(l4_cap_idx_t base, unsigned order, unsigned rights,
                                          l4_addr_t snd_base, unsigned opts)
{
    l4_umword_t ctl = (opts & (L4_MAP_ITEM_GRANT | L4_ITEM_CONT)) | (rights & 0xf0U);

    return l4_snd_fpage_raw((snd_base & L4_FPAGE_CONTROL_MASK) | L4_ITEM_MAP | ctl,
                            l4_obj_fpage(base, order, (unsigned char)rights).raw);
}

/** Memory.  base: bytes, order: 12..63, rights: L4_FPAGE_R..., opts: all three groups. */
L4_INLINE l4_snd_fpage_t l4_snd_fpage_mem(l4_addr_t base, unsigned order, unsigned rights,
                                          l4_addr_t snd_base, unsigned opts)
{
    return l4_snd_fpage_fpage(l4_fpage(base, order, (unsigned char)rights), snd_base, opts);
}

/** I/O ports.  base: port, order: 0..16; the hot spot is transported but not used (flexpage 5). */
L4_INLINE l4_snd_fpage_t l4_snd_fpage_io(unsigned long base, unsigned order, unsigned rights,
                                         l4_addr_t snd_base, unsigned opts)
{
    l4_fpage_t fp = l4_fpage_set_rights(l4_iofpage(base, order), (unsigned char)rights);

    return l4_snd_fpage_fpage(fp, snd_base, opts & (L4_MAP_ITEM_GRANT | L4_ITEM_CONT));
}

/* ---- accessors ---- */

/** Raw flexpage word; in a return item the received label or flexpage. */
L4_INLINE l4_umword_t l4_snd_fpage_data(l4_snd_fpage_t i) { return i.fpage.raw; }

/** Raw first word. */
L4_INLINE l4_umword_t l4_snd_fpage_base_x(l4_snd_fpage_t i) { return i.snd_base; }

/** Order of a send item, or of a flexpage received with l4_snd_fpage_local_id_received(). */
L4_INLINE unsigned l4_snd_fpage_order(l4_snd_fpage_t i) { return l4_fpage_size(i.fpage); }

/** The same under the other name it has. */
L4_INLINE unsigned l4_snd_fpage_snd_order(l4_snd_fpage_t i) { return l4_fpage_size(i.fpage); }

/** Return items: order of the flexpage that was sent (F-20, flexpage section 4). */
L4_INLINE unsigned l4_snd_fpage_rcv_order(l4_snd_fpage_t i)
{
    return (unsigned)(i.snd_base >> L4_FPAGE_SIZE_SHIFT) & 0x3fU;
}

/** Return items: type of the flexpage that was sent, enum l4_snd_fpage_type. */
L4_INLINE unsigned l4_snd_fpage_rcv_type(l4_snd_fpage_t i)
{
    return (unsigned)i.snd_base & L4_FPAGE_TYPE_MASK;
}

/** Start of the flexpage of a send item (or of a received flexpage). */
L4_INLINE l4_addr_t l4_snd_fpage_base(l4_snd_fpage_t i) { return i.fpage.raw & L4_FPAGE_ADDR_MASK; }

/** Hot spot. */
L4_INLINE l4_addr_t l4_snd_fpage_snd_base(l4_snd_fpage_t i)
{
    return i.snd_base & L4_FPAGE_CONTROL_MASK;
}

/** Set the hot spot. */
L4_INLINE void l4_snd_fpage_set_snd_base(l4_snd_fpage_t *i, l4_addr_t b)
{
    i->snd_base = (i->snd_base & ~L4_FPAGE_CONTROL_MASK) | (b & L4_FPAGE_CONTROL_MASK);
}

/** Not void. */
L4_INLINE int l4_snd_fpage_is_valid(l4_snd_fpage_t i) { return (i.snd_base & L4_ITEM_MAP) != 0; }

/** Return items: an object item was mapped (result code 0, F-19). */
L4_INLINE int l4_snd_fpage_cap_received(l4_snd_fpage_t i) { return (i.snd_base & 0x3e) == 0x38; }

/** Return items: the label of a gate came instead of a mapping (F-17); read it with _data. */
L4_INLINE int l4_snd_fpage_id_received(l4_snd_fpage_t i) { return (i.snd_base & 0x3e) == 0x3c; }

/** Return items: the sender's object flexpage came instead of a mapping (F-16). */
L4_INLINE int l4_snd_fpage_local_id_received(l4_snd_fpage_t i)
{
    return (i.snd_base & 0x3e) == 0x3e;
}

/** The next item shares this item's receive buffer. */
L4_INLINE int l4_snd_fpage_is_compound(l4_snd_fpage_t i)
{
    return (i.snd_base & L4_ITEM_CONT) != 0;
}

/* ---- use in a UTCB ---- */

/** Store an item in message registers mr and mr + 1. */
L4_INLINE void l4_snd_fpage_put_u(l4_utcb_t *u, unsigned mr, l4_snd_fpage_t i)
{
    u->msg.mr[mr] = i.snd_base;
    u->msg.mr[mr + 1] = i.fpage.raw;
}

/** The item in message registers mr and mr + 1. */
L4_INLINE l4_snd_fpage_t l4_snd_fpage_get_u(l4_utcb_t const *u, unsigned mr)
{
    return l4_snd_fpage_raw(u->msg.mr[mr], u->msg.mr[mr + 1]);
}

/**
 * Receive windows: store one in the buffer registers from br on, return the next free index.
 * fp: window (rights do not matter), task: selector of the task to map to, or L4_INVALID_CAP.
 */
L4_INLINE unsigned l4_rcv_fpage_put_u(l4_utcb_t *u, unsigned br, l4_fpage_t fp, l4_cap_idx_t task)
{
    int forward = l4_is_valid_cap(task) != 0;

    u->buf.br[br] = L4_ITEM_MAP | (forward ? (l4_umword_t)L4_RCV_ITEM_FORWARD_MAPPINGS : 0UL);
    u->buf.br[br + 1] = fp.raw;
    if (forward)
        u->buf.br[br + 2] = task;
    return br + (forward ? 3U : 2U);
}

/** Small buffer: one slot; flags: 0 or L4_RCV_ITEM_LOCAL_ID.  Returns the next free index. */
L4_INLINE unsigned l4_rcv_cap_put_u(l4_utcb_t *u, unsigned br, l4_cap_idx_t slot, unsigned flags)
{
    u->buf.br[br] = (slot & L4_FPAGE_ADDR_MASK) | L4_RCV_ITEM_SINGLE_CAP | flags;
    return br + 1;
}

#endif
