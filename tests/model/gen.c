/* SPDX-License-Identifier: MIT */
/* Generator of test sequences, see gen.h. */
#include "gen.h"

#include "model.h"

enum { POOL = 24, CHAIN_POOL = 160, ALL_SPACES = 0xfc0, SLOT_POOL = 40, SLOT_BASE = 0x60 };
#define POOL_BASE 0x40000000UL

u64 gen_random(struct gen *g, u64 n)
{
    g->random ^= g->random << 13;
    g->random ^= g->random >> 7;
    g->random ^= g->random << 17;
    return n ? (g->random >> 11) % n : 0;
}

static bool one_in(struct gen *g, u64 n) { return gen_random(g, n) == 0; }
static u64 pick(struct gen *g, const u8 *from, unsigned n) { return from[gen_random(g, n)]; }

static unsigned weighted(struct gen *g, const u8 *weights, unsigned n)
{
    u64 sum = 0, at;

    for (unsigned i = 0; i < n; i++)
        sum += weights[i];
    at = gen_random(g, sum);
    for (unsigned i = 0; i < n; i++) {
        if (at < weights[i])
            return i;
        at -= weights[i];
    }
    return 0;
}

/* ---- addresses ---- */

static u64 pool_address(struct gen *g)
{
    static const u16 in_table[] = {0, 1, 2, 3, 510, 511};
    u64 base = g->config.mem_base ? g->config.mem_base : POOL_BASE;
    u64 at = (u64)in_table[gen_random(g, 6)] << 12;

    switch (g->config.style) {
    case GEN_SMALL:
        return base + (gen_random(g, POOL) << 12);
    case GEN_CHAIN:
        return base + (gen_random(g, CHAIN_POOL) << 12);
    case GEN_HUGE:
        at += gen_random(g, 3) << 30;
        break;
    }
    at += (one_in(g, 6) ? 511 : gen_random(g, 3)) << 21;
    return base + (one_in(g, 2) ? at & ~0x1fffffUL : at);
}

/* A page of the space, or a place beside the pages; deep: the deepest one. */
static u64 some_address(struct gen *g, unsigned space, bool deep)
{
    int best;

    if (space == 0 && one_in(g, 30)) /* around what the kernel keeps */
        return (one_in(g, 2) ? model.machine.kip : model.machine.owned[0].base) +
               (gen_random(g, 5) << 12) - 0x2000;
    if (space == 0 || one_in(g, deep ? 8 : 3))
        return pool_address(g);
    best = deep ? model_deepest(space) : MODEL_NONE;
    for (unsigned tries = 0; best < 0 && tries < 12; tries++) {
        best = model.end ? (int)gen_random(g, (u64)model.end) : 0;
        if (!model.page[best].present || model.page[best].space != space ||
            model.page[best].type != SEQ_MEM)
            best = MODEL_NONE;
    }
    if (best < 0 || model.page[best].at == g->config.reserved)
        return pool_address(g);
    if (model.page[best].order > 12 && one_in(g, 2)) /* inside of it */
        return model.page[best].at + (gen_random(g, 1UL << (model.page[best].order - 12)) << 12);
    return model.page[best].at;
}

/* Rather where nothing is, so that chains grow. */
static u64 free_address(struct gen *g, unsigned space)
{
    u64 at = pool_address(g);

    for (unsigned tries = 0; tries < 8 && model_find(space, SEQ_MEM, at) >= 0; tries++)
        at = pool_address(g);
    return at;
}

static unsigned mem_order(struct gen *g, unsigned space)
{
    static const u8 small[] = {12, 12, 12, 12, 12, 12, 13, 13, 14, 15, 16, 17},
                    large[] = {12, 12, 12, 13, 14, 21, 21, 21, 21, 22},
                    huge[] = {12, 12, 13, 21, 21, 22, 30, 30, 30, 31};

    if (one_in(g, 60))
        return (unsigned)gen_random(g, 12);
    if (g->config.style == GEN_CHAIN)
        return 12;
    if (space && one_in(g, 60))
        return one_in(g, 2) ? 63 : 40;
    switch (g->config.style) {
    case GEN_LARGE:
        return (unsigned)pick(g, large, sizeof(large));
    case GEN_HUGE:
        return (unsigned)pick(g, huge, sizeof(huge));
    }
    return (unsigned)pick(g, small, sizeof(small));
}

