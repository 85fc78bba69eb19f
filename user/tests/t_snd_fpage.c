/* SPDX-License-Identifier: MIT */
/*
 * The functions and constants of l4/sys/snd_fpage.h, each used on items that the kernel really
 * took or really returned.  docs/snd_fpage.md has one row for each; the first word of a case's
 * text is the function or constant, tools/doc_check.py compares the two.
 *
 * Runs as root task; see caps.h.  alone() sends one item to d and returns the return item.
 */
#include "caps.h"
#include "ports.h"

#include <l4/sigma0/sigma0.h>

#define NONE L4_INVALID_CAP
enum { RWS = L4_CAP_FPAGE_RWS };

static l4_snd_fpage_t alone(l4_snd_fpage_t item)
{
    x_item(item);
    x_ok(d);
    return x_ret(d, 0);
}

static void window_pages(l4_addr_t at, unsigned order) { x_window(l4_fpage(at, order, 0), NONE); }

/* ---- constructors ---- */

static void raw(void)
{
    l4_snd_fpage_t none = l4_snd_fpage_raw(0, 0), r;

    window_pages(AT(0), 14);
    x_item(none);
    r = alone(l4_snd_fpage_raw(0x1000 | L4_ITEM_MAP, PAGE(1) | 12 << 6 | 1 << 4 | RW));
    expect("void item", l4_snd_fpage_base_x(r), 0);
    expect("second item", l4_snd_fpage_base_x(x_ret(d, 1)), 0x1318);
    expect_page(d, AT(1), RW, MARK(1));
}

static void from_fpage(void)
{
    window_pages(AT(0), 16);
    alone(l4_snd_fpage_fpage(l4_fpage(PAGE(4), 13, RO), 0x2fff, L4_SND_FPAGE_MAP));
    expect_ret(d, 0, 0x2358);
    expect_page(d, AT(2), RO, MARK(4));
    expect_page(d, AT(3), RO, MARK(5));
}

static void from_cap(void)
{
    l4_cap_idx_t gate = server_gate(0x1000);

    x_slot(SLOT(0), 0);
    alone(l4_snd_fpage_cap(gate, L4_CAP_FPAGE_RW | L4_FPAGE_C_NO_REF_CNT, L4_SND_FPAGE_MAP));
    expect("label", label_of(d, SLOT(0)), 0x1001);
    expect("weak copy is not counted", count(gate), 1);
    delete_object(gate);
}

static void obj(void)
{
    l4_cap_idx_t gate = server_gate(0x1000);

    give(e->task, SLOT(1), gate, RWS);
    x_window(l4_obj_fpage(SLOT(0x40), 3, 0), NONE);
    x_item(l4_snd_fpage_obj(SLOT(0), 1, L4_CAP_FPAGE_RS, 4UL << L4_CAP_SHIFT, 0));
    give(e->task, SLOT(2), d->thread, RWS);
    expect("send", x_pass(e, d, SLOT(2)), 0);
    expect_ret(d, 0, 0x4078);
    expect_filled(d->task, SLOT(0x44), 0);
    expect("label", label_of(d, SLOT(0x45)), 0x1002);
    delete_object(gate);
}

static void mem(void)
{
    window_pages(AT(0), 16);
    alone(l4_snd_fpage_mem(PAGE(6), 13, RX, 0x6000, L4_SND_FPAGE_CACHED));
    expect_ret(d, 0, 0x6358);
    expect_page(d, AT(6), RX, MARK(6));
    expect_page(d, AT(7), RX, MARK(7));
}

static void io(void)
{
    x_window(l4_iofpage(0x80, 4), NONE);
    alone(l4_snd_fpage_io(0x84, 1, RW, 0xa000, 0));
    expect_ret(d, 0, 0xa068);
    expect("ports", worker_ports(d, 0x80, 8), 0x30);
}

/* ---- what an item says ---- */

/* Within one task the sender's flexpage comes back as the second word. */
static l4_snd_fpage_t local(l4_cap_idx_t slot, unsigned order)
{
    x_slot(SLOT(0), L4_RCV_ITEM_LOCAL_ID);
    x_item(l4_snd_fpage_obj(slot, order, RWS, 0x3000, 0));
    x_ok(server);
    return x_ret(server, 0);
}

static void order(void) { expect("order", l4_snd_fpage_order(local(SLOT(0x60), 5)), 5); }

static void snd_order(void)
{
    expect("order of a received flexpage", l4_snd_fpage_snd_order(local(SLOT(0x60), 3)), 3);
    expect("order of a send item", l4_snd_fpage_snd_order(l4_snd_fpage_mem(0, 21, RW, 0, 0)), 21);
}

