/* SPDX-License-Identifier: MIT */
/*
 * The system calls with which L4Re's root task Moe starts, in its order, up to serving its first program (boot.md
 * section 7).
 *
 * Runs as root task without helper threads.  The first program is child(): a task of its own, whose page faults,
 * calls and exceptions arrive at the gate in its slot REGION_MAP, as those of L4Re's programs do.  The cases build
 * on each other.
 */
#include "steps.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/re/env.h>
#include <l4/sigma0/sigma0.h>
#include <l4/sys/factory.h>
#include <l4/sys/ipc_gate.h>
#include <l4/sys/irq.h>
#include <l4/sys/kip.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/segment.h>
#include <l4/sys/snd_fpage.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>
#include <l4/sys/vcon.h>
#include <quire/string.h>

enum { HEAP_ORDER = 14, PRIO_HIGHEST = 255, PRIO_CHILD = 2, MAX_ORDER = 30, MAX_MESSAGES = 40 };
enum { SET_NAME = 0x100, CHILD_ASKS = 0x4000, CHILD_ANSWER = 77, UD2_TRAP = 6 };
#define SIGMA0 L4_BASE_PAGER_CAP
#define MAIN L4_BASE_TASK_CAP
#define SLOT(index) ((l4_cap_idx_t)(index) << L4_CAP_SHIFT)
#define REGION_MAP SLOT(0x10) /* in the child */
#define CHILD_UTCBS 0xb3000000UL
#define STACK 0xb0000000UL
#define STACK_SIZE 0x8000UL
#define RCV_SLOT SLOT(0x100) /* and the next: what clients send */
#define CAP_RIGHTS 3UL       /* low bits of a gate's label */

/* An own object of the server: its address is the gate's label. */
static struct {
    l4_umword_t magic;
} object __attribute__((aligned(16))) = {0x4d6f65};

static l4_addr_t heap;
static l4_cap_idx_t del_irq, gate, task, thread, other_client;

/* A request to sigma0 with the whole address space as window; the item's hot spot tells where it is. */
static long request(l4_umword_t req, l4_umword_t what, unsigned rights)
{
    ipc_init(&m, SIGMA0, CALL, tag(L4_PROTO_SIGMA0, 2), L4_IPC_NEVER);
    m.msg.mr[0] = req;
    m.msg.mr[1] = what;
    m.buf.bdr = 0;
    m.buf.br[0] = L4_ITEM_MAP;
    m.buf.br[1] = l4_fpage(0, 63, (unsigned char)rights).raw;
    ipc_do(&m);
    if (m.error)
        return l4_ipc_to_errno(m.error);
    return l4_msgtag_label(m.tag) < 0 ? l4_msgtag_label(m.tag) : (long)l4_msgtag_items(m.tag);
}

static l4_addr_t hot_spot(void) { return m.msg.mr[0] & L4_PAGEMASK; }

static void log_is_there(void)
{
    expect_label("cap_info", l4_error(l4_task_cap_valid(MAIN, L4_BASE_LOG_CAP)), 1);
}

static void first_memory(void)
{
    expect_label("request",
                 request(SIGMA0_REQ_FPAGE_ANY, l4_fpage(0, HEAP_ORDER, 0).raw, L4_FPAGE_RWX), 1);
    heap = hot_spot();
    expect("aligned", heap & ((1UL << HEAP_ORDER) - 1), 0);
    for (l4_addr_t p = heap; p < heap + (1UL << HEAP_ORDER); p += L4_PAGESIZE) {
        *(volatile l4_umword_t *)p = p;
        expect("memory", *(volatile l4_umword_t *)p, p);
    }
}

