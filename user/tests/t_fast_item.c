/* SPDX-License-Identifier: MIT */
/*
 * Answers with items, given with the next wait (rules F-2, F-9 ... F-14, F-19, I-24, O-32); see t_fast.c.
 *
 * Runs as root task.  The kernel has a short way for a single item; most cases are those in which it must not be taken.
 * s serves, a calls, b looks at pages.
 */
#include "steps.h"

#include <l4/sigma0/sigma0.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/task.h>

#include <stddef.h>

#define SELF L4_INVALID_CAP
#define NEVER L4_IPC_NEVER

#define HOLE 0x60000000UL /* nothing is mapped there, two pages */
#define POOL 0x50000000UL /* a page of this task */
enum { LABEL = 0x7700, OTHER = 0x8800, VALUE = 0x900d };

static struct worker *s, *a, *b, *c;
static l4_cap_idx_t gate;
static struct ipc steps[2];
static int c_ran;

static void setup(void)
{
    worker_reset(s);
    worker_reset(a);
    main_does(SELF, REPLY, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0); /* empties the slot */
    pager_reset();
}

static void do_steps(void *unused)
{
    (void)unused;
    ipc_do(&steps[0]);
    ipc_do(&steps[1]);
}

/* The server waits, and will answer with these items behind `words` words. */
static void serve(unsigned words, unsigned n, l4_snd_fpage_t const *item)
{
    ipc_init(&steps[0], SELF, WAIT, tag(0, 0), NEVER);
    ipc_init(&steps[1], SELF, REPLY_AND_WAIT, l4_msgtag(7, words, n, 0), NEVER);
    for (unsigned i = 0; i < n && words + 2 * i + 2 <= L4_UTCB_GENERIC_DATA_SIZE; i++) {
        steps[1].msg.mr[words + 2 * i] = item[i].snd_base;
        steps[1].msg.mr[words + 2 * i + 1] = item[i].fpage.raw;
    }
    worker_run(s, do_steps, NULL);
    ipc_init(&a->x, gate, CALL, tag(5, 0), NEVER);
}

/* They come to a caller with these first two buffer registers; returns its error. */
static unsigned long items_come(unsigned words, unsigned n, l4_snd_fpage_t const *item,
                                l4_umword_t br0, l4_umword_t br1)
{
    setup();
    serve(words, n, item);
    a->x.buf.br[0] = br0;
    a->x.buf.br[1] = br1;
    expect("answered", (unsigned long)worker_ipc(a), 1);
    return a->x.error;
}

static unsigned long value_at(l4_addr_t at)
{
    unsigned long v = 0;

    return worker_read(b, at + 8, &v) ? v : 0;
}

static void give_back(void)
{
    l4_task_unmap(L4_BASE_TASK_CAP, l4_fpage(HOLE, L4_PAGESHIFT + 1, L4_FPAGE_RWX),
                  L4_FP_ALL_SPACES);
}

#define PAGE_ITEM(order, hot, opts) l4_snd_fpage_mem(POOL, order, L4_FPAGE_RO, hot, opts)
#define WINDOW(order) l4_fpage(HOLE, order, 0).raw

static void one_page(void)
{
    l4_snd_fpage_t const hot = PAGE_ITEM(L4_PAGESHIFT, 0x7001000, 0),
                         more = PAGE_ITEM(L4_PAGESHIFT, 0, L4_SND_FPAGE_MORE),
                         absent = l4_snd_fpage_mem(HOLE, L4_PAGESHIFT, L4_FPAGE_RO, 0, 0);

    expect("error", items_come(3, 1, &hot, L4_ITEM_MAP, WINDOW(13)), 0);
    expect("word", a->x.msg.mr[2], FILL + 2);
    expect("return item", a->x.msg.mr[3], 0x7001318);
    expect("second word", a->x.msg.mr[4], FILL + 4);
    expect("first page", value_at(HOLE), 0);
    expect("second page", value_at(HOLE + L4_PAGESIZE), VALUE);
    give_back();
    expect("compound", items_come(0, 1, &more, L4_ITEM_MAP, WINDOW(12)), 0);
    expect("return item", a->x.msg.mr[0], 0x319);
    expect("page", value_at(HOLE), VALUE);
    give_back();
    expect("absent", items_come(0, 1, &absent, L4_ITEM_MAP, WINDOW(12)), 0);
    expect("return item", a->x.msg.mr[0], 0x31a);
    expect("all spaces", items_come(0, 1, &absent, L4_ITEM_MAP, 0xfc0), 0);
    expect("return item", a->x.msg.mr[0], 0x31a);
    expect("window of slots", items_come(0, 1, &more, L4_ITEM_MAP, WINDOW(12) ^ 0x20), 0);
    expect("return item", a->x.msg.mr[0], 0x319);
    expect("no page", value_at(HOLE), 0);
}

