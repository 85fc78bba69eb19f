/* SPDX-License-Identifier: MIT */
/*
 * What the kernel hands to its first two tasks: capabilities, UTCB, and to sigma0 all memory (rules
 * B-4, B-17 ... B-21, I-59).  The information page is in t_kip.c.
 *
 * Runs as root task, or in the place of sigma0 (SIGMA0=): the program sees by its empty pager slot
 * which of the two it is, and runs the cases for that.  As sigma0 it shares the machine with a root
 * task that never gets an answer.
 */
#include "descs.h"
#include "steps.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/re/env.h>
#include <l4/sys/ipc_gate.h>
#include <l4/sys/kip.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>
#include <quire/string.h>

#define FIRST_UTCB 0x7fff000000UL
#define LOWEST_FREE 0x2000000UL
#define HIGHEST_FREE 0x8000000UL
#define SCREEN 0xb8000UL /* text of a PC's screen */

static l4_kernel_info_t const *kip;
static struct worker *d;

/* ---- information page ---- */

static l4_umword_t kip_word(unsigned offset)
{
    return *(l4_umword_t const *)((char const *)kip + offset);
}

static void kip_head(void)
{
    expect("magic", kip_word(0) & 0xffffffff, 0x4be6344c);
    expect("version", kip_word(0) >> 32, 0x87034444);
    expect("offset of the strings", kip_word(8), 0x49);
    expect("granularity", kip_word(0x50) & 0xffffffff, 1000);
    expect("offset of the descriptors", kip_word(0x50) >> 32, 0x90);
    expect("number of descriptors", kip_word(0x58), 64);
    expect("reserved", kip_word(0x60) | kip_word(0x68), 0);
    expect("platform", (unsigned long)strcmp((char const *)kip + 0x70, "pc"), 0);
    expect("multiprocessor flag", kip_word(0x80) & 0xffffffff, 0);
    expect("frequency", kip_word(0x28) > 1000, 1);
}

/* ---- capabilities ---- */

static int filled(unsigned index)
{
    return l4_error(l4_task_cap_valid(L4_BASE_TASK_CAP, (l4_cap_idx_t)index << L4_CAP_SHIFT)) > 0;
}

static void initial_slots(int pager)
{
    /* 8 is for an IOMMU, 10 for a debugger, which a kernel may have. */
    static char const want[] = {0, 1, 1, 1, 0, 1, 1, 1, 0, 0};

    for (unsigned i = 0; i < sizeof(want); i++)
        expect("slot", (unsigned long)filled(i), (unsigned long)(i == 4 ? pager : want[i]));
    for (unsigned i = 11; i < 0x20; i++)
        expect("slot above", (unsigned long)filled(i), 0);
}

static void root_slots(void) { initial_slots(1); }
static void sigma0_slots(void) { initial_slots(0); }

/* Each answers the protocol of its kind, and refuses another one. */
static void kinds(void)
{
    static struct {
        l4_cap_idx_t cap;
        long proto;
        l4_umword_t op;
        unsigned words;
    } const k[] = {
        {L4_BASE_TASK_CAP, L4_PROTO_TASK, 2, 2}, {L4_BASE_THREAD_CAP, L4_PROTO_THREAD, 3, 1},
        {L4_BASE_ICU_CAP, L4_PROTO_IRQ, 2, 1},   {L4_BASE_SCHEDULER_CAP, L4_PROTO_SCHEDULER, 0, 2},
        {L4_BASE_LOG_CAP, L4_PROTO_LOG, 3, 1},
    };

    for (unsigned i = 0; i < sizeof(k) / sizeof(k[0]); i++) {
        ipc_init(&m, k[i].cap, CALL, tag(k[i].proto, k[i].words), L4_IPC_NEVER);
        m.msg.mr[0] = k[i].op;
        m.msg.mr[1] = 0;
        ipc_do(&m);
        expect("error", m.error, 0);
        expect("answer", l4_msgtag_label(m.tag) >= 0, 1);
    }
    main_does(L4_BASE_FACTORY_CAP, CALL, tag(L4_PROTO_TASK, 1), L4_IPC_NEVER);
    expect_tag_label("factory as task", m.tag, -L4_EBADPROTO);
}

/*
 * A kernel that gives the server right with it answers itself; else the call arrives at sigma0 as a message of a
 * protocol that it does not know.
 */
static void pager_gate(void)
{
    ipc_init(&m, L4_BASE_PAGER_CAP, CALL, tag(L4_PROTO_KOBJECT, 1), L4_IPC_NEVER);
    m.msg.mr[0] = 0x11; /* get_info */
    ipc_do(&m);
    expect("error", m.error, 0);
    if (l4_msgtag_label(m.tag) == 0)
        expect("label", m.msg.mr[0], 0x40);
    else
        expect_tag_label("sigma0's answer", m.tag, -L4_EBADPROTO);
}

static void utcb(void)
{
    expect("UTCB", (unsigned long)l4_utcb(), FIRST_UTCB);
    expect("self word", l4_utcb()->self, FIRST_UTCB);
}

/* ---- as sigma0 ---- */

/* The highest page of RAM below address that nobody else uses; 0: none. */
static l4_addr_t free_page_below(l4_addr_t address)
{
    while (address > LOWEST_FREE) {
        address -= L4_PAGESIZE;
        if (type_at(kip, address) == l4_mem_type_conventional)
            return address;
    }
    return 0;
}

