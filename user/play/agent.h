/* SPDX-License-Identifier: MIT */
/*
 * Helper threads: one in each task of the playground, the root task included.
 *
 * Decides: how the playground acts as a task.  A helper reads, writes and executes in its address
 * space, uses its ports, and sends and receives messages from its own object space; whatever it
 * may not do ends in a fault, which is reported instead.  The helpers run at a higher priority than
 * the main thread: an order has been carried out, or waits for a partner, when the call returns.
 *
 * Called by world.c, probe.c and the commands; calls factory, task, thread and scheduler objects.
 * Invariant: a task shares with the root task only the helper's code (section play_code, read and
 * execute) and one page with its orders and its stack; these and the UTCB area are all that is
 * mapped into a new task, and slots below FIRST_SLOT are all that is filled.
 */
#ifndef PLAY_AGENT_H
#define PLAY_AGENT_H

#include <l4/sys/ipc.h>

/* Spaces have numbers, as in tests/model: 0 is sigma0, 1 the root task, 2... the user's tasks. */
enum { ROOT = 1, FIRST_TASK = 2, N_SPACES = 8 };

/* Slots of a task below this one belong to the playground. */
enum { SLOT_MAIN = 0x20, SLOT_PAGER = 0x21, SLOT_PEER = 0x28, SLOT_WEAK_PEER = 0x30 };
enum { FIRST_SLOT = 0x40 };
#define AGENT_UTCB 0xb3000000UL

/** What the last access of a helper ended with. */
struct agent_fault {
    int any;            /* 0: no fault */
    unsigned trap;      /* 14: page fault, 13: port access and others */
    l4_addr_t address;  /* page fault: where */
    l4_umword_t reason; /* page fault: 1 page present, 2 write, 4 instruction fetch */
};

/** A message before and after its transfer; also how a system call ended. */
struct agent_message {
    l4_msgtag_t tag;
    l4_umword_t label, error; /* error: code of the error word, 0 none */
    l4_msg_regs_t msg;
    l4_buf_regs_t buf;
    int done; /* the system call has returned */
};

/** Message registers that nobody wrote hold this plus their number. */
enum { AGENT_FILL = 0x5a00 };

/** Start the thread that gets the faults of all helpers, and the helper of the root task. */
int agents_init(void);

/** A helper for the task in slot `task`; 0 or an error, then nothing is left of it. */
int agent_start(unsigned space, l4_cap_idx_t task);
/** End the helper (not its task). */
void agent_stop(unsigned space);
/** Slot of the helper's thread in the root task, and of the task itself (a weak capability, so
 *  that it does not keep the task alive). */
l4_cap_idx_t agent_thread(unsigned space);
l4_cap_idx_t agent_task(unsigned space);

/** Accesses: 1 done, 0 fault (see agent_last_fault).  value: a word, of a port a byte. */
int agent_read(unsigned space, l4_addr_t at, unsigned long *value);
int agent_write(unsigned space, l4_addr_t at, unsigned long value);
int agent_exec(unsigned space, l4_addr_t at);
int agent_in(unsigned space, unsigned port, unsigned long *value);
int agent_out(unsigned space, unsigned port, unsigned long value);
struct agent_fault const *agent_last_fault(void);

/** Let the helper wait for a message, with the buffers of m; it goes on waiting. */
void agent_receive(unsigned space, struct agent_message const *m);
/** What came of it (and end the wait if nothing did). */
void agent_received(unsigned space, struct agent_message *m);
/** Send from the task by the capability in its slot, without waiting; the root task's own
 *  messages are sent by the main thread, so that it can send to its helper. */
void agent_send(unsigned space, l4_cap_idx_t dest, struct agent_message *m);
/** Give `from` a capability of the helper of `to`; rights of the slot.  Returns 0 or an error. */
int agent_introduce(unsigned from, unsigned to, unsigned char rights, l4_cap_idx_t *slot);

#endif
