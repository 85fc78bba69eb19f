/* SPDX-License-Identifier: MIT */
/* Reference model, see model.h: window arithmetic, message items, and which operation does what (flexpage.md). */
#include "model.h"

enum { N_BRS = 58, NO_BR = 64 };

/* ---- window arithmetic (section 5) ---- */

bool model_window(u64 send, u64 window, u64 item, struct model_move *m)
{
    unsigned type = send >> 4 & 3, s = send >> 6 & 63, r = window >> 6 & 63;
    bool all = (window & 0xff0) == 0xfc0;
    unsigned unit = type == SEQ_MEM ? 0 : 12;
    u64 big_s = 1UL << s, big_r = 1UL << r;
    u64 a = (send & ~0xfffUL) >> unit, b = all ? 0 : (window & ~0xfffUL) >> unit;
    u64 hot = (item & ~0xfffUL) >> unit;

    if (!all && (window >> 4 & 3) != type)
        return false;
    a -= a % big_s;
    b -= b % big_r;
    if (type == SEQ_IO) { /* what both name */
        u64 a_end = a + big_s, b_end = all ? ~0UL : b + big_r;
        m->src = m->dst = a > b ? a : b;
        m->size = a_end < b_end ? a_end : b_end;
        m->size = m->size > m->src ? m->size - m->src : 0;
        return true;
    }
    m->src = r >= s ? a : a + hot % big_s / big_r * big_r;
    m->dst = r >= s ? b + hot % big_r / big_s * big_s : b;
    m->size = r >= s ? big_s : big_r;
    if (type == SEQ_MEM && (s < 12 || r < 12)) /* F-2 */
        m->size = 0;
    return true;
}

static void begin_move(struct model_move *m, u64 item, u64 fpage)
{
    m->type = fpage >> 4 & 3;
    m->rights = fpage & 15;
    m->attrs = item & 0xf0;
    m->grant = item >> 1 & 1;
    m->any = m->size == 0;
}

/* ---- receive buffers (section 3) ---- */

struct buffer {
    u64 word, window, task;
    unsigned n; /* BRs; 0: there is none */
};

/* Behind those of the sequence all buffer registers are 0. */
static u64 br(const struct seq_op *op, unsigned at)
{
    return at < SEQ_MAX_BRS ? op->w[SEQ_W_BR + at] : 0;
}

static struct buffer buffer_at(const struct seq_op *op, unsigned at)
{
    struct buffer b = {.word = at < N_BRS ? br(op, at) : 0};

    if (at >= N_BRS || !(b.word & 8)) /* F-9, F-11 */
        return b;
    b.n = 1U + (b.word & 2 ? 0U : 1U) + (b.word & 1 ? 1U : 0U);
    if (at + b.n > N_BRS) {
        b.n = 0;
        return b;
    }
    b.window = b.word & 2 ? (b.word & ~0xfffUL) | SEQ_OBJ << 4 : br(op, at + 1);
    b.task = b.word & 1 ? br(op, at + b.n - 1) : 0;
    return b;
}

/* F-13: the space that a forwarding buffer names, 0: none. */
static unsigned forward_to(unsigned rcv, u64 selector)
{
    int i = model_find_cap(rcv, selector >> 12);
    const struct model_object *o;

    if (i < 0 || !(model.cap[i].rights & RIGHT_OBJ_W))
        return 0;
    o = &model.object[model.cap[i].object];
    return o->kind == OBJECT_TASK ? o->space : 0;
}

/* ---- items (sections 2 and 4) ---- */

/* F-16, F-17; true: the answer is complete. */
static bool local_id(const struct seq_op *op, const struct buffer *b, u64 fpage, u64 *ret)
{
    unsigned order = fpage >> 6 & 63;
    u64 first = fpage >> 12 & ~((1UL << order) - 1);
    int i;

    if (!(b->word & 4))
        return false;
    if (op->a == op->b) {
        ret[0] |= 6;
        ret[1] = fpage;
        model_event(EV_ITEM_FPAGE);
        return true;
    }
    if ((fpage >> 4 & 3) != SEQ_OBJ)
        return false;
    i = model_find_cap(op->a, first);
    if (i < 0 || model.object[model.cap[i].object].kind != OBJECT_GATE ||
        model.object[model.cap[i].object].space != op->b)
        return false;
    ret[0] |= 4;
    ret[1] = model.object[model.cap[i].object].label | (model.cap[i].rights & fpage & 3);
    model_event(EV_ITEM_LABEL);
    return true;
}

