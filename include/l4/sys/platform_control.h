/* SPDX-License-Identifier: MIT */
/*
 * Platform control: suspend, power off, reboot (objects.md section 8).  User only.
 */
#ifndef L4_SYS_PLATFORM_CONTROL_H
#define L4_SYS_PLATFORM_CONTROL_H

#include <l4/sys/kernel_object.h>

/** Suspend to RAM; -L4_ENOSYS where there is no ACPI. */
L4_INLINE l4_msgtag_t l4_platform_ctl_system_suspend_u(l4_cap_idx_t pfc, l4_umword_t extras,
                                                       l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_PLATFORM_CTL_SYS_SUSPEND_OP;
    utcb->msg.mr[1] = extras;
    return l4_kobject_call_u(pfc, L4_PROTO_PLATFORM_CTL, 2, 0, utcb);
}

/** Let the system go down with this CPU (enable = 1), or not (0); -L4_ENOSYS on this kernel. */
L4_INLINE l4_msgtag_t l4_platform_ctl_cpu_allow_shutdown_u(l4_cap_idx_t pfc, l4_umword_t phys_id,
                                                           l4_umword_t enable, l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_PLATFORM_CTL_CPU_ALLOW_SHUTDOWN_OP;
    utcb->msg.mr[1] = phys_id;
    utcb->msg.mr[2] = enable;
    return l4_kobject_call_u(pfc, L4_PROTO_PLATFORM_CTL, 3, 0, utcb);
}

/** Switch a CPU on; -L4_ENOSYS on this kernel. */
L4_INLINE l4_msgtag_t l4_platform_ctl_cpu_enable_u(l4_cap_idx_t pfc, l4_umword_t phys_id,
                                                   l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_PLATFORM_CTL_CPU_ENABLE_OP;
    utcb->msg.mr[1] = phys_id;
    return l4_kobject_call_u(pfc, L4_PROTO_PLATFORM_CTL, 2, 0, utcb);
}

/** Switch a CPU off; -L4_ENOSYS on this kernel. */
L4_INLINE l4_msgtag_t l4_platform_ctl_cpu_disable_u(l4_cap_idx_t pfc, l4_umword_t phys_id,
                                                    l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_PLATFORM_CTL_CPU_DISABLE_OP;
    utcb->msg.mr[1] = phys_id;
    return l4_kobject_call_u(pfc, L4_PROTO_PLATFORM_CTL, 2, 0, utcb);
}

L4_INLINE l4_msgtag_t l4_platform_ctl_cpu_allow_shutdown(l4_cap_idx_t pfc, l4_umword_t phys_id,
                                                         l4_umword_t enable)
{
    return l4_platform_ctl_cpu_allow_shutdown_u(pfc, phys_id, enable, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_platform_ctl_cpu_enable(l4_cap_idx_t pfc, l4_umword_t phys_id)
{
    return l4_platform_ctl_cpu_enable_u(pfc, phys_id, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_platform_ctl_cpu_disable(l4_cap_idx_t pfc, l4_umword_t phys_id)
{
    return l4_platform_ctl_cpu_disable_u(pfc, phys_id, l4_utcb());
}

/** Power off (reboot = 0) or reboot (1); does not return, or -L4_ENOSYS. */
L4_INLINE l4_msgtag_t l4_platform_ctl_system_shutdown_u(l4_cap_idx_t pfc, l4_umword_t reboot,
                                                        l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_PLATFORM_CTL_SYS_SHUTDOWN_OP;
    utcb->msg.mr[1] = reboot;
    return l4_kobject_call_u(pfc, L4_PROTO_PLATFORM_CTL, 2, 0, utcb);
}

L4_INLINE l4_msgtag_t l4_platform_ctl_system_suspend(l4_cap_idx_t pfc, l4_umword_t extras)
{
    return l4_platform_ctl_system_suspend_u(pfc, extras, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_platform_ctl_system_shutdown(l4_cap_idx_t pfc, l4_umword_t reboot)
{
    return l4_platform_ctl_system_shutdown_u(pfc, reboot, l4_utcb());
}

#endif
