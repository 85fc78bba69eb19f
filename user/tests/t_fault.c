/* SPDX-License-Identifier: MIT */
/*
 * Page-fault and exception messages (rules I-52 ... I-65).
 *
 * Runs as root task.  d is a worker in a task of its own; its pager and exception handler (the same
 * thread of the main task, see worker.h) records what arrives.
 */
#include "steps.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sigma0/sigma0.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>
#include <quire/string.h>

#define HOLE 0x60000000UL /* nothing is mapped there in d */
#define POOL 0x50000000UL /* pages of the main task */

enum { TRAP_DIV = 0, TRAP_BREAK = 3, TRAP_OPCODE = 6, TRAP_PROTECTION = 13, TRAP_PF = 14 };

static struct worker *d;

static void setup(void)
{
    worker_reset(d);
    pager_reset();
    l4_task_unmap(d->task, l4_fpage(HOLE, 16, L4_FPAGE_RWX), L4_FP_ALL_SPACES);
}

/* The pager will answer with a page of the main task. */
static void answer_with_page(l4_addr_t page, unsigned rights, l4_addr_t hot_spot)
{
    pager_seen.answer = l4_msgtag(0, 0, 1, 0);
    pager_seen.item = l4_snd_fpage_mem(page, L4_PAGESHIFT, rights, hot_spot, 0);
}

static void map_to_d(unsigned rights)
{
    l4_fpage_t fp = l4_fpage(POOL, L4_PAGESHIFT, (unsigned char)rights);

    expect_label("map", l4_error(l4_task_map(d->task, L4_BASE_TASK_CAP, fp, HOLE)), 0);
}

static void message(void)
{
    expect("read", (unsigned long)worker_read(d, HOLE + 0x123, 0), 0);
    expect("exceptions", pager_seen.exceptions, 1);
    expect("address word", pager_seen.mr0, HOLE + 0x120);
    worker_write(d, HOLE + 8, 1);
    expect("write to nothing", pager_seen.mr0, (HOLE + 8) | 2);
    worker_exec(d, HOLE + 0x10);
    expect("fetch of nothing", pager_seen.mr0, (HOLE + 0x10) | 4);
    expect("ip of the fetch", pager_seen.mr1, HOLE + 0x10);
}

static void message_protection(void)
{
    map_to_d(L4_FPAGE_RO);
    worker_write(d, HOLE + 8, 1);
    expect("write to read-only", pager_seen.mr0, (HOLE + 8) | 3);
    worker_exec(d, HOLE + 0x10);
    expect("fetch without X", pager_seen.mr0, (HOLE + 0x10) | 5);
}

static void resolved(void)
{
    unsigned long v = 0;

    answer_with_page(POOL, L4_FPAGE_RO, HOLE);
    expect("read", (unsigned long)worker_read(d, HOLE, &v), 1);
    expect("value", v, 0x900d);
    expect("faults", pager_seen.faults, 1);
    expect("exceptions", pager_seen.exceptions, 0);
}

static void upgraded(void)
{
    map_to_d(L4_FPAGE_RO);
    answer_with_page(POOL, L4_FPAGE_RW, HOLE);
    expect("write", (unsigned long)worker_write(d, HOLE + 8, 1), 1);
    expect("faults", pager_seen.faults, 1);
}

static l4_utcb_t before, after;

static void fault_with_full_utcb(void *arg)
{
    l4_utcb_t *u = l4_utcb();

    (void)arg;
    for (unsigned i = 0; i < L4_UTCB_GENERIC_DATA_SIZE; i++)
        u->msg.mr[i] = 0x100 + i;
    u->buf.bdr = 0x155;
    u->buf.br[0] = 0x200;
    u->buf.br[1] = 0x201;
    before = *u;
    *(volatile unsigned long *)HOLE;
    after = *u;
}

static void utcb_restored(void)
{
    answer_with_page(POOL, L4_FPAGE_RO, HOLE);
    worker_run(d, fault_with_full_utcb, 0);
    expect("resolved", (unsigned long)d->done, 1);
    expect("registers", (unsigned long)memcmp(&before.msg, &after.msg, sizeof(before.msg)), 0);
    expect("buffers", (unsigned long)memcmp(&before.buf, &after.buf, sizeof(before.buf)), 0);
}

