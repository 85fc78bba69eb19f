/* SPDX-License-Identifier: MIT */
/*
 * End of a program and of the machine.
 *
 * Called by start.c and programs; calls the parent (root task), sigma0 and platform control.
 * Invariant: exit() never returns, whatever the parent does.
 */
#include <l4/re/c/parent.h>
#include <l4/re/env.h>
#include <l4/re/protocols.h>
#include <l4/sigma0/sigma0.h>
#include <l4/sys/ipc.h>
#include <l4/sys/platform_control.h>
#include <l4/sys/task.h>
#include <quire/io.h>
#include <quire/program.h>

enum { QEMU_EXIT_PORT = 0xf4, TRACE_DUMP = 0x505 };

extern int quire_is_root;

long l4re_parent_signal(l4_cap_idx_t parent, unsigned long sig, unsigned long val)
{
    l4_utcb_t *u = l4_utcb();

    u->msg.mr[0] = L4RE_PARENT_OP_SIGNAL;
    u->msg.mr[1] = sig;
    u->msg.mr[2] = val;
    return l4_error(l4_ipc_call(parent, u, l4_msgtag(L4RE_PROTO_PARENT, 3, 0, 0), L4_IPC_NEVER));
}

static void sleep_forever(void) L4_NORETURN;
static void sleep_forever(void)
{
    for (;;)
        l4_ipc_sleep(L4_IPC_NEVER);
}

/* sigma0 itself has no pager to ask, and needs none: all ports are its own. */
static int get_port(void)
{
    if (l4_error(l4_task_cap_valid(L4_BASE_TASK_CAP, L4_BASE_PAGER_CAP)) == 0)
        return 0;
    return l4sigma0_map_ioports(L4_BASE_PAGER_CAP, QEMU_EXIT_PORT, 2);
}

/* A kernel built with TRACE=1 adds all it has to its trace (docs/trace.md); others refuse. */
static void end_trace(void)
{
    l4_utcb_mr()->mr[0] = TRACE_DUMP;
    l4_ipc_call(L4_BASE_DEBUGGER_CAP, l4_utcb(), l4_msgtag(L4_PROTO_DEBUGGER, 1, 0, 0),
                L4_IPC_BOTH_TIMEOUT_0);
}

void quire_machine_exit(unsigned char value)
{
    int err = get_port();

    quire_flush();
    end_trace();
    if (err == 0)
        __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"((unsigned short)QEMU_EXIT_PORT));
    else
        printf("exit port 0x%x: %s\n", QEMU_EXIT_PORT, l4sigma0_map_errstr(err));
    /* No such port on this machine: power off. */
    l4_platform_ctl_system_shutdown(L4_BASE_ICU_CAP, 0);
    sleep_forever();
}

void exit(int status)
{
    quire_flush();
    if (quire_is_root)
        quire_machine_exit(status == 0 ? QUIRE_EXIT_SUCCESS : QUIRE_EXIT_FAILURE);
    l4re_parent_signal(l4re_env()->parent, L4RE_PARENT_SIGNAL_EXIT, (unsigned long)status);
    sleep_forever();
}
