/* SPDX-License-Identifier: MIT */
/* IRQ senders and interrupt lines (abi: objects.md sections 6 and 8). */
#ifndef QUIRE_IRQ_H
#define QUIRE_IRQ_H

#include "thread.h"

struct irq {
    struct kobject obj;
    struct sender sender;  /* in the bound thread's queue; label: the bound label */
    struct thread *thread; /* a reference; NULL: not bound */
    bool pending;          /* triggered while not bound (O-27) */
    bool is_semaphore;
    s16 pin; /* interrupt line, -1: none */
    bool
        masked; /* until EOI (or unmask through the ICU); the line it has, or gets, is masked as well */
    bool overrun; /* masked because an edge came before the last one was taken (O-28) */
    /* semaphore (objects.md section 7) */
    u64 count;
    struct sendq waiting;
};

extern const struct kobject_type irq_type, semaphore_type;

static inline struct irq *irq_of(struct kobject *o) { return container_of(o, struct irq, obj); }

struct irq *irq_create(struct factory *f, bool semaphore);

/* Trigger by software or by the line. */
void irq_trigger(struct irq *irq);
/* Its message was taken from the queue. */
void irq_taken(struct sender *s);
/* The bound thread dies: unbound, what was queued stays pending (I-51). */
void irq_thread_dies(struct sender *s);

/* ---- lines ---- */

enum { IRQ_PINS = 24 };
/*
 * Bind a line of the machine to an IRQ, which leaves the one it had; -EINVAL: the line is taken.
 * irq NULL: set the line free.
 */
int irq_line_bind(unsigned pin, struct irq *irq);
/* Of a line that has an IRQ bound; else nothing. */
void irq_line_mask(unsigned pin, bool mask);

/* Handle what pcpu()->irq_pending holds: the timer tick and lines. */
void irq_run_pending(void);

#endif
