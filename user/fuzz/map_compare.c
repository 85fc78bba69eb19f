/* SPDX-License-Identifier: MIT */
/*
 * Is the kernel in the model's state, as far as programs can see, see map.h?  Helpers look at pages and ports, the
 * driver at slots and at which object each holds.  What the looking changes (accessed pages) the model is told.
 */
#include "map.h"

#include <l4/sys/task.h>

enum { SMALL_POOL = 40, ODDS_ABSENT = 6 };
#define POOL_BASE 0x40000000UL

void compare_answers(const struct seq_op *op, const struct answer *k, const struct model_answer *m)
{
    unsigned words = op->kind == SEQ_UNMAP ? op->n : op->kind == SEQ_IPC ? 2U * (op->n & 15U) : 0U;

    if (k->unknown) {
        if (model.space[op->a].alive && model.space[op->b].alive)
            differs("a helper is gone, but its task lives in the model");
        return;
    }
    if (k->status != m->status)
        differs("the answer is %d, the model's %d", (int)k->status, (int)m->status);
    if (m->status != MODEL_DONE && op->kind == SEQ_IPC)
        return; /* F-15 leaves open what the item that failed has left behind */
    for (unsigned i = 0; i < words; i++) {
        bool written = op->kind == SEQ_UNMAP || m->written[i];
        u64 want = written ? m->word[i] : FILL + 1 + i;

        if (k->word[i] != want)
            differs("word %u of the answer is %lx, the model's %lx", i, k->word[i], want);
    }
}

/* ---- pages and ports, by a helper ---- */

static struct batch {
    u64 at[PROBE_MAX], want[PROBE_MAX]; /* a value, PROBE_FAULT, or 0: anything but a fault */
    unsigned n;
} batch;

static void flush(unsigned space, unsigned order)
{
    l4_utcb_t *u = l4_utcb();

    if (!batch.n)
        return;
    u->msg.mr[0] = order;
    for (unsigned i = 0; i < batch.n; i++)
        u->msg.mr[1 + i] = batch.at[i];
    if (l4_msgtag_has_error(world_call(space, HELPER_RCV, 1 + batch.n)))
        differs("the helper of task %u does not answer", space);
    for (unsigned i = 0; i < batch.n; i++) {
        u64 got = u->msg.mr[1 + i];

        if ((got == PROBE_FAULT) != (batch.want[i] == PROBE_FAULT) ||
            (batch.want[i] && got != batch.want[i]))
            differs("space %u at %lx: found %lx, by the model %lx", space, batch.at[i], got,
                    batch.want[i]);
    }
    batch.n = 0;
}

static void look(unsigned space, unsigned order, u64 at, u64 want)
{
    batch.at[batch.n] = at;
    batch.want[batch.n] = want;
    if (++batch.n == PROBE_MAX)
        flush(space, order);
}

/* Read at a page; some writable ones are written. */
static void look_at_page(struct gen *g, unsigned space, u64 at)
{
    int i = model_find(space, SEQ_MEM, at);
    struct model_page *p = i < 0 ? 0 : &model.page[i];
    u64 phys;

    if (model_in_ku(space, at))
        return;
    if (!p) {
        look(space, HELPER_PROBE, at, PROBE_FAULT);
        return;
    }
    phys = p->phys + (at - p->at);
    if (!world_is_ram(phys))
        return;
    look(space, HELPER_PROBE, at, *(volatile u64 *)phys == MARK(phys) ? MARK(phys) : 0);
    p->usage |= USED_READ;
    if (gen_random(g, 4))
        return;
    if (p->rights & RIGHT_W) {
        look(space, HELPER_PROBE, at | 1, 0);
        p->usage |= USED_WRITTEN;
    } else {
        look(space, HELPER_PROBE, at | 1, PROBE_FAULT);
    }
}

static void compare_memory(struct gen *g, unsigned space, bool full)
{
    for (int i = 0; i < model.end; i++) {
        const struct model_page *p = &model.page[i];

        if (!p->present || p->space != space || p->type != SEQ_MEM || p->at == HELPER_CODE)
            continue;
        look_at_page(g, space, p->at);
        if (p->order > 12)
            look_at_page(g, space, p->at + (gen_random(g, 1UL << (p->order - 12)) << 12));
    }
    for (u64 at = POOL_BASE; at < POOL_BASE + SMALL_POOL * 4096UL; at += 4096)
        if (model_find(space, SEQ_MEM, at) < 0 && (full || !gen_random(g, ODDS_ABSENT)))
            look_at_page(g, space, at);
    flush(space, HELPER_PROBE);
}

static void compare_ports(struct gen *g, unsigned space, bool full)
{
    for (u64 port = 0x1f8; port < 0x10000; port = port == 0x21f ? 0xfff8 : port + 1) {
        bool there = model_find(space, SEQ_IO, port) >= 0;

        if (full || !gen_random(g, there ? 2 : 2 * ODDS_ABSENT))
            look(space, HELPER_PORTS, port, there ? 0 : PROBE_FAULT);
    }
    flush(space, HELPER_PORTS);
}

/* ---- slots, by the driver ---- */

bool slot_is_filled(unsigned space, u64 slot)
{
    return l4_error(l4_task_cap_valid(world_task(space, true), slot << L4_CAP_SHIFT)) > 0;
}

u64 object_in_slot(unsigned space, u64 slot)
{
    l4_cap_idx_t scratch = world_scratch();
    u64 id;

    l4_task_map(L4_BASE_TASK_CAP, world_task(space, true),
                l4_obj_fpage(slot << L4_CAP_SHIFT, 0, L4_CAP_FPAGE_RWSD), scratch | 0xf0);
    id = world_id_of(scratch);
    l4_task_unmap(L4_BASE_TASK_CAP, l4_obj_fpage(scratch, 0, L4_CAP_FPAGE_RWSD), L4_FP_ALL_SPACES);
    return id;
}

static void compare_slot(unsigned space, u64 slot)
{
    int i = model_find_cap(space, slot);
    bool filled = slot_is_filled(space, slot);
    u64 id;

    if (filled != (i >= 0))
        differs("space %u slot %lx is %s", space, slot,
                filled ? "filled, in the model empty" : "empty");
    if (!filled || !(model.cap[i].rights & RIGHT_R))
        return;
    id = object_in_slot(space, slot);
    if (world_object_id(model.cap[i].object) == 0)
        differs("object %u has no id", model.cap[i].object);
    if (id != world_object_id(model.cap[i].object))
        differs("space %u slot %lx holds object %lx, by the model %lx", space, slot, id,
                world_object_id(model.cap[i].object));
}

static void compare_slots(unsigned space)
{
    for (u64 slot = SLOT_PARTNER_S; slot < 0x10000; slot = slot == 0x9f ? 0xfff8 : slot + 1)
        compare_slot(space, slot);
}

void compare_states(struct gen *g, bool full)
{
    for (unsigned i = 1; i <= MAX_TASKS; i++) {
        if (!model.space[i].alive)
            continue;
        compare_slots(i);
        if (!world_prepare(i))
            continue;
        compare_memory(g, i, full);
        compare_ports(g, i, full);
    }
}
