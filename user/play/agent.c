/* SPDX-License-Identifier: MIT */
/* Helper threads, see agent.h.  What runs in other tasks is in section play_code and calls nothing. */
#include "agent.h"

#include <l4/sys/factory.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>
#include <quire/program.h>
#include <quire/string.h>

enum { PRIO_MAIN = 10, PRIO_AGENT = 20, PRIO_PAGER = 30, STACK_WORDS = 256 };
/* Of the root task: helpers, the same without the S right, tasks (weak). */
enum { SLOT_THREADS = 0x900, SLOT_WEAK_THREADS = 0x910, SLOT_TASKS = 0x920 };
enum { OP_READ, OP_WRITE, OP_EXEC, OP_IN, OP_OUT, OP_RECEIVE, OP_SEND };

#define IN_TASKS __attribute__((section("play_code"), noinline, flatten, used))

/* One page, shared with the task; the stack grows down from its end. */
static struct agent {
    l4_cap_idx_t main, dest;
    volatile unsigned op; /* read again for each comparison: a jump table would lie elsewhere */
    volatile int done;
    unsigned long at, value, result;
    struct agent_message m;
    l4_umword_t stack[STACK_WORDS];
} __attribute__((aligned(4096))) agents[N_SPACES];
_Static_assert(sizeof(struct agent) == 4096, "one page for each task");

static l4_utcb_t *root_utcb;
static struct quire_thread pager;
static char pager_stack[4096] __attribute__((aligned(16)));
static struct agent_fault fault;

extern char __start_play_code[], __stop_play_code[];
extern char play_entry[], play_fault[], play_exec_return[];
unsigned long play_read(unsigned long at, unsigned long *value);
unsigned long play_write(unsigned long at, unsigned long value);
unsigned long play_exec(unsigned long at);
unsigned long play_in(unsigned long port, unsigned long *value);
unsigned long play_out(unsigned long port, unsigned long value);

/* A fault lets the thread go on at play_fault with the stack pointer of the function's entry. */
__asm__(".pushsection play_code, \"ax\", @progbits\n"
        "play_entry: pop %rdi\n"
        "    and $-16, %rsp\n"
        "    xor %ebp, %ebp\n"
        "    call play_loop\n"
        "    ud2\n"
        "play_read: mov (%rdi), %rax\n"
        "    mov %rax, (%rsi)\n"
        "    mov $1, %eax\n"
        "    ret\n"
        "play_write: mov %rsi, (%rdi)\n"
        "    mov $1, %eax\n"
        "    ret\n"
        "play_exec: call *%rdi\n"
        "play_exec_return: mov $1, %eax\n"
        "    ret\n"
        "play_in: mov %edi, %edx\n"
        "    xor %eax, %eax\n"
        "    in %dx, %al\n"
        "    mov %rax, (%rsi)\n"
        "    mov $1, %eax\n"
        "    ret\n"
        "play_out: mov %edi, %edx\n"
        "    mov %esi, %eax\n"
        "    out %al, %dx\n"
        "    mov $1, %eax\n"
        "    ret\n"
        "play_fault: xor %eax, %eax\n"
        "    ret\n"
        ".popsection\n");

/* ---- in the tasks ---- */

#define COPY(to, from)                                                                             \
    do {                                                                                           \
        void *to_ = &(to);                                                                         \
        void const *from_ = &(from);                                                               \
        unsigned long n_ = sizeof(to) / 8;                                                         \
        __asm__ volatile("rep movsq" : "+D"(to_), "+S"(from_), "+c"(n_)::"memory");                \
    } while (0)

void play_loop(struct agent *a);
IN_TASKS static void agent_ipc(struct agent *a, l4_umword_t flags, l4_timeout_t timeout)
{
    l4_utcb_t *u = l4_utcb();

    COPY(u->msg, a->m.msg);
    COPY(u->buf, a->m.buf);
    a->m.tag = l4_ipc(a->dest, u, flags, 0, a->m.tag, &a->m.label, timeout);
    COPY(a->m.msg, u->msg);
    a->m.error = a->m.tag.raw & L4_MSGTAG_ERROR ? u->tcr.error & L4_IPC_ERROR_MASK : 0;
    a->m.done = 1;
}

