/* SPDX-License-Identifier: MIT */
/*
 * Binding of IPC gates and IRQ senders to the thread that receives from them.  User only.
 */
#ifndef L4_SYS_RCV_ENDPOINT_H
#define L4_SYS_RCV_ENDPOINT_H

#include <l4/sys/kernel_object.h>

/** Bind ep to thread with label (bits 0 and 1 zero).  Errors: -L4_EINVAL, -L4_EPERM. */
L4_INLINE l4_msgtag_t l4_rcv_ep_bind_thread_u(l4_cap_idx_t ep, l4_cap_idx_t thread,
                                              l4_umword_t label, l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_RCV_EP_BIND_OP;
    utcb->msg.mr[1] = label;
    l4_kobject_arg_u(2, thread, L4_CAP_FPAGE_RWS, utcb);
    return l4_kobject_call_u(ep, L4_PROTO_KOBJECT, 2, 1, utcb);
}

/** The same; a thread is the only destination there is in this kernel. */
L4_INLINE l4_msgtag_t l4_rcv_ep_bind_snd_destination_u(l4_cap_idx_t ep, l4_cap_idx_t snd_dst,
                                                       l4_umword_t label, l4_utcb_t *utcb)
{
    return l4_rcv_ep_bind_thread_u(ep, snd_dst, label, utcb);
}

L4_INLINE l4_msgtag_t l4_rcv_ep_bind_snd_destination(l4_cap_idx_t ep, l4_cap_idx_t snd_dst,
                                                     l4_umword_t label)
{
    return l4_rcv_ep_bind_thread_u(ep, snd_dst, label, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_rcv_ep_bind_thread(l4_cap_idx_t ep, l4_cap_idx_t thread, l4_umword_t label)
{
    return l4_rcv_ep_bind_thread_u(ep, thread, label, l4_utcb());
}

#endif
