/* SPDX-License-Identifier: MIT */
/* Flexpages and window arithmetic, see fpage.h. */
#include "fpage.h"

/* Ports keep their numbers: what both flexpages name (the hot spot is ignored). */
static void io_window(u64 send, u64 window, struct fp_match *m)
{
    u64 s = fp_base(send), s_end = s + (1UL << fp_order(send));
    u64 w = fp_base(window), w_end = w + (1UL << fp_order(window));

    m->src = m->dst = max_u64(s, w);
    m->size = min_u64(s_end, w_end);
    m->size = m->size > m->src ? m->size - m->src : 0;
}

bool fp_window(u64 send, u64 window, u64 hot_spot, struct fp_match *m)
{
    enum fpage_type type = fp_type(send);
    unsigned s = fp_order(send), r = fp_order(window);
    u64 hot = fp_units(hot_spot, type);

    if (fp_is_all_spaces(window)) {
        fp_window_all(send, hot_spot, m);
        return true;
    }
    if (fp_type(window) != type)
        return false;
    if (type == FP_IO) {
        io_window(send, window, m);
        return true;
    }
    m->src = fp_base(send);
    m->dst = fp_base(window);
    if (r >= s) /* the hot spot selects where in the window the whole send flexpage goes */
        m->dst += hot & fp_order_mask(r) & ~fp_order_mask(s);
    else /* the hot spot selects which part of the send flexpage fills the window */
        m->src += hot & fp_order_mask(s) & ~fp_order_mask(r);
    m->size = 1UL << min_u64(r, s);
    if (type == FP_MEM && m->size < PAGE_SIZE)
        m->size = 0; /* F-2 */
    return true;
}