static void base(void) { expect("base", l4_snd_fpage_base(local(SLOT(0x60), 5)), SLOT(0x60)); }

static void rcv_order(void)
{
    window_pages(AT(0), 12);
    expect("order sent, not that of the window",
           l4_snd_fpage_rcv_order(alone(l4_snd_fpage_mem(PAGE(0), 16, RW, 0, 0))), 16);
}

static void rcv_type(void)
{
    x_window(l4_fpage_all(), NONE);
    x_window(l4_fpage_all(), NONE);
    x_item(l4_snd_fpage_mem(PAGE(0), 12, RW, AT(0), L4_SND_FPAGE_MORE));
    x_item(l4_snd_fpage_io(0x80, 0, RW, 0, L4_SND_FPAGE_MORE));
    x_item(l4_snd_fpage_obj(L4_BASE_LOG_CAP, 0, RWS, SLOT(0), L4_SND_FPAGE_MORE));
    x_ok(d);
    expect("memory", l4_snd_fpage_rcv_type(x_ret(d, 0)), L4_SND_FPAGE_MEMORY);
    expect("ports", l4_snd_fpage_rcv_type(x_ret(d, 1)), L4_SND_FPAGE_IO);
    expect("objects", l4_snd_fpage_rcv_type(x_ret(d, 2)), L4_SND_FPAGE_OBJ);
}

static void snd_base(void)
{
    window_pages(AT(0), 14);
    expect("hot spot",
           l4_snd_fpage_snd_base(alone(l4_snd_fpage_mem(PAGE(0), 12, RW, 0x77003000, 0x30))),
           0x77003000);
}

static void set_snd_base(void)
{
    l4_snd_fpage_t i = l4_snd_fpage_mem(PAGE(3), 12, RW, 0x7000, L4_SND_FPAGE_MORE);

    l4_snd_fpage_set_snd_base(&i, 0x2345);
    expect("flags stay", l4_snd_fpage_base_x(i), 0x2009);
    window_pages(AT(0), 14);
    expect("hot spot", l4_snd_fpage_snd_base(alone(i)), 0x2000);
    expect_page(d, AT(2), RW, MARK(3));
    expect_none(d, AT(3));
}

static void is_valid(void)
{
    window_pages(AT(0), 14);
    x_item(l4_snd_fpage_raw(0, 0));
    x_item(l4_snd_fpage_mem(PAGE(0), 12, RW, 0, 0));
    x_ok(d);
    expect("void", (unsigned long)l4_snd_fpage_is_valid(x_ret(d, 0)), 0);
    expect("memory", (unsigned long)l4_snd_fpage_is_valid(x_ret(d, 1)), 1);
}

/* Four items: a capability, an empty slot, a memory page, a gate of the receiver's own. */
static void four_items(l4_cap_idx_t gate)
{
    window_pages(AT(0), 14);
    x_slot(SLOT(0), 0);
    x_slot(SLOT(1), 0);
    x_slot(SLOT(2), L4_RCV_ITEM_LOCAL_ID);
    x_item(l4_snd_fpage_cap(L4_BASE_LOG_CAP, RWS, 0));
    x_item(l4_snd_fpage_cap(SLOT(0x7f), RWS, 0));
    x_item(l4_snd_fpage_mem(PAGE(0), 12, RW, 0, 0));
    x_item(l4_snd_fpage_cap(gate, RWS, 0));
    x_ok(d);
}

/* Bit i: the predicate holds for return item i. */
static unsigned long which(int (*predicate)(l4_snd_fpage_t))
{
    unsigned long set = 0;

    for (unsigned i = 0; i < 4; i++)
        set |= (unsigned long)predicate(x_ret(d, i)) << i;
    return set;
}

static void cap_received(void)
{
    l4_cap_idx_t gate = new_gate(d->thread, 0xabc0);

    four_items(gate);
    expect("items with a capability", which(l4_snd_fpage_cap_received), 1);
    expect_filled(d->task, SLOT(0), 1);
    expect_filled(d->task, SLOT(1), 0);
    delete_object(gate);
}

static void id_received(void)
{
    l4_cap_idx_t gate = new_gate(d->thread, 0xabc0);

    four_items(gate);
    expect("items with a label", which(l4_snd_fpage_id_received), 8);
    delete_object(gate);
}

static void data(void)
{
    l4_cap_idx_t gate = new_gate(d->thread, 0xabc0);

    four_items(gate);
    expect("label and rights", l4_snd_fpage_data(x_ret(d, 3)), 0xabc3);
    delete_object(gate);
}

