/* SPDX-License-Identifier: MIT */
/*
 * Root task of the ring-3 fuzzer, see calls.h: builds the callers' tasks, wakes or replaces callers that stand
 * still or have ended, is their pager, and at the end takes all back and looks at the kernel.
 *
 *   calls=N   system calls in all (default 20000)     seed=S  another run
 *   period=U  microseconds between two looks at the callers (default 1000; more for a kernel that checks itself)
 *
 * Invariants: the callers hold no capability of this task, its threads (but the pager's gate) or its memory
 * beside text and arenas; main thread and pager have the highest priority, so that no caller keeps them out.
 */
#include "args.h"
#include "calls.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sys/factory.h>
#include <l4/sys/rcv_endpoint.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/snd_fpage.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>
#include <quire/io.h>
#include <quire/program.h>
#include <quire/string.h>

enum { PRIO_TOP = 255, PRIO_CALLER = 10, PATIENCE = 4 };
enum {
    QUOTA = 384 << 10,
    LIFE = 6000,
    WARM_UP = 4000,
    CHECK_EVERY = 64,
    LABEL_SHIFT = 4,
    MAX_LOST = 16
};
enum own { OWN_FACTORY, OWN_TASK, OWN_IDLE, OWN_GATE, OWN_UNBOUND, OWN_IRQ, OWN_SEM, N_OWN };

static struct site {
    l4_cap_idx_t own[N_OWN], thread[N_THREADS], pager;
    unsigned long seen[N_THREADS], stuck[N_THREADS];
    unsigned long life; /* calls since the task was made */
    unsigned long lost; /* answers of the pager that could not be delivered since then */
} sites[N_TASKS];

static struct arena *arenas[N_TASKS][N_THREADS];
static char arena_pages[N_TASKS][N_THREADS][L4_PAGESIZE] __attribute__((aligned(4096)));
static unsigned long period_us, total, n_tasks_made, n_threads_made, n_woken, n_checks, n_broken;

extern char image_start[], image_data[], image_end[];

/* ---- the callers' pager ---- */

static char pager_stack[4096] __attribute__((aligned(16)));
static struct quire_thread pager;

static unsigned long n_faults, n_exceptions, n_lost;

/* Text for all, arenas for their task; true: the answer has an item. */
static int resolve(unsigned site, l4_utcb_t *u)
{
    l4_addr_t at = l4_trunc_page(u->msg.mr[0]), from = at;
    unsigned rights = L4_FPAGE_RX;

    if (at >= CALL_ARENA(0) && at < CALL_ARENA(N_THREADS)) {
        from = (l4_addr_t)arena_pages[site][(at - CALL_ARENA(0)) >> L4_PAGESHIFT];
        rights = L4_FPAGE_RW;
    } else if (at < (l4_addr_t)image_start || at >= (l4_addr_t)image_data) {
        return 0;
    }
    l4_snd_fpage_put_u(u, 0, l4_snd_fpage_mem(from, L4_PAGESHIFT, rights, at, 0));
    return 1;
}

/*
 * Who gets no answer stands still until the main thread finds it.  A task whose quota is used up cannot even be given
 * its stacks: an answer with a page fails and its threads fault again, for ever, in the time of all others.  After
 * some such answers it gets none, and the main thread makes it anew.
 */
static void pager_loop(void *unused)
{
    struct site *answered = &sites[0];
    l4_utcb_t *u = l4_utcb();
    l4_umword_t label;
    l4_msgtag_t tag;

    (void)unused;
    u->buf.bdr = 0;
    u->buf.br[0] = 0;
    for (tag = l4_ipc_wait(u, &label, L4_IPC_NEVER);;) {
        unsigned site = (unsigned)(label >> LABEL_SHIFT) - 1;

        if (l4_msgtag_has_error(tag)) {
            n_lost++;
            answered->lost++;
        } else if (l4_msgtag_is_page_fault(tag) && site < N_TASKS && sites[site].lost < MAX_LOST &&
                   resolve(site, u)) {
            n_faults++;
            answered = &sites[site];
            tag = l4_ipc_reply_and_wait(u, l4_msgtag(0, 0, 1, 0), &label, L4_IPC_SEND_TIMEOUT_0);
            continue;
        } else {
            n_exceptions++;
        }
        tag = l4_ipc_wait(u, &label, L4_IPC_NEVER);
    }
}

