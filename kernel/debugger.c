/* SPDX-License-Identifier: MIT */
/*
 * The debugger object.  Done: setting names and adding image information (accepted, not kept yet), the global
 * id of an object, and a summary of kernel memory.
 */
#include "debugger.h"

#include "arch.h"
#include "check.h"
#include "kmem.h"
#include "l4/sys/err.h"
#include "l4/sys/types.h"
#include "syscall.h"

enum debugger_ops {
    DBG_SET_NAME = 0x100,
    DBG_GLOBAL_ID = 0x101,
    DBG_ADD_IMAGE = 0x107,
    DBG_KMEM_STATS = 0x500, /* MR0 free bytes, MR1 all bytes of the kernel heap */
    DBG_CHECK = 0x501,    /* label 0: all invariants hold; -EFAULT: one does not (it is printed) */
    DBG_COUNTERS = 0x503, /* MR0 TLB flushes, MR1 page-table root loads since boot */
    DBG_LATENCY =
        0x504, /* LATENCY=1 builds: MR0 longest stretch with interrupts off since the last read, MR1 its end */
    DBG_FAIL_ALLOC = 0x502, /* MR1: the n-th allocation from now on fails (debug builds) */
};

static u64 with_object(struct thread *t, u64 code)
{
    int err;
    struct cap *slot = syscall_cap_arg(t, 0, NULL, &err);

    if (!slot)
        return answer_arg(err);
    return code == DBG_GLOBAL_ID ? answer_word(t, slot->obj->id) : answer_label(0);
}

static u64 answer_two(struct thread *t, u64 word0, u64 word1)
{
    u64 *out = syscall_out(t);

    out[0] = word0;
    out[1] = word1;
    return answer_words(2);
}

static u64 debugger_op(struct thread *t, struct kobject *o, unsigned rights)
{
    u64 code = sys_words(t) ? t->utcb->mr[0] & 0xffff : ~0UL;

    (void)o;
    (void)rights;
    if (sys_label(t) != L4_PROTO_DEBUGGER)
        return answer_label(-L4_EBADPROTO);
    switch (code) {
    case DBG_SET_NAME:
    case DBG_GLOBAL_ID:
    case DBG_ADD_IMAGE:
        return with_object(t, code);
    case DBG_KMEM_STATS:
        kmem_trim();
        return answer_two(t, kmem_free_bytes(), kmem_total_bytes());
    case DBG_COUNTERS:
        return answer_two(t, pcpu()->n_tlb_flush, pcpu()->n_root_load);
#ifdef QUIRE_LATENCY
    case DBG_LATENCY:
        code = pcpu()->irq_off_max;
        pcpu()->irq_off_max = 0;
        return answer_two(t, code, pcpu()->irq_off_where);
#endif
    case DBG_CHECK:
        return answer_label(check_invariants() ? 0 : -L4_EFAULT);
#ifdef QUIRE_DEBUG
    case DBG_FAIL_ALLOC:
        kmem_fail_at = sys_words(t) >= 2 ? t->utcb->mr[1] : 0;
        return answer_label(0);
#endif
    default:
        return answer_label(-L4_ENOSYS);
    }
}

const struct kobject_type debugger_type = {
    .name = "debugger",
    .proto = L4_PROTO_DEBUGGER,
    .invoke = syscall_invoke_op,
    .op = debugger_op,
};
