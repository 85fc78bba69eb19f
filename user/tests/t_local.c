/* SPDX-License-Identifier: MIT */
/*
 * What of an item arrives, and where: rights of item and channel, local ids, forwarding to another
 * task (rules F-5 ... F-8, F-13, F-16 ... F-18).
 *
 * Runs as root task; see caps.h.
 */
#include "caps.h"

#define NONE L4_INVALID_CAP
enum { RWS = L4_CAP_FPAGE_RWS, RW_CAP = L4_CAP_FPAGE_RW, W_CAP = L4_CAP_FPAGE_W };

/* ---- rights ---- */

static void memory_rights(void)
{
    static unsigned const want[] = {NOTHING, RX, RW, RWX, RO, RX, RW, RWX};

    for (unsigned r = 0; r < 16; r++) {
        exchange_setup();
        x_window(l4_fpage(AT(0), 12, 0), NONE);
        x_item(l4_snd_fpage_mem(PAGE(r), 12, r, 0, 0));
        x_ok(d);
        expect_ret(d, 0, r & 7 ? 0x318 : 0x31a);
        expect_page(d, AT(0), want[r & 7], MARK(r));
    }
}

static void object_needs_r(void)
{
    for (unsigned r = 0; r < 16; r++) {
        exchange_setup();
        x_slot(SLOT(0), 0);
        x_item(l4_snd_fpage_cap(L4_BASE_LOG_CAP, r, 0));
        x_ok(d);
        expect_ret(d, 0, r & L4_CAP_FPAGE_R ? 0x38 : 0x3a);
        expect_filled(d->task, SLOT(0), (r & L4_CAP_FPAGE_R) != 0);
    }
}

/* Rights of the window: none in one case, all in the other. */
static void rights_are_masked(void)
{
    l4_cap_idx_t gate = server_gate(0xabc0), half = new_slot();

    map_cap(MAIN, half, gate, L4_CAP_FPAGE_RW);
    for (unsigned r = 0; r < 4; r++) {
        x_begin(0);
        x_window(l4_obj_fpage(SLOT(0), 1, r & 1 ? 0xf : 0), NONE);
        x_item(l4_snd_fpage_obj(gate, 0, L4_CAP_FPAGE_R | r, 0, L4_SND_FPAGE_MORE));
        x_item(l4_snd_fpage_obj(half, 0, L4_CAP_FPAGE_R | r, 0x1000, 0));
        x_ok(d);
        expect("rights of the whole", label_of(d, SLOT(0)), 0xabc0 | r);
        expect("rights of half", label_of(d, SLOT(1)), 0xabc0 | (r & L4_CAP_FPAGE_W));
    }
    map(d->task, AT(0), MAIN, PAGE(0), RO);
    x_begin(0);
    x_window(l4_fpage(AT(0), 12, RWX), NONE);
    x_item(l4_snd_fpage_mem(AT(0), 12, RWX, 0, 0));
    expect("send", x_pass(d, e, PEER_E), 0);
    expect_page(e, AT(0), RO, MARK(0));
    free_slot(half);
    delete_object(gate);
}

/* ---- F-8: rights of the channel ---- */

/* Send a gate with RWS through the channel to d; label that arrives through d's copy. */
static l4_umword_t rights_through(l4_cap_idx_t channel, l4_cap_idx_t gate)
{
    x_begin(0);
    x_slot(SLOT(0), 0);
    x_item(l4_snd_fpage_cap(gate, RWS, 0));
    expect("send", x_send(d, channel), 0);
    return label_of(d, SLOT(0));
}

static void through_thread(void)
{
    l4_cap_idx_t gate = server_gate(0x1000), thin = new_slot();

    expect("thread capability with S", rights_through(d->thread, gate), 0x1003);
    map_cap(MAIN, thin, d->thread, RW_CAP);
    expect("thread capability without S", rights_through(thin, gate), 0x1001);
    free_slot(thin);
    delete_object(gate);
}

static void through_gate(void)
{
    l4_cap_idx_t gate = server_gate(0x1000), channel = new_gate(d->thread, 0), thin = new_slot();

    expect("gate with S", rights_through(channel, gate), 0x1003);
    map_cap(MAIN, thin, channel, L4_CAP_FPAGE_RO);
    expect("gate without S and W", rights_through(thin, gate), 0x1001);
    free_slot(thin);
    delete_object(channel);
    delete_object(gate);
}

