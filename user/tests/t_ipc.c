/* SPDX-License-Identifier: MIT */
/*
 * IPC between threads: registers, selectors, tags, timeouts (rules I-1 ... I-26).
 *
 * Runs as root task.  a and b are workers of this task, d of another one; see worker.h for who
 * runs when.  m is the main thread's system call.
 */
#include "steps.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sys/factory.h>
#include <l4/sys/kip.h>
#include <l4/sys/rcv_endpoint.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/segment.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>

#define EMPTY_SLOT (0x1ff0UL << L4_CAP_SHIFT)

static struct worker *a, *b, *d;

static void setup(void)
{
    worker_reset(a);
    worker_reset(b);
    worker_reset(d);
    pager_reset();
}

/* ---- entry ---- */

unsigned long test_regs[7];

static void registers_kept(void)
{
    static unsigned long const want[7] = {0xb1, 0x99, 0xa0, 0xc2, 0xd3, 0xe4, 0x04000400};

    /* A receive from the invoking thread that times out at once. */
    __asm__ volatile("movl $0xb1, %%ebx\n\tmovl $0x99, %%r9d\n\tmovl $0xa0, %%r10d\n\t"
                     "movl $0xc2, %%r12d\n\tmovl $0xd3, %%r13d\n\tmovl $0xe4, %%r14d\n\t"
                     "movl $0x04000400, %%r8d\n\tmovq $-2046, %%rdx\n\txorl %%eax, %%eax\n\t"
                     "syscall\n\t"
                     "movq %%rbx, test_regs\n\tmovq %%r9, test_regs+8\n\t"
                     "movq %%r10, test_regs+16\n\tmovq %%r12, test_regs+24\n\t"
                     "movq %%r13, test_regs+32\n\tmovq %%r14, test_regs+40\n\t"
                     "movq %%r8, test_regs+48"
                     :
                     :
                     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
                       "r13", "r14", "r15", "memory", "cc");
    for (unsigned i = 0; i < 7; i++)
        expect("register", test_regs[i], want[i]);
}

static void no_stack_needed(void)
{
    unsigned long out;

    /* A kernel that uses the user's stack would fault here. */
    __asm__ volatile("movq %%rsp, %%r12\n\txorl %%esp, %%esp\n\tmovl $0x04000400, %%r8d\n\t"
                     "syscall\n\tmovq %%r12, %%rsp"
                     : "=a"(out)
                     : "0"(0UL), "d"(L4_INVALID_CAP | RECV)
                     : "rcx", "rsi", "rdi", "r8", "r11", "r12", "r15", "memory", "cc");
    expect("tag", out, L4_MSGTAG_ERROR);
}

static volatile int spin_flag;

static void spin_then_receive(void *arg)
{
    struct worker *w = arg;

    while (!spin_flag)
        ;
    ipc_init(&w->x, L4_INVALID_CAP, RECV, tag(0, 0), MS(3));
    ipc_do(&w->x);
}

static void cancel_in_user_mode(void)
{
    l4_sched_param_t low = l4_sched_param(PRIO_MAIN - 5, 0);
    l4_sched_param_t high = l4_sched_param(PRIO_WORKER, 0);

    spin_flag = 0;
    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, a->thread, &low);
    worker_run(a, spin_then_receive, a);
    l4_ipc_sleep_ms(5);
    l4_thread_ex_regs(a->thread, ~0UL, ~0UL, L4_THREAD_EX_REGS_CANCEL);
    spin_flag = 1;
    for (unsigned i = 0; i < 200 && !a->done; i++) /* the machine below may stop for a while */
        l4_ipc_sleep_ms(10);
    expect("done", (unsigned long)a->done, 1);
    expect("error", a->x.error, L4_IPC_RETIMEOUT);
    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, a->thread, &high);
}

static void read_gs(void *arg) { *(l4_utcb_t **)arg = l4_utcb_direct(); }