IN_TASKS void play_loop(struct agent *a)
{
    for (;;) {
        l4_umword_t label;
        l4_msgtag_t none = {0}, tag;

        tag = l4_ipc(a->main, l4_utcb(), L4_SYSF_RECV, 0, none, &label, L4_IPC_NEVER);
        if (tag.raw & L4_MSGTAG_ERROR)
            continue;
        if (a->op == OP_READ)
            a->result = play_read(a->at, &a->value);
        else if (a->op == OP_WRITE)
            a->result = play_write(a->at, a->value);
        else if (a->op == OP_EXEC)
            a->result = play_exec(a->at);
        else if (a->op == OP_IN)
            a->result = play_in(a->at, &a->value);
        else if (a->op == OP_OUT)
            a->result = play_out(a->at, a->value);
        else if (a->op == OP_RECEIVE)
            agent_ipc(a, L4_SYSF_WAIT, L4_IPC_NEVER);
        else
            agent_ipc(a, L4_SYSF_SEND, L4_IPC_BOTH_TIMEOUT_0);
        a->done = 1;
    }
}

/* ---- faults ---- */

static void on_exception(l4_exc_regs_t *r)
{
    fault.any = 1;
    fault.trap = (unsigned)r->trapno;
    /* An instruction fetch faults with the return address of the call on the stack. */
    if (r->sp >= (l4_addr_t)agents && r->sp < (l4_addr_t)(agents + N_SPACES) &&
        *(l4_umword_t *)r->sp == (l4_umword_t)play_exec_return)
        r->sp += sizeof(l4_umword_t);
    r->ip = (l4_addr_t)play_fault;
}

static void pager_loop(void *unused)
{
    l4_utcb_t *u = l4_utcb();
    l4_umword_t label;
    l4_msgtag_t tag = l4_ipc_wait(u, &label, L4_IPC_NEVER);

    (void)unused;
    for (;;) {
        if (l4_msgtag_has_error(tag)) {
            tag = l4_ipc_wait(u, &label, L4_IPC_NEVER);
            continue;
        }
        if (l4_msgtag_is_exception(tag)) {
            on_exception(l4_utcb_exc_u(u));
            tag = l4_msgtag(0, (unsigned)L4_UTCB_EXCEPTION_REGS_SIZE, 0, 0);
        } else {
            fault.address = u->msg.mr[0] & ~7UL;
            fault.reason = u->msg.mr[0] & 7;
            tag = l4_msgtag(-L4_EFAULT, 0, 0, 0);
        }
        tag = l4_ipc_reply_and_wait(u, tag, &label, L4_IPC_SEND_TIMEOUT_0);
    }
}

struct agent_fault const *agent_last_fault(void) { return &fault; }

/* ---- orders ---- */

l4_cap_idx_t agent_thread(unsigned space)
{
    return (l4_cap_idx_t)(SLOT_THREADS + space) << L4_CAP_SHIFT;
}

l4_cap_idx_t agent_task(unsigned space)
{
    return space == ROOT ? (l4_cap_idx_t)L4_BASE_TASK_CAP
                         : (l4_cap_idx_t)(SLOT_TASKS + space) << L4_CAP_SHIFT;
}

static void order(unsigned space, unsigned op)
{
    agents[space].op = op;
    agents[space].done = 0;
    l4_ipc_send(agent_thread(space), l4_utcb(), l4_msgtag(0, 0, 0, 0), L4_IPC_BOTH_TIMEOUT_0);
}

static l4_addr_t stack_of(unsigned space)
{
    l4_umword_t *sp = &agents[space].stack[STACK_WORDS - 2];

    sp[0] = (l4_umword_t)&agents[space];
    return (l4_addr_t)sp;
}