/* D is not filtered by the channel: what arrives can delete the object. */
static void delete_right_passes(void)
{
    l4_cap_idx_t gate = server_gate(0x1000), thin = new_slot();

    map_cap(MAIN, thin, d->thread, L4_CAP_FPAGE_RO);
    x_slot(SLOT(0), 0);
    x_item(l4_snd_fpage_cap(gate, L4_CAP_FPAGE_RWSD, 0));
    expect("send", x_send(d, thin), 0);
    expect_filled(MAIN, gate, 1);
    unmap_caps(d->task, CAP(SLOT(0), L4_CAP_FPAGE_RWSD), L4_FP_DELETE_OBJ);
    expect_filled(MAIN, gate, 0);
    free_slot(thin);
    l4re_util_cap_free(gate);
}

/* d calls through a capability with these rights; the answer brings the gate. */
static l4_umword_t rights_in_reply(unsigned rights, l4_cap_idx_t gate)
{
    give(d->task, SLOT(1), L4_BASE_THREAD_CAP, rights);
    ipc_init(&d->x, SLOT(1), CALL, tag(7, 0), L4_IPC_NEVER);
    l4_umword_t *br = d->x.buf.br;
    d->x.buf.bdr = 0;
    br[0] = SLOT(0) | L4_RCV_ITEM_SINGLE_CAP;
    expect("call blocks", (unsigned long)worker_ipc(d), 0);
    main_does(L4_INVALID_CAP, WAIT, tag(0, 0), MS(50));
    expect_tag_label("call", m.tag, 7);
    ipc_init(&m, L4_INVALID_CAP, REPLY, l4_msgtag(0, 0, 1, 0), L4_IPC_BOTH_TIMEOUT_0);
    m.msg.mr[0] = L4_ITEM_MAP;
    m.msg.mr[1] = CAP(gate, RWS).raw;
    ipc_do(&m);
    expect("reply", m.error, 0);
    return label_of(d, SLOT(0));
}

static void through_reply(void)
{
    l4_cap_idx_t gate = server_gate(0x1000);

    expect("called with S", rights_in_reply(RWS, gate), 0x1003);
    expect("called without S", rights_in_reply(RW_CAP, gate), 0x1001);
    delete_object(gate);
}

static void through_task_map(void)
{
    l4_cap_idx_t gate = server_gate(0x1000), to = new_slot(), from = new_slot();

    map_cap(MAIN, to, d->task, RW_CAP);
    map_cap(MAIN, from, MAIN, RW_CAP);
    l4_task_map(d->task, MAIN, CAP(gate, RWS), SLOT(0));
    expect("S on both", label_of(d, SLOT(0)), 0x1003);
    l4_task_map(to, MAIN, CAP(gate, RWS), SLOT(0));
    expect("no S on the destination", label_of(d, SLOT(0)), 0x1001);
    l4_task_map(d->task, from, CAP(gate, RWS), SLOT(0));
    expect("no S on the source", label_of(d, SLOT(0)), 0x1001);
    free_slot(to);
    free_slot(from);
    delete_object(gate);
}

/* ---- F-16 ... F-18: local ids ---- */

static void same_task(void)
{
    l4_cap_idx_t slot = new_slot();

    x_begin(1);
    x_slot(slot, L4_RCV_ITEM_LOCAL_ID);
    x_item(l4_snd_fpage_cap(L4_BASE_LOG_CAP, RWS, 0));
    x_ok(server);
    expect("word 0", l4_snd_fpage_base_x(x_ret(server, 0)), 0x3e);
    expect("word 1", l4_snd_fpage_data(x_ret(server, 0)), CAP(L4_BASE_LOG_CAP, RWS).raw);
    expect_filled(MAIN, slot, 0);
    free_slot(slot);
}

/* The flexpage comes after the channel has taken S from it; an empty slot makes no difference. */
static void same_task_masked(void)
{
    l4_cap_idx_t slot = new_slot(), thin = new_slot();

    map_cap(MAIN, thin, server->thread, RW_CAP);
    x_slot(slot, L4_RCV_ITEM_LOCAL_ID);
    x_item(l4_snd_fpage_obj(SLOT(0x99), 2, RWS, 0x7000, L4_SND_FPAGE_MORE));
    expect("send", x_send(server, thin), 0);
    expect("word 0", l4_snd_fpage_base_x(x_ret(server, 0)), 0x70bf);
    expect("word 1", l4_snd_fpage_data(x_ret(server, 0)), l4_obj_fpage(SLOT(0x99), 2, RW_CAP).raw);
    free_slot(slot);
    free_slot(thin);
}

