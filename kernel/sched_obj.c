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
enum { MAX_CPUS = 1, CLASS_FIXED_PRIO_BIT = 2, CLASS_FIXED_PRIO = -1, CPU_SET_BITS = 64 };

static struct irq *hotplug_irq; /* bound, but no processor ever comes or goes */

/* A CPU set word: granularity (log2) << 24 | offset of the first CPU. */
static u64 set_offset(u64 word) { return word & 0xffffff; }

static void op_info(struct thread *t)
{
    u64 offset = set_offset(t->utcb->mr[1]);
    u64 *out = syscall_out(t);

    if (tag_words(sys_tag(t)) < 2) {
        syscall_label(t, -L4_EMSGTOOSHORT);
        return;
    }
    if (offset >= MAX_CPUS) {
        syscall_label(t, -L4_ERANGE);
        return;
    }
    out[0] = 1;
    out[1] = MAX_CPUS;
    out[2] = CLASS_FIXED_PRIO_BIT;
    syscall_tag(t, tag_make(0, 3, 0));
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
        /* MR4: bytes of the structure from its own start: length, quantum, priority (16 bits) */
        if (mr[4] < 3 * sizeof(u64) || tag_words(sys_tag(t)) < 7)
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

static void op_run_thread(struct thread *t)
{
    const u64 *mr = t->utcb->mr;
    u64 prio = 0, quantum = 0;
    struct thread *target;
    struct cap *slot;
    int err;

    if (tag_words(sys_tag(t)) < 5) {
        syscall_label(t, -L4_EMSGTOOSHORT);
        return;
    }
    slot = syscall_cap_arg(t, 0, &thread_type, &err);
    if (!slot) {
        syscall_arg_error(t, err);
        return;
    }
    err = decode_params(t, &prio, &quantum);
    if (!err && set_offset(mr[1]) >= MAX_CPUS)
        err = -L4_ERANGE;
    syscall_label(t, err);
    if (err)
        return;
    target = thread_of(slot->obj);
    sched_set_prio(target, (unsigned)prio);
    target->quantum = target->left = quantum ? quantum : DEFAULT_QUANTUM_US;
    sched_set_cpu(target, mr[2] & 1); /* the one CPU there is, or none: parked (O-31) */
    thread_try_start(target);
}

static void op_idle_time(struct thread *t)
{
    u64 *out = syscall_out(t);

    if (tag_words(sys_tag(t)) < 3) {
        syscall_label(t, -L4_EMSGTOOSHORT);
        return;
    }
    if (set_offset(t->utcb->mr[1]) >= MAX_CPUS || !(t->utcb->mr[2] & 1)) {
        syscall_label(t, -L4_EINVAL);
        return;
    }
    out[0] = pcpu()->idle_time;
    syscall_tag(t, tag_make(0, 1, 0));
}

static void sched_invoke(struct thread *t, struct kobject *o, unsigned rights)
{
    (void)rights; /* none is needed (O-33) */
    if (!syscall_is_op(t, o, NULL))
        return;
    if (tag_label(sys_tag(t)) == L4_PROTO_IRQ) {
        icu_invoke_single(t, o, &hotplug_irq);
        return;
    }
    if (tag_label(sys_tag(t)) != L4_PROTO_SCHEDULER) {
        syscall_label(t, -L4_EBADPROTO);
        return;
    }
    if (!tag_words(sys_tag(t))) {
        syscall_label(t, -L4_EMSGTOOSHORT);
        return;
    }
    switch (t->utcb->mr[0]) {
    case OP_INFO:
        op_info(t);
        break;
    case OP_RUN_THREAD:
        op_run_thread(t);
        break;
    case OP_IDLE_TIME:
        op_idle_time(t);
        break;
    default:
        syscall_label(t, -L4_ENOSYS);
    }
}

const struct kobject_type sched_type = {
    .name = "scheduler",
    .proto = L4_PROTO_SCHEDULER,
    .invoke = sched_invoke,
};