static void utcb_at_gs(void)
{
    static l4_utcb_t *seen;

    worker_run(d, read_gs, &seen);
    expect("gs:0", (unsigned long)seen, (unsigned long)d->utcb);
    expect("self word", l4_utcb()->self, (unsigned long)l4_utcb());
}

static unsigned long fs_value;

static void use_fs(void *arg)
{
    static unsigned long word = 0x1234567;

    (void)arg;
    fiasco_amd64_set_fs(L4_INVALID_CAP, (l4_umword_t)&word, l4_utcb());
    __asm__ volatile("movq %%fs:0, %0" : "=r"(fs_value));
}

static void fs_base(void)
{
    worker_run(a, use_fs, 0);
    expect("done", (unsigned long)a->done, 1);
    expect("fs:0", fs_value, 0x1234567);
}

static void set_fs_to(void *word)
{
    fiasco_amd64_set_fs(L4_INVALID_CAP, (l4_umword_t)word, l4_utcb());
}

static void read_fs(void *unused)
{
    (void)unused;
    __asm__ volatile("movq %%fs:0, %0" : "=r"(fs_value));
}

static void fs_base_of_each(void)
{
    static unsigned long of_a = 0xa, of_b = 0xb;

    worker_run(a, set_fs_to, &of_a);
    worker_run(b, set_fs_to, &of_b);
    worker_run(a, read_fs, 0);
    expect("fs:0 of a", fs_value, 0xa);
    worker_run(b, read_fs, 0);
    expect("fs:0 of b", fs_value, 0xb);
}

/* ---- selectors ---- */

static void self_selector(void)
{
    ipc_init(&m, L4_INVALID_CAP, CALL, tag(L4_PROTO_THREAD, 1), L4_IPC_NEVER);
    m.msg.mr[0] = L4_THREAD_AMD64_GET_SEGMENT_INFO_OP;
    ipc_do(&m);
    expect_tag_label("label", m.tag, 0);
    expect("user data selector", m.msg.mr[0], 0x23);
    expect("user code selector", m.msg.mr[1], 0x2b);
}

static void empty_slot(void)
{
    static l4_umword_t const flags[] = {L4_SYSF_NONE, SEND, RECV, CALL, L4_SYSF_SEND_AND_WAIT};

    for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        expect("error", main_does(EMPTY_SLOT, flags[i], tag(5, 1), L4_IPC_NEVER),
               L4_IPC_ENOT_EXISTENT);
        expect("tag", (unsigned long)m.tag.raw, L4_MSGTAG_ERROR);
    }
    expect("slot beyond the table",
           main_does(0x10000UL << L4_CAP_SHIFT, CALL, tag(5, 1), L4_IPC_NEVER),
           L4_IPC_ENOT_EXISTENT);
}

static void empty_reply_slot(void)
{
    /* The slot may hold something from an earlier case: empty it. */
    main_does(L4_INVALID_CAP, REPLY, tag(1, 0), L4_IPC_BOTH_TIMEOUT_0);
    expect("reply", main_does(L4_INVALID_CAP, REPLY, tag(1, 0), L4_IPC_NEVER),
           L4_IPC_ENOT_EXISTENT);
    /* No receive phase: this must not wait. */
    expect("reply and wait", main_does(L4_INVALID_CAP, REPLY_AND_WAIT, tag(1, 0), L4_IPC_NEVER),
           L4_IPC_ENOT_EXISTENT);
}

static void reply_with_any_label(void)
{
    static long const labels[] = {L4_PROTO_THREAD, L4_PROTO_TASK, L4_PROTO_KOBJECT};

    for (unsigned i = 0; i < 3; i++) {
        does(a, a->main_thread, CALL, tag(5, 0), L4_IPC_NEVER);
        expect("wait", main_does(L4_INVALID_CAP, WAIT, tag(0, 0), MS(50)), 0);
        expect("reply", main_does(L4_INVALID_CAP, REPLY, tag(labels[i], 1), L4_IPC_BOTH_TIMEOUT_0),
               0);
        expect("done", (unsigned long)a->done, 1);
        expect_tag_label("label", a->x.tag, labels[i]);
    }
}

