/* SPDX-License-Identifier: MIT */
/*
 * sigma0's protocol as its clients see it (rules B-23 ... B-26).
 *
 * Runs as root task: client 4 of sigma0, whose gate is in the pager slot.
 */
#include "steps.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/re/env.h>
#include <l4/sigma0/sigma0.h>
#include <l4/sys/kip.h>
#include <l4/sys/memdesc.h>
#include <l4/sys/snd_fpage.h>
#include <l4/sys/task.h>

#define AT 0x60000000UL
#define NO_RAM 0xa0000UL /* of a PC: the screen's memory, in no descriptor of RAM */

static l4_cap_idx_t other; /* a second client's gate */

/* One request; the page goes to `at`.  Returns the label, or the IPC error as number above 1000. */
static long request(l4_cap_idx_t gate, l4_umword_t req, l4_fpage_t what, l4_addr_t at)
{
    ipc_init(&m, gate, CALL, tag(L4_PROTO_SIGMA0, 2), L4_IPC_NEVER);
    m.msg.mr[0] = req;
    m.msg.mr[1] = what.raw;
    m.buf.br[0] = L4_ITEM_MAP;
    m.buf.br[1] = l4_fpage(at, l4_fpage_size(what), 0).raw;
    ipc_do(&m);
    return m.error ? 1000 + (long)m.error : l4_msgtag_label(m.tag);
}

static l4_fpage_t page_at(l4_addr_t address) { return l4_fpage(address, 12, L4_FPAGE_RWX); }

static void give_back(l4_addr_t at, unsigned order)
{
    l4_task_unmap(L4_BASE_TASK_CAP, l4_fpage(at, order, L4_FPAGE_RWX), L4_FP_ALL_SPACES);
}

static void any_page(void)
{
    l4_fpage_t any = l4_fpage(0, 12, L4_FPAGE_RWX);

    expect_label("label", request(L4_BASE_PAGER_CAP, SIGMA0_REQ_FPAGE_ANY, any, AT), 0);
    expect("items", l4_msgtag_items(m.tag), 1);
    expect("mapped", m.msg.mr[0] & 0x3e, 0x18); /* return item: memory, mapped */
    *(volatile unsigned long *)AT = 0x55;
    expect("memory", *(volatile unsigned long *)AT, 0x55);
    give_back(AT, 12);
}

/* The first free page of RAM that sigma0 gives by its address; it is mapped at AT.  0: none. */
static l4_addr_t some_ram(void)
{
    l4_kernel_info_mem_desc_t const *md = l4_kernel_info_get_mem_descs(l4_kip());

    for (unsigned i = 0; i < l4_kernel_info_get_num_mem_descs(l4_kip()); i++, md++) {
        l4_addr_t start = l4_kernel_info_get_mem_desc_start(md);

        if (l4_kernel_info_get_mem_desc_type(md) != l4_mem_type_conventional ||
            l4_kernel_info_get_mem_desc_is_virtual(md))
            continue;
        for (l4_addr_t a = 0x2000000; a < 0x8000000; a += L4_PAGESIZE)
            if (a >= start && a < l4_kernel_info_get_mem_desc_end(md) &&
                request(L4_BASE_PAGER_CAP, SIGMA0_REQ_FPAGE_RAM, page_at(a), AT) == 0)
                return a;
    }
    expect("found RAM", 0, 1);
    return 0;
}

/* The items are map items: what sigma0 gave once it gives again, it still has it. */
static void given_again(void)
{
    l4_addr_t ram = some_ram();

    *(volatile unsigned long *)AT = 0x1234;
    give_back(AT, 12);
    expect_label("again", request(L4_BASE_PAGER_CAP, SIGMA0_REQ_FPAGE_RAM, page_at(ram), AT), 0);
    expect("the same page", *(volatile unsigned long *)AT, 0x1234);
    expect_label("at a second place",
                 request(L4_BASE_PAGER_CAP, SIGMA0_REQ_FPAGE_RAM, page_at(ram), AT + L4_PAGESIZE),
                 0);
    expect("the same page again", *(volatile unsigned long *)(AT + L4_PAGESIZE), 0x1234);
    give_back(AT, 13);
}

static void of_the_first_requester(void)
{
    l4_addr_t ram = some_ram();

    give_back(AT, 12);
    expect("another client", request(other, SIGMA0_REQ_FPAGE_RAM, page_at(ram), AT) < 0, 1);
    expect("no items", l4_msgtag_items(m.tag), 0);
}

