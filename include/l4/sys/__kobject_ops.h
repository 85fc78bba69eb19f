/* SPDX-License-Identifier: MIT */
/*
 * Operation numbers and flags of the kernel objects.
 *
 * Decides: what message register 0 of a kernel-object call means (abi: objects.md).  Pure, so that
 * the kernel can use the numbers without the system-call stubs of task.h, thread.h, ..., which
 * include this header.
 */
#ifndef L4_SYS_KOBJECT_OPS_H
#define L4_SYS_KOBJECT_OPS_H

#include <l4/sys/__l4_fpage.h>
#include <l4/sys/types.h>
#include <l4/sys/__utcb_layout.h>

/* ---- IPC error codes (UTCB error word; bit 0: receive phase) ---- */
enum l4_ipc_tcr_error_t {
    L4_IPC_ERROR_MASK = 0x1F,
    L4_IPC_SND_ERR_MASK = 0x01,
    L4_IPC_ENOT_EXISTENT = 0x04,
    L4_IPC_RETIMEOUT = 0x03,
    L4_IPC_SETIMEOUT = 0x02,
    L4_IPC_RECANCELED = 0x07,
    L4_IPC_SECANCELED = 0x06,
    L4_IPC_REMAPFAILED = 0x11,
    L4_IPC_SEMAPFAILED = 0x10,
    L4_IPC_RESNDPFTO = 0x0b,
    L4_IPC_SESNDPFTO = 0x0a,
    L4_IPC_RERCVPFTO = 0x0d,
    L4_IPC_SERCVPFTO = 0x0c,
    L4_IPC_REABORTED = 0x0f,
    L4_IPC_SEABORTED = 0x0e,
    L4_IPC_REMSGCUT = 0x09,
    L4_IPC_SEMSGCUT = 0x08,
    L4_IPC_NO_REPLY_CAP = 0x13,
};

/* ---- generic kernel object, label L4_PROTO_KOBJECT ---- */
enum L4_kobject_op {
    L4_KOBJECT_OP_DEC_REFCNT = 0,
    L4_KOBJECT_OP_REGISTER_IRQ,
};

/* ---- task, label L4_PROTO_TASK ---- */
enum L4_task_ops {
    L4_TASK_MAP_OP = 0UL,
    L4_TASK_UNMAP_OP = 1UL,
    L4_TASK_CAP_INFO_OP = 2UL,
    L4_TASK_ADD_KU_MEM_OP = 3UL,
    L4_TASK_LDT_SET_X86_OP = 0x11UL,
};

/*
 * ---- thread, label L4_PROTO_THREAD ----
 *
 *   63                       16 15         0
 *  +---------------------------+------------+
 *  | flags                     | operation  |   message register 0
 *  +---------------------------+------------+
 */
enum L4_thread_ops {
    L4_THREAD_CONTROL_OP = 0UL,
    L4_THREAD_EX_REGS_OP = 1UL,
    L4_THREAD_SWITCH_OP = 2UL,
    L4_THREAD_STATS_OP = 3UL,
    L4_THREAD_VCPU_RESUME_OP = 4UL,
    L4_THREAD_REGISTER_DELETE_IRQ_OP = 5UL,
    L4_THREAD_MODIFY_SENDER_OP = 6UL,
    L4_THREAD_VCPU_CONTROL_OP = 7UL,
    L4_THREAD_VCPU_CONTROL_EXT_OP = L4_THREAD_VCPU_CONTROL_OP | 0x10000,
    L4_THREAD_REGISTER_DOORBELL_IRQ_OP = 8UL,
    L4_THREAD_PF_TRAMP_CONTROL_OP = 9UL,
    L4_THREAD_X86_GDT_OP = 0x10UL,
    L4_THREAD_AMD64_SET_SEGMENT_BASE_OP = 0x12UL,
    L4_THREAD_AMD64_GET_SEGMENT_INFO_OP = 0x13UL,
    L4_THREAD_OPCODE_MASK = 0xffff,
};

