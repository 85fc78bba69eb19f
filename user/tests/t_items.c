/* SPDX-License-Identifier: MIT */
/*
 * Send items, receive buffers, return items (rules F-9 ... F-12, F-14, F-15, F-19, F-20).
 *
 * Runs as root task; see exchange.h and caps.h.
 */
#include "caps.h"
#include "ports.h"

#include <l4/sigma0/sigma0.h>
#include <quire/string.h>

#define NONE L4_INVALID_CAP
#define WINDOW_A AT(0)
#define WINDOW_B AT(0x100)

static l4_snd_fpage_t page(unsigned n, l4_addr_t hot_spot, unsigned opts)
{
    return l4_snd_fpage_mem(PAGE(n), L4_PAGESHIFT, RW, hot_spot, opts);
}

static l4_snd_fpage_t log_cap(void)
{
    return l4_snd_fpage_cap(L4_BASE_LOG_CAP, L4_CAP_FPAGE_RO, L4_SND_FPAGE_MAP);
}

static void window_pages(l4_addr_t at, unsigned order) { x_window(l4_fpage(at, order, 0), NONE); }

/* ---- cursors ---- */

static void cursor_per_type(void)
{
    x_begin(1);
    window_pages(WINDOW_A, 12);
    x_slot(SLOT(0), 0);
    x_window(l4_iofpage(0x80, 3), NONE);
    expect("BDR", x.rcv.buf.bdr, 0 | 3 << 5 | 2 << 10);
    x_item(l4_snd_fpage_io(0x80, 0, RW, 0, 0));
    x_item(log_cap());
    x_item(page(1, 0, 0));
    x_ok(d);
    expect_ret(d, 0, 0x28);
    expect_ret(d, 1, 0x38);
    expect_ret(d, 2, 0x318);
    expect("word", d->x.msg.mr[0], X_WORD);
    expect_page(d, WINDOW_A, RW, MARK(1));
    expect_filled(d->task, SLOT(0), 1);
    expect("port", worker_ports(d, 0x80, 2), 1);
}

/* The fields of the BDR are five bits wide. */
static void bdr_field_width(void)
{
    x.br = 25;
    window_pages(AT(0), 12);
    x.rcv.buf.bdr |= 0x1f00000; /* bits beyond the three fields mean nothing here */
    x_item(page(1, 0, 0));
    x_ok(d);
    expect_page(d, AT(0), RW, MARK(1));
}

/* 27 single slots, from BR 31 to BR 57, and this many items. */
static unsigned long fill_slots(unsigned items)
{
    exchange_setup();
    x.br = 31;
    for (unsigned i = 0; i < 27; i++)
        x_slot(SLOT(i), 0);
    for (unsigned i = 0; i < items; i++)
        x_item(log_cap());
    return x_send(d, d->thread);
}

static void last_buffer_register(void)
{
    expect("as many items as slots", fill_slots(27), 0);
    expect_filled(d->task, SLOT(26), 1);
    expect("next buffer register", x.br, 58);
    expect_overflow(d, fill_slots(28));
    expect_filled(d->task, SLOT(26), 1);
}

/* A window whose second word would be BR 58 is no window. */
static void half_a_buffer(void)
{
    x.br = 31;
    for (unsigned i = 0; i < 13; i++)
        window_pages(AT(i), 12);
    expect("next buffer register", x.br, 57);
    x.rcv.buf.br[57] = L4_ITEM_MAP;
    for (unsigned i = 0; i < 14; i++)
        x_item(page(i, 0, 0));
    expect_overflow(d, x_send(d, d->thread));
    expect_page(d, AT(12), RW, MARK(12));
}

static void one_buffer_per_item(void)
{
    x_begin(1);
    window_pages(WINDOW_A, 20);
    window_pages(WINDOW_B, 20);
    x_item(page(1, 0, 0));
    x_item(page(7, 0, 0));
    x_ok(d);
    expect_page(d, WINDOW_A, RW, MARK(1));
    expect_page(d, AT(0x100), RW, MARK(7));
}

static void compound(void)
{
    window_pages(WINDOW_A, 14);
    window_pages(WINDOW_B, 14);
    x_item(page(1, 0x0000, L4_SND_FPAGE_MORE));
    x_item(page(2, 0x1000, L4_SND_FPAGE_MORE));
    x_item(page(3, 0x2000, L4_SND_FPAGE_LAST));
    x_item(page(4, 0x3000, L4_SND_FPAGE_SINGLE));
    x_ok(d);
    expect_ret(d, 1, 0x1319);
    expect_ret(d, 2, 0x2318);
    for (unsigned i = 0; i < 3; i++)
        expect_page(d, AT(i), RW, MARK(1 + i));
    expect_none(d, AT(3));
    expect_page(d, AT(0x103), RW, MARK(4));
}

