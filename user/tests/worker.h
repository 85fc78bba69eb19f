/* SPDX-License-Identifier: MIT */
/*
 * Partner threads of the test programs.
 *
 * Decides: the order of things.  The main thread has a lower priority than the workers: a worker
 * that gets an order runs at once until it has finished or blocks; then the main thread goes on
 * and looks at the result.  So cases read like a sequence of system calls and need no waiting.
 *
 * Workers are threads of this task or of a task of their own that runs the same image at the same
 * addresses (so variables are shared).  A third thread is pager and exception handler of all.
 */
#ifndef TESTS_WORKER_H
#define TESTS_WORKER_H

#include <l4/sys/ipc.h>
#include <l4/sys/snd_fpage.h>

enum { PRIO_MAIN = 10, PRIO_WORKER = 20, PRIO_PAGER = 30 };

/** One system call: what goes in, and what came out. */
struct ipc {
    l4_cap_idx_t dest;
    l4_umword_t flags; /* L4_SYSF_* */
    l4_umword_t label; /* in and out */
    l4_msgtag_t tag;   /* in and out */
    l4_timeout_t timeout;
    l4_umword_t error; /* error word, 0 if the tag has no error flag */
    l4_msg_regs_t msg;
    l4_buf_regs_t buf;
};

/** Prepare: all message registers are FILL + number, no buffers. */
enum { FILL = 0x5a00 };
void ipc_init(struct ipc *x, l4_cap_idx_t dest, l4_umword_t flags, l4_msgtag_t tag,
              l4_timeout_t timeout);

/** Do it in the calling thread; the whole UTCB is loaded before and stored after. */
void ipc_do(struct ipc *x);

struct worker {
    l4_cap_idx_t thread; /* in the main task */
    l4_cap_idx_t task;
    l4_utcb_t *utcb;
    l4_cap_idx_t main_thread; /* the main thread, in the worker's task */
    int own_task;
    volatile int done;
    struct ipc x; /* for worker_ipc() */
    struct ipc order;
    void (*fn)(void *);
    void *arg;
    unsigned long arguments[3], result; /* of the probes below */
};

/** Slots in a task of its own: main thread and pager, and what cases put there. */
#define CHILD_MAIN (0x20UL << L4_CAP_SHIFT)
#define CHILD_PAGER (0x21UL << L4_CAP_SHIFT)
#define CHILD_SLOT (0x30UL << L4_CAP_SHIFT)

/** A new worker; own_task: 0 thread of this task, 1 task of its own.  Ends the run on failure. */
struct worker *worker_new(int own_task);

/** Let the worker run fn(arg); returns when it has finished or blocked. */
void worker_run(struct worker *w, void (*fn)(void *), void *arg);

/** Let the worker do w->x; returns whether it has finished. */
int worker_ipc(struct worker *w);

/** Break off what the worker does (ex_regs with cancel) and have it wait for orders again. */
void worker_reset(struct worker *w);

/** Break off its system call, which then returns to it with an error; returns when the worker has gone on. */
void worker_cancel(struct worker *w);

/** Delete the worker's thread (and task). */
void worker_kill(struct worker *w);

/** Bits of the processor flags that code under test may leave set. */
enum { FLAG_TRACE = 0x100, FLAG_DIRECTION = 0x400, FLAG_IOPL = 0x3000, FLAG_ALIGN = 0x40000 };

/** Access by a worker: 1 = done, 0 = fault. */
int worker_read(struct worker *w, l4_addr_t address, unsigned long *value);
int worker_write(struct worker *w, l4_addr_t address, unsigned long value);
int worker_exec(struct worker *w, l4_addr_t address);

/** What a worker may do with a page: L4_FPAGE_R/W/X bits.  Writes the third word of the page. */
unsigned worker_rights(struct worker *w, l4_addr_t page);

/** What the pager saw last, and how it answers page faults: refuse (default) or with an item. */
struct pager_state {
    unsigned faults, exceptions;
    l4_umword_t mr0, mr1, label;
    l4_msgtag_t tag;
    l4_exc_regs_t regs;
    l4_msgtag_t answer;  /* to page faults */
    l4_snd_fpage_t item; /* sent if the answer has an item */
    l4_addr_t resume;    /* where a thread goes on after an exception; 0: its probe returns 0 */
    l4_msgtag_t (*on_exception)(l4_exc_regs_t *r); /* answers exceptions instead, if set */
};
extern struct pager_state pager_seen;

/*
 * Code that a probe calls and that leaves its stack before it faults keeps the stack pointer of its
 * entry in r8.
 */
void pager_reset(void);

#endif