static void same_task_memory(void)
{
    l4_fpage_t page = l4_fpage(PAGE(2), 12, RW);

    x_window(l4_fpage(AT(0), 12, 0), NONE);
    x.rcv.buf.br[0] |= L4_RCV_ITEM_LOCAL_ID;
    x_item(l4_snd_fpage_fpage(page, 0x5000, 0));
    x_ok(server);
    expect("word 0", l4_snd_fpage_base_x(x_ret(server, 0)), 0x531e);
    expect("word 1", l4_snd_fpage_data(x_ret(server, 0)), page.raw);
    expect_none(server, AT(0));
}

/* Main task's slot with these rights of a gate to d is sent with those; what d reads as word 1. */
static l4_umword_t own_gate(l4_cap_idx_t gate, unsigned rights)
{
    x_begin(0);
    x_slot(SLOT(0), L4_RCV_ITEM_LOCAL_ID);
    x_item(l4_snd_fpage_cap(gate, rights, 0));
    x_ok(d);
    expect("word 0", l4_snd_fpage_base_x(x_ret(d, 0)), 0x3c);
    expect_filled(d->task, SLOT(0), 0);
    return l4_snd_fpage_data(x_ret(d, 0));
}

static void label_of_own_gate(void)
{
    l4_cap_idx_t gate = new_gate(d->thread, 0xabc0), thin = new_slot();

    expect("RWS", own_gate(gate, RWS), 0xabc3);
    expect("RW", own_gate(gate, RW_CAP), 0xabc1);
    expect("S alone, without R", own_gate(gate, L4_CAP_FPAGE_S), 0xabc2);
    expect("nothing", own_gate(gate, 0), 0xabc0);
    map_cap(MAIN, thin, gate, RW_CAP);
    expect("RWS of a slot with RW", own_gate(thin, RWS), 0xabc1);
    free_slot(thin);
    delete_object(gate);
}

static void foreign_gate_mapped(void)
{
    l4_cap_idx_t gate = server_gate(0x2000), unbound = new_gate(NONE, 0);

    x_slot(SLOT(0), L4_RCV_ITEM_LOCAL_ID);
    x_slot(SLOT(1), L4_RCV_ITEM_LOCAL_ID);
    x_slot(SLOT(2), L4_RCV_ITEM_LOCAL_ID);
    x_item(l4_snd_fpage_cap(gate, RWS, 0));
    x_item(l4_snd_fpage_cap(unbound, RWS, 0));
    x_item(l4_snd_fpage_cap(d->thread, RWS, 0));
    x_ok(d);
    for (unsigned i = 0; i < 3; i++) {
        expect_ret(d, i, 0x38);
        expect_filled(d->task, SLOT(i), 1);
    }
    expect("label", label_of(d, SLOT(0)), 0x2003);
    delete_object(gate);
    delete_object(unbound);
}

static void no_gate_mapped(void)
{
    x_window(l4_fpage(AT(0), 12, 0), NONE);
    x.rcv.buf.br[0] |= L4_RCV_ITEM_LOCAL_ID;
    x_item(l4_snd_fpage_mem(PAGE(2), 12, RW, 0, 0));
    x_ok(d);
    expect_ret(d, 0, 0x318);
    expect_page(d, AT(0), RW, MARK(2));
}

/* Two slots of e: first and second of a flexpage; the hot spot chooses the second. */
static void send_pair(l4_cap_idx_t first, l4_cap_idx_t second)
{
    give(e->task, SLOT(0x10), first, RWS);
    give(e->task, SLOT(0x11), second, RWS);
    x_begin(0);
    x_slot(SLOT(0), L4_RCV_ITEM_LOCAL_ID);
    x_item(l4_snd_fpage_obj(SLOT(0x10), 1, RWS, 0x1000, 0));
    give(e->task, SLOT(0x12), d->thread, RWS);
    expect("send", x_pass(e, d, SLOT(0x12)), 0);
}

