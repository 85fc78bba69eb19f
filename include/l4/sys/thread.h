/* SPDX-License-Identifier: MIT */
/*
 * Calls of a thread object: control, registers, scheduling hints (objects.md section 3).
 * User only.  vCPU and page-fault trampoline calls are missing, as the kernel has neither.
 */
#ifndef L4_SYS_THREAD_H
#define L4_SYS_THREAD_H

#include <l4/sys/kernel_object.h>

/**
 * Set instruction and stack pointer of a thread (all-ones: keep) and return the old values.
 * *flags: in L4_THREAD_EX_REGS_*, out the old processor flags.  Errors: -L4_EINVAL.
 */
L4_INLINE l4_msgtag_t l4_thread_ex_regs_ret_u(l4_cap_idx_t thread, l4_addr_t *ip, l4_addr_t *sp,
                                              l4_umword_t *flags, l4_utcb_t *u)
{
    l4_msgtag_t tag;

    u->msg.mr[0] = L4_THREAD_EX_REGS_OP | *flags;
    u->msg.mr[1] = *ip;
    u->msg.mr[2] = *sp;
    tag = l4_kobject_call_u(thread, L4_PROTO_THREAD, 3, 0, u);
    if (l4_error_u(tag, u) < 0)
        return tag;
    *flags = u->msg.mr[0];
    *ip = u->msg.mr[1];
    *sp = u->msg.mr[2];
    return tag;
}

/** The same without the old values.  A thread that never ran starts here (O-11, O-13). */
L4_INLINE l4_msgtag_t l4_thread_ex_regs_u(l4_cap_idx_t thread, l4_addr_t ip, l4_addr_t sp,
                                          l4_umword_t flags, l4_utcb_t *u)
{
    return l4_thread_ex_regs_ret_u(thread, &ip, &sp, &flags, u);
}

/** Begin a control message in the UTCB; the functions below add to it, _commit sends it. */
L4_INLINE void l4_thread_control_start_u(l4_utcb_t *u)
{
    u->msg.mr[L4_THREAD_CONTROL_MR_IDX_FLAGS] = L4_THREAD_CONTROL_OP;
    u->msg.mr[L4_THREAD_CONTROL_MR_IDX_FLAG_VALS] = 0;
}

/** Pager: a selector in the target thread's own task (O-10). */
L4_INLINE void l4_thread_control_pager_u(l4_cap_idx_t pager, l4_utcb_t *u)
{
    u->msg.mr[L4_THREAD_CONTROL_MR_IDX_FLAGS] |= L4_THREAD_CONTROL_SET_PAGER;
    u->msg.mr[L4_THREAD_CONTROL_MR_IDX_PAGER] = pager;
}

/** Exception handler: a selector in the target thread's own task. */
L4_INLINE void l4_thread_control_exc_handler_u(l4_cap_idx_t exc_handler, l4_utcb_t *u)
{
    u->msg.mr[L4_THREAD_CONTROL_MR_IDX_FLAGS] |= L4_THREAD_CONTROL_SET_EXC_HANDLER;
    u->msg.mr[L4_THREAD_CONTROL_MR_IDX_EXC_HANDLER] = exc_handler;
}

/** Bind to a task (needs S) and to a UTCB address inside its kernel-user memory (I-18). */
L4_INLINE void l4_thread_control_bind_u(l4_utcb_t *thread_utcb, l4_cap_idx_t task, l4_utcb_t *u)
{
    u->msg.mr[L4_THREAD_CONTROL_MR_IDX_FLAGS] |= L4_THREAD_CONTROL_BIND_TASK;
    u->msg.mr[L4_THREAD_CONTROL_MR_IDX_BIND_UTCB] = (l4_umword_t)thread_utcb;
    l4_kobject_arg_u(L4_THREAD_CONTROL_MR_IDX_BIND_TASK, task, L4_CAP_FPAGE_RWS, u);
}

/** Make the thread an alien (its system calls raise exceptions) or not. */
L4_INLINE void l4_thread_control_alien_u(l4_utcb_t *u, int on)
{
    u->msg.mr[L4_THREAD_CONTROL_MR_IDX_FLAGS] |= L4_THREAD_CONTROL_ALIEN;
    u->msg.mr[L4_THREAD_CONTROL_MR_IDX_FLAG_VALS] |= on ? L4_THREAD_CONTROL_ALIEN : 0UL;
}

/** Send the control message.  Errors: -L4_EPERM no S right, -L4_EINVAL bind refused (O-9). */
L4_INLINE l4_msgtag_t l4_thread_control_commit_u(l4_cap_idx_t thread, l4_utcb_t *u)
{
    l4_umword_t flags = u->msg.mr[L4_THREAD_CONTROL_MR_IDX_FLAGS];
    unsigned items = (flags & L4_THREAD_CONTROL_BIND_TASK) ? 1 : 0;

    return l4_kobject_call_u(thread, L4_PROTO_THREAD, 6, items, u);
}

/** Let another thread run; returns at once with a timeout error (I-35). */
L4_INLINE l4_msgtag_t l4_thread_yield(void)
{
    l4_ipc_receive(L4_INVALID_CAP, l4_utcb(), L4_IPC_BOTH_TIMEOUT_0); /* times out */
    return l4_msgtag(0, 0, 0, 0);
}

