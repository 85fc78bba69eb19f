/* SPDX-License-Identifier: MIT */
/*
 * Threads as objects: control, start, queued senders, segment bases, the end (rules O-9, O-10,
 * O-13 ... O-16, O-34, O-35).
 *
 * Runs as root task; see caps.h.  a and b are workers of the main task, fresh is a new thread that
 * the case binds and starts; what runs in it counts in `ran`.
 */
#include "caps.h"

#include <l4/sys/scheduler.h>
#include <l4/sys/thread.h>
#include <quire/program.h>
#include <quire/string.h>

enum { WORDS_OF_CONTROL = 6, OP_TRAMPOLINE = 9, OP_GDT = 0x10 };
enum { OP_SEGMENT_BASE = 0x12, OP_SEGMENT_INFO = 0x13, SEGMENT_GS = 0x10000 };
#define NOT_CANONICAL 0x800000000000UL
#define NOWHERE 0x10000000UL /* in a worker's task: no page */

extern char quire_thread_entry[];
int quire_probe_read(l4_addr_t address, unsigned long *value);

static struct worker *a, *b;
static l4_cap_idx_t fresh;
static l4_utcb_t *spare;
static l4_umword_t stack[256];
static volatile unsigned ran;

static void setup(void)
{
    caps_setup();
    worker_reset(a);
    worker_reset(b);
    pager_reset();
    if (fresh)
        delete_object(fresh);
    l4_ipc_sleep_ms(2); /* it dies when it is next scheduled (I-42) */
    fresh = new_object(L4_PROTO_THREAD);
    ran = 0;
}

/* A call of a thread with these words; the answer's label or a negative error. */
static long op(l4_cap_idx_t thread, unsigned words, l4_umword_t w0, l4_umword_t w1)
{
    ipc_init(&m, thread, CALL, tag(L4_PROTO_THREAD, words), MS(50));
    m.msg.mr[0] = w0;
    m.msg.mr[1] = w1;
    ipc_do(&m);
    return m.error ? l4_ipc_to_errno(m.error) : l4_msgtag_label(m.tag);
}

static long bind(l4_cap_idx_t thread, l4_utcb_t *utcb, l4_cap_idx_t task)
{
    l4_thread_control_start();
    l4_thread_control_bind(utcb, task);
    return l4_error(l4_thread_control_commit(thread));
}

/* ---- control ---- */

static void set_handlers(l4_cap_idx_t thread, l4_cap_idx_t pager, l4_cap_idx_t handler)
{
    l4_thread_control_start();
    l4_thread_control_pager(pager);
    l4_thread_control_exc_handler(handler);
    expect_label("control", l4_error(l4_thread_control_commit(thread)), 0);
}

static void control_reports(void)
{
    set_handlers(fresh, SLOT(1), SLOT(2));
    for (unsigned i = 0; i < 2; i++) { /* a second time: reporting has changed nothing */
        expect_label("no flags", op(fresh, WORDS_OF_CONTROL, 0, SLOT(9)), 0);
        expect("words", l4_msgtag_words(m.tag), 3);
        expect("pager", m.msg.mr[1], SLOT(1));
        expect("handler", m.msg.mr[2], SLOT(2));
    }
    expect_label("set the pager", op(fresh, WORDS_OF_CONTROL, L4_THREAD_CONTROL_SET_PAGER, SLOT(3)),
                 0);
    expect("the previous one", m.msg.mr[1], SLOT(1));
    expect_label("no flags", op(fresh, WORDS_OF_CONTROL, 0, 0), 0);
    expect("pager", m.msg.mr[1], SLOT(3));
    expect("handler as before", m.msg.mr[2], SLOT(2));
}

static void control_refused(void)
{
    l4_cap_idx_t weak = new_slot();

    map_cap(MAIN, weak, fresh, L4_CAP_FPAGE_RW);
    expect_label("without S", op(weak, WORDS_OF_CONTROL, 0, 0), -L4_EPERM);
    expect_label("five words", op(fresh, WORDS_OF_CONTROL - 1, 0, 0), -L4_EINVAL);
    free_slot(weak);
}

