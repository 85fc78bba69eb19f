/* SPDX-License-Identifier: MIT */
/*
 * Every allocation of every kind of operation fails once, in the running kernel: the k-th for k = 1, 2, ... until the
 * operation needs no more (rules M-29, M-75).  A debug kernel lets the debugger object order the failure; others must
 * refuse that, and then there is nothing more to see here.
 *
 * Runs as root task; see caps.h and memory.h.  After each failure the kernel checks its invariants, and each series is
 * repeated until the free bytes are steady.
 */
#include "caps.h"
#include "memory.h"

#define FAR 0x7000000000UL /* the task has no tables there */
#define KU_AREA 0x90000000UL
enum { MOST = 40, MAP_FAILED = L4_IPC_SEMAPFAILED };

static l4_cap_idx_t task, slot;

/* The operation in a new task, with each of its allocations failing once; `error`: what it then answers. */
static void each_fails(long (*op)(void), unsigned at_least, long error)
{
    unsigned k = 1;
    long err = error;

    for (; err && k < MOST; k++) {
        task = new_task(L4_BASE_FACTORY_CAP);
        slot = new_slot();
        expect_label("order", kernel_fail_at(k), 0);
        err = op();
        kernel_fail_at(0);
        if (err)
            expect_label("error", err, error);
        expect_label("invariants", kernel_check(), 0);
        if (err) /* and once more, with all memory */
            expect_label("again", op(), 0);
        free_slot(slot);
        delete_object(task);
    }
    expect("it succeeds in the end", err == 0, 1);
    expect("allocations", k - 2 >= at_least, 1);
}

static long a_page(void) { return map_order(task, FAR, MAIN, l4_fpage(PAGE(0), 12, RW)); }
static long a_slot(void) { return map_cap(task, 0x300UL << 12, L4_BASE_TASK_CAP, L4_CAP_FPAGE_RS); }
static long a_ku_area(void)
{
    l4_fpage_t area = l4_fpage(KU_AREA, 13, RW);

    return l4_error(l4_task_add_ku_mem(task, &area));
}
static long a_task(void)
{
    l4_fpage_t area = l4_fpage(KU_AREA, 12, RW);

    return l4_error(l4_factory_create_task(L4_BASE_FACTORY_CAP, slot, &area));
}
static long a_thread(void) { return l4_error(l4_factory_create_thread(L4_BASE_FACTORY_CAP, slot)); }
static long a_gate(void)
{
    return l4_error(l4_factory_create_gate(L4_BASE_FACTORY_CAP, slot, L4_INVALID_CAP, 0));
}
static long an_irq(void) { return l4_error(l4_factory_create_irq(L4_BASE_FACTORY_CAP, slot)); }
static long a_factory(void)
{
    return l4_error(l4_factory_create_factory(L4_BASE_FACTORY_CAP, slot, 4096));
}

static void series(void)
{
    long map_failed = l4_ipc_to_errno(MAP_FAILED);

    each_fails(a_page, 4, map_failed);
    each_fails(a_slot, 1, map_failed);
    each_fails(a_ku_area, 5, -L4_ENOMEM);
    each_fails(a_task, 3, -L4_ENOMEM);
    each_fails(a_thread, 1, -L4_ENOMEM);
    each_fails(a_gate, 1, -L4_ENOMEM);
    each_fails(an_irq, 1, -L4_ENOMEM);
    each_fails(a_factory, 1, -L4_ENOMEM);
}

/* A page and a capability in one message. */
static void message(void)
{
    unsigned k = 1, failures = 0;

    for (; k < MOST; k++) {
        l4_umword_t sent;
        x_begin(1);
        x_window(l4_fpage(FAR, 12, 0), L4_INVALID_CAP);
        x_item(l4_snd_fpage_mem(PAGE(0), 12, RW, 0, 0));
        expect_label("order", kernel_fail_at(k), 0);
        sent = x_send(d, d->thread);
        kernel_fail_at(0);
        expect_label("invariants", kernel_check(), 0);
        if (!sent)
            break;
        expect("sender's error", sent, L4_IPC_SEMAPFAILED);
        expect("receiver's error", d->x.error, L4_IPC_REMAPFAILED);
        expect("word", d->x.msg.mr[0], X_WORD);
        failures++;
    }
    expect("it succeeds in the end", k < MOST, 1);
    expect("a node at least", failures >= 1, 1);
    unmap(d->task, FAR, 12, RWX, L4_FP_ALL_SPACES);
}

static void operations(void)
{
    if (kernel_is_debug())
        expect_no_loss(series);
}

static void messages(void)
{
    if (kernel_is_debug())
        expect_no_loss(message);
}

static struct test_case const cases[] = {
    {"M-29", "every allocation of a map or a new object fails once (debug kernel)", operations},
    {"M-29", "every allocation of an item fails once (debug kernel)", messages},
};

int main(void)
{
    caps_init();
    return TEST_RUN(cases);
}
