/* SPDX-License-Identifier: MIT */
/*
 * Answers to exceptions and broken page-fault messages (rules I-55, I-60, I-61, I-65).
 *
 * Runs as root task.  ring3 is a worker in a task of its own that runs machine code (traps.h); the
 * handler of its exceptions answers as the case says.  a is a worker of the main task.
 */
#include "traps.h"

#include <l4/sys/snd_fpage.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>

enum { EXC_WORDS = 26 };
#define OTHER (CODE + 0x4000) /* a second page in ring3 */

static struct worker *a;

static void setup(void)
{
    worker_reset(a);
    traps_setup();
    l4_thread_control_start();
    l4_thread_control_pager(CHILD_PAGER);
    l4_thread_control_commit(ring3->thread);
}

/* ---- I-60: registers in the answer ---- */

static unsigned answer_words = EXC_WORDS, answer_items;
static l4_exc_regs_t second; /* registers of the second exception */

/*
 * First exception: other registers, as far as answer_words go.  Second one: the end of the code; its
 * registers show what came of that.
 */
static l4_msgtag_t change_registers(l4_exc_regs_t *r)
{
    if (pager_seen.exceptions > 1) {
        second = *r;
        pager_seen.on_exception = 0;
        r->sp += sizeof(l4_umword_t);
        r->ip = pager_seen.resume;
        return l4_msgtag(0, EXC_WORDS, 0, 0);
    }
    r->rax = 0xa1;
    r->rcx = 0xa2;
    r->rdx = 0xa3;
    r->rsi = 0xa4;
    r->r8 = 0xa5;
    r->r9 = 0xa6;
    r->r10 = 0xa7;
    r->r11 = 0xa8;
    r->dummy1 = 0x08;          /* cs */
    r->flags = 0x7000 | 0x800; /* IOPL, NT; no IF; and OF, which is the user's */
    r->fs_base = 0x123450;
    if (answer_items)
        l4_snd_fpage_put_u(l4_utcb(), answer_words,
                           l4_snd_fpage_mem(CODE_POOL, L4_PAGESHIFT, L4_FPAGE_RO, OTHER, 0));
    return l4_msgtag(0, answer_words, answer_items, 0);
}

extern char quire_probe_fault[];
int quire_probe_read(l4_addr_t address, unsigned long *value);

/* mov each register from an immediate; int3; ud2 */
static int two_exceptions(unsigned words, unsigned items)
{
    static unsigned char const code[] = {
        0xb8, 0x11, 0,    0, 0, 0xb9, 0x12, 0,    0,    0,       /* eax, ecx */
        0xba, 0x13, 0,    0, 0, 0xbe, 0x14, 0,    0,    0,       /* edx, esi */
        0x41, 0xb8, 0x15, 0, 0, 0,    0x41, 0xb9, 0x16, 0, 0, 0, /* r8d, r9d */
        0x41, 0xba, 0x17, 0, 0, 0,    0x41, 0xbb, 0x18, 0, 0, 0, /* r10d, r11d */
        0xcc};

    pager_reset();
    answer_words = words;
    answer_items = items;
    pager_seen.on_exception = change_registers;
    pager_seen.resume = (l4_addr_t)quire_probe_fault;
    return call_code(code, sizeof(code));
}

static void expect_registers(unsigned base)
{
    expect("rax", second.rax, base + 1);
    expect("rcx", second.rcx, base + 2);
    expect("rdx", second.rdx, base + 3);
    expect("rsi", second.rsi, base + 4);
    expect("r8", second.r8, base + 5);
    expect("r9", second.r9, base + 6);
    expect("r10", second.r10, base + 7);
    expect("r11", second.r11, base + 8);
    expect("second trap", second.trapno, TRAP_OPCODE);
    expect("cs", second.dummy1, 0x2b);
    expect("IF, not IOPL, not NT", second.flags & 0x7200, 0x200);
}

static void all_words(void)
{
    two_exceptions(EXC_WORDS, 0);
    expect_registers(0xa0);
    expect("OF", second.flags & 0x800, 0x800);
    expect("fs base", second.fs_base, 0x123450);
}

static void fewer_words(void)
{
    two_exceptions(EXC_WORDS - 1, 0);
    expect_registers(0x10);
    two_exceptions(0, 0);
    expect_registers(0x10);
}

static void fewer_words_with_item(void)
{
    two_exceptions(EXC_WORDS - 1, 1);
    expect_registers(0x10);
    pager_seen.resume = 0;
    expect("no mapping", (unsigned long)worker_read(ring3, OTHER, 0), 0);
}

static void item_mapped(void)
{
    two_exceptions(EXC_WORDS, 1);
    expect_registers(0xa0);
    pager_seen.resume = 0;
    expect("mapping", (unsigned long)worker_read(ring3, OTHER, 0), 1);
    expect("no more rights", (unsigned long)worker_write(ring3, OTHER, 1), 0);
}

/* Addresses no instruction can be at: the thread takes the fault itself when it goes on. */
static l4_msgtag_t wild_answer(l4_exc_regs_t *r)
{
    if (pager_seen.exceptions > 1) {
        second = *r;
        pager_seen.on_exception = 0;
        r->sp = r->r8 + sizeof(l4_umword_t);
        r->ip = (l4_addr_t)quire_probe_fault;
    } else {
        r->r8 = r->sp;
        r->sp = 0xffffffff80400000UL;
        r->ip = 0x800000000000UL;
        r->gs_base = 0x8000000000000000UL; /* ignored */
    }
    return l4_msgtag(0, EXC_WORDS, 0, 0);
}

