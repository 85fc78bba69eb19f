/* SPDX-License-Identifier: MIT */
/*
 * The client's side of region map, data spaces and memory allocator (l4/re/c/ rm.h, dataspace.h, mem_alloc.h).
 *
 * Runs as root task.  A worker plays the server: it keeps every request and gives the answers that the case has
 * prepared.  The cases compare each word of the requests with the layout of L4Re's interfaces.
 */
#include "steps.h"

#include <l4/re/c/mem_alloc.h>
#include <l4/re/c/rm.h>
#include <l4/re/c/util/cap_alloc.h>
#include <l4/re/protocols.h>
#include <l4/sys/err.h>
#include <l4/sys/factory.h>
#include <l4/sys/task.h>
#include <quire/string.h>

enum { LABEL = 0x100, MAX_CALLS = 4, PAGES = 4 };
#define AT 0x60000000UL
#define PAGE(n) (AT + (n)*L4_PAGESIZE)
#define WORDS(...)                                                                                 \
    (l4_umword_t const[]){__VA_ARGS__}, sizeof((l4_umword_t const[]){__VA_ARGS__}) / 8

static struct message {
    l4_msgtag_t tag;
    l4_msg_regs_t msg;
} requests[MAX_CALLS], answers[MAX_CALLS];
static unsigned n_requests, n_answers;
static l4_cap_idx_t gate, slot, some_cap;
static struct worker *server, *probe;
static l4_umword_t memory[PAGES][L4_PAGESIZE / sizeof(l4_umword_t)]
    __attribute__((aligned(PAGES * L4_PAGESIZE)));

static void serve(void *unused)
{
    static struct ipc s;

    (void)unused;
    ipc_init(&s, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_SEND_TIMEOUT_0);
    for (;;) {
        struct message const *a;

        s.buf.bdr = 0;
        s.buf.br[0] = slot | L4_RCV_ITEM_SINGLE_CAP;
        s.buf.br[1] = 0;
        ipc_do(&s);
        s.flags = s.error ? WAIT : REPLY_AND_WAIT;
        if (s.error)
            continue;
        a = &answers[n_requests % MAX_CALLS];
        requests[n_requests++ % MAX_CALLS] = (struct message){s.tag, s.msg};
        s.tag = a->tag;
        s.msg = a->msg;
    }
}

/* The next answer; the words are then filled in by the case. */
static l4_umword_t *answer(long label, unsigned words, unsigned items)
{
    struct message *a = &answers[n_answers++];

    a->tag = l4_msgtag(label, words, items, 0);
    return a->msg.mr;
}

/* An answer with one item: pages of the server, of the order, for the place at the hot spot. */
static void answer_memory(unsigned words, unsigned page, unsigned order, l4_addr_t hot_spot)
{
    l4_umword_t *mr = answer(0, words, 1);
    l4_snd_fpage_t item =
        l4_snd_fpage_mem((l4_addr_t)memory[page], order, L4_FPAGE_RW, hot_spot, L4_SND_FPAGE_MAP);

    mr[words] = item.snd_base;
    mr[words + 1] = item.fpage.raw;
}

/* Request number n, word by word; the first is the operation. */
static void expect_request(unsigned n, long label, l4_umword_t const *words, unsigned long count)
{
    expect("came", n_requests > n, 1);
    expect_tag_label("protocol", requests[n].tag, label);
    expect("words", l4_msgtag_words(requests[n].tag), count);
    for (unsigned i = 0; i < count; i++)
        expect("argument", requests[n].msg.mr[i], words[i]);
}

static void setup(void)
{
    n_requests = n_answers = 0;
    memset(requests, 0, sizeof(requests));
    memset(answers, 0, sizeof(answers));
    for (unsigned i = 0; i < PAGES; i++)
        memory[i][0] = 0xabc0 + i;
    l4_task_unmap(L4_BASE_TASK_CAP, l4_fpage(AT, 16, L4_FPAGE_RWX), L4_FP_ALL_SPACES);
    l4_task_unmap(L4_BASE_TASK_CAP, l4_obj_fpage(slot, 0, L4_CAP_FPAGE_RWSD), L4_FP_ALL_SPACES);
}

