/* SPDX-License-Identifier: MIT */
/*
 * Threads.  A thread that is not running is data: its user registers, its IPC state and, when a long
 * operation of it was interrupted, how far that has come.  It owns no kernel stack.
 */
#ifndef QUIRE_THREAD_H
#define QUIRE_THREAD_H

#include "kobject.h"
#include "map.h"
#include "msgitem.h"
#include "sendq.h"
#include "utcb.h"

/* User registers in the order of the exception message (abi: ipc.md section 11: MR 0..22). */
struct regs {
    u64 r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, cr2, rbx, rdx, rcx, rax;
    u64 trap, err;
    u64 rip, cs, rflags, rsp, ss;
};
static_assert(sizeof(struct regs) == 23 * 8, "MR 0..22 of an exception message");

enum { TRAP_SYSCALL = 0x100 }; /* regs.trap of a thread that is not in a trap */

enum thread_state {
    T_DEAD,    /* never started, or killed */
    T_READY,   /* current or in the ready queue */
    T_SEND,    /* waits in a sender queue */
    T_RECV,    /* waits for a message */
    T_XFER,    /* its partner's context copies a message from or to it */
    T_BLOCKED, /* semaphore, or parked for good */
};

/* Whose message an IPC of the thread is. */
enum ipc_kind { IPC_USER, IPC_PAGE_FAULT, IPC_EXCEPTION };

/* What makes a thread a rare case. */
enum thread_flags {
    TF_PARKED = 1,        /* run_thread with an empty CPU set */
    TF_TIMEOUT = 2,       /* its timeout is armed */
    TF_ODD_SELECTORS = 4, /* ds, es, fs or gs is not what a thread begins with (arch) */
};

/* thread.mode: a receive phase of a user, or of a page fault, and nothing rare. */
enum ready_mode {
    MODE_CLOSED_WAIT = T_RECV,
    MODE_OPEN_WAIT = T_RECV | 1 << 16,
    MODE_FAULT_WAIT = T_RECV | IPC_PAGE_FAULT << 8,
};

struct timeout {
    u64 deadline;                 /* clock in µs */
    struct timeout *next, **link; /* bucket list; link NULL: not armed */
};

/* A message transfer in progress, kept by the context that works on it (transfer.c). */
struct transfer {
    struct thread *snd, *rcv;
    struct buffer_cursors cursors;
    u8 item, n_items;
    bool mapping; /* `map` below was interrupted; its destination is held */
};

/* Task.unmap in progress: which flexpage of the call. */
struct unmap_call {
    u8 at, n;
    u32 mask;
};

/* A factory call in progress (factory.c). */
struct creation {
    struct factory *factory;
    struct kobject *obj; /* the result, in no slot yet */
    struct ku_mem *area; /* of a task: being made */
    u64 slot;            /* for the result */
    u8 words;            /* of the answer: MR0 of a task */
};

/* Task.add_ku_mem in progress. */
struct ku_call {
    struct task *task;
    struct ku_mem *area; /* being made */
    u8 at, n;
};

struct thread {
    void (*cont)(struct thread *); /* what to do before going back to user mode; NULL: nothing */
    struct regs regs;              /* the entry code pushes here: the end must be 16-byte aligned */

    /* address space and user-visible context */
    struct task *task; /* a reference; NULL: not bound */
    struct utcb *utcb; /* kernel address; NULL: not bound */
    u64 fs_base, gs_base;
    u64 selectors; /* of a thread that is not current: ds, es, fs, gs, 16 bits each (arch) */
    bool fpu_used;
    void *fpu; /* save area behind this struct */

    struct kobject obj;

    union { /* what decides whether a message can go to it at once, also as one word (enum ready_mode) */
        struct {
            u8 state;       /* enum thread_state */
            u8 kind;        /* enum ipc_kind */
            bool wait_open; /* in T_RECV: from anybody */
            u8 flags;       /* enum thread_flags */
        };
        u32 mode;
    };

    /* scheduling (sched.c) */
    u8 prio;
    bool queued;        /* in the ready queue */
    bool has_cpu;       /* run_thread gave it a CPU */
    bool dead;          /* gone or never started: messages to it fail (I-28) */
    bool started;       /* ex_regs set it going */
    bool spoiled;       /* ex_regs before bind: never starts (O-11) */
    bool raise_pending; /* an exception is to be raised when the operation going on is done */
    bool kill_pending, cancel_pending; /* while in a transfer (I-47) */
    struct thread *ready_next, *ready_prev;
    u64 quantum, left; /* µs */
    u64 cpu_time;      /* µs */

    /* IPC (ipc.c) */
    u8 op;                  /* operation bits of the selector */
    u8 snd_rights;          /* W and S of the capability used */
    u64 wait_id;            /* in T_RECV, closed: id of the partner */
    u64 tag;                /* of the message being sent */
    u64 msg[2];             /* words of a page-fault message */
    u32 timeouts;           /* low half of r8 */
    struct sender sender;   /* in another's queue */
    struct sendq senders;   /* who wants to send to this thread */
    struct timeout timeout; /* of the phase it is in */
    u64 reply;              /* the implicit reply slot (reply.h) */
    u64 *
        wait_slot; /* the slot that a call received in an open wait fills; usually the implicit one */
    bool explicit_wait;      /* it was an explicit one the last time */
    u64 *named_by;           /* the slot that names this thread as caller, NULL: none */
    struct kobject *held[2]; /* references of an unfinished operation */

    /* unfinished long operations */
    struct transfer xfer;
    struct thread *xfer_by; /* T_XFER: the context that works on the transfer */
    struct map_op map;
    struct unmap_op unmap;
    struct unmap_call unmap_call;
    struct ku_call ku_call;
    struct creation creation;

    struct sendq_walk senders_walk; /* modify_senders in progress */
    bool walking_senders;

    u64 pager, exc_handler; /* selectors in the thread's own task (O-10) */
    u32 vcon_at, vcon_end;  /* progress of a log write */
    struct irq *del_irq;    /* deletion IRQ (O-23) */
};
static_assert((offsetof(struct thread, regs) + sizeof(struct regs)) % 16 == 0,
              "entry stack alignment");

extern const struct kobject_type thread_type;

static inline struct thread *thread_of(struct kobject *o)
{
    return container_of(o, struct thread, obj);
}

/* Once, at boot, after the machine knows the size of the floating-point state. */
void thread_init(void);

/* A new thread, not bound, dead (O-13); NULL: no memory or quota. */
struct thread *thread_create(struct factory *f);

/* Bind to a task (a reference is taken) with its UTCB; 0 or -EINVAL (O-9). */
int thread_bind(struct thread *t, struct task *task, u64 utcb_user);

/* End a thread at once or, during a transfer, at its end (O-34). */
void thread_kill(struct thread *t);

/* Run it if it has all it needs: bound, a CPU, ex_regs (O-13). */
void thread_try_start(struct thread *t);

#endif
