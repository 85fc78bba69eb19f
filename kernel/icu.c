/* SPDX-License-Identifier: MIT */
/* The interrupt controller object and platform control, see icu.h. */
#include "icu.h"

#include "arch.h"
#include "l4/sys/err.h"
#include "l4/sys/types.h"
#include "syscall.h"
#include "trace.h"

enum icu_ops {
    ICU_BIND = 0,
    ICU_UNBIND = 1,
    ICU_INFO = 2,
    ICU_MSI_INFO = 3,
    ICU_UNMASK = 4,
    ICU_MASK = 5,
    ICU_SET_MODE = 6,
};
enum { PLATFORM_SHUTDOWN = 1 };
#define MSI_PIN 0x80000000UL

static unsigned n_pins(struct irq **line) { return line ? 1 : arch_irq_pins(); }

/* The one pin of the log or the scheduler, see icu_op(): bind irq, or NULL: unbind; 0 or -EINVAL. */
static int bind_single(struct irq **line, struct irq *irq)
{
    struct irq *old = *line;

    if (irq && old && !old->obj.dying && old != irq)
        return -L4_EINVAL;
    if (irq)
        kobject_get(&irq->obj);
    *line = irq;
    if (old)
        kobject_put(&old->obj);
    return 0;
}

/* Unbinding sets the pin free, whichever IRQ was named. */
static u64 op_bind(struct thread *t, struct irq **line)
{
    bool bind = t->utcb->mr[0] == ICU_BIND;
    u64 pin = t->utcb->mr[1];
    struct cap *slot;
    struct irq *irq;
    int err;

    slot = syscall_cap_arg(t, 0, NULL, &err);
    if (!slot)
        return answer_arg(err);
    if (slot->obj->type != &irq_type && slot->obj->type != &semaphore_type)
        return answer_label(-L4_EINVAL);
    if (bind && !(slot->rights & CAP_W))
        return answer_label(-L4_EPERM);
    if (pin >= n_pins(line))
        return answer_label(bind ? -L4_EINVAL : 0);
    irq = bind ? irq_of(slot->obj) : NULL;
    return answer_label(line ? bind_single(line, irq) : irq_line_bind((unsigned)pin, irq));
}

u64 icu_op(struct thread *t, struct kobject *o, struct irq **line)
{
    const u64 *mr = t->utcb->mr;
    unsigned words = sys_words(t);

    if (!words || (mr[0] != ICU_INFO && words < 2))
        return answer_label(-L4_EINVAL);
    switch (mr[0]) {
    case ICU_BIND:
    case ICU_UNBIND:
        return op_bind(t, line);
    case ICU_INFO: /* no message-signalled interrupts */
        return answer_three(t, 0, n_pins(line), 0);
    case ICU_MSI_INFO:
        return answer_label(mr[1] & MSI_PIN ? -L4_ENOSYS : -L4_ERANGE);
    case ICU_UNMASK:
    case ICU_MASK:
        if (!line && mr[1] < n_pins(line))
            irq_line_mask((unsigned)mr[1], mr[0] == ICU_MASK);
        return syscall_no_reply(t, o, NULL);
    case ICU_SET_MODE:
        if (mr[1] >= n_pins(line) || (!line && words < 3))
            return answer_label(-L4_EINVAL);
        return answer_label(
            line || arch_irq_set_mode((unsigned)mr[1], (unsigned)mr[2]) ? 0 : -L4_EINVAL);
    default:
        return answer_label(-L4_ENOSYS);
    }
}

static u64 platform_op(struct thread *t)
{
    const u64 *mr = t->utcb->mr;

    if (!sys_words(t))
        return answer_label(-L4_EINVAL);
    if (mr[0] != PLATFORM_SHUTDOWN)
        return answer_label(-L4_ENOSYS);
    if (sys_words(t) != 2)
        return answer_label(-L4_EINVAL);
    if (mr[1] == 1)
        arch_reboot();
    if (mr[1] == 0) {
        TRACE(dump, kobject_all());
        arch_poweroff(); /* comes back when the machine cannot */
    }
    return answer_label(-L4_ENOSYS);
}

static u64 icu_object_op(struct thread *t, struct kobject *o, unsigned rights)
{
    (void)rights;
    if (sys_label(t) == L4_PROTO_IRQ)
        return icu_op(t, o, NULL);
    return sys_label(t) == 0 ? platform_op(t) : answer_label(-L4_EBADPROTO);
}

const struct kobject_type icu_type = {
    .name = "icu",
    .proto = L4_PROTO_IRQ,
    .invoke = syscall_invoke_op,
    .op = icu_object_op,
};
