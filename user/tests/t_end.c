/* SPDX-License-Identifier: MIT */
/*
 * The end of tasks and objects (rules M-72 ... M-74, M-79 ... M-82).
 *
 * Runs as root task; see caps.h.  w is a worker that the case may destroy.
 *
 * Not to be had from one processor without luck: an invocation that races with the deletion (M-74)
 * is tested by threads that wait in the object when it goes; Task.map to and Task.unmap of a task
 * in destruction (M-82) need a second processor, the message to a thread of a dead task does not.
 */
#include "caps.h"
#include "memory.h"
#include "ports.h"

#include <l4/sigma0/sigma0.h>
#include <l4/sys/semaphore.h>
#include <l4/sys/thread.h>

#define OWN_TASK LOW_SLOT(0x42)
#define OWN_THREAD LOW_SLOT(0x43)

static struct worker *w;

static void setup(void)
{
    caps_setup();
    w = worker_new(1);
    give(w->task, OWN_TASK, w->task, L4_CAP_FPAGE_RWSD);
    give(w->task, OWN_THREAD, w->thread, L4_CAP_FPAGE_RWSD);
}

/* The worker deletes the object in its slot. */
static void do_delete(void *slot) { l4_task_delete_obj(L4_BASE_TASK_CAP, (l4_cap_idx_t)slot); }

/* The worker empties its slot. */
static void do_release(void *slot) { l4_task_release_cap(L4_BASE_TASK_CAP, (l4_cap_idx_t)slot); }

static unsigned long send_to(l4_cap_idx_t thread)
{
    return main_does(thread, SEND, tag(5, 0), L4_IPC_BOTH_TIMEOUT_0);
}

static void own_slots_released(void)
{
    worker_run(w, do_release, (void *)OWN_THREAD);
    expect("goes on", (unsigned long)w->done, 1);
    worker_run(w, do_release, (void *)OWN_TASK);
    expect("goes on", (unsigned long)w->done, 1);
    expect_filled(w->task, OWN_THREAD, 0);
    expect_filled(MAIN, w->thread, 1);
    worker_kill(w);
}

static void own_thread_deleted(void)
{
    worker_run(w, do_delete, (void *)OWN_THREAD);
    expect("returns", (unsigned long)w->done, 0);
    expect_filled(MAIN, w->thread, 0);
    expect_filled(MAIN, w->task, 1);
    worker_kill(w);
}

static void own_task_deleted(void)
{
    map(w->task, AT(0), MAIN, PAGE(1), RW);
    map(d->task, AT(0), w->task, AT(0), RW);
    worker_run(w, do_delete, (void *)OWN_TASK);
    expect("returns", (unsigned long)w->done, 0);
    expect_filled(MAIN, w->task, 0);
    expect_filled(MAIN, w->thread, 0); /* the task held it with D (M-79) */
    expect_none(d, AT(0));
}

/* Threads that wait in a gate and in a semaphore get "not existent" when it goes. */
static void waiters_of_a_deleted_object(void)
{
    l4_cap_idx_t gate = new_gate(L4_INVALID_CAP, 0), sem = new_object(L4_PROTO_SEMAPHORE);

    give(d->task, SLOT(0), gate, L4_CAP_FPAGE_RWS);
    give(e->task, SLOT(0), sem, L4_CAP_FPAGE_RWS);
    expect("d waits", (unsigned long)does(d, SLOT(0), CALL, tag(5, 0), L4_IPC_NEVER), 0);
    ipc_init(&e->x, SLOT(0), CALL, tag(L4_PROTO_SEMAPHORE, 1), L4_IPC_NEVER);
    e->x.msg.mr[0] = L4_SEMAPHORE_OP_DOWN;
    expect("e waits", (unsigned long)worker_ipc(e), 0);
    delete_object(gate);
    delete_object(sem);
    expect("d goes on", (unsigned long)d->done, 1);
    expect("d's error", d->x.error, L4_IPC_ENOT_EXISTENT);
    expect("e goes on", (unsigned long)e->done, 1);
    expect("e's error", e->x.error, L4_IPC_ENOT_EXISTENT);
    expect_filled(d->task, SLOT(0), 0);
    worker_kill(w);
}

