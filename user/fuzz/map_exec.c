/* SPDX-License-Identifier: MIT */
/* One operation of a sequence by real system calls, see map.h.  Called by map.c; calls helpers and kernel objects. */
#include "map.h"

#include <l4/sys/factory.h>
#include <l4/sys/task.h>

enum { FREE_OBJECTS = 8, IPC_OVERFLOW = 8, IPC_MAP_FAILED = 0x10, IN_RECV = 1, TAG_ERROR = 0x8000 };

static void status_of_error(struct answer *k, u64 error)
{
    k->status = !error                    ? MODEL_DONE
                : error == IPC_OVERFLOW   ? MODEL_OVERFLOW
                : error == IPC_MAP_FAILED ? MODEL_FAILED
                                          : MODEL_IMPOSSIBLE;
}

static void run_map(const struct seq_op *op, struct answer *k)
{
    l4_utcb_t *u = l4_utcb();
    l4_msgtag_t tag;

    u->msg.mr[0] = 0;
    u->msg.mr[1] = op->w[0];
    u->msg.mr[2] = op->w[1];
    u->msg.mr[3] = 8;
    u->msg.mr[4] = world_task(op->a, op->n & SEQ_S_FROM) | SEQ_OBJ << 4 | 15;
    tag = l4_ipc_call(world_task(op->b, op->n & SEQ_S_TO), u, l4_msgtag(L4_PROTO_TASK, 3, 1, 0),
                      L4_IPC_NEVER);
    status_of_error(k, l4_ipc_error(tag, u));
    if (k->status == MODEL_DONE && l4_msgtag_label(tag))
        k->status = l4_msgtag_label(tag) == -L4_EINVAL ? MODEL_DYING : MODEL_IMPOSSIBLE;
}

/* sigma0's own slots are the driver's and no part of the model. */
static void run_unmap(struct seq_op *op, struct answer *k)
{
    l4_utcb_t *u = l4_utcb();
    l4_msgtag_t tag;

    u->msg.mr[0] = 1;
    u->msg.mr[1] = op->w[0];
    for (unsigned i = 0; i < op->n; i++) {
        if (!op->a && (op->w[1 + i] & 0x30) == SEQ_OBJ << 4)
            op->w[1 + i] = 0;
        u->msg.mr[2 + i] = op->w[1 + i];
    }
    tag = l4_ipc_call(world_task(op->a, true), u, l4_msgtag(L4_PROTO_TASK, 2U + op->n, 0, 0),
                      L4_IPC_NEVER);
    k->status = l4_error_u(tag, u) ? MODEL_IMPOSSIBLE : MODEL_DONE;
    for (unsigned i = 0; i < op->n; i++)
        k->word[i] = u->msg.mr[2 + i];
}

static void run_ipc(struct seq_op *op, struct answer *k)
{
    l4_utcb_t *u = l4_utcb();
    bool with_s = op->n >> 4;
    u64 tag, sender_tag, error, received;

    k->done = world_prepare(op->a) && world_prepare(op->b) && world_partner(op->a, op->b, with_s) &&
              model.space[op->a].alive && model.space[op->b].alive; /* a repair may end a task */
    if (!k->done)
        return;
    for (unsigned i = 0; i < (op->n & 15U);
         i++) { /* not the slots that the helpers themselves need meanwhile */
        u64 *fpage = &op->w[SEQ_W_ITEM + 2 * i + 1];

        if ((*fpage & 0x30) == SEQ_OBJ << 4 && (*fpage >> 6 & 63) > 3)
            *fpage &= ~0xf00UL;
    }
    tag = (u64)l4_msgtag(0, 1, op->n & 15U, 0).raw;
    u->msg.mr[0] = HELPER_RECEIVE;
    u->msg.mr[1] = op->w[SEQ_W_BDR];
    for (unsigned i = 0; i < SEQ_MAX_BRS; i++)
        u->msg.mr[2 + i] = op->w[SEQ_W_BR + i];
    if (l4_msgtag_has_error(world_call(op->b, HELPER_RCV, 2 + SEQ_MAX_BRS)))
        differs("the receiver does not answer");
    u->msg.mr[0] = HELPER_SEND;
    u->msg.mr[1] = (u64)((with_s ? SLOT_PARTNER_S : SLOT_PARTNER) + op->b) << L4_CAP_SHIFT;
    u->msg.mr[2] = tag;
    for (unsigned i = 0; i < 2 * SEQ_MAX_ITEMS; i++)
        u->msg.mr[3 + i] = op->w[SEQ_W_ITEM + i];
    k->unknown = l4_msgtag_has_error(world_call(op->a, HELPER_SND, 3 + 2 * SEQ_MAX_ITEMS));
    sender_tag = u->msg.mr[0];
    error = u->msg.mr[1];
    u->msg.mr[0] = HELPER_REPORT;
    k->unknown |= l4_msgtag_has_error(world_call(op->b, HELPER_RCV, 1)) != 0;
    if (k->unknown)
        return;
    received = u->msg.mr[0];
    status_of_error(k, error);
    for (unsigned i = 0; i < 2 * SEQ_MAX_ITEMS; i++)
        k->word[i] = u->msg.mr[2 + i];
    if (u->msg.mr[1] != (error ? error | IN_RECV : 0) ||
        received != (tag | (error ? TAG_ERROR : 0)) || (error && sender_tag != TAG_ERROR))
        differs("I-24 error %lx of the sender, %lx of the receiver, tags %lx and %lx", error,
                u->msg.mr[1], sender_tag, received);
}

