/* SPDX-License-Identifier: MIT */
/*
 * The trace of a kernel built with TRACE=1: one text line on the second serial port for each change of trees, tables
 * and slots, and for each system call (docs/trace.md defines the lines).  A hook is TRACE(event, arguments); in other
 * builds nothing of it is left, not even its arguments.
 *
 * Called with interrupts off from everywhere after trace_init(); allocates nothing, waits for the port, loses nothing.
 * A hook stands before the write that it reports where it needs the old value, else behind.
 */
#ifndef QUIRE_TRACE_H
#define QUIRE_TRACE_H

#ifdef QUIRE_TRACE
#include "types.h"

struct cap;
struct kobject;
struct map_op;
struct mapnode;
struct quota;
struct recv_buffer;
struct task;
struct thread;
struct transfer;
struct unmap_op;

#define TRACE_TEXT(x) #x
#define TRACE_LINE(x) TRACE_TEXT(x)
#define TRACE(event, ...) trace_##event(__FILE__ ":" TRACE_LINE(__LINE__), __VA_ARGS__)

/* What an item's end says of the whole (struct map_op). */
struct trace_item {
    u64 count;       /* bytes, ports or slots that were mapped */
    const char *why; /* keys `why` and `rule` of the last thing that was not mapped */
    bool begun;      /* an item of a message, and its end was not written yet */
};

/* The event `fmt` (name and keys) with sequence number, time, thread and place. */
void trace_write(const char *at, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Once at boot, before the first object. */
void trace_init(const char *at, u64 khz);
/* What there is, read from the tables and trees themselves: to compare with what the events say. */
void trace_dump(const char *at, struct kobject *all);
/* sigma0's nodes of memory or ports, for the dump. */
void trace_dump_roots(bool io, const struct mapnode *first, u64 count);

/* ---- objects; rights and object are the slot's new ones ---- */
void trace_obj_new(const char *at, const struct kobject *o);
void trace_slot(const char *at, const struct cap *slot, const struct kobject *o, u64 rights);
void trace_obj_name(const char *at, const struct kobject *o, const char *name);
#define trace_obj_kill(at, o) trace_write(at, "obj-kill id=%lu", (o)->id)
#define trace_obj_del(at, o) trace_write(at, "obj-del id=%lu", (o)->id)
#define trace_bind(at, t, u)                                                                       \
    trace_write(at, "bind thread=%lu task=%lu utcb=0x%lx", (t)->obj.id, (t)->task->obj.id, u)
#define trace_start(at, t) trace_write(at, "start thread=%lu", (t)->obj.id)
#define trace_gate_bind(at, g, t, label)                                                           \
    trace_write(at, "gate-bind gate=%lu thread=%lu label=0x%lx", (g)->obj.id, t, label)

/* ---- system calls and IPC ---- */
void trace_syscall(const char *at, const struct thread *t);
void trace_user_return(const char *at, const struct thread *t);
void trace_ipc_begin(const char *at, const struct thread *t, u64 partner);
void trace_ipc_transfer(const char *at, const struct thread *snd, const struct thread *rcv);
#define trace_ipc_irq(at, r, irq, label)                                                           \
    trace_write(at, "ipc-transfer snd=%lu rcv=%lu tag=0x0 label=0x%lx kind=irq", irq, (r)->obj.id, \
                label)
#define trace_ipc_block(at, t, phase, partner)                                                     \
    trace_write(at, "ipc-block thread=%lu phase=" phase " partner=%lu", (t)->obj.id, partner)
#define trace_ipc_done(at, snd, rcv, e)                                                            \
    trace_write(at, "ipc-done snd=%lu rcv=%lu tag=0x%lx error=0x%x", (snd)->obj.id, (rcv)->obj.id, \
                (snd)->tag, (unsigned)(e))
#define trace_ipc_fail(at, t, e) trace_write(at, "ipc-fail thread=%lu error=0x%x", (t)->obj.id, e)
#define trace_fault(at, t)                                                                         \
    trace_write(at, "fault addr=0x%lx error=0x%lx ip=0x%lx pager=0x%lx", (t)->regs.cr2,            \
                (t)->regs.err, (t)->regs.rip, (t)->pager)
#define trace_exception(at, t)                                                                     \
    trace_write(at, "exception trap=%lu error=0x%lx ip=0x%lx handler=0x%lx", (t)->regs.trap,       \
                (t)->regs.err, (t)->regs.rip, (t)->exc_handler)
void trace_switch(const char *at, const struct thread *from, const struct thread *to);

/* ---- items: `why` is a text of keys, "why=depth rule=M-8" ---- */

/* An item that reaches its range; b and x are NULL in Task.map; and what became of one that did not. */
void trace_item_begin(const char *at, struct map_op *op, const u64 *item,
                      const struct recv_buffer *b, const struct transfer *x);
void trace_item_result(const char *at, const struct transfer *x, const u64 *item, const u64 *ret,
                       unsigned error);
void trace_item_range(const char *at, const struct map_op *op);
void trace_item_end(const char *at, struct map_op *op, unsigned status);
/* The next piece of the range, of 2^order units; and `size` units that are passed over. */
void trace_step(const char *at, struct map_op *op, const char *did, unsigned order);
void trace_skip(const char *at, struct map_op *op, u64 size, const char *why);
void trace_unmap_begin(const char *at, const struct unmap_op *op, u64 fpage, u64 mask);
#define trace_unmap_end(at, op)                                                                    \
    trace_write(at, "unmap-end space=%lu usage=0x%x", (op)->task->obj.id, pte_usage((op)->usage))

/* ---- trees and tables ---- */
void trace_node_roots(const char *at, const char *kind, const struct mapnode *n, u64 count);
void trace_node_add(const char *at, const char *kind, const struct mapnode *n, u64 phys);
void trace_node_del(const char *at, const char *kind, const struct mapnode *n);
void trace_node_move(const char *at, const char *kind, const struct mapnode *n,
                     const struct map_op *op);
/* An entry is about to be written; and one that was empty has been. */
void trace_pte(const char *at, const struct task *t, u64 va, u64 old, u64 new);
#define trace_pte_new(at, t, va, entry) trace_pte(at, t, va, 0, entry)
#define trace_table(at, root, va, c, table)                                                        \
    trace_write(at, "table root=0x%lx va=0x%lx order=%u phys=0x%lx", virt_to_phys(root),           \
                ALIGN_DOWN(va, class_size(c)), class_shift(c), virt_to_phys(table))
#define trace_port(at, t, first, n, on)                                                            \
    trace_write(at, "port space=%lu first=0x%lx count=0x%x on=%d", (t)->obj.id, first, n, on)
#define trace_tlb(at, t, va) trace_write(at, "tlb space=%lu va=0x%lx", (t)->obj.id, va)
#define trace_tlb_all(at, t) trace_write(at, "tlb-all space=%lu", t)
/* Text that goes to the log. */
void trace_console(const char *at, const char *text, unsigned n);
void trace_quota(const char *at, const struct quota *q, s64 change, bool refused);

#else
#define TRACE(event, ...) ((void)0)
#endif

#endif
