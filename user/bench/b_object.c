/* SPDX-License-Identifier: MIT */
/*
 * Creation and destruction of kernel objects, and of tasks that hold mappings.  An object is
 * deleted through its only capability; when the call is back all of it is gone.
 */
#include "spaces.h"

#include <quire/io.h>

enum { LONG_SAMPLES = 3 };

static l4_cap_idx_t slot;

static l4_msgtag_t create(long kind) { return l4_factory_create(L4_BASE_FACTORY_CAP, kind, slot); }

static l4_msgtag_t create_gate(void)
{
    return l4_factory_create_gate(L4_BASE_FACTORY_CAP, slot, L4_BASE_THREAD_CAP, 0x40);
}

static l4_msgtag_t create_task(void)
{
    l4_fpage_t no_utcbs = l4_fpage_invalid();

    return l4_factory_create_task(L4_BASE_FACTORY_CAP, slot, &no_utcbs);
}

static l4_msgtag_t create_task_with_utcbs(void)
{
    l4_fpage_t utcbs = l4_fpage(AT(0), L4_PAGESHIFT, L4_FPAGE_RW);

    return l4_factory_create_task(L4_BASE_FACTORY_CAP, slot, &utcbs);
}

static l4_msgtag_t create_factory(void)
{
    return l4_factory_create_factory(L4_BASE_FACTORY_CAP, slot, 0x10000);
}

static l4_msgtag_t delete_it(void) { return l4_task_delete_obj(MAIN, slot); }

/* Three series: to create, to delete, and both. */
#define OBJECT(name, create_it)                                                                    \
    do {                                                                                           \
        must(name, l4_error(create_it));                                                           \
        SERIES(delete_it(), create_it);                                                            \
        series_report(name "_delete", 0);                                                          \
        delete_it();                                                                               \
        SERIES(create_it, delete_it());                                                            \
        series_report(name "_create", 0);                                                          \
        SERIES((create_it, delete_it()), (void)0);                                                 \
        series_report(name "_create_delete", 0);                                                   \
    } while (0)

/* The end of a task that holds n mappings, of one page or of different ones. */
static void task_with(unsigned n, int different)
{
    series_begin(1);
    for (unsigned i = 0; i < 1 + LONG_SAMPLES; i++) {
        must("task", l4_error(create_task()));
        for (unsigned k = 0; k < n; k++)
            must_map(slot, AT(k), MAIN, PAGE(different ? k : 0));
        await_tick();
        MEASURE(delete_it());
    }
    series_report(different ? "task_delete_pages" : "task_delete_one_page", n);
}

void bench_objects(void)
{
    slot = new_slot();
    OBJECT("gate", create_gate());
    OBJECT("thread", create(L4_PROTO_THREAD));
    OBJECT("task", create_task());
    OBJECT("task_utcb", create_task_with_utcbs());
    OBJECT("irq", create(L4_PROTO_IRQ_SENDER));
    OBJECT("semaphore", create(L4_PROTO_SEMAPHORE));
    OBJECT("factory", create_factory());
    for (unsigned n = 1; n <= 10000; n *= 100) {
        task_with(n, 0);
        task_with(n, 1);
    }
}
