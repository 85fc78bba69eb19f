/* SPDX-License-Identifier: MIT */
/* Reference model, see model.h: map and grant of pages and ports (mapping.md sections 3, 4, 8). */
#include "model.h"

enum { PORTS = 65536, ORDER_4K = 12, ORDER_2M = 21, ORDER_1G = 30 };
struct model_asked model_asked[MODEL_ASKED];
unsigned model_n_asked;

#define USER_LIMIT 0x800000000000UL

static u64 size_of(unsigned order) { return 1UL << order; }
static u64 round_down(u64 at, unsigned order) { return at & ~(size_of(order) - 1); }

/* M-13. */
static unsigned mem_order(const struct model_move *m, unsigned src_order, unsigned dst_order)
{
    int k = 2;

    for (; k > 0; k--) {
        unsigned o = model_mem_orders[k];
        if (o <= src_order && o <= dst_order && size_of(o) <= m->size &&
            round_down(m->src, o) == m->src && round_down(m->dst, o) == m->dst)
            break;
    }
    return model_mem_orders[k];
}

/* M-53: all ports at once only to a task that has none, or has them as one page. */
static unsigned io_order(const struct model_move *m, unsigned src_order, int dst)
{
    bool fits = src_order == 16 && m->src == 0 && m->size >= PORTS;

    if (dst >= 0)
        return fits && model.page[dst].order == 16 ? 16 : 0;
    return fits && model_find_next(m->to, SEQ_IO, 0) < 0 ? 16 : 0;
}

static u8 new_cache(const struct model_move *m, const struct model_page *src)
{
    if (m->type != SEQ_MEM || !(m->attrs & 0x10))
        return src->cache;
    return m->attrs & 0x20 ? CACHE_NORMAL : m->attrs & 0x40 ? CACHE_BUFFERED : CACHE_UNCACHED;
}

static void step(struct model_move *m, u64 size)
{
    size = size < m->size ? size : m->size;
    m->src += size;
    m->dst += size;
    m->size -= size;
}

bool model_ask(const struct model_move *m, const u64 *stop)
{
    if (model_n_asked < MODEL_ASKED)
        model_asked[model_n_asked++] =
            (struct model_asked){m->to, m->type, m->item, m->src, m->dst};
    if (!stop || *stop != m->src)
        return false;
    model_event(EV_NO_MEMORY);
    return true;
}

static void note_tables(const struct model_move *m, unsigned order)
{
    if (m->type != SEQ_MEM)
        return;
    if (order < ORDER_1G)
        model_note_table(m->to, ORDER_1G, m->dst);
    if (order < ORDER_2M)
        model_note_table(m->to, ORDER_2M, m->dst);
}

/* The target is occupied; true: the page at the source is done with, else look again. */
static bool replace(struct model_move *m, struct model_page *new, int src, int dst)
{
    struct model_page *old = &model.page[dst];

    if (!m->grant && old->parent == src && old->order == new->order && old->phys == new->phys) {
        old->rights |= new->rights; /* M-19 */
        old->cache = new->cache;
        model_event(EV_UPGRADE);
        step(m, size_of(new->order));
        return true;
    }
    if (dst == src || (src >= 0 && model_is_below(src, dst)))
        model_event(EV_REPLACE_SOURCE);
    else
        model_event(old->order > new->order ? EV_REPLACE_LARGER : EV_REPLACE);
    model_remove_page(dst); /* M-20, M-21 */
    return false;
}

static void move_page(struct model_move *m, struct model_page *new, int src)
{
    bool has_children = false;

    for (int i = 0; i < model.end && !has_children; i++)
        has_children = model.page[i].present && model.page[i].parent == src;
    if (has_children)
        model_event(EV_GRANT_KEEPS_CHILDREN);
    model_hash_out(src);
    new->parent = model.page[src].parent;
    new->depth = model.page[src].depth;
    new->usage = model.page[src].usage;
    new->present = true;
    model.page[src] = *new;
    model_hash_in(src);
    model_event(EV_GRANT);
    step(m, size_of(new->order));
}

