/* SPDX-License-Identifier: MIT */
/*
 * The system call and the IPC operations made of it.
 *
 * Decides: which register carries what when user code enters the kernel (abi: ipc section 1).
 * Called by programs and by the object stubs in this directory; enters the kernel.  User only.
 */
#ifndef L4_SYS_IPC_H
#define L4_SYS_IPC_H

#include <l4/sys/__kobject_ops.h>
#include <l4/sys/__timeout.h>
#include <l4/sys/err.h>
#include <l4/sys/types.h>
#include <l4/sys/utcb.h>

/**
 * Invoke a capability.
 *
 * dest    selector; flags: L4_SYSF_* bits; slabel: label to transmit (direct thread IPC only);
 * tag     message tag; rlabel: where to store the received label, may be null;
 * timeout send and receive timeout.  Returns the tag of the result; if it has
 * L4_MSGTAG_ERROR, the code is in the UTCB's error word (ipc section 6).
 */
L4_ALWAYS_INLINE l4_msgtag_t l4_ipc(l4_cap_idx_t dest, l4_utcb_t *utcb, l4_umword_t flags,
                                    l4_umword_t slabel, l4_msgtag_t tag, l4_umword_t *rlabel,
                                    l4_timeout_t timeout)
{
    l4_umword_t selector = dest | flags;
    l4_umword_t label = slabel;
    l4_umword_t unused = (l4_umword_t)utcb;
    register l4_umword_t to __asm__("r8") = timeout.raw;

    __asm__ volatile("syscall"
                     : "+a"(tag.raw), "+d"(selector), "+S"(label), "+D"(unused)
                     : "r"(to)
                     : "rcx", "r11", "r15", "memory", "cc");
    if (rlabel)
        *rlabel = label;
    return tag;
}

/** Send to dest.  Errors: L4_IPC_SE*, L4_IPC_ENOT_EXISTENT. */
L4_INLINE l4_msgtag_t l4_ipc_send(l4_cap_idx_t dest, l4_utcb_t *utcb, l4_msgtag_t tag,
                                  l4_timeout_t timeout)
{
    return l4_ipc(dest, utcb, L4_SYSF_SEND, 0, tag, 0, timeout);
}

/** Open wait: receive from anybody. */
L4_INLINE l4_msgtag_t l4_ipc_wait(l4_utcb_t *utcb, l4_umword_t *label, l4_timeout_t timeout)
{
    return l4_ipc(L4_INVALID_CAP, utcb, L4_SYSF_WAIT, 0, l4_msgtag(0, 0, 0, 0), label, timeout);
}

/** Closed receive: only from object. */
L4_INLINE l4_msgtag_t l4_ipc_receive(l4_cap_idx_t object, l4_utcb_t *utcb, l4_timeout_t timeout)
{
    return l4_ipc(object, utcb, L4_SYSF_RECV, 0, l4_msgtag(0, 0, 0, 0), 0, timeout);
}

/** Send and wait for the answer of the same partner (I-33). */
L4_INLINE l4_msgtag_t l4_ipc_call(l4_cap_idx_t object, l4_utcb_t *utcb, l4_msgtag_t tag,
                                  l4_timeout_t timeout)
{
    return l4_ipc(object, utcb, L4_SYSF_CALL, 0, tag, 0, timeout);
}

/** Answer the stored caller; reply_cap: L4_INVALID_CAP or an explicit reply slot. */
L4_INLINE l4_msgtag_t l4_ipc_reply(l4_cap_idx_t reply_cap, l4_utcb_t *utcb, l4_msgtag_t tag,
                                   l4_timeout_t timeout)
{
    return l4_ipc(reply_cap, utcb, L4_SYSF_SEND | L4_SYSF_REPLY, 0, tag, 0, timeout);
}

/** Answer the stored caller and wait for the next message (I-32). */
L4_INLINE l4_msgtag_t l4_ipc_reply_and_wait(l4_utcb_t *utcb, l4_msgtag_t tag, l4_umword_t *label,
                                            l4_timeout_t timeout)
{
    return l4_ipc(L4_INVALID_CAP, utcb, L4_SYSF_REPLY_AND_WAIT, 0, tag, label, timeout);
}

