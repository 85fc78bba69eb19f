/* SPDX-License-Identifier: MIT */
/*
 * Each state in which a thread can wait, ended by a cancel, a timeout, its death (rules I-21, I-26, I-46, I-49;
 * objects.md section 14).
 *
 * Runs as root task; see steps.h.  A worker is brought into the state; b is the partner, which waits for an
 * order of the main thread and so takes no message.  Page-fault and exception messages are in t_ex_regs.c.
 */
#include "memory.h"
#include "steps.h"

#include <l4/sys/irq.h>
#include <l4/sys/rcv_endpoint.h>
#include <l4/sys/semaphore.h>
#include <l4/sys/task.h>

#define SELF L4_INVALID_CAP
enum { GATE_LABEL = 0x40, IRQ_LABEL = 0x50, LIMIT_MS = 4 };

static struct worker *a, *b;
static l4_cap_idx_t gate, unbound, sem, irq;

/* A system call that blocks; receiving: in its receive phase, else in its send phase. */
struct state {
    char const *name;
    l4_cap_idx_t const *dest; /* NULL: the partner's thread */
    l4_umword_t flags;
    long label;
    l4_umword_t op; /* message register 0 */
    int receiving;
};

static l4_cap_idx_t const self = SELF;

static struct state const states[] = {
    {"send to a thread", 0, SEND, 5, 0, 0},
    {"send through a gate", &gate, SEND, 5, 0, 0},
    {"send to an unbound gate", &unbound, SEND, 5, 0, 0},
    {"call, not received yet", 0, CALL, 5, 0, 0},
    {"call through a gate, not received yet", &gate, CALL, 5, 0, 0},
    {"call through an unbound gate", &unbound, CALL, 5, 0, 0},
    {"receive from a thread", 0, RECV, 0, 0, 1},
    {"receive through a gate", &gate, RECV, 0, 0, 1},
    {"open wait", &self, WAIT, 0, 0, 1},
    {"sleep", &self, RECV, 0, 0, 1},
    {"semaphore", &sem, CALL, L4_PROTO_SEMAPHORE, L4_SEMAPHORE_OP_DOWN, 1},
    {"receive from an IRQ", &irq, RECV, 0, 0, 1},
    {"unmask an IRQ and receive", &irq, CALL, L4_PROTO_IRQ, L4_IRQ_OP_EOI, 1},
    {"write to the log and sleep", &(l4_cap_idx_t const){L4_BASE_LOG_CAP}, CALL, L4_PROTO_LOG, 0,
     1},
};
enum { N_STATES = sizeof(states) / sizeof(states[0]) };

static void setup(void)
{
    worker_reset(a);
    worker_reset(b);
    pager_reset();
}

static void enter(struct worker *w, struct state const *s, l4_timeout_t timeout)
{
    ipc_init(&w->x, s->dest ? *s->dest : b->thread, s->flags, tag(s->label, 2), timeout);
    w->x.msg.mr[0] = s->op;
    w->x.msg.mr[1] = 0;
    worker_ipc(w);
    expect(s->name, (unsigned long)w->done, 0);
}

/* Nothing of the operation is left: no message, no waiter. */
static void expect_no_trace(struct state const *s)
{
    does(b, SELF, WAIT, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0);
    expect(s->name, b->x.error, L4_IPC_RETIMEOUT);
    expect_label(s->name, l4_error(l4_rcv_ep_bind_thread(unbound, b->thread, GATE_LABEL)), 0);
    does(b, SELF, WAIT, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0);
    expect(s->name, b->x.error, L4_IPC_RETIMEOUT);
    delete_object(unbound);
    unbound = new_gate(L4_INVALID_CAP, 0);
    l4_semaphore_up(sem);
    expect_label(s->name, l4_error(l4_semaphore_down(sem, L4_IPC_BOTH_TIMEOUT_0)), 0);
}

static void expect_failed(struct state const *s, unsigned long send, unsigned long receive)
{
    expect(s->name, (unsigned long)a->done, 1);
    expect(s->name, a->x.error, s->receiving ? receive : send);
}

static void cancelled(void)
{
    for (struct state const *s = states; s < states + N_STATES; s++) {
        enter(a, s, L4_IPC_NEVER);
        worker_cancel(a);
        expect_failed(s, L4_IPC_SECANCELED, L4_IPC_RECANCELED);
        expect_no_trace(s);
    }
}

static void timed_out(void)
{
    for (struct state const *s = states; s < states + N_STATES; s++) {
        l4_timeout_s const limit = l4_timeout_from_us(LIMIT_MS * 1000);

        enter(a, s,
              s->receiving ? l4_timeout(L4_IPC_TIMEOUT_NEVER, limit)
                           : l4_timeout(limit, L4_IPC_TIMEOUT_NEVER));
        l4_ipc_sleep_ms(3 * LIMIT_MS);
        expect_failed(s, L4_IPC_SETIMEOUT, L4_IPC_RETIMEOUT);
        expect_no_trace(s);
    }
}

