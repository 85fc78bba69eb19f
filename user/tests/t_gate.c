/* SPDX-License-Identifier: MIT */
/*
 * Making objects, and IPC gates (rules O-17 ... O-25).
 *
 * Runs as root task; see caps.h.  server and other are threads of the main task.
 */
#include "caps.h"

#include <l4/sys/ipc_gate.h>
#include <l4/sys/thread.h>

#define NONE L4_INVALID_CAP
enum { R = L4_CAP_FPAGE_R, RWS = L4_CAP_FPAGE_RWS, RW_CAP = L4_CAP_FPAGE_RW };

static struct worker *other;

static void setup(void)
{
    caps_setup();
    worker_reset(other);
}

/* Factory call with these buffer registers; m keeps what came back. */
static long create_into(l4_umword_t bdr, l4_umword_t br0, l4_umword_t br1)
{
    ipc_init(&m, L4_BASE_FACTORY_CAP, CALL, tag(L4_PROTO_FACTORY, 1), L4_IPC_NEVER);
    m.msg.mr[0] = (l4_umword_t)L4_PROTO_IRQ_SENDER;
    m.buf.bdr = bdr;
    m.buf.br[0] = br0;
    m.buf.br[1] = br1;
    ipc_do(&m);
    return m.error ? l4_ipc_to_errno(m.error) : l4_msgtag_label(m.tag);
}

static void answer_of_factory(void)
{
    l4_cap_idx_t slot = new_slot(), task = new_slot();

    expect_label("create", create_into(0, slot | L4_RCV_ITEM_SINGLE_CAP, 0), 0);
    expect("tag", (unsigned long)m.tag.raw, 1 << 6);
    expect("item", m.msg.mr[0], 0x38);
    expect("second word untouched", m.msg.mr[1], FILL + 1);
    ipc_init(&m, L4_BASE_FACTORY_CAP, CALL, tag(L4_PROTO_FACTORY, 3), L4_IPC_NEVER);
    m.msg.mr[0] = (l4_umword_t)L4_PROTO_TASK;
    m.msg.mr[2] = l4_fpage(0xb3000000, 13, RW).raw;
    m.buf.br[0] = task | L4_RCV_ITEM_SINGLE_CAP;
    ipc_do(&m);
    expect("tag for a task", (unsigned long)m.tag.raw, 1 << 6 | 1);
    expect("its UTCB area", m.msg.mr[0] & ~0xfUL, l4_fpage(0xb3000000, 13, 0).raw);
    expect("item", m.msg.mr[1], 0x38);
    delete_object(slot);
    delete_object(task);
}

static void no_receive_phase(void)
{
    l4_cap_idx_t slot = new_slot();

    ipc_init(&m, L4_BASE_FACTORY_CAP, SEND, tag(L4_PROTO_FACTORY, 1), L4_IPC_NEVER);
    m.msg.mr[0] = (l4_umword_t)L4_PROTO_IRQ_SENDER;
    m.buf.br[0] = slot | L4_RCV_ITEM_SINGLE_CAP;
    ipc_do(&m);
    expect("error", m.error, 0);
    expect_filled(MAIN, slot, 0);
    free_slot(slot);
}

static void buffers_of_factory(void)
{
    l4_cap_idx_t slot = new_slot();
    long no_buffer = l4_ipc_to_errno(L4_IPC_REMSGCUT);

    expect_label("none", create_into(0, 0, 0), no_buffer);
    expect_label("memory window", create_into(0, L4_ITEM_MAP, l4_fpage(AT(0), 12, 0).raw),
                 no_buffer);
    expect_label("all spaces", create_into(0, L4_ITEM_MAP, l4_fpage_all().raw), no_buffer);
    expect_label("beyond the space", create_into(0, LOW_SLOT(0x10000) | L4_RCV_ITEM_SINGLE_CAP, 0),
                 -L4_ENOMEM);
    /* The order of a window is ignored, its address is taken as it is. */
    expect_label("window", create_into(0, L4_ITEM_MAP, l4_obj_fpage(slot, 8, 0).raw), 0);
    expect_filled(MAIN, slot, 1);
    delete_object(slot);
    /* The buffer is checked before the kind (O-1). */
    ipc_init(&m, L4_BASE_FACTORY_CAP, CALL, tag(L4_PROTO_FACTORY, 1), L4_IPC_NEVER);
    m.msg.mr[0] = 0x7777;
    ipc_do(&m);
    expect("no buffer, no kind", m.error, L4_IPC_REMSGCUT);
}

