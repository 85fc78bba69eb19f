/* SPDX-License-Identifier: MIT */
/*
 * Everyday round trips: a call through a gate to a thread that waits, and its answer with the next wait (rules I-20,
 * I-30, I-32, I-39, I-42 ... I-45, I-54, I-67).
 *
 * Runs as root task.  The kernel has a shortcut for them; each case is a circumstance in which it must do
 * what the general way does, or stand back.  s serves: it does the system calls of `steps` one after the other.  a, b
 * and c are of the same priority, so that a call is answered on the caller's time slice.
 */
#include "steps.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sigma0/sigma0.h>
#include <l4/sys/ipc_gate.h>
#include <l4/sys/irq.h>
#include <l4/sys/rcv_endpoint.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>

#include <stddef.h>

#define SELF L4_INVALID_CAP
#define NEVER L4_IPC_NEVER
/** Selector of explicit reply slot n. */
#define REPLY_SLOT(n) ((l4_cap_idx_t)(n) << L4_CAP_SHIFT | 0x400UL)
/** Receive timeout of n milliseconds. */
#define RECV_MS(n) l4_timeout(L4_IPC_TIMEOUT_NEVER, l4_timeout_from_us((n)*1000UL))

#define HOLE 0x60000000UL /* nothing is mapped there, two pages */
#define POOL 0x50000000UL /* a page of this task */
enum { LABEL = 0x7700, OTHER = 0x8800, RW_BITS = 1, ALL_BITS = 3, VALUE = 0x900d, ANSWER = 9 };

static struct worker *s, *a, *b, *c;
static l4_cap_idx_t gate;
static struct ipc steps[4];
static unsigned n_steps;
static int c_ran;

static void set_prio(struct worker *w, unsigned prio)
{
    l4_sched_param_t p = l4_sched_param(prio, 0);

    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, w->thread, &p);
}

static void setup(void)
{
    struct worker *const all[] = {s, a, b, c};

    for (unsigned i = 0; i < 4; i++) {
        worker_reset(all[i]);
        set_prio(all[i], PRIO_WORKER);
    }
    main_does(SELF, REPLY, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0); /* empties the slot */
    pager_reset();
    n_steps = 0;
    if (gate)
        delete_object(gate);
    gate = new_gate(s->thread, LABEL);
}

/* The server's next system call. */
static struct ipc *step(l4_cap_idx_t dest, l4_umword_t flags, l4_msgtag_t t, l4_timeout_t timeout)
{
    struct ipc *x = &steps[n_steps++];

    ipc_init(x, dest, flags, t, timeout);
    return x;
}

static void do_steps(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < n_steps; i++)
        ipc_do(&steps[i]);
}

static void serve(void) { worker_run(s, do_steps, NULL); }

/* A client calls the server; returns whether it has its answer. */
static unsigned long calls(struct worker *w, long label)
{
    return (unsigned long)does(w, gate, CALL, tag(label, 0), NEVER);
}

static void words_and_labels(void)
{
    step(SELF, WAIT, tag(0, 0), NEVER);
    step(SELF, REPLY_AND_WAIT, tag(7, 3), NEVER)->label = 0x123;
    for (unsigned i = 0; i < 4; i++)
        steps[1].msg.mr[i] = 0xa0 + i;
    serve();
    expect("answered", (unsigned long)does(a, gate, CALL, tag(5, 4), NEVER), 1);
    expect("tag", (unsigned long)steps[0].tag.raw, (unsigned long)tag(5, 4).raw);
    expect("label", steps[0].label, LABEL | ALL_BITS);
    for (unsigned i = 0; i < 4; i++)
        expect("words", steps[0].msg.mr[i], FILL + i);
    expect("tag of the answer", (unsigned long)a->x.tag.raw, (unsigned long)tag(7, 3).raw);
    expect("label of the answer", a->x.label, 0x123);
    for (unsigned i = 0; i < 3; i++)
        expect("words of the answer", a->x.msg.mr[i], 0xa0 + i);
    expect("no further word", a->x.msg.mr[3], FILL + 3);
    expect("the server waits", (unsigned long)s->done, 0);
}

/*
 * The client calls through *through and gets a capability of another gate to the server, alone or before a void item;
 * label behind that.
 */
