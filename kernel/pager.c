/* SPDX-License-Identifier: MIT */
/* Page-fault and exception messages, see pager.h. */
#include "pager.h"

#include "arch.h"
#include "debugger.h"
#include "fast.h"
#include "gate.h"
#include "ipc.h"
#include "l4/sys/err.h"
#include "l4/sys/types.h"
#include "mem_space.h"
#include "obj_space.h"
#include "panic.h"
#include "print.h"
#include "sched.h"
#include "string.h"
#include "trace.h"

enum { ERR_PRESENT = 1, ERR_WRITE = 2, ERR_FETCH = 16 };
enum { PF_TAG_FETCH = 4 };

static const char *access_name(u64 err)
{
    return err & ERR_FETCH ? "execute" : err & ERR_WRITE ? "write" : "read";
}

/* One line for a fault nobody takes care of. */
static void report(const struct thread *t, const char *what)
{
    if (t->task->obj.dying) /* it deleted its own task, or somebody else did (M-80) */
        return;
    kprintf("quire: fault: thread %lx '%s' of task %lx '%s': ", t->obj.id, debugger_name(&t->obj),
            t->task->obj.id, debugger_name(&t->task->obj));
    if (t->regs.trap == TRAP_PAGE_FAULT)
        kprintf("%s of address %lx at ip %lx: %s\n", access_name(t->regs.err), t->regs.cr2,
                t->regs.rip, what);
    else
        kprintf("trap %lu (error %lx) at ip %lx: %s\n", t->regs.trap, t->regs.err, t->regs.rip,
                what);
}

/* Send the prepared message through a capability of the thread's own task; false: no such object (O-10). */
static bool send_through(struct thread *t, u64 selector)
{
    struct cap *slot = obj_lookup_named(t->task, selector);

    if (!slot)
        return false;
    t->op = OP_CALL;
    t->timeouts = 0;
    t->sender.label = 0; /* I-31 */
    t->snd_rights = slot->rights & (CAP_W | CAP_S);
    if (slot->obj->type == &thread_type)
        ipc_start(t, thread_of(slot->obj));
    else if (slot->obj->type == &gate_type)
        gate_send(t, gate_of(slot->obj), t->snd_rights);
    else
        pager_reply(t, tag_make(-L4_EBADPROTO, 0, 0), 0); /* a kernel object refuses the label */
    return true;
}

/* What the thread does before it goes on in user mode. */
static void stop_with(struct thread *t, void (*cont)(struct thread *))
{
    t->cont = cont;
    sched_stop();
}

void pager_exception(struct thread *t)
{
    TRACE(exception, t);
    t->kind = IPC_EXCEPTION;
    t->tag = tag_make(L4_PROTO_EXCEPTION, EXCEPTION_WORDS, 0) | TAG_FPU;
    if (send_through(t, t->exc_handler))
        return;
    report(t, "no exception handler, the thread stops");
    if (t->task->is_sigma0)
        panic("sigma0 has failed");
    t->state = T_BLOCKED; /* for good (I-63) */
    sched_stop();
}

/* The usual case in one go: the pager waits behind a gate (see fast.c). */
static inline bool send_page_fault_quickly(struct thread *t, u64 word0)
{
    const struct cap *slot = obj_lookup_named(t->task, t->pager);
    const struct gate *g;
    struct thread *to;
    u64 rights;

    if (!slot || slot->obj->type != &gate_type)
        return false;
    g = gate_of(slot->obj);
    to = g->thread;
    if (!fast_can_lend(to))
        return false;
    rights = slot->rights & (CAP_W | CAP_S);
    fast_wait_for(t, to, rights, MODE_FAULT_WAIT);
    to->utcb->mr[0] = word0;
    to->utcb->mr[1] = t->regs.rip;
    fast_deliver(to, tag_make(L4_PROTO_PAGE_FAULT, 2, 0), g->label | rights);
    return true;
}

