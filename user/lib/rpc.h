/* SPDX-License-Identifier: MIT */
/*
 * Calls of a server's operations as L4Re lays them out.
 *
 * The message registers are memory: the operation's number (32 bits), then the arguments, each aligned to its own
 * size; so a C structure has the layout.  Where padding would follow, the structures have a wider member instead: the
 * bytes are the same, and none goes out that nobody has written.  The answer is like this without a number: its label
 * is the result, the values follow if that is not negative.
 */
#ifndef LIB_RPC_H
#define LIB_RPC_H

#include <l4/sys/ipc.h>
#include <l4/sys/snd_fpage.h>

/** A call: to whom, and what comes with the words. */
struct rpc {
    l4_cap_idx_t server;
    long label;
    l4_snd_fpage_t item; /* sent, unless void */
    l4_fpage_t window;   /* for memory in the answer, unless nil */
    unsigned order;      /* out: order of that memory, 0 if none came */
};

/**
 * Call with a request of bytes bytes; the values of the answer are then in the message registers of this thread.
 * Returns the label of the answer or a negative number; -L4_EMSGTOOLONG: does not fit.
 */
l4_ret_t rpc_call(struct rpc *call, void const *request, unsigned bytes);

/** Order of the largest aligned block around address that lies in [min, max): 12..30. */
unsigned rpc_block_order(l4_addr_t address, l4_addr_t min, l4_addr_t max);

/** The item that sends a capability: the low bits of the selector are its rights. */
l4_snd_fpage_t rpc_cap(l4_cap_idx_t cap);

#endif
