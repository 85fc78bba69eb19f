/* SPDX-License-Identifier: MIT */
/*
 * Flexpages and windows: where a send item ends up (rules F-1 ... F-4, the worked examples EX-1 ...
 * EX-10 of the flexpage reference, which are given there with these numbers).
 *
 * Runs as root task; see exchange.h.
 */
#include "exchange.h"
#include "ports.h"

#include <l4/sigma0/sigma0.h>

#define NONE L4_INVALID_CAP
#define WINDOW 0x10000000UL /* 64 KiB, in the workers */

static l4_snd_fpage_t raw_item(l4_umword_t word0, l4_umword_t fpage)
{
    return l4_snd_fpage_raw(word0, fpage);
}

static unsigned long main_word(l4_addr_t at) { return *(volatile unsigned long *)at; }

/* Send 2 MiB that hold the program itself and page 0x1f3 of them into a window of one page. */
static void send_two_mib(l4_umword_t word0)
{
    alias(0x3f3000, 5);
    x_window(l4_fpage(0x400000, 12, 0), NONE);
    x_item(raw_item(word0, 0x200557));
    x_ok(d);
}

static void first_example(void)
{
    unsigned long v = 0;

    send_two_mib(0x600008);
    expect_ret(d, 0, 0x600558);
    /* Not expect_page(), which writes: this is the program's own first page. */
    expect("read", (unsigned long)worker_read(d, 0x400000, &v), 1);
    expect("page", v, main_word(0x200000));
    expect_none(d, 0x401000);
    unmap(d->task, 0x400000, 12, RWX, L4_FP_ALL_SPACES);
}

static void second_example(void)
{
    send_two_mib(0x7f3008);
    expect_page(d, 0x400000, RWX, MARK(5));
    expect_none(d, 0x401000);
}

static void third_example(void)
{
    alias(0x9000, 9);
    x_window(l4_fpage(0x10000000, 24, 0), NONE);
    x_item(raw_item(0x12345008, l4_fpage(0x9000, 12, RW).raw));
    x_ok(d);
    expect_ret(d, 0, 0x12345318);
    expect_page(d, 0x10345000, RW, MARK(9));
}

static void fourth_example(void)
{
    for (unsigned i = 0; i < 4; i++)
        alias(0x8000 + i * L4_PAGESIZE, 20 + i);
    x_window(l4_fpage(0x40000, 16, 0), NONE);
    x_item(raw_item(0x7008, l4_fpage(0x8000, 14, RW).raw));
    x_ok(d);
    for (unsigned i = 0; i < 4; i++)
        expect_page(d, 0x44000 + i * L4_PAGESIZE, RW, MARK(20 + i));
    expect_none(d, 0x40000);
    expect_none(d, 0x48000);
}

static void fifth_example(void)
{
    l4_cap_idx_t gate = new_gate(L4_BASE_THREAD_CAP, 0x4000);

    give(d->task, LOW_SLOT(0x23), gate, L4_CAP_FPAGE_RO);
    l4_task_map(e->task, MAIN, l4_obj_fpage(gate, 0, L4_CAP_FPAGE_RO), LOW_SLOT(0x56));
    x_slot(LOW_SLOT(0x55), 0);
    x_item(raw_item(0x3008, l4_obj_fpage(LOW_SLOT(0x20), 2, L4_CAP_FPAGE_RO).raw));
    expect("send", x_pass(d, e, PEER_E), 0);
    expect_ret(e, 0, 0x30b8);
    expect_label("slot 0x55 is d's 0x23",
                 l4_error(l4_task_cap_equal(e->task, LOW_SLOT(0x55), LOW_SLOT(0x56))), 1);
    expect_filled(e->task, LOW_SLOT(0x54), 0);
    l4_task_unmap(d->task, l4_obj_fpage(LOW_SLOT(0x23), 0, L4_CAP_FPAGE_RO), L4_FP_ALL_SPACES);
    delete_object(gate);
}

