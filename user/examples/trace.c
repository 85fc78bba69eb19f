/* SPDX-License-Identifier: MIT */
/*
 * System calls of one's own, made of exceptions: a thread executes an invalid instruction with a number and arguments
 * in registers; its exception handler prints the call, does it, puts the result into a register and skips the
 * instruction.
 *
 * Shows: how one program serves and traces another that was written for a different kernel.
 * Started by the root task; in a boot script: program ex_trace.elf
 */
#include <l4/re/env.h>
#include <l4/sys/ipc.h>
#include <l4/sys/thread.h>
#include <quire/io.h>
#include <quire/program.h>

enum { LOW_PRIO = 1, TRAP_OPCODE = 6, UD2_BYTES = 2 };
enum { CALL_ADD = 1, CALL_LENGTH = 2, CALL_EXIT = 3 };

/* What the traced program believes to be its kernel: number in rax, arguments in rdi and rsi, result in rax. */
static long call(long number, unsigned long a, unsigned long b)
{
    __asm__ volatile("ud2" : "+a"(number) : "D"(a), "S"(b) : "memory");
    return number;
}

static void traced(void *unused)
{
    long sum = call(CALL_ADD, 40, 2);
    long length = call(CALL_LENGTH, (unsigned long)"trapped", 0);

    (void)unused;
    call(99, 0, 0);
    call(CALL_EXIT, (unsigned long)(sum * 100 + length), 0);
}

/* Does one call; returns its result. */
static long serve(l4_exc_regs_t const *r)
{
    long n = 0;

    switch (r->rax) {
    case CALL_ADD:
        n = (long)(r->rdi + r->rsi);
        printf("add(%lu, %lu) = %ld\n", r->rdi, r->rsi, n);
        break;
    case CALL_LENGTH:
        /* The thread is one of our task: what it points to is at the same address here. */
        while (((char const *)r->rdi)[n])
            n++;
        printf("length(\"%s\") = %ld\n", (char const *)r->rdi, n);
        break;
    case CALL_EXIT:
        printf("exit(%lu)\n", r->rdi);
        exit(r->rdi == 4207 ? 0 : 1);
    default:
        n = -L4_ENOSYS;
        printf("call %lu = %ld\n", r->rax, n);
        break;
    }
    return n;
}

int main(void)
{
    static char stack[4096] __attribute__((aligned(16)));
    static struct quire_thread t = {.entry = traced};
    l4_umword_t label;
    l4_msgtag_t tag;

    if (quire_thread_create(&t, stack, sizeof(stack), LOW_PRIO, L4_BASE_PAGER_CAP))
        return 1;
    l4_thread_control_start();
    l4_thread_control_exc_handler(l4re_env()->main_thread);
    if (l4_error(l4_thread_control_commit(t.cap)) < 0)
        return 1;
    tag = l4_ipc_wait(l4_utcb(), &label, L4_IPC_NEVER);
    while (!l4_msgtag_has_error(tag) && l4_msgtag_is_exception(tag)) {
        l4_exc_regs_t regs = *l4_utcb_exc();

        if (l4_utcb_exc_typeval(&regs) != TRAP_OPCODE)
            break;
        regs.rax = (l4_umword_t)serve(&regs);
        l4_utcb_exc_pc_set(&regs, l4_utcb_exc_pc(&regs) + UD2_BYTES);
        *l4_utcb_exc() = regs;
        tag = l4_ipc_reply_and_wait(l4_utcb(), l4_msgtag(0, L4_UTCB_EXCEPTION_REGS_SIZE, 0, 0),
                                    &label, L4_IPC_SEND_TIMEOUT_0);
    }
    return 1;
}
