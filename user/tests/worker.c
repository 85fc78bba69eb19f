/* SPDX-License-Identifier: MIT */
/* Partner threads of the test programs, see worker.h.  Called by t_*.c; calls kernel objects. */
#include "worker.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/re/env.h>
#include <l4/sys/factory.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>
#include <quire/io.h>
#include <quire/program.h>
#include <quire/string.h>

enum { MAX_WORKERS = 24, STACK_SIZE = 4096 };
#define CHILD_UTCB 0xb3000000UL

extern char image_start[], image_end[];
extern char quire_thread_entry[], quire_probe_fault[], quire_probe_exec_return[];
int quire_probe_read(l4_addr_t address, unsigned long *value);
int quire_probe_write(l4_addr_t address, unsigned long value);
int quire_probe_exec(l4_addr_t address);

struct pager_state pager_seen;

static struct worker workers[MAX_WORKERS];
static unsigned n_workers;
static char stacks[MAX_WORKERS][STACK_SIZE] __attribute__((aligned(4096)));
static char pager_stack[STACK_SIZE] __attribute__((aligned(16)));
static struct quire_thread pager_thread;

static void must(char const *what, long err)
{
    if (err >= 0)
        return;
    printf("cannot set up the test: %s: %s\n", what, l4sys_errtostr(err));
    exit(1);
}

/* ---- one system call ---- */

void ipc_init(struct ipc *x, l4_cap_idx_t dest, l4_umword_t flags, l4_msgtag_t tag,
              l4_timeout_t timeout)
{
    memset(x, 0, sizeof(*x));
    x->dest = dest;
    x->flags = flags;
    x->tag = tag;
    x->timeout = timeout;
    for (unsigned i = 0; i < L4_UTCB_GENERIC_DATA_SIZE; i++)
        x->msg.mr[i] = FILL + i;
}

void ipc_do(struct ipc *x)
{
    l4_utcb_t *u = l4_utcb();

    u->msg = x->msg;
    u->buf = x->buf;
    x->tag = l4_ipc(x->dest, u, x->flags, x->label, x->tag, &x->label, x->timeout);
    x->msg = u->msg;
    x->buf = u->buf;
    x->error = l4_ipc_error(x->tag, u);
}

/* ---- pager and exception handler of the workers ---- */

void pager_reset(void)
{
    memset(&pager_seen, 0, sizeof(pager_seen));
    pager_seen.answer = l4_msgtag(-L4_EFAULT, 0, 0, 0);
}

/* Lets a probe function return 0: by its own fault or by one of the code it called. */
static l4_msgtag_t on_exception(l4_exc_regs_t *r)
{
    pager_seen.exceptions++;
    pager_seen.regs = *r;
    if (pager_seen.on_exception)
        return pager_seen.on_exception(r);
    if (r->sp < (l4_addr_t)image_start || r->sp >= (l4_addr_t)image_end)
        r->sp = r->r8;
    if (*(l4_umword_t *)r->sp == (l4_umword_t)quire_probe_exec_return)
        r->sp += sizeof(l4_umword_t);
    r->ip = pager_seen.resume ? pager_seen.resume : (l4_addr_t)quire_probe_fault;
    r->flags &= ~(l4_umword_t)(FLAG_TRACE | FLAG_DIRECTION | FLAG_ALIGN);
    return l4_msgtag(0, (unsigned)L4_UTCB_EXCEPTION_REGS_SIZE, 0, 0);
}

static l4_msgtag_t on_page_fault(l4_utcb_t *u)
{
    pager_seen.faults++;
    pager_seen.mr0 = u->msg.mr[0];
    pager_seen.mr1 = u->msg.mr[1];
    if (l4_msgtag_items(pager_seen.answer))
        l4_snd_fpage_put_u(u, 0, pager_seen.item);
    return pager_seen.answer;
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
        pager_seen.tag = tag;
        pager_seen.label = label;
        tag = l4_msgtag_is_exception(tag) ? on_exception(l4_utcb_exc_u(u)) : on_page_fault(u);
        tag = l4_ipc_reply_and_wait(u, tag, &label, L4_IPC_SEND_TIMEOUT_0);
    }
}

