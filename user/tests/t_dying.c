/* SPDX-License-Identifier: MIT */
/*
 * The end of a thread for which so many wait, and of an object in so many slots, that the kernel has to interrupt it
 * (rules I-48, I-51, O-34, M-58, M-81).
 *
 * Runs as root task.  Those who wait are N_IRQS interrupt objects: each takes a slot and no thread.
 */
#include "memory.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sys/factory.h>
#include <l4/sys/irq.h>
#include <l4/sys/rcv_endpoint.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>

#include <stddef.h>

#define IRQ_SLOT(i) ((0x4000UL + (i)) << L4_CAP_SHIFT)
#define HOLE 0x60000000UL /* nothing is mapped there */
#define NO_PAGER (0x1ff0UL << L4_CAP_SHIFT)
enum { IRQ_ORDER = 12, N_IRQS = 1 << IRQ_ORDER, LABEL = 0x40 };

static struct worker *receiver;

/* A thread that waits for something else, and all interrupts wait for it. */
static struct worker *victim(void)
{
    struct worker *w = worker_new(1);

    l4_thread_control_start();
    l4_thread_control_pager(NO_PAGER);
    l4_thread_control_commit(w->thread);
    for (unsigned i = 0; i < N_IRQS; i++) {
        l4_factory_create(L4_BASE_FACTORY_CAP, L4_PROTO_IRQ_SENDER, IRQ_SLOT(i));
        l4_rcv_ep_bind_thread(IRQ_SLOT(i), w->thread, LABEL);
        l4_irq_trigger(IRQ_SLOT(i));
    }
    return w;
}

/* Each interrupt has left the thread, and still waits: for the next one that it is bound to (I-51). */
static void expect_kept(unsigned i)
{
    expect_label("bind again",
                 l4_error(l4_rcv_ep_bind_thread(IRQ_SLOT(i), receiver->thread, LABEL)), 0);
    does(receiver, IRQ_SLOT(i), RECV, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0);
    expect("kept", receiver->x.error, 0);
    expect("label", receiver->x.label, LABEL);
}

static void clean_up(void)
{
    for (unsigned i = 0; i < N_IRQS; i += 97)
        expect_kept(i);
    expect_kept(N_IRQS - 1);
    l4_task_unmap(L4_BASE_TASK_CAP, l4_obj_fpage(IRQ_SLOT(0), IRQ_ORDER, L4_CAP_FPAGE_RWSD),
                  L4_FP_ALL_SPACES | L4_FP_DELETE_OBJ);
    l4_ipc_sleep_ms(1);
}

static void deleted_once(void)
{
    struct worker *w = victim();

    worker_kill(w);
    clean_up();
}

static void deleted(void)
{
    deleted_once(); /* tables of slots stay */
    expect_no_loss(deleted_once);
}

static void touch(void *unused)
{
    (void)unused;
    *(volatile unsigned long *)HOLE;
}

/* It dies of a fault that nobody takes: in a context of its own. */
static void faulted_once(void)
{
    struct worker *w = victim();

    worker_run(w, touch, NULL);
    expect("no access", (unsigned long)w->done, 0);
    l4_ipc_sleep_ms(2);
    expect("dead", main_does(w->thread, SEND, tag(5, 0), L4_IPC_BOTH_TIMEOUT_0),
           L4_IPC_ENOT_EXISTENT);
    worker_kill(w);
    clean_up();
}

static void faulted(void)
{
    faulted_once();
    expect_no_loss(faulted_once);
}

/* It is deleted while it is still dying of its fault, and ends once. */
static void faulted_and_deleted_once(void)
{
    l4_sched_param_t low = l4_sched_param(1, 0);
    struct worker *w = victim();

    expect_label("low priority",
                 l4_error(l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, w->thread, &low)), 0);
    worker_run(w, touch, NULL);
    l4_ipc_sleep_us(1); /* until the next tick: it has begun to die */
    expect("no access", (unsigned long)w->done, 0);
    worker_kill(w);
    clean_up();
}

static void faulted_and_deleted(void)
{
    faulted_and_deleted_once();
    expect_no_loss(faulted_and_deleted_once);
}

/* ---- an object in many slots ---- */

#define COPIES (0x8000UL << L4_CAP_SHIFT)
#define OBJECT (0x70UL << L4_CAP_SHIFT)
enum { COPIES_ORDER = 13, MAX_TRIES = 500 };
static volatile int gone, seen, called, enough;

/* Of higher priority: looks at each tick whether the object is there, and calls it. */
static void watch(void *unused)
{
    (void)unused;
    while (!enough) {
        l4_ipc_sleep_us(500);
        if (gone || l4_error(l4_task_cap_valid(L4_BASE_TASK_CAP, OBJECT)) > 0)
            continue;
        seen++; /* no longer there, and the deletion goes on */
        called += !l4_msgtag_has_error(l4_task_cap_valid(OBJECT, 0));
    }
}

static void copy(l4_cap_idx_t from, l4_cap_idx_t to, unsigned order)
{
    l4_task_map(L4_BASE_TASK_CAP, L4_BASE_TASK_CAP, l4_obj_fpage(from, order, L4_CAP_FPAGE_RWSD),
                to | L4_FPAGE_C_OBJ_RIGHTS);
}

static void called_while_it_ends(void)
{
    l4_sched_param_t high = l4_sched_param(250, 0);
    struct worker *w = worker_new(0);
    l4_fpage_t none = {0};

    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, w->thread, &high);
    gone = 1;
    worker_run(w, watch, NULL);
    for (unsigned i = 0; i < MAX_TRIES && !seen; i++) {
        l4_factory_create_task(L4_BASE_FACTORY_CAP, OBJECT, &none);
        copy(OBJECT, COPIES, 0);
        for (unsigned order = 0; order < COPIES_ORDER; order++)
            copy(COPIES, COPIES + (1UL << order << L4_CAP_SHIFT), order);
        gone = 0;
        l4_task_delete_obj(L4_BASE_TASK_CAP, COPIES); /* the slot OBJECT is emptied last */
        gone = 1;
    }
    enough = 1;
    expect("seen while it ends", seen > 0, 1);
    expect("calls that it answered", (unsigned long)called, 0);
    l4_ipc_sleep_ms(2);
    worker_kill(w);
}

static struct test_case const cases[] = {
    {"M-58", "an object in many slots is called while it ends", called_while_it_ends},
    {"O-34", "a thread for which many wait is deleted", deleted},
    {"I-48", "a thread for which many wait is killed by a fault", faulted},
    {"O-34", "one that is deleted while a fault is killing it", faulted_and_deleted},
};

int main(void)
{
    receiver = worker_new(0);
    return TEST_RUN(cases);
}
