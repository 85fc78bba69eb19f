/* SPDX-License-Identifier: MIT */
/* Reference model, see model.h: unmap of pages and ports (mapping.md sections 5, 6, 8). */
#include "model.h"

enum { PORTS = 65536 };
#define USER_LIMIT 0x800000000000UL

/* What one flexpage takes from the pages of one type. */
struct taking {
    u8 space, type, rights;
    bool self, removing;
    struct model_range range;
    unsigned usage;
};

static u64 end_of(const struct model_page *p) { return p->at + (1UL << p->order); }

/* Rights and usage bits of one entry (M-38, M-46). */
static void reduce(struct taking *t, struct model_page *p)
{
    t->usage |= p->usage;
    p->usage = 0;
    p->rights &= (u8) ~(t->rights & (RIGHT_W | RIGHT_X));
}

/* The ancestor of `page` (or itself) that is a direct child of `top`; MODEL_NONE if it is not below it. */
static int child_towards(int page, int top)
{
    while (page >= 0 && model.page[page].parent != top)
        page = model.page[page].parent;
    return page;
}

/* Is everything below this child of a page affected?  `offset`: its place in the page (M-40 .. M-42). */
static bool affected(const struct model_page *child, u64 offset, unsigned order,
                     struct model_range r)
{
    if (child->order == order) {
        model_event(EV_UNMAP_SAME_SIZE);
        return true;
    }
    return offset < r.end && r.base < offset + (1UL << child->order);
}

/* The descendants of one page, r: the part of it that is meant.  The usage bits found. */
static void below(struct taking *t, int top, struct model_range r)
{
    static bool hit[MODEL_PAGES];
    const struct model_page *p = top < 0 ? 0 : &model.page[top];
    unsigned order = p ? p->order : 64;
    u64 phys = p ? p->phys : 0;

    for (int i = 0; i < model.end; i++) {
        const struct model_page *q = &model.page[i];
        int child = q->present && q->type == t->type ? child_towards(i, top) : MODEL_NONE;
        hit[i] =
            child >= 0 && affected(&model.page[child], model.page[child].phys - phys, order, r);
    }
    for (int i = 0; i < model.end; i++) {
        if (!hit[i])
            continue;
        if (!t->removing) {
            reduce(t, &model.page[i]);
            continue;
        }
        t->usage |= model.page[i].usage;
        if (p && p->order > model.page[i].order && (r.base > 0 || r.end < 1UL << p->order))
            model_event(EV_UNMAP_PIECE);
    }
    /* What is below a page that is hit is hit too, so each goes by itself. */
    for (int i = model.end; t->removing && i-- > 0;)
        if (hit[i])
            model_free_page(i);
}

static void one_page(struct taking *t, int page)
{
    struct model_page *p = &model.page[page];
    struct model_range r = {t->range.base > p->at ? t->range.base - p->at : 0,
                            (t->range.end < end_of(p) ? t->range.end : end_of(p)) - p->at};
    struct taking mine = *t;

    mine.usage = 0;
    if (t->self) { /* M-42 */
        r.base = 0;
        r.end = 1UL << p->order;
    }
    below(&mine, page, r);
    if (t->self && t->removing) {
        mine.usage |= p->usage;
        model_remove_page(page);
        model_event(EV_UNMAP_PAGE);
    } else {
        u8 kept = (u8)(mine.usage | p->usage); /* M-46: for the parent */
        if (t->self)
            reduce(&mine, p);
        p->usage = kept;
        model_event(t->removing ? EV_UNMAP_BELOW : t->rights & 3 ? EV_UNMAP_REDUCE : EV_UNMAP_READ);
    }
    t->usage |= mine.usage;
}

/* The pages of the task from low to high; what one takes away may be a later one. */
static void each_page(struct taking *t)
{
    u64 from = t->range.base;

    while (from < t->range.end) {
        int best = MODEL_NONE;
        for (int i = 0; i < model.end; i++) {
            const struct model_page *p = &model.page[i];
            if (p->present && p->space == t->space && p->type == t->type && end_of(p) > from &&
                p->at < t->range.end && (best < 0 || p->at < model.page[best].at))
                best = i;
        }
        if (best < 0)
            return;
        from = end_of(&model.page[best]);
        one_page(t, best);
    }
}

unsigned model_unmap(unsigned space, u64 fpage, u64 mask)
{
    unsigned type = fpage >> 4 & 3, order = fpage >> 6 & 63;
    u64 limit = type == SEQ_MEM ? USER_LIMIT : PORTS, address = fpage & ~0xfffUL;
    struct taking t = {.space = (u8)space, .type = (u8)type, .rights = fpage & 15};
    static const u8 needed[] = {0, MODEL_MEM, MODEL_IO, MODEL_OBJ};

    if (type == SEQ_SPECIAL || !(model.space[space].spaces & needed[type]))
        return 0;
    if (type == SEQ_MEM && order < 12) /* F-2 */
        return 0;
    t.range.base = (type == SEQ_MEM ? address : address >> 12) & ~((1UL << order) - 1);
    if (t.range.base >= limit)
        return 0;
    t.range.end = limit - t.range.base < 1UL << order ? limit : t.range.base + (1UL << order);
    if (type == SEQ_OBJ)
        return model_unmap_caps(space, t.range, (mask & 0xc0000000) | (fpage & 15));
    t.self = mask >> 31 & 1;
    t.removing = type == SEQ_IO ? t.rights != 0 : (t.rights & RIGHT_R) != 0;
    if (type == SEQ_IO && !t.removing)
        return 0;
    if (model_in_ku(space, t.range.base))
        model_event(EV_UNMAP_KU);
    if (space == 0) { /* M-47: as "others only" */
        below(&t, MODEL_SIGMA0, t.range);
        model_event(EV_UNMAP_SIGMA0);
    } else {
        each_page(&t);
    }
    if (type == SEQ_IO)
        model_event(EV_UNMAP_IO);
    if (t.usage)
        model_event(EV_UNMAP_USED);
    return t.usage;
}
