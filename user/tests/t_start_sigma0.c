/* SPDX-License-Identifier: MIT */
/*
 * The system calls with which L4Re's sigma0 starts, in its order (rule B-29; boot.md section 7).
 *
 * Runs as root task: the calls alone, with a worker as client.  Runs in the place of sigma0, too
 * (tests/qemu/start.py): then its client is the root task, whose page faults arrive through the gate
 * that the kernel has made, and the program answers them until the root task asks for the information page.
 */
#include "steps.h"

#include <l4/re/env.h>
#include <l4/sigma0/sigma0.h>
#include <l4/sys/kip.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/task.h>
#include <l4/sys/vcon.h>
#include <quire/string.h>

enum { ROOT_LABEL = 0x40, RIGHTS = 3, HIGHEST = 255, MAX_FAULTS = 200, CLIENT_LABEL = 0x123 };
enum { SET_NAME = 0x100, ADD_IMAGE = 0x107 }; /* requests to the debugger */
#define REPLY_TIMEOUTS 0x04000000U            /* send: zero, receive: never */
#define LOG L4_BASE_LOG_CAP

static struct worker *client;
static int is_sigma0;

static int filled(l4_cap_idx_t slot)
{
    return (int)l4_error(l4_task_cap_valid(L4_BASE_TASK_CAP, slot));
}

static void find_the_log(void) { expect("log", (unsigned long)filled(LOG), 1); }

/* The kernel has resolved the page faults of stack and code; this is a page that was not touched before. */
static void touch_memory(void)
{
    static volatile char big[16 * L4_PAGESIZE];

    for (unsigned i = 0; i < sizeof(big); i += L4_PAGESIZE) {
        expect("zeroed", (unsigned long)big[i], 0);
        big[i] = 1;
    }
}

static void banner(void)
{
    static char const text[] = "t_start_sigma0: a banner through the log, without an answer\n";
    l4_msgtag_t t = l4_vcon_send(LOG, text, sizeof(text) - 1);

    expect("tag", l4_msgtag_has_error(t), 0);
}

/* Request, two words of text, the object; the answer's label or the negative error. */
static long debug(l4_cap_idx_t debugger, l4_umword_t request, l4_cap_idx_t object)
{
    ipc_init(&m, debugger, CALL, l4_msgtag(L4_PROTO_DEBUGGER, 3, 1, 0), L4_IPC_NEVER);
    m.msg.mr[0] = request;
    memcpy(&m.msg.mr[1], "sigma0 a thread", 16);
    m.msg.mr[3] = L4_ITEM_MAP;
    m.msg.mr[4] = l4_obj_fpage(object, 0, L4_CAP_FPAGE_RWS).raw;
    ipc_do(&m);
    return m.error ? l4_ipc_to_errno(m.error) : l4_msgtag_label(m.tag);
}

/* A kernel may be without a debugger: then there is an error, but nothing else. */
static void names(void)
{
    static l4_cap_idx_t const object[] = {L4_BASE_TASK_CAP, L4_BASE_THREAD_CAP,
                                          L4_BASE_FACTORY_CAP};
    long const absent = l4_ipc_to_errno(L4_IPC_ENOT_EXISTENT);
    long const want = filled(L4_BASE_DEBUGGER_CAP) ? 0 : absent;

    for (unsigned i = 0; i < 3; i++)
        expect_label("name", debug(L4_BASE_DEBUGGER_CAP, SET_NAME, object[i]), want);
    expect_label("image", debug(L4_BASE_DEBUGGER_CAP, ADD_IMAGE, L4_BASE_TASK_CAP), want);
    expect_label("no debugger there", debug(30UL << L4_CAP_SHIFT, SET_NAME, object[0]), absent);
}

static long run_with(unsigned prio)
{
    l4_sched_param_t sched = l4_sched_param(prio, 0);

    return l4_error(l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, L4_BASE_THREAD_CAP, &sched));
}

static void most_urgent(void) { expect_label("priority", run_with(HIGHEST), 0); }

/* More than one message of the log can hold. */
static void long_text(void)
{
    static char text[1200];

    memset(text, '.', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\n';
    for (unsigned at = 0; at < sizeof(text);) {
        long n = l4_vcon_write(LOG, text + at, (unsigned)sizeof(text) - at);
        expect("written", n > 0, 1);
        if (n <= 0)
            break;
        at += (unsigned)n;
    }
}

/* ---- the loop ---- */

static void ask(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < 2; i++) {
        ipc_init(&client->x, client->main_thread, CALL, tag(5, 1), L4_IPC_NEVER);
        client->x.label = CLIENT_LABEL;
        client->x.msg.mr[0] = i;
        ipc_do(&client->x);
    }
}

static void serve_a_worker(void)
{
    main_does(L4_INVALID_CAP, WAIT, tag(0, 0), MS(100));
    expect("first", m.error, 0);
    for (unsigned i = 0; i < 2; i++) {
        expect("label", m.label, CLIENT_LABEL);
        expect("word", m.msg.mr[0], i);
        m.tag = tag((long)i + 70, 0);
        m.dest = L4_INVALID_CAP;
        m.flags = i ? REPLY : REPLY_AND_WAIT;
        m.timeout.raw = REPLY_TIMEOUTS;
        ipc_do(&m);
        expect("reply", m.error, 0);
    }
    l4_ipc_sleep_ms(2);
    expect_tag_label("answer", client->x.tag, 71);
}

/* 1:1, as a page-fault answer: one page, all rights. */
static l4_msgtag_t answer(l4_umword_t *mr)
{
    l4_addr_t page = l4_trunc_page(mr[0]);

    mr[0] = page | L4_ITEM_MAP;
    mr[1] = l4_fpage(page, L4_PAGESHIFT, L4_FPAGE_RWX).raw;
    return l4_msgtag(0, 0, 1, 0);
}

static void serve_the_root_task(void)
{
    l4_addr_t entry = l4_kip()->root_ip;
    unsigned faults = 0;

    main_does(L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    expect("the first fault is at its entry", m.msg.mr[1], entry);
    while (faults++ < MAX_FAULTS) {
        expect("error", m.error, 0);
        expect("label", m.label & ~(l4_umword_t)RIGHTS, ROOT_LABEL);
        if (l4_msgtag_label(m.tag) != L4_PROTO_PAGE_FAULT)
            break;
        expect("words of a fault", l4_msgtag_words(m.tag), 2);
        m.tag = answer(m.msg.mr);
        m.flags = REPLY_AND_WAIT;
        m.timeout.raw = REPLY_TIMEOUTS;
        ipc_do(&m);
    }
    expect("faults before it", faults > 2, 1);
    expect_tag_label("then a request", m.tag, L4_PROTO_SIGMA0);
    expect("for the information page", m.msg.mr[0], SIGMA0_REQ_KIP);
}

static void loop(void)
{
    if (is_sigma0) {
        serve_the_root_task();
        return;
    }
    run_with(PRIO_MAIN);
    worker_run(client, ask, 0);
    serve_a_worker();
}

static struct test_case const cases[] = {
    {"B-29", "1 page faults on the own image", touch_memory},
    {"B-29", "2 the log's slot is filled", find_the_log},
    {"B-29", "3 a banner", banner},
    {"B-29", "4 names for the debugger", names},
    {"B-29", "5 the highest priority", most_urgent},
    {"B-29", "6 a long text", long_text},
    {"B-29", "7 wait, then reply and wait", loop},
};

int main(void)
{
    is_sigma0 = !filled(L4_BASE_PAGER_CAP);
    if (!is_sigma0)
        client = worker_new(0);
    return TEST_RUN(cases);
}