static void compound_objects(void)
{
    x_window(l4_obj_fpage(SLOT(0), 3, 0), NONE);
    for (unsigned i = 0; i < 3; i++)
        x_item(l4_snd_fpage_obj(L4_BASE_LOG_CAP, 0, L4_CAP_FPAGE_RO, 0x2000UL * i,
                                L4_SND_FPAGE_COMPOUND));
    x_ok(d);
    expect_ret(d, 2, 0x4039);
    for (unsigned i = 0; i < 8; i++)
        expect_filled(d->task, SLOT(i), i == 0 || i == 2 || i == 4);
}

/* ---- overflow ---- */

static void no_buffer(void)
{
    x_begin(2);
    x_item(page(1, 0, 0));
    expect_overflow(d, x_send(d, d->thread));
    expect("sender's tag", (unsigned long)m.tag.raw, L4_MSGTAG_ERROR);
    expect("receiver's tag", (unsigned long)d->x.tag.raw, 0x118042);
    expect("word", d->x.msg.mr[1], X_WORD + 1);
    expect("item untouched", d->x.msg.mr[2], FILL + 2);
}

static void buffer_without_map_bit(void)
{
    x.rcv.buf.bdr = 0;
    x.rcv.buf.br[0] = L4_RCV_ITEM_LOCAL_ID | 2;
    x.rcv.buf.br[1] = l4_fpage(AT(0), 12, 0).raw;
    x_item(page(1, 0, 0));
    expect_overflow(d, x_send(d, d->thread));
}

static void used_up(void)
{
    window_pages(WINDOW_A, 12);
    x_item(page(1, 0, 0));
    x_item(page(2, 0, 0));
    expect_overflow(d, x_send(d, d->thread));
    expect_page(d, WINDOW_A, RW, MARK(1));
}

static void bad_item(l4_umword_t word0, l4_umword_t fpage)
{
    exchange_setup();
    x_window(l4_fpage_all(), NONE);
    x_item(l4_snd_fpage_raw(word0, fpage));
    expect_overflow(d, x_send(d, d->thread));
    expect("item untouched", d->x.msg.mr[0], FILL);
}

static void bad_items(void)
{
    bad_item(0x1000, l4_fpage(PAGE(0), 12, RW).raw); /* no map bit */
    bad_item(L4_ITEM_MAP, 0);                        /* type 0 */
    bad_item(L4_ITEM_MAP, l4_fpage_all().raw);       /* all spaces */
    bad_item(L4_ITEM_MAP, PAGE(0) | 12 << 6 | 6);    /* type 0 with a range */
}

/* Words and items together exceed the message registers. */
static void too_long(void)
{
    x_begin(62);
    window_pages(WINDOW_A, 12);
    x.n = 1;
    expect_overflow(d, x_send(d, d->thread));
    expect("words", d->x.msg.mr[61], X_WORD + 61);
}

/* ---- mismatch, void items, results ---- */

static void type_mismatch(void)
{
    l4_cap_idx_t gate = server_gate(0);

    window_pages(AT(0), 20);
    x.rcv.buf.bdr = 0; /* all three cursors on the memory window */
    x_item(l4_snd_fpage_cap(gate, L4_CAP_FPAGE_RWS, 0));
    x_ok(d);
    expect_ret(d, 0, 0x38);
    x_begin(0);
    x_window(l4_obj_fpage(SLOT(0), 4, 0), NONE);
    x.rcv.buf.bdr = 0;
    x_item(page(1, 0, 0));
    x_item(l4_snd_fpage_io(0x80, 0, RW, 0, 0));
    x.rcv.buf.br[2] = L4_ITEM_MAP;
    x_ok(d);
    expect_ret(d, 0, 0x318);
    expect_ret(d, 1, 0x28);
    expect("port", worker_ports(d, 0x80, 1), 0);
    expect("counter", count(gate), 1);
    delete_object(gate);
}

static void all_spaces(void)
{
    for (unsigned i = 0; i < 3; i++) {
        x_window(l4_fpage_all(), NONE);
        x_window(l4_fpage_all(), NONE);
    }
    x_item(page(1, AT(4), 0));
    x_item(l4_snd_fpage_obj(L4_BASE_LOG_CAP, 0, L4_CAP_FPAGE_RO, SLOT(9), 0));
    x_item(l4_snd_fpage_io(0x80, 0, RW, 0, 0));
    x_ok(d);
    expect_page(d, AT(4), RW, MARK(1));
    expect_filled(d->task, SLOT(9), 1);
    expect("port", worker_ports(d, 0x80, 1), 1);
}

static void void_item(void)
{
    x_begin(1);
    window_pages(WINDOW_A, 12);
    window_pages(WINDOW_B, 12);
    x_item(page(1, 0, 0));
    x_item(l4_snd_fpage_raw(0, 0x1234));
    x_item(l4_snd_fpage_raw(0, l4_fpage(PAGE(3), 12, RW).raw)); /* of the buffers' own type */
    x_item(page(2, 0, 0));
    x_ok(d);
    expect_ret(d, 0, 0x318);
    expect_ret(d, 1, 0);
    expect_ret(d, 2, 0);
    expect_ret(d, 3, 0x318);
    expect_page(d, WINDOW_A, RW, MARK(1));
    expect_page(d, WINDOW_B, RW, MARK(2));
    x_begin(1);
    x_item(l4_snd_fpage_raw(0, 0));
    x_ok(d); /* no buffer is needed */
    expect_ret(d, 0, 0);
}

