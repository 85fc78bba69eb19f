/* SPDX-License-Identifier: MIT */
/*
 * Access to the UTCB of the calling thread.
 *
 * The kernel keeps its address in the word at gs:0 (I-5), so that no system call is needed.  User
 * code includes this; the layout alone, for kernel and host, is in __utcb_layout.h.
 */
#ifndef L4_SYS_UTCB_H
#define L4_SYS_UTCB_H

#include <l4/sys/__utcb_layout.h>

/** UTCB of the calling thread, read from the thread's GS segment. */
L4_INLINE l4_utcb_t *l4_utcb_direct(void)
{
    l4_utcb_t *u;

    /* Not volatile: the value never changes while a thread lives. */
    __asm__("movq %%gs:0, %0" : "=r"(u));
    return u;
}

/** UTCB of the calling thread. */
L4_INLINE l4_utcb_t *l4_utcb(void) { return l4_utcb_direct(); }

L4_INLINE l4_msg_regs_t *l4_utcb_mr_u(l4_utcb_t *u) { return &u->msg; }

L4_INLINE l4_buf_regs_t *l4_utcb_br_u(l4_utcb_t *u) { return &u->buf; }

L4_INLINE l4_thread_regs_t *l4_utcb_tcr_u(l4_utcb_t *u) { return &u->tcr; }

L4_INLINE l4_exc_regs_t *l4_utcb_exc_u(l4_utcb_t *u) { return (l4_exc_regs_t *)(void *)&u->msg; }

/** The same; L4Re lets programs replace it. */
L4_INLINE l4_utcb_t *l4_utcb_wrap(void) { return l4_utcb_direct(); }

/** Message registers of the calling thread. */
L4_INLINE l4_msg_regs_t *l4_utcb_mr(void) { return l4_utcb_mr_u(l4_utcb()); }

/** Buffer registers of the calling thread. */
L4_INLINE l4_buf_regs_t *l4_utcb_br(void) { return l4_utcb_br_u(l4_utcb()); }

/** Thread control registers of the calling thread. */
L4_INLINE l4_thread_regs_t *l4_utcb_tcr(void) { return l4_utcb_tcr_u(l4_utcb()); }

/** The message registers seen as a received exception message. */
L4_INLINE l4_exc_regs_t *l4_utcb_exc(void) { return l4_utcb_exc_u(l4_utcb()); }

L4_INLINE l4_umword_t l4_utcb_exc_pc(l4_exc_regs_t const *u) { return u->ip; }

L4_INLINE void l4_utcb_exc_pc_set(l4_exc_regs_t *u, l4_addr_t pc) { u->ip = pc; }

/** Trap number of an exception message; 0xff: artificial, made by ex_regs. */
L4_INLINE unsigned long l4_utcb_exc_typeval(l4_exc_regs_t const *u) { return u->trapno; }

L4_INLINE int l4_utcb_exc_is_pf(l4_exc_regs_t const *u) { return u->trapno == 14; }

/** Fault address as in a page-fault message: bit 1 set for a write. */
L4_INLINE l4_addr_t l4_utcb_exc_pfa(l4_exc_regs_t const *u)
{
    return (u->pfa & ~7UL) | (u->err & 2);
}

L4_INLINE int l4_utcb_exc_is_ex_regs_exception(l4_exc_regs_t const *u)
{
    return l4_utcb_exc_typeval(u) == 0xff;
}

/** Accept (or refuse) a sender's FPU state. */
L4_INLINE void l4_utcb_inherit_fpu_u(l4_utcb_t *u, int switch_on)
{
    if (switch_on)
        u->buf.bdr |= L4_UTCB_INHERIT_FPU;
    else
        u->buf.bdr &= ~L4_UTCB_INHERIT_FPU;
}

L4_INLINE void l4_utcb_inherit_fpu(int switch_on) { l4_utcb_inherit_fpu_u(l4_utcb(), switch_on); }

/** Buffer descriptor from the indices of the first buffer of each type and flags. */
L4_INLINE l4_umword_t l4_bdr(l4_umword_t mem, l4_umword_t io, l4_umword_t obj, l4_umword_t flags)
{
    return mem << L4_BDR_MEM_SHIFT | io << L4_BDR_IO_SHIFT | obj << L4_BDR_OBJ_SHIFT | flags;
}

/** Absolute timeout: stores the clock value in buffer register br (0..57) and names it. */
L4_INLINE l4_timeout_s l4_timeout_abs_u(l4_kernel_clock_t pint, int br, l4_utcb_t *utcb)
{
    utcb->buf.br[br] = (l4_umword_t)pint;
    return (l4_timeout_s){(l4_uint16_t)(0x8000U | (unsigned)br)};
}

L4_INLINE l4_timeout_s l4_timeout_abs(l4_kernel_clock_t pint, int br)
{
    return l4_timeout_abs_u(pint, br, l4_utcb());
}

/** Index into mr64 of message register idx; the same on 64-bit machines. */
L4_INLINE unsigned l4_utcb_mr64_idx(unsigned idx) { return idx; }

#endif