static void second_buffer_index(void)
{
    l4_cap_idx_t slot = new_slot();

    expect_label("create", create_into(1 << L4_BDR_OBJ_SHIFT, 0, slot | L4_RCV_ITEM_SINGLE_CAP), 0);
    expect_filled(MAIN, slot, 1);
    delete_object(slot);
}

static void target_is_flushed(void)
{
    l4_cap_idx_t slot = server_gate(0x1000), kept = server_gate(0x2000);

    give(d->task, SLOT(0), slot, RWS);
    give(d->task, SLOT(1), kept, RWS);
    expect_label("create",
                 l4_error(l4_factory_create(L4_BASE_FACTORY_CAP, L4_PROTO_SEMAPHORE, slot)), 0);
    expect_filled(d->task, SLOT(0), 0); /* the old object's slot had D */
    expect_label("fails", l4_error(l4_factory_create(L4_BASE_FACTORY_CAP, -77, kept)), -L4_ENODEV);
    expect("untouched", main_label_of(kept), 0x2003);
    delete_object(slot);
    delete_object(kept);
}

static void all_rights(void)
{
    l4_cap_idx_t gate = server_gate(0x1000);
    l4_umword_t label = 0;

    expect("W and S", main_label_of(gate), 0x1003);
    expect_label("server right", l4_error(l4_ipc_gate_get_infos(gate, &label)), 0);
    give(d->task, SLOT(0), gate, L4_CAP_FPAGE_RWSD);
    unmap_caps(d->task, CAP(SLOT(0), RWS), L4_FP_DELETE_OBJ); /* D was there to be passed on */
    expect_filled(MAIN, gate, 0);
    l4re_util_cap_free(gate);
}

/* ---- gates ---- */

static void label_with_rights(void)
{
    l4_cap_idx_t gate = server_gate(0xfffffffffffffffcUL & ~0x8UL);

    for (unsigned ws = 0; ws < 4; ws++) {
        give(d->task, SLOT(ws), gate, R | ws);
        expect("label", label_of(d, SLOT(ws)), 0xfffffffffffffff4UL | ws);
    }
    delete_object(gate);
}