static void start_pager(void)
{
    l4_sched_param_t sched = l4_sched_param(PRIO_TOP, 0);

    for (volatile char *p = image_start; p < (volatile char *)image_end; p += L4_PAGESIZE)
        (void)*p;
    fuzz_must("priority",
              l4_error(l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, L4_BASE_THREAD_CAP, &sched)));
    pager.entry = pager_loop;
    fuzz_must("pager", quire_thread_create(&pager, pager_stack, sizeof(pager_stack), PRIO_TOP,
                                           L4_BASE_PAGER_CAP));
}

/* ---- the callers' tasks ---- */

/* A slot that holds something is emptied first: the copy would destroy the object in it (M-64). */
static long give(l4_cap_idx_t task, unsigned slot, l4_cap_idx_t cap, unsigned rights)
{
    l4_umword_t at = (l4_umword_t)slot << L4_CAP_SHIFT;

    l4_task_unmap(task, l4_obj_fpage(at, 0, L4_CAP_FPAGE_RWSD), L4_FP_ALL_SPACES);
    return l4_error(l4_task_map(task, L4_BASE_TASK_CAP, l4_obj_fpage(cap, 0, (unsigned char)rights),
                                at | L4_FPAGE_C_OBJ_RIGHTS));
}

static long make_thread(unsigned i, unsigned t)
{
    struct site *s = &sites[i];
    l4_sched_param_t sched = l4_sched_param(PRIO_CALLER, 0);
    l4_utcb_t *utcb = (l4_utcb_t *)(CALL_UTCBS + t * 0x400UL);
    l4_cap_idx_t handler = (l4_cap_idx_t)SLOT_PAGER << L4_CAP_SHIFT;
    long err = l4_error(l4_factory_create_thread(s->own[OWN_FACTORY], s->thread[t]));

    if (err < 0)
        return err;
    n_threads_made++;
    arenas[i][t]->utcb = utcb;
    l4_thread_control_start();
    l4_thread_control_pager(handler);
    l4_thread_control_exc_handler(handler);
    l4_thread_control_bind(utcb, s->own[OWN_TASK]);
    err = l4_error(l4_thread_control_commit(s->thread[t]));
    if (err >= 0)
        err = give(s->own[OWN_TASK],
                   !t       ? SLOT_SELF
                   : t == 1 ? SLOT_THREAD
                            : N_GIVEN_SLOTS + t,
                   s->thread[t], L4_CAP_FPAGE_RWSD);
    if (err >= 0)
        err = l4_error(l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, s->thread[t], &sched));
    if (err >= 0)
        err = l4_error(l4_thread_ex_regs(s->thread[t], (l4_addr_t)(void *)caller_entry,
                                         CALL_ARENA(t) + L4_PAGESIZE, 0));
    return err;
}

static long make_objects(struct site *s)
{
    l4_fpage_t utcbs = l4_fpage(CALL_UTCBS, L4_PAGESHIFT, L4_FPAGE_RW), none = {0};
    l4_cap_idx_t *own = s->own, f = own[OWN_FACTORY];
    long err = l4_error(l4_factory_create_factory(L4_BASE_FACTORY_CAP, f, QUOTA));

    if (err >= 0)
        err = l4_error(l4_factory_create_task(f, own[OWN_TASK], &utcbs));
    if (err >= 0)
        err = l4_error(l4_factory_create_task(f, own[OWN_IDLE], &none));
    if (err >= 0)
        err = l4_error(l4_factory_create_gate(f, own[OWN_UNBOUND], L4_INVALID_CAP, 0));
    if (err >= 0)
        err = l4_error(l4_factory_create_irq(f, own[OWN_IRQ]));
    if (err >= 0)
        err = l4_error(l4_factory_create(f, L4_PROTO_SEMAPHORE, own[OWN_SEM]));
    return err;
}