static l4_umword_t label_of_answer(l4_cap_idx_t const *through, unsigned items)
{
    l4_cap_idx_t other = new_gate(s->thread, OTHER), got = l4re_util_cap_alloc();
    l4_snd_fpage_t item = l4_snd_fpage_cap(other, L4_CAP_FPAGE_RWS, L4_SND_FPAGE_MAP);

    setup();
    step(SELF, WAIT, tag(0, 0), NEVER);
    step(SELF, REPLY_AND_WAIT, l4_msgtag(7, 0, items, 0), NEVER);
    steps[1].msg.mr[0] = item.snd_base;
    steps[1].msg.mr[1] = item.fpage.raw;
    steps[1].msg.mr[2] = 0;
    serve();
    ipc_init(&a->x, *through, CALL, tag(5, 0), NEVER);
    a->x.buf.br[0] = got | L4_RCV_ITEM_SINGLE_CAP;
    expect("answered", (unsigned long)worker_ipc(a), 1);
    expect_tag_label("answer", a->x.tag, 7);
    does(a, got, CALL, tag(5, 0), NEVER);
    delete_object(other);
    l4re_util_cap_free(got);
    return steps[1].label;
}

static void item_with_the_callers_rights(void)
{
    l4_cap_idx_t thin = l4re_util_cap_alloc(), kept = new_gate(s->thread, LABEL);

    l4_task_map(L4_BASE_TASK_CAP, L4_BASE_TASK_CAP, l4_obj_fpage(kept, 0, L4_CAP_FPAGE_RW), thin);
    for (unsigned items = 1; items <= 2; items++) {
        expect("called with S", label_of_answer(&gate, items), OTHER | ALL_BITS);
        expect("called without S", label_of_answer(&thin, items), OTHER | RW_BITS);
    }
    l4re_util_cap_free_um(thin);
    delete_object(kept);
}

/* An answer that does not get through: both learn it, and the caller is answered no more. */
static void item_without_a_buffer(void)
{
    step(SELF, WAIT, tag(0, 0), NEVER);
    step(SELF, REPLY_AND_WAIT, l4_msgtag(7, 0, 1, 0), NEVER);
    steps[1].msg.mr[0] = L4_ITEM_MAP;
    steps[1].msg.mr[1] = l4_obj_fpage(gate, 0, L4_CAP_FPAGE_R).raw;
    step(SELF, REPLY, tag(ANSWER, 0), L4_IPC_BOTH_TIMEOUT_0);
    serve();
    expect("answered", calls(a, 5), 1);
    expect("the caller", a->x.error, L4_IPC_REMSGCUT);
    expect("the server does not wait", (unsigned long)s->done, 1);
    expect("its error", steps[1].error, L4_IPC_SEMSGCUT);
    expect("a second answer", steps[2].error, L4_IPC_ENOT_EXISTENT);
}

/* The server triggers an interrupt of its own before it answers: that is the next message. */
static void somebody_waits(void)
{
    l4_cap_idx_t irq = new_object(L4_PROTO_IRQ_SENDER);

    expect_label("bind", l4_error(l4_rcv_ep_bind_thread(irq, s->thread, OTHER)), 0);
    step(SELF, WAIT, tag(0, 0), NEVER);
    step(irq, SEND, tag(L4_PROTO_IRQ, 0), NEVER);
    step(SELF, REPLY_AND_WAIT, tag(ANSWER, 0), NEVER);
    serve();
    expect("answered", calls(a, 5), 1);
    expect("received", (unsigned long)s->done, 1);
    expect("label", steps[2].label, OTHER);
    delete_object(irq);
}

static void server_with_timeout(void)
{
    step(SELF, WAIT, tag(0, 0), NEVER);
    step(SELF, REPLY_AND_WAIT, tag(ANSWER, 0), RECV_MS(2));
    serve();
    expect("answered", calls(a, 5), 1);
    l4_ipc_sleep_ms(10);
    expect("the server goes on", (unsigned long)s->done, 1);
    expect("error", steps[1].error, L4_IPC_RETIMEOUT);
}

static void caller_with_timeout(void)
{
    step(SELF, WAIT, tag(0, 0), NEVER);
    serve();
    does(a, gate, CALL, tag(5, 0), RECV_MS(2));
    expect("received", (unsigned long)s->done, 1);
    l4_ipc_sleep_ms(10);
    expect("the caller goes on", (unsigned long)a->done, 1);
    expect("error", a->x.error, L4_IPC_RETIMEOUT);
}