static void sixth_example(void)
{
    l4_cap_idx_t gate = new_gate(L4_BASE_THREAD_CAP, 0x4000);

    give(d->task, LOW_SLOT(0x23), gate, L4_CAP_FPAGE_RO);
    x_window(l4_obj_fpage(SLOT(0), 8, 0), NONE);
    x_item(raw_item(0x1005008, l4_obj_fpage(LOW_SLOT(0x23), 0, L4_CAP_FPAGE_RO).raw));
    expect("send", x_pass(d, e, PEER_E), 0);
    expect_filled(e->task, LOW_SLOT(0x105), 1);
    expect_filled(e->task, LOW_SLOT(0x104), 0);
    expect_filled(e->task, LOW_SLOT(0x106), 0);
    l4_task_unmap(d->task, l4_obj_fpage(LOW_SLOT(0x23), 0, L4_CAP_FPAGE_RO), L4_FP_ALL_SPACES);
    delete_object(gate);
}

static void seventh_example(void)
{
    expect("ports of sigma0", (unsigned long)l4sigma0_map_ioports(L4_BASE_PAGER_CAP, 0x3f8, 3), 0);
    x_window(l4_fpage_all(), NONE);
    x_item(l4_snd_fpage_io(0x3f8, 3, RW, 0, 0));
    x_ok(d);
    /* The data and the status registers are left alone: the console is in use. */
    expect("0x3f7...0x400 in the whole space", worker_ports(d, 0x3fb, 6), 0x1f);
    expect("below", worker_ports(d, 0x3f7, 1), 0);
    x_begin(0);
    x_window(l4_iofpage(0x3fc, 0), NONE);
    x_item(l4_snd_fpage_io(0x3f8, 3, RW, 0, 0));
    x_ok(e);
    expect("0x3fb...0x3ff in a window of one", worker_ports(e, 0x3fb, 5), 2);
}

static void eighth_example(void)
{
    expect("object", l4_obj_fpage(5UL << L4_CAP_SHIFT, 0, L4_CAP_FPAGE_RWS).raw, 0x5037);
    expect("ports", l4_iofpage(0x3f8, 3).raw, 0x3f80e6);
    expect("memory", l4_fpage(0x400000, 12, RW).raw, 0x400316);
    expect("map control", l4_map_control(0x7000, L4_FPAGE_CACHEABLE, 0), 0x7038);
    expect("grant", l4_map_control(0x7000, 0, L4_MAP_ITEM_GRANT), 0x700a);
    /* And the kernel reads them so: slot 5 is the log, port 0x3f8 the console's. */
    x_slot(SLOT(0), 0);
    x_item(raw_item(8, 0x5037));
    x_ok(d);
    give(d->task, SLOT(1), L4_BASE_LOG_CAP, L4_CAP_FPAGE_RWS);
    expect_label("log", l4_error(l4_task_cap_equal(d->task, SLOT(0), SLOT(1))), 1);
}

static void ninth_example(void)
{
    x_window(l4_fpage(0x500000, 20, 0), NONE);
    x_item(raw_item(0x0009, l4_fpage(PAGE(1), 12, RW).raw));
    x_item(raw_item(0x1008, l4_fpage(PAGE(7), 12, RW).raw));
    x_ok(d);
    expect_ret(d, 0, 0x319);
    expect_ret(d, 1, 0x1318);
    expect_page(d, 0x500000, RW, MARK(1));
    expect_page(d, 0x501000, RW, MARK(7));
}

static void tenth_example(void)
{
    send_two_mib(0x7f3008);
    expect_ret(d, 0, 0x7f3558);
    expect("hot spot", l4_snd_fpage_snd_base(x_ret(d, 0)), 0x7f3000);
    expect("order", l4_snd_fpage_rcv_order(x_ret(d, 0)), 21);
    expect("compound", (unsigned long)l4_snd_fpage_is_compound(x_ret(d, 0)), 0);
}

/* The hot spot counts in units of the smaller side: bits below it do not shift the range. */
static void hot_spot_misaligned(void)
{
    x_window(l4_fpage(AT(0), 14, 0), NONE);
    x_item(l4_snd_fpage_mem(PAGE(0), 18, RW, 0x12346000 | 7UL << 12, 0));
    x_ok(d);
    for (unsigned i = 0; i < 4; i++)
        expect_page(d, AT(i), RW, MARK(4 + i));
    expect_none(d, AT(4));
}