static void local_id_received(void)
{
    l4_cap_idx_t gate = new_gate(d->thread, 0xabc0);

    four_items(gate);
    expect("between tasks", which(l4_snd_fpage_local_id_received), 0);
    delete_object(gate);
    x_begin(0);
    expect("in one task", (unsigned long)l4_snd_fpage_local_id_received(local(L4_BASE_LOG_CAP, 0)),
           1);
    /* Memory comes the same way, but is no object flexpage. */
    x_begin(0);
    window_pages(AT(0), 12);
    x.rcv.buf.br[0] |= L4_RCV_ITEM_LOCAL_ID;
    x_item(l4_snd_fpage_mem(PAGE(0), 12, RW, 0, 0));
    x_ok(server);
    expect("memory", (unsigned long)l4_snd_fpage_local_id_received(x_ret(server, 0)), 0);
}

static void is_compound(void)
{
    window_pages(AT(0), 14);
    x_item(l4_snd_fpage_mem(PAGE(0), 12, RW, 0, L4_SND_FPAGE_MORE));
    x_item(l4_snd_fpage_mem(PAGE(1), 12, RW, 0x1000, L4_SND_FPAGE_LAST));
    x_ok(d);
    expect("first", (unsigned long)l4_snd_fpage_is_compound(x_ret(d, 0)), 1);
    expect("second", (unsigned long)l4_snd_fpage_is_compound(x_ret(d, 1)), 0);
}

static void base_x(void)
{
    l4_snd_fpage_t item =
        l4_snd_fpage_mem(PAGE(0), 12, RW, 0x3000, L4_SND_FPAGE_UNCACHED | L4_SND_FPAGE_MORE);

    expect("sent", l4_snd_fpage_base_x(item), 0x3019);
    window_pages(AT(0), 14);
    expect("returned", l4_snd_fpage_base_x(alone(item)), 0x3319);
}

/* ---- constants ---- */

static void map_or_grant(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    map(d->task, AT(1), MAIN, PAGE(1), RW);
    window_pages(AT(0), 14);
    x_item(l4_snd_fpage_mem(AT(0), 12, RW, 0, L4_SND_FPAGE_MAP | L4_SND_FPAGE_MORE));
    x_item(l4_snd_fpage_mem(AT(1), 12, RW, 0x1000, L4_SND_FPAGE_GRANT));
    expect("send", x_pass(d, e, PEER_E), 0);
    expect_page(d, AT(0), RW, MARK(0));
    expect_none(d, AT(1));
    expect_page(e, AT(0), RW, MARK(0));
    expect_page(e, AT(1), RW, MARK(1));
}

/*
 * The caching type itself is not visible to programs; what is: the words have the bits of the
 * reference, the kernel takes them, keeps them out of the return item, and the pages work.
 */
static void caching(void)
{
    static unsigned const opts[] = {L4_SND_FPAGE_NONE, L4_SND_FPAGE_CACHED, L4_SND_FPAGE_BUFFERED,
                                    L4_SND_FPAGE_UNCACHED};
    static l4_umword_t const words[] = {0x9, 0x39, 0x59, 0x19};

    window_pages(AT(0), 14);
    for (unsigned i = 0; i < 4; i++) {
        l4_snd_fpage_t item =
            l4_snd_fpage_mem(PAGE(i), 12, RW, 0x1000UL * i, opts[i] | L4_SND_FPAGE_MORE);

        expect("word", l4_snd_fpage_base_x(item), words[i] | 0x1000UL * i);
        x_item(item);
    }
    x_ok(d);
    for (unsigned i = 0; i < 4; i++) {
        expect_ret(d, i, 0x319 | 0x1000UL * i);
        expect_page(d, AT(i), RW, MARK(i));
    }
}

static void continuation(void)
{
    static unsigned const opts[] = {L4_SND_FPAGE_SINGLE, L4_SND_FPAGE_MORE, L4_SND_FPAGE_LAST,
                                    L4_SND_FPAGE_COMPOUND};

    for (unsigned i = 0; i < 3; i++)
        window_pages(AT(i * 16), 14);
    for (unsigned i = 0; i < 4; i++)
        x_item(l4_snd_fpage_mem(PAGE(i), 12, RW, 0x1000UL * i, opts[i]));
    x_ok(d);
    expect_page(d, AT(0), RW, MARK(0));  /* SINGLE: alone in its buffer */
    expect_page(d, AT(17), RW, MARK(1)); /* MORE ... */
    expect_page(d, AT(18), RW, MARK(2)); /* ... and LAST share one */
    expect_page(d, AT(35), RW, MARK(3));
}