enum L4_thread_control_flags {
    L4_THREAD_CONTROL_SET_PAGER = 0x0010000,
    L4_THREAD_CONTROL_BIND_TASK = 0x0200000,
    L4_THREAD_CONTROL_ALIEN = 0x0400000,
    L4_THREAD_CONTROL_SET_EXC_HANDLER = 0x1000000,
};

enum L4_thread_control_mr_indices {
    L4_THREAD_CONTROL_MR_IDX_FLAGS = 0,
    L4_THREAD_CONTROL_MR_IDX_PAGER = 1,
    L4_THREAD_CONTROL_MR_IDX_EXC_HANDLER = 2,
    L4_THREAD_CONTROL_MR_IDX_FLAG_VALS = 4,
    L4_THREAD_CONTROL_MR_IDX_BIND_UTCB = 5,
    L4_THREAD_CONTROL_MR_IDX_BIND_TASK = 6,
};

enum L4_thread_ex_regs_flags {
    L4_THREAD_EX_REGS_CANCEL = 0x10000UL,
    L4_THREAD_EX_REGS_TRIGGER_EXCEPTION = 0x20000UL,
    L4_THREAD_EX_REGS_ARCH_MASK = 0xff000000UL,
};

enum L4_sys_segment {
    L4_AMD64_SEGMENT_FS = 0,
    L4_AMD64_SEGMENT_GS = 1,
};

/* ---- IPC gate, label L4_PROTO_KOBJECT ---- */
enum L4_ipc_gate_ops {
    L4_IPC_GATE_BIND_OP = 0x10,
    L4_IPC_GATE_GET_INFO_OP = 0x11,
};
enum L4_rcv_ep_ops {
    L4_RCV_EP_BIND_OP = 0x10,
};

/* ---- IRQ sender, labels L4_PROTO_IRQ (trigger, EOI) and L4_PROTO_IRQ_SENDER ---- */
enum L4_irq_sender_op {
    L4_IRQ_SENDER_OP_RESERVED1 = 0,
    L4_IRQ_SENDER_OP_DETACH = 1,
    L4_IRQ_SENDER_OP_BIND_VCPU = 2,
};
enum L4_irq_op {
    L4_IRQ_OP_TRIGGER = 2,
    L4_IRQ_OP_EOI = 4,
};

/* ---- semaphore, label L4_PROTO_SEMAPHORE ---- */
enum L4_semaphore_op {
    L4_SEMAPHORE_OP_DOWN = 0,
};

/* ---- interrupt controller, label L4_PROTO_IRQ ---- */
enum L4_icu_opcode {
    L4_ICU_OP_BIND = 0,
    L4_ICU_OP_UNBIND = 1,
    L4_ICU_OP_INFO = 2,
    L4_ICU_OP_MSI_INFO = 3,
    L4_ICU_OP_UNMASK = 4,
    L4_ICU_OP_MASK = 5,
    L4_ICU_OP_SET_MODE = 6,
};
enum L4_icu_flags { L4_ICU_FLAG_MSI = 0x80000000UL };
enum L4_icu_ctl_op {
    L4_ICU_CTL_UNMASK = 0,
    L4_ICU_CTL_MASK = 1,
};

enum L4_irq_mode {
    L4_IRQ_F_NONE = 0,
    L4_IRQ_F_SET_MODE = 0x1,
    L4_IRQ_F_LEVEL = 0x2,
    L4_IRQ_F_EDGE = 0x0,
    L4_IRQ_F_POS = 0x0,
    L4_IRQ_F_NEG = 0x4,
    L4_IRQ_F_BOTH = 0x8,
    L4_IRQ_F_LEVEL_HIGH = L4_IRQ_F_SET_MODE | L4_IRQ_F_LEVEL | L4_IRQ_F_POS,
    L4_IRQ_F_LEVEL_LOW = L4_IRQ_F_SET_MODE | L4_IRQ_F_LEVEL | L4_IRQ_F_NEG,
    L4_IRQ_F_POS_EDGE = L4_IRQ_F_SET_MODE | L4_IRQ_F_EDGE | L4_IRQ_F_POS,
    L4_IRQ_F_NEG_EDGE = L4_IRQ_F_SET_MODE | L4_IRQ_F_EDGE | L4_IRQ_F_NEG,
    L4_IRQ_F_BOTH_EDGE = L4_IRQ_F_SET_MODE | L4_IRQ_F_EDGE | L4_IRQ_F_BOTH,
    L4_IRQ_F_MASK = 0xf,
    L4_IRQ_F_SET_WAKEUP = 0x10,
    L4_IRQ_F_CLEAR_WAKEUP = 0x20,
};

