/* SPDX-License-Identifier: MIT */
/* The scheduler object, see sched_obj.h. */
#include "sched_obj.h"

#include "arch.h"
#include "icu.h"
#include "l4/sys/err.h"
#include "l4/sys/types.h"
#include "sched.h"
#include "syscall.h"

enum { OP_INFO = 0, OP_RUN_THREAD = 1, OP_IDLE_TIME = 2 };
enum { MAX_CPUS = 1, CLASS_FIXED_PRIO_BIT = 2, CLASS_FIXED_PRIO = -1 };

static struct irq *hotplug_irq; /* bound, but no processor ever comes or goes */

/* A CPU set word: granularity (log2) << 24 | offset of the first CPU. */
static u64 set_offset(u64 word) { return word & 0xffffff; }

static u64 op_info(struct thread *t)
{
    if (sys_words(t) < 2)
        return answer_label(-L4_EMSGTOOSHORT);
    if (set_offset(t->utcb->mr[1]) >= MAX_CPUS)
        return answer_label(-L4_ERANGE);
    return answer_three(t, 1, MAX_CPUS, CLASS_FIXED_PRIO_BIT);
}

/* The words of run_thread: priority and quantum in either form (O-30); 0 or a negative error. */
static int decode_params(const struct thread *t, u64 *prio, u64 *quantum)
{
    const u64 *mr = t->utcb->mr;
    s64 word = (s64)mr[3];

    if (word >= 0) {
        *prio = (u64)word;
        *quantum = mr[4];
    } else if (word == CLASS_FIXED_PRIO) {
        /* MR4: bytes of the parameters, from the CPU set on, all of which MR1 to MR6 have to hold */
        if (mr[4] < 6 * sizeof(u64) || mr[4] > (sys_words(t) - 1) * sizeof(u64))
            return -L4_EINVAL;
        *quantum = mr[5];
        *prio = mr[6] & 0xffff;
    } else {
        return -L4_ERANGE;
    }
    if (!*prio)
        return -L4_EINVAL;
    *prio = min_u64(*prio, PRIO_MAX);
    return 0;
}

static u64 op_run_thread(struct thread *t)
{
    const u64 *mr = t->utcb->mr;
    u64 prio = 0, quantum = 0;
    struct thread *target;
    struct cap *slot;
    int err;

    if (sys_words(t) < 5)
        return answer_label(-L4_EINVAL);
    slot = syscall_cap_arg(t, 0, &thread_type, &err);
    if (!slot)
        return answer_arg(err);
    err = decode_params(t, &prio, &quantum);
    if (err)
        return answer_label(err);
    target = thread_of(slot->obj);
    sched_set_prio(target, (unsigned)prio);
    target->quantum = target->left = quantum ? quantum : DEFAULT_QUANTUM_US;
    /* The one CPU there is, or none: parked (O-31). */
    sched_set_cpu(target, set_offset(mr[1]) < MAX_CPUS && mr[2] & 1);
    thread_try_start(target);
    return answer_label(0);
}

static u64 op_idle_time(struct thread *t)
{
    if (sys_words(t) < 3)
        return answer_label(-L4_EMSGTOOSHORT);
    if (set_offset(t->utcb->mr[1]) >= MAX_CPUS || !(t->utcb->mr[2] & 1))
        return answer_label(-L4_EINVAL);
    return answer_word(t, pcpu()->idle_time);
}

static u64 sched_op(struct thread *t, struct kobject *o, unsigned rights)
{
    (void)rights; /* none is needed (O-33) */
    if (sys_label(t) == L4_PROTO_IRQ)
        return icu_op(t, o, &hotplug_irq);
    if (sys_label(t) != L4_PROTO_SCHEDULER)
        return answer_label(-L4_EBADPROTO);
    if (!sys_words(t))
        return answer_label(-L4_EMSGTOOSHORT);
    switch (t->utcb->mr[0]) {
    case OP_INFO:
        return op_info(t);
    case OP_RUN_THREAD:
        return op_run_thread(t);
    case OP_IDLE_TIME:
        return op_idle_time(t);
    default:
        return answer_label(-L4_ENOSYS);
    }
}

const struct kobject_type sched_type = {
    .name = "scheduler",
    .proto = L4_PROTO_SCHEDULER,
    .invoke = syscall_invoke_op,
    .op = sched_op,
};
