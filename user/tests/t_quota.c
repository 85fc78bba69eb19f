/* SPDX-License-Identifier: MIT */
/*
 * Factories as quota (rules M-75 ... M-78), and maps that fail for want of memory (M-29, M-34).
 *
 * Runs as root task; see caps.h and memory.h.  No case knows how large the kernel's structures are:
 * they compare what fits with what fits again after everything has been given back.
 */
#include "caps.h"
#include "memory.h"

#include <l4/sys/thread.h>

#define FAR(n) (0x100000000000UL + ((unsigned long)(n) << 39)) /* each needs tables of its own */
#define KU_AREA 0x90000000UL
enum { MAX = 400, ENOUGH = 300000 };

static l4_cap_idx_t objects[MAX];

static long try_factory(l4_cap_idx_t parent, l4_cap_idx_t slot, unsigned long limit)
{
    return l4_error(l4_factory_create_factory(parent, slot, limit));
}

static l4_cap_idx_t new_factory(l4_cap_idx_t parent, unsigned long limit)
{
    l4_cap_idx_t f = new_slot();

    expect_label("factory", try_factory(parent, f, limit), 0);
    return f;
}

static long try_gate(l4_cap_idx_t factory, l4_cap_idx_t slot)
{
    return l4_error(l4_factory_create_gate(factory, slot, L4_INVALID_CAP, 0));
}

/* Gates until it fails; their number.  They are in objects[]. */
static unsigned fill(l4_cap_idx_t factory, long *err)
{
    unsigned n = 0;

    for (*err = 0; n < MAX; n++) {
        objects[n] = new_slot();
        *err = try_gate(factory, objects[n]);
        if (*err)
            break;
    }
    if (n < MAX)
        l4re_util_cap_free(objects[n]);
    return n;
}

static void empty(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        delete_object(objects[i]);
}

static void limits(void)
{
    l4_cap_idx_t f, slot = new_slot();

    expect_label("limit 0", try_factory(L4_BASE_FACTORY_CAP, slot, 0), -L4_ENOMEM);
    expect_label("more than any memory", try_factory(L4_BASE_FACTORY_CAP, slot, ~0UL), -L4_ENOMEM);
    f = new_factory(L4_BASE_FACTORY_CAP, 0x10000);
    expect_label("more than the parent", try_factory(f, slot, 0x20000), -L4_ENOMEM);
    expect_label("as much as the parent", try_factory(f, slot, 0x10000), -L4_ENOMEM);
    expect_filled(MAIN, slot, 0);
    expect_label("less", try_factory(f, slot, 0x4000), 0);
    delete_object(slot);
    delete_object(f);
}

static void gates_until_limit(void)
{
    l4_cap_idx_t f = new_factory(L4_BASE_FACTORY_CAP, 4000), last = new_slot();
    long err;
    unsigned n = fill(f, &err);

    expect("some fit", n > 3 && n < MAX, 1);
    expect_label("then", err, -L4_ENOMEM);
    expect_label("again", try_gate(f, last), -L4_ENOMEM);
    expect_filled(MAIN, last, 0);
    l4_task_delete_obj(MAIN, objects[0]);
    expect_label("after one was deleted", try_gate(f, last), 0);
    expect_label("and again", try_gate(f, objects[0]), -L4_ENOMEM);
    delete_object(last);
    empty(n);
    expect("as many again", fill(f, &err), n);
    empty(n);
    delete_object(f);
}

static void reservation(void)
{
    l4_cap_idx_t f = new_factory(L4_BASE_FACTORY_CAP, 16000), sub, slot = new_slot();
    long err;
    unsigned without = fill(f, &err), with;

    empty(without);
    sub = new_factory(f, 15000);
    with = fill(f, &err);
    expect("few fit beside it", with < without / 8, 1);
    expect_label("the sub-factory has its own", try_gate(sub, slot), 0);
    delete_object(slot);
    empty(with);
    delete_object(sub);
    expect("all is back", fill(f, &err), without);
    empty(without);
    delete_object(f);
}

static void deleted_factory(void)
{
    l4_cap_idx_t f = new_factory(L4_BASE_FACTORY_CAP, 40000), sub = new_factory(f, 30000);
    l4_cap_idx_t gate = new_slot(), other = new_slot();

    expect_label("gate", l4_error(l4_factory_create_gate(sub, gate, server->thread, 0x1000)), 0);
    delete_object(sub);
    expect("what lives stays", main_label_of(gate), 0x1003);
    expect_label("no allocation", try_gate(sub, other), l4_ipc_to_errno(L4_IPC_ENOT_EXISTENT));
    expect_label("reservation stays", try_factory(f, other, 30000), -L4_ENOMEM);
    delete_object(gate);
    expect_label("until the last byte is back", try_factory(f, other, 30000), 0);
    delete_object(other);
    delete_object(f);
}

