/* SPDX-License-Identifier: MIT */
/*
 * IPC between threads: who is paired with whom (rules I-27 ... I-37).
 *
 * Runs as root task.  a, b, c are workers of this task, d of another one; see worker.h for who
 * runs when.  m is the main thread's system call.
 */
#include "steps.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sys/rcv_endpoint.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/task.h>

static struct worker *a, *b, *c, *d;

static void setup(void)
{
    worker_reset(a);
    worker_reset(b);
    worker_reset(c);
    worker_reset(d);
    pager_reset();
}

static void closed_receive(void)
{
    does(a, b->thread, RECV, tag(0, 0), L4_IPC_NEVER);
    expect("somebody else", main_does(a->thread, SEND, tag(5, 1), L4_IPC_SEND_TIMEOUT_0),
           L4_IPC_SETIMEOUT);
    expect("still waiting", (unsigned long)a->done, 0);
    does(b, a->thread, SEND, tag(6, 1), L4_IPC_BOTH_TIMEOUT_0);
    expect("the partner", b->x.error, 0);
    expect_tag_label("label", a->x.tag, 6);
}

static void queue_order(void)
{
    l4_sched_param_t high = l4_sched_param(PRIO_WORKER + 1, 0);
    l4_sched_param_t normal = l4_sched_param(PRIO_WORKER, 0);
    static long const want[] = {3, 1, 2};

    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, c->thread, &high);
    does(a, a->main_thread, SEND, tag(1, 0), L4_IPC_NEVER);
    does(b, b->main_thread, SEND, tag(2, 0), L4_IPC_NEVER);
    does(c, c->main_thread, SEND, tag(3, 0), L4_IPC_NEVER);
    for (unsigned i = 0; i < 3; i++) {
        main_does(L4_INVALID_CAP, WAIT, tag(0, 0), MS(50));
        expect_tag_label("label", m.tag, want[i]);
    }
    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, c->thread, &normal);
}

static void closed_receive_from_queue(void)
{
    does(a, a->main_thread, SEND, tag(1, 0), L4_IPC_NEVER);
    does(b, b->main_thread, SEND, tag(2, 0), L4_IPC_NEVER);
    does(c, c->main_thread, SEND, tag(3, 0), L4_IPC_NEVER);
    main_does(b->thread, RECV, tag(0, 0), MS(50));
    expect_tag_label("second in the queue", m.tag, 2);
    main_does(L4_INVALID_CAP, WAIT, tag(0, 0), MS(50));
    expect_tag_label("first", m.tag, 1);
}

