/* SPDX-License-Identifier: MIT */
/*
 * Segment bases and selectors of a thread on x86-64 (objects.md section 3, ops 0x12 and 0x13).
 * User only.
 */
#ifndef L4_SYS_SEGMENT_H
#define L4_SYS_SEGMENT_H

#include <l4/sys/kernel_object.h>

/** Set the FS or GS base.  0, or -L4_EINVAL: not canonical. */
L4_INLINE long fiasco_amd64_set_segment_base(l4_cap_idx_t thread, enum L4_sys_segment segr,
                                             l4_umword_t base, l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_THREAD_AMD64_SET_SEGMENT_BASE_OP | (l4_umword_t)segr << 16;
    utcb->msg.mr[1] = base;
    return l4_error_u(l4_kobject_call_u(thread, L4_PROTO_THREAD, 2, 0, utcb), utcb);
}

/** Set the FS base: thread-local storage (O-16). */
L4_INLINE long fiasco_amd64_set_fs(l4_cap_idx_t thread, l4_umword_t base, l4_utcb_t *utcb)
{
    return fiasco_amd64_set_segment_base(thread, L4_AMD64_SEGMENT_FS, base, utcb);
}

/** Selectors of user data, 64-bit code and 32-bit code. */
L4_INLINE long fiasco_amd64_segment_info(l4_cap_idx_t thread, unsigned *user_ds,
                                         unsigned *user_cs64, unsigned *user_cs32, l4_utcb_t *utcb)
{
    l4_ret_t err;

    utcb->msg.mr[0] = L4_THREAD_AMD64_GET_SEGMENT_INFO_OP;
    err = l4_error_u(l4_kobject_call_u(thread, L4_PROTO_THREAD, 1, 0, utcb), utcb);
    if (err < 0)
        return err;
    *user_ds = (unsigned)utcb->msg.mr[0];
    *user_cs64 = (unsigned)utcb->msg.mr[1];
    *user_cs32 = (unsigned)utcb->msg.mr[2];
    return 0;
}

#endif
