/* SPDX-License-Identifier: MIT */
/*
 * Floating-point and SSE state: one for each thread, handed on only by wish (rules I-62, I-66).
 *
 * Runs as root task.  a and b are workers of the main task, d of another one.  State is only loaded
 * and looked at by fpu_call(), which does the system call between the two, so that nothing the
 * compiler does comes between.
 */
#include "memory.h"
#include "steps.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>
#include <quire/program.h>
#include <quire/string.h>

enum { N_XMM = 16, SLEEP_US = 1200, ROUNDS = 8, EXC_WORDS = 26 };

struct fpu_state {
    unsigned long xmm[N_XMM][2];
    unsigned mxcsr;
    unsigned short control; /* x87 */
    double st0;
};

/* Load the state if in is set, do the system call, store the state if out is set. */
struct fpu_call {
    struct fpu_state *in, *out;
    l4_cap_idx_t dest;
    l4_umword_t flags, label, bdr;
    l4_msgtag_t tag;
    l4_timeout_t timeout;
};

static struct worker *a, *b, *d;

static void setup(void)
{
    l4_sched_param_t high = l4_sched_param(PRIO_WORKER, 0);

    worker_reset(a);
    worker_reset(b);
    worker_reset(d);
    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, a->thread, &high);
    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, b->thread, &high);
    pager_reset();
}

#define ALL_XMM                                                                                    \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",       \
        "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#define MOVE16(op)                                                                                 \
    op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) op(13) op(14) \
        op(15)
#define LOAD_XMM(n) "movups " #n "*16(%%r12), %%xmm" #n "\n\t"
#define STORE_XMM(n) "movups %%xmm" #n ", " #n "*16(%%r13)\n\t"

static void fpu_call(struct fpu_call *c)
{
    register unsigned long to __asm__("r8") = c->timeout.raw;
    register struct fpu_state *in __asm__("r12") = c->in;
    register struct fpu_state *out __asm__("r13") = c->out;
    unsigned long rdx = c->dest | c->flags, rdi = 0;

    l4_utcb()->buf.bdr = c->bdr;
    __asm__ volatile(
        "testq %%r12, %%r12\n\tjz 1f\n\t" MOVE16(
            LOAD_XMM) "ldmxcsr 256(%%r12)\n\tfninit\n\tfldcw 260(%%r12)\n\tfldl 264(%%r12)\n"
                      "1:\tsyscall\n\t"
                      "testq %%r13, %%r13\n\tjz 2f\n\t" MOVE16(
                          STORE_XMM) "stmxcsr 256(%%r13)\n\tfnstcw 260(%%r13)\n\tfstl 264(%%r13)\n"
                                     "2:\tfninit"
        : "+a"(c->tag.raw), "+d"(rdx), "+S"(c->label), "+D"(rdi)
        : "r"(to), "r"(in), "r"(out)
        : "rcx", "r11", "r15", "memory", "cc", ALL_XMM);
    __asm__ volatile("ldmxcsr %0" ::"m"((unsigned const){0x1f80}));
}
_Static_assert(__builtin_offsetof(struct fpu_state, mxcsr) == 256, "used in assembly");
_Static_assert(__builtin_offsetof(struct fpu_state, control) == 260, "used in assembly");
_Static_assert(__builtin_offsetof(struct fpu_state, st0) == 264, "used in assembly");

/* A state of its own for each seed: 0..99. */
static void make_state(struct fpu_state *s, unsigned seed)
{
    for (unsigned i = 0; i < N_XMM; i++) {
        s->xmm[i][0] = 0x0101010101010101UL * (seed + 1) + i;
        s->xmm[i][1] = ~s->xmm[i][0];
    }
    s->mxcsr = 0x1f80 | (seed & 3) << 13; /* rounding */
    s->control = (unsigned short)(0x37f | (seed & 3) << 10);
    s->st0 = 1.5 * (seed + 1);
}

static int same_xmm(struct fpu_state const *x, struct fpu_state const *y)
{
    return memcmp(x->xmm, y->xmm, sizeof(x->xmm)) == 0;
}

static int same(struct fpu_state const *x, struct fpu_state const *y)
{
    return same_xmm(x, y) && x->mxcsr == y->mxcsr && x->control == y->control && x->st0 == y->st0;
}

/* ---- one state for each thread ---- */

struct sleeper {
    unsigned seed;
    volatile unsigned good, bad;
};

static void sleep_with_state(void *arg)
{
    struct sleeper *s = arg;
    struct fpu_state before = {0}, after = {0};
    struct fpu_call c = {.in = &before, .out = &after, .dest = L4_INVALID_CAP, .flags = RECV};

    for (unsigned i = 0; i < ROUNDS; i++) {
        make_state(&before, s->seed + i);
        c.tag = tag(0, 0);
        c.timeout = l4_timeout(L4_IPC_TIMEOUT_NEVER, l4_timeout_from_us(SLEEP_US));
        fpu_call(&c);
        if (same(&before, &after))
            s->good++;
        else
            s->bad++;
    }
}