/* ---- workers ---- */

/* Waits for an order of the main thread, does it, says so. */
static void worker_loop(void *arg)
{
    struct worker *w = arg;

    for (;;) {
        ipc_init(&w->order, w->main_thread, L4_SYSF_RECV, l4_msgtag(0, 0, 0, 0), L4_IPC_NEVER);
        ipc_do(&w->order);
        if (w->order.error)
            continue;
        w->fn(w->arg);
        w->done = 1;
    }
}

static l4_umword_t *worker_stack(struct worker *w)
{
    l4_umword_t *sp = (l4_umword_t *)(void *)(stacks[w - workers] + STACK_SIZE) - 2;

    sp[0] = (l4_umword_t)w;
    sp[1] = (l4_umword_t)worker_loop;
    return sp;
}

static l4_cap_idx_t new_slot(void)
{
    l4_cap_idx_t slot = l4re_util_cap_alloc();

    must("capability slot", l4_is_valid_cap(slot) ? 0 : -L4_ENOMEM);
    return slot;
}

static void give(l4_cap_idx_t task, l4_cap_idx_t slot, l4_cap_idx_t cap)
{
    must("giving a capability",
         l4_error(l4_task_map(task, L4_BASE_TASK_CAP, l4_obj_fpage(cap, 0, L4_CAP_FPAGE_RWS),
                              slot | L4_FPAGE_C_OBJ_RIGHTS)));
}

/* A task that sees this image at the same place. */
static void create_task(struct worker *w)
{
    l4_fpage_t utcbs = l4_fpage(CHILD_UTCB, L4_PAGESHIFT, L4_FPAGE_RW);

    w->task = new_slot();
    w->utcb = (l4_utcb_t *)CHILD_UTCB;
    w->main_thread = CHILD_MAIN;
    must("task", l4_error(l4_factory_create_task(L4_BASE_FACTORY_CAP, w->task, &utcbs)));
    for (char *p = image_start; p < image_end; p += L4_PAGESIZE) {
        l4_fpage_t fp = l4_fpage((l4_addr_t)p, L4_PAGESHIFT, L4_FPAGE_RWX);

        must("mapping the image",
             l4_error(l4_task_map(w->task, L4_BASE_TASK_CAP, fp, (l4_addr_t)p)));
    }
    give(w->task, L4_BASE_TASK_CAP, w->task);
    give(w->task, CHILD_MAIN, L4_BASE_THREAD_CAP);
    give(w->task, CHILD_PAGER, pager_thread.cap);
}

/*
 * Has sigma0 map the whole image now: our pager refuses page faults, and only what is mapped here
 * can be mapped on.  Reading is enough, and a loader may have made the code read-only.
 */
static void touch_image(void)
{
    for (volatile char *p = image_start; p < (volatile char *)image_end; p += L4_PAGESIZE)
        (void)*p;
}

static void start_pager(void)
{
    l4_sched_param_t sched = l4_sched_param(PRIO_MAIN, 0);

    touch_image();
    must("priority",
         l4_error(l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, L4_BASE_THREAD_CAP, &sched)));
    pager_reset();
    pager_thread.entry = pager_loop;
    must("pager", quire_thread_create(&pager_thread, pager_stack, sizeof(pager_stack), PRIO_PAGER,
                                      L4_BASE_PAGER_CAP));
}

/*
 * ex_regs makes a thread ready and need not let it run at once; a cancelled one is still in its old system
 * call until then (I-42).  So it gets the processor: afterwards it waits for an order.
 */
static void let_run(struct worker *w) { must("switch", l4_error(l4_thread_switch(w->thread))); }

struct worker *worker_new(int own_task)
{
    l4_sched_param_t sched = l4_sched_param(PRIO_WORKER, 0);
    struct worker *w = &workers[n_workers++];
    l4_cap_idx_t handler;

