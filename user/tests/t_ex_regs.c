/* SPDX-License-Identifier: MIT */
/*
 * What ex_regs does to a thread, by what the thread is doing (rules O-11, O-12).
 *
 * Runs as root task; see caps.h.  a is a worker of the main task; d has the server as pager or
 * exception handler, so that the case sees d inside its message and answers when it likes.  What runs
 * at the new registers counts in `ran`.
 */
#include "caps.h"

#include <l4/sys/scheduler.h>
#include <l4/sys/thread.h>
#include <quire/program.h>

enum { EXC_WORDS = 26, MR_IP = 18, MR_SP = 21, UD2_SIZE = 2, TRAP_ARTIFICIAL = 0xff };
#define CANCEL L4_THREAD_EX_REGS_CANCEL
#define RAISE L4_THREAD_EX_REGS_TRIGGER_EXCEPTION
#define KEEP (~0UL)
#define ENTRY ((l4_addr_t)quire_thread_entry)
#define NOWHERE 0x10000000UL
#define HANDLER SLOT(1) /* in d: a gate to the server */

extern char quire_thread_entry[];
int quire_probe_read(l4_addr_t address, unsigned long *value);

static struct worker *a;
static l4_cap_idx_t gate;
static l4_umword_t stack[256];
static volatile unsigned ran;

static void count_and_sleep(void *unused)
{
    (void)unused;
    for (;;) {
        ran++;
        l4_ipc_sleep(L4_IPC_NEVER);
    }
}

static void set_handlers(l4_cap_idx_t pager, l4_cap_idx_t handler)
{
    l4_thread_control_start();
    l4_thread_control_pager(pager);
    l4_thread_control_exc_handler(handler);
    expect_label("control", l4_error(l4_thread_control_commit(d->thread)), 0);
}

static void setup(void)
{
    caps_setup();
    worker_reset(a);
    pager_reset();
    ran = 0;
    stack[254] = 0;
    stack[255] = (l4_umword_t)count_and_sleep;
    give(d->task, HANDLER, gate, L4_CAP_FPAGE_RW);
    set_handlers(CHILD_PAGER, CHILD_PAGER);
}

static l4_addr_t stack_pointer(void) { return (l4_addr_t)&stack[254]; }

/* ex_regs with words and flags; label of the answer; the old registers are in m. */
static long ex_regs(l4_cap_idx_t thread, unsigned words, l4_umword_t flags, l4_addr_t ip)
{
    ipc_init(&m, thread, CALL, tag(L4_PROTO_THREAD, words), MS(50));
    m.msg.mr[0] = L4_THREAD_EX_REGS_OP | flags;
    m.msg.mr[1] = ip;
    m.msg.mr[2] = ip == KEEP ? KEEP : stack_pointer();
    ipc_do(&m);
    return m.error ? l4_ipc_to_errno(m.error) : l4_msgtag_label(m.tag);
}

static void refused(void)
{
    expect_label("two words", ex_regs(a->thread, 2, CANCEL, ENTRY), -L4_EINVAL);
    expect_label("four words", ex_regs(a->thread, 4, CANCEL, ENTRY), -L4_EINVAL);
    expect_label("a flag of no meaning", ex_regs(a->thread, 3, CANCEL | 1UL << 24, ENTRY),
                 -L4_EINVAL);
    expect("has not run", ran, 0);
    expect_label("three words", ex_regs(a->thread, 3, CANCEL, ENTRY), 0);
    l4_ipc_sleep_ms(2);
    expect("has run", ran, 1);
}

/* The answer has what the thread had before, also when nothing is changed. */
static void old_registers(void)
{
    expect_label("set", ex_regs(a->thread, 3, CANCEL, ENTRY), 0);
    l4_ipc_sleep_ms(2);
    expect_label("look", ex_regs(a->thread, 3, 0, KEEP), 0);
    expect("words", l4_msgtag_words(m.tag), 3);
    expect("flags: interrupts on", m.msg.mr[0] & 0x200, 0x200);
    expect("ip in this image", m.msg.mr[1] > (l4_addr_t)0x200000 && m.msg.mr[1] < NOWHERE, 1);
    expect("sp in its stack",
           m.msg.mr[2] >= (l4_addr_t)stack && m.msg.mr[2] < (l4_addr_t)(stack + 256), 1);
    expect("still sleeps", ran, 1);
}

/* Leaves all registers as they are: the thread goes on where it was. */
static l4_msgtag_t let_go_on(l4_exc_regs_t *r)
{
    (void)r;
    return l4_msgtag(0, EXC_WORDS, 0, 0);
}

static void raise_exception(void)
{
    pager_seen.on_exception = let_go_on;
    expect_label("raise", ex_regs(a->thread, 3, CANCEL | RAISE, ENTRY), 0);
    l4_ipc_sleep_ms(2);
    expect("exceptions", pager_seen.exceptions, 1);
    expect("trap", pager_seen.regs.trapno, TRAP_ARTIFICIAL);
    expect("at the new ip", pager_seen.regs.ip, ENTRY);
    expect("with the new sp", pager_seen.regs.sp, stack_pointer());
    expect("goes on there", ran, 1);
}

