/* SPDX-License-Identifier: MIT */
/*
 * Long operations are interrupted, cancelled and killed in their middle (rules I-47, I-50).
 *
 * Runs as root task.  The main thread owns N_PAGES pages; d is a worker in a task of its own, which
 * gets them several times over in one message (some 100 ms of work here).  a is a worker of the
 * main task with a higher priority, which wakes up while the message is under way and does
 * something about it.
 */
#include "memory.h"
#include "steps.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sigma0/sigma0.h>
#include <l4/sys/factory.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>
#include <quire/io.h>

enum { PAGES_ORDER = 11, N_PAGES = 1 << PAGES_ORDER, BLOCK_ORDER = L4_PAGESHIFT + PAGES_ORDER };
enum { ATTEMPTS = 12, ALL_ORDER = 28 };
enum { ALIAS_ORDER = 4, N_ITEMS = 24, WAKE_US = 1000 };
#define POOL 0x50000000UL     /* in the main task */
#define RECEIVED 0x60000000UL /* in d: N_ITEMS blocks */
#define ALIASES 0x80000000UL  /* in the main task: 1 << ALIAS_ORDER blocks, the pages again */
#define BLOCK (1UL << BLOCK_ORDER)
#define MARK 0x10000UL       /* first word of page n: MARK + n */
#define TASK_SLOT CHILD_SLOT /* in d: the task that d's buffer forwards to */

static struct worker *a, *d;
static l4_cpu_time_t begun, ended, woken; /* of the long operation; when a woke up */
static unsigned wakes;
static void (*disturbance)(void);

static l4_cpu_time_t now(void) { return l4_kip_clock(l4_kip()); }

static void setup(void)
{
    worker_reset(a);
    worker_reset(d);
    pager_reset();
    l4_task_unmap(L4_BASE_TASK_CAP, l4_fpage(POOL, BLOCK_ORDER, L4_FPAGE_RWX), L4_FP_OTHER_SPACES);
    l4_task_unmap(L4_BASE_TASK_CAP, l4_fpage(RECEIVED, ALL_ORDER, L4_FPAGE_RWX), L4_FP_ALL_SPACES);
    disturbance = 0;
    begun = ended = woken = 0;
    wakes = 0;
}

/* Wakes up again and again; does its disturbance once, the first time the operation is under way. */
static void disturb(void *arg)
{
    (void)arg;
    while (!ended) {
        l4_ipc_sleep_us(WAKE_US);
        if (!begun || ended)
            continue;
        if (!wakes++) {
            woken = now();
            if (disturbance)
                disturbance();
        }
    }
}

/* N_ITEMS items: all pages, each time to another block of d. */
static void long_message(struct ipc *x)
{
    for (unsigned i = 0; i < N_ITEMS; i++) {
        x->msg.mr[2 * i] =
            (RECEIVED + i * BLOCK) | L4_ITEM_MAP | (i + 1 < N_ITEMS ? L4_ITEM_CONT : 0U);
        x->msg.mr[2 * i + 1] = l4_fpage(POOL, BLOCK_ORDER, L4_FPAGE_RW).raw;
    }
}

/* The pages again and again in one flexpage, as aliases in the main task: one long item. */
static void long_item(struct ipc *x)
{
    for (unsigned i = 0; i < 1U << ALIAS_ORDER; i++)
        expect_label(
            "alias",
            l4_error(l4_task_map(L4_BASE_TASK_CAP, L4_BASE_TASK_CAP,
                                 l4_fpage(POOL, BLOCK_ORDER, L4_FPAGE_RW), ALIASES + i * BLOCK)),
            0);
    x->msg.mr[0] = RECEIVED | L4_ITEM_MAP;
    x->msg.mr[1] = l4_fpage(ALIASES, BLOCK_ORDER + ALIAS_ORDER, L4_FPAGE_RW).raw;
}

/* The main thread sends it to d, in N_ITEMS items or in one; returns the error. */
static unsigned long send_long(l4_umword_t flags, unsigned items)
{
    ipc_init(&m, d->thread, flags, l4_msgtag(5, 0, items, 0),
             l4_timeout(L4_IPC_TIMEOUT_NEVER, l4_timeout_from_us(1000000)));
    if (items == 1)
        long_item(&m);
    else
        long_message(&m);
    worker_run(a, disturb, 0);
    begun = now();
    ipc_do(&m);
    ended = now();
    /* a noticed at its next wake-up. */
    l4_ipc_sleep_us(4 * WAKE_US);
    return m.error;
}

