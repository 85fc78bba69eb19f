/* SPDX-License-Identifier: MIT */
/*
 * What the kernel hands to its first two tasks: information page, capabilities, registers (rules
 * B-1 ... B-22, I-59).
 *
 * Runs as root task, or in the place of sigma0 (SIGMA0=): the program sees by its empty pager slot
 * which of the two it is, and runs the cases for that.  As sigma0 it shares the machine with a root
 * task that never gets an answer.
 */
#include "steps.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/re/env.h>
#include <l4/sys/ipc_gate.h>
#include <l4/sys/kip.h>
#include <l4/sys/memdesc.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>
#include <quire/string.h>

#define FIRST_UTCB 0x7fff000000UL
#define USER_TOP 0x7fffffffffffUL
#define LOWEST_FREE 0x2000000UL
#define HIGHEST_FREE 0x8000000UL
#define SCREEN 0xb8000UL /* text of a PC's screen */
#define KIP_IN_WORKER 0x60000000UL

enum { FIRST_GENERIC = 3 }; /* module, behind kernel, sigma0 and root task */

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

static int has_feature(char const *name)
{
    char const *s = l4_kip_version_string(kip);

    l4_kip_for_each_feature(s) if (strcmp(s, name) == 0) return 1;
    return 0;
}

static void kip_strings(void)
{
    char const *s = l4_kip_version_string(kip);

    expect("a version", strlen(s) > 4, 1);
    expect("mapdb", (unsigned long)has_feature("mapdb"), 1);
    expect("abiver:3", (unsigned long)has_feature("abiver:3"), 1);
    /* What is not there must not be announced. */
    expect("pf_tramp", (unsigned long)has_feature("pf_tramp"), 0);
    l4_kip_for_each_feature(s) continue;
    expect("end of the strings", s < (char const *)kip + 0x900, 1);
}

static void kip_clocks(void)
{
    l4_uint64_t us = l4_kip_clock(kip), ns = l4_kip_clock_ns(kip), word = kip->_clock_val, later;

    expect("not at zero", us > 0, 1);
    expect("nanoseconds", ns / 1000 - us < 500000, 1);
    l4_ipc_sleep_ms(20);
    expect("clock word goes on", kip->_clock_val > word, 1);
    word = kip->_clock_val;
    later = l4_kip_clock(kip);
    expect("goes on", later - us >= 19000, 1);
    expect("clock word is not far behind", later - word < 500000, 1);
}

static void kip_not_writable(void)
{
    l4_fpage_t fp = l4_fpage((l4_addr_t)kip, L4_PAGESHIFT, L4_FPAGE_RWX);

    expect_label("map", l4_error(l4_task_map(d->task, L4_BASE_TASK_CAP, fp, KIP_IN_WORKER)), 0);
    expect("read", (unsigned long)worker_read(d, KIP_IN_WORKER, 0), 1);
    expect("call", (unsigned long)worker_exec(d, KIP_IN_WORKER + L4_KIP_OFFS_READ_US), 1);
    expect("write", (unsigned long)worker_write(d, KIP_IN_WORKER + 0xff8, 1), 0);
}

/* ---- memory descriptors ---- */

/* Bytes in descriptors of this kind; virt: 0 or 1. */
static l4_umword_t described(unsigned type, unsigned sub_type, unsigned virt)
{
    l4_kernel_info_mem_desc_t const *md = l4_kernel_info_get_mem_descs(kip);
    l4_umword_t sum = 0;

    for (unsigned i = 0; i < l4_kernel_info_get_num_mem_descs(kip); i++, md++)
        if (l4_kernel_info_get_mem_desc_type(md) == type &&
            l4_kernel_info_get_mem_desc_subtype(md) == sub_type &&
            !l4_kernel_info_get_mem_desc_is_virtual(md) == !virt)
            sum += l4_kernel_info_get_mem_desc_end(md) - l4_kernel_info_get_mem_desc_start(md) + 1;
    return sum;
}