    if (n_workers > MAX_WORKERS)
        must("number of workers", -L4_ENOMEM);
    if (!pager_thread.entry)
        start_pager();
    w->own_task = own_task;
    if (own_task) {
        create_task(w);
        handler = CHILD_PAGER;
    } else {
        w->task = L4_BASE_TASK_CAP;
        w->utcb = quire_utcb_alloc();
        w->main_thread = L4_BASE_THREAD_CAP;
        handler = pager_thread.cap;
        must("UTCB", w->utcb ? 0 : -L4_ENOMEM);
    }
    w->thread = new_slot();
    must("thread", l4_error(l4_factory_create_thread(L4_BASE_FACTORY_CAP, w->thread)));
    l4_thread_control_start();
    l4_thread_control_pager(handler);
    l4_thread_control_exc_handler(handler);
    l4_thread_control_bind(w->utcb, w->task);
    must("bind", l4_error(l4_thread_control_commit(w->thread)));
    must("run", l4_error(l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, w->thread, &sched)));
    must("start", l4_error(l4_thread_ex_regs(w->thread, (l4_addr_t)quire_thread_entry,
                                             (l4_addr_t)worker_stack(w), 0)));
    let_run(w);
    return w;
}

void worker_run(struct worker *w, void (*fn)(void *), void *arg)
{
    struct ipc x;

    w->fn = fn;
    w->arg = arg;
    w->done = 0;
    ipc_init(&x, w->thread, L4_SYSF_SEND, l4_msgtag(0, 0, 0, 0), L4_IPC_BOTH_TIMEOUT_0);
    ipc_do(&x);
    if (x.error)
        must("order to a worker", l4_ipc_to_errno(x.error));
}

static void do_ipc(void *arg) { ipc_do(arg); }

int worker_ipc(struct worker *w)
{
    worker_run(w, do_ipc, &w->x);
    return w->done;
}

void worker_reset(struct worker *w)
{
    must("reset",
         l4_error(l4_thread_ex_regs(w->thread, (l4_addr_t)quire_thread_entry,
                                    (l4_addr_t)worker_stack(w), L4_THREAD_EX_REGS_CANCEL)));
    let_run(w);
}

void worker_cancel(struct worker *w)
{
    must("cancel", l4_error(l4_thread_ex_regs(w->thread, ~0UL, ~0UL, L4_THREAD_EX_REGS_CANCEL)));
    let_run(w);
}

void worker_kill(struct worker *w)
{
    l4_task_delete_obj(L4_BASE_TASK_CAP, w->thread);
    if (w->own_task)
        l4_task_delete_obj(L4_BASE_TASK_CAP, w->task);
    /* The victim dies when it is next scheduled (I-42): give it the processor. */
    l4_ipc_sleep_us(2000);
}

/* ---- accesses ---- */

static void do_read(void *arg)
{
    struct worker *w = arg;

    w->result = (unsigned long)quire_probe_read(w->arguments[0], &w->arguments[1]);
}

static void do_write(void *arg)
{
    struct worker *w = arg;

    w->result = (unsigned long)quire_probe_write(w->arguments[0], w->arguments[1]);
}

static void do_exec(void *arg)
{
    struct worker *w = arg;

    w->result = (unsigned long)quire_probe_exec(w->arguments[0]);
}

static int probe(struct worker *w, void (*fn)(void *), l4_addr_t address, unsigned long value)
{
    w->arguments[0] = address;
    w->arguments[1] = value;
    worker_run(w, fn, w);
    must("access by a worker", w->done ? 0 : -L4_ENOREPLY);
    return (int)w->result;
}

int worker_read(struct worker *w, l4_addr_t address, unsigned long *value)
{
    int done = probe(w, do_read, address, 0);

    if (done && value)
        *value = w->arguments[1];
    return done;
}

int worker_write(struct worker *w, l4_addr_t address, unsigned long value)
{
    return probe(w, do_write, address, value);
}

int worker_exec(struct worker *w, l4_addr_t address) { return probe(w, do_exec, address, 0); }

unsigned worker_rights(struct worker *w, l4_addr_t page)
{
    unsigned rights = 0;

    if (worker_read(w, page, NULL))
        rights |= L4_FPAGE_RO;
    if (worker_write(w, page + 2 * sizeof(long), 0))
        rights |= L4_FPAGE_W;
    if (worker_exec(w, page + sizeof(long)))
        rights |= L4_FPAGE_X;
    return rights;
}