static void refused(void)
{
    worker_write(d, HOLE + 8, 1);
    expect("faults", pager_seen.faults, 1);
    expect("exceptions", pager_seen.exceptions, 1);
    expect("trap", pager_seen.regs.trapno, TRAP_PF);
    expect("error code", pager_seen.regs.err, 6);
    expect("address", pager_seen.regs.pfa, HOLE + 8);
}

static void no_pager(void)
{
    struct worker *w = worker_new(1);

    l4_thread_control_start();
    l4_thread_control_pager(0x1ff0UL << L4_CAP_SHIFT);
    l4_thread_control_commit(w->thread);
    worker_run(w, fault_with_full_utcb, w);
    l4_ipc_sleep_ms(2);
    expect("killed", main_does(w->thread, SEND, tag(5, 0), L4_IPC_BOTH_TIMEOUT_0),
           L4_IPC_ENOT_EXISTENT);
    expect_label("its slot", l4_error(l4_task_cap_valid(L4_BASE_TASK_CAP, w->thread)), 1);
    worker_kill(w);
}

static void kernel_address(void)
{
    worker_read(d, 0xffffffff80000000UL, 0);
    expect("no page-fault message", pager_seen.faults, 0);
    expect("exceptions", pager_seen.exceptions, 1);
    expect("trap", pager_seen.regs.trapno, TRAP_PF);
}

static void exception_words(void)
{
    worker_read(d, HOLE, 0);
    expect("tag", (unsigned long)pager_seen.tag.raw, 0xfffffffffffb101aUL);
    expect("code selector", pager_seen.regs.dummy1, 0x2b);
    expect("stack selector", pager_seen.regs.ss, 0x23);
    expect("gs base", pager_seen.regs.gs_base, (unsigned long)d->utcb + 0x1f8);
    expect("address register", pager_seen.regs.rdi, HOLE);
}

/* d calls code in a page of its own; the handler lets it return from the call. */
static void trap_of_code(unsigned char const *code, unsigned n, unsigned long trap)
{
    memcpy((char *)POOL + 0x100, code, n);
    pager_seen.regs.trapno = ~0UL;
    map_to_d(L4_FPAGE_RWX);
    worker_exec(d, HOLE + 0x100);
    expect("trap", pager_seen.regs.trapno, trap);
}

static void other_traps(void)
{
    static unsigned char const ud2[] = {0x0f, 0x0b};
    static unsigned char const hlt[] = {0xf4};
    static unsigned char const int3[] = {0xcc};
    static unsigned char const div[] = {0x31, 0xd2, 0x31, 0xc9, 0xf7, 0xf1};

    trap_of_code(ud2, sizeof(ud2), TRAP_OPCODE);
    trap_of_code(hlt, sizeof(hlt), TRAP_PROTECTION);
    trap_of_code(int3, sizeof(int3), TRAP_BREAK);
    trap_of_code(div, sizeof(div), TRAP_DIV);
}

static void no_handler(void)
{
    struct worker *w = worker_new(1);

    l4_thread_control_start();
    l4_thread_control_exc_handler(0x1ff0UL << L4_CAP_SHIFT);
    l4_thread_control_commit(w->thread);
    worker_run(w, fault_with_full_utcb, w);
    l4_ipc_sleep_ms(2);
    expect("blocks", (unsigned long)w->done, 0);
    expect("alive", main_does(w->thread, SEND, tag(5, 0), L4_IPC_BOTH_TIMEOUT_0), L4_IPC_SETIMEOUT);
    worker_kill(w);
}

static struct test_case const cases[] = {
    {"I-52", "words of a page fault on an absent page", message},
    {"I-52", "words of a protection fault", message_protection},
    {"I-53", "UTCB of the faulting thread is restored", utcb_restored},
    {"I-54", "answer with a page, the access is repeated", resolved},
    {"I-54", "negative answer becomes an exception", refused},
    {"I-54", "write fault answered with more rights", upgraded},
    {"I-56", "empty pager slot kills the thread", no_pager},
    {"I-57", "kernel address goes to the exception handler", kernel_address},
    {"I-60", "words of an exception message", exception_words},
    {"I-63", "empty handler slot blocks the thread", no_handler},
    {"I-65", "other traps reach the handler", other_traps},
};

int main(void)
{
    l4_addr_t base;

    if (l4sigma0_map_anypage(L4_BASE_PAGER_CAP, POOL, 12, &base, 12))
        return 1;
    *(volatile unsigned long *)POOL = 0x900d;
    d = worker_new(1);
    test_setup = setup;
    return TEST_RUN(cases);
}
