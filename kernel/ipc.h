/* SPDX-License-Identifier: MIT */
/*
 * Message IPC between threads: rendezvous, phases, reply capability, timeouts, abort (abi: ipc.md
 * sections 5 to 9).
 *
 * A thread's IPC is a send phase, a receive phase or both.  Whoever finds its partner ready does
 * the whole transfer in its own context (transfer.c) and then moves both on; a blocked thread is
 * only data in a queue.
 */
#ifndef QUIRE_IPC_H
#define QUIRE_IPC_H

#include "thread.h"

/* Error codes of the UTCB error word; bit 0: the receive phase (ipc.md section 6). */
enum ipc_error {
    IPC_OK = 0,
    IPC_TIMEOUT = 2,
    IPC_NOT_EXISTENT = 4,
    IPC_CANCELED = 6,
    IPC_OVERFLOW = 8,
    IPC_MAP_FAILED = 0x10,
    IPC_NO_REPLY_CAP = 0x13,
    IPC_IN_RECV = 1,
    IPC_PREEMPTED = 0x100, /* no code: the kernel's own "not yet" */
};

enum { OP_SEND = 1, OP_RECV = 2, OP_OPEN_WAIT = 4, OP_REPLY = 8, OP_CALL = 3 };
enum { TAG_ITEMS = 0xfc0, TAG_FPU = 0x1000, TAG_SCHEDULE = 0x2000, TAG_ERROR = 0x8000 };

static inline s64 tag_label(u64 tag) { return (s64)tag >> 16; }
static inline unsigned tag_words(u64 tag) { return tag & 63; }
static inline unsigned tag_items(u64 tag) { return tag >> 6 & 63; }
static inline u64 tag_make(s64 label, unsigned words, unsigned items)
{
    return (u64)label << 16 | items << 6 | words;
}

/*
 * Message IPC of the current thread with `partner`: t->op, tag, timeouts, sender.label and snd_rights
 * are set.
 * Sends and receives as t->op says; a closed receive waits for `partner`.
 */
void ipc_start(struct thread *t, struct thread *partner);

/* Receive only: from anybody, from a thread or IRQ (`partner` names its queue element), or sleep (`partner` NULL). */
void ipc_receive(struct thread *t, u64 partner_id, struct sender *partner);

/* The send phase waits in an object's queue (an unbound gate); ipc_restart goes on from the beginning. */
void ipc_wait_in(struct thread *t, struct sendq *q);
/* Take a waiting sender out and let its thread begin its IPC again. */
void ipc_restart_sender(struct sender *s);
/* Take a waiting sender out with an error. */
void ipc_fail_sender(struct sender *s, enum ipc_error e);

/* The IPC of `t` ends with an error (bit 0 of e: in the receive phase); t becomes runnable. */
void ipc_fail(struct thread *t, unsigned e);

/* An IRQ message for `r` (raw tag 0, the bound label) if it waits for it now; true: delivered, make it ready. */
bool ipc_deliver_irq(struct thread *r, struct sender *irq, u64 irq_id);

/* The transfer that `ctx` works on has ended: e is the send-side code or IPC_OK. */
void ipc_transfer_done(struct thread *ctx, enum ipc_error e);

/* The timeout of a blocked thread has expired. */
void ipc_timeout(struct thread *t);
/* ex_regs with the cancel flag (I-46). */
void ipc_cancel(struct thread *t);
/* Continuation: the receive phase of a sender that was served while it was not running. */
void ipc_recv_continue(struct thread *t);
/* Take a dying thread out of everything that waits; its own senders are left (see thread.c). */
void ipc_leave_all(struct thread *t);

#endif