static void send_page_fault(struct thread *t)
{
    u64 err = t->regs.err;
    u64 word0 = (t->regs.cr2 & ~7UL) | (err & (ERR_PRESENT | ERR_WRITE)) |
                (err & ERR_FETCH ? (u64)PF_TAG_FETCH : 0);

    if (likely(send_page_fault_quickly(t, word0)))
        return;
    t->msg[0] = word0;
    t->msg[1] = t->regs.rip;
    t->kind = IPC_PAGE_FAULT;
    t->tag = tag_make(L4_PROTO_PAGE_FAULT, 2, 0);
    if (send_through(t, t->pager))
        return;
    report(t, "no pager, the thread is killed"); /* I-56 */
    thread_kill(t);
}

void pager_page_fault(struct thread *t)
{
    u64 err = t->regs.err, addr = t->regs.cr2;
    unsigned wanted = MEM_R | (err & ERR_WRITE ? MEM_W : 0U) | (err & ERR_FETCH ? MEM_X : 0U);

    TRACE(fault, t);
    if (addr >= USER_END) { /* I-57 */
        pager_exception(t);
    } else if (mem_access_allowed(t->task, addr, wanted)) {
        tlb_flush_addr(addr); /* a stale entry: simply again (M-50) */
    } else if (t->task->is_sigma0) {
        if (!mem_sigma0_fault(addr)) /* I-59 */
            pager_exception(t);
    } else {
        send_page_fault(t);
    }
}

void pager_raise(struct thread *t)
{
    t->raise_pending =
        t->cont || t->xfer.snd || t->state == T_XFER; /* first the operation going on */
    if (t->raise_pending)
        return;
    t->regs.trap = TRAP_EX_REGS;
    t->regs.err = 0;
    stop_with(t, pager_exception);
}

void pager_again(struct thread *t)
{
    if (t->kind == IPC_PAGE_FAULT)
        send_page_fault(t);
    else
        pager_exception(t);
}

void pager_ipc_failed(struct thread *t, unsigned e)
{
    /* A pager that does not exist is an unhandled fault; all else means: try again (I-55). */
    if (t->kind == IPC_PAGE_FAULT && e == IPC_NOT_EXISTENT)
        stop_with(t, pager_exception);
    t->kind = IPC_USER;
}

void pager_reply(struct thread *t, u64 tag, unsigned e)
{
    if (t->kind == IPC_PAGE_FAULT && !e && tag_label(tag) < 0)
        stop_with(t, pager_exception); /* I-54 */
    t->kind = IPC_USER;
}

static void exception_words(const struct thread *t, u64 *mr)
{
    memcpy(mr, &t->regs, sizeof(t->regs));
    mr[23] = t->fs_base;
    mr[24] = t->gs_base;
    mr[25] = arch_selectors(t);
}

/* Load the registers of an answered exception (I-60): all but what would let the user out of its mode. */
static void load_registers(struct thread *t, const u64 *mr)
{
    struct regs old = t->regs;

    memcpy(&t->regs, mr, sizeof(t->regs));
    t->regs.trap = old.trap;
    t->regs.err = old.err;
    t->regs.cs = old.cs;
    t->regs.ss = old.ss;
    t->regs.rip = canonical(t->regs.rip);
    t->regs.rflags = user_rflags(t->regs.rflags);
    arch_set_selectors(t, mr[25]);
    if (canonical(mr[23]) == mr[23])
        t->fs_base = mr[23];
    if (canonical(mr[24]) == mr[24])
        t->gs_base = mr[24];
    arch_thread_bases_changed(t);
}

void pager_copy_words(const struct thread *snd, struct thread *rcv, unsigned n)
{
    u64 words[EXCEPTION_WORDS];
    const u64 *from = words;

    if (snd->kind == IPC_USER)
        from = snd->utcb->mr;
    else if (snd->kind == IPC_PAGE_FAULT)
        memcpy(words, snd->msg, sizeof(snd->msg));
    else
        exception_words(snd, words);
    if (rcv->kind == IPC_USER)
        memcpy(rcv->utcb->mr, from, n * sizeof(u64));
    else if (rcv->kind == IPC_EXCEPTION && n >= EXCEPTION_WORDS && snd->kind == IPC_USER)
        load_registers(rcv, from);
}
