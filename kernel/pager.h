/* SPDX-License-Identifier: MIT */
/*
 * Messages the kernel sends for a thread: page faults to its pager, exceptions to its handler
 * (abi: ipc.md sections 10 and 11).  Each is a call whose words do not come from the UTCB and
 * whose answer changes the thread, not its UTCB (I-53, I-60).  Called by the trap code, ipc.c and
 * transfer.c.
 */
#ifndef QUIRE_PAGER_H
#define QUIRE_PAGER_H

#include "thread.h"

enum { EXCEPTION_WORDS = 26 };
enum { TRAP_PAGE_FAULT = 14, TRAP_EX_REGS = 0xff };

/* A page fault of user mode; regs.err and cr2 are set. */
void pager_page_fault(struct thread *t);
/* Another trap that is not the kernel's own; regs.trap and err are set. */
void pager_exception(struct thread *t);
/* An exception message without a trap (ex_regs flag 0x20000): trap number 0xff. */
void pager_raise(struct thread *t);

/* Continuation: send the message again (the gate was unbound). */
void pager_again(struct thread *t);
/* The message could not be sent or answered (I-55, I-63). */
void pager_ipc_failed(struct thread *t, unsigned e);
/* The answer has arrived. */
void pager_reply(struct thread *t, u64 tag, unsigned e);
/* Words of a message of which one side is a kernel-generated one. */
void pager_copy_words(const struct thread *snd, struct thread *rcv, unsigned n);

/* A user instruction pointer that the CPU can load (I-3). */
static inline u64 canonical(u64 a) { return (u64)((s64)(a << 16) >> 16); }
/* Flags a user may have: arithmetic, trap, direction, resume, AC, ID; interrupts on. */
static inline u64 user_rflags(u64 f) { return (f & 0x250dd5) | 0x202; }

#endif