static void bound_once(void)
{
    l4_cap_idx_t weak = new_slot(), bare = new_task(L4_BASE_FACTORY_CAP);

    map_cap(MAIN, weak, MAIN, L4_CAP_FPAGE_RW);
    expect_label("task without S", bind(fresh, spare, weak), -L4_EPERM);
    expect_label("no task", bind(fresh, spare, fresh), -L4_EINVAL);
    expect_label("of another task", bind(fresh, spare, bare), -L4_EINVAL);
    expect_label("not aligned", bind(fresh, (l4_utcb_t *)((l4_addr_t)spare + 4), MAIN), -L4_EINVAL);
    expect_label("bind", bind(fresh, spare, MAIN), 0);
    expect_label("again", bind(fresh, spare, MAIN), -L4_EINVAL);
    free_slot(weak);
    delete_object(bare);
}

static void touch(void *arg) { quire_probe_read((l4_addr_t)arg, 0); }

/* d reads where nothing is; the fault arrives at the server with this label. */
static void expect_fault_at(char const *which, l4_umword_t label)
{
    does(server, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    worker_run(d, touch, (void *)NOWHERE);
    expect(which, server->x.label, label);
    expect_tag_label("protocol", server->x.tag, L4_PROTO_PAGE_FAULT);
    does(server, L4_INVALID_CAP, REPLY, tag(-L4_EFAULT, 0), L4_IPC_BOTH_TIMEOUT_0);
    expect("goes on after that", (unsigned long)d->done, 1);
}

/* The selector is set while its slot is empty, and what is in the slot at a fault counts. */
static void pager_slot(void)
{
    l4_cap_idx_t one = server_gate(0x1000), two = server_gate(0x2000);

    set_handlers(d->thread, SLOT(1), CHILD_PAGER);
    give(d->task, SLOT(1), one, L4_CAP_FPAGE_RW);
    expect_fault_at("first gate", 0x1001);
    unmap_caps(d->task, CAP(SLOT(1), L4_CAP_FPAGE_R), L4_FP_ALL_SPACES);
    give(d->task, SLOT(1), two, L4_CAP_FPAGE_RW);
    expect_fault_at("second gate", 0x2001);
    set_handlers(d->thread, CHILD_PAGER, CHILD_PAGER);
    delete_object(one);
    delete_object(two);
}

/* ---- start ---- */

static void count_and_sleep(void *unused)
{
    (void)unused;
    for (;;) {
        ran++;
        l4_ipc_sleep(L4_IPC_NEVER);
    }
}

static void set_regs(l4_cap_idx_t thread)
{
    l4_umword_t *sp = stack + sizeof(stack) / sizeof(stack[0]) - 2;

    sp[0] = 0;
    sp[1] = (l4_umword_t)count_and_sleep;
    expect_label(
        "ex_regs",
        l4_error(l4_thread_ex_regs(thread, (l4_addr_t)quire_thread_entry, (l4_addr_t)sp, 0)), 0);
}

static void schedule(l4_cap_idx_t thread)
{
    l4_sched_param_t sched = l4_sched_param(PRIO_WORKER, 0);

    expect_label("run_thread",
                 l4_error(l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, thread, &sched)), 0);
}

static void expect_ran(char const *when, unsigned n)
{
    l4_ipc_sleep_ms(2);
    expect(when, ran, n);
}

static unsigned long send_to(l4_cap_idx_t thread)
{
    return main_does(thread, SEND, tag(5, 0), L4_IPC_BOTH_TIMEOUT_0);
}