/* The second item goes to a task that is none: its return word is there, the first item stays. */
static void error_keeps_earlier(void)
{
    window_pages(WINDOW_A, 12);
    x_window(l4_fpage(WINDOW_B, 12, 0), SLOT(5));
    x_item(page(1, 0, 0));
    x_item(page(2, 0x5000, 0));
    x_item(page(3, 0, 0));
    expect_overflow(d, x_send(d, d->thread));
    expect_page(d, WINDOW_A, RW, MARK(1));
    expect_none(d, WINDOW_B);
    expect_ret(d, 0, 0x318);
    expect_ret(d, 1, 0x5318);
    expect("third item untouched", d->x.msg.mr[4], FILL + 4);
}

static void result_codes(void)
{
    window_pages(WINDOW_A, 14);
    x_slot(SLOT(0), 0);
    x_slot(SLOT(1), 0);
    x_window(l4_iofpage(0x90, 3), NONE);
    x_item(l4_snd_fpage_mem(AT(0x30), 12, RW, 0, L4_SND_FPAGE_MORE)); /* nothing there */
    x_item(page(1, 0x1000, 0));
    x_item(l4_snd_fpage_cap(SLOT(0x80), L4_CAP_FPAGE_RO, 0)); /* empty slot */
    x_item(log_cap());
    x_item(l4_snd_fpage_io(0x80, 3, RW, 0, 0)); /* no port in common */
    x_ok(d);
    expect_ret(d, 0, 0x31b);
    expect_ret(d, 1, 0x1318);
    expect_ret(d, 2, 0x3a);
    expect_ret(d, 3, 0x38);
    expect_ret(d, 4, 0xe8);
    expect_filled(d->task, SLOT(0), 0);
}

/* One present page among absent ones makes it "something mapped". */
static void result_of_a_range(void)
{
    map(d->task, AT(2), MAIN, PAGE(3), RW);
    window_pages(AT(0), 14);
    x_item(l4_snd_fpage_mem(AT(0), 14, RW, 0, 0));
    expect("send", x_pass(d, e, PEER_E), 0);
    expect_ret(e, 0, 0x398);
    expect_page(e, AT(2), RW, MARK(3));
}

static void return_word(void)
{
    window_pages(AT(0), 24);
    window_pages(AT(0x1000), 24);
    x_item(l4_snd_fpage_raw(0x7f123000 | 0x7b, l4_fpage(PAGE(1), 12, RW).raw));
    x_item(l4_snd_fpage_raw(0x45000 | 0xf0c, l4_fpage(PAGE(2), 12, RW).raw));
    x_ok(d);
    expect_ret(d, 0, 0x7f123319);
    expect_ret(d, 1, 0x45318);
    expect_page(d, 0x60000000 + 0x123000, RW, MARK(1));
    expect_page(d, 0x60000000 + 0x45000, RW, MARK(2));
}

static void tag_is_the_senders(void)
{
    x_begin(3);
    window_pages(WINDOW_A, 12);
    x_item(page(1, 0, 0));
    x_item(l4_snd_fpage_raw(0, 0));
    x_ok(d);
    expect("tag", (unsigned long)d->x.tag.raw, X_LABEL << 16 | 2 << 6 | 3);
}

static struct test_case const cases[] = {
    {"F-9", "one cursor for each type", cursor_per_type},
    {"F-9", "indices of five bits", bdr_field_width},
    {"F-9", "last buffer register", last_buffer_register},
    {"F-9", "half a buffer at the end", half_a_buffer},
    {"F-10", "one buffer per item", one_buffer_per_item},
    {"F-10", "compound items share a window", compound},
    {"F-10", "compound object items", compound_objects},
    {"F-11", "no buffer", no_buffer},
    {"F-11", "buffer without the map bit", buffer_without_map_bit},
    {"F-11", "more items than buffers", used_up},
    {"F-11", "no map item, no type", bad_items},
    {"F-11", "items beyond the message registers", too_long},
    {"F-12", "type mismatch is no error", type_mismatch},
    {"M-2", "types of item and window must match", type_mismatch},
    {"F-12", "all-spaces window takes every type", all_spaces},
    {"F-14", "void items", void_item},
    {"F-15", "an error keeps earlier items", error_keeps_earlier},
    {"F-19", "result codes", result_codes},
    {"F-19", "one page of a range is enough", result_of_a_range},
    {"EX-10", "what a return word keeps", return_word},
    {"F-20", "tag of the sender", tag_is_the_senders},
};

int main(void)
{
    caps_init();
    if (l4sigma0_map_ioports(L4_BASE_PAGER_CAP, 0x80, 5))
        return 1;
    return TEST_RUN(cases);
}