static void base_decides(void)
{
    l4_cap_idx_t own = new_gate(d->thread, 0xabc0), foreign = server_gate(0x2000);

    send_pair(own, foreign);
    expect("own gate first", l4_snd_fpage_base_x(x_ret(d, 0)), 0x107c);
    expect("its label", l4_snd_fpage_data(x_ret(d, 0)), 0xabc3);
    expect_filled(d->task, SLOT(0), 0);
    send_pair(foreign, own);
    expect("foreign gate first", l4_snd_fpage_base_x(x_ret(d, 0)), 0x1078);
    map_cap(d->task, SLOT(1), own, RWS); /* as the item: without the server right */
    expect_label("the second is mapped", l4_error(l4_task_cap_equal(d->task, SLOT(0), SLOT(1))), 1);
    delete_object(own);
    delete_object(foreign);
}

/* ---- F-13: forwarding ---- */

static void forward_memory(void)
{
    give(d->task, SLOT(5), e->task, RW_CAP);
    x_window(l4_fpage(AT(0), 14, 0), SLOT(5));
    x_window(l4_fpage(AT(0), 14, 0), NONE);
    x_item(l4_snd_fpage_mem(PAGE(1), 12, RW, 0x1000, 0));
    x_item(l4_snd_fpage_mem(PAGE(2), 12, RW, 0x2000, 0));
    x_ok(d);
    expect_ret(d, 0, 0x1318);
    expect_page(e, AT(1), RW, MARK(1));
    expect_none(d, AT(1));
    expect_page(d, AT(2), RW, MARK(2));
    expect_none(e, AT(2));
}

static void forward_slot(void)
{
    give(d->task, SLOT(5), e->task, W_CAP | L4_CAP_FPAGE_R);
    x_slot(SLOT(0), L4_RCV_ITEM_FORWARD_MAPPINGS);
    x.rcv.buf.br[x.br++] = SLOT(5);
    x_slot(SLOT(1), 0);
    x_item(l4_snd_fpage_cap(L4_BASE_LOG_CAP, RWS, 0));
    x_item(l4_snd_fpage_cap(L4_BASE_LOG_CAP, RWS, 0));
    x_ok(d);
    expect_filled(e->task, SLOT(0), 1);
    expect_filled(d->task, SLOT(0), 0);
    expect_filled(d->task, SLOT(1), 1);
}

static void forward_to(l4_cap_idx_t what, unsigned rights)
{
    exchange_setup();
    give(d->task, SLOT(5), what, rights);
    x_window(l4_fpage(AT(0), 12, 0), SLOT(5));
    x_item(l4_snd_fpage_mem(PAGE(1), 12, RW, 0, 0));
    expect_overflow(d, x_send(d, d->thread));
    expect_ret(d, 0, 0x318);
    expect_none(e, AT(0));
    expect_none(d, AT(0));
}

static void forward_refused(void)
{
    forward_to(e->task, L4_CAP_FPAGE_RS); /* without W */
    forward_to(L4_BASE_LOG_CAP, RWS);     /* no task */
    forward_to(L4_BASE_LOG_CAP, 0);       /* nothing */
}

static struct test_case const cases[] = {
    {"F-5", "memory rights", memory_rights},
    {"F-6", "objects need R", object_needs_r},
    {"F-7", "rights of sender and item, not of the window", rights_are_masked},
    {"F-8", "S needs S on the thread capability", through_thread},
    {"F-8", "S needs S on the gate", through_gate},
    {"F-8", "S needs S in the reply slot", through_reply},
    {"F-8", "S needs S on both tasks of Task.map", through_task_map},
    {"F-8", "D passes any channel", delete_right_passes},
    {"F-13", "memory forwarded to another task", forward_memory},
    {"F-13", "capability forwarded to another task", forward_slot},
    {"F-13", "no W, no task, nothing: overflow", forward_refused},
    {"F-16", "same task: the flexpage arrives", same_task},
    {"F-16", "same task: without S if the channel has none", same_task_masked},
    {"F-16", "same task: memory too", same_task_memory},
    {"F-17", "label of an own gate, with the rights", label_of_own_gate},
    {"F-17", "the base of the flexpage decides", base_decides},
    {"F-18", "foreign and unbound gates and threads are mapped", foreign_gate_mapped},
    {"F-18", "memory between tasks is mapped", no_gate_mapped},
};

int main(void)
{
    caps_init();
    return TEST_RUN(cases);
}
