/* SPDX-License-Identifier: MIT */
/*
 * The code of the helper threads, see map.h: one page, which is mapped to HELPER_CODE of each task and touches
 * nothing but the stack and the UTCB.  After a fault the driver's pager lets a probe go on at helper_fault.
 */
#include "map.h"

#include <l4/sys/ipc.h>

#define IN_PAGE __attribute__((section(".text.helper"), noinline, used))

__asm__(".pushsection .text.helper, \"ax\", @progbits\n"
        ".balign 4096\n"
        ".globl helper_page, helper_entry, helper_fault\n"
        "helper_page:\n"
        "helper_entry:\n"
        "    xorl %ebp, %ebp\n"
        "    call helper_loop\n"
        "    ud2\n"
        "helper_read:\n"
        "    movq (%rdi), %rax\n"
        "    ret\n"
        "helper_write:\n"
        "    movq %rsi, 16(%rdi)\n"
        "    xorl %eax, %eax\n"
        "    ret\n"
        "helper_in:\n"
        "    movl %edi, %edx\n"
        "    xorl %eax, %eax\n"
        "    inb %dx, %al\n"
        "    ret\n"
        "helper_fault:\n"
        "    movl $0xdeadfa17, %eax\n"
        "    ret\n"
        ".popsection\n");

u64 helper_read(u64 at);
u64 helper_write(u64 at, u64 value);
u64 helper_in(u64 port);

IN_PAGE static void receive(l4_utcb_t *u, u64 *result)
{
    l4_umword_t label;
    l4_msgtag_t tag;

    u->buf.bdr = u->msg.mr[1];
    for (unsigned i = 0; i < SEQ_MAX_BRS; i++)
        u->buf.br[i] = u->msg.mr[2 + i];
    l4_ipc(L4_INVALID_CAP, u, L4_SYSF_SEND | L4_SYSF_REPLY, 0, l4_msgtag(0, 0, 0, 0), &label,
           L4_IPC_SEND_TIMEOUT_0);
    for (unsigned i = 0; i < 2 * SEQ_MAX_ITEMS + 1; i++)
        u->msg.mr[i] = FILL + i;
    tag = l4_ipc_wait(u, &label, L4_IPC_NEVER);
    result[0] = (u64)tag.raw;
    result[1] = l4_ipc_error(tag, u);
    for (unsigned i = 0; i < 2 * SEQ_MAX_ITEMS; i++)
        result[2 + i] = u->msg.mr[1 + i];
    u->buf.bdr = 0;
    for (unsigned i = 0; i < SEQ_MAX_BRS; i++)
        u->buf.br[i] = 0;
}

IN_PAGE static unsigned send(l4_utcb_t *u)
{
    u64 dest = u->msg.mr[1];
    l4_msgtag_t tag = {.raw = (l4_mword_t)u->msg.mr[2]};

    for (unsigned i = 0; i < 2 * SEQ_MAX_ITEMS; i++)
        u->msg.mr[1 + i] = u->msg.mr[3 + i];
    tag = l4_ipc_send(dest, u, tag, L4_IPC_BOTH_TIMEOUT_0);
    u->msg.mr[1] = l4_ipc_error(tag, u);
    u->msg.mr[0] = (u64)tag.raw;
    return 2;
}

IN_PAGE static void probe(l4_utcb_t *u, unsigned words)
{
    for (unsigned i = 1; i < words; i++) {
        u64 at = u->msg.mr[i];

        if (u->msg.mr[0] == HELPER_PORTS)
            u->msg.mr[i] = helper_in(at);
        else if (at & 1)
            u->msg.mr[i] = helper_write(at & ~7UL, at);
        else
            u->msg.mr[i] = helper_read(at);
    }
}

IN_PAGE void helper_loop(void)
{
    l4_utcb_t *u = l4_utcb();
    u64 result[2 + 2 * SEQ_MAX_ITEMS];
    l4_umword_t label;
    l4_msgtag_t tag = l4_ipc_wait(u, &label, L4_IPC_NEVER);

    for (;;) {
        unsigned words = l4_msgtag_words(tag);

        if (!l4_msgtag_has_error(tag) && u->msg.mr[0] == HELPER_RECEIVE) {
            receive(u, result);
            tag = l4_ipc_wait(u, &label, L4_IPC_NEVER);
            continue;
        }
        if (l4_msgtag_has_error(tag)) {
            words = 0;
        } else if (u->msg.mr[0] == HELPER_SEND) {
            words = send(u);
        } else if (u->msg.mr[0] == HELPER_REPORT) {
            for (words = 0; words < 2 + 2 * SEQ_MAX_ITEMS; words++)
                /* Asked for only after a message was received.  NOLINTNEXTLINE(clang-analyzer-core*) */
                u->msg.mr[words] = result[words];
        } else {
            probe(u, words);
        }
        tag = l4_ipc_reply_and_wait(u, l4_msgtag(0, words, 0, 0), &label, L4_IPC_SEND_TIMEOUT_0);
    }
}
