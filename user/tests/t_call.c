/* SPDX-License-Identifier: MIT */
/*
 * What a capability selector names, and how kernel objects answer (rules I-7, I-9, I-13, I-14).
 *
 * Runs as root task; see caps.h.  a and b are workers of the main task, m is the main thread's system
 * call.
 */
#include "caps.h"

#include <l4/sys/irq.h>
#include <l4/sys/thread.h>

enum { IRQ_LABEL = 0x7700, IGNORED_BITS = 0x3f0 };

static struct worker *a, *b;

static void setup(void)
{
    caps_setup();
    worker_reset(a);
    worker_reset(b);
    main_does(L4_INVALID_CAP, REPLY, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0); /* empties the slot */
}

/* ---- selectors ---- */

/* b waits for anybody, and its capability is named: the reply goes to the caller all the same. */
static void reply_ignores_the_index(void)
{
    does(a, a->main_thread, CALL, tag(5, 0), L4_IPC_NEVER);
    does(b, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    expect("wait", main_does(a->thread, WAIT, tag(0, 0), MS(50)), 0);
    expect("reply", main_does(b->thread, REPLY, tag(9, 0), L4_IPC_BOTH_TIMEOUT_0), 0);
    expect("caller goes on", (unsigned long)a->done, 1);
    expect_tag_label("answer", a->x.tag, 9);
    expect("the other waits", (unsigned long)b->done, 0);
    expect("the slot is empty", main_does(b->thread, REPLY, tag(9, 0), L4_IPC_BOTH_TIMEOUT_0),
           L4_IPC_ENOT_EXISTENT);
}

static void index_and_rights(void)
{
    l4_cap_idx_t one = server_gate(0x1000), two = server_gate(0x2000);

    give(d->task, SLOT(0), one, L4_CAP_FPAGE_RW);
    give(d->task, SLOT(1), two, L4_CAP_FPAGE_RS);
    expect("first slot", label_of(d, SLOT(0)), 0x1001);
    expect("second slot", label_of(d, SLOT(1)), 0x2002);
    expect("bits 4 to 9 mean nothing", label_of(d, SLOT(0) | IGNORED_BITS), 0x1001);
    delete_object(one);
    delete_object(two);
}

/* ---- operations without a reply ---- */

/* The log takes a text and sends no answer; a waits to send to the main thread. */
static void write_nothing(l4_umword_t flags)
{
    does(a, a->main_thread, SEND, tag(6, 0), L4_IPC_NEVER);
    ipc_init(&m, L4_BASE_LOG_CAP, flags, tag(L4_PROTO_LOG, 2), MS(2));
    m.msg.mr[0] = 0; /* write */
    m.msg.mr[1] = 0; /* no bytes */
    ipc_do(&m);
}

static void log_then_receive(void)
{
    write_nothing(CALL);
    expect("closed wait on oneself", m.error, L4_IPC_RETIMEOUT);
    expect("sender waits", (unsigned long)a->done, 0);
    worker_reset(a);
    write_nothing(L4_SYSF_SEND_AND_WAIT);
    expect("open wait", m.error, 0);
    expect_tag_label("message", m.tag, 6);
    expect("sender goes on", (unsigned long)a->done, 1);
}

static void irq_then_receive(void)
{
    l4_cap_idx_t irq = new_object(L4_PROTO_IRQ_SENDER), of_b = new_object(L4_PROTO_IRQ_SENDER);

    expect_label("bind", l4_error(l4_rcv_ep_bind_thread(irq, L4_BASE_THREAD_CAP, IRQ_LABEL)), 0);
    expect_label("bind", l4_error(l4_rcv_ep_bind_thread(of_b, b->thread, IRQ_LABEL)), 0);
    does(a, a->main_thread, SEND, tag(6, 0), L4_IPC_NEVER);
    expect("trigger and receive from it", main_does(irq, CALL, tag(L4_PROTO_IRQ, 0), MS(2)), 0);
    expect("its label", m.label, IRQ_LABEL);
    expect("its tag", (unsigned long)m.tag.raw, 0);
    expect("sender waits", (unsigned long)a->done, 0);
    expect("closed wait on another's", main_does(of_b, CALL, tag(L4_PROTO_IRQ, 0), MS(2)),
           L4_IPC_RETIMEOUT);
    expect("sender waits", (unsigned long)a->done, 0);
    expect("open wait", main_does(of_b, L4_SYSF_SEND_AND_WAIT, tag(L4_PROTO_IRQ, 0), MS(2)), 0);
    expect_tag_label("message", m.tag, 6);
    delete_object(irq);
    delete_object(of_b);
}

/* ---- answers ---- */

static long answer(l4_cap_idx_t object, long label, l4_umword_t mr0, l4_umword_t mr1)
{
    l4_utcb()->tcr.error = 0x5a;
    ipc_init(&m, object, CALL, tag(label, 2), L4_IPC_NEVER);
    m.msg.mr[0] = mr0;
    m.msg.mr[1] = mr1;
    ipc_do(&m);
    return (long)m.tag.raw;
}

static void kinds_of_answers(void)
{
    long const shift = 1L << 16;

    expect_label("ok", answer(MAIN, L4_PROTO_TASK, L4_TASK_CAP_INFO_OP, 0), 0);
    expect_label("positive", answer(MAIN, L4_PROTO_TASK, L4_TASK_CAP_INFO_OP, MAIN), shift);
    expect_label("negative", answer(MAIN, L4_PROTO_TASK, 0x77, 0), -L4_ENOSYS * shift);
    expect("error word untouched", l4_utcb()->tcr.error, 0x5a);
    expect("failure of the IPC",
           (unsigned long)answer(L4_BASE_FACTORY_CAP, L4_PROTO_FACTORY, 0, 0) & L4_MSGTAG_ERROR,
           L4_MSGTAG_ERROR);
    expect("error word", m.error, L4_IPC_REMSGCUT);
}

static struct test_case const cases[] = {
    {"I-7", "a reply goes to the caller, whatever the index", reply_ignores_the_index},
    {"I-9", "index and rights of the slot", index_and_rights},
    {"I-13", "log write, then a receive", log_then_receive},
    {"I-13", "trigger of an interrupt, then a receive", irq_then_receive},
    {"I-14", "labels and errors of answers", kinds_of_answers},
};

int main(void)
{
    caps_init();
    a = worker_new(0);
    b = worker_new(0);
    test_setup = setup;
    return TEST_RUN(cases);
}