static void d_waits(void)
{
    ipc_init(&d->x, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    d->x.buf.br[0] = L4_ITEM_MAP;
    d->x.buf.br[1] = l4_fpage_all().raw;
    worker_ipc(d);
}

static void expect_all_there(void)
{
    static unsigned const pages[] = {0, N_PAGES / 2, N_PAGES - 1};

    for (unsigned i = 0; i < N_ITEMS; i++)
        for (unsigned k = 0; k < 3; k++) {
            unsigned long v = 0;

            worker_read(d, RECEIVED + i * BLOCK + pages[k] * L4_PAGESIZE, &v);
            expect("page", v, MARK + pages[k]);
        }
}

/*
 * The clock's ticks may come late when the machine below is busy; then a wakes up too late for its
 * disturbance, and the whole is done again.
 */
static int again(unsigned *attempts, unsigned wakes_wanted)
{
    if ((wakes >= wakes_wanted && woken < ended) || ++*attempts == ATTEMPTS)
        return 0;
    setup();
    return 1;
}

/* It woke up before the end. */
static void expect_disturbed(unsigned wakes_wanted)
{
    expect("woken often enough", wakes >= wakes_wanted, 1);
    expect("in the middle", woken < ended, 1);
    expect_label("kernel", kernel_check(), 0);
}

static void preempted(void)
{
    unsigned attempts = 0;

    do {
        d_waits();
        expect("send", send_long(SEND, N_ITEMS), 0);
        expect("received", d->x.error, 0);
    } while (again(&attempts, 3));
    expect_disturbed(3);
    expect_all_there();
}

static void cancel_receiver(void)
{
    l4_thread_ex_regs(d->thread, ~0UL, ~0UL, L4_THREAD_EX_REGS_CANCEL);
}

/* The receiver is cancelled while the sender's context does the work: the message is complete. */
static void receiver_cancelled(void)
{
    unsigned attempts = 0;

    do {
        disturbance = cancel_receiver;
        d_waits();
        expect("send", send_long(SEND, N_ITEMS), 0);
        expect("done", (unsigned long)d->done, 1);
        expect("received", d->x.error, 0);
        expect_tag_label("label", d->x.tag, 5);
    } while (again(&attempts, 1));
    expect_disturbed(1);
    expect_all_there();
}

static void back_to_main(void)
{
    ipc_init(&d->x, d->main_thread, CALL, l4_msgtag(6, 0, N_ITEMS, 0), L4_IPC_NEVER);
    for (unsigned i = 0; i < N_ITEMS; i++) {
        d->x.msg.mr[2 * i] =
            (RECEIVED + i * BLOCK) | L4_ITEM_MAP | (i + 1 < N_ITEMS ? L4_ITEM_CONT : 0U);
        d->x.msg.mr[2 * i + 1] = l4_fpage(RECEIVED, BLOCK_ORDER, L4_FPAGE_RW).raw;
    }
    worker_ipc(d);
}

static void receive_long(void)
{
    expect_label("map",
                 l4_error(l4_task_map(d->task, L4_BASE_TASK_CAP,
                                      l4_fpage(POOL, BLOCK_ORDER, L4_FPAGE_RW), RECEIVED)),
                 0);
    back_to_main();
    worker_run(a, disturb, 0);
    ipc_init(&m, L4_INVALID_CAP, WAIT, tag(0, 0), MS(100));
    m.buf.br[0] = L4_ITEM_MAP;
    m.buf.br[1] = l4_fpage_all().raw;
    begun = now();
    ipc_do(&m);
    ended = now();
    l4_ipc_sleep_us(4 * WAKE_US);
}

/* The other way round: d sends, the main thread's context does the work, d is cancelled. */
static void sender_cancelled(void)
{
    unsigned attempts = 0;

    do {
        disturbance = cancel_receiver;
        receive_long();
        expect("received", m.error, 0);
        expect_tag_label("label", m.tag, 6);
    } while (again(&attempts, 1));
    expect_disturbed(1);
    expect("sender's receive phase", d->x.error, L4_IPC_RECANCELED);
    expect("last block", *(volatile unsigned long *)(RECEIVED + (N_ITEMS - 1) * BLOCK), MARK);
}

static l4_cap_idx_t other_task;

static void delete_other_task(void) { l4_task_delete_obj(L4_BASE_TASK_CAP, other_task); }

/* d receives for another task. */
static void d_forwards(void)
{
    l4_fpage_t none = l4_fpage_invalid();

    expect_label("task", l4_error(l4_factory_create_task(L4_BASE_FACTORY_CAP, other_task, &none)),
                 0);
    l4_task_map(d->task, L4_BASE_TASK_CAP, l4_obj_fpage(other_task, 0, L4_CAP_FPAGE_RWS),
                TASK_SLOT | L4_FPAGE_C_OBJ_RIGHTS);
    ipc_init(&d->x, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    d->x.buf.br[0] = L4_ITEM_MAP | L4_RCV_ITEM_FORWARD_MAPPINGS;
    d->x.buf.br[1] = l4_fpage_all().raw;
    d->x.buf.br[2] = TASK_SLOT;
    worker_ipc(d);
}

static void destination_destroyed(unsigned items)
{
    unsigned attempts = 0;
    unsigned long error;

    other_task = l4re_util_cap_alloc();
    do {
        delete_other_task(); /* that of an attempt before, if any */
        d_forwards();
        disturbance = delete_other_task;
        error = send_long(CALL, items);
    } while (again(&attempts, 1));
    expect_disturbed(1);
    expect("send", error, L4_IPC_SEMSGCUT);
    expect("received", d->x.error, L4_IPC_REMSGCUT);
    delete_object(other_task);
}

/* Between two items, and in the middle of one. */
static void destination_of_items(void) { destination_destroyed(N_ITEMS); }
static void destination_of_item(void) { destination_destroyed(1); }

static void kill_d(void) { l4_task_delete_obj(L4_BASE_TASK_CAP, d->thread); }

/* The receiver's thread and task go while the message is under way: the sender must go on. */
static void receiver_killed(void)
{
    struct worker *keep = d;
    unsigned attempts = 0;

    d = worker_new(1);
    do {
        disturbance = kill_d;
        d_waits();
        send_long(SEND, N_ITEMS);
    } while (again(&attempts, 1));
    expect_disturbed(1);
    expect("later message", main_does(d->thread, SEND, tag(5, 0), L4_IPC_BOTH_TIMEOUT_0),
           L4_IPC_ENOT_EXISTENT);
    worker_kill(d);
    d = keep;
}

/* Task.map and Task.unmap of many pages let a run in between, too. */
static void long_task_operations(void)
{
    unsigned in_map, attempts = 0;

    do {
        setup();
        worker_run(a, disturb, 0);
        begun = now();
        for (unsigned i = 0; i < N_ITEMS; i++)
            l4_task_map(d->task, L4_BASE_TASK_CAP, l4_fpage(POOL, BLOCK_ORDER, L4_FPAGE_RW),
                        RECEIVED + i * BLOCK);
        in_map = wakes;
        l4_task_unmap(L4_BASE_TASK_CAP, l4_fpage(POOL, BLOCK_ORDER, L4_FPAGE_RWX),
                      L4_FP_OTHER_SPACES);
        ended = now();
    } while ((in_map < 3 || wakes == in_map) && ++attempts < ATTEMPTS);
    expect("woken during map", in_map >= 3, 1);
    expect("woken during unmap", wakes > in_map, 1);
    l4_ipc_sleep_us(4 * WAKE_US);
    expect("nothing left", (unsigned long)worker_read(d, RECEIVED, 0), 0);
}

static struct test_case const cases[] = {
    {"I-47", "a long message is preempted and complete", preempted},
    {"I-47", "receiver cancelled: the transfer ends first", receiver_cancelled},
    {"I-47", "sender cancelled: the transfer ends first", sender_cancelled},
    {"I-47", "receiver killed during the transfer", receiver_killed},
    {"I-50", "destination of a forwarding buffer destroyed", destination_of_items},
    {"I-50", "the same in the middle of one item", destination_of_item},
    {"LONG", "map and unmap of many pages are preempted", long_task_operations},
};

int main(void)
{
    l4_addr_t base;

    for (unsigned i = 0; i < N_PAGES; i++) {
        if (l4sigma0_map_anypage(L4_BASE_PAGER_CAP, POOL + i * L4_PAGESIZE, 12, &base, 12)) {
            printf("no memory for the test\n");
            return 1;
        }
        *(volatile unsigned long *)(POOL + i * L4_PAGESIZE) = MARK + i;
    }
    a = worker_new(0);
    d = worker_new(1);
    test_setup = setup;
    return TEST_RUN(cases);
}
