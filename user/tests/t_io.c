/* SPDX-License-Identifier: MIT */
/*
 * I/O ports: map, grant, unmap, the processor's bitmap (rules M-52 ... M-57, M-1 and M-31 ... M-42
 * where they concern ports).
 *
 * Runs as root task; see exchange.h and ports.h.  Reads and writes hit ports 0x80...0x8f (diagnosis
 * and DMA page registers, no effect in use here) and absent ones.  The main
 * task has all 65536 in one mapping.
 */
#include "exchange.h"
#include "memory.h"
#include "ports.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sigma0/sigma0.h>
#include <quire/io.h>

#define NONE L4_INVALID_CAP
enum { TRAP_PROTECTION = 13, ALL = 16, P = 0x80 };

static struct worker *a; /* of the main task */

static void map_ports(l4_cap_idx_t to, l4_cap_idx_t from, l4_fpage_t ports)
{
    expect_label("map", l4_error(l4_task_map(to, from, ports, 0)), 0);
}

static void unmap_ports(l4_cap_idx_t task, l4_fpage_t ports, l4_umword_t mask)
{
    expect_label("unmap", l4_error(l4_task_unmap(task, ports, mask)), 0);
}

static l4_fpage_t with_rights(unsigned port, unsigned order, unsigned rights)
{
    return l4_fpage_set_rights(l4_iofpage(port, order), (unsigned char)rights);
}

static void expect_ports(struct worker *w, unsigned want)
{
    expect("ports 0x80...0x87", worker_ports(w, P, 8), want);
}

static void setup(void)
{
    worker_reset(a);
    exchange_setup();
    unmap_ports(MAIN, l4_iofpage(P, 3), L4_FP_OTHER_SPACES); /* the mapping of all goes with it */
}

static void denied(void)
{
    expect("in", (unsigned long)worker_in(d, P, 0), 0);
    expect("page faults", pager_seen.faults, 0);
    expect("exceptions", pager_seen.exceptions, 1);
    expect("trap", pager_seen.regs.trapno, TRAP_PROTECTION);
    expect("error code", pager_seen.regs.err, 0);
    expect("out", (unsigned long)worker_out(d, P, 0), 0);
    expect("exceptions", pager_seen.exceptions, 2);
}

static void one_port(void)
{
    map_ports(d->task, MAIN, l4_iofpage(P + 2, 0));
    expect_ports(d, 4);
    expect("out", (unsigned long)worker_out(d, P + 2, 0x5a), 1);
    expect("out to the next", (unsigned long)worker_out(d, P + 3, 0x5a), 0);
}

/* What was written comes back: it is the device's port, under its own number. */
static void real_device(void)
{
    unsigned v = 0;

    map_ports(d->task, MAIN, l4_iofpage(P, 3));
    map_ports(e->task, d->task, l4_iofpage(P + 1, 0));
    worker_out(d, P + 1, 0x35);
    expect("in", (unsigned long)worker_in(e, P + 1, &v), 1);
    expect("value", v, 0x35);
    worker_out(e, P + 1, 0xca);
    worker_in(d, P + 1, &v);
    expect("value", v, 0xca);
}

static void any_right(void)
{
    for (unsigned r = 0; r < 16; r++) {
        setup();
        map_ports(d->task, MAIN, with_rights(P, 0, r));
        expect_ports(d, r & 14 ? 1 : 0);
    }
}

/* Rights do not differ: what came with 8 alone is passed on like what came with 6. */
static void one_property(void)
{
    map_ports(d->task, MAIN, with_rights(P, 1, 8));
    map_ports(e->task, d->task, with_rights(P, 1, 2));
    map_ports(d->task, MAIN, with_rights(P, 1, 4)); /* M-19: nothing to add, children stay */
    expect_ports(e, 3);
}

static void all_in_one(void)
{
    map_ports(d->task, MAIN, l4_iofpage(0, ALL));
    expect_ports(d, 0xff);
    expect("last port", worker_ports(d, 0xffff, 1), 1);
    /* One mapping: taking one port takes all (M-42). */
    unmap_ports(d->task, l4_iofpage(P + 3, 0), L4_FP_ALL_SPACES);
    expect_ports(d, 0);
}

