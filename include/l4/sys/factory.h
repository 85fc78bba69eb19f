/* SPDX-License-Identifier: MIT */
/*
 * Creating objects (objects.md section 4).  User only.
 *
 * A factory call is begun with l4_factory_create_start_u, arguments are added, _commit_u sends it.
 * The new capability goes to the slot target_cap.  Errors: -L4_EPERM no S right on the factory,
 * -L4_ENOMEM quota used up, -L4_ENODEV unknown kind.  The call uses BDR and BR0 of the UTCB.
 */
#ifndef L4_SYS_FACTORY_H
#define L4_SYS_FACTORY_H

#include <l4/sys/kernel_object.h>

L4_INLINE l4_msgtag_t l4_factory_create_start_u(long protocol, l4_cap_idx_t target_cap,
                                                l4_utcb_t *u)
{
    u->buf.bdr = 0;
    u->buf.br[0] = (target_cap & L4_CAP_MASK) | L4_RCV_ITEM_SINGLE_CAP;
    u->msg.mr[0] = (l4_umword_t)protocol;
    return l4_msgtag(L4_PROTO_FACTORY, 1, 0, 0);
}

/* Arguments: a word with type (L4_VARG_TYPE_*) and size, and the value.  1: added, 0: no room. */
L4_INLINE int l4_factory_create_add_word_u(l4_umword_t type, l4_umword_t value, l4_msgtag_t *tag,
                                           l4_utcb_t *u)
{
    unsigned w = l4_msgtag_words(*tag);

    if (w + 2 > L4_UTCB_GENERIC_DATA_SIZE)
        return 0;
    u->msg.mr[w] = type | (sizeof(l4_umword_t) << 16);
    u->msg.mr[w + 1] = value;
    tag->raw = (tag->raw & ~0x3fL) | (long)(w + 2);
    return 1;
}

/** A string of len bytes; the kernel's own factories take none. */
L4_INLINE int l4_factory_create_add_lstr_u(char const *s, unsigned len, l4_msgtag_t *tag,
                                           l4_utcb_t *u)
{
    unsigned w = l4_msgtag_words(*tag), n = l4_bytes_to_mwords(len);

    if (w + 1 + n > L4_UTCB_GENERIC_DATA_SIZE)
        return 0;
    u->msg.mr[w] = L4_VARG_TYPE_STRING | (l4_umword_t)len << 16;
    __builtin_memcpy(&u->msg.mr[w + 1], s, len);
    tag->raw = (tag->raw & ~0x3fL) | (long)(w + 1 + n);
    return 1;
}

/** A string with its zero. */
L4_INLINE int l4_factory_create_add_str_u(char const *s, l4_msgtag_t *tag, l4_utcb_t *u)
{
    return l4_factory_create_add_lstr_u(s, (unsigned)__builtin_strlen(s) + 1, tag, u);
}

/** An argument that is left out. */
L4_INLINE int l4_factory_create_add_nil_u(l4_msgtag_t *tag, l4_utcb_t *u)
{
    unsigned w = l4_msgtag_words(*tag);

    if (w + 1 > L4_UTCB_GENERIC_DATA_SIZE)
        return 0;
    u->msg.mr[w] = L4_VARG_TYPE_NIL;
    tag->raw = (tag->raw & ~0x3fL) | (long)(w + 1);
    return 1;
}

L4_INLINE int l4_factory_create_add_fpage_u(l4_fpage_t d, l4_msgtag_t *tag, l4_utcb_t *u)
{
    return l4_factory_create_add_word_u(L4_VARG_TYPE_FPAGE, d.raw, tag, u);
}

L4_INLINE int l4_factory_create_add_int_u(l4_mword_t d, l4_msgtag_t *tag, l4_utcb_t *u)
{
    return l4_factory_create_add_word_u(L4_VARG_TYPE_MWORD, (l4_umword_t)d, tag, u);
}

L4_INLINE int l4_factory_create_add_uint_u(l4_umword_t d, l4_msgtag_t *tag, l4_utcb_t *u)
{
    return l4_factory_create_add_word_u(L4_VARG_TYPE_UMWORD, d, tag, u);
}

L4_INLINE l4_msgtag_t l4_factory_create_commit_u(l4_cap_idx_t factory, l4_msgtag_t tag,
                                                 l4_utcb_t *u)
{
    return l4_ipc_call(factory, u, tag, L4_IPC_NEVER);
}

/** Create an object without arguments; obj: its protocol label. */
L4_INLINE l4_msgtag_t l4_factory_create_u(l4_cap_idx_t factory, long obj, l4_cap_idx_t target,
                                          l4_utcb_t *u)
{
    return l4_factory_create_commit_u(factory, l4_factory_create_start_u(obj, target, u), u);
}

