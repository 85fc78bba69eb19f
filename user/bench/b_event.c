/* SPDX-License-Identifier: MIT */
/*
 * Messages that the kernel makes: page faults and IRQs.
 *
 * Page fault: a thread of another task reads a page that is not there; its pager, a thread of the
 * main task reached through a gate, answers with one page.  IRQ: from the trigger in the main task
 * until a waiting thread of another task, of higher priority, runs.
 */
#include "spaces.h"

#include <l4/sys/irq.h>
#include <l4/sys/snd_fpage.h>
#include <l4/sys/thread.h>
#include <quire/program.h>

static char pager_stack[4096] __attribute__((aligned(16)));
static struct quire_thread pager;
static volatile unsigned woken; /* when the waiter ran */

static void pager_loop(void *unused)
{
    l4_utcb_t *u = l4_utcb();
    l4_umword_t label;

    (void)unused;
    l4_ipc_wait(u, &label, L4_IPC_NEVER);
    for (;;) {
        u->msg.mr[0] = L4_ITEM_MAP | AT(0);
        __asm__ volatile("" ::: "memory"); /* not as one SSE store, see b_call.c */
        u->msg.mr[1] = l4_fpage(PAGE(0), L4_PAGESHIFT, L4_FPAGE_RWX).raw;
        l4_ipc_reply_and_wait(u, l4_msgtag(0, 0, 1, 0), &label, L4_IPC_SEND_TIMEOUT_0);
    }
}

/* In another task: read the page, give it back. */
static void faults(void *unused)
{
    (void)unused;
    SERIES(*(volatile char *)AT(0), unmap_page(L4_BASE_TASK_CAP, AT(0)));
}

static void page_fault(void)
{
    l4_cap_idx_t gate = new_slot();

    pager.entry = pager_loop;
    must("pager", quire_thread_create(&pager, pager_stack, sizeof(pager_stack), PRIO_WORKER,
                                      L4_BASE_PAGER_CAP));
    must("gate", l4_error(l4_factory_create_gate(L4_BASE_FACTORY_CAP, gate, pager.cap, 0x20)));
    give(waiter->task, CHILD_SLOT, gate);
    give(waiter->task, L4_BASE_DEBUGGER_CAP, L4_BASE_DEBUGGER_CAP);
    l4_thread_control_start();
    l4_thread_control_pager(CHILD_SLOT);
    must("pager", l4_error(l4_thread_control_commit(waiter->thread)));
    worker_run(waiter, faults, NULL);
    must("page faults", waiter->done ? 0 : -L4_ENOREPLY);
    series_report("page_fault", 0);
}

static void wait_for_irq(void *unused)
{
    l4_utcb_t *u = l4_utcb();
    l4_umword_t label;

    (void)unused;
    for (;;) {
        l4_ipc_wait(u, &label, L4_IPC_NEVER);
        woken = stamp();
    }
}

static void irq(void)
{
    l4_cap_idx_t cap = new_slot();

    must("IRQ", l4_error(l4_factory_create_irq(L4_BASE_FACTORY_CAP, cap)));
    must("bind", l4_error(l4_rcv_ep_bind_thread(cap, waiter->thread, 0x30)));
    serve(waiter, wait_for_irq, NULL, PRIO_WORKER);
    series_begin(WARM_UP);
    for (unsigned i = 0; i < WARM_UP + SAMPLES; i++) {
        struct counters before = counters_read();
        unsigned start = woken = stamp();

        l4_irq_trigger(cap);
        must("waiter", woken != start ? 0 : -L4_ENOREPLY);
        series_add(before, woken - start);
    }
    series_report("irq_to_waiter", 0);
    l4_task_delete_obj(MAIN, cap);
}

void bench_events(void)
{
    page_fault();
    irq();
}
