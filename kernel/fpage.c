/* SPDX-License-Identifier: MIT */
/* Flexpages and window arithmetic, see fpage.h. */
#include "fpage.h"

/* log2 of the unit in which the address field of a type counts: memory addresses are the field itself. */
static unsigned unit_shift(enum fpage_type type) { return type == FP_MEM ? 0 : PAGE_SHIFT; }

static u64 fp_base(u64 fp) { return (fp & ~0xfffUL) >> unit_shift(fp_type(fp)); }

static u64 order_mask(unsigned order) { return (1UL << order) - 1; }

struct fp_range fp_to_range(u64 fp, u64 limit)
{
    unsigned order = fp_order(fp);
    struct fp_range r = {fp_base(fp) & ~order_mask(order), 1UL << order};

    if (fp_type(fp) == FP_MEM && order < PAGE_SHIFT)
        r.size = 0;
    else if (r.base >= limit)
        r.size = 0;
    else
        r.size = min_u64(r.size, limit - r.base);
    return r;
}

/* Ports keep their numbers: what both flexpages name (the hot spot is ignored). */
static void io_window(u64 send, u64 window, bool all, struct fp_match *m)
{
    u64 s = fp_base(send) & ~order_mask(fp_order(send)), s_end = s + (1UL << fp_order(send));
    u64 w = 0, w_end = ~0UL;

    if (!all) {
        w = fp_base(window) & ~order_mask(fp_order(window));
        w_end = w + (1UL << fp_order(window));
    }
    m->src = m->dst = max_u64(s, w);
    m->size = min_u64(s_end, w_end);
    m->size = m->size > m->src ? m->size - m->src : 0;
}

bool fp_window(u64 send, u64 window, u64 hot_spot, struct fp_match *m)
{
    bool all = fp_is_all_spaces(window);
    enum fpage_type type = fp_type(send);
    unsigned s = fp_order(send), r = all ? FP_ORDER_WHOLE : fp_order(window);
    u64 send_base = fp_base(send) & ~order_mask(s);
    u64 window_base = all ? 0 : fp_base(window) & ~order_mask(r);
    u64 hot = (hot_spot & ~0xfffUL) >> unit_shift(type);

    if (!all && fp_type(window) != type)
        return false;
    if (type == FP_IO) {
        io_window(send, window, all, m);
        return true;
    }
    if (r >= s) { /* the hot spot selects where in the window the whole send flexpage goes */
        m->src = send_base;
        m->dst = window_base + (hot & order_mask(r) & ~order_mask(s));
        m->size = 1UL << s;
    } else { /* the hot spot selects which part of the send flexpage fills the window */
        m->src = send_base + (hot & order_mask(s) & ~order_mask(r));
        m->dst = window_base;
        m->size = 1UL << r;
    }
    if (type == FP_MEM && (s < PAGE_SHIFT || r < PAGE_SHIFT))
        m->size = 0; /* F-2 */
    return true;
}
