/* SPDX-License-Identifier: MIT */
/*
 * A thread is executed instruction by instruction: its exception handler sets the trap flag and prints where it is.
 *
 * Shows: a debugger needs no more than exception messages.  The thread begins with a breakpoint; the handler's answer
 * sets the trap flag, so that each following instruction ends with trap 1, until the second breakpoint.
 * Started by the root task; in a boot script: program ex_singlestep.elf
 */
#include <l4/re/env.h>
#include <l4/sys/ipc.h>
#include <l4/sys/thread.h>
#include <quire/io.h>
#include <quire/program.h>

enum { LOW_PRIO = 1, TRAP_DEBUG = 1, TRAP_BREAKPOINT = 3, FLAG_TRACE = 0x100 };
enum { ROUNDS = 2, STEPS = 2 + 3 * ROUNDS };

/* The code that is watched.  In assembly, so that its addresses are the same with every compiler. */
void watched(void *unused);
extern char watched_code[];
__asm__(".text\n"
        ".globl watched, watched_code\n"
        "watched:\n"
        "    xorl %eax, %eax\n"
        "    xorl %ecx, %ecx\n"
        "    int3\n"
        "watched_code:\n"
        "    movl $2, %ecx\n"   /* +0: ROUNDS */
        "    xorl %eax, %eax\n" /* +5 */
        "1:  addl $21, %eax\n"  /* +7 */
        "    subl $1, %ecx\n"   /* +10 */
        "    jnz 1b\n"          /* +13 */
        "    int3\n"            /* +15 */
        "2:  jmp 2b\n");

int main(void)
{
    static char stack[4096] __attribute__((aligned(16)));
    static struct quire_thread t = {.entry = watched};
    unsigned breakpoints = 0, steps = 0;
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
        unsigned long at = l4_utcb_exc_pc(&regs) - (l4_addr_t)watched_code;

        if (regs.trapno == TRAP_BREAKPOINT) {
            /* A breakpoint is reported with the address after it, as if it had been executed. */
            printf("breakpoint before +%lu, eax %lu\n", at, regs.rax);
            if (++breakpoints == 2)
                return steps == STEPS && regs.rax == 42 ? 0 : 1;
            regs.flags |= FLAG_TRACE;
        } else if (regs.trapno == TRAP_DEBUG) {
            steps++;
            printf("next instruction at +%lu, eax %lu, ecx %lu\n", at, regs.rax, regs.rcx);
        } else {
            break;
        }
        *l4_utcb_exc() = regs;
        tag = l4_ipc_reply_and_wait(l4_utcb(), l4_msgtag(0, L4_UTCB_EXCEPTION_REGS_SIZE, 0, 0),
                                    &label, L4_IPC_SEND_TIMEOUT_0);
    }
    return 1;
}