/* Break off what the helper does and let it wait for orders. */
static void reset(unsigned space)
{
    l4_thread_ex_regs(agent_thread(space), (l4_addr_t)play_entry, stack_of(space),
                      L4_THREAD_EX_REGS_CANCEL);
}

static int access(unsigned space, unsigned op, unsigned long at, unsigned long *value)
{
    struct agent *a = &agents[space];

    fault = (struct agent_fault){0};
    a->at = at;
    a->value = *value;
    order(space, op);
    if (!a->done) {
        reset(space);
        return 0;
    }
    *value = a->value;
    return (int)a->result;
}

int agent_read(unsigned space, l4_addr_t at, unsigned long *value)
{
    return access(space, OP_READ, at, value);
}

int agent_write(unsigned space, l4_addr_t at, unsigned long value)
{
    return access(space, OP_WRITE, at, &value);
}

int agent_exec(unsigned space, l4_addr_t at)
{
    unsigned long unused = 0;

    return access(space, OP_EXEC, at, &unused);
}

int agent_in(unsigned space, unsigned port, unsigned long *value)
{
    return access(space, OP_IN, port, value);
}

int agent_out(unsigned space, unsigned port, unsigned long value)
{
    return access(space, OP_OUT, port, &value);
}

static void fill(struct agent_message *m, unsigned from)
{
    for (unsigned i = from; i < L4_UTCB_GENERIC_DATA_SIZE; i++)
        m->msg.mr[i] = AGENT_FILL + i;
}

void agent_receive(unsigned space, struct agent_message const *m)
{
    agents[space].m = *m;
    fill(&agents[space].m, 0);
    agents[space].m.done = 0;
    agents[space].dest = L4_INVALID_CAP;
    order(space, OP_RECEIVE);
}

void agent_received(unsigned space, struct agent_message *m)
{
    *m = agents[space].m;
    if (!agents[space].done)
        reset(space);
}

void agent_send(unsigned space, l4_cap_idx_t dest, struct agent_message *m)
{
    l4_utcb_t *u = l4_utcb();

    if (space != ROOT) {
        agents[space].m = *m;
        agents[space].dest = dest;
        order(space, OP_SEND);
        *m = agents[space].m;
        if (!agents[space].done)
            reset(space);
        return;
    }
    u->msg = m->msg;
    m->tag = l4_ipc(dest, u, L4_SYSF_SEND, 0, m->tag, &m->label, L4_IPC_BOTH_TIMEOUT_0);
    m->error = l4_ipc_error(m->tag, u);
    m->done = 1;
}

/* ---- making and ending helpers ---- */

static int give(l4_cap_idx_t task, unsigned slot, l4_cap_idx_t cap, unsigned char rights)
{
    return (int)l4_error(l4_task_map(task, L4_BASE_TASK_CAP, l4_obj_fpage(cap, 0, rights),
                                     (l4_umword_t)slot << L4_CAP_SHIFT));
}

int agent_introduce(unsigned from, unsigned to, unsigned char rights, l4_cap_idx_t *slot)
{
    unsigned n = (rights & L4_CAP_FPAGE_S ? SLOT_PEER : SLOT_WEAK_PEER) + to;

    *slot = (l4_cap_idx_t)n << L4_CAP_SHIFT;
    if (from == ROOT && rights & L4_CAP_FPAGE_S) {
        *slot = agent_thread(to);
        return 0;
    }
    if (from == ROOT)
        *slot = (l4_cap_idx_t)(SLOT_WEAK_THREADS + to) << L4_CAP_SHIFT;
    return give(agent_task(from), (unsigned)(*slot >> L4_CAP_SHIFT), agent_thread(to), rights);
}

static int map_page(l4_cap_idx_t task, l4_addr_t at, unsigned char rights)
{
    l4_fpage_t page = l4_fpage(at, L4_PAGESHIFT, rights);

    return (int)l4_error(l4_task_map(task, L4_BASE_TASK_CAP, page, at));
}

