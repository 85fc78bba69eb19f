/* SPDX-License-Identifier: MIT */
/*
 * Client of data spaces and of the allocator that makes them.
 *
 * Decides: operation numbers and arguments of the protocol L4RE_PROTO_DATASPACE, and how a region is mapped in blocks.
 * Called by programs; calls rpc.c.
 */
#include <l4/re/c/mem_alloc.h>
#include <l4/re/protocols.h>
#include <l4/sys/err.h>
#include <l4/sys/factory.h>

#include "rpc.h"

enum { OP_MAP = 0, OP_CLEAR = 1, OP_INFO = 2, OP_COPY_IN = 3, OP_ALLOCATE = 4 };

struct part_request {
    l4_umword_t op;
    l4re_ds_offset_t offset;
    l4re_ds_size_t size;
};

static l4_ret_t part(l4re_ds_t ds, l4_umword_t op, l4re_ds_offset_t offset, l4re_ds_size_t size)
{
    struct part_request r = {op, offset, size};
    struct rpc call = {.server = ds, .label = L4RE_PROTO_DATASPACE};

    return rpc_call(&call, &r, sizeof(r));
}

/* One block of the order at address; *order: what came. */
static l4_ret_t map_block(l4re_ds_t ds, l4re_ds_offset_t offset, l4re_ds_flags_t flags,
                          l4_addr_t address, unsigned *order)
{
    l4_addr_t base = address & (~0UL << *order);
    struct {
        l4_umword_t op;
        l4re_ds_offset_t offset;
        l4re_ds_map_addr_t spot;
        l4re_ds_flags_t flags;
    } r = {OP_MAP, offset, address - base, flags};
    struct rpc call = {
        .server = ds, .label = L4RE_PROTO_DATASPACE, .window = l4_fpage(base, *order, 0)};
    l4_ret_t result = rpc_call(&call, &r, sizeof(r));

    *order = call.order;
    return result;
}

l4_ret_t l4re_ds_map(l4re_ds_t ds, l4re_ds_offset_t offset, l4re_ds_flags_t flags,
                     l4re_ds_map_addr_t local_addr, l4re_ds_map_addr_t min_addr,
                     l4re_ds_map_addr_t max_addr)
{
    l4_addr_t address = l4_trunc_page(local_addr);
    unsigned order = rpc_block_order(address, l4_trunc_page(min_addr), l4_round_page(max_addr));

    return map_block(ds, offset, flags, address, &order);
}

l4_ret_t l4re_ds_map_region(l4re_ds_t ds, l4re_ds_offset_t offset, l4re_ds_flags_t flags,
                            l4re_ds_map_addr_t min_addr, l4re_ds_map_addr_t max_addr)
{
    l4_addr_t at = l4_trunc_page(min_addr), end = l4_round_page(max_addr);

    while (at < end) {
        unsigned order = rpc_block_order(at, at, end), got = order;
        l4_ret_t result = map_block(ds, offset, flags, at, &got);

        if (result < 0)
            return result;
        if (got < L4_PAGESHIFT) /* a server that sends nothing would keep us here forever */
            return -L4_ENOMEM;
        if (got < order)
            order = got;
        at += 1UL << order;
        offset += 1UL << order;
    }
    return 0;
}

l4_ret_t l4re_ds_clear(l4re_ds_t ds, l4re_ds_offset_t offset, l4re_ds_size_t size)
{
    return part(ds, OP_CLEAR, offset, size);
}

l4_ret_t l4re_ds_allocate(l4re_ds_t ds, l4re_ds_offset_t offset, l4re_ds_size_t size)
{
    return part(ds, OP_ALLOCATE, offset, size);
}

l4_ret_t l4re_ds_copy_in(l4re_ds_t ds, l4re_ds_offset_t dst_offs, l4re_ds_t src,
                         l4re_ds_offset_t src_offs, l4re_ds_size_t size)
{
    struct {
        l4_umword_t op;
        l4re_ds_offset_t dst_offs, src_offs;
        l4re_ds_size_t size;
    } r = {OP_COPY_IN, dst_offs, src_offs, size};
    struct rpc call = {.server = ds, .label = L4RE_PROTO_DATASPACE, .item = rpc_cap(src)};

    if (l4_is_invalid_cap(src))
        return -L4_EMSGMISSARG;
    return rpc_call(&call, &r, sizeof(r));
}

l4_ret_t l4re_ds_info(l4re_ds_t ds, l4re_ds_stats_t *stats)
{
    l4_umword_t op = OP_INFO;
    struct rpc call = {.server = ds, .label = L4RE_PROTO_DATASPACE};
    l4_ret_t result = rpc_call(&call, &op, sizeof(op));

    if (result >= 0)
        *stats = *(l4re_ds_stats_t const *)l4_utcb()->msg.mr;
    return result;
}

l4re_ds_size_t l4re_ds_size(l4re_ds_t ds)
{
    l4re_ds_stats_t stats = {0, 0};

    l4re_ds_info(ds, &stats);
    return stats.size;
}

l4re_ds_flags_t l4re_ds_flags(l4re_ds_t ds)
{
    l4re_ds_stats_t stats = {0, 0};

    l4re_ds_info(ds, &stats);
    return stats.flags;
}

l4_ret_t l4re_ds_map_info(l4re_ds_t ds, l4_addr_t *start_addr, l4_addr_t *end_addr)
{
    (void)ds;
    (void)start_addr;
    (void)end_addr;
    return 0;
}

l4_ret_t l4re_ma_alloc_align_srv(l4_cap_idx_t srv, long size, l4re_ds_t const mem,
                                 unsigned long flags, unsigned long align)
{
    l4_utcb_t *u = l4_utcb();
    l4_msgtag_t tag = l4_factory_create_start_u(L4RE_PROTO_DATASPACE, mem, u);

    l4_factory_create_add_int_u(size, &tag, u);
    l4_factory_create_add_uint_u(flags, &tag, u);
    l4_factory_create_add_uint_u(align, &tag, u);
    return l4_error_u(l4_factory_create_commit_u(srv, tag, u), u);
}