static void wild_registers(void)
{
    static unsigned char const int3[] = {0xcc};

    pager_seen.on_exception = wild_answer;
    call_code(int3, sizeof(int3));
    expect("trap", second.trapno, TRAP_PF);
    expect("ip", second.ip, 0xffff800000000000UL);
    expect("sp", second.sp, 0xffffffff80400000UL);
    expect("gs base", second.gs_base, (unsigned long)ring3->utcb + 0x1f8);
}

/* ---- I-60: segment selectors ---- */

static l4_uint16_t new_ds, new_es;

static l4_msgtag_t change_segments(l4_exc_regs_t *r)
{
    if (pager_seen.exceptions > 1) {
        second = *r;
        pager_seen.on_exception = 0;
        r->ds = r->es = 0x23;
        r->sp += sizeof(l4_umword_t);
        r->ip = (l4_addr_t)quire_probe_fault;
    } else {
        r->ds = new_ds;
        r->es = new_es;
    }
    return l4_msgtag(0, EXC_WORDS, 0, 0);
}

static void segments(void)
{
    static unsigned char const int3[] = {0xcc};
    static struct {
        l4_uint16_t ds, es, want_ds, want_es;
    } const s[] = {
        {0x23, 0, 0x23, 0},
        {0, 0x23, 0, 0x23},
        {0x2b, 0x1b, 0x2b, 0x1b},
        {0x10, 0xfffb, 0x23, 0x23},
    };

    for (unsigned i = 0; i < sizeof(s) / sizeof(s[0]); i++) {
        pager_reset();
        new_ds = s[i].ds;
        new_es = s[i].es;
        pager_seen.on_exception = change_segments;
        call_code(int3, sizeof(int3));
        expect("ds", second.ds, s[i].want_ds);
        expect("es", second.es, s[i].want_es);
        expect("trap", second.trapno, TRAP_OPCODE);
    }
}

/* ---- I-65: traps that are not page faults ---- */

static void computing_traps(void)
{
    /* fninit; push 0x33b (division by zero not masked); fldcw [rsp]; pop rax; fld1; fldz; fdivp; fwait; ret */
    static unsigned char const x87[] = {0xdb, 0xe3, 0x68, 0x3b, 3,    0,    0,    0xd9, 0x2c, 0x24,
                                        0x58, 0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9, 0x9b, 0xc3};

    trap_of_code("x87 division by zero", x87, sizeof(x87), TRAP_FPU);
}

/* Page fault with a pager that is not there: an exception, as if it had been refused. */
static void fault_with_pager(l4_cap_idx_t pager)
{
    l4_task_map(ring3->task, L4_BASE_TASK_CAP, l4_obj_fpage(pager, 0, L4_CAP_FPAGE_RWS),
                CHILD_SLOT | L4_FPAGE_C_OBJ_RIGHTS);
    l4_thread_control_start();
    l4_thread_control_pager(CHILD_SLOT);
    l4_thread_control_commit(ring3->thread);
}

static void read_code_page(void *result)
{
    static unsigned long word;

    *(int *)result = quire_probe_read(CODE, &word);
}

static void pager_does_not_exist(void)
{
    l4_cap_idx_t never_started = new_object(L4_PROTO_THREAD);

    fault_with_pager(never_started);
    expect("read", (unsigned long)worker_read(ring3, CODE + 8, 0), 0);
    expect("messages", pager_seen.faults, 0);
    expect("exceptions", pager_seen.exceptions, 1);
    expect("trap", pager_seen.regs.trapno, TRAP_PF);
    expect("error code", pager_seen.regs.err, 4);
    expect("address", pager_seen.regs.pfa, CODE + 8);
    delete_object(never_started);
}

/* The message is cancelled in its send phase, then in its receive phase: the access is repeated. */
static void cancelled_fault_is_repeated(void)
{
    static int result;

    fault_with_pager(a->thread);
    result = -1;
    worker_run(ring3, read_code_page, &result);
    worker_cancel(ring3);
    does(a, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    expect("sent again", (unsigned long)a->done, 1);
    expect_tag_label("message", a->x.tag, L4_PROTO_PAGE_FAULT);
    worker_cancel(ring3);
    does(a, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    expect("and again", (unsigned long)a->done, 1);
    expect("address", a->x.msg.mr[0], CODE);
    ipc_init(&a->x, L4_INVALID_CAP, REPLY, l4_msgtag(0, 0, 1, 0), L4_IPC_BOTH_TIMEOUT_0);
    a->x.msg.mr[0] = CODE | L4_ITEM_MAP;
    a->x.msg.mr[1] = l4_fpage(CODE_POOL, L4_PAGESHIFT, L4_FPAGE_RO).raw;
    worker_ipc(a);
    expect("reply", a->x.error, 0);
    expect("read", (unsigned long)result, 1);
    expect("exceptions", pager_seen.exceptions, 0);
}

static struct test_case const cases[] = {
    {"I-55", "pager that does not exist: an exception", pager_does_not_exist},
    {"I-55", "cancelled page-fault message: the access is repeated", cancelled_fault_is_repeated},
    {"I-60", "all registers of the answer are loaded", all_words},
    {"I-60", "an answer of fewer words changes no register", fewer_words},
    {"I-60", "and its items are ignored", fewer_words_with_item},
    {"I-61", "items of the answer are mapped", item_mapped},
    {"I-65", "traps of computing instructions", computing_traps},
    {"I-60", "registers that no program can have", wild_registers},
    {"I-60", "segment selectors of the answer are loaded, bad ones are not", segments},
};

int main(void)
{
    traps_init();
    a = worker_new(0);
    test_setup = setup;
    return TEST_RUN(cases);
}
