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
#define TARGET 0x70000000UL
enum { MAX = 400, ENOUGH = 300000 };

static l4_cap_idx_t objects[MAX];

static long try_factory(l4_cap_idx_t parent, l4_cap_idx_t slot, unsigned long limit)
{
    return l4_error(l4_factory_create_factory(parent, slot, limit));
}

static l4_cap_idx_t new_factory(l4_cap_idx_t parent, unsigned long limit)
{
    l4_cap_idx_t fac = new_slot();

    expect_label("factory", try_factory(parent, fac, limit), 0);
    return fac;
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
    l4_cap_idx_t fac, slot = new_slot();

    expect_label("limit 0", try_factory(L4_BASE_FACTORY_CAP, slot, 0), -L4_ENOMEM);
    expect_label("more than any memory", try_factory(L4_BASE_FACTORY_CAP, slot, ~0UL), -L4_ENOMEM);
    fac = new_factory(L4_BASE_FACTORY_CAP, 0x10000);
    expect_label("more than the parent", try_factory(fac, slot, 0x20000), -L4_ENOMEM);
    expect_label("as much as the parent", try_factory(fac, slot, 0x10000), -L4_ENOMEM);
    expect_filled(MAIN, slot, 0);
    expect_label("less", try_factory(fac, slot, 0x4000), 0);
    delete_object(slot);
    delete_object(fac);
}

static void gates_until_limit(void)
{
    l4_cap_idx_t fac = new_factory(L4_BASE_FACTORY_CAP, 4000), last = new_slot();
    long err;
    unsigned n = fill(fac, &err);

    expect("some fit", n > 3 && n < MAX, 1);
    expect_label("then", err, -L4_ENOMEM);
    expect_label("again", try_gate(fac, last), -L4_ENOMEM);
    expect_filled(MAIN, last, 0);
    l4_task_delete_obj(MAIN, objects[0]);
    expect_label("after one was deleted", try_gate(fac, last), 0);
    expect_label("and again", try_gate(fac, objects[0]), -L4_ENOMEM);
    delete_object(last);
    empty(n);
    expect("as many again", fill(fac, &err), n);
    empty(n);
    delete_object(fac);
}

static void reservation(void)
{
    l4_cap_idx_t fac = new_factory(L4_BASE_FACTORY_CAP, 16000), sub, slot = new_slot();
    long err;
    unsigned without = fill(fac, &err), with;

    empty(without);
    sub = new_factory(fac, 15000);
    with = fill(fac, &err);
    expect("few fit beside it", with < without / 8, 1);
    expect_label("the sub-factory has its own", try_gate(sub, slot), 0);
    delete_object(slot);
    empty(with);
    delete_object(sub);
    expect("all is back", fill(fac, &err), without);
    empty(without);
    delete_object(fac);
}

static void deleted_factory(void)
{
    l4_cap_idx_t fac = new_factory(L4_BASE_FACTORY_CAP, 40000), sub = new_factory(fac, 30000);
    l4_cap_idx_t gate = new_slot(), other = new_slot();

    expect_label("gate", l4_error(l4_factory_create_gate(sub, gate, server->thread, 0x1000)), 0);
    delete_object(sub);
    expect("what lives stays", main_label_of(gate), 0x1003);
    expect_label("no allocation", try_gate(sub, other), l4_ipc_to_errno(L4_IPC_ENOT_EXISTENT));
    expect_label("reservation stays", try_factory(fac, other, 30000), -L4_ENOMEM);
    delete_object(gate);
    expect_label("until the last byte is back", try_factory(fac, other, 30000), 0);
    delete_object(other);
    delete_object(fac);
}