static void words_copied(void)
{
    does(d, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    ipc_init(&m, d->thread, SEND, tag(5, 3), L4_IPC_NEVER);
    for (unsigned i = 0; i < L4_UTCB_GENERIC_DATA_SIZE; i++)
        m.msg.mr[i] = 0xd0 + i;
    ipc_do(&m);
    expect("first", d->x.msg.mr[0], 0xd0);
    expect("last", d->x.msg.mr[2], 0xd2);
    expect("beyond", d->x.msg.mr[3], FILL + 3);
    does(d, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    m.tag = tag(5, 63);
    m.msg.mr[62] = 0x62;
    ipc_do(&m);
    expect("all 63", d->x.msg.mr[62], 0x62);
}

static void label_thread(void)
{
    does(a, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    ipc_init(&m, a->thread, SEND, tag(5, 0), L4_IPC_NEVER);
    m.label = 0x123456789abcdef7UL;
    ipc_do(&m);
    expect("label", a->x.label, 0x123456789abcdef7UL);
}

/* Slot copied with fewer rights, then a message through it: what label comes out? */
static void label_gate(void)
{
    l4_cap_idx_t gate = new_gate(a->thread, 0xabc0);
    l4_cap_idx_t copy = l4re_util_cap_alloc();

    for (unsigned ws = 0; ws < 4; ws++) {
        l4_task_map(L4_BASE_TASK_CAP, L4_BASE_TASK_CAP,
                    l4_obj_fpage(gate, 0, (unsigned char)(L4_CAP_FPAGE_R | ws)), copy);
        does(a, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
        ipc_init(&m, copy, SEND, tag(5, 0), L4_IPC_NEVER);
        m.label = 0x999;
        ipc_do(&m);
        expect("label", a->x.label, 0xabc0 | ws);
    }
    l4re_util_cap_free_um(copy);
    delete_object(gate);
}

static void atomic_reply(void)
{
    does(a, a->main_thread, CALL, tag(5, 1), L4_IPC_NEVER);
    does(b, b->main_thread, CALL, tag(6, 1), L4_IPC_NEVER);
    main_does(L4_INVALID_CAP, WAIT, tag(0, 0), MS(50));
    main_does(L4_INVALID_CAP, REPLY_AND_WAIT, tag(8, 0),
              l4_timeout(L4_IPC_TIMEOUT_0, l4_timeout_from_us(50000)));
    expect_tag_label("next message", m.tag, 6);
    expect_tag_label("first caller", a->x.tag, 8);
    main_does(L4_INVALID_CAP, REPLY, tag(9, 0), L4_IPC_BOTH_TIMEOUT_0);
    expect_tag_label("second caller", b->x.tag, 9);
}

static void call_waits_for_partner(void)
{
    does(a, a->main_thread, CALL, tag(5, 1), L4_IPC_NEVER);
    main_does(L4_INVALID_CAP, WAIT, tag(0, 0), MS(50));
    does(b, a->thread, SEND, tag(6, 0), L4_IPC_SEND_TIMEOUT_0);
    expect("third thread", b->x.error, L4_IPC_SETIMEOUT);
    main_does(L4_INVALID_CAP, REPLY, tag(9, 0), L4_IPC_BOTH_TIMEOUT_0);
    expect_tag_label("answer", a->x.tag, 9);
}

static void receive_through_gate(void)
{
    l4_cap_idx_t gate = new_gate(a->thread, 0);

    does(b, b->main_thread, SEND, tag(6, 0), L4_IPC_NEVER);
    does(a, a->main_thread, SEND, tag(5, 0), L4_IPC_NEVER);
    expect("receive", main_does(gate, RECV, tag(0, 0), MS(50)), 0);
    expect_tag_label("from the bound thread", m.tag, 5);
    delete_object(gate);
}

static void sleep_and_yield(void)
{
    l4_cpu_time_t start = l4_kip_clock(l4_kip());

    expect("sleep", main_does(L4_INVALID_CAP, RECV, tag(0, 0), MS(5)), L4_IPC_RETIMEOUT);
    expect("slept", l4_kip_clock(l4_kip()) - start >= 4900, 1);
    expect("yield", main_does(L4_INVALID_CAP, RECV, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0),
           L4_IPC_RETIMEOUT);
}

static void unbound_gate(void)
{
    l4_cap_idx_t gate = new_gate(L4_INVALID_CAP, 0);

    expect("zero timeout", main_does(gate, SEND, tag(5, 0), L4_IPC_BOTH_TIMEOUT_0),
           L4_IPC_SETIMEOUT);
    does(a, gate, CALL, tag(5, 0), L4_IPC_NEVER);
    expect("blocked", (unsigned long)a->done, 0);
    expect_label("bind", l4_error(l4_rcv_ep_bind_thread(gate, L4_BASE_THREAD_CAP, 0xab0)), 0);
    expect("receive", main_does(L4_INVALID_CAP, WAIT, tag(0, 0), MS(50)), 0);
    expect("label", m.label & ~3UL, 0xab0);
    main_does(L4_INVALID_CAP, REPLY, tag(9, 0), L4_IPC_BOTH_TIMEOUT_0);
    expect_tag_label("answer", a->x.tag, 9);
    delete_object(gate);
}

static void gate_deleted(void)
{
    l4_cap_idx_t gate = new_gate(L4_INVALID_CAP, 0);

    does(a, gate, SEND, tag(5, 0), L4_IPC_NEVER);
    does(b, gate, CALL, tag(5, 0), L4_IPC_NEVER);
    delete_object(gate);
    expect("sender", a->x.error, L4_IPC_ENOT_EXISTENT);
    expect("caller", b->x.error, L4_IPC_ENOT_EXISTENT);
}

static struct test_case const cases[] = {
    {"I-27", "closed receive takes only its partner", closed_receive},
    {"I-28", "senders queue by priority, then in order", queue_order},
    {"I-29", "closed receive takes its partner out of the queue", closed_receive_from_queue},
    {"I-30", "exactly the words of the tag are copied", words_copied},
    {"I-31", "label through a thread capability", label_thread},
    {"I-31", "label through a gate with the slot's rights", label_gate},
    {"I-32", "reply with zero timeout always arrives", atomic_reply},
    {"I-33", "a call accepts only the partner's answer", call_waits_for_partner},
    {"I-34", "closed receive through a gate", receive_through_gate},
    {"I-35", "sleep and yield on the self selector", sleep_and_yield},
    {"I-36", "unbound gate blocks until it is bound", unbound_gate},
    {"I-37", "deleting a gate wakes its senders", gate_deleted},
};

int main(void)
{
    a = worker_new(0);
    b = worker_new(0);
    c = worker_new(0);
    d = worker_new(1);
    test_setup = setup;
    return TEST_RUN(cases);
}