static u64 some_slot(struct gen *g)
{
    if (g->config.n_slots)
        return g->config.slot_base + gen_random(g, g->config.n_slots);
    if (one_in(g, 40))
        return 0x10000 - gen_random(g, 6);
    return SLOT_BASE + gen_random(g, SLOT_POOL);
}

/* A filled slot; wanted: rather one with a task. */
static u64 filled_slot(struct gen *g, unsigned space, bool wanted)
{
    for (unsigned tries = 0; tries < (wanted ? 30U : 8U) && model.caps_end; tries++) {
        const struct model_cap *c = &model.cap[gen_random(g, (u64)model.caps_end)];
        if (c->space == space && space && (!wanted || model.object[c->object].kind == OBJECT_TASK))
            return c->slot;
    }
    return some_slot(g);
}

static unsigned live_space(struct gen *g)
{
    unsigned s = 1 + (unsigned)gen_random(g, g->config.n_tasks);

    for (unsigned i = 0; i < g->config.n_tasks && !model.space[s].alive; i++)
        s = s % g->config.n_tasks + 1;
    return s;
}

static unsigned source_space(struct gen *g)
{
    int deep = g->config.style == GEN_CHAIN && !one_in(g, 4) ? model_deepest(0) : MODEL_NONE;
    return deep < 0 ? live_space(g)
                    : model.page[deep].space; /* chains grow where they are longest */
}

/* ---- flexpages ---- */

static unsigned some_type(struct gen *g)
{
    const u8 weights[] = {g->config.mem, g->config.io, g->config.obj};

    return SEQ_MEM + weighted(g, weights, 3);
}

static unsigned some_rights(struct gen *g, unsigned type)
{
    static const u8 mem[] = {7, 7, 7, 7, 6, 6, 4, 5, 2, 1, 3}, obj[] = {15, 15, 15, 7, 5, 4, 12};

    if (one_in(g, 12))
        return (unsigned)gen_random(g, 16);
    if (type == SEQ_OBJ)
        return (unsigned)pick(g, obj, sizeof(obj));
    return type == SEQ_IO ? 6 : (unsigned)pick(g, mem, sizeof(mem));
}

static u64 some_ports(struct gen *g)
{
    static const u8 orders[] = {0, 0, 0, 1, 2, 3, 16};
    unsigned order = (unsigned)pick(g, orders, sizeof(orders));
    u64 port = one_in(g, 8) ? 0xfff8 + gen_random(g, 8) : 0x1f8 + gen_random(g, 24);

    return seq_fpage(port << 12, SEQ_IO, one_in(g, 100) ? 17 : order, some_rights(g, SEQ_IO));
}

static u64 send_fpage(struct gen *g, unsigned type, unsigned space)
{
    static const u8 orders[] = {0, 0, 0, 0, 0, 1, 2, 3};
    unsigned rights = some_rights(g, type);

    if (type == SEQ_IO)
        return some_ports(g);
    if (type == SEQ_OBJ)
        return seq_fpage(filled_slot(g, space, one_in(g, 4)) << 12, SEQ_OBJ,
                         one_in(g, 300) ? 16 : (unsigned)pick(g, orders, sizeof(orders)), rights);
    return seq_fpage(some_address(g, space, g->config.style == GEN_CHAIN), SEQ_MEM,
                     mem_order(g, space), rights);
}

/* Item word with a target in `to`; the flexpage's size decides how the target is aligned. */
static u64 item_word(struct gen *g, unsigned to, u64 fpage)
{
    unsigned type = fpage >> 4 & 3, order = fpage >> 6 & 63;
    u64 word = 8 | (one_in(g, 5) ? 2U : 0U);

    if (type == SEQ_IO)
        return word | gen_random(g, 16) << 12;
    if (type == SEQ_OBJ) {
        static const u8 attrs[] = {0xe0, 0xe0, 0xe0, 0xe0, 0xf0, 0x10, 0, 0x20, 0x60};
        u64 slot = one_in(g, 3) ? filled_slot(g, to, one_in(g, 2)) : some_slot(g);
        return word | slot << 12 | pick(g, attrs, sizeof(attrs));
    }
    if (one_in(g, 6))
        word |= 0x10 | gen_random(g, 8) << 5;
    word |= (g->config.style == GEN_CHAIN ? free_address(g, to) : some_address(g, to, false)) &
            ~0xfffUL;
    if (order >= 21 && !one_in(g, 20)) /* seldom 512 pages at once */
        word &= ~0x1ff000UL;
    if (order >= 30)
        word &= ~0x1ff000UL;
    return word;
}