static void no_receive_phase_same_tag(void)
{
    l4_msgtag_t t = l4_msgtag(L4_PROTO_THREAD, 2, 0, L4_MSGTAG_SCHEDULE);

    ipc_init(&m, L4_BASE_THREAD_CAP, SEND, t, L4_IPC_NEVER);
    m.msg.mr[0] = 0x77; /* unknown operation */
    ipc_do(&m);
    expect("send only", (unsigned long)m.tag.raw, (unsigned long)t.raw);
    ipc_init(&m, L4_BASE_THREAD_CAP, CALL, t, L4_IPC_NEVER);
    m.msg.mr[0] = 0x77;
    ipc_do(&m);
    expect_tag_label("call", m.tag, -L4_ENOSYS);
}

static void flags_delivered(void)
{
    unsigned all = L4_MSGTAG_TRANSFER_FPU | L4_MSGTAG_SCHEDULE | L4_MSGTAG_PROPAGATE;
    l4_msgtag_t t = l4_msgtag(-77, 0, 0, all);

    does(a, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    main_does(a->thread, SEND, t, L4_IPC_NEVER);
    expect("tag", (unsigned long)a->x.tag.raw, (unsigned long)t.raw);
    /* The error bit is the kernel's alone. */
    does(a, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    t.raw |= L4_MSGTAG_ERROR;
    main_does(a->thread, SEND, t, L4_IPC_NEVER);
    expect("tag without error", (unsigned long)a->x.tag.raw,
           (unsigned long)l4_msgtag(-77, 0, 0, all).raw);
}

/* ---- UTCB ---- */

static void free_marker(void)
{
    struct worker *w = worker_new(0);

    w->utcb->tcr.free_marker = 1;
    worker_kill(w);
    expect("marker", w->utcb->tcr.free_marker, 0);
}

static void buffers_unchanged(void)
{
    ipc_init(&a->x, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    a->x.buf.bdr = 2;
    a->x.buf.br[0] = 0x1111;
    a->x.buf.br[2] = L4_ITEM_MAP;
    a->x.buf.br[3] = l4_fpage(0x70000000UL, L4_PAGESHIFT, 0).raw;
    worker_ipc(a);
    main_does(a->thread, SEND, tag(5, 1), L4_IPC_NEVER);
    expect("done", (unsigned long)a->done, 1);
    expect("BDR", a->x.buf.bdr, 2);
    expect("BR0", a->x.buf.br[0], 0x1111);
    expect("BR2", a->x.buf.br[2], L4_ITEM_MAP);
}

static void utcb_outside_ku_mem(void)
{
    static char no_ku_mem[L4_UTCB_OFFSET] __attribute__((aligned(1024)));
    l4_cap_idx_t t = l4re_util_cap_alloc();

    l4_factory_create_thread(L4_BASE_FACTORY_CAP, t);
    l4_thread_control_start();
    l4_thread_control_bind((l4_utcb_t *)(void *)no_ku_mem, L4_BASE_TASK_CAP);
    expect_label("bind", l4_error(l4_thread_control_commit(t)), -L4_EINVAL);
    delete_object(t);
}

/* ---- timeouts ---- */

static void send_timeout(void)
{
    l4_cpu_time_t start = l4_kip_clock(l4_kip());
    l4_cpu_time_t waited;

    /* The worker waits for somebody else: the main thread stays in the send phase. */
    does(a, b->thread, RECV, tag(0, 0), L4_IPC_NEVER);
    expect("error", main_does(a->thread, CALL, tag(5, 1), MS(3)), L4_IPC_SETIMEOUT);
    waited = l4_kip_clock(l4_kip()) - start;
    expect("waited long enough", waited >= 2900, 1);
    expect("waited not too long", waited < 1000000, 1);
}

static void queued_sender_zero_timeout(void)
{
    does(a, a->main_thread, SEND, tag(5, 1), L4_IPC_NEVER);
    expect("receive", main_does(a->thread, RECV, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0), 0);
    expect_tag_label("label", m.tag, 5);
    expect("empty queue", main_does(a->thread, RECV, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0),
           L4_IPC_RETIMEOUT);
}

static void zero_send_timeout(void)
{
    does(a, b->thread, RECV, tag(0, 0), L4_IPC_NEVER);
    expect("send", main_does(a->thread, SEND, tag(5, 1), L4_IPC_SEND_TIMEOUT_0), L4_IPC_SETIMEOUT);
    /* Receive timeout is "never": a receive phase would block for good. */
    expect("call", main_does(a->thread, CALL, tag(5, 1), L4_IPC_SEND_TIMEOUT_0), L4_IPC_SETIMEOUT);
}

/* ---- errors ---- */

static void overflow_both_sides(void)
{
    does(a, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    ipc_init(&m, a->thread, CALL, l4_msgtag(5, 0, 1, 0), L4_IPC_NEVER);
    m.msg.mr[0] = L4_ITEM_MAP;
    m.msg.mr[1] = l4_fpage(0x200000, L4_PAGESHIFT, L4_FPAGE_RO).raw;
    m.label = 0x99;
    ipc_do(&m); /* a call: there must be no receive phase (I-25) */
    expect("sender's error", m.error, L4_IPC_SEMSGCUT);
    expect("sender's tag", (unsigned long)m.tag.raw, L4_MSGTAG_ERROR);
    expect("receiver done", (unsigned long)a->done, 1);
    expect("receiver's error", a->x.error, L4_IPC_REMSGCUT);
    expect("receiver's tag", (unsigned long)a->x.tag.raw,
           (unsigned long)l4_msgtag(5, 0, 1, 0).raw | L4_MSGTAG_ERROR);
    expect("receiver's label", a->x.label, 0x99);
}

static void receive_timeout_leaves_words(void)
{
    ipc_init(&m, a->thread, RECV, tag(7, 3), MS(2));
    m.label = 0x777;
    ipc_do(&m);
    expect("error", m.error, L4_IPC_RETIMEOUT);
    expect("label", m.label, 0x777);
    expect("MR0", m.msg.mr[0], FILL);
}

static struct test_case const cases[] = {
    {"I-1", "registers that must be preserved", registers_kept},
    {"I-2", "the user stack is not used", no_stack_needed},
    {"I-4", "a cancel in user mode does not hit a later receive", cancel_in_user_mode},
    {"I-5", "gs base leads to the UTCB", utcb_at_gs},
    {"I-6", "fs base set by a call on the self selector", fs_base},
    {"I-5", "each thread has its own fs base", fs_base_of_each},
    {"I-8", "thread operation on the self selector", self_selector},
    {"I-10", "empty slot, index beyond the table", empty_slot},
    {"I-10", "empty reply slot", empty_reply_slot},
    {"I-11", "a reply may carry any label", reply_with_any_label},
    {"I-12", "kernel operation without receive phase returns its tag", no_receive_phase_same_tag},
    {"I-15", "tag flags are delivered, the error bit is not", flags_delivered},
    {"I-16", "free marker of a dead thread", free_marker},
    {"I-17", "BDR and BRs unchanged by a receive", buffers_unchanged},
    {"I-18", "UTCB outside kernel-user memory refused", utcb_outside_ku_mem},
    {"I-21", "send timeout bounds the wait for the receiver", send_timeout},
    {"I-22", "queued sender taken with zero receive timeout", queued_sender_zero_timeout},
    {"I-23", "zero send timeout, receiver not ready", zero_send_timeout},
    {"I-24", "overflow reported on both sides, no receive phase", overflow_both_sides},
    {"I-26", "receive timeout leaves words and label", receive_timeout_leaves_words},
};

int main(void)
{
    a = worker_new(0);
    b = worker_new(0);
    d = worker_new(1);
    test_setup = setup;
    return TEST_RUN(cases);
}
