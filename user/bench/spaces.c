/* SPDX-License-Identifier: MIT */
/* Pages, tasks and partners, see spaces.h.  Called by b_*.c; calls sigma0, factory, task, scheduler. */
#include "spaces.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sigma0/sigma0.h>
#include <l4/sys/scheduler.h>

struct worker *neighbour, *remote, *waiter;

static void get_block(l4_addr_t at, unsigned order)
{
    l4_addr_t base;

    must("getting memory", l4sigma0_map_anypage(L4_BASE_PAGER_CAP, at, order, &base, order));
    *(volatile char *)at = 0;
}

void spaces_init(void)
{
    for (unsigned i = 0; i < N_PAGES; i++)
        get_block(PAGE(i), L4_PAGESHIFT);
    get_block(LARGE, LARGE_ORDER);
    neighbour = worker_new(0);
    remote = worker_new(1);
    waiter = worker_new(1);
}

l4_cap_idx_t new_slot(void)
{
    l4_cap_idx_t slot = l4re_util_cap_alloc();

    must("capability slot", l4_is_valid_cap(slot) ? 0 : -L4_ENOMEM);
    return slot;
}

l4_cap_idx_t task_new(void)
{
    l4_fpage_t no_utcbs = l4_fpage_invalid();
    l4_cap_idx_t task = new_slot();

    must("task", l4_error(l4_factory_create_task(L4_BASE_FACTORY_CAP, task, &no_utcbs)));
    return task;
}

void task_delete(l4_cap_idx_t task)
{
    l4_task_delete_obj(MAIN, task);
    l4re_util_cap_free(task);
}

void must_map(l4_cap_idx_t to, l4_addr_t at, l4_cap_idx_t from, l4_addr_t page)
{
    must("map", l4_error(map_page(to, at, from, page)));
}

void give(l4_cap_idx_t task, l4_cap_idx_t slot, l4_cap_idx_t cap)
{
    must("giving a capability",
         l4_error(l4_task_map(task, MAIN, l4_obj_fpage(cap, 0, L4_CAP_FPAGE_RWS),
                              slot | L4_FPAGE_C_OBJ_RIGHTS)));
}

static void set_priority(struct worker *w, unsigned prio)
{
    l4_sched_param_t sched = l4_sched_param(prio, 0);

    must("priority",
         l4_error(l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, w->thread, &sched)));
}

void serve(struct worker *w, void (*fn)(void *), void *arg, unsigned prio)
{
    set_priority(w, PRIO_WORKER);
    worker_reset(w);
    worker_run(w, fn, arg);
    set_priority(w, prio);
}