static void all_in_one_revoked(void)
{
    map_ports(d->task, MAIN, l4_iofpage(0, ALL));
    map_ports(e->task, d->task, l4_iofpage(P, 1));
    unmap_ports(MAIN, l4_iofpage(P + 3, 0), L4_FP_OTHER_SPACES); /* M-41 */
    expect_ports(d, 0);
    expect_ports(e, 0);
}

/*
 * A task with a port already gets single ones: what its quota allows, where all in one mapping fit
 * easily.
 */
static void all_to_a_task_with_ports(void)
{
    l4_cap_idx_t factory = l4re_util_cap_alloc(), task;

    expect_label("factory",
                 l4_error(l4_factory_create_factory(L4_BASE_FACTORY_CAP, factory, 60000)), 0);
    task = new_task(factory);
    map_ports(task, MAIN, l4_iofpage(0, ALL));
    delete_object(task);
    task = new_task(factory);
    map_ports(task, MAIN, l4_iofpage(P + 1, 0));
    expect_label("all", l4_error(l4_task_map(task, MAIN, l4_iofpage(0, ALL), 0)),
                 l4_ipc_to_errno(L4_IPC_SEMAPFAILED));
    map_ports(d->task, task, l4_iofpage(P, 3));
    expect_ports(d, 0xff);
    unmap_ports(task, l4_iofpage(P + 3, 0), L4_FP_ALL_SPACES);
    expect_ports(d, 0xf7);
    delete_object(task);
    expect_ports(d, 0);
    delete_object(factory);
}

static void part_of_all(void)
{
    map_ports(d->task, MAIN, l4_iofpage(0, 9));
    unmap_ports(d->task, l4_iofpage(P, 0), L4_FP_ALL_SPACES);
    expect_ports(d, 0xfe);
    expect("last port of the part", worker_ports(d, 0x1ff, 2), 1);
    unmap_ports(d->task, l4_iofpage(0, 9), L4_FP_ALL_SPACES);
    expect_ports(d, 0);
}

/* A single port over the mapping of all: that goes, with what was below (M-20). */
static void single_over_all(void)
{
    map_ports(d->task, MAIN, l4_iofpage(0, ALL));
    map_ports(e->task, d->task, l4_iofpage(P + 5, 0));
    map_ports(d->task, MAIN, l4_iofpage(P, 0));
    expect_ports(d, 1);
    expect_ports(e, 0);
}

static void onto_itself(void)
{
    map_ports(d->task, MAIN, l4_iofpage(P, 2));
    map_ports(e->task, d->task, l4_iofpage(P, 2));
    map_ports(d->task, d->task, l4_iofpage(P + 1, 0));
    expect_ports(d, 0x0d);
    expect_ports(e, 0x0d);
}

static void revoked_by_parent(void)
{
    map_ports(d->task, MAIN, l4_iofpage(P, 3));
    map_ports(e->task, d->task, l4_iofpage(P, 3));
    map_ports(f->task, e->task, l4_iofpage(P, 3));
    unmap_ports(d->task, l4_iofpage(P + 2, 1), L4_FP_OTHER_SPACES);
    expect_ports(d, 0xff);
    expect_ports(e, 0xf3);
    expect_ports(f, 0xf3);
    unmap_ports(e->task, l4_iofpage(P, 1), L4_FP_ALL_SPACES);
    expect_ports(e, 0xf0);
    expect_ports(f, 0xf0);
    expect_ports(d, 0xff);
}

/* The same below the mapping of all. */
static void revoked_below_all(void)
{
    map_ports(d->task, MAIN, l4_iofpage(0, ALL));
    map_ports(e->task, d->task, l4_iofpage(P, 3));
    unmap_ports(d->task, l4_iofpage(P + 2, 1), L4_FP_OTHER_SPACES);
    expect_ports(e, 0xf3);
    unmap_ports(d->task, l4_iofpage(P + 4, 2), L4_FP_OTHER_SPACES);
    expect_ports(e, 0x03);
    expect_ports(d, 0xff);
}

static void unmap_rights(void)
{
    for (unsigned r = 0; r < 16; r++) {
        setup();
        map_ports(d->task, MAIN, l4_iofpage(P, 0));
        unmap_ports(d->task, with_rights(P, 0, r), L4_FP_ALL_SPACES);
        expect_ports(d, r ? 0 : 1);
    }
}

