/* SPDX-License-Identifier: MIT */
/* Steps of test cases, see steps.h.  Called by t_*.c; calls worker.c and kernel objects. */
#include "steps.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sys/factory.h>
#include <l4/sys/task.h>

struct ipc m;

l4_msgtag_t tag(long label, unsigned words) { return l4_msgtag(label, words, 0, 0); }

unsigned long main_does(l4_cap_idx_t dest, l4_umword_t flags, l4_msgtag_t t, l4_timeout_t timeout)
{
    ipc_init(&m, dest, flags, t, timeout);
    ipc_do(&m);
    return m.error;
}

int does(struct worker *w, l4_cap_idx_t dest, l4_umword_t flags, l4_msgtag_t t,
         l4_timeout_t timeout)
{
    ipc_init(&w->x, dest, flags, t, timeout);
    return worker_ipc(w);
}

int expect_label(char const *name, long got, long want)
{
    return expect(name, (unsigned long)got, (unsigned long)want);
}

int expect_tag_label(char const *name, l4_msgtag_t t, long want)
{
    return expect_label(name, l4_msgtag_label(t), want);
}

l4_cap_idx_t new_gate(l4_cap_idx_t thread, l4_umword_t label)
{
    l4_cap_idx_t gate = l4re_util_cap_alloc();

    expect_label("new gate",
                 l4_error(l4_factory_create_gate(L4_BASE_FACTORY_CAP, gate, thread, label)), 0);
    return gate;
}

l4_cap_idx_t new_object(long kind)
{
    l4_cap_idx_t cap = l4re_util_cap_alloc();

    expect_label("new object", l4_error(l4_factory_create(L4_BASE_FACTORY_CAP, kind, cap)), 0);
    return cap;
}

void delete_object(l4_cap_idx_t cap)
{
    l4_task_delete_obj(L4_BASE_TASK_CAP, cap);
    l4re_util_cap_free(cap);
}
