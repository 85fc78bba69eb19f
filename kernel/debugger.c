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

static void with_object(struct thread *t, u64 op)
{
    int err;
    struct cap *slot = syscall_cap_arg(t, 0, NULL, &err);

    if (!slot) {
        syscall_arg_error(t, err);
        return;
    }
    if (op == DBG_GLOBAL_ID)
        syscall_out(t)[0] = slot->obj->id;
    syscall_tag(t, tag_make(0, op == DBG_GLOBAL_ID ? 1 : 0, 0));
}

static void debugger_invoke(struct thread *t, struct kobject *o, unsigned rights)
{
    u64 *out, op;

    (void)rights;
    if (!syscall_is_op(t, o, NULL))
        return;
    if (tag_label(sys_tag(t)) != L4_PROTO_DEBUGGER) {
        syscall_label(t, -L4_EBADPROTO);
        return;
    }
    op = tag_words(sys_tag(t)) ? t->utcb->mr[0] & 0xffff : ~0UL;
    switch (op) {
    case DBG_SET_NAME:
    case DBG_GLOBAL_ID:
    case DBG_ADD_IMAGE:
        with_object(t, op);
        break;
    case DBG_KMEM_STATS:
        out = syscall_out(t);
        kmem_trim();
        out[0] = kmem_free_bytes();
        out[1] = kmem_total_bytes();
        syscall_tag(t, tag_make(0, 2, 0));
        break;
    case DBG_COUNTERS:
        out = syscall_out(t);
        out[0] = pcpu()->n_tlb_flush;
        out[1] = pcpu()->n_root_load;
        syscall_tag(t, tag_make(0, 2, 0));
        break;
#ifdef QUIRE_LATENCY
    case DBG_LATENCY:
        out = syscall_out(t);
        out[0] = pcpu()->irq_off_max;
        out[1] = pcpu()->irq_off_where;
        pcpu()->irq_off_max = 0;
        syscall_tag(t, tag_make(0, 2, 0));
        break;
#endif
    case DBG_CHECK:
        syscall_label(t, check_invariants() ? 0 : -L4_EFAULT);
        break;
#ifdef QUIRE_DEBUG
    case DBG_FAIL_ALLOC:
        kmem_fail_at = tag_words(sys_tag(t)) >= 2 ? t->utcb->mr[1] : 0;
        syscall_label(t, 0);
        break;
#endif
    default:
        syscall_label(t, -L4_ENOSYS);
    }
}

const struct kobject_type debugger_type = {
    .name = "debugger",
    .proto = L4_PROTO_DEBUGGER,
    .invoke = debugger_invoke,
};