/* ---- operations ---- */

/* All ports to a task that has one already would be 65536 pages in the model. */
static bool has_single_port(unsigned space)
{
    int first = model_find_next(space, SEQ_IO, 0);
    return first >= 0 && !model.page[first].order;
}

static u64 few_ports(u64 fpage)
{
    return (fpage >> 4 & 3) == SEQ_IO && (fpage >> 6 & 63) > 6 ? fpage & ~0xe00UL : fpage;
}

static void gen_map(struct gen *g, struct seq_op *op)
{
    unsigned type = some_type(g), odds = g->config.style == GEN_CHAIN ? 30 : 3;

    op->b = (u8)live_space(g);
    op->a = (u8)(type != SEQ_OBJ && one_in(g, odds) ? 0 : source_space(g));
    op->n = one_in(g, 3) ? (u8)gen_random(g, 4) : 3;
    op->w[1] = send_fpage(g, type, op->a);
    if (type == SEQ_IO && has_single_port(op->b))
        op->w[1] = few_ports(op->w[1]);
    op->w[0] = item_word(g, op->b, op->w[1]);
    if (one_in(g, 150))
        op->w[gen_random(g, 2)] = one_in(g, 2) ? 0 : ALL_SPACES | gen_random(g, 16);
    if (one_in(g, 100) && type != SEQ_OBJ)
        op->b = 0;
}

static void gen_unmap(struct gen *g, struct seq_op *op)
{
    op->a = (u8)(one_in(g, 4) ? 0 : live_space(g));
    op->n = (u8)(1 + (one_in(g, 6) ? gen_random(g, SEQ_MAX_UNMAPS) : 0));
    op->w[0] = (one_in(g, 2) ? 0x80000000UL : 0) | (one_in(g, 6) ? 0x40000000UL : 0);
    for (unsigned i = 0; i < op->n; i++) {
        unsigned type = some_type(g);
        op->w[1 + i] = send_fpage(g, type, op->a);
        if (type == SEQ_MEM && g->config.style >= GEN_LARGE && one_in(g, 2))
            op->w[1 + i] = (op->w[1 + i] & ~0xfc0UL) | 12UL << 6; /* a piece */
        if (type == SEQ_MEM && one_in(g, 3))
            op->w[1 + i] &= ~15UL | gen_random(g, 4);
        if (type == SEQ_OBJ && !one_in(g, 4))
            op->w[0] |= 0x80000000;
        if (g->config.fixed_tasks && type == SEQ_OBJ)
            op->w[0] &= 0x80000000;
    }
}

static u64 window(struct gen *g, unsigned type, unsigned space)
{
    static const u8 orders[] = {0, 0, 1, 2, 3, 4};

    if (one_in(g, 6))
        return ALL_SPACES;
    if (type == SEQ_IO)
        return some_ports(g);
    if (type == SEQ_OBJ)
        return seq_fpage(some_slot(g) << 12, SEQ_OBJ, (unsigned)pick(g, orders, sizeof(orders)), 0);
    return seq_fpage(some_address(g, space, false), SEQ_MEM, mem_order(g, 0), 0);
}

/* Buffers: memory from 0, ports from 3, objects from 5. */
static void gen_buffers(struct gen *g, struct seq_op *op)
{
    u64 *br = &op->w[SEQ_W_BR], task = filled_slot(g, op->b, true) << 12;
    bool forward = one_in(g, 5);

    op->w[SEQ_W_BDR] = 0 | 3 << 5 | 5 << 10;
    br[0] = forward ? 9 : 8;
    br[1] = window(g, SEQ_MEM, op->b);
    br[2] = forward ? task : 0;
    br[3] = 8;
    br[4] = window(g, SEQ_IO, op->b);
    switch (gen_random(g, 5)) {
    case 0:
        br[5] = 8 | (one_in(g, 3) ? 4U : 0U);
        br[6] = window(g, SEQ_OBJ, op->b);
        br[7] = some_slot(g) << 12 | 0xa;
        br[8] = some_slot(g) << 12 | 0xa;
        break;
    case 1:
        br[5] = some_slot(g) << 12 | 0xb;
        br[6] = task;
        br[7] = some_slot(g) << 12 | 0xe;
        break;
    default:
        for (unsigned i = 5; i < SEQ_MAX_BRS; i++)
            br[i] = some_slot(g) << 12 | (one_in(g, 2) ? 0xeU : 0xaU);
    }
    if (one_in(g, 20))
        br[gen_random(g, SEQ_MAX_BRS)] = gen_random(g, 16);
    if (one_in(g, 20))
        op->w[SEQ_W_BDR] = gen_random(g, 1UL << 15);
}

