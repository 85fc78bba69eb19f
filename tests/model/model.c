/* SPDX-License-Identifier: MIT */
/* Reference model, see model.h: pages, and what is behind an address (mapping.md sections 1, 2). */
#include "model.h"

struct model model;
u64 model_events[N_MODEL_EVENTS];

enum { ORDER_4K = 12, ORDER_2M = 21, ORDER_1G = 30 };

static u64 size_of(unsigned order) { return 1UL << order; }
static u64 round_down(u64 at, unsigned order) { return at & ~(size_of(order) - 1); }

const u8 model_mem_orders[] = {ORDER_4K, ORDER_2M, ORDER_1G};
static const u8 io_orders[] = {0, 16};

void model_reset(const struct model_machine *machine)
{
    /* Only what was used: the arrays are large. */
    for (int i = 0; i < model.end; i++)
        model.page[i].present = false;
    for (int i = 0; i < model.caps_end; i++)
        model.cap[i].space = 0;
    for (unsigned i = 0; i < MODEL_HASH; i++)
        model.hash[i] = MODEL_NONE;
    for (unsigned i = 0; i < MODEL_OBJECTS; i++)
        model.object[i].kind = OBJECT_NONE;
    for (unsigned i = 0; i < MODEL_SPACES; i++)
        model.space[i].alive = i == 0;
    model.space[0].spaces = MODEL_MEM | MODEL_OBJ | MODEL_IO;
    model.n_pages = model.end = model.free_hint = 0;
    model.n_caps = model.caps_end = 0;
    model.n_tables = model.n_ku = 0;
    model.machine = *machine;
}

/* ---- finding pages ---- */

static unsigned hash_of(unsigned space, unsigned order, u64 at)
{
    return (unsigned)((at >> order) * 31 + space * 517 + order * 97 + (at >> 30)) % MODEL_HASH;
}

static int find_order(unsigned space, unsigned type, unsigned order, u64 at)
{
    u64 base = round_down(at, order);

    for (int i = model.hash[hash_of(space, order, base)]; i >= 0; i = model.page[i].next) {
        const struct model_page *p = &model.page[i];
        if (p->space == space && p->type == type && p->order == order && p->at == base)
            return i;
    }
    return MODEL_NONE;
}

int model_find(unsigned space, unsigned type, u64 at)
{
    const u8 *orders = type == SEQ_MEM ? model_mem_orders : io_orders;
    int n = type == SEQ_MEM ? 3 : 2, found = MODEL_NONE;

    for (int i = 0; i < n && found < 0; i++)
        found = find_order(space, type, orders[i], at);
    return found;
}

int model_find_exact(const struct model_page *p)
{
    return find_order(p->space, p->type, p->order, p->at);
}

/* The first page of a space that reaches beyond `at`. */
int model_find_next(unsigned space, unsigned type, u64 at)
{
    int best = MODEL_NONE;

    for (int i = 0; i < model.end; i++) {
        const struct model_page *p = &model.page[i];
        if (p->present && p->space == space && p->type == type && p->at + size_of(p->order) > at &&
            (best < 0 || p->at < model.page[best].at))
            best = i;
    }
    return best;
}

int model_deepest(unsigned space)
{
    int best = MODEL_NONE;

    for (int i = 0; i < model.end; i++) {
        const struct model_page *p = &model.page[i];
        if (p->present && p->type == SEQ_MEM && (!space || p->space == space) &&
            (best < 0 || p->depth > model.page[best].depth))
            best = i;
    }
    return best;
}

bool model_is_below(int page, int ancestor)
{
    while (page >= 0) {
        page = model.page[page].parent;
        if (page == ancestor)
            return true;
    }
    return false;
}

void model_hash_in(int i)
{
    struct model_page *p = &model.page[i];
    int *head = &model.hash[hash_of(p->space, p->order, p->at)];

    p->next = *head;
    *head = i;
}

void model_hash_out(int i)
{
    const struct model_page *p = &model.page[i];
    int *at = &model.hash[hash_of(p->space, p->order, p->at)];

    while (*at != i)
        at = &model.page[*at].next;
    *at = p->next;
}

struct model_page *model_new_page(void)
{
    int i = model.free_hint;