static void own_faults(void)
{
    l4_addr_t page = free_page_below(HIGHEST_FREE);
    l4_addr_t other = free_page_below(page - 2 * L4_SUPERPAGESIZE);
    volatile unsigned long *p = (volatile unsigned long *)page;
    unsigned char volatile *code = (unsigned char volatile *)page + 64;

    expect("there are pages", page && other, 1);
    if (!page || !other)
        return;
    p[0] = 0x1234567;
    p[511] = 0x7654321;
    *code = 0xc3;
    *(volatile unsigned long *)other = 0x89abc;
    expect("first word", p[0], 0x1234567);
    expect("last word", p[511], 0x7654321);
    expect("another page", *(volatile unsigned long *)other, 0x89abc);
    ((void (*)(void))code)();
    *(volatile unsigned short *)SCREEN = 0x0741;
    expect("device memory", *(volatile unsigned short *)SCREEN, 0x0741);
}

static void kip_in_place(void)
{
    expect("magic", kip->magic, L4_KERNEL_INFO_MAGIC);
    expect("in the kernel's image", type_at(kip, (l4_addr_t)kip), l4_mem_type_reserved);
    expect("clock", l4_kip_clock(kip) > 0, 1);
}

/* ---- sigma0 as the root of the tree of pages ---- */

#define CHILD_PAGE 0x60000000UL

static unsigned long const mark = 0x516a0;

static long give_page(l4_addr_t page, l4_addr_t at, unsigned grant)
{
    *(volatile unsigned long *)page = mark;
    return l4_error(l4_task_map(d->task, L4_BASE_TASK_CAP,
                                l4_fpage(page, L4_PAGESHIFT, L4_FPAGE_RW), at | grant));
}

static unsigned long seen_by_child(l4_addr_t at)
{
    unsigned long v = 0;

    return worker_read(d, at, &v) ? v : 0;
}

static void revoke_page(l4_addr_t page, l4_umword_t mask)
{
    expect("unmap",
           (unsigned long)l4_error(
               l4_task_unmap(L4_BASE_TASK_CAP, l4_fpage(page, L4_PAGESHIFT, L4_FPAGE_RWX), mask)),
           0);
}

static void grant_is_map(void)
{
    l4_addr_t page = free_page_below(HIGHEST_FREE);

    for (unsigned i = 0; i < 2; i++) /* a second time too: sigma0 has not lost it */
        expect("grant",
               (unsigned long)give_page(page, CHILD_PAGE + i * L4_PAGESIZE, L4_MAP_ITEM_GRANT), 0);
    for (unsigned i = 0; i < 2; i++)
        expect("given", seen_by_child(CHILD_PAGE + i * L4_PAGESIZE), mark);
    expect("still its own", *(volatile unsigned long *)page, mark);
    revoke_page(page, L4_FP_OTHER_SPACES);
    for (unsigned i = 0; i < 2; i++)
        expect("revoked", seen_by_child(CHILD_PAGE + i * L4_PAGESIZE), 0);
}

static void unmap_in_sigma0(void)
{
    l4_addr_t page = free_page_below(HIGHEST_FREE);

    for (unsigned i = 0; i < 2; i++)
        expect("map",
               (unsigned long)give_page(page - i * L4_PAGESIZE, CHILD_PAGE + i * L4_PAGESIZE, 0),
               0);
    revoke_page(page, L4_FP_ALL_SPACES);
    expect("child in the range", seen_by_child(CHILD_PAGE), 0);
    expect("child outside", seen_by_child(CHILD_PAGE + L4_PAGESIZE), mark);
    expect("sigma0's own comes again", *(volatile unsigned long *)page, mark);
    expect("map", (unsigned long)give_page(page, CHILD_PAGE, 0), 0);
    expect("given again", seen_by_child(CHILD_PAGE), mark);
    revoke_page(page - L4_PAGESIZE, L4_FP_OTHER_SPACES);
}

/* The root task's first page fault arrives through its gate; without an entry address there is no such task. */
static void root_task_runs(void)
{
    unsigned long there = kip->root_ip != 0;

    main_does(L4_INVALID_CAP, WAIT, tag(0, 0), there ? MS(500) : MS(20));
    expect("a message", m.error, there ? 0 : L4_IPC_RETIMEOUT);
    if (!there)
        return;
    expect_tag_label("page fault", m.tag, L4_PROTO_PAGE_FAULT);
    expect("label", m.label & ~3UL, 0x40);
    expect("at its entry", m.msg.mr[1], kip->root_ip);
}

static struct test_case const root_cases[] = {
    {"B-4", "head of the information page", kip_head},
    {"CAPS", "initial slots of the root task", root_slots},
    {"CAPS", "each initial capability is what it should be", kinds},
    {"B-21", "the pager gate is the root task's, with label 0x40", pager_gate},
    {"B-20", "the first UTCB", utcb},
};

static struct test_case const sigma0_cases[] = {
    {"B-4", "head of the information page, for sigma0", kip_head},
    {"B-18", "information page at its physical address", kip_in_place},
    {"B-19", "the root task runs, if there is one", root_task_runs},
    {"I-59", "sigma0's own faults are resolved one to one", own_faults},
    {"CAPS", "initial slots of sigma0", sigma0_slots},
    {"B-20", "the first UTCB, for sigma0", utcb},
    {"M-37", "a grant by sigma0 is a map", grant_is_map},
    {"M-47", "unmap in sigma0", unmap_in_sigma0},
};

int main(void)
{
    kip = l4_kip();
    if (!filled(L4_BASE_PAGER_CAP >> L4_CAP_SHIFT)) {
        d = worker_new(1);
        return TEST_RUN(sigma0_cases);
    }
    return TEST_RUN(root_cases);
}