static void not_one_page(void)
{
    l4_snd_fpage_t const whole = PAGE_ITEM(L4_PAGESHIFT, 0, 0),
                         two[] = {PAGE_ITEM(L4_PAGESHIFT, 0, L4_SND_FPAGE_MORE),
                                  PAGE_ITEM(L4_PAGESHIFT, L4_PAGESIZE, 0)},
                         large = PAGE_ITEM(13, 0, 0), small = PAGE_ITEM(11, 0, 0),
                         none = l4_snd_fpage_raw(0, whole.fpage.raw),
                         bad = l4_snd_fpage_raw(0x10, whole.fpage.raw);

    expect("two", items_come(0, 2, two, L4_ITEM_MAP, WINDOW(13)), 0);
    expect("second page", value_at(HOLE + L4_PAGESIZE), VALUE);
    give_back();
    expect("large", items_come(0, 1, &large, L4_ITEM_MAP, WINDOW(12)), 0);
    expect("first page", value_at(HOLE), VALUE);
    expect("second page", value_at(HOLE + L4_PAGESIZE), 0);
    give_back();
    expect("small", items_come(0, 1, &small, L4_ITEM_MAP, WINDOW(12)), 0);
    expect("return item", a->x.msg.mr[0], 0x2d8);
    expect("void", items_come(0, 1, &none, L4_ITEM_MAP, WINDOW(12)), 0);
    expect("return item", a->x.msg.mr[0], 0);
    expect("no map item", items_come(0, 1, &bad, L4_ITEM_MAP, WINDOW(12)), L4_IPC_REMSGCUT);
    expect("no buffer", items_come(0, 1, &whole, 0, WINDOW(12)), L4_IPC_REMSGCUT);
    expect("no task", items_come(0, 1, &whole, L4_ITEM_MAP | 1, WINDOW(12)), L4_IPC_REMSGCUT);
    expect("same task", items_come(0, 1, &whole, L4_ITEM_MAP | 4, WINDOW(12)), 0);
    expect("return item", a->x.msg.mr[0], 0x31e);
    expect("beyond", items_come(62, 1, &whole, L4_ITEM_MAP, WINDOW(12)), L4_IPC_REMSGCUT);
    expect("no page", value_at(HOLE), 0);
    expect("last", items_come(61, 1, &whole, L4_ITEM_MAP, WINDOW(12)), 0);
    expect("return item", a->x.msg.mr[61], 0x318);
    expect("page", value_at(HOLE), VALUE);
    give_back();
}

/* The item replaces, and so deletes, a gate that a more urgent thread waits in. */
static void call_and_look(void *slot)
{
    l4_utcb_t *u = l4_utcb();

    u->buf.bdr = 0;
    u->buf.br[0] = *(l4_cap_idx_t *)slot | L4_RCV_ITEM_SINGLE_CAP;
    l4_ipc_call(gate, u, tag(5, 0),
                NEVER); /* nothing behind it that enters the kernel, as the FPU's use may */
    c_ran = c->done;
}

static void wake_by_item(void)
{
    l4_cap_idx_t unbound = new_gate(L4_INVALID_CAP, OTHER);
    l4_snd_fpage_t item = l4_snd_fpage_cap(gate, L4_CAP_FPAGE_RWS, L4_SND_FPAGE_MAP);

    l4_sched_param_t urgent = l4_sched_param(PRIO_WORKER + 1, 0);

    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, c->thread, &urgent);
    expect("waits", (unsigned long)does(c, unbound, CALL, tag(0, 0), NEVER), 0);
    serve(0, 1, &item);
    c_ran = -1;
    worker_run(a, call_and_look, &unbound);
    expect("answered", (unsigned long)a->done, 1);
    expect("before the answer", (unsigned long)c_ran, 1);
}

/* Several times: a tick of the timer, which lets the woken thread run too, does not come each time. */
static void item_that_wakes(void)
{
    for (unsigned i = 0; i < 10; i++) {
        setup();
        worker_reset(c);
        wake_by_item();
    }
}

static struct test_case const cases[] = {
    {"F-10", "one page in the answer", one_page},
    {"F-11", "other items in the answer", not_one_page},
    {"O-32", "an item in the answer wakes somebody more urgent", item_that_wakes},
};

int main(void)
{
    l4_addr_t base;

    if (l4sigma0_map_anypage(L4_BASE_PAGER_CAP, POOL, L4_PAGESHIFT, &base, L4_PAGESHIFT))
        return 1;
    ((volatile unsigned long *)POOL)[1] = VALUE;
    s = worker_new(0);
    a = worker_new(0);
    b = worker_new(0);
    c = worker_new(0);
    gate = new_gate(s->thread, LABEL);
    test_setup = setup;
    return TEST_RUN(cases);
}