static void gen_ipc(struct gen *g, struct seq_op *op)
{
    unsigned items = 1 + (unsigned)gen_random(g, SEQ_MAX_ITEMS);

    op->a = (u8)source_space(g);
    op->b = (u8)live_space(g);
    op->n = (u8)(items | (one_in(g, 3) ? 0U : 16U));
    for (unsigned i = 0; i < items; i++) {
        u64 *w = &op->w[SEQ_W_ITEM + 2 * i];
        w[1] = few_ports(send_fpage(g, some_type(g), op->a));
        w[0] = item_word(g, op->b, w[1]) | (one_in(g, 5) ? 1U : 0U);
        if (one_in(g, 25))
            w[gen_random(g, 2)] = one_in(g, 2) ? 0 : gen_random(g, 8);
    }
    gen_buffers(g, op);
}

static void gen_other(struct gen *g, struct seq_op *op)
{
    op->a = (u8)live_space(g);
    switch (op->kind) {
    case SEQ_TOUCH:
        op->b = (u8)gen_random(g, 2);
        op->n = (u8)gen_random(g, 2);
        op->w[0] = some_address(g, op->a, false);
        break;
    case SEQ_OBJECT:
        op->b = (u8)live_space(g);
        op->n = (u8)gen_random(g, 2);
        op->w[0] = some_slot(g) & 0xffff;
        op->w[1] = gen_random(g, 1 << 20) << 2;
        break;
    case SEQ_KU_MEM:
        op->w[0] = seq_fpage(pool_address(g), SEQ_MEM, 12 + (unsigned)gen_random(g, 3), 0);
        break;
    case SEQ_FAULT:
        op->w[0] = some_address(g, 0, false);
        break;
    case SEQ_FAIL:
        op->w[0] = 1 + gen_random(g, 6);
        break;
    }
}

/* A dead task comes back, seldom at once; true: this is the operation. */
static bool gen_task(struct gen *g, struct seq_op *op)
{
    unsigned dead = 0, alive = 0;

    for (unsigned i = 1; i <= g->config.n_tasks; i++)
        if (model.space[i].alive)
            alive = i;
        else
            dead = i;
    if (!dead || g->config.fixed_tasks || (alive && !one_in(g, 8)))
        return false;
    op->kind = SEQ_TASK;
    op->a = (u8)dead;
    op->b = (u8)(alive ? live_space(g) : 0);
    op->n = MODEL_MEM | MODEL_OBJ | MODEL_IO;
    if (one_in(g, 6))
        op->n = one_in(g, 2) ? MODEL_MEM | MODEL_OBJ : MODEL_OBJ | MODEL_IO;
    op->w[0] = some_slot(g) & 0xffff;
    return true;
}

void gen_next(struct gen *g, struct seq_op *op)
{
    *op = (struct seq_op){0};
    if (gen_task(g, op))
        return;
    if (model.n_pages > g->config.max_pages) { /* take everything back */
        op->kind = SEQ_UNMAP;
        op->n = 2;
        op->w[0] = 0x80000000;
        op->w[1] = seq_fpage(0, SEQ_MEM, 63, 15);
        op->w[2] = seq_fpage(0, SEQ_IO, 16, 15);
        return;
    }
    op->kind = (u8)weighted(g, g->config.kinds, N_SEQ_KINDS);
    if (op->kind == SEQ_MAP)
        gen_map(g, op);
    else if (op->kind == SEQ_UNMAP)
        gen_unmap(g, op);
    else if (op->kind == SEQ_IPC)
        gen_ipc(g, op);
    else
        gen_other(g, op);
}
