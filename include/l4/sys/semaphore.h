/* SPDX-License-Identifier: MIT */
/*
 * Calls of a semaphore (objects.md section 7).  User only.
 */
#ifndef L4_SYS_SEMAPHORE_H
#define L4_SYS_SEMAPHORE_H

#include <l4/sys/irq.h>

/** Wake a waiter or count up; there is no answer. */
L4_INLINE l4_msgtag_t l4_semaphore_up_u(l4_cap_idx_t sem, l4_utcb_t *utcb)
{
    return l4_irq_trigger_u(sem, utcb);
}

/** Count down or block; timeout bounds the blocking.  Errors: -L4_EPERM no S right, IPC errors. */
L4_INLINE l4_msgtag_t l4_semaphore_down_u(l4_cap_idx_t sem, l4_timeout_t timeout, l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_SEMAPHORE_OP_DOWN;
    return l4_ipc_call(sem, utcb, l4_msgtag(L4_PROTO_SEMAPHORE, 1, 0, 0), timeout);
}

L4_INLINE l4_msgtag_t l4_semaphore_up(l4_cap_idx_t sem)
{
    return l4_semaphore_up_u(sem, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_semaphore_down(l4_cap_idx_t sem, l4_timeout_t timeout)
{
    return l4_semaphore_down_u(sem, timeout, l4_utcb());
}

#endif