static void unbound(void)
{
    l4_cap_idx_t gate = new_gate(NONE, 0);

    give(d->task, SLOT(0), gate, RWS);
    does(d, SLOT(0), SEND, tag(5, 0), L4_IPC_BOTH_TIMEOUT_0);
    expect("at once", d->x.error, L4_IPC_SETIMEOUT);
    does(server, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    expect("blocks", (unsigned long)does(d, SLOT(0), SEND, tag(6, 0), L4_IPC_NEVER), 0);
    expect_label("bind", l4_error(l4_ipc_gate_bind_thread(gate, server->thread, 0x4000)), 0);
    expect("goes on", (unsigned long)d->done, 1);
    expect("error", d->x.error, 0);
    expect("label", server->x.label, 0x4003);
    expect_tag_label("message", server->x.tag, 6);
    delete_object(gate);
}

static void deletion(void)
{
    l4_cap_idx_t gate = server_gate(0), irq = new_object(L4_PROTO_IRQ_SENDER);

    expect_label("bind", l4_error(l4_rcv_ep_bind_thread(irq, other->thread, 0x70)), 0);
    expect_label("register", l4_error(l4_thread_register_del_irq(server->thread, irq)), 0);
    expect_label("again", l4_error(l4_thread_register_del_irq(server->thread, irq)), -L4_EBUSY);
    does(other, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    expect("quiet", (unsigned long)other->done, 0);
    /* d's message was accepted already: it is not affected. */
    give(d->task, SLOT(0), gate, RWS);
    expect("label", label_of(d, SLOT(0)), 3);
    delete_object(gate);
    expect("deletion interrupt", (unsigned long)other->done, 1);
    expect("its label", other->x.label, 0x70);
    expect("its tag", (unsigned long)other->x.tag.raw, 0);
    delete_object(irq);
}

static void reference_counter(void)
{
    l4_cap_idx_t gate = server_gate(0x1000);

    give(d->task, SLOT(0), gate, RWS);
    give(e->task, SLOT(0), gate, RWS);
    expect("counted", count(gate), 3);
    expect_label("one given up", l4_error(l4_kobject_dec_refcnt(gate, 1)), 0);
    expect("left", l4_utcb_mr()->mr[0], 2);
    unmap_caps(d->task, CAP(SLOT(0), R), L4_FP_ALL_SPACES);
    expect_filled(MAIN, gate, 1);
    unmap_caps(e->task, CAP(SLOT(0), R), L4_FP_ALL_SPACES);
    expect_filled(MAIN, gate, 0); /* the last client is gone: the server's slot does not count */
    gate = server_gate(0x1000);
    expect_label("all given up", l4_error(l4_kobject_dec_refcnt(gate, 1)), 0);
    expect("left", l4_utcb_mr()->mr[0], 0);
    expect("0 does not delete", main_label_of(gate), 0x1003);
    delete_object(gate);
}

static void rebinding(void)
{
    l4_cap_idx_t gate = server_gate(0x1000);

    give(d->task, SLOT(0), gate, RWS);
    give(e->task, SLOT(0), gate, RWS);
    /* d queues at the server, which does not wait. */
    expect("queued", (unsigned long)does(d, SLOT(0), SEND, tag(5, 0), L4_IPC_NEVER), 0);
    expect_label("rebind", l4_error(l4_ipc_gate_bind_thread(gate, other->thread, 0x2000)), 0);
    does(other, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    expect("d has not moved", (unsigned long)other->done, 0);
    does(e, SLOT(0), SEND, tag(6, 0), L4_IPC_BOTH_TIMEOUT_0);
    expect("new thread, new label", other->x.label, 0x2003);
    does(server, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    expect("former thread, former label", server->x.label, 0x1003);
    expect("d goes on", (unsigned long)d->done, 1);
    delete_object(gate);
}

/* Call of the gate with the server right; MR1, and a thread behind the words. */
static long control(l4_cap_idx_t gate, unsigned words, l4_umword_t op, l4_umword_t mr1)
{
    ipc_init(&m, gate, CALL, l4_msgtag(L4_PROTO_KOBJECT, words, 1, 0), L4_IPC_BOTH_TIMEOUT_0);
    m.msg.mr[0] = op;
    m.msg.mr[1] = mr1;
    m.msg.mr[words] = L4_ITEM_MAP;
    m.msg.mr[words + 1] = CAP(server->thread, RWS).raw;
    ipc_do(&m);
    return m.error ? l4_ipc_to_errno(m.error) : l4_msgtag_label(m.tag);
}

static void control_errors(void)
{
    l4_cap_idx_t gate = new_gate(NONE, 0), thin = new_slot();
    l4_umword_t label = 1;

    expect_label("no words", control(gate, 0, 0, 0), -L4_EINVAL);
    expect_label("bind with one word", control(gate, 1, L4_IPC_GATE_BIND_OP, 0), -L4_EMSGTOOSHORT);
    expect_label("dec_refcnt with one word", control(gate, 1, 0, 0), -L4_EINVAL);
    expect_label("label bits", control(gate, 2, L4_IPC_GATE_BIND_OP, 2), -L4_EINVAL);
    expect_label("unbound", l4_error(l4_ipc_gate_get_infos(gate, &label)), 0);
    expect("label", label, 0);
    map_cap(MAIN, thin | L4_FPAGE_C_OBJ_RIGHTS, gate, RW_CAP);
    expect_label("bind without S", control(thin, 2, L4_IPC_GATE_BIND_OP, 0), -L4_EPERM);
    map_cap(MAIN, thin, server->thread, RW_CAP);
    expect_label("to a thread without S", l4_error(l4_ipc_gate_bind_thread(gate, thin, 0)),
                 -L4_EPERM);
    free_slot(thin);
    delete_object(gate);
}

/* Without the server right a control call is a message to the bound thread. */
static void control_without_server_right(void)
{
    l4_cap_idx_t gate = server_gate(0x1000), copy = new_slot();

    map_cap(MAIN, copy, gate, RWS);
    does(server, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    main_does(copy, SEND, tag(L4_PROTO_KOBJECT, 1), L4_IPC_BOTH_TIMEOUT_0);
    expect("arrives", (unsigned long)server->done, 1);
    expect_tag_label("label", server->x.tag, L4_PROTO_KOBJECT);
    free_slot(copy);
    delete_object(gate);
}

static struct test_case const cases[] = {
    {"O-17", "answer of the factory", answer_of_factory},
    {"O-18", "no receive phase, nothing created", no_receive_phase},
    {"O-18", "buffers", buffers_of_factory},
    {"O-18", "index of the object buffer", second_buffer_index},
    {"O-19", "target slot is flushed, but not by a failing call", target_is_flushed},
    {"O-20", "new slot has all rights", all_rights},
    {"O-21", "label and rights", label_with_rights},
    {"O-22", "message to an unbound gate", unbound},
    {"O-23", "deletion interrupt", deletion},
    {"O-24", "reference counter", reference_counter},
    {"O-25", "rebinding", rebinding},
    {"O-25a", "errors of the control calls", control_errors},
    {"O-25a", "control call without the server right", control_without_server_right},
};

int main(void)
{
    caps_init();
    other = worker_new(0);
    test_setup = setup;
    return TEST_RUN(cases);
}