/* One item that is not void; the status, and in ret/written the answer. */
static enum model_status one_item(const struct seq_op *op, unsigned n, struct buffer *b,
                                  const u64 *stop, struct model_answer *a)
{
    u64 word = op->w[SEQ_W_ITEM + 2 * n], fpage = op->w[SEQ_W_ITEM + 2 * n + 1],
        *ret = &a->word[2 * n];
    struct model_move m = {.from = op->a, .to = op->b, .item = (u8)n};
    enum model_status s;

    if (word & 1)
        model_event(EV_ITEM_COMPOUND);
    ret[0] = (word & ~0xff6UL) | (fpage & 0xff0);
    a->written[2 * n] = true;
    if ((fpage >> 4 & 3) == SEQ_OBJ && !(op->n >> 4)) { /* F-8 */
        if (fpage & RIGHT_S)
            model_event(EV_ITEM_S_MASKED);
        fpage &= ~(u64)RIGHT_S;
    }
    if (local_id(op, b, fpage, ret)) {
        a->written[2 * n + 1] = true;
        return MODEL_DONE;
    }
    if (b->word & 1) {
        m.to = (u8)forward_to(op->b, b->task);
        model_event(m.to ? EV_ITEM_FORWARD : EV_ITEM_NO_FORWARD);
        if (!m.to)
            return MODEL_OVERFLOW;
    }
    if (!model_window(fpage, b->window, word, &m)) { /* F-12 */
        model_event(EV_ITEM_MISMATCH);
        m.size = 0;
    }
    begin_move(&m, word, fpage);
    s = model_move_run(&m, stop);
    if (s == MODEL_DYING)
        return MODEL_OVERFLOW;
    if (s == MODEL_DONE && !m.any)
        ret[0] |= 2; /* F-19 */
    model_event(m.any ? EV_ITEM_MAPPED : EV_ITEM_NOTHING);
    return s;
}

void model_ipc(const struct seq_op *op, const struct model_stop *stop, struct model_answer *a)
{
    u64 bdr = op->w[SEQ_W_BDR];
    unsigned cursor[4] = {NO_BR, bdr & 31, bdr >> 5 & 31, bdr >> 10 & 31};

    a->status = MODEL_DONE;
    for (unsigned n = 0; n < (op->n & 15U) && a->status == MODEL_DONE; n++) {
        u64 word = op->w[SEQ_W_ITEM + 2 * n];
        unsigned type = op->w[SEQ_W_ITEM + 2 * n + 1] >> 4 & 3;
        struct buffer b;
        if (!word) { /* F-14 */
            a->word[2 * n] = 0;
            a->written[2 * n] = true;
            model_event(EV_ITEM_VOID);
            continue;
        }
        b = buffer_at(op, cursor[type]);
        if (!(word & 8) || type == SEQ_SPECIAL || !b.n) { /* F-11 */
            model_event((word & 8) && type ? EV_ITEM_NO_BUFFER : EV_ITEM_NOT_MAP);
            a->status = MODEL_OVERFLOW;
            return;
        }
        if (!(word & 1)) /* F-10 */
            cursor[type] += b.n;
        a->status = one_item(op, n, &b, stop->failed && stop->item == n ? &stop->src : 0, a);
    }
}

/* ---- all operations ---- */

static void run_map(const struct seq_op *op, const struct model_stop *stop, struct model_answer *a)
{
    u64 word = op->w[0], fpage = op->w[1];
    struct model_move m = {.from = op->a, .to = op->b};

    if (!(word & 8) || !(fpage >> 4 & 3)) /* O-6 */
        return;
    if ((fpage >> 4 & 3) == SEQ_OBJ && op->n != (SEQ_S_TO | SEQ_S_FROM))
        fpage &= ~(u64)RIGHT_S;
    model_window(fpage, 0xfc0, word, &m);
    begin_move(&m, word, fpage);
    a->status = model_move_run(&m, stop->failed ? &stop->src : 0);
}