/* Is the slot filled? */
static int filled(l4_cap_idx_t cap)
{
    return (int)l4_msgtag_label(l4_task_cap_valid(L4_BASE_TASK_CAP, cap));
}

static void expect_page(unsigned page, unsigned long want)
{
    unsigned long value = 0;

    worker_read(probe, PAGE(page), &value);
    expect("page", value, want);
}

static void areas(void)
{
    l4_addr_t start = 0x123000;

    answer(0, 1, 0)[0] = 0x777000;
    expect_label("reserve",
                 l4re_rm_reserve_area_srv(gate, &start, 0x5000, L4RE_RM_F_SEARCH_ADDR, 14), 0);
    expect("start", start, 0x777000);
    expect_request(0, L4RE_PROTO_RM,
                   WORDS(3, 0x123000, 0x5000, L4RE_RM_F_SEARCH_ADDR | 14UL << 32));
    answer(-L4_EADDRNOTAVAIL, 1, 0)[0] = 1;
    expect_label("taken", l4re_rm_reserve_area_srv(gate, &start, 1, 0, 12), -L4_EADDRNOTAVAIL);
    expect("start stays", start, 0x777000);
    answer(-L4_ENOENT, 0, 0);
    expect_label("free", l4re_rm_free_area_srv(gate, 0x777123), -L4_ENOENT);
    expect_request(2, L4RE_PROTO_RM, WORDS(4, 0x777123));
}

/* The functions without _srv ask the region map that the environment names. */
static void of_the_environment(void)
{
    l4_addr_t start = 0;

    l4re_global_env->rm = gate;
    answer(0, 1, 0)[0] = 0x999000;
    expect_label("reserve", l4re_rm_reserve_area(&start, 0x1000, 0, 12), 0);
    expect_label("free", l4re_rm_free_area(start), 0);
    l4re_rm_show_lists();
    l4re_global_env->rm = L4_INVALID_CAP;
    expect("asked", n_requests, 3);
    expect_request(1, L4RE_PROTO_RM, WORDS(4, 0x999000));
    expect_request(2, L4RE_PROTO_DEBUG, WORDS(0));
    expect_label("own list", l4re_rm_reserve_area(&start, 0x1000, L4RE_RM_F_SEARCH_ADDR, 12), 0);
    expect_label("own list, taken", l4re_rm_reserve_area(&start, 0x1000, 0, 12), -L4_EADDRNOTAVAIL);
    expect_label("own list, free", l4re_rm_free_area(start), 0);
    expect_label("own list, gone", l4re_rm_free_area(start), -L4_ENOENT);
    expect("not asked", n_requests, 3);
}

static void attach(void)
{
    void *start = (void *)0x123000;

    answer(0, 1, 0)[0] = PAGE(0);
    expect_label(
        "attach",
        l4re_rm_attach_w_info_srv(gate, &start, 0x3000, L4RE_RM_F_RW | L4RE_RM_F_SEARCH_ADDR,
                                  some_cap | L4_CAP_FPAGE_RW, 0x8000, 16, "a region", 0x4000),
        0);
    expect("start", (l4_addr_t)start, PAGE(0));
    expect_request(0, L4RE_PROTO_RM,
                   WORDS(0, 0x123000, 0x3000, L4RE_RM_F_RW | L4RE_RM_F_SEARCH_ADDR, 0x8000, 16,
                         some_cap, 9, 0x6e6f696765722061, 0, 0x4000));
    expect("items", l4_msgtag_items(requests[0].tag), 1);
    expect("what came", requests[0].msg.mr[11] & 0x3e, 0x38);
    expect_label("data space came", filled(slot), 1);
    answer(-L4_EPERM, 1, 0);
    expect_label("error", l4re_rm_attach_srv(gate, &start, 1, 0, some_cap, 0, 12), -L4_EPERM);
}

/* Reserved or without rights, a region has no data space; then no item is sent. */
static void attach_nothing(void)
{
    void *start = (void *)PAGE(1);
    l4re_rm_flags_t const flags[] = {0, L4RE_RM_F_RESERVED | L4RE_RM_F_RW};

    for (unsigned i = 0; i < 2; i++) {
        answer(0, 1, 0)[0] = PAGE(1);
        expect_label("attach", l4re_rm_attach_srv(gate, &start, 0x1000, flags[i], some_cap, 0, 12),
                     0);
        expect_request(i, L4RE_PROTO_RM,
                       WORDS(0, PAGE(1), 0x1000, flags[i], 0, 12, L4_INVALID_CAP, 1, 0, 0));
        expect("items", l4_msgtag_items(requests[i].tag), 0);
    }
}