/* What a new task needs to run the helper; and a weak capability of it for us. */
static int furnish(unsigned space, l4_cap_idx_t task)
{
    l4_addr_t end = l4_round_page((l4_addr_t)__stop_play_code);
    l4_umword_t spot = agent_task(space) | L4_FPAGE_C_NO_REF_CNT | L4_FPAGE_C_OBJ_RIGHTS;
    l4_fpage_t cap = l4_obj_fpage(task, 0, L4_CAP_FPAGE_RWS);
    int err = (int)l4_error(l4_task_map(L4_BASE_TASK_CAP, L4_BASE_TASK_CAP, cap, spot));

    for (l4_addr_t at = l4_trunc_page((l4_addr_t)__start_play_code); at < end && !err;
         at += L4_PAGESIZE)
        err = map_page(task, at, L4_FPAGE_RX);
    if (!err)
        err = map_page(task, (l4_addr_t)&agents[space], L4_FPAGE_RW);
    if (!err)
        err = give(task, SLOT_MAIN, L4_BASE_THREAD_CAP, L4_CAP_FPAGE_RWS);
    return err ? err : give(task, SLOT_PAGER, pager.cap, L4_CAP_FPAGE_RWS);
}

static int run(unsigned space, l4_cap_idx_t task, l4_cap_idx_t handler)
{
    l4_sched_param_t sched = l4_sched_param(PRIO_AGENT, 0);
    l4_cap_idx_t thread = agent_thread(space);
    l4_utcb_t *utcb = space == ROOT ? root_utcb : (l4_utcb_t *)AGENT_UTCB;
    long err = l4_error(l4_factory_create_thread(L4_BASE_FACTORY_CAP, thread));

    if (err)
        return (int)err;
    l4_thread_control_start();
    l4_thread_control_pager(handler);
    l4_thread_control_exc_handler(handler);
    l4_thread_control_bind(utcb, task);
    err = l4_error(l4_thread_control_commit(thread));
    if (err >= 0)
        err = l4_error(l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, thread, &sched));
    if (err >= 0)
        err = l4_error(l4_thread_ex_regs(thread, (l4_addr_t)play_entry, stack_of(space), 0));
    return err < 0 ? (int)err : 0;
}

int agent_start(unsigned space, l4_cap_idx_t task)
{
    l4_cap_idx_t handler = (l4_cap_idx_t)SLOT_PAGER << L4_CAP_SHIFT;
    int err;

    memset(&agents[space], 0, sizeof(agents[space]));
    agents[space].main = (l4_cap_idx_t)SLOT_MAIN << L4_CAP_SHIFT;
    err = furnish(space, task);
    if (!err)
        err = run(space, task, handler);
    if (err)
        agent_stop(space);
    return err;
}

void agent_stop(unsigned space)
{
    l4_task_delete_obj(L4_BASE_TASK_CAP, agent_thread(space));
    /* The thread ends when it would run next (I-42): give it the processor. */
    l4_ipc_sleep_us(1000);
}

/* sigma0 maps the helpers' code to us when we touch it.  Our own helper has another pager: it could not wait for it. */
static void touch_code(void)
{
    for (l4_addr_t at = l4_trunc_page((l4_addr_t)__start_play_code);
         at < (l4_addr_t)__stop_play_code; at += L4_PAGESIZE)
        (void)*(volatile char *)at;
}

int agents_init(void)
{
    l4_sched_param_t sched = l4_sched_param(PRIO_MAIN, 0);
    int err =
        (int)l4_error(l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, L4_BASE_THREAD_CAP, &sched));

    pager.entry = pager_loop;
    if (!err)
        err = quire_thread_create(&pager, pager_stack, sizeof(pager_stack), PRIO_PAGER,
                                  L4_BASE_PAGER_CAP);
    touch_code();
    root_utcb = quire_utcb_alloc();
    agents[ROOT].main = L4_BASE_THREAD_CAP;
    return err ? err : run(ROOT, L4_BASE_TASK_CAP, pager.cap);
}
