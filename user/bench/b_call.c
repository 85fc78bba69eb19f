/* SPDX-License-Identifier: MIT */
/*
 * System call, and IPC as the caller sees it: call, the server's loop, reply.
 *
 * The server has the caller's priority and is a thread of the same task or of another one, reached
 * through its thread capability or a gate.  It answers with as many words as it got, or with an item.
 */
#include "spaces.h"

#include <l4/sys/ipc.h>
#include <l4/sys/snd_fpage.h>
#include <quire/io.h>

#define WINDOW AT(0) /* in the main task: receives the server's page */

/* What the server answers with, if not words. */
static l4_umword_t item[2];

static void echo(void *unused)
{
    l4_utcb_t *u = l4_utcb();
    l4_umword_t label;
    l4_msgtag_t tag = l4_ipc_wait(u, &label, L4_IPC_NEVER);

    (void)unused;
    for (;;)
        tag = l4_ipc_reply_and_wait(u, l4_msgtag(0, l4_msgtag_words(tag), 0, 0), &label,
                                    L4_IPC_SEND_TIMEOUT_0);
}

/*
 * The two words of the item are stored one by one: as one SSE store they would make the server a user
 * of the FPU, and each round trip would switch the FPU's state (that is round_trip_fpu).
 */
static void answer_item(void *unused)
{
    l4_utcb_t *u = l4_utcb();
    l4_umword_t label;

    (void)unused;
    l4_ipc_wait(u, &label, L4_IPC_NEVER);
    for (;;) {
        u->msg.mr[0] = item[0];
        __asm__ volatile("" ::: "memory");
        u->msg.mr[1] = item[1];
        l4_ipc_reply_and_wait(u, l4_msgtag(0, 0, 1, 0), &label, L4_IPC_SEND_TIMEOUT_0);
    }
}

static void echo_fpu(void *unused)
{
    l4_utcb_t *u = l4_utcb();
    l4_umword_t label;

    (void)unused;
    l4_ipc_wait(u, &label, L4_IPC_NEVER);
    for (;;) {
        __asm__ volatile("pxor %%xmm0, %%xmm0" ::: "xmm0");
        l4_ipc_reply_and_wait(u, l4_msgtag(0, 0, 0, 0), &label, L4_IPC_SEND_TIMEOUT_0);
    }
}

static l4_msgtag_t call(l4_cap_idx_t dest, unsigned words)
{
    return l4_ipc_call(dest, l4_utcb(), l4_msgtag(0, words, 0, 0), L4_IPC_NEVER);
}

static void check_answer(l4_cap_idx_t dest, unsigned words, unsigned items)
{
    l4_msgtag_t tag = call(dest, words);

    must("call", l4_msgtag_has_error(tag) ? l4_error(tag) : 0);
    must("answer", l4_msgtag_items(tag) == items ? 0 : -L4_EINVAL);
}

static unsigned long round_trips(struct worker *server, char const *where)
{
    static unsigned const words[] = {0, 4, 16, 63};
    l4_cap_idx_t gate = new_slot();
    l4_cap_idx_t const dest[] = {server->thread, gate};
    unsigned long plain = 0;
    char name[48];

    must("gate", l4_error(l4_factory_create_gate(L4_BASE_FACTORY_CAP, gate, server->thread, 0x10)));
    serve(server, echo, NULL, PRIO_MAIN);
    for (unsigned i = 0; i < 2; i++)
        for (unsigned k = 0; k < sizeof(words) / sizeof(words[0]); k++) {
            unsigned long value;

            check_answer(dest[i], words[k], 0);
            SERIES(call(dest[i], words[k]), (void)0);
            snprintf(name, sizeof(name), "ipc_%s_%s", where, i ? "gate" : "thread");
            value = series_report(name, words[k]);
            if (i == 1 && words[k] == 0)
                plain = value;
        }
    l4_task_delete_obj(MAIN, gate);
    return plain;
}

/* What an item in the reply costs, beyond a round trip without. */
static void items(unsigned long plain)
{
    l4_utcb_t *u = l4_utcb();
    l4_cap_idx_t gate = new_slot(), slot = new_slot();
    unsigned long value;

    must("gate", l4_error(l4_factory_create_gate(L4_BASE_FACTORY_CAP, gate, remote->thread, 0x10)));
    must_map(remote->task, AT(0), MAIN, PAGE(0));
    item[0] = L4_ITEM_MAP;
    item[1] = l4_fpage(AT(0), L4_PAGESHIFT, L4_FPAGE_RWX).raw;
    serve(remote, answer_item, NULL, PRIO_MAIN);

    u->buf.bdr = 0;
    l4_rcv_fpage_put_u(u, 0, l4_fpage(WINDOW, L4_PAGESHIFT, 0), L4_INVALID_CAP);
    check_answer(gate, 0, 1);
    *(volatile char *)WINDOW = 1; /* the page is there */
    unmap_page(MAIN, WINDOW);
    SERIES(call(gate, 0), unmap_page(MAIN, WINDOW));
    value = series_report("ipc_reply_page", 0);
    value_report("ipc_reply_page_extra", 0, value - plain, "instr");

    give(remote->task, CHILD_SLOT, gate);
    item[1] = l4_obj_fpage(CHILD_SLOT, 0, L4_CAP_FPAGE_RWS).raw;
    u->buf.br[0] = slot | L4_RCV_ITEM_SINGLE_CAP;
    check_answer(gate, 0, 1);
    must("capability", l4_error(l4_task_cap_valid(MAIN, slot)) == 1 ? 0 : -L4_ENOENT);
    l4_task_release_cap(MAIN, slot);
    SERIES(call(gate, 0), l4_task_release_cap(MAIN, slot));
    value = series_report("ipc_reply_cap", 0);
    value_report("ipc_reply_cap_extra", 0, value - plain, "instr");
    l4_task_delete_obj(MAIN, gate);
    unmap_below(PAGE(0));
}

/* Both sides use the FPU. */
static void round_trip_fpu(void)
{
    serve(remote, echo_fpu, NULL, PRIO_MAIN);
    SERIES(call(remote->thread, 0), __asm__ volatile("pxor %%xmm0, %%xmm0" ::: "xmm0"));
    series_report("ipc_cross_fpu", 0);
}

void bench_calls(void)
{
    SERIES(l4_task_cap_valid(MAIN, MAIN), (void)0);
    series_report("null_syscall", 0);
    round_trips(neighbour, "same");
    items(round_trips(remote, "cross"));
    round_trip_fpu();
}
