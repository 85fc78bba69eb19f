/* SPDX-License-Identifier: MIT */
/*
 * Copying one message: words, typed items, FPU state (abi: ipc.md I-30, flexpage.md).
 * Called by ipc.c once both partners are known; calls map.c for the items.
 */
#ifndef QUIRE_TRANSFER_H
#define QUIRE_TRANSFER_H

#include "ipc.h"

enum {
    KERNEL_BDR = 0x1000000
}; /* kernel-generated messages take the FPU state (ipc.md section 10) */

/* Set ctx->xfer up for the message of `snd` to `rcv`. */
static inline void transfer_begin(struct thread *ctx, struct thread *snd, struct thread *rcv)
{
    struct transfer *x = &ctx->xfer;

    x->snd = snd;
    x->rcv = rcv;
    x->item = 0;
    x->n_items = (u8)tag_items(snd->tag);
    x->mapping = false;
    x->cursors = cursors_from_bdr(likely(rcv->kind == IPC_USER) ? rcv->utcb->bdr : KERNEL_BDR);
    (ctx == snd ? rcv : snd)->state = T_XFER;
}
/* The items of ctx->xfer, and the FPU state; the words were copied before.  IPC_PREEMPTED: go on later. */
enum ipc_error transfer_items(struct thread *ctx);
/* What the status of an item's mapping means for the transfer, whose state it takes along; `ret`: its return item. */
enum ipc_error transfer_item_end(struct thread *ctx, u64 *ret, enum map_status s);
/* The same as a continuation, with all that follows. */
void transfer_continue(struct thread *ctx);

/*
 * Transfer the message of `snd` to `rcv` in the context of `ctx` (one of them).  Ends with
 * ipc_transfer_done, at once or, when interrupted, from a continuation of ctx.
 */
void transfer_start(struct thread *ctx, struct thread *snd, struct thread *rcv);

#endif
