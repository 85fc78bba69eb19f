/* SPDX-License-Identifier: MIT */
/*
 * Guarded accesses.
 *
 * Decides: which faults a program survives (see quire/guard.h).  Called by programs; the handler
 * thread is called by the kernel with exception messages of the guarded thread.  Invariant: only
 * faults of the probe functions in start.asm are survived, all others end the program.
 */
#include <l4/re/env.h>
#include <l4/sys/ipc.h>
#include <l4/sys/thread.h>
#include <quire/guard.h>
#include <quire/io.h>
#include <quire/program.h>

enum { HANDLER_STACK = 8192, HANDLER_PRIO = 3 };
enum { TRAP_PAGE_FAULT = 14, ERROR_WRITE = 2, ERROR_FETCH = 16 };

extern char quire_probe_start[], quire_probe_end[], quire_probe_fault[], quire_probe_exec_return[];
int quire_probe_read(l4_addr_t address, unsigned long *value);
int quire_probe_write(l4_addr_t address, unsigned long value);
int quire_probe_exec(l4_addr_t address);

static struct quire_thread handler;
static char handler_stack[HANDLER_STACK] __attribute__((aligned(16)));
static struct quire_fault last;
static unsigned n_faults;

static char const *kind_of(unsigned long error)
{
    if (error & ERROR_FETCH)
        return "execute";
    return error & ERROR_WRITE ? "write" : "read";
}

/* Changes the registers so that the probe returns 0; 0 if the fault is not one of a probe. */
static int survive(l4_exc_regs_t *r)
{
    l4_umword_t const *sp = (l4_umword_t const *)r->sp;
    int in_probe = r->ip >= (l4_addr_t)quire_probe_start && r->ip < (l4_addr_t)quire_probe_end;
    /* Only an instruction fetch leaves rip at the target of the call. */
    int in_call = r->trapno == TRAP_PAGE_FAULT && r->ip == r->pfa &&
                  sp[0] == (l4_umword_t)quire_probe_exec_return;

    if (!in_probe && !in_call)
        return 0;
    last = (struct quire_fault){
        .address = r->pfa,
        .ip = r->ip,
        .kind = kind_of(r->err),
        .trap = r->trapno,
        .error = r->err,
    };
    n_faults++;
    r->ip = (l4_addr_t)quire_probe_fault;
    if (in_call)
        r->sp += sizeof(l4_umword_t);
    return 1;
}

static void handle(void *unused)
{
    l4_utcb_t *u = l4_utcb();
    l4_umword_t label;
    l4_msgtag_t tag = l4_ipc_wait(u, &label, L4_IPC_NEVER);

    (void)unused;
    for (;;) {
        l4_exc_regs_t *r = l4_utcb_exc_u(u);

        if (l4_msgtag_has_error(tag)) {
            /* The thread we answered is gone: there was no receive phase (I-25). */
            tag = l4_ipc_wait(u, &label, L4_IPC_NEVER);
            continue;
        }
        if (l4_msgtag_is_exception(tag) && !survive(r)) {
            printf("unexpected trap %lu (error %lu) at ip 0x%lx, address 0x%lx\n", r->trapno,
                   r->err, r->ip, r->pfa);
            exit(1);
        }
        tag = l4_msgtag(0, (unsigned)L4_UTCB_EXCEPTION_REGS_SIZE, 0, 0);
        tag = l4_ipc_reply_and_wait(u, tag, &label, L4_IPC_SEND_TIMEOUT_0);
    }
}

int quire_guard_start(void)
{
    int err;

    if (handler.entry)
        return -L4_EEXIST;
    handler.entry = handle;
    err = quire_thread_create(&handler, handler_stack, sizeof(handler_stack), HANDLER_PRIO,
                              L4_BASE_PAGER_CAP);
    if (err)
        return err;
    l4_thread_control_start();
    l4_thread_control_exc_handler(handler.cap);
    return l4_error(l4_thread_control_commit(l4re_env()->main_thread));
}

int quire_guard_read(l4_addr_t address, unsigned long *value)
{
    return quire_probe_read(address, value);
}

int quire_guard_write(l4_addr_t address, unsigned long value)
{
    return quire_probe_write(address, value);
}

int quire_guard_exec(l4_addr_t address) { return quire_probe_exec(address); }

unsigned quire_guard_faults(struct quire_fault *f)
{
    if (f)
        *f = last;
    return n_faults;
}