/** Task; *utcb_area: memory flexpage for UTCBs (nil: none), out: what is used. */
L4_INLINE l4_msgtag_t l4_factory_create_task_u(l4_cap_idx_t factory, l4_cap_idx_t target_cap,
                                               l4_fpage_t *utcb_area, l4_utcb_t *u)
{
    l4_msgtag_t tag = l4_factory_create_start_u(L4_PROTO_TASK, target_cap, u);

    l4_factory_create_add_fpage_u(*utcb_area, &tag, u);
    tag = l4_factory_create_commit_u(factory, tag, u);
    if (l4_error_u(tag, u) >= 0 && l4_msgtag_words(tag) == 1)
        utcb_area->raw = u->msg.mr[0];
    return tag;
}

/** Thread; needs bind, run_thread and ex_regs before it runs (O-13). */
L4_INLINE l4_msgtag_t l4_factory_create_thread_u(l4_cap_idx_t factory, l4_cap_idx_t target_cap,
                                                 l4_utcb_t *u)
{
    return l4_factory_create_u(factory, L4_PROTO_THREAD, target_cap, u);
}

/** Factory with a quota of limit bytes, reserved at once (M-76). */
L4_INLINE l4_msgtag_t l4_factory_create_factory_u(l4_cap_idx_t factory, l4_cap_idx_t target_cap,
                                                  unsigned long limit, l4_utcb_t *u)
{
    l4_msgtag_t tag = l4_factory_create_start_u(L4_PROTO_FACTORY, target_cap, u);

    l4_factory_create_add_uint_u(limit, &tag, u);
    return l4_factory_create_commit_u(factory, tag, u);
}

/**
 * IPC gate.  snd_dst_cap: the thread to bind (needs S), or L4_INVALID_CAP for an unbound gate;
 * label: bits 0 and 1 must be 0.  Errors: -L4_EINVAL label or thread, -L4_EPERM thread without S.
 */
L4_INLINE l4_msgtag_t l4_factory_create_gate_u(l4_cap_idx_t factory, l4_cap_idx_t target_cap,
                                               l4_cap_idx_t snd_dst_cap, l4_umword_t label,
                                               l4_utcb_t *u)
{
    l4_msgtag_t tag = l4_factory_create_start_u(L4_PROTO_NONE, target_cap, u);

    l4_factory_create_add_uint_u(label, &tag, u);
    if (l4_is_valid_cap(snd_dst_cap)) {
        l4_kobject_arg_u(3, snd_dst_cap, L4_CAP_FPAGE_RWS, u);
        tag = l4_msgtag(L4_PROTO_FACTORY, 3, 1, 0);
    }
    return l4_factory_create_commit_u(factory, tag, u);
}

/** IRQ sender. */
L4_INLINE l4_msgtag_t l4_factory_create_irq_u(l4_cap_idx_t factory, l4_cap_idx_t target_cap,
                                              l4_utcb_t *u)
{
    return l4_factory_create_u(factory, L4_PROTO_IRQ_SENDER, target_cap, u);
}

/** Virtual machine; -L4_ENODEV on this kernel. */
L4_INLINE l4_msgtag_t l4_factory_create_vm_u(l4_cap_idx_t factory, l4_cap_idx_t target_cap,
                                             l4_utcb_t *u)
{
    return l4_factory_create_u(factory, L4_PROTO_VM, target_cap, u);
}

L4_INLINE l4_msgtag_t l4_factory_create_task(l4_cap_idx_t factory, l4_cap_idx_t target_cap,
                                             l4_fpage_t *utcb_area)
{
    return l4_factory_create_task_u(factory, target_cap, utcb_area, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_factory_create_thread(l4_cap_idx_t factory, l4_cap_idx_t target_cap)
{
    return l4_factory_create_thread_u(factory, target_cap, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_factory_create_factory(l4_cap_idx_t factory, l4_cap_idx_t target_cap,
                                                unsigned long limit)
{
    return l4_factory_create_factory_u(factory, target_cap, limit, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_factory_create_gate(l4_cap_idx_t factory, l4_cap_idx_t target_cap,
                                             l4_cap_idx_t snd_dst_cap, l4_umword_t label)
{
    return l4_factory_create_gate_u(factory, target_cap, snd_dst_cap, label, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_factory_create_irq(l4_cap_idx_t factory, l4_cap_idx_t target_cap)
{
    return l4_factory_create_irq_u(factory, target_cap, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_factory_create_vm(l4_cap_idx_t factory, l4_cap_idx_t target_cap)
{
    return l4_factory_create_vm_u(factory, target_cap, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_factory_create(l4_cap_idx_t factory, long obj, l4_cap_idx_t target)
{
    return l4_factory_create_u(factory, obj, target, l4_utcb());
}

#endif