/** Give the processor to to_thread if it is ready. */
L4_INLINE l4_msgtag_t l4_thread_switch_u(l4_cap_idx_t to_thread, l4_utcb_t *u)
{
    u->msg.mr[0] = L4_THREAD_SWITCH_OP;
    return l4_kobject_call_u(to_thread, L4_PROTO_THREAD, 1, 0, u);
}

/** Consumed CPU time in microseconds. */
L4_INLINE l4_msgtag_t l4_thread_stats_time_u(l4_cap_idx_t thread, l4_kernel_clock_t *us,
                                             l4_utcb_t *u)
{
    l4_msgtag_t tag;

    u->msg.mr[0] = L4_THREAD_STATS_OP;
    tag = l4_kobject_call_u(thread, L4_PROTO_THREAD, 1, 0, u);
    if (l4_error_u(tag, u) >= 0)
        *us = u->msg.mr[0];
    return tag;
}

/** Trigger irq when a gate bound to the thread is deleted (O-23); -L4_EBUSY: there is one. */
L4_INLINE l4_msgtag_t l4_thread_register_del_irq_u(l4_cap_idx_t thread, l4_cap_idx_t irq,
                                                   l4_utcb_t *u)
{
    u->msg.mr[0] = L4_THREAD_REGISTER_DELETE_IRQ_OP;
    l4_kobject_arg_u(1, irq, L4_CAP_FPAGE_RWS, u);
    return l4_kobject_call_u(thread, L4_PROTO_THREAD, 1, 1, u);
}

/** Begin a message that changes the labels of queued senders (O-14). */
L4_INLINE l4_msgtag_t l4_thread_modify_sender_start_u(l4_utcb_t *u)
{
    u->msg.mr[0] = L4_THREAD_MODIFY_SENDER_OP;
    return l4_msgtag(L4_PROTO_THREAD, 1, 0, 0);
}

/** Add a rule: labels with (l & match_mask) == match become (l & ~del_bits) | add_bits. */
L4_INLINE int l4_thread_modify_sender_add_u(l4_umword_t match_mask, l4_umword_t match,
                                            l4_umword_t del_bits, l4_umword_t add_bits,
                                            l4_msgtag_t *tag, l4_utcb_t *u)
{
    unsigned w = l4_msgtag_words(*tag);

    if (w + 4 > L4_UTCB_GENERIC_DATA_SIZE)
        return -L4_ENOMEM;
    u->msg.mr[w] = match_mask;
    u->msg.mr[w + 1] = match;
    u->msg.mr[w + 2] = del_bits;
    u->msg.mr[w + 3] = add_bits;
    *tag = l4_msgtag(l4_msgtag_label(*tag), w + 4, 0, 0);
    return 0;
}

L4_INLINE l4_msgtag_t l4_thread_modify_sender_commit_u(l4_cap_idx_t thread, l4_msgtag_t tag,
                                                       l4_utcb_t *u)
{
    return l4_ipc_call(thread, u, tag, L4_IPC_NEVER);
}

L4_INLINE l4_msgtag_t l4_thread_ex_regs(l4_cap_idx_t thread, l4_addr_t ip, l4_addr_t sp,
                                        l4_umword_t flags)
{
    return l4_thread_ex_regs_u(thread, ip, sp, flags, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_thread_ex_regs_ret(l4_cap_idx_t thread, l4_addr_t *ip, l4_addr_t *sp,
                                            l4_umword_t *flags)
{
    return l4_thread_ex_regs_ret_u(thread, ip, sp, flags, l4_utcb());
}

L4_INLINE void l4_thread_control_start(void) { l4_thread_control_start_u(l4_utcb()); }

L4_INLINE void l4_thread_control_pager(l4_cap_idx_t pager)
{
    l4_thread_control_pager_u(pager, l4_utcb());
}

L4_INLINE void l4_thread_control_exc_handler(l4_cap_idx_t exc_handler)
{
    l4_thread_control_exc_handler_u(exc_handler, l4_utcb());
}

L4_INLINE void l4_thread_control_bind(l4_utcb_t *thread_utcb, l4_cap_idx_t task)
{
    l4_thread_control_bind_u(thread_utcb, task, l4_utcb());
}

L4_INLINE void l4_thread_control_alien(int on) { l4_thread_control_alien_u(l4_utcb(), on); }

L4_INLINE l4_msgtag_t l4_thread_control_commit(l4_cap_idx_t thread)
{
    return l4_thread_control_commit_u(thread, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_thread_switch(l4_cap_idx_t to_thread)
{
    return l4_thread_switch_u(to_thread, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_thread_stats_time(l4_cap_idx_t thread, l4_kernel_clock_t *us)
{
    return l4_thread_stats_time_u(thread, us, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_thread_register_del_irq(l4_cap_idx_t thread, l4_cap_idx_t irq)
{
    return l4_thread_register_del_irq_u(thread, irq, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_thread_modify_sender_start(void)
{
    return l4_thread_modify_sender_start_u(l4_utcb());
}

L4_INLINE int l4_thread_modify_sender_add(l4_umword_t match_mask, l4_umword_t match,
                                          l4_umword_t del_bits, l4_umword_t add_bits,
                                          l4_msgtag_t *tag)
{
    return l4_thread_modify_sender_add_u(match_mask, match, del_bits, add_bits, tag, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_thread_modify_sender_commit(l4_cap_idx_t thread, l4_msgtag_t tag)
{
    return l4_thread_modify_sender_commit_u(thread, tag, l4_utcb());
}

#endif