static void task_too_large(void)
{
    l4_cap_idx_t f = new_factory(L4_BASE_FACTORY_CAP, 3000), task = new_slot(), gate = new_slot();
    l4_fpage_t utcbs = l4_fpage(0xb3000000, 13, RW);

    expect_label("task", l4_error(l4_factory_create_task(f, task, &utcbs)), -L4_ENOMEM);
    expect_filled(MAIN, task, 0);
    expect_label("nothing is lost", try_gate(f, gate), 0);
    delete_object(gate);
    l4re_util_cap_free(task);
    delete_object(f);
}

/* ---- what a task pays for ---- */

typedef long one_more_fn(l4_cap_idx_t task, unsigned n);

static long far_page(l4_cap_idx_t task, unsigned n)
{
    return map_order(task, FAR(n), MAIN, l4_fpage(PAGE(1), 12, RW));
}

static long near_page(l4_cap_idx_t task, unsigned n)
{
    return map_order(task, AT(n), MAIN, l4_fpage(PAGE(1), 12, RW));
}

static long far_slot(l4_cap_idx_t task, unsigned n)
{
    return map_cap(task, LOW_SLOT(n * 256), L4_BASE_LOG_CAP, L4_CAP_FPAGE_R);
}

static long ku_mem(l4_cap_idx_t task, unsigned n)
{
    l4_fpage_t area = l4_fpage(KU_AREA + n * 0x4000UL, 14, RW);

    return l4_error(l4_task_add_ku_mem(task, &area));
}

/* How often until it fails with `want`, in a new task of the factory; the task is deleted. */
static unsigned times(l4_cap_idx_t factory, one_more_fn *fn, long want)
{
    l4_cap_idx_t task = new_task(factory);
    unsigned n = 0;
    long err = 0;

    while (n < 4 * MAX && (err = fn(task, n)) == 0)
        n++;
    expect_label("error", err, want);
    delete_object(task);
    return n;
}

/* A limit, the same again, and a higher limit: more fits. */
static void charged(one_more_fn *fn, unsigned long limit, unsigned long step, long want)
{
    l4_cap_idx_t small = new_factory(L4_BASE_FACTORY_CAP, limit);
    l4_cap_idx_t large = new_factory(L4_BASE_FACTORY_CAP, limit + step);
    unsigned n = times(small, fn, want);

    expect("some", n > 2, 1);
    expect("again as many", times(small, fn, want), n);
    expect("more with a higher limit", times(large, fn, want) > n, 1);
    delete_object(small);
    delete_object(large);
}

static void tables_charged(void)
{
    charged(far_page, ENOUGH, 65536, l4_ipc_to_errno(L4_IPC_SEMAPFAILED));
}

/* Pages that share one table: what each still costs is its node. */
static void nodes_charged(void)
{
    charged(near_page, 40000, 8192, l4_ipc_to_errno(L4_IPC_SEMAPFAILED));
}

static void slots_charged(void)
{
    charged(far_slot, ENOUGH, 65536, l4_ipc_to_errno(L4_IPC_SEMAPFAILED));
}

static void ku_mem_charged(void) { charged(ku_mem, ENOUGH, 65536, -L4_ENOMEM); }

/* ---- failure in the middle ---- */

/* A task that can take only a few more pages in its tables; *n: how many. */
static l4_cap_idx_t nearly_full(l4_cap_idx_t factory, unsigned *n)
{
    l4_cap_idx_t task = new_task(factory);

    for (*n = 0; near_page(task, *n) == 0;)
        ++*n;
    expect("pages", *n > 8, 1);
    unmap(task, AT(0), 15, RWX, L4_FP_ALL_SPACES); /* 8 of them */
    return task;
}

static void expect_eight(l4_cap_idx_t task)
{
    for (unsigned i = 0; i < 10; i++) {
        expect_label("probe", map_order(d->task, AT(i), task, l4_fpage(AT(i), 12, RW)), 0);
        expect("page", (unsigned long)worker_read(d, AT(i), 0), i < 8);
        unmap(d->task, AT(i), 12, RWX, L4_FP_ALL_SPACES);
    }
}

static void fails_midway(void)
{
    l4_cap_idx_t f = new_factory(L4_BASE_FACTORY_CAP, 40000), task;
    unsigned n;

    task = nearly_full(f, &n);
    unmap(task, AT(8), 18, RWX, L4_FP_ALL_SPACES); /* AT(0) ... AT(63) */
    unmap(task, AT(64), 18, RWX, L4_FP_ALL_SPACES);
    for (unsigned i = 0; near_page(task, 1000 + i) == 0; i++)
        ;
    unmap(task, AT(1000), 15, RWX, L4_FP_ALL_SPACES); /* room for 8 */
    expect_label("64 pages", map_order(task, AT(0), MAIN, RANGE_OF_64), l4_ipc_to_errno(
                 L4_IPC_SEMAPFAILED));
    expect_eight(task);
    unmap(task, AT(0), 18, RWX, L4_FP_ALL_SPACES);
    expect_label("again", map_order(task, AT(0), MAIN, RANGE_OF_64), l4_ipc_to_errno(
                 L4_IPC_SEMAPFAILED));
    expect_eight(task);
    delete_object(task);
    delete_object(f);
}