static void granted(void)
{
    map_ports(d->task, MAIN, l4_iofpage(P, 1));
    map_ports(f->task, d->task, l4_iofpage(P, 1));
    x_window(l4_iofpage(0, ALL), NONE);
    x_item(l4_snd_fpage_io(P, 0, RW, 0, L4_SND_FPAGE_GRANT));
    expect("send", x_pass(d, e, PEER_E), 0);
    expect_ret(e, 0, 0x28);
    expect_ports(d, 2);
    expect_ports(e, 1);
    expect_ports(f, 3);
    unmap_ports(e->task, l4_iofpage(P, 1), L4_FP_OTHER_SPACES); /* f's port is now below e's */
    expect_ports(f, 2);
    unmap_ports(MAIN, l4_iofpage(P, 0), L4_FP_OTHER_SPACES);
    expect_ports(e, 0);
}

/* One port of the mapping of all cannot be granted: it is mapped. */
static void grant_of_one_maps(void)
{
    map_ports(d->task, MAIN, l4_iofpage(0, ALL));
    expect_label("grant",
                 l4_error(l4_task_map(e->task, d->task, l4_iofpage(P, 0), L4_MAP_ITEM_GRANT)), 0);
    expect_ports(d, 0xff);
    expect_ports(e, 1);
    unmap_ports(d->task, l4_iofpage(P, 0), L4_FP_OTHER_SPACES);
    expect_ports(e, 0);
}

static void grant_of_all(void)
{
    map_ports(d->task, MAIN, l4_iofpage(0, ALL));
    expect_label("grant",
                 l4_error(l4_task_map(e->task, d->task, l4_iofpage(0, ALL), L4_MAP_ITEM_GRANT)), 0);
    expect_ports(d, 0);
    expect_ports(e, 0xff);
    unmap_ports(e->task, l4_iofpage(P, 0), L4_FP_ALL_SPACES);
    expect_ports(e, 0);
}

/*
 * The processor has the ports of one task at a time: they are taken away and given while it has
 * them, and two tasks with different ports take turns.
 */
static void bitmap_follows(void)
{
    map_ports(d->task, MAIN, l4_iofpage(P, 1));
    map_ports(e->task, MAIN, l4_iofpage(P + 2, 1));
    for (unsigned i = 0; i < 3; i++) {
        expect_ports(d, 3);
        expect_ports(e, 0x0c);
        unmap_ports(MAIN, l4_iofpage(P, 0), L4_FP_OTHER_SPACES);
        expect_ports(d, 2);
        map_ports(d->task, MAIN, l4_iofpage(P, 0));
    }
}

static void same_task_keeps_bitmap(void)
{
    map_ports(d->task, MAIN, l4_iofpage(P, 0));
    expect("in", (unsigned long)worker_in(d, P, 0), 1);
    map_ports(d->task, MAIN, l4_iofpage(P + 1, 0)); /* a trap finds the new port */
    expect("new port", (unsigned long)worker_in(d, P + 1, 0), 1);
    expect("exceptions", pager_seen.exceptions, 0);
    unmap_ports(d->task, l4_iofpage(P, 1), L4_FP_ALL_SPACES);
    expect("after unmap", (unsigned long)worker_in(d, P + 1, 0), 0);
}

/* A thread of the main task: between its access and the unmap no other task runs. */
static void revoked_in_the_running_task(void)
{
    unmap_ports(MAIN, l4_iofpage(0, ALL), L4_FP_ALL_SPACES);
    expect("ports", (unsigned long)l4sigma0_map_ioports(L4_BASE_PAGER_CAP, P, 3), 0);
    expect_ports(a, 0xff);
    unmap_ports(MAIN, l4_iofpage(P + 2, 0), L4_FP_ALL_SPACES);
    expect_ports(a, 0xfb);
    expect("ports", (unsigned long)l4sigma0_map_ioports(L4_BASE_PAGER_CAP, P + 2, 0), 0);
    expect_ports(a, 0xff);
    unmap_ports(MAIN, l4_iofpage(P, 3), L4_FP_ALL_SPACES);
    expect_ports(a, 0);
    expect("all", (unsigned long)l4sigma0_map_ioports(L4_BASE_PAGER_CAP, 0, ALL), 0);
    expect_ports(a, 0xff);
    unmap_ports(MAIN, l4_iofpage(P, 0), L4_FP_ALL_SPACES);
    expect_ports(a, 0);
    expect("all", (unsigned long)l4sigma0_map_ioports(L4_BASE_PAGER_CAP, 0, ALL), 0);
}