/* Binding, run_thread and ex_regs start it, the last two in any order; before that it is as dead. */
static void started(int regs_first)
{
    expect("a message to a new thread", send_to(fresh), L4_IPC_ENOT_EXISTENT);
    expect_label("bind", bind(fresh, spare, MAIN), 0);
    (regs_first ? set_regs : schedule)(fresh);
    expect_ran("not yet", 0);
    if (!regs_first)
        expect("a message before the start", send_to(fresh), L4_IPC_ENOT_EXISTENT);
    (regs_first ? schedule : set_regs)(fresh);
    expect_ran("started", 1);
}

static void start_by_ex_regs(void) { started(0); }
static void start_by_run_thread(void) { started(1); }

/* ---- queued senders ---- */

static void expect_from(char const *which, l4_umword_t label)
{
    expect("receive", main_does(L4_INVALID_CAP, WAIT, tag(0, 0), MS(50)), 0);
    expect(which, m.label, label);
}

static void queue(struct worker *w, l4_cap_idx_t gate)
{
    expect("blocked", (unsigned long)does(w, gate, SEND, tag(5, 0), L4_IPC_NEVER), 0);
}

/* The first group that fits changes a label; a message that comes later has the gate's. */
static void modify_senders(void)
{
    l4_cap_idx_t gate_a = new_gate(L4_BASE_THREAD_CAP, 0x1230);
    l4_cap_idx_t gate_b = new_gate(L4_BASE_THREAD_CAP, 0x4560);
    l4_msgtag_t t;

    queue(a, gate_a);
    queue(b, gate_b);
    t = l4_thread_modify_sender_start();
    l4_thread_modify_sender_add(~0x3UL, 0x7770, ~0UL, 0x9990, &t);
    l4_thread_modify_sender_add(~0x3UL, 0x1230, 0x0030, 0x5000, &t);
    l4_thread_modify_sender_add(0, 0x1, ~0UL, 0x8880,
                                &t); /* fits nothing: the bit is not in the mask */
    l4_thread_modify_sender_add(0x0200, 0x0200, ~0UL, 0x6660, &t); /* before and after the change */
    expect_label("modify", l4_error(l4_thread_modify_sender_commit(L4_BASE_THREAD_CAP, t)), 0);
    expect_from("changed, the rights bits kept", 0x5203);
    expect_from("not changed", 0x4563);
    expect("gone on", (unsigned long)(a->done && b->done), 1);
    queue(a, gate_a);
    expect_from("the gate's own label", 0x1233);
    delete_object(gate_a);
    delete_object(gate_b);
}

/* ---- what is not offered, and segments ---- */

static void no_trampoline(void)
{
    char const *s = l4_kip_version_string(l4_kip());
    int announced = 0;

    l4_kip_for_each_feature(s) announced |= strcmp(s, "pf_tramp") == 0;
    expect("there if announced, else not",
           op(L4_BASE_THREAD_CAP, 2, OP_TRAMPOLINE, 0) != -L4_ENOSYS, (unsigned long)announced);
}

static l4_umword_t cell[4];

static void read_segments(void *out)
{
    l4_umword_t *v = out;

    __asm__ volatile("mov %%fs:8, %0" : "=r"(v[0]));
    __asm__ volatile("mov %%gs:8, %0" : "=r"(v[1]));
}

