/* SPDX-License-Identifier: MIT */
/*
 * Calls every kernel object understands, and the helper the other stubs are made of.
 * User only; enters the kernel through ipc.h.
 */
#ifndef L4_SYS_KERNEL_OBJECT_H
#define L4_SYS_KERNEL_OBJECT_H

#include <l4/sys/ipc.h>

/** Call obj with the words and items that are already in the UTCB; waits for the answer. */
L4_INLINE l4_msgtag_t l4_kobject_call_u(l4_cap_idx_t obj, long label, unsigned words,
                                        unsigned items, l4_utcb_t *u)
{
    return l4_ipc_call(obj, u, l4_msgtag(label, words, items, 0), L4_IPC_NEVER);
}

/** Put a capability argument into message registers mr and mr + 1. */
L4_INLINE void l4_kobject_arg_u(unsigned mr, l4_cap_idx_t cap, unsigned char rights, l4_utcb_t *u)
{
    u->msg.mr[mr] = l4_map_obj_control(0, 0);
    u->msg.mr[mr + 1] = l4_obj_fpage(cap, 0, rights).raw;
}

/** Lower the reference count by diff (O-24); the count left is in message register 0. */
L4_INLINE l4_msgtag_t l4_kobject_dec_refcnt_u(l4_cap_idx_t obj, l4_mword_t diff, l4_utcb_t *u)
{
    u->msg.mr[0] = L4_KOBJECT_OP_DEC_REFCNT;
    u->msg.mr[1] = (l4_umword_t)diff;
    return l4_kobject_call_u(obj, L4_PROTO_KOBJECT, 2, 0, u);
}

L4_INLINE l4_msgtag_t l4_kobject_dec_refcnt(l4_cap_idx_t obj, l4_mword_t diff)
{
    return l4_kobject_dec_refcnt_u(obj, diff, l4_utcb());
}

#endif