/** Send to dest, then wait for anybody. */
L4_INLINE l4_msgtag_t l4_ipc_send_and_wait(l4_cap_idx_t dest, l4_utcb_t *utcb, l4_msgtag_t tag,
                                           l4_umword_t *label, l4_timeout_t timeout)
{
    return l4_ipc(dest, utcb, L4_SYSF_SEND_AND_WAIT, 0, tag, label, timeout);
}

/** Do nothing until the receive timeout ends (I-35). */
L4_INLINE l4_msgtag_t l4_ipc_sleep(l4_timeout_t timeout)
{
    return l4_ipc_receive(L4_INVALID_CAP, l4_utcb(), timeout);
}

/** Sleep for us microseconds. */
L4_INLINE l4_msgtag_t l4_ipc_sleep_us(l4_uint64_t us)
{
    return l4_ipc_sleep(l4_timeout(L4_IPC_TIMEOUT_NEVER, l4_timeout_from_us(us)));
}

/** Sleep for ms milliseconds. */
L4_INLINE l4_msgtag_t l4_ipc_sleep_ms(l4_uint32_t ms) { return l4_ipc_sleep_us(1000ULL * ms); }

/** IPC error code of a result, 0 if there is none. */
L4_INLINE l4_umword_t l4_ipc_error(l4_msgtag_t tag, l4_utcb_t *utcb)
{
    if (!l4_msgtag_has_error(tag))
        return 0;
    return l4_utcb_tcr_u(utcb)->error & L4_IPC_ERROR_MASK;
}

/** IPC error code as error number: -2000 - code. */
L4_INLINE l4_ret_t l4_ipc_to_errno(unsigned long ipc_error_code)
{
    return (l4_ret_t)(-(L4_EIPC_LO + (int)ipc_error_code));
}

/** Result of a call: label of the tag, or the IPC error as negative number. */
L4_INLINE l4_ret_t l4_error_u(l4_msgtag_t tag, l4_utcb_t *utcb)
{
    if (l4_msgtag_has_error(tag))
        return l4_ipc_to_errno(l4_ipc_error(tag, utcb));
    return (l4_ret_t)l4_msgtag_label(tag);
}

L4_INLINE l4_ret_t l4_error(l4_msgtag_t tag) { return l4_error_u(tag, l4_utcb()); }

/** After an error: did the send phase fail? */
L4_INLINE int l4_ipc_is_snd_error(l4_utcb_t *utcb)
{
    return (l4_utcb_tcr_u(utcb)->error & L4_IPC_SND_ERR_MASK) == 0;
}

/** After an error: did the receive phase fail? */
L4_INLINE int l4_ipc_is_rcv_error(l4_utcb_t *utcb)
{
    return (l4_utcb_tcr_u(utcb)->error & L4_IPC_SND_ERR_MASK) != 0;
}

L4_INLINE int l4_ipc_error_code(l4_utcb_t *utcb)
{
    return (int)(l4_utcb_tcr_u(utcb)->error & L4_IPC_ERROR_MASK);
}

/**
 * Append a compound send item to the message described by *tag.
 * Returns 0, or -L4_ENOMEM if the message registers are full.
 */
L4_INLINE int l4_sndfpage_add_u(l4_fpage_t const snd_fpage, unsigned long snd_base,
                                l4_msgtag_t *tag, l4_utcb_t *utcb)
{
    unsigned items = l4_msgtag_items(*tag);
    unsigned i = l4_msgtag_words(*tag) + 2 * items;

    if (i + 2 > L4_UTCB_GENERIC_DATA_SIZE)
        return -L4_ENOMEM;
    utcb->msg.mr[i] = snd_base | L4_ITEM_MAP | L4_ITEM_CONT;
    utcb->msg.mr[i + 1] = snd_fpage.raw;
    *tag =
        l4_msgtag(l4_msgtag_label(*tag), l4_msgtag_words(*tag), items + 1, l4_msgtag_flags(*tag));
    return 0;
}

L4_INLINE int l4_sndfpage_add(l4_fpage_t const snd_fpage, unsigned long snd_base, l4_msgtag_t *tag)
{
    return l4_sndfpage_add_u(snd_fpage, snd_base, tag, l4_utcb());
}

#endif
