/* SPDX-License-Identifier: MIT */
/*
 * Copying one message, see transfer.h.
 *
 * Every item meets the buffer under the cursor of its type; both become a range of pages, ports or
 * slots (fpage.c),
 * which map.c moves.  The loop keeps its place in ctx->xfer, so that it can be interrupted between any
 * two pages.
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
enum { KERNEL_BDR = 0x1000000, BDR_INHERIT_FPU = 0x1000000 };

static bool fpu_wanted(const struct thread *snd, const struct thread *rcv)
{
    u64 bdr = rcv->kind == IPC_USER ? rcv->utcb->bdr : KERNEL_BDR;

    return snd->tag & TAG_FPU && bdr & BDR_INHERIT_FPU && snd->snd_rights & CAP_S; /* I-66 */
}

/* F-16, F-17: instead of a mapping the receiver may learn what the sender meant.  True: done. */
static bool local_id(struct transfer *x, u64 w0, u64 fpage, u64 *ret)
{
    struct cap *slot;
    u64 first;

    if (!(x->buffer.flags & BUF_LOCAL_ID))
        return false;
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

/* Where the items go: the receiver's task, or the one its buffer names (F-13); NULL: no such task. */
static struct task *destination(const struct transfer *x)
{
    struct cap *slot;

    if (!(x->buffer.flags & BUF_FORWARD))
        return x->rcv->task;
    slot = obj_lookup(x->rcv->task, x->buffer.task_cap);
    if (!slot || slot->obj->type != &task_type || !(slot->rights & CAP_W))
        return NULL;
    return task_of(slot->obj);
}

static u64 *return_position(struct transfer *x)
{
    /* A kernel-generated receiver has no use for the return item. */
    static u64 nowhere[2];

    if (x->rcv->kind != IPC_USER)
        return nowhere;
    return &x->rcv->utcb->mr[tag_words(x->snd->tag) + 2U * x->item];
}

/* Begin one item: decode it, find its buffer, and set the mapping up.  IPC_OK or an error. */
static enum ipc_error begin_item(struct thread *ctx, struct transfer *x, u64 w0, u64 fpage)
{
    const u64 *br = x->rcv->kind == IPC_USER ? x->rcv->utcb->br : kernel_buffers;
    u64 *ret = return_position(x);
    enum fpage_type type = fp_type(fpage);
    struct fp_match m = {0, 0, 0};
    struct task *to;
    unsigned size;

    if (item_is_void(w0)) { /* F-14 */
        ret[0] = 0;
        return IPC_OK;
    }
    if (!item_is_map(w0) || type == FP_SPECIAL)
        return IPC_OVERFLOW;
    size = buffer_decode(br, &x->cursors, type, &x->buffer);
    if (!size)
        return IPC_OVERFLOW;
    ret[0] = return_word(w0, fpage, RESULT_MAPPED); /* already there when the item fails (F-15) */
    if (!(w0 & ITEM_COMPOUND))
        x->cursors.at[type] = (u8)(x->cursors.at[type] + size); /* F-10 */
    if (type == FP_OBJ && !(x->snd->snd_rights & CAP_S))
        fpage &= ~(u64)CAP_S; /* F-8 */
    if (local_id(x, w0, fpage, ret))
        return IPC_OK;
    to = destination(x);
    if (!to)
        return IPC_OVERFLOW;
    fp_window(fpage, x->buffer.window, w0, &m); /* a mismatch leaves nothing to do (F-12) */
    ctx->map.from = x->snd->task;
    ctx->map.to = to;
    map_begin(&ctx->map, w0, fpage, &m);
    kobject_get(&to->obj);
    x->mapping = true;
    return IPC_OK;
}

/* Go on with the current item's mapping. */
static enum map_status run_mapping(struct thread *ctx, struct transfer *x)
{
    enum map_status s = map_run(&ctx->map);

    if (s == MAP_PREEMPTED)
        return s;
    if (s == MAP_DONE && !ctx->map.any)
        return_position(x)[0] |= RESULT_NOTHING; /* F-19 */
    x->mapping = false;
    kobject_put(&ctx->map.to->obj);
    return s;
}

static void transfer_continue(struct thread *ctx)
{
    struct transfer *x = &ctx->xfer;
    enum ipc_error e = IPC_OK;

    for (; x->item < x->n_items || x->mapping; x->item++) {
        if (!x->mapping) {
            unsigned at = tag_words(x->snd->tag) + 2U * x->item;
            const u64 *mr = x->snd->utcb->mr;
            if (at + 2 > N_MESSAGE_REGS) {
                e = IPC_OVERFLOW;
                break;
            }
            e = begin_item(ctx, x, mr[at], mr[at + 1]);
            if (e)
                break;
        }
        if (x->mapping) {
            enum map_status s = run_mapping(ctx, x);
            if (s == MAP_PREEMPTED) {
                ctx->cont = transfer_continue;
                return;
            }
            e = s == MAP_FAILED ? IPC_MAP_FAILED : s == MAP_DYING ? IPC_OVERFLOW : IPC_OK;
            if (e)
                break;
        }
    }
    if (!e && unlikely(fpu_wanted(x->snd, x->rcv)))
        arch_fpu_transfer(x->snd, x->rcv);
    ipc_transfer_done(ctx, e);
}

void transfer_start(struct thread *ctx, struct thread *snd, struct thread *rcv)
{
    struct transfer *x = &ctx->xfer;
    struct thread *other = ctx == snd ? rcv : snd;

    x->snd = snd;
    x->rcv = rcv;
    x->item = 0;
    x->n_items = (u8)tag_items(snd->tag);
    if (rcv->kind == IPC_EXCEPTION && tag_words(snd->tag) < EXCEPTION_WORDS)
        x->n_items = 0; /* I-60 */
    x->mapping = false;
    other->state = T_XFER;
    if (snd->kind == IPC_USER && rcv->kind == IPC_USER)
        copy_words(rcv->utcb->mr, snd->utcb->mr, tag_words(snd->tag));
    else
        pager_copy_words(snd, rcv, tag_words(snd->tag));
    x->cursors = cursors_from_bdr(rcv->kind == IPC_USER ? rcv->utcb->bdr : KERNEL_BDR);
    transfer_continue(ctx);
}
