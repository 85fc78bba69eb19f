/* SPDX-License-Identifier: MIT */
/*
 * Calls of an interrupt controller (objects.md section 8).  User only.
 */
#ifndef L4_SYS_ICU_H
#define L4_SYS_ICU_H

#include <l4/sys/kernel_object.h>

typedef struct l4_icu_info_t {
    unsigned features; /* L4_ICU_FLAG_MSI */
    unsigned nr_irqs;
    unsigned nr_msis;
} l4_icu_info_t;

typedef struct l4_icu_msi_info_t {
    l4_uint64_t msi_addr;
    l4_uint32_t msi_data;
} l4_icu_msi_info_t;

L4_INLINE l4_msgtag_t l4_icu_pin_u(l4_cap_idx_t icu, unsigned op, unsigned irqnum, l4_cap_idx_t irq,
                                   l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = op;
    utcb->msg.mr[1] = irqnum;
    l4_kobject_arg_u(2, irq, L4_CAP_FPAGE_RWS, utcb);
    return l4_kobject_call_u(icu, L4_PROTO_IRQ, 2, 1, utcb);
}

/** Bind an IRQ sender or semaphore to a pin.  Errors: -L4_EINVAL. */
L4_INLINE l4_msgtag_t l4_icu_bind_u(l4_cap_idx_t icu, unsigned irqnum, l4_cap_idx_t irq,
                                    l4_utcb_t *utcb)
{
    return l4_icu_pin_u(icu, L4_ICU_OP_BIND, irqnum, irq, utcb);
}

L4_INLINE l4_msgtag_t l4_icu_unbind_u(l4_cap_idx_t icu, unsigned irqnum, l4_cap_idx_t irq,
                                      l4_utcb_t *utcb)
{
    return l4_icu_pin_u(icu, L4_ICU_OP_UNBIND, irqnum, irq, utcb);
}

/** Trigger mode of a pin, L4_IRQ_F_*. */
L4_INLINE l4_msgtag_t l4_icu_set_mode_u(l4_cap_idx_t icu, unsigned irqnum, l4_umword_t mode,
                                        l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_ICU_OP_SET_MODE;
    utcb->msg.mr[1] = irqnum;
    utcb->msg.mr[2] = mode;
    return l4_kobject_call_u(icu, L4_PROTO_IRQ, 3, 0, utcb);
}

L4_INLINE l4_msgtag_t l4_icu_info_u(l4_cap_idx_t icu, l4_icu_info_t *info, l4_utcb_t *utcb)
{
    l4_msgtag_t tag;

    utcb->msg.mr[0] = L4_ICU_OP_INFO;
    tag = l4_kobject_call_u(icu, L4_PROTO_IRQ, 1, 0, utcb);
    if (l4_error_u(tag, utcb) < 0)
        return tag;
    info->features = (unsigned)utcb->msg.mr[0];
    info->nr_irqs = (unsigned)utcb->msg.mr[1];
    info->nr_msis = (unsigned)utcb->msg.mr[2];
    return tag;
}

/** Address and data that raise an MSI pin (irqnum | L4_ICU_FLAG_MSI). */
L4_INLINE l4_msgtag_t l4_icu_msi_info_u(l4_cap_idx_t icu, unsigned irqnum, l4_uint64_t source,
                                        l4_icu_msi_info_t *msi_info, l4_utcb_t *utcb)
{
    l4_msgtag_t tag;

    utcb->msg.mr[0] = L4_ICU_OP_MSI_INFO;
    utcb->msg.mr[1] = irqnum;
    utcb->msg.mr[2] = (l4_umword_t)source;
    tag = l4_kobject_call_u(icu, L4_PROTO_IRQ, 3, 0, utcb);
    if (l4_error_u(tag, utcb) < 0)
        return tag;
    msi_info->msi_addr = utcb->msg.mr[0];
    msi_info->msi_data = (l4_uint32_t)utcb->msg.mr[1];
    return tag;
}

/** Mask or unmask (op: L4_ICU_CTL_*); there is no answer, a receive phase follows if label is not null. */
L4_INLINE l4_msgtag_t l4_icu_control_u(l4_cap_idx_t icu, unsigned irqnum, unsigned op,
                                       l4_umword_t *label, l4_timeout_t to, l4_utcb_t *utcb)
{
    l4_msgtag_t tag = l4_msgtag(L4_PROTO_IRQ, 2, 0, 0);

    utcb->msg.mr[0] = (l4_umword_t)L4_ICU_OP_UNMASK + op;
    utcb->msg.mr[1] = irqnum;
    if (label)
        return l4_ipc_send_and_wait(icu, utcb, tag, label, to);
    return l4_ipc_send(icu, utcb, tag, to);
}

L4_INLINE l4_msgtag_t l4_icu_mask_u(l4_cap_idx_t icu, unsigned irqnum, l4_umword_t *label,
                                    l4_timeout_t to, l4_utcb_t *utcb)
{
    return l4_icu_control_u(icu, irqnum, L4_ICU_CTL_MASK, label, to, utcb);
}

L4_INLINE l4_msgtag_t l4_icu_unmask_u(l4_cap_idx_t icu, unsigned irqnum, l4_umword_t *label,
                                      l4_timeout_t to, l4_utcb_t *utcb)
{
    return l4_icu_control_u(icu, irqnum, L4_ICU_CTL_UNMASK, label, to, utcb);
}

L4_INLINE l4_msgtag_t l4_icu_bind(l4_cap_idx_t icu, unsigned irqnum, l4_cap_idx_t irq)
{
    return l4_icu_bind_u(icu, irqnum, irq, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_icu_unbind(l4_cap_idx_t icu, unsigned irqnum, l4_cap_idx_t irq)
{
    return l4_icu_unbind_u(icu, irqnum, irq, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_icu_set_mode(l4_cap_idx_t icu, unsigned irqnum, l4_umword_t mode)
{
    return l4_icu_set_mode_u(icu, irqnum, mode, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_icu_info(l4_cap_idx_t icu, l4_icu_info_t *info)
{
    return l4_icu_info_u(icu, info, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_icu_msi_info(l4_cap_idx_t icu, unsigned irqnum, l4_uint64_t source,
                                      l4_icu_msi_info_t *msi_info)
{
    return l4_icu_msi_info_u(icu, irqnum, source, msi_info, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_icu_mask(l4_cap_idx_t icu, unsigned irqnum, l4_umword_t *label,
                                  l4_timeout_t to)
{
    return l4_icu_mask_u(icu, irqnum, label, to, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_icu_unmask(l4_cap_idx_t icu, unsigned irqnum, l4_umword_t *label,
                                    l4_timeout_t to)
{
    return l4_icu_unmask_u(icu, irqnum, label, to, l4_utcb());
}

#endif