static void constructors(void)
{
    static l4_umword_t tls[2] = {0, 0x715};
    l4_umword_t seen;

    del_irq = l4re_util_cap_alloc();
    expect_label("IRQ",
                 l4_error(l4_factory_create(L4_BASE_FACTORY_CAP, L4_PROTO_IRQ_SENDER, del_irq)), 0);
    expect_tag_label(
        "bind", l4_rcv_ep_bind_thread(del_irq, L4_BASE_THREAD_CAP, (l4_umword_t)&del_irq & ~3UL),
        0);
    expect_tag_label("register", l4_thread_register_del_irq(L4_BASE_THREAD_CAP, del_irq), 0);
    ipc_init(&m, L4_INVALID_CAP, CALL, tag(L4_PROTO_THREAD, 2), L4_IPC_NEVER);
    m.msg.mr[0] = 0x12; /* fs base, on the invoking thread */
    m.msg.mr[1] = (l4_umword_t)tls;
    ipc_do(&m);
    expect_tag_label("thread-local storage", m.tag, 0);
    __asm__ volatile("mov %%fs:8, %0" : "=r"(seen));
    expect("at fs:8", seen, 0x715);
}

static void greeting(void)
{
    static char const text[] = "t_start_moe: Hello world\n";
    l4_sched_param_t sched = l4_sched_param(PRIO_HIGHEST, 0);

    expect("written", (unsigned long)l4_vcon_write(L4_BASE_LOG_CAP, text, sizeof(text) - 1),
           sizeof(text) - 1);
    expect_tag_label("priority",
                     l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, L4_BASE_THREAD_CAP, &sched), 0);
}

static void information_page(void)
{
    l4_kernel_info_t const *kip;

    expect_label("request", request(SIGMA0_REQ_KIP, l4_fpage(0, L4_PAGESHIFT, 0).raw, L4_FPAGE_RX),
                 1);
    kip = (l4_kernel_info_t const *)hot_spot();
    expect("magic", kip->magic, L4_KERNEL_INFO_MAGIC);
    expect("its clock code runs", l4_kip_clock(kip) > 0, 1);
}

/* By touching it: page faults. */
static void modules(void)
{
    l4mod_info const *info = (l4mod_info const *)l4_kip()->user_ptr;
    l4mod_mod const *mod = (l4mod_mod const *)info->mods_addr;

    expect("kernel, sigma0, this", info->mods_count >= 3, 1);
    for (unsigned i = 0; i < info->mods_count; i++)
        expect("command line", strlen((char const *)mod[i].cmdline) > 0, 1);
}

static void all_memory(void)
{
    unsigned long sum = 0;

    for (unsigned order = MAX_ORDER; order >= L4_PAGESHIFT; order--)
        while (request(SIGMA0_REQ_FPAGE_ANY, l4_fpage(0, order, 0).raw, L4_FPAGE_RWX) == 1) {
            *(volatile l4_umword_t *)hot_spot() = order;
            sum += 1UL << order;
        }
    expect("refused without an item", l4_msgtag_items(m.tag), 0);
    expect("RAM", sum > 16UL << 20, 1);
}

static void object_gate(void)
{
    gate = l4re_util_cap_alloc();
    expect_tag_label(
        "gate",
        l4_factory_create_gate(L4_BASE_FACTORY_CAP, gate, L4_BASE_THREAD_CAP, (l4_umword_t)&object),
        0);
}

static void names_and_clients(void)
{
    int debugger = l4_error(l4_task_cap_valid(MAIN, SLOT(10))) > 0;

    ipc_init(&m, L4_BASE_DEBUGGER_CAP, CALL, l4_msgtag(L4_PROTO_DEBUGGER, 2, 1, 0), L4_IPC_NEVER);
    m.msg.mr[0] = SET_NAME;
    memcpy(&m.msg.mr[1], "moe", 4);
    m.msg.mr[2] = L4_ITEM_MAP;
    m.msg.mr[3] = l4_obj_fpage(gate, 0, L4_CAP_FPAGE_RWS).raw;
    ipc_do(&m);
    expect("name", m.error, debugger ? 0 : L4_IPC_ENOT_EXISTENT);
    expect_label("IOMMU", l4_error(l4_task_cap_valid(MAIN, SLOT(8))), 0);
    expect_label("firmware calls", l4_error(l4_task_cap_valid(MAIN, SLOT(11))), 0);
    other_client = l4re_util_cap_alloc();
    expect_label("new client of sigma0", l4sigma0_new_client(SIGMA0, other_client), 0);
    expect_label("its gate", l4_error(l4_task_cap_valid(MAIN, other_client)), 1);
}

