/* SPDX-License-Identifier: MIT */
/*
 * Naming objects for the kernel debugger (objects.md section 11).  The debugger may be missing:
 * then the calls answer with an error that nobody minds.  User only.
 */
#ifndef L4_SYS_DEBUGGER_H
#define L4_SYS_DEBUGGER_H

#include <l4/sys/kernel_object.h>

/*
 * Message: words of the request, then the object as the one item.  The string is put after the
 * first word, zero terminated, cut to what fits.
 */
L4_INLINE l4_msgtag_t l4_debugger_set_object_name_u(l4_cap_idx_t cap, char const *name,
                                                    l4_utcb_t *utcb)
{
    char *s = (char *)&utcb->msg.mr[1];
    unsigned max = (L4_UTCB_GENERIC_DATA_SIZE - 3) * sizeof(l4_umword_t) - 1;
    unsigned i = 0;
    unsigned words;

    utcb->msg.mr[0] = L4_DEBUGGER_KOBJ_SET_NAME_OP;
    for (; name[i] && i < max; i++)
        s[i] = name[i];
    s[i] = '\0';
    words = 1 + l4_bytes_to_mwords(i + 1);
    l4_kobject_arg_u(words, cap, L4_CAP_FPAGE_RO, utcb);
    return l4_kobject_call_u(L4_BASE_DEBUGGER_CAP, L4_PROTO_DEBUGGER, words, 1, utcb);
}

/** Number of an object that is the same in all tasks; ~0UL if there is no debugger. */
L4_INLINE unsigned long l4_debugger_global_id_u(l4_cap_idx_t cap, l4_utcb_t *utcb)
{
    l4_msgtag_t tag;

    utcb->msg.mr[0] = L4_DEBUGGER_KOBJ_GET_GLOBAL_ID_OP;
    l4_kobject_arg_u(1, cap, L4_CAP_FPAGE_RO, utcb);
    tag = l4_kobject_call_u(L4_BASE_DEBUGGER_CAP, L4_PROTO_DEBUGGER, 1, 1, utcb);
    return l4_error_u(tag, utcb) < 0 ? ~0UL : utcb->msg.mr[0];
}

L4_INLINE l4_msgtag_t l4_debugger_set_object_name(l4_cap_idx_t cap, char const *name)
{
    return l4_debugger_set_object_name_u(cap, name, l4_utcb());
}

L4_INLINE unsigned long l4_debugger_global_id(l4_cap_idx_t cap)
{
    return l4_debugger_global_id_u(cap, l4_utcb());
}

#endif