/* What was armed for the wait is off when the call has come. */
static void timeout_of_the_wait(void)
{
    step(SELF, WAIT, tag(0, 0), RECV_MS(3));
    step(SELF, REPLY_AND_WAIT, tag(ANSWER, 0), NEVER);
    serve();
    expect("answered", calls(a, 5), 1);
    l4_ipc_sleep_ms(10);
    expect("the server waits", (unsigned long)s->done, 0);
}

/* The server waits for the main thread only. */
static void server_in_closed_wait(void)
{
    step(s->main_thread, RECV, tag(0, 0), NEVER);
    serve();
    expect("no answer", calls(a, 5), 0);
    expect("not received", (unsigned long)s->done, 0);
    expect("go on", main_does(s->thread, SEND, tag(6, 0), L4_IPC_BOTH_TIMEOUT_0), 0);
    expect_tag_label("received", steps[0].tag, 6);
}

static l4_umword_t label_of_gate;

static void ask_gate(void *unused)
{
    (void)unused;
    l4_ipc_gate_get_infos(gate, &label_of_gate);
}

/* A call that is for the gate itself does not disturb who waits behind it. */
static void call_of_the_gate(void)
{
    label_of_gate = 0;
    step(SELF, WAIT, tag(0, 0), NEVER);
    serve();
    worker_run(a, ask_gate, NULL);
    expect("answered", (unsigned long)a->done, 1);
    expect("label", label_of_gate, LABEL);
    expect("the server waits", (unsigned long)s->done, 0);
}

static void kept_in_an_explicit_slot(void)
{
    step(REPLY_SLOT(6), WAIT, tag(0, 0), NEVER);
    step(SELF, REPLY, tag(8, 0), L4_IPC_BOTH_TIMEOUT_0);
    step(REPLY_SLOT(6), REPLY, tag(ANSWER, 0), L4_IPC_BOTH_TIMEOUT_0);
    serve();
    expect("answered", calls(a, 5), 1);
    expect("the implicit slot is empty", steps[1].error, L4_IPC_ENOT_EXISTENT);
    expect("the explicit one", steps[2].error, 0);
    expect_tag_label("answer", a->x.tag, ANSWER);
}

/* A wait for an explicit slot in between: the next call goes to the implicit one again. */
static void implicit_slot_again(void)
{
    step(SELF, WAIT, tag(0, 0), NEVER);
    step(REPLY_SLOT(6), WAIT, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0);
    step(SELF, REPLY_AND_WAIT, tag(8, 0), NEVER);
    step(SELF, REPLY, tag(ANSWER, 0), L4_IPC_BOTH_TIMEOUT_0);
    serve();
    expect("answered", calls(a, 5), 1);
    expect("nobody came", steps[1].error, L4_IPC_RETIMEOUT);
    expect("the second too", calls(b, 6), 1);
    expect("reply", steps[3].error, 0);
    expect_tag_label("answer", b->x.tag, ANSWER);
}

/* Who has its answer is named no more: what it does then is nothing to the next caller. */
static void answered_and_forgotten(void)
{
    step(SELF, WAIT, tag(0, 0), NEVER);
    step(SELF, REPLY_AND_WAIT, tag(8, 0), NEVER);
    step(s->main_thread, RECV, tag(0, 0), NEVER);
    step(SELF, REPLY, tag(ANSWER, 0), L4_IPC_BOTH_TIMEOUT_0);
    serve();
    expect("answered", calls(a, 5), 1);
    expect("waits", calls(b, 6), 0);
    does(a, SELF, WAIT, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0);
    expect("nothing for the first", a->x.error, L4_IPC_RETIMEOUT);
    expect("go on", main_does(s->thread, SEND, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0), 0);
    expect("reply", steps[3].error, 0);
    expect("answered", (unsigned long)b->done, 1);
}

/* The same of a caller that the next one replaced. */
static void replaced(void)
{
    step(SELF, WAIT, tag(0, 0), NEVER);
    step(SELF, WAIT, tag(0, 0), NEVER);
    step(s->main_thread, RECV, tag(0, 0), NEVER);
    step(SELF, REPLY, tag(ANSWER, 0), L4_IPC_BOTH_TIMEOUT_0);
    serve();
    expect("waits", calls(a, 5), 0);
    expect("waits", calls(b, 6), 0);
    worker_reset(a);
    expect("go on", main_does(s->thread, SEND, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0), 0);
    expect("reply", steps[3].error, 0);
    expect("answered", (unsigned long)b->done, 1);
}