/*
 * What a task gets beside its threads; neighbours get the task.  The pager's gate comes without S: a
 * caller that binds it to a thread of its own leaves the threads of its site without a pager until the end.
 */
static void connect(unsigned i)
{
    static unsigned char const own_slot[N_OWN] = {SLOT_FACTORY,  SLOT_TASK,         SLOT_IDLE_TASK,
                                                  SLOT_GATE,     SLOT_UNBOUND_GATE, SLOT_IRQ,
                                                  SLOT_SEMAPHORE};
    struct site *s = &sites[i], *left = &sites[(i + N_TASKS - 1) % N_TASKS],
                *right = &sites[(i + 1) % N_TASKS];

    for (unsigned k = 0; k < N_OWN; k++)
        give(s->own[OWN_TASK], own_slot[k], s->own[k], L4_CAP_FPAGE_RWSD);
    give(s->own[OWN_TASK], SLOT_MAIL, s->pager, L4_CAP_FPAGE_RW);
    give(s->own[OWN_TASK], SLOT_SCHEDULER, L4_BASE_SCHEDULER_CAP, L4_CAP_FPAGE_RWS);
    give(s->own[OWN_TASK], SLOT_OTHER_TASK, right->own[OWN_TASK], L4_CAP_FPAGE_RWSD);
    give(s->own[OWN_TASK], SLOT_OTHER_THREAD, right->thread[0], L4_CAP_FPAGE_RWSD);
    give(left->own[OWN_TASK], SLOT_OTHER_TASK, s->own[OWN_TASK], L4_CAP_FPAGE_RWSD);
    give(left->own[OWN_TASK], SLOT_OTHER_THREAD, s->thread[0], L4_CAP_FPAGE_RWSD);
}

static void unmake(unsigned i)
{
    struct site *s = &sites[i];

    for (unsigned t = 0; t < N_THREADS; t++)
        l4_task_delete_obj(L4_BASE_TASK_CAP, s->thread[t]);
    for (unsigned k = N_OWN; k-- > 0;) /* the factory last */
        l4_task_delete_obj(L4_BASE_TASK_CAP, s->own[k]);
}

static void make(unsigned i)
{
    struct site *s = &sites[i];

    n_tasks_made++;
    s->life = s->lost = 0;
    memset(s->stuck, 0, sizeof(s->stuck));
    if (make_objects(s) < 0) /* callers elsewhere may have deleted it already: next time */
        return;
    give(s->own[OWN_TASK], SLOT_PAGER, s->pager, L4_CAP_FPAGE_RW);
    for (unsigned t = 0; t < N_THREADS; t++)
        make_thread(i, t);
    l4_factory_create_gate(s->own[OWN_FACTORY], s->own[OWN_GATE], s->thread[1], 0x40);
    if (l4_error(l4_task_cap_valid(L4_BASE_TASK_CAP, s->own[OWN_IRQ])) > 0)
        l4_rcv_ep_bind_thread(s->own[OWN_IRQ], s->thread[0], 0x80);
    connect(i);
}

/* ---- keeping the callers going ---- */

/* A caller that stands still: wake it, then put another in its place. */
static void attend(unsigned i, unsigned t)
{
    struct site *s = &sites[i];
    struct arena *a = arenas[i][t];
    unsigned long done = a->calls - s->seen[t];

    s->seen[t] = a->calls;
    if (!a->random)
        a->random = total + 1;
    if (done && done < LIFE) {
        total += done;
        s->life += done;
        s->stuck[t] = 0;
        return;
    }
    n_woken++;
    s->stuck[t]++;
    if (s->stuck[t] < PATIENCE &&
        l4_error(l4_thread_ex_regs(s->thread[t], (l4_addr_t)(void *)caller_entry,
                                   CALL_ARENA(t) + L4_PAGESIZE, L4_THREAD_EX_REGS_CANCEL)) >= 0)
        return;
    l4_task_delete_obj(L4_BASE_TASK_CAP, s->thread[t]);
    if (make_thread(i, t) < 0)
        s->life = LIFE; /* no memory left, or the task is gone */
    s->stuck[t] = 0;
}

