/* SPDX-License-Identifier: MIT */
/*
 * Calls every kernel object understands, and the helper the other stubs are made of.
 * User only; enters the kernel through ipc.h.
 */
#ifndef L4_SYS_KERNEL_OBJECT_H
#define L4_SYS_KERNEL_OBJECT_H

#include <l4/sys/ipc.h>
#include <l4/sys/kdebug.h>

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

/**
 * Send the words of the tag, with an operation on objects in MR0 (debugger.h), to the debugger;
 * obj goes with them as item.
 * -L4_EINVAL for the invalid capability, -L4_EMSGTOOLONG if there is no room for the item.
 */
L4_INLINE l4_msgtag_t l4_invoke_debugger(l4_cap_idx_t obj, l4_msgtag_t tag, l4_utcb_t *utcb)
{
    unsigned words = l4_msgtag_words(tag);

    if (l4_is_invalid_cap(obj))
        return l4_msgtag(-L4_EINVAL, 0, 0, 0);
    if (words + 2 > L4_UTCB_GENERIC_DATA_SIZE)
        return l4_msgtag(-L4_EMSGTOOLONG, 0, 0, 0);
    utcb->msg.mr[0] += L4_KDEBUG_GROUP_KOBJ;
    l4_kobject_arg_u(words, obj, L4_CAP_FPAGE_RWS, utcb);
    return l4_ipc_call(L4_BASE_DEBUGGER_CAP, utcb,
                       l4_msgtag(L4_PROTO_DEBUGGER, words, 1, l4_msgtag_flags(tag)), L4_IPC_NEVER);
}

#endif