/* ---- platform control, label 0, same object as the interrupt controller ---- */
enum L4_platform_ctl_ops {
    L4_PLATFORM_CTL_SYS_SUSPEND_OP = 0UL,
    L4_PLATFORM_CTL_SYS_SHUTDOWN_OP = 1UL,
    L4_PLATFORM_CTL_CPU_ALLOW_SHUTDOWN_OP = 2UL,
    L4_PLATFORM_CTL_CPU_ENABLE_OP = 3UL,
    L4_PLATFORM_CTL_CPU_DISABLE_OP = 4UL,
};
enum L4_platform_ctl_proto {
    L4_PROTO_PLATFORM_CTL = 0,
};

/* ---- scheduler, label L4_PROTO_SCHEDULER ---- */
enum L4_scheduler_ops {
    L4_SCHEDULER_INFO_OP = 0UL,
    L4_SCHEDULER_RUN_THREAD_OP = 1UL,
    L4_SCHEDULER_IDLE_TIME_OP = 2UL,
};
enum L4_scheduler_classes {
    L4_SCHEDULER_CLASS_FIXED_PRIO = 1UL << 1,
    L4_SCHEDULER_CLASS_WFQ = 1UL << 2,
};

/* ---- log, label L4_PROTO_LOG ---- */
enum L4_vcon_ops {
    L4_VCON_WRITE_OP = 0UL,
    L4_VCON_READ_OP = 1UL,
    L4_VCON_SET_ATTR_OP = 2UL,
    L4_VCON_GET_ATTR_OP = 3UL,
};
enum L4_vcon_size_consts {
    L4_VCON_WRITE_SIZE = (L4_UTCB_GENERIC_DATA_SIZE - 2) * sizeof(l4_umword_t),
    L4_VCON_READ_SIZE = (L4_UTCB_GENERIC_DATA_SIZE - 1) * sizeof(l4_umword_t),
};
enum L4_vcon_read_flags {
    L4_VCON_READ_SIZE_MASK = 0x3fffffff,
    L4_VCON_READ_STAT_BREAK = 1 << 30,
    L4_VCON_READ_STAT_DONE = -0x7fffffff - 1, /* bit 31 */
};

/* ---- debugger, label L4_PROTO_DEBUGGER ---- */
enum {
    L4_DEBUGGER_KOBJ_SET_NAME_OP = 0UL,
    L4_DEBUGGER_KOBJ_GET_GLOBAL_ID_OP = 1UL,
    L4_DEBUGGER_KOBJ_PTR_GET_GLOBAL_ID_OP = 2UL,
    L4_DEBUGGER_LOG_QUERY_TYPEID_OP = 3UL,
    L4_DEBUGGER_LOG_SWITCH_OP = 4UL,
    L4_DEBUGGER_GLOBAL_ID_GET_NAME_OP = 5UL,
    L4_DEBUGGER_LOG_QUERY_NAME_OP = 6UL,
    L4_DEBUGGER_TASK_ADD_IMAGE_INFO_OP = 7UL,
    L4_DEBUGGER_KOBJ_GET_NAME_OP = 8UL,
    L4_DEBUGGER_OBJ_INFO_OP = 16UL,
};

_Static_assert(L4_VCON_WRITE_SIZE == 488, "longest log write");

#endif