static l4_umword_t paged[3];
static long page_in(l4_addr_t min, l4_addr_t max, l4_uint16_t rights)
{
    memcpy(paged, (l4_umword_t[]){min, max, rights}, sizeof(paged));
    return 0;
}

static void attach_eagerly(void)
{
    enum { FLAGS = L4RE_RM_F_RW | L4RE_RM_F_EAGER_MAP };
    void *start = (void *)PAGE(0);

    answer(0, 1, 0)[0] = PAGE(0);
    answer(0, 1, 0)[0] = (l4_umword_t)page_in;
    expect_label("attach", l4re_rm_attach_srv(gate, &start, 0x1800, FLAGS, some_cap, 0, 12), 0);
    expect_request(1, L4RE_PROTO_RM, WORDS(10, PAGE(0), PAGE(2) - 1, L4RE_RM_F_RW));
    for (unsigned i = 0; i < 3; i++)
        expect("paged in", paged[i], requests[1].msg.mr[i + 1]);
    setup();
    answer(0, 1, 0)[0] = PAGE(0);
    answer_memory(1, 0, 13, PAGE(0));
    answer_memory(1, 2, 12, PAGE(2));
    expect_label("attach", l4re_rm_attach_srv(gate, &start, 0x3000, FLAGS, some_cap, 0, 12), 0);
    expect("requests", n_requests, 3);
    expect_request(2, L4RE_PROTO_RM, WORDS(10, PAGE(2), PAGE(3) - 1, L4RE_RM_F_RW));
    for (unsigned i = 0; i < 3; i++)
        expect_page(i, 0xabc0 + i);
    setup();
    answer(0, 1, 0)[0] = PAGE(0);
    l4re_rm_attach_srv(gate, &start, 0x3000, FLAGS | L4RE_RM_F_NO_EAGER_MAP, some_cap, 0, 12);
    expect("not eagerly", n_requests, 1);
}

static void detach(void)
{
    enum { UNMAPPED = 8, KEPT = 1 };
    l4re_ds_t ds = 0;

    for (int unmapped = 1; unmapped >= 0; unmapped--) {
        setup();
        answer_memory(0, 0, 14, 0);
        expect_label("map", l4re_ds_map(gate, 0, L4RE_DS_F_RW, AT, AT, PAGE(4)), 0);
        memcpy(answer(KEPT | (unmapped ? UNMAPPED : 0), 3, 0),
               (l4_umword_t[]){PAGE(1), 0x1800, some_cap}, 24);
        expect_label("detach", l4re_rm_detach_srv(gate, PAGE(1) + 5, &ds, L4_BASE_TASK_CAP), KEPT);
        expect_request(1, L4RE_PROTO_RM, WORDS(1, PAGE(1) + 5, 1, 2));
        expect("data space", ds, some_cap);
        for (unsigned i = 0; i < PAGES; i++)
            expect_page(i, unmapped || i == 0 || i == 3 ? 0xabc0 + i : 0);
    }
    answer(-L4_ENOENT, 0, 0);
    expect_label("no region", l4re_rm_detach_srv(gate, 1, &ds, L4_BASE_TASK_CAP), -L4_ENOENT);
    expect("no data space", ds, L4_INVALID_CAP);
}

static void find(void)
{
    l4_addr_t addr = 0x5123;
    unsigned long size = 7;
    l4re_rm_offset_t offset = 0;
    l4re_rm_flags_t flags = 0;
    l4re_ds_t ds = 0;

    memcpy(answer(1, 5, 0), (l4_umword_t[]){0x5000, 0x2000, 0xf00000006, 0x9000, some_cap}, 40);
    expect_label("find", l4re_rm_find_srv(gate, &addr, &size, &offset, &flags, &ds), 1);
    expect_request(0, L4RE_PROTO_RM, WORDS(2, 0x5123, 7));
    expect("address", addr, 0x5000);
    expect("size", size, 0x2000);
    expect("offset", offset, 0x9000);
    expect("flags", flags, 6);
    expect("data space", ds, some_cap);
    answer(-L4_ENOENT, 5, 0);
    expect_label("nothing", l4re_rm_find_srv(gate, &addr, &size, &offset, &flags, &ds), -L4_ENOENT);
    expect("address stays", addr, 0x5000);
    expect("no data space", ds, L4_INVALID_CAP);
}

