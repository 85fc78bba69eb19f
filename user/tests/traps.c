/* SPDX-License-Identifier: MIT */
/* Machine code in a worker, see traps.h.  Called by t_*.c; calls worker.c. */
#include "traps.h"

#include <l4/sigma0/sigma0.h>
#include <l4/sys/task.h>
#include <quire/io.h>
#include <quire/program.h>
#include <quire/string.h>

int quire_probe_exec(l4_addr_t address);
enum { UNMAP_ORDER = 16, NO_TRAP = 0xff };

struct worker *ring3;

void traps_setup(void)
{
    worker_reset(ring3);
    pager_reset();
    l4_task_unmap(ring3->task, l4_fpage(CODE, UNMAP_ORDER, L4_FPAGE_RWX), L4_FP_ALL_SPACES);
}

void traps_init(void)
{
    l4_addr_t base;

    if (l4sigma0_map_anypage(L4_BASE_PAGER_CAP, CODE_POOL, L4_PAGESHIFT, &base, L4_PAGESHIFT)) {
        printf("no memory for the test\n");
        exit(1);
    }
    ring3 = worker_new(1);
    test_setup = traps_setup;
}

void map_code(unsigned rights)
{
    l4_fpage_t fp = l4_fpage(CODE_POOL, L4_PAGESHIFT, (unsigned char)rights);

    expect_label("map", l4_error(l4_task_map(ring3->task, L4_BASE_TASK_CAP, fp, CODE)), 0);
}

static void put_code(void const *code, unsigned n)
{
    static unsigned char const ud2[] = {0x0f, 0x0b};

    memcpy((char *)CODE_POOL, code, n);
    memcpy((char *)CODE_POOL + n, ud2, sizeof(ud2)); /* code that runs on is noticed */
    pager_seen.regs.trapno = NO_TRAP;
    map_code(L4_FPAGE_RWX);
}

int call_code(void const *code, unsigned n)
{
    put_code(code, n);
    return worker_exec(ring3, CODE);
}

static void run_code(void *unused)
{
    (void)unused;
    quire_probe_exec(CODE);
}

void start_code(void const *code, unsigned n)
{
    put_code(code, n);
    worker_run(ring3, run_code, 0);
}

void trap_of_code(char const *name, void const *code, unsigned n, unsigned long trap)
{
    expect(name, (unsigned long)call_code(code, n), 0);
    expect(name, pager_seen.regs.trapno, trap);
}