static enum model_status insert(struct model_move *m, struct model_page *new, int src,
                                const u64 *stop)
{
    unsigned depth = src < 0 ? 0 : model.page[src].depth + 1U;
    struct model_page *p;

    if (!m->grant && depth > 255) { /* M-8 */
        model_event(EV_DEPTH_LIMIT);
        return MODEL_FAILED;
    }
    if (model_ask(m, stop))
        return MODEL_FAILED;
    note_tables(m, new->order);
    if (m->type == SEQ_MEM)
        model_event(new->order == ORDER_4K   ? EV_INSERT_SMALL
                    : new->order == ORDER_2M ? EV_INSERT_LARGE
                                             : EV_INSERT_HUGE);
    else
        model_event(new->order ? EV_IO_ALL : EV_IO_SINGLE);
    if (m->grant) {
        move_page(m, new, src);
        return MODEL_DONE;
    }
    p = model_new_page();
    new->present = true;
    new->parent = src;
    new->depth = (u16)depth;
    *p = *new;
    model_hash_in((int)(p - model.page));
    step(m, size_of(new->order));
    return MODEL_DONE;
}

/* What the requested rights are worth for this type (M-12, M-52). */
static unsigned masked_rights(const struct model_move *m, const struct model_page *src)
{
    unsigned r = m->rights & 7U;

    if (m->type == SEQ_IO)
        return m->rights & 14U ? RIGHT_R : 0;
    r &= src->rights;
    return r ? r | RIGHT_R : 0; /* M-12: no entry lacks R */
}

static enum model_status one_page(struct model_move *m, const u64 *stop)
{
    u64 limit = m->type == SEQ_MEM ? USER_LIMIT : PORTS, next = 0;
    struct model_page src, new;
    unsigned order, rights;
    int id, dst;

    if (m->src >= limit || m->dst >= limit) {
        m->size = 0;
        return MODEL_DONE;
    }
    if (m->type == SEQ_MEM && model_in_ku(m->from, m->src)) {
        model_event(EV_KU_SOURCE);
        step(m, size_of(ORDER_4K));
        return MODEL_DONE;
    }
    if (!model_source_at(m, &src, &id, &next)) {
        model_event(EV_SOURCE_ABSENT);
        step(m, next - m->src);
        return MODEL_DONE;
    }
    rights = masked_rights(m, &src);
    if (!rights) {
        model_event(EV_RIGHTS_EMPTY);
        step(m, src.at + size_of(src.order) - m->src);
        return MODEL_DONE;
    }
    m->any = true;
    if (m->to == 0) { /* sigma0 has it all */
        m->size = 0;
        return MODEL_DONE;
    }
    if (m->type == SEQ_MEM && model_in_ku(m->to, m->dst)) { /* M-22 */
        model_event(EV_KU_TARGET);
        step(m, size_of(ORDER_4K));
        return MODEL_DONE;
    }
    dst = model_find(m->to, m->type, m->dst);
    if (m->type == SEQ_MEM)
        order = mem_order(m, src.order,
                          dst >= 0 ? model.page[dst].order : model_free_order(m->to, m->dst));
    else
        order = io_order(m, src.order, dst);
    if (order < src.order)
        model_event(EV_SPLIT);
    if (m->grant && (id == MODEL_SIGMA0 || order < src.order)) { /* M-33, M-37 */
        model_event(EV_GRANT_BECOMES_MAP);
        m->grant = false;
    }
    new = (struct model_page){.space = m->to, .type = m->type, .order = (u8)order, .at = m->dst};
    new.rights = (u8)rights;
    new.cache = new_cache(m, &src);
    new.phys = src.phys + (m->src - src.at);
    if (dst >= 0) {
        replace(m, &new, id, dst);
        return MODEL_DONE;
    }
    return insert(m, &new, id, stop);
}

enum model_status model_move_run(struct model_move *m, const u64 *stop)
{
    static const u8 needed[] = {0, MODEL_MEM, MODEL_IO, MODEL_OBJ};
    enum model_status s = MODEL_DONE;

    if (!(model.space[m->from].spaces & model.space[m->to].spaces & needed[m->type])) { /* M-1 */
        model_event(EV_NO_SPACE);
        return MODEL_DONE;
    }
    if (m->type == SEQ_OBJ)
        return model_move_caps(m, stop);
    if (m->size && model_is_dying(m->to)) /* M-82 */
        return MODEL_DYING;
    while (m->size && s == MODEL_DONE)
        s = one_page(m, stop);
    return s;
}