/* ---- F-1 ... F-4 ---- */

static void unmap_range(struct worker *w, l4_fpage_t range)
{
    expect_label("unmap", l4_error(l4_task_unmap(w->task, range, L4_FP_ALL_SPACES)), 0);
}

static void misaligned(void)
{
    x_window(l4_fpage(AT(3), 14, 0), NONE);
    x_item(l4_snd_fpage_mem(PAGE(7), 14, RW, 0, 0));
    x_ok(d);
    for (unsigned i = 0; i < 4; i++)
        expect_page(d, AT(i), RW, MARK(4 + i));
    expect_none(d, AT(4));
    unmap(d->task, AT(3), 13, RWX, L4_FP_ALL_SPACES);
    expect_page(d, AT(1), RW, MARK(5));
    expect_none(d, AT(2));
    expect_none(d, AT(3));
}

/* The address bits of an object or port flexpage below its order count as little. */
static void misaligned_objects(void)
{
    l4_cap_idx_t gate = new_gate(L4_BASE_THREAD_CAP, 0);

    give(d->task, SLOT(4), gate, L4_CAP_FPAGE_RO);
    x_window(l4_obj_fpage(SLOT(0x13), 2, 0), NONE);
    x_item(l4_snd_fpage_obj(SLOT(7), 2, L4_CAP_FPAGE_RO, 0, 0));
    expect("send", x_pass(d, e, PEER_E), 0);
    expect_filled(e->task, SLOT(0x10), 1);
    expect_filled(e->task, SLOT(0x13), 0);
    unmap_range(e, l4_obj_fpage(SLOT(0x15), 2, L4_CAP_FPAGE_RO)); /* the four behind them */
    expect_filled(e->task, SLOT(0x10), 1);
    unmap_range(e, l4_obj_fpage(SLOT(0x13), 2, L4_CAP_FPAGE_RO));
    expect_filled(e->task, SLOT(0x10), 0);
    delete_object(gate);
}

static void misaligned_ports(void)
{
    expect("ports of sigma0", (unsigned long)l4sigma0_map_ioports(L4_BASE_PAGER_CAP, 0x80, 3), 0);
    x_window(l4_iofpage(0x87, 3), NONE);        /* 0x80 ... 0x87 */
    x_item(l4_snd_fpage_io(0x87, 2, RW, 0, 0)); /* 0x84 ... 0x87 */
    x_ok(d);
    expect("ports 0x80...", worker_ports(d, 0x80, 8), 0xf0);
    unmap_range(d, l4_iofpage(0x85, 1)); /* 0x84, 0x85 */
    expect("without two", worker_ports(d, 0x80, 8), 0xc0);
}

static void order_below_page(void)
{
    x_window(l4_fpage(AT(0), 14, 0), NONE);
    x_item(l4_snd_fpage_mem(PAGE(1), 11, RW, 0, 0));
    x_ok(d);
    expect_ret(d, 0, 0x2d8);
    expect_none(d, AT(0));
    x_begin(0);
    x_window(l4_fpage(AT(0), 11, 0), NONE); /* a window too small for a page */
    x_item(l4_snd_fpage_mem(PAGE(1), 12, RW, 0, 0));
    x_ok(d);
    expect_ret(d, 0, 0x318);
    expect_none(d, AT(0));
}

static void unmap_order_below_page(void)
{
    map(d->task, AT(0), MAIN, PAGE(0), RW);
    unmap(d->task, AT(0), 11, RWX, L4_FP_ALL_SPACES);
    unmap(MAIN, PAGE(0), 0, RWX, L4_FP_OTHER_SPACES);
    expect_page(d, AT(0), RW, MARK(0));
}

static void window_of_order_63(void)
{
    x_window(l4_fpage(0x7000, 63, 0), NONE);
    x_item(l4_snd_fpage_mem(PAGE(3), 12, RW, 0x77003000, 0));
    x_ok(d);
    expect_page(d, 0x77003000, RW, MARK(3));
}

