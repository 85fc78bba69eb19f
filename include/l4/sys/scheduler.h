/* SPDX-License-Identifier: MIT */
/*
 * Calls of the scheduler (objects.md section 9).  User only.
 */
#ifndef L4_SYS_SCHEDULER_H
#define L4_SYS_SCHEDULER_H

#include <l4/sys/kernel_object.h>

/*
 *   63               32 31         24 23          0
 *  +-------------------+-------------+-------------+
 *  |         0         | granularity | offset      |   gran_offset
 *  +-------------------+-------------+-------------+
 *   map: bit n stands for CPUs offset + n * 2^granularity ...
 */
typedef struct l4_sched_cpu_set_t {
    l4_umword_t gran_offset;
    l4_umword_t map;
} l4_sched_cpu_set_t;

typedef struct l4_sched_param_t {
    l4_sched_cpu_set_t affinity;
    l4_umword_t prio;    /* 1..255 */
    l4_umword_t quantum; /* microseconds, 0 = 10 ms */
} l4_sched_param_t;

L4_INLINE l4_sched_cpu_set_t l4_sched_cpu_set(l4_umword_t offset, unsigned char granularity,
                                              l4_umword_t map)
{
    l4_sched_cpu_set_t cs = {(l4_umword_t)granularity << 24 | (offset & 0xffffffUL), map};
    return cs;
}

/** Parameters for any CPU. */
L4_INLINE l4_sched_param_t l4_sched_param(unsigned prio, l4_umword_t quantum)
{
    l4_sched_param_t sp = {l4_sched_cpu_set(0, 0xff, 1), prio, quantum};
    return sp;
}

/** Put a thread under scheduling.  Errors: -L4_EINVAL, -L4_ERANGE (O-30). */
L4_INLINE l4_msgtag_t l4_scheduler_run_thread_u(l4_cap_idx_t scheduler, l4_cap_idx_t thread,
                                                l4_sched_param_t const *sp, l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_SCHEDULER_RUN_THREAD_OP;
    utcb->msg.mr[1] = sp->affinity.gran_offset;
    utcb->msg.mr[2] = sp->affinity.map;
    utcb->msg.mr[3] = sp->prio;
    utcb->msg.mr[4] = sp->quantum;
    l4_kobject_arg_u(5, thread, L4_CAP_FPAGE_RWS, utcb);
    return l4_kobject_call_u(scheduler, L4_PROTO_SCHEDULER, 5, 1, utcb);
}

/** CPUs of the set in cpus, highest CPU count, classes (L4_SCHEDULER_CLASS_*); null is allowed. */
L4_INLINE l4_msgtag_t l4_scheduler_info_u(l4_cap_idx_t scheduler, l4_umword_t *cpu_max,
                                          l4_sched_cpu_set_t *cpus, l4_umword_t *sched_classes,
                                          l4_utcb_t *utcb)
{
    l4_msgtag_t tag;

    utcb->msg.mr[0] = L4_SCHEDULER_INFO_OP;
    utcb->msg.mr[1] = cpus->gran_offset;
    tag = l4_kobject_call_u(scheduler, L4_PROTO_SCHEDULER, 2, 0, utcb);
    if (l4_error_u(tag, utcb) < 0)
        return tag;
    cpus->map = utcb->msg.mr[0];
    if (cpu_max)
        *cpu_max = utcb->msg.mr[1];
    if (sched_classes)
        *sched_classes = utcb->msg.mr[2];
    return tag;
}

/** Idle time of the CPUs in microseconds. */
L4_INLINE l4_msgtag_t l4_scheduler_idle_time_u(l4_cap_idx_t scheduler,
                                               l4_sched_cpu_set_t const *cpus,
                                               l4_kernel_clock_t *us, l4_utcb_t *utcb)
{
    l4_msgtag_t tag;

    utcb->msg.mr[0] = L4_SCHEDULER_IDLE_TIME_OP;
    utcb->msg.mr[1] = cpus->gran_offset;
    utcb->msg.mr[2] = cpus->map;
    tag = l4_kobject_call_u(scheduler, L4_PROTO_SCHEDULER, 3, 0, utcb);
    if (l4_error_u(tag, utcb) >= 0)
        *us = utcb->msg.mr[0];
    return tag;
}

L4_INLINE l4_msgtag_t l4_scheduler_run_thread(l4_cap_idx_t scheduler, l4_cap_idx_t thread,
                                              l4_sched_param_t const *sp)
{
    return l4_scheduler_run_thread_u(scheduler, thread, sp, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_scheduler_info(l4_cap_idx_t scheduler, l4_umword_t *cpu_max,
                                        l4_sched_cpu_set_t *cpus)
{
    return l4_scheduler_info_u(scheduler, cpu_max, cpus, 0, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_scheduler_info_with_classes(l4_cap_idx_t scheduler, l4_umword_t *cpu_max,
                                                     l4_sched_cpu_set_t *cpus,
                                                     l4_umword_t *sched_classes)
{
    return l4_scheduler_info_u(scheduler, cpu_max, cpus, sched_classes, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_scheduler_idle_time(l4_cap_idx_t scheduler, l4_sched_cpu_set_t const *cpus,
                                             l4_kernel_clock_t *us)
{
    return l4_scheduler_idle_time_u(scheduler, cpus, us, l4_utcb());
}

/** Non-zero if the CPU exists and runs. */
L4_INLINE int l4_scheduler_is_online_u(l4_cap_idx_t scheduler, l4_umword_t cpu, l4_utcb_t *utcb)
{
    l4_sched_cpu_set_t cs = {cpu, 0};

    return l4_error_u(l4_scheduler_info_u(scheduler, 0, &cs, 0, utcb), utcb) >= 0 &&
           (cs.map & 1) != 0;
}

L4_INLINE int l4_scheduler_is_online(l4_cap_idx_t scheduler, l4_umword_t cpu)
{
    return l4_scheduler_is_online_u(scheduler, cpu, l4_utcb());
}

#endif
