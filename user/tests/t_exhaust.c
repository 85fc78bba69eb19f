/* SPDX-License-Identifier: MIT */
/*
 * The kernel's whole memory used up, in several ways: the documented error, what was done before
 * stays, nothing is lost (rules M-29, M-75 without a limit).
 *
 * Runs as root task; see caps.h and memory.h.  Each way is repeated until the free bytes are steady.
 */
#include "caps.h"
#include "memory.h"

#define KU_AREA 0x90000000UL
#define GIB(n) (0x100000000UL + ((unsigned long)(n) << 30)) /* each needs tables of its own */
enum { MAP_FAILED = L4_IPC_SEMAPFAILED, SMALL = 65536 };

static l4_cap_idx_t task;

static long page_in_gib(unsigned n)
{
    return map_order(task, GIB(n), MAIN, l4_fpage(PAGE(1), 12, RW));
}

/*
 * Take most of the memory in large pieces: a small kernel heap is used up by small things soon, a
 * large one would be checked for long by a debug kernel.
 */
static void hoard(void)
{
    l4_fpage_t area = l4_fpage(KU_AREA, 17, RW);

    while (l4_error(l4_task_add_ku_mem(task, &area)) == 0)
        area = l4_fpage(l4_fpage_memaddr(area) + 0x20000, 17, RW);
}

/* Fill the rest of the kernel's memory with page tables of the task. */
static void fill(void)
{
    unsigned n = 0;
    long err;

    hoard();
    while ((err = page_in_gib(n)) == 0)
        n++;
    expect_label("error", err, l4_ipc_to_errno(MAP_FAILED));
    expect("nearly nothing is left", kernel_free() < SMALL, 1);
}

static void by_page_tables(void)
{
    l4_fpage_t area = l4_fpage(0xa0000000, 17, RW);

    task = new_task(L4_BASE_FACTORY_CAP);
    expect_label("first page", page_in_gib(0), 0);
    map(d->task, AT(0), task, GIB(0), RW);
    fill();
    expect_page(d, AT(0), RW, MARK(1)); /* what was before stays */
    expect_label("128 KiB", l4_error(l4_task_add_ku_mem(task, &area)), -L4_ENOMEM);
    expect_label("unmap needs no memory",
                 l4_error(l4_task_unmap(task, l4_fpage(GIB(0), 12, RWX), L4_FP_ALL_SPACES)), 0);
    expect_none(d, AT(0));
    delete_object(task);
}

static void by_nodes(void)
{
    unsigned n = 0;
    long err = 0;

    /* 64 nodes at a time: whole runs of aliases of the pool, in tables that cost little. */
    task = new_task(L4_BASE_FACTORY_CAP);
    map(task, GIB(0), MAIN, PAGE(0), RW);
    map(d->task, AT(0), task, GIB(0), RW);
    hoard();
    while ((err = map_order(task, GIB(0) + n * 64UL * L4_PAGESIZE, MAIN,
                            l4_fpage(PAGE(0), 18, RW))) == 0)
        n++;
    expect_label("error", err, l4_ipc_to_errno(MAP_FAILED));
    expect("nearly nothing is left", kernel_free() < SMALL, 1);
    expect_page(d, AT(0), RW, MARK(0));
    delete_object(task);
    expect_none(d, AT(0));
}

static void by_kernel_user_memory(void)
{
    unsigned n = 0;
    long err = 0;

    task = new_task(L4_BASE_FACTORY_CAP);
    for (; err == 0; n += err == 0) {
        l4_fpage_t area = l4_fpage(KU_AREA + n * 0x20000UL, 16, RW);

        err = l4_error(l4_task_add_ku_mem(task, &area));
    }
    expect_label("error", err, -L4_ENOMEM);
    expect("areas", n > 8, 1);
    delete_object(task);
}

/* While nothing is left a message with an item fails for both partners, one without does not. */
static void message(void)
{
    task = new_task(L4_BASE_FACTORY_CAP);
    fill();
    x_begin(1);
    x_window(l4_fpage(GIB(0x3000), 18, 0), L4_INVALID_CAP); /* no tables there */
    x_item(l4_snd_fpage_mem(PAGE(0), 18, RW, 0, 0));
    expect("sender's error", x_send(d, d->thread), L4_IPC_SEMAPFAILED);
    expect("receiver's error", d->x.error, L4_IPC_REMAPFAILED);
    expect("word", d->x.msg.mr[0], X_WORD);
    x_begin(1);
    x_ok(d);
    delete_object(task);
    unmap(d->task, GIB(0x3000), 18, RWX, L4_FP_ALL_SPACES);
}

static void sub_factory_beyond_memory(void)
{
    l4_cap_idx_t factory = new_slot(), slot = new_slot();
    unsigned long all = kernel_free() + SMALL;

    /* A limit is a promise about accounts, not about memory: the error comes when it is used. */
    expect_label("factory", l4_error(l4_factory_create_factory(L4_BASE_FACTORY_CAP, factory, all)),
                 0);
    task = new_task(factory);
    fill();
    expect_label(
        "object",
        l4_error(l4_factory_create_task(factory, slot, &(l4_fpage_t){KU_AREA | 17 << 6 | 16})),
        -L4_ENOMEM);
    expect_filled(MAIN, slot, 0);
    delete_object(task);
    delete_object(factory);
    free_slot(slot);
}

static void page_tables(void) { expect_no_loss(by_page_tables); }
static void nodes(void) { expect_no_loss(by_nodes); }
static void kernel_user_memory(void) { expect_no_loss(by_kernel_user_memory); }
static void in_message(void) { expect_no_loss(message); }

static struct test_case const cases[] = {
    {"M-29", "kernel memory used up by page tables", page_tables},
    {"M-29", "kernel memory used up by nodes", nodes},
    {"M-29", "kernel memory used up by kernel-user memory", kernel_user_memory},
    {"M-29", "message while no kernel memory is left", in_message},
    {"M-75", "a limit beyond the memory there is", sub_factory_beyond_memory},
};

int main(void)
{
    caps_init();
    return TEST_RUN(cases);
}