static void interleaved(void)
{
    static struct sleeper s[4];

    for (unsigned i = 0; i < 4; i++)
        s[i] = (struct sleeper){.seed = 20 * i};
    worker_run(a, sleep_with_state, &s[0]);
    worker_run(b, sleep_with_state, &s[1]);
    worker_run(d, sleep_with_state, &s[2]);
    sleep_with_state(&s[3]);
    for (unsigned i = 0; i < 200 && !(a->done && b->done && d->done); i++)
        l4_ipc_sleep_ms(10);
    for (unsigned i = 0; i < 4; i++) {
        expect("good", s[i].good, ROUNDS);
        expect("bad", s[i].bad, 0);
    }
}

/* Threads that never enter the kernel by themselves are switched by the timer. */
static void spin_with_state(void *arg)
{
    struct sleeper *s = arg;
    unsigned long v = s->seed, w;

    for (;;) {
        __asm__ volatile("movq %1, %%xmm7\n\tmovl $2000, %%ecx\n1:\tdecl %%ecx\n\tjnz 1b\n\t"
                         "movq %%xmm7, %0"
                         : "=r"(w)
                         : "r"(v)
                         : "ecx", "xmm7", "cc");
        if (w == v)
            s->good++;
        else
            s->bad++;
    }
}

static void preempted(void)
{
    l4_sched_param_t low = l4_sched_param(PRIO_MAIN - 2, 1000);
    static struct sleeper s[2];

    s[0] = (struct sleeper){.seed = 0x111};
    s[1] = (struct sleeper){.seed = 0x222};
    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, a->thread, &low);
    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, b->thread, &low);
    worker_run(a, spin_with_state, &s[0]);
    worker_run(b, spin_with_state, &s[1]);
    for (unsigned i = 0; i < 50 && (i < 8 || !s[0].good || !s[1].good); i++)
        l4_ipc_sleep_ms(10);
    for (unsigned i = 0; i < 2; i++) {
        expect("good", s[i].good != 0, 1);
        expect("bad", s[i].bad, 0);
    }
    worker_reset(a);
    worker_reset(b);
}

/* Entry of a thread: what is in the registers before its first instruction of that kind. */
static void look_first(void *arg)
{
    register struct fpu_state *out __asm__("r13") = arg;

    __asm__ volatile(MOVE16(STORE_XMM) "stmxcsr 256(%%r13)\n\tfnstcw 260(%%r13)" ::"r"(out)
                     : "memory");
    for (;;)
        l4_ipc_sleep(L4_IPC_NEVER);
}

static void use(void *arg)
{
    struct fpu_call c = {.in = arg, .dest = L4_INVALID_CAP, .flags = RECV};

    c.timeout = L4_IPC_BOTH_TIMEOUT_0;
    fpu_call(&c);
}

/* What others computed is not seen by a thread that uses the FPU for the first time. */
static void clean_start(void)
{
    static struct fpu_state secret, seen;
    struct fpu_state none = {.mxcsr = 0x1f80, .control = 0x37f};
    static char stack[4096] __attribute__((aligned(16)));
    static struct quire_thread t = {.entry = look_first, .arg = &seen};

    make_state(&secret, 77);
    worker_run(a, use, &secret);
    memset(&seen, 0xff, sizeof(seen));
    expect_label("thread",
                 quire_thread_create(&t, stack, sizeof(stack), PRIO_WORKER, L4_BASE_PAGER_CAP), 0);
    l4_thread_switch(t.cap); /* it need not have run yet */
    expect("SSE control", seen.mxcsr, none.mxcsr);
    expect("x87 control", seen.control, none.control);
    expect("registers", memcmp(seen.xmm, none.xmm, sizeof(none.xmm)) != 0, 0);
    delete_object(t.cap);
}

/* ---- transfer with a message ---- */

static struct fpu_state sent, received;

static void receive_state(void *arg)
{
    struct worker *w = arg;
    struct fpu_state own;
    struct fpu_call c = {.in = &own, .out = &received, .dest = L4_INVALID_CAP, .flags = WAIT};

    make_state(&own, 50);
    c.bdr = w->arguments[0];
    fpu_call(&c);
}

/* What arrives at d: the sender's state or its own. */
static void transfer(l4_cap_idx_t dest, unsigned flags, l4_umword_t bdr, int wanted)
{
    struct fpu_call c = {
        .in = &sent, .dest = dest, .flags = SEND, .tag = l4_msgtag(5, 0, 0, flags)};
    struct fpu_state own;

    make_state(&sent, 30);
    make_state(&own, 50);
    memset(&received, 0, sizeof(received));
    d->arguments[0] = bdr;
    worker_run(d, receive_state, d);
    fpu_call(&c);
    expect("done", (unsigned long)d->done, 1);
    expect("sender's state", (unsigned long)same(&received, &sent), (unsigned long)wanted);
    expect("own state", (unsigned long)same(&received, &own), (unsigned long)!wanted);
}