static void info(void)
{
    char name[16] = "?";
    l4re_rm_offset_t offset = 0;

    for (unsigned i = 0; i < 2; i++)
        memcpy(answer(0, 4, 0), (l4_umword_t[]){9, 0x6e6f696765722061, 0, 0x4000}, 32);
    expect_label("info", l4re_rm_get_info_srv(gate, 0x5123, name, sizeof(name), &offset), 0);
    expect_request(0, L4RE_PROTO_RM, WORDS(7, 0x5123));
    expect("name", (unsigned long)memcmp(name, "a region", 9), 0);
    expect("offset", offset, 0x4000);
    expect_label("cut", l4re_rm_get_info_srv(gate, 0x5123, name, 4, &offset), 0);
    expect("cut name", (unsigned long)memcmp(name, "a r\0gion", 9), 0);
    answer(0, 4, 0);
    expect_label("no name", l4re_rm_get_info_srv(gate, 1, name, 4, &offset), -L4_EMSGTOOSHORT);
}

static void map(void)
{
    answer_memory(0, 2, 12, 0x5000);
    expect_label("map", l4re_ds_map(gate, 0x7000, L4RE_DS_F_RW, PAGE(5) + 8, AT, PAGE(16)), 0);
    expect_request(0, L4RE_PROTO_DATASPACE, WORDS(0, 0x7000, 0x5000, L4RE_DS_F_RW));
    expect_page(5, 0xabc2);
    answer(-L4_ERANGE, 0, 0);
    expect_label("outside", l4re_ds_map(gate, 0x7000, L4RE_DS_F_R, AT, AT, PAGE(1)), -L4_ERANGE);
}

static void map_region(void)
{
    answer_memory(0, 0, 12, 0);
    answer_memory(0, 2, 13, 0);
    answer_memory(0, 1, 12, 0);
    expect_label("map", l4re_ds_map_region(gate, 0x7000, L4RE_DS_F_RW, PAGE(1), PAGE(5) - 1), 0);
    expect("requests", n_requests, 3);
    expect_request(0, L4RE_PROTO_DATASPACE, WORDS(0, 0x7000, 0, L4RE_DS_F_RW));
    expect_request(1, L4RE_PROTO_DATASPACE, WORDS(0, 0x8000, 0, L4RE_DS_F_RW));
    expect_request(2, L4RE_PROTO_DATASPACE, WORDS(0, 0xa000, 0, L4RE_DS_F_RW));
    for (unsigned i = 0; i < 5; i++)
        expect_page(i, (unsigned long[]){0, 0xabc0, 0xabc2, 0xabc3, 0xabc1}[i]);
    setup();
    answer_memory(0, 1, 12, 0);
    answer_memory(0, 3, 12, 0);
    expect_label("small", l4re_ds_map_region(gate, 0, L4RE_DS_F_RW, PAGE(2), PAGE(4)), 0);
    expect_request(1, L4RE_PROTO_DATASPACE, WORDS(0, 0x1000, 0, L4RE_DS_F_RW));
    expect_page(3, 0xabc3);
    answer(0, 0, 0);
    expect_label("nothing came", l4re_ds_map_region(gate, 0, L4RE_DS_F_R, AT, PAGE(1)), -L4_ENOMEM);
}

