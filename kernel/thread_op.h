/* SPDX-License-Identifier: MIT */
/* Operations on threads (abi: objects.md section 3). */
#ifndef QUIRE_THREAD_OP_H
#define QUIRE_THREAD_OP_H

#include "thread.h"

/* A kernel operation (label -12) or message IPC with the thread. */
void thread_invoke(struct thread *t, struct kobject *o, unsigned rights);

#endif
