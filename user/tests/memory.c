/* SPDX-License-Identifier: MIT */
/* Kernel memory as seen by tests, see memory.h.  Called by t_*.c; calls the debugger object. */
#include "memory.h"

#include <l4/re/env.h>
#include <quire/string.h>

enum { OP_MEMORY = 0x500, OP_CHECK = 0x501, OP_FAIL = 0x502, WARM_UP = 2, RUNS = 2 };

static l4_msgtag_t ask(l4_umword_t op, l4_umword_t arg)
{
    l4_utcb_mr()->mr[0] = op;
    l4_utcb_mr()->mr[1] = arg;
    return l4_ipc_call(L4_BASE_DEBUGGER_CAP, l4_utcb(), tag(L4_PROTO_DEBUGGER, 2), L4_IPC_NEVER);
}

/* Only this project's kernel has these requests; on another one the cases see what a program can see. */
static int can_ask(void) { return strncmp(l4_kip_version_string(l4_kip()), "Quire", 5) == 0; }

unsigned long kernel_free(void)
{
    l4_msgtag_t t;

    if (!can_ask())
        return 0;
    t = ask(OP_MEMORY, 0);
    expect_tag_label("kernel memory", t, 0);
    expect("words", l4_msgtag_words(t), 2);
    return l4_utcb_mr()->mr[0];
}

long kernel_check(void) { return can_ask() ? l4_error(ask(OP_CHECK, 0)) : 0; }

long kernel_fail_at(unsigned long k) { return l4_error(ask(OP_FAIL, k)); }

int kernel_is_debug(void)
{
    long err = kernel_fail_at(0);

    if (err)
        expect_label("refused", err, -L4_ENOSYS);
    return !err;
}

void expect_no_loss(void (*fn)(void))
{
    unsigned long before;

    for (unsigned i = 0; i < WARM_UP; i++)
        fn();
    before = kernel_free();
    for (unsigned i = 0; i < RUNS; i++)
        fn();
    expect("free bytes of the kernel", kernel_free(), before);
    expect_label("invariants", kernel_check(), 0);
}