/* Everything a task has goes in one item. */
static void send_order_63(void)
{
    l4_cap_idx_t task = new_task(L4_BASE_FACTORY_CAP);

    map(task, AT(0), MAIN, PAGE(1), RW);
    map(task, AT(5), MAIN, PAGE(2), RO);
    map(task, 0x7ffffffff000UL, MAIN, PAGE(3), RW);
    expect_label("map", map_order(d->task, 0, task, l4_fpage(0, 63, RWX)), 0);
    expect_page(d, AT(0), RW, MARK(1));
    expect_page(d, AT(5), RO, MARK(2));
    expect_page(d, 0x7ffffffff000UL, RW, MARK(3));
    unmap(task, AT(0), 63, RWX, L4_FP_ALL_SPACES); /* and goes in one unmap */
    expect_none(d, AT(0));
    expect_none(d, 0x7ffffffff000UL);
    delete_object(task);
}

static void object_order_clipped(void)
{
    l4_cap_idx_t from = new_task(L4_BASE_FACTORY_CAP), to = new_task(L4_BASE_FACTORY_CAP);

    give(from, LOW_SLOT(3), L4_BASE_LOG_CAP, L4_CAP_FPAGE_RO);
    give(from, LOW_SLOT(0xffff), L4_BASE_LOG_CAP, L4_CAP_FPAGE_RO);
    expect_label("map", map_order(to, 0, from, l4_obj_fpage(0, 20, L4_CAP_FPAGE_RO)), 0);
    expect_filled(to, LOW_SLOT(3), 1);
    expect_filled(to, LOW_SLOT(0xffff), 1);
    expect_filled(to, LOW_SLOT(4), 0);
    l4_task_unmap(to, l4_obj_fpage(0, 40, L4_CAP_FPAGE_RO), L4_FP_ALL_SPACES);
    expect_filled(to, LOW_SLOT(0xffff), 0);
    delete_object(from);
    delete_object(to);
}

static void port_order_clipped(void)
{
    expect("ports of sigma0", (unsigned long)l4sigma0_map_ioports(L4_BASE_PAGER_CAP, 0x80, 3), 0);
    x_window(l4_iofpage(0, 30), NONE);
    x_item(l4_snd_fpage_io(0, 20, RW, 0, 0));
    x_ok(d);
    expect_ret(d, 0, 20UL << 6 | 0x28);
    expect("ports 0x80...", worker_ports(d, 0x80, 9), 0xff);
}

static void window_beyond_last_slot(void)
{
    x_window(l4_obj_fpage(0x10000UL << L4_CAP_SHIFT, 0, 0), NONE);
    x_item(l4_snd_fpage_cap(L4_BASE_LOG_CAP, L4_CAP_FPAGE_RO, 0));
    x_ok(d);
    expect_ret(d, 0, 0x3a);
    expect_filled(d->task, 0, 0);
}

static struct test_case const cases[] = {
    {"EX-1", "2 MiB into a window of a page, hot spot at its start", first_example},
    {"EX-2", "2 MiB into a window of a page, hot spot inside", second_example},
    {"EX-3", "a page into a window of 16 MiB", third_example},
    {"EX-4", "four pages into a window of sixteen", fourth_example},
    {"EX-2", "64 pages into a window of four, hot spot misaligned", hot_spot_misaligned},
    {"EX-5", "four slots into a single one", fifth_example},
    {"EX-6", "one slot into a window of 256", sixth_example},
    {"EX-7", "ports into the whole space and into a window", seventh_example},
    {"EX-8", "encodings", eighth_example},
    {"EX-9", "two items share a window", ninth_example},
    {"EX-10", "return item", tenth_example},
    {"F-1", "address bits below the order, memory", misaligned},
    {"F-1", "address bits below the order, objects", misaligned_objects},
    {"F-1", "address bits below the order, ports", misaligned_ports},
    {"F-2", "order below a page, send and window", order_below_page},
    {"F-2", "order below a page, unmap", unmap_order_below_page},
    {"F-3", "window of order 63", window_of_order_63},
    {"F-3", "send flexpage and unmap of order 63", send_order_63},
    {"F-4", "object orders are clipped", object_order_clipped},
    {"F-4", "port orders are clipped", port_order_clipped},
    {"F-4", "window beyond the last slot", window_beyond_last_slot},
};

int main(void)
{
    exchange_init();
    return TEST_RUN(cases);
}