static void invoked_after_deletion(void)
{
    l4_cap_idx_t gate = server_gate(0);

    give(d->task, SLOT(0), gate, L4_CAP_FPAGE_RWS);
    delete_object(gate);
    does(d, SLOT(0), CALL, tag(5, 0), L4_IPC_NEVER);
    expect("error", d->x.error, L4_IPC_ENOT_EXISTENT);
    worker_kill(w);
}

/* Memory of a deleted object: the same number of gates fits again at once. */
static void memory_credited(void)
{
    l4_cap_idx_t factory = new_slot(), gate = new_slot();
    unsigned n = 0;

    expect_label("factory", l4_error(l4_factory_create_factory(L4_BASE_FACTORY_CAP, factory, 2000)),
                 0);
    for (; n < 200; n++) { /* far more than fit at a time */
        if (l4_error(l4_factory_create_gate(factory, gate, L4_INVALID_CAP, 0)))
            break;
        l4_task_delete_obj(MAIN, gate);
    }
    expect("gates", n, 200);
    l4re_util_cap_free(gate);
    delete_object(factory);
    worker_kill(w);
}

static void children_of_a_dead_task(void)
{
    map(w->task, AT(0), MAIN, PAGE(1), RW);
    map(d->task, AT(0), w->task, AT(0), RW);
    map(e->task, AT(0), d->task, AT(0), RW);
    map(d->task, AT(1), MAIN, PAGE(1), RW);
    l4_task_map(w->task, MAIN, l4_iofpage(0x80, 3), 0);
    l4_task_map(d->task, w->task, l4_iofpage(0x80, 3), 0);
    expect("ports", worker_ports(d, 0x80, 8), 0xff);
    l4_task_delete_obj(MAIN, w->task);
    expect_none(d, AT(0));
    expect_none(e, AT(0));
    expect_page(d, AT(1), RW, MARK(1));
    expect("ports", worker_ports(d, 0x80, 8), 0);
    worker_kill(w);
}

static void objects_of_a_dead_task(void)
{
    l4_cap_idx_t with = server_gate(0x1000), without = server_gate(0x2000);
    l4_cap_idx_t last = server_gate(0x3000);

    give(w->task, SLOT(0), with, L4_CAP_FPAGE_RWSD);
    give(w->task, SLOT(1), without, L4_CAP_FPAGE_RWS);
    l4_task_map(d->task, MAIN, CAP(last, L4_CAP_FPAGE_R), SLOT(2) | L4_FPAGE_C_NO_REF_CNT);
    l4_task_map(w->task, MAIN, CAP(last, L4_CAP_FPAGE_R), SLOT(2) | L4_MAP_ITEM_GRANT);
    expect_filled(d->task, SLOT(2), 1);
    l4_task_delete_obj(MAIN, w->task);
    expect_filled(MAIN, with, 0);
    expect_filled(MAIN, without, 1);
    expect("counter", count(without), 1);
    expect_filled(d->task, SLOT(2), 0);
    l4re_util_cap_free(with);
    l4re_util_cap_free(last);
    delete_object(without);
    worker_kill(w);
}

