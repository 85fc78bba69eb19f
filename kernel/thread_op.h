/* SPDX-License-Identifier: MIT */
/* Operations on threads (abi: objects.md section 3). */
#ifndef QUIRE_THREAD_OP_H
#define QUIRE_THREAD_OP_H

#include "thread.h"

/* A kernel operation (label -12) or message IPC with the thread. */
void thread_invoke(struct thread *t, struct kobject *o, unsigned rights);

/* Set ip and sp as ex_regs does; all-ones keeps (O-11, O-12). */
void thread_ex_regs(struct thread *t, u64 ip, u64 sp, u64 flags);
enum { EX_REGS_CANCEL = 0x10000, EX_REGS_EXCEPTION = 0x20000 };

#endif
