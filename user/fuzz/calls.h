/* SPDX-License-Identifier: MIT */
/*
 * The ring-3 fuzzer: threads of several tasks make random system calls (caller.c, call_gen.c); the root task
 * (calls.c) gives them something to break, starts again what has ended, and checks the kernel at the end.
 *
 * A caller's code reads the program's text and constants, which all tasks share, and writes nothing but its
 * arena, a page that it shares with the root task, and its UTCB.  It may lose all of that by what it does.
 */
#ifndef USER_FUZZ_CALLS_H
#define USER_FUZZ_CALLS_H

#include <l4/sys/types.h>
#include <l4/sys/utcb.h>

enum { N_TASKS = 4, N_THREADS = 4 };

/* Slots that the root task fills in each caller's task, with all rights unless stated. */
enum call_slot {
    SLOT_TASK = 1, /* its own */
    SLOT_FACTORY,  /* small */
    SLOT_SELF,     /* the first thread */
    SLOT_MAIL,     /* the gate to the root task's pager, without S and D */
    SLOT_THREAD,   /* the second thread */
    SLOT_OTHER_TASK,
    SLOT_SCHEDULER, /* without D */
    SLOT_OTHER_THREAD,
    SLOT_GATE, /* bound to the second thread */
    SLOT_UNBOUND_GATE,
    SLOT_IRQ, /* bound to the first thread */
    SLOT_SEMAPHORE,
    SLOT_IDLE_TASK, /* no threads */
    N_GIVEN_SLOTS,
    N_CALL_SLOTS = 64, /* the callers use so many */
    SLOT_PAGER = 0x300 /* the pager's gate again; out of the way of most calls */
};

#define CALL_UTCBS 0xb3000000UL
#define CALL_ARENA(thread) (0xb4000000UL + (thread)*0x1000UL)

/* All general registers but the stack pointer. */
struct call_regs {
    l4_umword_t rax, rdx, rsi, rdi, r8, r9, r10, rbx, rbp, r12, r13, r14, r15;
};

/* One page; the stack is its upper part. */
struct arena {
    l4_umword_t random;
    l4_utcb_t *utcb;
    unsigned long calls;
    unsigned long errors; /* answers with the error flag */
    unsigned long done;   /* answers without, and no negative label */
    struct call_regs regs;
    unsigned long spoilt; /* returns that had not kept a register */
};

/** Put random registers and a random UTCB into the arena and the UTCB. */
void call_generate(struct arena *a, l4_utcb_t *u);

/**
 * Enter the kernel with these registers (r14 becomes the exclusive or of others) and store rax and rdx of the
 * return.  Counts in `spoilt` if a register that the kernel must keep (I-1) has changed (caller.asm).
 */
void call_enter(struct call_regs *regs);

/** Entry of the callers' threads; the stack pointer tells the arena (caller.asm, caller.c). */
void caller_entry(void);
void caller_loop(struct arena *a) L4_NORETURN;

static inline l4_umword_t call_random(struct arena *a)
{
    a->random ^= a->random << 13;
    a->random ^= a->random >> 7;
    a->random ^= a->random << 17;
    return a->random;
}

#endif