static void by_wish_of_both(void)
{
    transfer(d->thread, L4_MSGTAG_TRANSFER_FPU, L4_UTCB_INHERIT_FPU, 1);
    transfer(d->thread, 0, L4_UTCB_INHERIT_FPU, 0);
    transfer(d->thread, L4_MSGTAG_TRANSFER_FPU, 0, 0);
    transfer(d->thread, L4_MSGTAG_TRANSFER_FPU, L4_UTCB_INHERIT_FPU, 1);
}

static void not_without_right(void)
{
    l4_cap_idx_t weak = l4re_util_cap_alloc();

    l4_task_map(L4_BASE_TASK_CAP, L4_BASE_TASK_CAP, l4_obj_fpage(d->thread, 0, L4_CAP_FPAGE_RW),
                weak);
    transfer(weak, L4_MSGTAG_TRANSFER_FPU, L4_UTCB_INHERIT_FPU, 0);
    l4re_util_cap_free_um(weak);
}

/* ---- transfer with an exception ---- */

enum { UD2_SIZE = 2 };
static struct fpu_state at_trap, seen_by_handler, changed, after_trap;
static unsigned reply_flags;

/* a is the handler: takes one exception, changes the state, answers. */
static void handle_one(void *arg)
{
    struct fpu_call c = {.out = &seen_by_handler, .dest = L4_INVALID_CAP, .flags = WAIT};
    l4_exc_regs_t *r = l4_utcb_exc();

    (void)arg;
    c.bdr = L4_UTCB_INHERIT_FPU;
    fpu_call(&c);
    r->ip += UD2_SIZE;
    c = (struct fpu_call){.in = &changed, .dest = L4_INVALID_CAP, .flags = REPLY};
    c.tag = l4_msgtag(0, EXC_WORDS, 0, reply_flags);
    c.timeout = L4_IPC_BOTH_TIMEOUT_0;
    fpu_call(&c);
}

static void trap_with_state(void *arg)
{
    register struct fpu_state *in __asm__("r12") = &at_trap;
    register struct fpu_state *out __asm__("r13") = &after_trap;

    (void)arg;
    __asm__ volatile(MOVE16(LOAD_XMM) "ud2\n\t" MOVE16(STORE_XMM)
                     :
                     : "r"(in), "r"(out)
                     : "memory", ALL_XMM);
}

/* rights: of the handler's capability in d. */
static void exception(unsigned rights, unsigned flags, int there, int back)
{
    l4_task_map(d->task, L4_BASE_TASK_CAP, l4_obj_fpage(a->thread, 0, (unsigned char)rights),
                CHILD_SLOT | L4_FPAGE_C_OBJ_RIGHTS);
    l4_thread_control_start();
    l4_thread_control_exc_handler(CHILD_SLOT);
    expect_label("handler", l4_error(l4_thread_control_commit(d->thread)), 0);
    make_state(&at_trap, 60);
    make_state(&changed, 70);
    memset(&seen_by_handler, 0, sizeof(seen_by_handler));
    memset(&after_trap, 0, sizeof(after_trap));
    reply_flags = flags;
    worker_run(a, handle_one, 0);
    worker_run(d, trap_with_state, 0);
    expect("done", (unsigned long)d->done, 1);
    expect("state at the handler", (unsigned long)same_xmm(&seen_by_handler, &at_trap),
           (unsigned long)there);
    expect("changed state back", (unsigned long)same_xmm(&after_trap, &changed),
           (unsigned long)back);
    if (!there)
        expect("own state kept", (unsigned long)same_xmm(&after_trap, &at_trap), 1);
    l4_thread_control_start();
    l4_thread_control_exc_handler(CHILD_PAGER);
    l4_thread_control_commit(d->thread);
    l4_task_unmap(d->task, l4_obj_fpage(CHILD_SLOT, 0, L4_CAP_FPAGE_RWSD), L4_FP_ALL_SPACES);
}

static void with_exception(void)
{
    exception(L4_CAP_FPAGE_RWS, L4_MSGTAG_TRANSFER_FPU, 1, 1);
    exception(L4_CAP_FPAGE_RWS, 0, 1, 0);
    exception(L4_CAP_FPAGE_RW, L4_MSGTAG_TRANSFER_FPU, 0, 0);
}

static void invariants(void) { expect_label("check", kernel_check(), 0); }

static struct test_case const cases[] = {
    {"FPU", "states of four threads, interleaved by sleeping", interleaved},
    {"FPU", "states of two threads, interleaved by the timer", preempted},
    {"FPU", "a new thread sees nothing of others", clean_start},
    {"I-66", "the state goes with a message if both want it", by_wish_of_both},
    {"I-66", "not through a capability without the S right", not_without_right},
    {"I-62", "the state goes to the exception handler and back", with_exception},
    {"FPU", "the kernel's invariants hold after all that", invariants},
};

int main(void)
{
    a = worker_new(0);
    b = worker_new(0);
    d = worker_new(1);
    test_setup = setup;
    return TEST_RUN(cases);
}