static void run_touch(const struct seq_op *op, struct model_answer *a)
{
    int i = model_find(op->a, SEQ_MEM, op->w[0]);

    if (i < 0 || (op->n && !(model.page[i].rights & RIGHT_W))) {
        a->status = MODEL_IMPOSSIBLE;
        return;
    }
    model.page[i].usage |= (u8)(op->n ? USED_READ | USED_WRITTEN : USED_READ);
}

static bool lives(unsigned space)
{
    return model.space[space].alive && !(space && model.object[model.space[space].object].ending);
}

static void run_object(const struct seq_op *op, struct model_answer *a)
{
    enum model_object_kind kind = op->n == SEQ_OBJ_GATE ? OBJECT_GATE : OBJECT_PLAIN;
    int i = model_find_cap(op->a, op->w[0]), object;

    if (i >= 0)
        model_drop_cap(i, true); /* O-19 */
    object = lives(op->a) ? model_new_object(kind, lives(op->b) ? op->b : 0) : MODEL_NONE;
    if (object < 0) {
        a->status = MODEL_IMPOSSIBLE;
        return;
    }
    model.object[object].label = op->w[1];
    model_put_cap(op->a, op->w[0], (unsigned)object, 0xef);
}

static void run_task(const struct seq_op *op, struct model_answer *a)
{
    int object = model.space[op->a].alive ? MODEL_NONE : model_new_object(OBJECT_TASK, op->a);
    int i = op->b ? model_find_cap(op->b, op->w[0]) : MODEL_NONE;

    if (object < 0) {
        a->status = MODEL_IMPOSSIBLE;
        return;
    }
    model.space[op->a].alive = true;
    model.space[op->a].spaces = op->n;
    model.space[op->a].object = (u8)object;
    if (!op->b || i >= 0) { /* in no slot of the model's, but not to go by itself either */
        model.object[object].counted = 1;
        return;
    }
    model_put_cap(op->b, op->w[0], (unsigned)object, 0xef);
}

static void run_ku_mem(const struct seq_op *op, struct model_answer *a)
{
    u64 size = 1UL << (op->w[0] >> 6 & 63), base = (op->w[0] & ~0xfffUL) & ~(size - 1);
    bool occupied = false;

    for (u64 at = base; at < base + size; at += 4096)
        occupied |= model_in_ku(op->a, at) || model_find(op->a, SEQ_MEM, at) >= 0;
    if (occupied || model.n_ku == MODEL_KU) { /* O-8 */
        a->status = MODEL_IMPOSSIBLE;
        model_event(EV_KU_REFUSED);
        return;
    }
    model.ku[model.n_ku++] = (struct model_ku){op->a, {base, base + size}};
    for (u64 at = base; at < base + size; at += 4096) {
        model_note_table(op->a, 30, at);
        model_note_table(op->a, 21, at);
    }
    model_event(EV_KU_MADE);
}

void model_run(const struct seq_op *op, const struct model_stop *stop, struct model_answer *a)
{
    *a = (struct model_answer){.status = MODEL_DONE};
    model_n_asked = 0;
    switch (op->kind) {
    case SEQ_MAP:
        run_map(op, stop, a);
        break;
    case SEQ_UNMAP:
        for (unsigned i = 0; i < op->n; i++)
            a->word[i] = (op->w[1 + i] & ~15UL) | model_unmap(op->a, op->w[1 + i], op->w[0]);
        break;
    case SEQ_IPC:
        model_ipc(op, stop, a);
        break;
    case SEQ_TOUCH:
        run_touch(op, a);
        break;
    case SEQ_OBJECT:
        run_object(op, a);
        break;
    case SEQ_TASK:
        run_task(op, a);
        break;
    case SEQ_KU_MEM:
        run_ku_mem(op, a);
        break;
    case SEQ_FAULT:
        model_event(EV_FAULT_MAPPED);
        break;
    default:
        break;
    }
    model_end_tasks();
}