static void task_too_large(void)
{
    l4_cap_idx_t fac = new_factory(L4_BASE_FACTORY_CAP, 3000), task = new_slot(), gate = new_slot();
    l4_fpage_t utcbs = l4_fpage(0xb3000000, 13, RW);

    expect_label("task", l4_error(l4_factory_create_task(fac, task, &utcbs)), -L4_ENOMEM);
    expect_filled(MAIN, task, 0);
    expect_label("nothing is lost", try_gate(fac, gate), 0);
    delete_object(gate);
    l4re_util_cap_free(task);
    delete_object(fac);
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

/*
 * A task with room for no further node; the tables for TARGET are there and stay, because one page
 * behind it keeps them.
 */
static l4_cap_idx_t full_task(l4_cap_idx_t factory)
{
    l4_cap_idx_t task = new_task(factory);
    unsigned n = 0;

    map(task, TARGET + 64 * L4_PAGESIZE, MAIN, PAGE(0), RW);
    while (near_page(task, n) == 0)
        n++;
    expect("pages", n > 16, 1);
    return task;
}

/* The first 8 pages at TARGET are there, the next two not. */
static void expect_eight(l4_cap_idx_t task)
{
    for (unsigned i = 0; i < 10; i++) {
        map(d->task, AT(i), task, TARGET + i * L4_PAGESIZE, RW);
        expect_page(d, AT(i), i < 8 ? RW : NOTHING, MARK(i));
        unmap(d->task, AT(i), 12, RWX, L4_FP_ALL_SPACES);
    }
}

static void fails_midway(void)
{
    l4_cap_idx_t fac = new_factory(L4_BASE_FACTORY_CAP, 40000), task = full_task(fac);

    unmap(task, AT(0), 15, RWX, L4_FP_ALL_SPACES); /* room for 8 */
    for (unsigned i = 0; i < 3; i++) {
        expect_label("64 pages", map_order(task, TARGET, MAIN, l4_fpage(PAGE(0), 18, RW)),
                     l4_ipc_to_errno(L4_IPC_SEMAPFAILED));
        expect_eight(task);
        unmap(task, TARGET, 18, RWX, L4_FP_ALL_SPACES);
    }
    delete_object(task);
    delete_object(fac);
}

static void fails_midway_in_message(void)
{
    l4_cap_idx_t fac = new_factory(L4_BASE_FACTORY_CAP, 40000), task = full_task(fac);

    unmap(task, AT(0), 15, RWX, L4_FP_ALL_SPACES);
    give(d->task, SLOT(5), task, L4_CAP_FPAGE_RW);
    x_begin(1);
    x_window(l4_fpage(TARGET, 18, 0), SLOT(5));
    x_slot(SLOT(0), 0);
    x_item(l4_snd_fpage_mem(PAGE(0), 18, RW, 0, 0));
    x_item(l4_snd_fpage_cap(L4_BASE_LOG_CAP, L4_CAP_FPAGE_R, 0));
    expect("sender's error", x_send(d, d->thread), L4_IPC_SEMAPFAILED);
    expect("receiver's error", d->x.error, L4_IPC_REMAPFAILED);
    expect_ret(d, 0, 18 << 6 | 0x18);
    expect_eight(task);
    expect_filled(d->task, SLOT(0), 0); /* what comes after the failing item is left out */
    delete_object(task);
    delete_object(fac);
}

static void object_table_fails(void)
{
    l4_cap_idx_t fac = new_factory(L4_BASE_FACTORY_CAP, 40000), task = new_task(fac);
    unsigned n = 0;

    while (far_slot(task, n) == 0)
        n++;
    expect_filled(task, LOW_SLOT((n - 1) * 256), 1);
    expect_filled(task, LOW_SLOT(n * 256), 0);
    expect_label("in a table that is there",
                 map_cap(task, LOW_SLOT(1), L4_BASE_LOG_CAP, L4_CAP_FPAGE_R), 0);
    delete_object(task);
    delete_object(fac);
}

static void grant_moves_account(void)
{
    l4_cap_idx_t fac = new_factory(L4_BASE_FACTORY_CAP, 40000), task = full_task(fac);

    map(d->task, AT(0), MAIN, PAGE(5), RW);
    map(e->task, AT(0), d->task, AT(0), RW);
    expect_label("receiver cannot pay",
                 map_order(task, TARGET | L4_MAP_ITEM_GRANT, d->task, l4_fpage(AT(0), 12, RW)),
                 l4_ipc_to_errno(L4_IPC_SEMAPFAILED));
    expect_page(d, AT(0), RW, MARK(5));
    expect_page(e, AT(0), RW, MARK(5));
    grant(d->task, AT(1), task, AT(3), RW); /* the sender is credited ... */
    expect_page(d, AT(1), RW, MARK(1));
    grant(task, TARGET, d->task, AT(0), RW); /* ... and can pay for this */
    expect_none(d, AT(0));
    expect_page(e, AT(0), RW, MARK(5));
    expect_label("full again",
                 map_order(task, TARGET + L4_PAGESIZE, MAIN, l4_fpage(PAGE(0), 12, RW)),
                 l4_ipc_to_errno(L4_IPC_SEMAPFAILED));
    delete_object(task); /* e's page is below the granted one */
    expect_none(e, AT(0));
    delete_object(fac);
}

/* ---- everything comes back ---- */

static void use_everything(void)
{
    l4_cap_idx_t fac = new_factory(L4_BASE_FACTORY_CAP, 2000000), sub = new_factory(fac, 1000000);
    l4_cap_idx_t task = new_task(sub), thread = new_slot();
    long err;
    unsigned n;

    for (unsigned i = 0; i < 6; i++) {
        far_page(task, i);
        far_slot(task, i);
        ku_mem(task, i);
    }
    l4_task_map(task, MAIN, l4_fpage(PAGE(0), 18, RWX), AT(0));
    l4_task_map(task, task, l4_fpage(AT(0), 18, RWX), AT(64));
    l4_task_map(task, MAIN, l4_iofpage(0x80, 3), 0);
    expect_label("thread", l4_error(l4_factory_create_thread(sub, thread)), 0);
    l4_thread_control_start();
    l4_thread_control_bind((l4_utcb_t *)KU_AREA, task);
    expect_label("bind", l4_error(l4_thread_control_commit(thread)), 0);
    for (unsigned i = 0; i < 3; i++) {
        static long const kinds[] = {L4_PROTO_IRQ_SENDER, L4_PROTO_SEMAPHORE, L4_PROTO_THREAD};
        l4_cap_idx_t slot = new_slot();

        expect_label("object", l4_error(l4_factory_create(fac, kinds[i], slot)), 0);
        delete_object(slot);
    }
    n = fill(fac, &err);
    delete_object(sub);
    delete_object(task);
    delete_object(thread);
    delete_object(fac);
    empty(n);
}

static void nothing_lost(void) { expect_no_loss(use_everything); }

static struct test_case const cases[] = {
    {"M-75", "limits of factories", limits},
    {"M-75", "gates until the limit", gates_until_limit},
    {"M-75", "task larger than its factory", task_too_large},
    {"M-76", "a sub-factory reserves its limit at once", reservation},
    {"M-77", "page tables are charged to the receiver", tables_charged},
    {"M-77", "nodes are charged to the receiver", nodes_charged},
    {"M-77", "capability tables are charged to the receiver", slots_charged},
    {"M-77", "kernel-user memory is charged to the task", ku_mem_charged},
    {"M-78", "deleted factory", deleted_factory},
    {"M-29", "a map that fails midway keeps what was before", fails_midway},
    {"M-29", "the same in a message, errors of both partners", fails_midway_in_message},
    {"M-29", "capability tables", object_table_fails},
    {"M-34", "grant moves the account", grant_moves_account},
    {"M-77", "everything comes back", nothing_lost},
};

int main(void)
{
    caps_init();
    return TEST_RUN(cases);
}