/* A thread in the receive phase of its call is not found by the reply any more. */
static void call_ended(void (*end)(struct worker *), unsigned long error)
{
    ipc_init(&a->x, L4_BASE_THREAD_CAP, CALL, tag(5, 0), MS(LIMIT_MS));
    worker_ipc(a);
    expect("wait", main_does(SELF, WAIT, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0), 0);
    end(a);
    expect("caller", a->x.error, error);
    expect("reply", main_does(SELF, REPLY, tag(9, 0), L4_IPC_BOTH_TIMEOUT_0), L4_IPC_ENOT_EXISTENT);
}

static void wait_long(struct worker *w)
{
    (void)w;
    l4_ipc_sleep_ms(3 * LIMIT_MS);
}

static void call_cancelled(void) { call_ended(worker_cancel, L4_IPC_RECANCELED); }
static void call_timed_out(void) { call_ended(wait_long, L4_IPC_RETIMEOUT); }

/* A worker of its own for each state: it is destroyed there. */
static void destroyed(void)
{
    for (struct state const *s = states; s < states + N_STATES; s++) {
        struct worker *w = worker_new(0);

        enter(w, s, L4_IPC_NEVER);
        worker_kill(w);
        expect(s->name, (unsigned long)w->done, 0);
        expect_no_trace(s);
    }
    expect_label("kernel", kernel_check(), 0);
}

/* What the thread waits in goes away. */
static void object_destroyed(void)
{
    static struct {
        unsigned state;
        l4_cap_idx_t *object;
        unsigned long error;
    } const c[] = {{2, &unbound, L4_IPC_ENOT_EXISTENT},
                   {5, &unbound, L4_IPC_ENOT_EXISTENT},
                   {10, &sem, L4_IPC_ENOT_EXISTENT}};

    for (unsigned i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
        enter(a, &states[c[i].state], L4_IPC_NEVER);
        delete_object(*c[i].object);
        l4_ipc_sleep_ms(2);
        expect(states[c[i].state].name, (unsigned long)a->done, 1);
        expect(states[c[i].state].name, a->x.error, c[i].error);
        *c[i].object =
            c[i].object == &sem ? new_object(L4_PROTO_SEMAPHORE) : new_gate(L4_INVALID_CAP, 0);
    }
}

/* A gate stays bound to its thread when that has died. */
static void gate_of_a_dead_thread(void)
{
    struct worker *w = worker_new(0);
    l4_cap_idx_t to = new_gate(w->thread, GATE_LABEL), copy = new_gate(L4_INVALID_CAP, 0);

    expect_label("bind", l4_error(l4_rcv_ep_bind_thread(copy, w->thread, GATE_LABEL)), 0);
    worker_kill(w);
    expect("send", main_does(to, SEND, tag(5, 0), MS(LIMIT_MS)), L4_IPC_ENOT_EXISTENT);
    expect("call", main_does(copy, CALL, tag(5, 0), MS(LIMIT_MS)), L4_IPC_ENOT_EXISTENT);
    expect_label("bound again", l4_error(l4_rcv_ep_bind_thread(to, b->thread, GATE_LABEL)), 0);
    does(b, SELF, WAIT, tag(0, 0), L4_IPC_NEVER);
    expect("send", main_does(to, SEND, tag(5, 0), L4_IPC_BOTH_TIMEOUT_0), 0);
    expect("arrives", (unsigned long)b->done, 1);
    delete_object(to);
    delete_object(copy);
}

static struct test_case const cases[] = {
    {"I-46", "cancelled in each state", cancelled},
    {"I-46", "cancelled in the receive phase of a call", call_cancelled},
    {"I-21", "timed out in each state", timed_out},
    {"I-26", "timed out in the receive phase of a call", call_timed_out},
    {"I-49", "destroyed in each state", destroyed},
    {"O-34", "a gate of a dead thread", gate_of_a_dead_thread},
    {"I-37", "the object goes in which a thread waits", object_destroyed},
};

int main(void)
{
    a = worker_new(0);
    b = worker_new(0);
    gate = new_gate(b->thread, GATE_LABEL);
    unbound = new_gate(L4_INVALID_CAP, 0);
    sem = new_object(L4_PROTO_SEMAPHORE);
    irq = new_object(L4_PROTO_IRQ_SENDER);
    expect_label("bind", l4_error(l4_rcv_ep_bind_thread(irq, a->thread, IRQ_LABEL)), 0);
    test_setup = setup;
    return TEST_RUN(cases);
}