/* The worker waits; its task goes, itself with D held there by nobody. */
static void end_task_only(void)
{
    unmap_caps(w->task, CAP(OWN_THREAD, L4_CAP_FPAGE_D), L4_FP_ALL_SPACES);
    unmap_caps(w->task, CAP(OWN_TASK, L4_CAP_FPAGE_D), L4_FP_ALL_SPACES);
    does(w, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    expect_label("delete", l4_error(l4_task_delete_obj(MAIN, w->task)), 0);
    expect_filled(MAIN, w->task, 0);
}

static void thread_of_a_dead_task(void)
{
    end_task_only();
    expect_filled(MAIN, w->thread, 1);
    l4_ipc_sleep_ms(2);
    expect("it still waits, and takes a message", send_to(w->thread), 0);
    l4_ipc_sleep_ms(2);
    /* It ran into a fault, found no pager and was killed (I-56). */
    expect("dead", send_to(w->thread), L4_IPC_ENOT_EXISTENT);
    expect_filled(MAIN, w->thread, 1);
    worker_kill(w);
}

static void item_to_a_dead_task(void)
{
    x_window(l4_fpage_all(), L4_INVALID_CAP);
    ipc_init(&w->x, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    w->x.buf = x.rcv.buf;
    expect("waits", (unsigned long)worker_ipc(w), 0);
    l4_task_unmap(w->task, CAP(OWN_THREAD, L4_CAP_FPAGE_D), L4_FP_ALL_SPACES);
    l4_task_unmap(w->task, CAP(OWN_TASK, L4_CAP_FPAGE_D), L4_FP_ALL_SPACES);
    l4_task_delete_obj(MAIN, w->task);
    ipc_init(&m, w->thread, SEND, l4_msgtag(5, 0, 1, 0), L4_IPC_BOTH_TIMEOUT_0);
    m.msg.mr[0] = AT(0) | L4_ITEM_MAP;
    m.msg.mr[1] = l4_fpage(PAGE(1), 12, RW).raw;
    ipc_do(&m);
    expect("sender's error", m.error, L4_IPC_SEMSGCUT);
    worker_kill(w);
}

/* Task first, then its thread, which keeps the space: tables, UTCB and all must come back. */
static void task_then_thread(void)
{
    l4_cap_idx_t task = new_slot(), thread = new_slot();
    l4_fpage_t utcbs = l4_fpage(0xb3000000, 12, RW);

    l4_factory_create_task(L4_BASE_FACTORY_CAP, task, &utcbs);
    l4_factory_create_thread(L4_BASE_FACTORY_CAP, thread);
    l4_task_map(task, MAIN, l4_fpage(PAGE(0), 15, RW), AT(0));
    l4_task_map(task, MAIN, CAP(L4_BASE_LOG_CAP, L4_CAP_FPAGE_R), SLOT(0));
    l4_thread_control_start();
    l4_thread_control_bind((l4_utcb_t *)0xb3000000, task);
    expect_label("bind", l4_error(l4_thread_control_commit(thread)), 0);
    delete_object(task);
    expect_filled(MAIN, thread, 1);
    delete_object(thread);
}

static void space_freed(void)
{
    unsigned long before;

    expect_no_loss(task_then_thread);
    /* A whole worker: its image, pages, slots, stack; killed thread first. */
    worker_kill(w);
    before = kernel_free();
    w = worker_new(1);
    map(w->task, AT(0), MAIN, PAGE(1), RW);
    expect("takes memory", !before || kernel_free() < before, 1);
    worker_kill(w);
    expect("gives it back", kernel_free(), before);
}

/* The last case: afterwards nobody can make objects or give threads the CPU. */
static void kernel_objects_deleted(void)
{
    static l4_cap_idx_t const objects[] = {L4_BASE_ICU_CAP, L4_BASE_DEBUGGER_CAP,
                                           L4_BASE_SCHEDULER_CAP, L4_BASE_FACTORY_CAP};
    struct worker *other = worker_new(1);

    give(other->task, OWN_TASK, L4_BASE_ICU_CAP, L4_CAP_FPAGE_RWSD);
    worker_kill(other); /* takes along what it has D on */
    for (unsigned i = 0; i < sizeof(objects) / sizeof(*objects); i++) {
        if (i)
            l4_task_delete_obj(L4_BASE_TASK_CAP, objects[i]);
        expect_filled(MAIN, objects[i], 0);
        expect_filled(w->task, objects[i], 0);
        expect("call", main_does(objects[i], CALL, tag(0, 0), L4_IPC_NEVER), L4_IPC_ENOT_EXISTENT);
    }
    worker_run(w, do_release, (void *)OWN_TASK);
    expect("others go on", (unsigned long)w->done, 1);
}

static struct test_case const cases[] = {
    {"M-72", "own slots released", own_slots_released},
    {"M-72", "own thread deleted", own_thread_deleted},
    {"M-72", "own task deleted", own_task_deleted},
    {"M-73", "waiters of a deleted object", waiters_of_a_deleted_object},
    {"M-73", "memory is credited", memory_credited},
    {"M-74", "invoked after the deletion", invoked_after_deletion},
    {"M-79", "children of a dead task", children_of_a_dead_task},
    {"M-79", "objects of a dead task", objects_of_a_dead_task},
    {"M-80", "thread of a dead task", thread_of_a_dead_task},
    {"M-81", "tables and UTCBs are freed with the last reference", space_freed},
    {"M-82", "item to a thread of a dead task", item_to_a_dead_task},
    {"M-68", "objects of the kernel itself deleted", kernel_objects_deleted},
};

int main(void)
{
    caps_init();
    if (l4sigma0_map_ioports(L4_BASE_PAGER_CAP, 0x80, 3))
        return 1;
    test_setup = setup;
    return TEST_RUN(cases);
}