/* Too early, for a thread that has a CPU: answered with success, but it does not start any more. */
static void before_bind(void)
{
    l4_sched_param_t sched = l4_sched_param(PRIO_WORKER, 0);
    l4_cap_idx_t thread = new_object(L4_PROTO_THREAD);
    l4_utcb_t *utcb = quire_utcb_alloc();

    expect_label("run_thread",
                 l4_error(l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, thread, &sched)), 0);
    expect_label("before", ex_regs(thread, 3, 0, ENTRY), 0);
    l4_ipc_sleep_ms(2);
    l4_thread_control_start();
    l4_thread_control_bind(utcb, MAIN);
    expect_label("bind", l4_error(l4_thread_control_commit(thread)), 0);
    expect_label("afterwards", ex_regs(thread, 3, 0, ENTRY), 0);
    l4_ipc_sleep_ms(2);
    expect("does not run", ran, 0);
    delete_object(thread);
}

/* ---- inside messages that the kernel sends for the thread ---- */

static void server_waits(void) { does(server, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER); }

static void server_replies(l4_msgtag_t t)
{
    struct ipc *s = &server->x;

    s->dest = L4_INVALID_CAP;
    s->flags = REPLY;
    s->tag = t;
    s->timeout = L4_IPC_BOTH_TIMEOUT_0;
    worker_ipc(server);
    expect("reply", s->error, 0);
}

static void trap(void *unused)
{
    (void)unused;
    __asm__ volatile("ud2");
}

/* d is in an exception message: its registers are the handler's. */
static void in_exception(void)
{
    l4_umword_t ip;

    set_handlers(CHILD_PAGER, HANDLER);
    server_waits();
    worker_run(d, trap, 0);
    expect_tag_label("exception", server->x.tag, L4_PROTO_EXCEPTION);
    ip = server->x.msg.mr[MR_IP];
    expect_label("ex_regs", ex_regs(d->thread, 3, 0, ENTRY), 0);
    expect("old ip", m.msg.mr[1], ip);
    expect("old sp", m.msg.mr[2], server->x.msg.mr[MR_SP]);
    expect_label("once more", ex_regs(d->thread, 3, 0, ENTRY), 0);
    expect("ip has not changed", m.msg.mr[1], ip);
    server_replies(tag(0, 0)); /* no registers: again */
    server_waits();
    expect("the same instruction again", server->x.msg.mr[MR_IP], ip);
    server->x.msg.mr[MR_IP] += UD2_SIZE;
    server_replies(tag(0, EXC_WORDS));
    expect("goes on behind it", (unsigned long)d->done, 1);
    expect("never at the new registers", ran, 0);
}

static void in_exception_cancelled(void)
{
    set_handlers(CHILD_PAGER, HANDLER);
    server_waits();
    worker_run(d, trap, 0);
    expect_label("ex_regs", ex_regs(d->thread, 3, CANCEL, ENTRY), 0);
    l4_ipc_sleep_ms(2);
    expect("runs at once", ran, 1);
}

static void touch(void *arg) { quire_probe_read((l4_addr_t)arg, 0); }

static void in_page_fault(void)
{
    set_handlers(HANDLER, CHILD_PAGER);
    server_waits();
    worker_run(d, touch, (void *)NOWHERE);
    expect_tag_label("page fault", server->x.tag, L4_PROTO_PAGE_FAULT);
    expect_label("ex_regs", ex_regs(d->thread, 3, 0, ENTRY), 0);
    l4_ipc_sleep_ms(2);
    expect("waits for its pager", ran, 0);
    server_replies(tag(0, 0));
    l4_ipc_sleep_ms(2);
    expect("goes on at the new ip", ran, 1);
    expect("and not at the old one", (unsigned long)d->done, 0);
}

static void in_page_fault_cancelled(void)
{
    set_handlers(HANDLER, CHILD_PAGER);
    server_waits();
    worker_run(d, touch, (void *)NOWHERE);
    expect_label("ex_regs", ex_regs(d->thread, 3, CANCEL, ENTRY), 0);
    l4_ipc_sleep_ms(2);
    expect("runs at once", ran, 1);
}

static struct test_case const cases[] = {
    {"O-11", "ex_regs refused", refused},
    {"O-11", "the old registers", old_registers},
    {"O-11", "an exception raised at the new registers", raise_exception},
    {"O-11", "ex_regs before binding", before_bind},
    {"O-12", "inside an exception message", in_exception},
    {"O-12", "an exception message cancelled", in_exception_cancelled},
    {"O-12", "inside a page-fault message", in_page_fault},
    {"O-12", "a page-fault message cancelled", in_page_fault_cancelled},
};

int main(void)
{
    caps_init();
    a = worker_new(0);
    gate = server_gate(0x1000);
    test_setup = setup;
    return TEST_RUN(cases);
}