/* Takes away the right to write to its own page, as for copy on write: the next write gets it back from sigma0. */
static void copy_on_write(void)
{
    *(volatile l4_umword_t *)heap = 0x11;
    l4_task_unmap(MAIN, l4_fpage(heap, L4_PAGESHIFT, L4_FPAGE_W), L4_FP_ALL_SPACES);
    expect("read", *(volatile l4_umword_t *)heap, 0x11);
    *(volatile l4_umword_t *)heap = 0x22;
    expect("written", *(volatile l4_umword_t *)heap, 0x22);
}

/* ---- the first program ---- */

/* Runs in its own task on pages of this image; sends its thread's capability and takes a trap at last. */
static void child(void)
{
    l4_utcb_t *u = l4_utcb();
    volatile char deep[3 * L4_PAGESIZE]; /* more of the stack than its first page */

    deep[0] = 1;
    u->msg.mr[0] = (l4_umword_t)deep[0];
    u->msg.mr[1] = L4_ITEM_MAP;
    u->msg.mr[2] = l4_obj_fpage(SLOT(3), 0, L4_CAP_FPAGE_RWS).raw;
    l4_ipc_call(REGION_MAP, u, l4_msgtag(CHILD_ASKS, 1, 1, 0), L4_IPC_NEVER);
    __asm__ volatile("ud2" : : "a"(u->msg.mr[0]));
}