/* The server wakes c, and looks whether that ran at once. */
static void wake_c(void *unused)
{
    (void)unused;
    ipc_do(&steps[0]);
    ipc_do(&steps[1]);
    c_ran = c->done;
    ipc_do(&steps[2]);
}

/* A server of higher priority than its caller runs with its own: what lies in between does not disturb it. */
static void more_urgent_server(void)
{
    set_prio(c, PRIO_WORKER + 1);
    set_prio(s, PRIO_WORKER + 2);
    does(c, SELF, WAIT, tag(0, 0), NEVER);
    step(SELF, WAIT, tag(0, 0), NEVER);
    step(c->thread, SEND, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0);
    step(SELF, REPLY_AND_WAIT, tag(ANSWER, 0), NEVER);
    c_ran = -1;
    worker_run(s, wake_c, NULL);
    expect("answered", calls(a, 5), 1);
    expect("sent", steps[1].error, 0);
    expect("before the answer", (unsigned long)c_ran, 0);
    expect("afterwards", (unsigned long)c->done, 1);
}

/* A pager behind a gate: an answer with a page, and a refusal. */
static void pager_behind_a_gate(void)
{
    struct worker *w = worker_new(0);
    l4_snd_fpage_t item = l4_snd_fpage_mem(POOL, L4_PAGESHIFT, L4_FPAGE_RO, HOLE, 0);
    unsigned long v = 0;

    l4_thread_control_start();
    l4_thread_control_pager(gate);
    expect_label("pager", l4_error(l4_thread_control_commit(w->thread)), 0);
    step(SELF, WAIT, tag(0, 0), NEVER);
    step(SELF, REPLY_AND_WAIT, l4_msgtag(0, 0, 1, 0), NEVER);
    steps[1].msg.mr[0] = item.snd_base;
    steps[1].msg.mr[1] = item.fpage.raw;
    step(SELF, REPLY_AND_WAIT, tag(-L4_EFAULT, 0), NEVER);
    serve();
    expect("read", (unsigned long)worker_read(w, HOLE + 8, &v), 1);
    expect("value", v, VALUE);
    expect("address word", steps[0].msg.mr[0], HOLE + 8);
    expect("label", steps[0].label, LABEL | ALL_BITS);
    expect("exceptions", pager_seen.exceptions, 0);
    expect("refused", (unsigned long)worker_write(w, HOLE + L4_PAGESIZE, 1), 0);
    expect("address word", steps[1].msg.mr[0], (HOLE + L4_PAGESIZE) | 2);
    expect("an exception", pager_seen.exceptions, 1);
    worker_kill(w);
    l4_task_unmap(L4_BASE_TASK_CAP, l4_fpage(HOLE, L4_PAGESHIFT, L4_FPAGE_RWX), L4_FP_ALL_SPACES);
}

static struct test_case const cases[] = {
    {"I-30", "words and labels, there and back", words_and_labels},
    {"I-44", "an item in the answer has the caller's rights", item_with_the_callers_rights},
    {"I-25", "an item in the answer without a buffer", item_without_a_buffer},
    {"I-32", "a message that waits is the next after the answer", somebody_waits},
    {"I-20", "answer, and a wait with a timeout", server_with_timeout},
    {"I-20", "call with a timeout for the answer", caller_with_timeout},
    {"I-20", "a wait's timeout ends with the call", timeout_of_the_wait},
    {"I-27", "call to a server in a closed wait", server_in_closed_wait},
    {"O-19", "a call of the gate itself", call_of_the_gate},
    {"I-45", "a call through a gate is kept in an explicit slot", kept_in_an_explicit_slot},
    {"I-45", "after an explicit slot the implicit one again", implicit_slot_again},
    {"I-42", "an answered caller and the next one", answered_and_forgotten},
    {"I-39", "a replaced caller and the next one", replaced},
    {"I-67", "a server of higher priority keeps its own", more_urgent_server},
    {"I-54", "a pager behind a gate", pager_behind_a_gate},
};

int main(void)
{
    l4_addr_t base;

    if (l4sigma0_map_anypage(L4_BASE_PAGER_CAP, POOL, L4_PAGESHIFT, &base, L4_PAGESHIFT))
        return 1;
    ((volatile unsigned long *)POOL)[1] = VALUE;
    s = worker_new(0);
    a = worker_new(0);
    b = worker_new(0);
    c = worker_new(0);
    test_setup = setup;
    return TEST_RUN(cases);
}
