/* SPDX-License-Identifier: MIT */
/*
 * The main thread handles the exceptions of another thread, which divides by zero and goes on all the same.
 *
 * Shows: an exception is a message with the thread's registers, sent by the kernel in the thread's name to its
 * exception handler; the answer is the new set of registers.  Here the handler replaces the divisor.
 * Started by the root task; in a boot script: program ex_exception.elf
 */
#include <l4/re/env.h>
#include <l4/sys/ipc.h>
#include <l4/sys/thread.h>
#include <quire/io.h>
#include <quire/program.h>

enum { LOW_PRIO = 1, TRAP_DIVIDE = 0, NEW_DIVISOR = 6, NUMBER = 42 };

static void divider(void *unused)
{
    unsigned long quotient = NUMBER;
    unsigned long rest = 0;
    unsigned long divisor = 0;

    (void)unused;
    /* Divides rdx:rax by rcx: quotient to rax, rest to rdx. */
    __asm__ volatile("divq %2" : "+a"(quotient), "+d"(rest), "+c"(divisor) : : "cc");
    printf("thread: %u / %lu = %lu\n", NUMBER, divisor, quotient);
    exit(quotient == NUMBER / NEW_DIVISOR ? 0 : 1);
}

int main(void)
{
    static char stack[8192] __attribute__((aligned(16)));
    static struct quire_thread t = {.entry = divider};
    l4_umword_t label;
    l4_msgtag_t tag;
    l4_exc_regs_t regs;

    /* Lower priority than ours: it does not run before we wait. */
    if (quire_thread_create(&t, stack, sizeof(stack), LOW_PRIO, L4_BASE_PAGER_CAP))
        return 1;
    l4_thread_control_start();
    l4_thread_control_exc_handler(l4re_env()->main_thread);
    if (l4_error(l4_thread_control_commit(t.cap)) < 0)
        return 1;

    tag = l4_ipc_wait(l4_utcb(), &label, L4_IPC_NEVER);
    for (;;) {
        if (l4_msgtag_has_error(tag) || !l4_msgtag_is_exception(tag))
            return 1;
        regs = *l4_utcb_exc(); /* a copy: printing is IPC too and uses the same registers */
        printf("handler: trap %lu, rax %lu, rcx %lu\n", l4_utcb_exc_typeval(&regs), regs.rax,
               regs.rcx);
        if (l4_utcb_exc_typeval(&regs) != TRAP_DIVIDE)
            return 1;
        /* The instruction pointer stays: the instruction is executed again, with another divisor. */
        regs.rcx = NEW_DIVISOR;
        *l4_utcb_exc() = regs;
        tag = l4_msgtag(0, L4_UTCB_EXCEPTION_REGS_SIZE, 0, 0);
        tag = l4_ipc_reply_and_wait(l4_utcb(), tag, &label, L4_IPC_SEND_TIMEOUT_0);
    }
}