static void run_touch(const struct seq_op *op, struct answer *k)
{
    l4_utcb_t *u = l4_utcb();
    int page = model_find(op->a, SEQ_MEM, op->w[0]);

    k->done =
        !model_in_ku(op->a, op->w[0]) &&
        (page < 0 || world_is_ram(model.page[page].phys + (op->w[0] - model.page[page].at))) &&
        world_prepare(op->a);
    if (!k->done)
        return;
    u->msg.mr[0] = HELPER_PROBE;
    u->msg.mr[1] = (op->w[0] & ~0xfffUL) | (op->n ? 1 : 0);
    if (l4_msgtag_has_error(world_call(op->a, HELPER_RCV, 2)))
        differs("the helper does not answer");
    if (u->msg.mr[1] == PROBE_FAULT)
        k->status = MODEL_IMPOSSIBLE;
}

static void run_object(const struct seq_op *op, struct answer *k)
{
    l4_cap_idx_t new = world_scratch(), thread = L4_INVALID_CAP;
    l4_msgtag_t tag;

    if (op->b && model.space[op->b].alive)
        thread = world_helper(op->b, HELPER_RCV);
    if (op->n == SEQ_OBJ_GATE)
        tag = l4_factory_create_gate(world_factory(op->a), new, thread, op->w[1]);
    else
        tag = l4_factory_create(world_factory(op->a),
                                op->w[1] & 4 ? L4_PROTO_SEMAPHORE : L4_PROTO_IRQ_SENDER, new);
    k->done = l4_error(tag) >= 0;
    if (!k->done)
        return;
    k->object_id = world_id_of(new);
    tag = l4_task_map(world_task(op->a, true), L4_BASE_TASK_CAP,
                      l4_obj_fpage(new, 0, L4_CAP_FPAGE_RWSD),
                      op->w[0] << L4_CAP_SHIFT | 0xe0 | L4_MAP_ITEM_GRANT);
    if (l4_ipc_error(tag, l4_utcb()))
        k->done = false;
    else if (l4_msgtag_label(tag) < 0)
        k->status = MODEL_IMPOSSIBLE;
    if (!k->done || k->status != MODEL_DONE)
        l4_task_delete_obj(L4_BASE_TASK_CAP, new);
}

static void run_ku_mem(const struct seq_op *op, struct answer *k)
{
    l4_fpage_t area = {.raw = op->w[0]};
    long err;

    k->done = model.n_ku + MAX_TASKS < MODEL_KU;
    if (!k->done)
        return;
    err = l4_error(l4_task_add_ku_mem(world_task(op->a, true), &area));
    k->done = err != -L4_ENOMEM;
    k->status = err ? MODEL_IMPOSSIBLE : MODEL_DONE;
}

static bool objects_left(void)
{
    unsigned n = 0;

    for (unsigned i = 1; i < MODEL_OBJECTS; i++)
        n += model.object[i].kind == OBJECT_NONE;
    return n >= FREE_OBJECTS;
}

static bool possible(const struct seq_op *op)
{
    if (op->kind == SEQ_FAIL)
        return false;
    if (op->kind == SEQ_FAULT)
        return world_is_ram(op->w[0]);
    if ((op->kind == SEQ_OBJECT || op->kind == SEQ_TASK) && !objects_left())
        return false;
    if (op->kind == SEQ_TASK)
        return !model.space[op->a].alive && op->a <= MAX_TASKS && op->a != op->b &&
               (!op->b || model.space[op->b].alive);
    if (!model.space[op->a].alive)
        return false;
    return (op->kind != SEQ_MAP && op->kind != SEQ_IPC) || model.space[op->b].alive;
}

void exec_run(struct seq_op *op, struct answer *k)
{
    *k = (struct answer){.status = MODEL_DONE, .done = possible(op)};
    if (!k->done)
        return;
    switch (op->kind) {
    case SEQ_MAP:
        run_map(op, k);
        break;
    case SEQ_UNMAP:
        run_unmap(op, k);
        break;
    case SEQ_IPC:
        run_ipc(op, k);
        break;
    case SEQ_TOUCH:
        run_touch(op, k);
        break;
    case SEQ_OBJECT:
        run_object(op, k);
        break;
    case SEQ_KU_MEM:
        run_ku_mem(op, k);
        break;
    case SEQ_FAULT:
        (void)*(volatile u64 *)op->w[0];
        break;
    default:
        break;
    }
}
