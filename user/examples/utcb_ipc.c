/* SPDX-License-Identifier: MIT */
/*
 * The same message twice: once with the register set of the system call written by hand, once with the functions of
 * l4/sys/ipc.h.
 *
 * Shows: message words are in the UTCB, which the word at gs:0 points to; five registers hold the rest.  The partner
 * adds up the words it gets and appends the sum to them.
 * Started by the root task; in a boot script: program ex_utcb_ipc.elf
 */
#include <l4/re/env.h>
#include <l4/sys/ipc.h>
#include <quire/io.h>
#include <quire/program.h>

enum { ADDER_PRIO = 3, WORDS = 4 };

static void adder(void *unused)
{
    l4_utcb_t *u = l4_utcb();
    l4_umword_t label;
    l4_msgtag_t tag = l4_ipc_wait(u, &label, L4_IPC_NEVER);

    (void)unused;
    for (;;) {
        unsigned n = l4_msgtag_has_error(tag) ? 0 : l4_msgtag_words(tag);
        l4_umword_t sum = 0;

        for (unsigned i = 0; i < n; i++)
            sum += l4_utcb_mr_u(u)->mr[i];
        if (n < L4_UTCB_GENERIC_DATA_SIZE)
            l4_utcb_mr_u(u)->mr[n++] = sum;
        tag = l4_ipc_reply_and_wait(u, l4_msgtag(0, n, 0, 0), &label, L4_IPC_SEND_TIMEOUT_0);
    }
}

/* Returns the number of words of the answer. */
static unsigned call_by_hand(l4_cap_idx_t to)
{
    unsigned long *utcb;
    unsigned long tag = WORDS; /* label 0, no items, no flags: the tag is the number of words */
    unsigned long dest = to | 1UL | 2UL; /* send and receive: a call */
    unsigned long label = 0;             /* in: not used by a call to a thread; out: 0 */
    register unsigned long timeout __asm__("r8") = 0; /* both phases: never */

    __asm__("mov %%gs:0, %0" : "=r"(utcb));
    for (unsigned i = 0; i < WORDS; i++)
        utcb[i] = 10 * (i + 1);
    __asm__ volatile("syscall"
                     : "+a"(tag), "+d"(dest), "+S"(label)
                     : "r"(timeout), "D"(utcb)
                     : "rcx", "r11", "r15", "memory", "cc");
    return (unsigned)(tag & 0x3f);
}

/* The same, readable. */
static unsigned call_with_functions(l4_cap_idx_t to)
{
    l4_msg_regs_t *mr = l4_utcb_mr();
    l4_msgtag_t tag;

    for (unsigned i = 0; i < WORDS; i++)
        mr->mr[i] = 10 * (i + 1);
    tag = l4_ipc_call(to, l4_utcb(), l4_msgtag(0, WORDS, 0, 0), L4_IPC_NEVER);
    return l4_msgtag_words(tag);
}

int main(void)
{
    static char stack[4096] __attribute__((aligned(16)));
    static struct quire_thread t = {.entry = adder};
    unsigned n;

    if (quire_thread_create(&t, stack, sizeof(stack), ADDER_PRIO, L4_BASE_PAGER_CAP))
        return 1;
    n = call_by_hand(t.cap);
    printf("by hand: %u words, the last is %lu\n", n, l4_utcb_mr()->mr[WORDS]);
    l4_utcb_mr()->mr[WORDS] = 0;
    n = call_with_functions(t.cap);
    printf("with functions: %u words, the last is %lu\n", n, l4_utcb_mr()->mr[WORDS]);
    return 0;
}