static void launch(void)
{
    static struct {
        unsigned to;
        l4_cap_idx_t const *from;
    } const caps[] = {{1, &task}, {3, &thread}, {0x10, &gate}, {0x11, &other_client}};
    static unsigned const same[] = {2, 5, 7};
    l4_fpage_t utcbs = l4_fpage(CHILD_UTCBS, 13, 0);

    task = l4re_util_cap_alloc();
    thread = l4re_util_cap_alloc();
    expect_tag_label("task", l4_factory_create_task(L4_BASE_FACTORY_CAP, task, &utcbs), 0);
    expect_tag_label("thread", l4_factory_create_thread(L4_BASE_FACTORY_CAP, thread), 0);
    for (unsigned i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
        expect_tag_label("capability",
                         l4_task_map(task, MAIN, l4_obj_fpage(*caps[i].from, 0, L4_CAP_FPAGE_RWS),
                                     SLOT(caps[i].to)),
                         0);
    for (unsigned i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        expect_tag_label("capability",
                         l4_task_map(task, MAIN, l4_obj_fpage(SLOT(same[i]), 0, L4_CAP_FPAGE_RWS),
                                     SLOT(same[i])),
                         0);
}

static void start(void)
{
    l4_sched_param_t sched = l4_sched_param(PRIO_CHILD, 0);

    l4_thread_control_start();
    l4_thread_control_pager(REGION_MAP);
    l4_thread_control_exc_handler(REGION_MAP);
    l4_thread_control_bind((l4_utcb_t *)CHILD_UTCBS, task);
    expect_tag_label("control", l4_thread_control_commit(thread), 0);
    expect_tag_label("run_thread", l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, thread, &sched),
                     0);
    expect_tag_label("ex_regs",
                     l4_thread_ex_regs(thread, (l4_addr_t)child, STACK + STACK_SIZE - 8, 0), 0);
}

/* ---- the server's loop ---- */

static unsigned faults, calls, exceptions;

/* Stack: pages of the heap; else this image, one to one. */
static l4_msgtag_t page_fault(l4_umword_t *mr)
{
    l4_addr_t page = l4_trunc_page(mr[0]), from = page;

    faults++;
    if (page >= STACK && page < STACK + STACK_SIZE)
        from = heap + (page & ((1UL << HEAP_ORDER) - 1));
    *(volatile char *)from; /* ours first */
    mr[0] = page | L4_ITEM_MAP;
    mr[1] = l4_fpage(from, L4_PAGESHIFT, from == page ? L4_FPAGE_RX : L4_FPAGE_RW).raw;
    return l4_msgtag(0, 0, 1, 0);
}

/* The child's thread has come to the first of the two slots. */
static l4_msgtag_t call_of_child(l4_umword_t *mr)
{
    calls++;
    expect("word", mr[0], 1);
    expect("items", l4_msgtag_items(m.tag), 1);
    expect("mapped", mr[1] & 0x3e, 0x38);
    expect_label("it is the child's thread", l4_error(l4_task_cap_equal(MAIN, RCV_SLOT, thread)),
                 1);
    l4_task_release_cap(MAIN, RCV_SLOT);
    mr[0] = CHILD_ANSWER;
    return l4_msgtag(0, 1, 0, 0);
}

static void see_exception(l4_umword_t const *mr)
{
    exceptions++;
    expect("words", l4_msgtag_words(m.tag), L4_UTCB_EXCEPTION_REGS_SIZE);
    expect("trap", mr[16], UD2_TRAP);
    expect("the answer arrived", mr[15], CHILD_ANSWER);
}

static void serve(void)
{
    ipc_init(&m, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_SEND_TIMEOUT_0);
    m.buf.br[0] = RCV_SLOT | L4_RCV_ITEM_SINGLE_CAP | L4_RCV_ITEM_LOCAL_ID;
    m.buf.br[1] = (RCV_SLOT + SLOT(1)) | L4_RCV_ITEM_SINGLE_CAP | L4_RCV_ITEM_LOCAL_ID;
    for (unsigned n = 0; n < MAX_MESSAGES && !exceptions; n++) {
        ipc_do(&m);
        expect("error", m.error, 0);
        expect("label is the object's address", m.label & ~CAP_RIGHTS, (l4_umword_t)&object);
        m.flags = REPLY_AND_WAIT;
        switch (l4_msgtag_label(m.tag)) {
        case L4_PROTO_PAGE_FAULT:
            m.tag = page_fault(m.msg.mr);
            break;
        case CHILD_ASKS:
            m.tag = call_of_child(m.msg.mr);
            break;
        case L4_PROTO_EXCEPTION:
            see_exception(m.msg.mr);
            break;
        default:
            expect("an unknown message", (unsigned long)m.tag.raw, 0);
            return;
        }
    }
    expect("page faults", faults > 2, 1);
    expect("calls", calls, 1);
    expect("exceptions", exceptions, 1);
}

/* The program goes, then its gate: the interrupt tells of the latter. */
static void clean_up(void)
{
    l4_umword_t label = 0;
    l4_msgtag_t t;

    expect_label("references of the gate", l4_error(l4_kobject_dec_refcnt(gate, 1)), 0);
    l4_task_delete_obj(MAIN, thread);
    l4_task_delete_obj(MAIN, task);
    t = l4_ipc_wait(l4_utcb(), &label, MS(500));
    expect("a deletion interrupt", l4_msgtag_has_error(t), 0);
    expect("its label", label, (l4_umword_t)&del_irq & ~3UL);
    expect_label("the gate is gone", l4_error(l4_task_cap_valid(MAIN, gate)), 0);
    t = l4_thread_modify_sender_start();
    l4_thread_modify_sender_add(~CAP_RIGHTS, (l4_umword_t)&object, ~0UL, 0, &t);
    expect_label("modify_senders", l4_error(l4_thread_modify_sender_commit(L4_BASE_THREAD_CAP, t)),
                 0);
}

static struct test_case const cases[] = {
    {"START", "2 the log's slot is filled", log_is_there},
    {"START", "3 memory for the heap", first_memory},
    {"START", "4 deletion interrupt, thread-local storage", constructors},
    {"START", "5 a greeting, the highest priority", greeting},
    {"START", "6 the information page one to one", information_page},
    {"START", "7 modules and command lines", modules},
    {"START", "8 all memory, in falling sizes", all_memory},
    {"START", "9 a gate whose label is an address", object_gate},
    {"START", "10 names, optional slots, a client of sigma0", names_and_clients},
    {"START", "11 copy on write", copy_on_write},
    {"START", "11 task, thread, capabilities of the first program", launch},
    {"START", "12 its start", start},
    {"START", "13 its faults, call, exception", serve},
    {"START", "13 its end", clean_up},
};

int main(void) { return TEST_RUN(cases); }
