/* SPDX-License-Identifier: MIT */
/*
 * The UTCB: the page part through which a thread and the kernel exchange message words.
 *
 * Decides: its layout (abi: ipc section 4).  Used by the kernel for its own mapping of UTCBs and,
 * through utcb.h, by user code.  Pure.
 */
#ifndef L4_SYS_UTCB_LAYOUT_H
#define L4_SYS_UTCB_LAYOUT_H

#include <l4/sys/__timeout.h>
#include <l4/sys/types.h>

#define L4_UTCB_GENERIC_DATA_SIZE 63
#define L4_UTCB_GENERIC_BUFFERS_SIZE 58
#define L4_UTCB_MSG_REGS_OFFSET 0
#define L4_UTCB_BUF_REGS_OFFSET 0x200
#define L4_UTCB_THREAD_REGS_OFFSET 0x3d8
#define L4_UTCB_INHERIT_FPU (1UL << 24) /* bit of the BDR */
#define L4_UTCB_OFFSET 1024             /* distance of UTCBs in an area */

/** Message registers. */
typedef union l4_msg_regs_t {
    l4_umword_t mr[L4_UTCB_GENERIC_DATA_SIZE];
    l4_uint64_t mr64[L4_UTCB_GENERIC_DATA_SIZE];
} l4_msg_regs_t;

/** Buffer descriptor and buffer registers: where received items go. */
typedef struct l4_buf_regs_t {
    l4_umword_t bdr;
    l4_umword_t br[L4_UTCB_GENERIC_BUFFERS_SIZE];
} l4_buf_regs_t;

/** Thread control registers. */
typedef struct l4_thread_regs_t {
    l4_umword_t error;       /* valid when the returned tag has L4_MSGTAG_ERROR */
    l4_umword_t free_marker; /* the kernel writes 0 when the UTCB of a dead thread is free (I-16) */
    l4_umword_t user[3];     /* never touched by the kernel */
} l4_thread_regs_t;

/*
 *   0x000  +----------------------------+
 *          | message registers 0..62    |
 *   0x1f8  | address of this UTCB       |  GS base points here
 *   0x200  | buffer descriptor          |
 *   0x208  | buffer registers 0..57     |
 *   0x3d8  | error                      |
 *   0x3e0  | free marker                |
 *   0x3e8  | user words 0..2            |
 *   0x400  +----------------------------+
 */
typedef struct l4_utcb {
    l4_msg_regs_t msg;
    l4_umword_t self;
    l4_buf_regs_t buf;
    l4_thread_regs_t tcr;
} l4_utcb_t;

_Static_assert(sizeof(l4_utcb_t) == L4_UTCB_OFFSET, "size of a UTCB");
_Static_assert(__builtin_offsetof(l4_utcb_t, self) == 0x1f8, "self pointer");
_Static_assert(__builtin_offsetof(l4_utcb_t, buf) == L4_UTCB_BUF_REGS_OFFSET, "buffer registers");
_Static_assert(__builtin_offsetof(l4_utcb_t, buf.br) == 0x208, "first buffer register");
_Static_assert(__builtin_offsetof(l4_utcb_t, tcr) == L4_UTCB_THREAD_REGS_OFFSET, "error word");
_Static_assert(__builtin_offsetof(l4_utcb_t, tcr.user) == 0x3e8, "user words");

/** Registers of an exception message, in the order of the message registers (ipc section 11). */
typedef struct l4_exc_regs_t {
    l4_umword_t r15, r14, r13, r12, r11, r10, r9, r8;
    l4_umword_t rdi, rsi, rbp;
    l4_umword_t pfa; /* fault address (cr2) */
    l4_umword_t rbx, rdx, rcx, rax;
    l4_umword_t trapno, err;
    l4_umword_t ip;
    l4_umword_t dummy1; /* cs */
    l4_umword_t flags, sp, ss;
    l4_umword_t fs_base, gs_base;
    l4_uint16_t ds, es, fs, gs;
} l4_exc_regs_t;

#define L4_UTCB_EXCEPTION_REGS_SIZE (sizeof(l4_exc_regs_t) / sizeof(l4_umword_t))
_Static_assert(L4_UTCB_EXCEPTION_REGS_SIZE == 26, "words of an exception message");

#endif