static void run(unsigned long calls)
{
    unsigned long end = total + calls, periods = 0;

    for (unsigned i = 0; i < N_TASKS; i++)
        make(i);
    while (total < end && !n_broken) {
        l4_ipc_sleep_us((unsigned)period_us);
        if (++periods % CHECK_EVERY == 0) {
            n_checks++;
            n_broken += !fuzz_kernel_check();
        }
        for (unsigned i = 0; i < N_TASKS; i++) {
            for (unsigned t = 0; t < N_THREADS; t++)
                attend(i, t);
            if (sites[i].life >= LIFE || sites[i].lost >= MAX_LOST ||
                l4_error(l4_task_cap_valid(L4_BASE_TASK_CAP, sites[i].own[OWN_TASK])) <= 0) {
                unmake(i);
                make(i);
            }
        }
    }
    for (unsigned i = 0; i < N_TASKS; i++)
        unmake(i);
    l4_ipc_sleep_ms(20); /* who was killed dies when it is next scheduled (I-42) */
}

static void prepare(unsigned long seed)
{
    start_pager();
    for (unsigned i = 0; i < N_TASKS; i++) {
        struct site *s = &sites[i];

        for (unsigned k = 0; k < N_OWN; k++)
            s->own[k] = l4re_util_cap_alloc();
        s->pager = l4re_util_cap_alloc();
        fuzz_must("gate", l4_error(l4_factory_create_gate(L4_BASE_FACTORY_CAP, s->pager, pager.cap,
                                                          (i + 1UL) << LABEL_SHIFT)));
        for (unsigned t = 0; t < N_THREADS; t++) {
            s->thread[t] = l4re_util_cap_alloc();
            arenas[i][t] = (struct arena *)(void *)arena_pages[i][t];
            arenas[i][t]->random = (seed * N_TASKS + i) * N_THREADS * 0x9e3779b97f4a7c15UL + t + 1;
        }
    }
}

int main(void)
{
    unsigned long calls = fuzz_number("calls", 20000), seed = fuzz_number("seed", 1), before, after;
    unsigned long errors = 0, done = 0, spoilt = 0;

    period_us = fuzz_number("period", 1000);
    prepare(seed);
    run(calls < WARM_UP ? calls : WARM_UP);
    before = fuzz_kernel_free();
    total = 0;
    run(calls);
    after = fuzz_kernel_free();
    for (unsigned i = 0; i < N_TASKS * N_THREADS; i++) {
        errors += arenas[i / N_THREADS][i % N_THREADS]->errors;
        done += arenas[i / N_THREADS][i % N_THREADS]->done;
        spoilt += arenas[i / N_THREADS][i % N_THREADS]->spoilt;
    }
    printf("fuzz_calls: seed %lu: %lu calls, %lu succeeded, %lu with IPC errors\n", seed, total,
           done, errors);
    printf("fuzz_calls: %lu tasks and %lu threads made, %lu times woken, %lu faults, %lu lost, %lu "
           "others\n",
           n_tasks_made, n_threads_made, n_woken, n_faults, n_lost, n_exceptions);
    n_broken += !fuzz_kernel_check();
    printf("fuzz_calls: invariants checked %lu times, broken %lu\n", n_checks + 1, n_broken);
    printf("fuzz_calls: registers spoilt: %lu, free kernel memory %lu, before %lu\n", spoilt, after,
           before);
    if (n_broken || total < calls || spoilt || after != before) {
        printf("fuzz_calls: FAIL\n");
        return 1;
    }
    printf("fuzz_calls: ok\n");
    return 0;
}