/* Nobody gets memory of the kernel, not even by its address. */
static void kernel_memory(void)
{
    l4_kernel_info_mem_desc_t const *md = l4_kernel_info_get_mem_descs(l4_kip());
    unsigned n = 0;

    for (unsigned i = 0; i < l4_kernel_info_get_num_mem_descs(l4_kip()); i++, md++) {
        l4_addr_t first = l4_kernel_info_get_mem_desc_start(md);
        l4_addr_t last = l4_kernel_info_get_mem_desc_end(md) & L4_PAGEMASK;

        if (l4_kernel_info_get_mem_desc_type(md) != l4_mem_type_reserved ||
            l4_kernel_info_get_mem_desc_is_virtual(md))
            continue;
        n++;
        expect("first page",
               request(L4_BASE_PAGER_CAP, SIGMA0_REQ_FPAGE_RAM, page_at(first), AT) < 0, 1);
        expect("last page", request(L4_BASE_PAGER_CAP, SIGMA0_REQ_FPAGE_RAM, page_at(last), AT) < 0,
               1);
        expect("as a device",
               request(L4_BASE_PAGER_CAP, SIGMA0_REQ_FPAGE_IOMEM, page_at(last), AT) < 0, 1);
    }
    expect("ranges of the kernel", n >= 2, 1);
}

static void refused(void)
{
    l4_fpage_t page = l4_fpage(0, 12, L4_FPAGE_RWX);

    expect("unknown request", request(L4_BASE_PAGER_CAP, SIGMA0_REQ_MAGIC | 0x10, page, AT) < 0, 1);
    expect("no magic", request(L4_BASE_PAGER_CAP, 0x60, page, AT) < 0, 1);
    expect("too much",
           request(L4_BASE_PAGER_CAP, SIGMA0_REQ_FPAGE_ANY, l4_fpage(0, 50, L4_FPAGE_RWX), 0) < 0,
           1);
    expect("no RAM", request(L4_BASE_PAGER_CAP, SIGMA0_REQ_FPAGE_RAM, page_at(NO_RAM), AT) < 0, 1);
    main_does(L4_BASE_PAGER_CAP, CALL, tag(77, 2), L4_IPC_NEVER);
    expect("unknown protocol", l4_msgtag_label(m.tag) < 0, 1);
    /* And it still answers. */
    expect_label("after that", request(L4_BASE_PAGER_CAP, SIGMA0_REQ_FPAGE_ANY, page, AT), 0);
    give_back(AT, 12);
}

static void information_page(void)
{
    l4_fpage_t fp = l4_fpage(0, 12, L4_FPAGE_RX);

    expect_label("label", request(other, SIGMA0_REQ_KIP, fp, AT), 0);
    expect("magic", *(volatile unsigned *)AT, 0x4be6344c);
    give_back(AT, 12);
}

/* A client that does not wait for its answer (a send without receive) does not hold sigma0 up. */
static void client_that_does_not_wait(void)
{
    ipc_init(&m, L4_BASE_PAGER_CAP, SEND, tag(L4_PROTO_SIGMA0, 2), L4_IPC_NEVER);
    m.msg.mr[0] = SIGMA0_REQ_FPAGE_ANY;
    m.msg.mr[1] = page_at(0).raw;
    ipc_do(&m);
    expect("send", m.error, 0);
    expect_label("next one", request(L4_BASE_PAGER_CAP, SIGMA0_REQ_FPAGE_ANY, page_at(0), AT), 0);
    give_back(AT, 12);
}

static void new_client_needs_right(void)
{
    l4_cap_idx_t weak = l4re_util_cap_alloc(), slot = l4re_util_cap_alloc();

    l4_task_map(L4_BASE_TASK_CAP, L4_BASE_TASK_CAP,
                l4_obj_fpage(L4_BASE_PAGER_CAP, 0, L4_CAP_FPAGE_RW), weak);
    expect("without S", l4sigma0_new_client(weak, slot) < 0, 1);
    expect_label("with S", l4sigma0_new_client(L4_BASE_PAGER_CAP, slot), 0);
    l4re_util_cap_free_um(slot);
    l4re_util_cap_free_um(weak);
}

static void ports(void)
{
    expect_label("debug port", l4sigma0_map_ioports(L4_BASE_PAGER_CAP, 0x80, 0), 0);
    expect("of another client", l4sigma0_map_ioports(other, 0x80, 0) < 0, 1);
}

static struct test_case const cases[] = {
    {"B-23", "any page of RAM", any_page},
    {"B-23", "requests that are refused", refused},
    {"B-23", "information page", information_page},
    {"B-23", "ports", ports},
    {"B-23", "a new client needs the S right", new_client_needs_right},
    {"B-24", "memory belongs to who asked first", of_the_first_requester},
    {"B-24", "memory of the kernel belongs to nobody", kernel_memory},
    {"B-25", "a client that does not wait for its answer", client_that_does_not_wait},
    {"B-26", "what sigma0 gave it still has: map items", given_again},
};

int main(void)
{
    other = l4re_util_cap_alloc();
    if (l4sigma0_new_client(L4_BASE_PAGER_CAP, other))
        return 1;
    return TEST_RUN(cases);
}
