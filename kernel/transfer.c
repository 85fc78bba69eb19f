/* SPDX-License-Identifier: MIT */
/*
 * Copying one message, see transfer.h.
 *
 * Every item meets the buffer under the cursor of its type; both become a range of pages, ports
 * or slots (fpage.c), which map.c moves.  The loop keeps its place in ctx->xfer, so that it can
 * be interrupted between any two pages.
 */
#include "transfer.h"

#include "arch.h"
#include "gate.h"
#include "map.h"
#include "obj_space.h"
#include "pager.h"
#include "sched.h"
#include "string.h"

/* Kernel-generated messages are received through these (ipc.md section 10): any item, anywhere. */
static const u64 kernel_buffers[N_BUFFER_REGS] = {ITEM_MAP, 0xfc0};
enum { BDR_INHERIT_FPU = 0x1000000 };

static bool fpu_wanted(const struct thread *snd, const struct thread *rcv)
{
    u64 bdr = rcv->kind == IPC_USER ? rcv->utcb->bdr : KERNEL_BDR;

    return bdr & BDR_INHERIT_FPU && snd->snd_rights & CAP_S; /* I-66 */
}

/* F-16, F-17: with BUF_LOCAL_ID the receiver may learn what the sender meant instead of a mapping.  True: done. */
static bool local_id(const struct transfer *x, u64 w0, u64 fpage, u64 *ret)
{
    struct cap *slot;
    u64 first;

    if (x->snd->task == x->rcv->task) {
        ret[0] = return_word(w0, fpage, RESULT_FPAGE);
        ret[1] = fpage;
        return true;
    }
    if (fp_type(fpage) != FP_OBJ)
        return false;
    first = fp_to_range(fpage, N_SLOTS).base << 12;
    slot = obj_lookup(x->snd->task, first);
    if (!slot || !gate_is_local(slot->obj, x->rcv->task))
        return false;
    ret[0] = return_word(w0, fpage, RESULT_LABEL);
    ret[1] = gate_label(slot->obj) | (slot->rights & fpage & (CAP_W | CAP_S));
    return true;
}

/* The task that the receiver's buffer names (F-13); NULL: no such task. */
static struct task *forward_task(const struct thread *rcv, u64 selector)
{
    struct cap *slot = obj_lookup(rcv->task, selector);

    return slot && slot->obj->type == &task_type && slot->rights & CAP_W ? task_of(slot->obj)
                                                                         : NULL;
}

/* While the mapping is interrupted its destination is held. */
enum ipc_error transfer_item_end(struct thread *ctx, u64 *ret, enum map_status s)
{
    struct transfer *x = &ctx->xfer;
    struct kobject *to = &ctx->map.to->obj;

    if (unlikely(s == MAP_PREEMPTED)) {
        if (!x->mapping)
            kobject_get(to);
        x->mapping = true;
        return IPC_PREEMPTED;
    }
    if (s == MAP_DONE && !ctx->map.any)
        ret[0] |= RESULT_NOTHING; /* F-19 */
    if (x->mapping)
        kobject_put(to);
    x->mapping = false;
    return likely(s == MAP_DONE) ? IPC_OK : s == MAP_FAILED ? IPC_MAP_FAILED : IPC_OVERFLOW;
}

/* Go on with the current item's mapping. */
static inline enum ipc_error run_mapping(struct thread *ctx, u64 *ret)
{
    enum map_status s = map_run(&ctx->map);

    TRACE(item_end, &ctx->map, s);
    return transfer_item_end(ctx, ret, s);
}

/* One item: decode it, find its buffer among `br`, and map; its return item goes to `ret`. */
static inline enum ipc_error do_item(struct thread *ctx, const u64 *item, const u64 *br, u64 *ret)
{
    struct transfer *x = &ctx->xfer;
    u64 w0 = item[0], fpage = item[1];
    enum fpage_type type = fp_type(fpage);
    struct task *to = x->rcv->task;
    struct fp_match m;
    struct recv_buffer b;
    unsigned size;

    if (item_is_void(w0)) { /* F-14 */
        ret[0] = 0;
        return IPC_OK;
    }
    if (!item_is_map(w0) || type == FP_SPECIAL)
        return IPC_OVERFLOW;
    size = buffer_decode(br, x->cursors.at[type], &b);
    if (!size)
        return IPC_OVERFLOW;
    ret[0] = return_word(w0, fpage, RESULT_MAPPED); /* already there when the item fails (F-15) */
    if (!(w0 & ITEM_COMPOUND))
        x->cursors.at[type] = (u8)(x->cursors.at[type] + size); /* F-10 */
    if (type == FP_OBJ && !(x->snd->snd_rights & CAP_S))
        fpage &= ~(u64)CAP_S; /* F-8 */
    if (unlikely(b.flags & BUF_LOCAL_ID) && local_id(x, w0, fpage, ret))
        return IPC_OK;
    if (unlikely(b.flags & BUF_FORWARD))
        to = forward_task(x->rcv, b.task_cap);
    if (unlikely(!to))
        return IPC_OVERFLOW;
    if (unlikely(!fp_window(fpage, b.window, w0, &m)))
        m.src = m.dst = m.size = 0; /* a mismatch leaves nothing to do (F-12) */
    ctx->map.from = x->snd->task;
    ctx->map.to = to;
    TRACE(item_begin, &ctx->map, ((u64[]){w0, fpage}), &b, x);
    map_begin(&ctx->map, w0, fpage, &m);
    return run_mapping(ctx, ret);
}

enum ipc_error transfer_items(struct thread *ctx)
{
    static u64 nowhere[2]; /* the return items of a receiver that the kernel itself is */
    struct transfer *x = &ctx->xfer;
    const u64 *mr = x->snd->utcb->mr, *br = kernel_buffers;
    u64 at = tag_words(x->snd->tag) + 2U * x->item, *ret = nowhere, step = 0;

    if (likely(x->rcv->kind == IPC_USER)) {
        br = x->rcv->utcb->br;
        ret = &x->rcv->utcb->mr[at];
        step = 2;
    }
    for (; x->item < x->n_items; x->item++, at += 2, ret += step) {
        enum ipc_error e = IPC_OVERFLOW;

        if (unlikely(x->mapping))
            e = run_mapping(ctx, ret);
        else if (likely(at + 2 <= N_MESSAGE_REGS))
            e = do_item(ctx, &mr[at], br, ret);
        TRACE(item_result, x, &mr[at], ret, e);
        if (unlikely(e != IPC_OK))
            return e;
    }
    if (unlikely(x->snd->tag & TAG_FPU) && fpu_wanted(x->snd, x->rcv))
        arch_fpu_transfer(x->snd, x->rcv);
    return IPC_OK;
}

void transfer_continue(struct thread *ctx)
{
    enum ipc_error e = transfer_items(ctx);

    if (e == IPC_PREEMPTED)
        ctx->cont = transfer_continue;
    else
        ipc_transfer_done(ctx, e);
}

void transfer_start(struct thread *ctx, struct thread *snd, struct thread *rcv)
{
    unsigned words = tag_words(snd->tag);

    transfer_begin(ctx, snd, rcv);
    if (rcv->kind == IPC_EXCEPTION && words < EXCEPTION_WORDS)
        ctx->xfer.n_items = 0; /* I-60 */
    if (likely(snd->kind == IPC_USER && rcv->kind == IPC_USER))
        copy_words(rcv->utcb->mr, snd->utcb->mr, words);
    else
        pager_copy_words(snd, rcv, words);
    transfer_continue(ctx);
}