/* The type that holds for a physical address: that of the last descriptor with it. */
static unsigned type_at(l4_addr_t address)
{
    l4_kernel_info_mem_desc_t const *md = l4_kernel_info_get_mem_descs(kip);
    unsigned type = l4_mem_type_undefined;

    for (unsigned i = 0; i < l4_kernel_info_get_num_mem_descs(kip); i++, md++)
        if (l4_kernel_info_get_mem_desc_type(md) != l4_mem_type_undefined &&
            !l4_kernel_info_get_mem_desc_is_virtual(md) &&
            l4_kernel_info_get_mem_desc_start(md) <= address &&
            address <= l4_kernel_info_get_mem_desc_end(md))
            type = (unsigned)l4_kernel_info_get_mem_desc_type(md);
    return type;
}

static void descriptors(void)
{
    expect("RAM", described(l4_mem_type_conventional, 0, 0) >= 16UL << 20, 1);
    expect("user address space", described(l4_mem_type_conventional, 0, 1), USER_TOP + 1);
    expect("hole", described(l4_mem_type_reserved, 0, 1), 0xffff7fffffffffffUL - USER_TOP);
    expect("kernel image", described(l4_mem_type_reserved, l4_mem_reserved_kernel, 0) != 0, 1);
    expect("kernel heap", described(l4_mem_type_reserved, l4_mem_reserved_heap, 0) != 0, 1);
    expect("sigma0", described(l4_mem_type_dedicated, 0, 0) != 0, 1);
    expect("this program", type_at((l4_addr_t)descriptors), l4_mem_type_bootloader);
}

/* ---- modules ---- */

static void modules(void)
{
    l4mod_info const *info = (l4mod_info const *)kip->user_ptr;
    l4mod_mod const *mod = (l4mod_mod const *)info->mods_addr;

    expect("number", info->mods_count >= FIRST_GENERIC, 1);
    expect("kernel", mod[0].flags, L4MOD_KERNEL);
    expect("sigma0", mod[1].flags, L4MOD_SIGMA0);
    expect("root task", mod[2].flags, L4MOD_ROOT);
    for (unsigned i = 0; i < info->mods_count; i++) {
        expect("name", *(char const *)mod[i].cmdline != 0, 1);
        if (i >= FIRST_GENERIC)
            expect("generic", mod[i].flags, L4MOD_GENERIC);
    }
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

static void pager_gate(void)
{
    ipc_init(&m, L4_BASE_PAGER_CAP, CALL, tag(L4_PROTO_KOBJECT, 1), L4_IPC_NEVER);
    m.msg.mr[0] = 0x11; /* get_info: needs the server right */
    ipc_do(&m);
    expect_tag_label("get_info", m.tag, 0);
    expect("label", m.msg.mr[0], 0x40);
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
        if (type_at(address) == l4_mem_type_conventional)
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
    expect("in the kernel's image", type_at((l4_addr_t)kip), l4_mem_type_reserved);
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

static struct test_case const root_cases[] = {
    {"B-4", "head of the information page", kip_head},
    {"B-3", "version and feature strings", kip_strings},
    {"B-1", "both clock functions and the clock word", kip_clocks},
    {"B-1", "the page is readable and executable, not writable", kip_not_writable},
    {"B-6", "memory descriptors", descriptors},
    {"B-28", "module list", modules},
    {"CAPS", "initial slots of the root task", root_slots},
    {"CAPS", "each initial capability is what it should be", kinds},
    {"B-21", "the pager gate is the root task's, with label 0x40", pager_gate},
    {"B-20", "the first UTCB", utcb},
};

static struct test_case const sigma0_cases[] = {
    {"B-4", "head of the information page, for sigma0", kip_head},
    {"B-18", "information page at its physical address", kip_in_place},
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
    d = worker_new(1);
    return TEST_RUN(root_cases);
}