/* At gs:0 the thread's own code looks for its UTCB, so that has to stand in the cell, too. */
static void segment_bases(void)
{
    l4_umword_t const self = (l4_umword_t)&a->utcb->self;
    l4_umword_t seen[2] = {0, 0};

    cell[0] = (l4_umword_t)a->utcb;
    cell[1] = 0x1111;
    cell[2] = 0x2222;
    expect_label("fs", op(a->thread, 2, OP_SEGMENT_BASE, (l4_umword_t)&cell[1]), 0);
    expect_label("gs", op(a->thread, 2, OP_SEGMENT_BASE | SEGMENT_GS, (l4_umword_t)&cell[0]), 0);
    worker_run(a, read_segments, seen);
    expect("by fs", seen[0], 0x2222);
    expect("by gs", seen[1], 0x1111);
    expect_label("gs as before", op(a->thread, 2, OP_SEGMENT_BASE | SEGMENT_GS, self), 0);
    expect_label("not canonical", op(a->thread, 2, OP_SEGMENT_BASE, NOT_CANONICAL), -L4_EINVAL);
    expect_label("one word", op(a->thread, 1, OP_SEGMENT_BASE, 0), -L4_EMSGTOOSHORT);
    worker_run(a, read_segments, seen);
    expect("a refused call changes nothing", seen[0], 0x2222);
    expect_label("selectors", op(L4_BASE_THREAD_CAP, 1, OP_SEGMENT_INFO, 0), 0);
    expect("data", m.msg.mr[0], 0x23);
    expect("code", m.msg.mr[1], 0x2b);
    expect("32-bit code", m.msg.mr[2], 0x1b);
    expect_label("first entry for users", op(L4_BASE_THREAD_CAP, 1, OP_GDT, 0), 0);
    expect("number", m.msg.mr[0], 0xb);
}

/* ---- the end ---- */

static void end_oneself(void *thread) { l4_task_delete_obj(MAIN, (l4_cap_idx_t)thread); }

/* A thread that deletes itself does not return; its UTCB stays, and the next thread may have it. */
static void deletes_itself(void)
{
    struct worker *w = worker_new(0);

    worker_run(w, end_oneself, (void *)w->thread);
    l4_ipc_sleep_ms(2);
    expect("does not return", (unsigned long)w->done, 0);
    expect_filled(MAIN, w->thread, 0);
    w->utcb->msg.mr[3] = 0x33;
    expect("the UTCB is still there", w->utcb->msg.mr[3], 0x33);
    expect_label("bound to another", bind(fresh, w->utcb, MAIN), 0);
    schedule(fresh);
    set_regs(fresh);
    expect_ran("which runs", 1);
}

static void delete_in_d(void *slot) { l4_task_delete_obj(L4_BASE_TASK_CAP, (l4_cap_idx_t)slot); }

static void release_in_d(void *slot) { l4_task_release_cap(L4_BASE_TASK_CAP, (l4_cap_idx_t)slot); }

static void what_deletes(void)
{
    l4_cap_idx_t gate = server_gate(0x1000);

    give(d->task, SLOT(0), gate, L4_CAP_FPAGE_RWS);
    worker_run(d, delete_in_d, (void *)SLOT(0));
    expect_filled(d->task, SLOT(0), 0);
    expect("deleted through a slot without D", main_label_of(gate), 0x1003);
    give(d->task, SLOT(0), gate, L4_CAP_FPAGE_RWSD);
    worker_run(d, release_in_d, (void *)SLOT(0));
    expect_filled(d->task, SLOT(0), 0);
    expect("unmapped without bit 30", main_label_of(gate), 0x1003);
    give(d->task, SLOT(0), gate, L4_CAP_FPAGE_RWSD);
    worker_run(d, delete_in_d, (void *)SLOT(0));
    expect_filled(MAIN, gate, 0);
    l4re_util_cap_free(gate);
}

static struct test_case const cases[] = {
    {"O-9", "control without flags reports", control_reports},
    {"O-9", "control refused", control_refused},
    {"O-9", "a thread is bound once", bound_once},
    {"O-10", "the pager is what its slot holds at the fault", pager_slot},
    {"O-13", "started by ex_regs", start_by_ex_regs},
    {"O-13", "started by run_thread", start_by_run_thread},
    {"O-14", "labels of queued senders changed", modify_senders},
    {"O-15", "a page-fault trampoline only where it is announced", no_trampoline},
    {"O-16", "segment bases and selectors", segment_bases},
    {"O-34", "a thread deletes itself, its UTCB stays", deletes_itself},
    {"O-35", "deleted only with D and the delete flag", what_deletes},
};

int main(void)
{
    caps_init();
    a = worker_new(0);
    b = worker_new(0);
    spare = quire_utcb_alloc();
    test_setup = setup;
    return TEST_RUN(cases);
}