static void operations(void)
{
    answer(-L4_EACCESS, 0, 0);
    expect_label("clear", l4re_ds_clear(gate, 0x123, 0x456), -L4_EACCESS);
    expect_request(0, L4RE_PROTO_DATASPACE, WORDS(1, 0x123, 0x456));
    expect_label("allocate", l4re_ds_allocate(gate, 0x789, 0xabc), 0);
    expect_request(1, L4RE_PROTO_DATASPACE, WORDS(4, 0x789, 0xabc));
    expect_label("copy", l4re_ds_copy_in(gate, 0x11, some_cap | L4_CAP_FPAGE_RO, 0x22, 0x33), 0);
    expect_request(2, L4RE_PROTO_DATASPACE, WORDS(3, 0x11, 0x22, 0x33));
    expect("what came", requests[2].msg.mr[4] & 0x3e, 0x38);
    expect_label("source came", filled(slot), 1);
    expect_label("no source", l4re_ds_copy_in(gate, 0, L4_INVALID_CAP, 0, 1), -L4_EMSGMISSARG);
    expect_label("map_info", l4re_ds_map_info(gate, 0, 0), 0);
    expect("neither is sent", n_requests, 3);
}

static void size_and_flags(void)
{
    l4re_ds_stats_t stats = {1, 2};

    for (unsigned i = 0; i < 3; i++)
        memcpy(answer(0, 2, 0), (l4_umword_t[]){0x123456, 0x107}, 16);
    expect_label("info", l4re_ds_info(gate, &stats), 0);
    expect_request(0, L4RE_PROTO_DATASPACE, WORDS(2));
    expect("size", stats.size, 0x123456);
    expect("flags", stats.flags, 0x107);
    expect("size", l4re_ds_size(gate), 0x123456);
    expect("flags", l4re_ds_flags(gate), 0x107);
    memcpy(answer(-L4_EINVAL, 2, 0), (l4_umword_t[]){9, 9}, 16);
    expect_label("error", l4re_ds_info(gate, &stats), -L4_EINVAL);
    expect("stays", stats.size, 0x123456);
    expect_label("IPC error", l4re_ds_info(slot, &stats), l4_ipc_to_errno(L4_IPC_ENOT_EXISTENT));
    expect("no size", l4re_ds_size(slot), 0);
}

static void allocator(void)
{
    l4_umword_t const int_type = L4_VARG_TYPE_MWORD | 8 << 16,
                      uint_type = L4_VARG_TYPE_UMWORD | 8 << 16;
    l4re_ds_t ds = l4re_util_cap_alloc();
    l4_umword_t *mr = answer(0, 0, 1);

    mr[0] = l4_map_obj_control(0, 0);
    mr[1] = l4_obj_fpage(some_cap, 0, L4_CAP_FPAGE_RWS).raw;
    expect_label("alloc", l4re_ma_alloc_align_srv(gate, -0x5000, ds, L4RE_MA_CONTINUOUS, 21), 0);
    expect_request(0, L4_PROTO_FACTORY,
                   WORDS(L4RE_PROTO_DATASPACE, int_type, -0x5000UL, uint_type, 1, uint_type, 21));
    expect_label("came", filled(ds), 1);
    l4re_util_cap_free_um(ds);
    l4re_global_env->mem_alloc = gate;
    answer(-L4_ENOMEM, 0, 0);
    expect_label("no memory", l4re_ma_alloc(0x1000, ds, 0), -L4_ENOMEM);
    expect_label("aligned", l4re_ma_alloc_align(0x1000, ds, 0, 14), 0);
    l4re_global_env->mem_alloc = L4_INVALID_CAP;
    expect("last", requests[1].msg.mr[6], 0);
    expect("last", requests[2].msg.mr[6], 14);
}

static struct test_case const cases[] = {
    {"RM", "areas are reserved and freed", areas},
    {"RM", "the environment's region map, and none", of_the_environment},
    {"RM", "attach: every word, the data space", attach},
    {"RM", "attach of what has no data space", attach_nothing},
    {"RM", "attach with all pages at once", attach_eagerly},
    {"RM", "detach: who unmaps", detach},
    {"RM", "find", find},
    {"RM", "name and backing offset", info},
    {"DS", "map: window and hot spot", map},
    {"DS", "a region in blocks", map_region},
    {"DS", "clear, allocate, copy", operations},
    {"DS", "size and flags", size_and_flags},
    {"DS", "allocation", allocator},
};

int main(void)
{
    slot = l4re_util_cap_alloc();
    server = worker_new(0);
    probe = worker_new(0);
    gate = new_gate(server->thread, LABEL);
    some_cap = new_object(L4_PROTO_SEMAPHORE);
    worker_run(server, serve, 0);
    test_setup = setup;
    return TEST_RUN(cases);
}
