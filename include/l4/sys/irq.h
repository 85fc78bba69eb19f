/* SPDX-License-Identifier: MIT */
/*
 * Calls of an IRQ sender (objects.md section 6).  Bind one with l4_rcv_ep_bind_thread.  User only.
 */
#ifndef L4_SYS_IRQ_H
#define L4_SYS_IRQ_H

#include <l4/sys/rcv_endpoint.h>

/** Unbind; label 0 it was idle, 1 a trigger was pending, -L4_ENOENT it was not bound. */
L4_INLINE l4_msgtag_t l4_irq_detach_u(l4_cap_idx_t irq, l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_IRQ_SENDER_OP_DETACH;
    return l4_kobject_call_u(irq, L4_PROTO_IRQ_SENDER, 1, 0, utcb);
}

/** Trigger; there is no answer (I-13).  A semaphore understands it as "up". */
L4_INLINE l4_msgtag_t l4_irq_trigger_u(l4_cap_idx_t irq, l4_utcb_t *utcb)
{
    return l4_ipc_send(irq, utcb, l4_msgtag(L4_PROTO_IRQ, 0, 0, 0), L4_IPC_BOTH_TIMEOUT_0);
}

/** Unmask and wait for this IRQ. */
L4_INLINE l4_msgtag_t l4_irq_receive_u(l4_cap_idx_t irq, l4_timeout_t to, l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_IRQ_OP_EOI;
    return l4_ipc_call(irq, utcb, l4_msgtag(L4_PROTO_IRQ, 1, 0, 0), to);
}

/** Unmask and wait for anybody. */
L4_INLINE l4_msgtag_t l4_irq_wait_u(l4_cap_idx_t irq, l4_umword_t *label, l4_timeout_t to,
                                    l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_IRQ_OP_EOI;
    return l4_ipc_send_and_wait(irq, utcb, l4_msgtag(L4_PROTO_IRQ, 1, 0, 0), label, to);
}

/** Unmask only. */
L4_INLINE l4_msgtag_t l4_irq_unmask_u(l4_cap_idx_t irq, l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_IRQ_OP_EOI;
    return l4_ipc_send(irq, utcb, l4_msgtag(L4_PROTO_IRQ, 1, 0, 0), L4_IPC_NEVER);
}

L4_INLINE l4_msgtag_t l4_irq_detach(l4_cap_idx_t irq) { return l4_irq_detach_u(irq, l4_utcb()); }

L4_INLINE l4_msgtag_t l4_irq_trigger(l4_cap_idx_t irq) { return l4_irq_trigger_u(irq, l4_utcb()); }

L4_INLINE l4_msgtag_t l4_irq_receive(l4_cap_idx_t irq, l4_timeout_t to)
{
    return l4_irq_receive_u(irq, to, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_irq_wait(l4_cap_idx_t irq, l4_umword_t *label, l4_timeout_t to)
{
    return l4_irq_wait_u(irq, label, to, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_irq_unmask(l4_cap_idx_t irq) { return l4_irq_unmask_u(irq, l4_utcb()); }

#endif
