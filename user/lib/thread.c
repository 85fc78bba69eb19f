/* SPDX-License-Identifier: MIT */
/*
 * Threads of a program.
 *
 * Decides: which UTCB a new thread uses.  Called by programs and guard.c; calls factory, thread and
 * scheduler objects.  Not for use by several threads at once.
 */
#include <l4/re/c/rm.h>
#include <l4/re/c/util/cap_alloc.h>
#include <l4/re/env.h>
#include <l4/sys/factory.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>
#include <quire/program.h>

extern char quire_thread_entry[];

static l4_addr_t next_utcb, utcb_end;

l4_utcb_t *quire_utcb_alloc(void)
{
    l4re_env_t const *env = l4re_env();
    l4_utcb_t *u;

    if (!next_utcb) {
        next_utcb = env->first_free_utcb;
        utcb_end = l4_fpage_memaddr(env->utcb_area) + (1UL << l4_fpage_size(env->utcb_area));
    }
    if (next_utcb + L4_UTCB_OFFSET > utcb_end) {
        l4_addr_t at = 0;
        l4_fpage_t area;

        if (l4re_rm_reserve_area(&at, L4_PAGESIZE, L4RE_RM_F_SEARCH_ADDR, L4_PAGESHIFT) < 0)
            return 0;
        area = l4_fpage(at, L4_PAGESHIFT, L4_FPAGE_RW);
        if (l4_error(l4_task_add_ku_mem(L4_BASE_TASK_CAP, &area)) < 0) {
            l4re_rm_free_area(at);
            return 0;
        }
        next_utcb = at;
        utcb_end = at + L4_PAGESIZE;
    }
    u = (l4_utcb_t *)next_utcb;
    next_utcb += L4_UTCB_OFFSET;
    return u;
}

/* Bind, schedule and start; the thread's slot is filled already. */
static int start(struct quire_thread *t, l4_umword_t *sp, unsigned prio, l4_cap_idx_t handler)
{
    l4re_env_t const *env = l4re_env();
    l4_sched_param_t sched = l4_sched_param(prio, 0);
    int err;

    l4_thread_control_start();
    l4_thread_control_pager(handler);
    l4_thread_control_exc_handler(handler);
    l4_thread_control_bind(t->utcb, L4_BASE_TASK_CAP);
    err = l4_error(l4_thread_control_commit(t->cap));
    if (err < 0)
        return err;
    err = l4_error(l4_scheduler_run_thread(env->scheduler, t->cap, &sched));
    if (err < 0)
        return err;
    return l4_error(l4_thread_ex_regs(t->cap, (l4_addr_t)quire_thread_entry, (l4_addr_t)sp, 0));
}

int quire_thread_create(struct quire_thread *t, void *stack, unsigned long size, unsigned prio,
                        l4_cap_idx_t handler)
{
    l4_umword_t *sp = (l4_umword_t *)(((l4_addr_t)stack + size) & ~15UL) - 2;
    int err;

    t->cap = l4re_util_cap_alloc();
    t->utcb = quire_utcb_alloc();
    if (l4_is_invalid_cap(t->cap) || !t->utcb)
        return -L4_ENOMEM;
    sp[0] = (l4_umword_t)t->arg;
    sp[1] = (l4_umword_t)t->entry;
    err = l4_error(l4_factory_create_thread(l4re_env()->factory, t->cap));
    if (err < 0)
        l4re_util_cap_free(t->cap);
    else
        err = start(t, sp, prio, handler);
    return err < 0 ? err : 0;
}
