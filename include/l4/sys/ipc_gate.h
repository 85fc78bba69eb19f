/* SPDX-License-Identifier: MIT */
/*
 * Calls of an IPC gate by its server (objects.md section 5): they need the server right, without
 * it the message goes to the bound thread.  User only.
 */
#ifndef L4_SYS_IPC_GATE_H
#define L4_SYS_IPC_GATE_H

#include <l4/sys/rcv_endpoint.h>

/** Bind a gate to a thread (O-25 rebinding is allowed). */
L4_INLINE l4_msgtag_t l4_ipc_gate_bind_thread_u(l4_cap_idx_t gate, l4_cap_idx_t thread,
                                                l4_umword_t label, l4_utcb_t *utcb)
{
    return l4_rcv_ep_bind_thread_u(gate, thread, label, utcb);
}

L4_INLINE l4_msgtag_t l4_ipc_gate_bind_thread(l4_cap_idx_t gate, l4_cap_idx_t thread,
                                              l4_umword_t label)
{
    return l4_rcv_ep_bind_thread_u(gate, thread, label, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_ipc_gate_bind_snd_destination_u(l4_cap_idx_t gate, l4_cap_idx_t snd_dst,
                                                         l4_umword_t label, l4_utcb_t *utcb)
{
    return l4_rcv_ep_bind_thread_u(gate, snd_dst, label, utcb);
}

L4_INLINE l4_msgtag_t l4_ipc_gate_bind_snd_destination(l4_cap_idx_t gate, l4_cap_idx_t snd_dst,
                                                       l4_umword_t label)
{
    return l4_rcv_ep_bind_thread_u(gate, snd_dst, label, l4_utcb());
}

/** Label of a gate; 0 if it is not bound. */
L4_INLINE l4_msgtag_t l4_ipc_gate_get_infos_u(l4_cap_idx_t gate, l4_umword_t *label,
                                              l4_utcb_t *utcb)
{
    l4_msgtag_t tag;

    utcb->msg.mr[0] = L4_IPC_GATE_GET_INFO_OP;
    tag = l4_kobject_call_u(gate, L4_PROTO_KOBJECT, 1, 0, utcb);
    if (l4_error_u(tag, utcb) >= 0)
        *label = utcb->msg.mr[0];
    return tag;
}

L4_INLINE l4_msgtag_t l4_ipc_gate_get_infos(l4_cap_idx_t gate, l4_umword_t *label)
{
    return l4_ipc_gate_get_infos_u(gate, label, l4_utcb());
}

#endif