    while (i < MODEL_PAGES && model.page[i].present)
        i++;
    if (i == MODEL_PAGES)
        __builtin_trap(); /* the test is too large for the model */
    if (i >= model.end)
        model.end = i + 1;
    model.free_hint = i + 1;
    model.page[i].present = true;
    model.n_pages++;
    return &model.page[i];
}

void model_free_page(int i)
{
    model_hash_out(i);
    model.page[i].present = false;
    model.n_pages--;
    if (i < model.free_hint)
        model.free_hint = i;
    while (model.end && !model.page[model.end - 1].present)
        model.end--;
}

/* The page and all that came from it (M-43). */
void model_remove_page(int page)
{
    static int doomed[MODEL_PAGES];
    int n = 0;

    doomed[n++] = page;
    for (int i = 0; i < model.end; i++)
        if (model.page[i].present && model.page[i].depth > model.page[page].depth &&
            model_is_below(i, page))
            doomed[n++] = i;
    while (n)
        model_free_page(doomed[--n]);
}

/* ---- what is behind an address ---- */

bool model_in_ku(unsigned space, u64 at)
{
    for (unsigned i = 0; i < model.n_ku; i++)
        if (model.ku[i].space == space && at >= model.ku[i].at.base && at < model.ku[i].at.end)
            return true;
    return false;
}

/* sigma0's page at a physical address (M-5, B-17, B-18); false: the kernel keeps it. */
static bool sigma0_page(u64 at, struct model_page *p)
{
    const struct model_machine *m = &model.machine;

    for (int k = 2; k >= 0; k--) {
        u64 base = round_down(at, model_mem_orders[k]), end = base + size_of(model_mem_orders[k]);
        bool owned = false;
        if (model_mem_orders[k] > m->max_order)
            continue;
        for (unsigned i = 0; i < m->n_owned; i++)
            owned |= base < m->owned[i].end && m->owned[i].base < end;
        if (owned)
            continue;
        if (k > 0 && base <= m->kip && m->kip < end)
            k = 0; /* around the kernel information page all pages are small */
        base = round_down(at, model_mem_orders[k]);
        *p = (struct model_page){.order = model_mem_orders[k], .at = base, .phys = base};
        p->rights = RIGHT_R | RIGHT_X | (base == round_down(m->kip, 12) ? 0 : RIGHT_W);
        return true;
    }
    return false;
}

/* The source: a copy of the page, *id its number; false: nothing is there, *next where to look on. */
bool model_source_at(const struct model_move *m, struct model_page *p, int *id, u64 *next)
{
    if (m->from == 0 && m->type == SEQ_IO) {
        *p = (struct model_page){.order = 16};
        *id = MODEL_SIGMA0;
        return true;
    }
    if (m->from == 0) {
        *next = m->src >= model.machine.phys_top ? ~0UL : m->src + size_of(ORDER_4K);
        *id = MODEL_SIGMA0;
        return m->src < model.machine.phys_top && sigma0_page(m->src, p);
    }
    *id = model_find(m->from, m->type, m->src);
    if (*id < 0) {
        int after = model_find_next(m->from, m->type, m->src);
        *next = after < 0 ? ~0UL : model.page[after].at;
        return false;
    }
    *p = model.page[*id];
    return true;
}

static bool has_table(unsigned space, unsigned order, u64 at)
{
    for (unsigned i = 0; i < model.n_tables; i++)
        if (model.table[i].space == space && model.table[i].order == order &&
            model.table[i].at == round_down(at, order))
            return true;
    return false;
}

void model_note_table(unsigned space, unsigned order, u64 at)
{
    if (has_table(space, order, at))
        return;
    if (model.n_tables == MODEL_TABLES)
        __builtin_trap();
    model.table[model.n_tables++] =
        (struct model_table){(u8)space, (u8)order, round_down(at, order)};
}

/* Order of the free slot at an address: a table of smaller pages limits it (M-14). */
unsigned model_free_order(unsigned space, u64 at)
{
    if (!has_table(space, ORDER_1G, at))
        return ORDER_1G;
    return has_table(space, ORDER_2M, at) ? ORDER_4K : ORDER_2M;
}
