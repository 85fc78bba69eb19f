/* SPDX-License-Identifier: MIT */
/* What a capability slot is good for, see caps.h.  Called by t_*.c; calls worker.c, tasks, gates. */
#include "caps.h"

struct worker *server;

void caps_init(void)
{
    exchange_init();
    server = worker_new(0);
    test_setup = caps_setup;
}

void caps_setup(void)
{
    worker_reset(server);
    exchange_setup();
}

/* After a message through the slot: what the server saw. */
static l4_umword_t seen(l4_umword_t error)
{
    if (!error && server->done)
        return server->x.label;
    worker_reset(server);
    return NO_LABEL | error;
}

l4_umword_t label_of(struct worker *w, l4_cap_idx_t slot)
{
    does(server, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    if (!does(w, slot, SEND, tag(5, 0), L4_IPC_BOTH_TIMEOUT_0))
        worker_reset(w);
    return seen(w->x.error);
}

l4_umword_t main_label_of(l4_cap_idx_t slot)
{
    does(server, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    main_does(slot, SEND, tag(5, 0), L4_IPC_BOTH_TIMEOUT_0);
    return seen(m.error);
}

l4_cap_idx_t server_gate(l4_umword_t label) { return new_gate(server->thread, label); }

unsigned long count(l4_cap_idx_t gate)
{
    expect_label("dec_refcnt", l4_error(l4_kobject_dec_refcnt(gate, 0)), 0);
    return l4_utcb_mr()->mr[0];
}

long map_cap(l4_cap_idx_t to, l4_umword_t word0, l4_cap_idx_t cap, unsigned rights)
{
    return l4_error(l4_task_map(to, MAIN, CAP(cap, rights), word0));
}

void unmap_caps(l4_cap_idx_t task, l4_fpage_t slots, l4_umword_t mask)
{
    expect_label("unmap", l4_error(l4_task_unmap(task, slots, mask)), 0);
}

l4_cap_idx_t new_slot(void) { return l4re_util_cap_alloc(); }

void free_slot(l4_cap_idx_t slot) { l4re_util_cap_free_um(slot); }