static void types(void)
{
    expect("special", l4_fpage_all().raw & 0x30, L4_SND_FPAGE_SPECIAL);
    rcv_type();
}

/* ---- in a UTCB ---- */

static void put_and_get(void)
{
    l4_snd_fpage_t i;

    window_pages(AT(0), 14);
    x.words = 3;
    alone(l4_snd_fpage_mem(PAGE(3), 12, RW, 0x1000, 0)); /* put at message register 3 */
    x.rcv.msg = d->x.msg;
    i = l4_snd_fpage_get_u(&x.rcv, 3);
    expect("words", x.rcv.msg.mr[2], X_WORD + 2);
    expect("return item", l4_snd_fpage_base_x(i), 0x1318);
}

static void windows(void)
{
    give(d->task, SLOT(5), e->task, L4_CAP_FPAGE_RW);
    expect("without task", l4_rcv_fpage_put_u(&x.rcv, 0, l4_fpage(AT(0), 12, 0), NONE), 2);
    expect("with task", l4_rcv_fpage_put_u(&x.rcv, 2, l4_fpage(AT(1), 12, 0), SLOT(5)), 5);
    x.rcv.buf.bdr = 0;
    x_item(l4_snd_fpage_mem(PAGE(0), 12, RW, 0, 0));
    x_item(l4_snd_fpage_mem(PAGE(1), 12, RW, 0, 0));
    x_ok(d);
    expect_page(d, AT(0), RW, MARK(0));
    expect_page(e, AT(1), RW, MARK(1));
}

static void slots(void)
{
    expect("next", l4_rcv_cap_put_u(&x.rcv, 4, SLOT(3) | 0x35, 0), 5);
    expect("word", x.rcv.buf.br[4], SLOT(3) | 0xa);
    x.rcv.buf.bdr = 4UL << L4_BDR_OBJ_SHIFT;
    x_item(l4_snd_fpage_cap(L4_BASE_LOG_CAP, RWS, 0));
    x_ok(d);
    expect_filled(d->task, SLOT(3), 1);
}

static struct test_case const cases[] = {
    {"F-14", "l4_snd_fpage_raw", raw},
    {"F-5", "l4_snd_fpage_fpage", from_fpage},
    {"F-6", "l4_snd_fpage_cap", from_cap},
    {"F-6", "l4_snd_fpage_obj", obj},
    {"F-5", "l4_snd_fpage_mem", mem},
    {"M-52", "l4_snd_fpage_io", io},
    {"F-16", "l4_snd_fpage_order", order},
    {"F-16", "l4_snd_fpage_snd_order", snd_order},
    {"EX-10", "l4_snd_fpage_rcv_order", rcv_order},
    {"EX-10", "l4_snd_fpage_rcv_type", rcv_type},
    {"F-16", "l4_snd_fpage_base", base},
    {"EX-10", "l4_snd_fpage_snd_base", snd_base},
    {"EX-3", "l4_snd_fpage_set_snd_base", set_snd_base},
    {"F-14", "l4_snd_fpage_is_valid", is_valid},
    {"F-19", "l4_snd_fpage_cap_received", cap_received},
    {"F-17", "l4_snd_fpage_id_received", id_received},
    {"F-16", "l4_snd_fpage_local_id_received", local_id_received},
    {"F-10", "l4_snd_fpage_is_compound", is_compound},
    {"F-17", "l4_snd_fpage_data", data},
    {"EX-10", "l4_snd_fpage_base_x", base_x},
    {"M-31", "L4_SND_FPAGE_MAP and GRANT", map_or_grant},
    {"M-18", "L4_SND_FPAGE_NONE, CACHED, BUFFERED, UNCACHED", caching},
    {"F-10", "L4_SND_FPAGE_SINGLE, LAST, MORE, COMPOUND", continuation},
    {"F-10", "L4_SND_FPAGE_SPECIAL, MEMORY, IO, OBJ", types},
    {"F-20", "l4_snd_fpage_put_u and l4_snd_fpage_get_u", put_and_get},
    {"F-13", "l4_rcv_fpage_put_u", windows},
    {"F-9", "l4_rcv_cap_put_u", slots},
};

int main(void)
{
    caps_init();
    if (l4sigma0_map_ioports(L4_BASE_PAGER_CAP, 0x80, 4))
        return 1;
    return TEST_RUN(cases);
}