static void interrupts_stay_privileged(void)
{
    map_ports(d->task, MAIN, l4_iofpage(0, ALL));
    expect("cli", (unsigned long)worker_cli(d), 0);
    expect("trap", pager_seen.regs.trapno, TRAP_PROTECTION);
}

static void source_without_ports(void)
{
    map_ports(e->task, d->task, l4_iofpage(P, 3));
    expect_ports(e, 0);
    x_window(l4_iofpage(P, 3), NONE);
    x_item(l4_snd_fpage_io(P, 3, RW, 0, 0));
    expect("send", x_pass(d, e, PEER_E), 0);
    expect_ret(e, 0, 0xea);
}

static void task_with_ports(void)
{
    l4_cap_idx_t task = new_task(L4_BASE_FACTORY_CAP);

    map_ports(task, MAIN, l4_iofpage(P, 5));
    map_ports(d->task, task, l4_iofpage(P, 3));
    delete_object(task);
    expect_ports(d, 0); /* M-79 */
    task = new_task(L4_BASE_FACTORY_CAP);
    map_ports(task, MAIN, l4_iofpage(0, ALL));
    delete_object(task);
}

static void no_loss(void) { expect_no_loss(task_with_ports); }

static void quota_for_ports(void)
{
    l4_cap_idx_t factory = l4re_util_cap_alloc(), task;
    long err;

    /* Enough for a task, not for the bitmap of 8 KiB. */
    expect_label("factory",
                 l4_error(l4_factory_create_factory(L4_BASE_FACTORY_CAP, factory, 12000)), 0);
    task = new_task(factory);
    err = l4_error(l4_task_map(task, MAIN, l4_iofpage(P, 0), 0));
    expect_label("map failed", err, l4_ipc_to_errno(L4_IPC_SEMAPFAILED));
    delete_object(task);
    delete_object(factory);
}

static struct test_case const cases[] = {
    {"M-56", "port without permission: an exception", denied},
    {"M-56", "bitmap of the processor follows the task", bitmap_follows},
    {"M-56", "bitmap follows changes", same_task_keeps_bitmap},
    {"M-56", "revoked in the running task", revoked_in_the_running_task},
    {"M-52", "one port", one_port},
    {"M-52", "a real device through two generations", real_device},
    {"M-52", "any of three rights", any_right},
    {"M-52", "access is a single property", one_property},
    {"M-53", "all ports in one mapping", all_in_one},
    {"M-53", "all ports revoked by one", all_in_one_revoked},
    {"M-53", "all ports to a task with one", all_to_a_task_with_ports},
    {"M-53", "part of all in single mappings", part_of_all},
    {"M-20", "single port over the mapping of all", single_over_all},
    {"M-21", "port onto itself", onto_itself},
    {"M-54", "revoked by the parent", revoked_by_parent},
    {"M-54", "revoked below the mapping of all", revoked_below_all},
    {"M-54", "any right of the flexpage removes", unmap_rights},
    {"M-31", "port granted", granted},
    {"M-33", "grant of one port of all maps", grant_of_one_maps},
    {"M-31", "grant of all ports", grant_of_all},
    {"M-55", "bitmap is paid by the task", quota_for_ports},
    {"M-55", "bitmap comes back with the task", no_loss},
    {"M-57", "all ports do not allow cli", interrupts_stay_privileged},
    {"M-11", "source without ports", source_without_ports},
};

int main(void)
{
    exchange_init();
    if (l4sigma0_map_ioports(L4_BASE_PAGER_CAP, 0, ALL)) {
        printf("sigma0 gives no ports\n");
        return 1;
    }
    a = worker_new(0);
    test_setup = setup;
    return TEST_RUN(cases);
}
