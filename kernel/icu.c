/* SPDX-License-Identifier: MIT */
/* The interrupt controller object and platform control, see icu.h. */
#include "icu.h"

#include "arch.h"
#include "l4/sys/err.h"
#include "l4/sys/types.h"
#include "syscall.h"

enum icu_ops {
    ICU_BIND = 0,
    ICU_UNBIND = 1,
    ICU_INFO = 2,
    ICU_MSI_INFO = 3,
    ICU_UNMASK = 4,
    ICU_MASK = 5,
    ICU_SET_MODE = 6,
};
enum platform_ops { PLATFORM_SUSPEND = 0, PLATFORM_SHUTDOWN = 1, PLATFORM_CPU_ALLOW = 2 };
#define MSI_PIN 0x80000000UL

static struct irq *irq_arg(struct thread *t, int *err)
{
    struct cap *slot = syscall_cap_arg(t, 0, NULL, err);

    if (!slot || (slot->obj->type != &irq_type && slot->obj->type != &semaphore_type))
        return NULL;
    if (!(slot->rights & CAP_W)) {
        *err = -L4_EPERM;
        return NULL;
    }
    return irq_of(slot->obj);
}

static void op_bind(struct thread *t, u64 pin, bool bind)
{
    int err;
    struct irq *irq = irq_arg(t, &err);

    if (irq)
        err = pin >= IRQ_PINS ? -L4_EINVAL
              : bind          ? irq_line_bind((unsigned)pin, irq)
                              : irq_line_unbind((unsigned)pin, irq);
    syscall_arg_error(t, err);
    if (irq && !err)
        syscall_label(t, 0);
}

static void op_info(struct thread *t, unsigned pins)
{
    u64 *out = syscall_out(t);

    out[0] = 0; /* no message-signalled interrupts */
    out[1] = pins;
    out[2] = 0;
    syscall_tag(t, tag_make(0, 3, 0));
}

static void icu_op(struct thread *t, struct kobject *o)
{
    const u64 *mr = t->utcb->mr;
    unsigned words = tag_words(sys_tag(t));

    if (!words || (mr[0] != ICU_INFO && words < 2)) {
        syscall_label(t, -L4_EINVAL);
        return;
    }
    switch (mr[0]) {
    case ICU_BIND:
    case ICU_UNBIND:
        op_bind(t, mr[1], mr[0] == ICU_BIND);
        break;
    case ICU_INFO:
        op_info(t, arch_irq_pins());
        break;
    case ICU_MSI_INFO:
        syscall_label(t, mr[1] & MSI_PIN ? -L4_ENOSYS : -L4_ERANGE);
        break;
    case ICU_UNMASK:
    case ICU_MASK:
        if (mr[1] < IRQ_PINS)
            irq_line_mask((unsigned)mr[1], mr[0] == ICU_MASK);
        syscall_no_reply(t, o, NULL);
        break;
    case ICU_SET_MODE:
        syscall_label(t, words >= 3 && mr[1] < arch_irq_pins() &&
                                 arch_irq_set_mode((unsigned)mr[1], (unsigned)mr[2])
                             ? 0
                             : -L4_EINVAL);
        break;
    default:
        syscall_label(t, -L4_ENOSYS);
    }
}

void icu_invoke_single(struct thread *t, struct kobject *o, struct irq **line)
{
    const u64 *mr = t->utcb->mr;
    unsigned words = tag_words(sys_tag(t));
    struct irq *irq;
    int err;

    if (!words || (mr[0] != ICU_INFO && words < 2)) {
        syscall_label(t, -L4_EINVAL);
        return;
    }
    switch (mr[0]) {
    case ICU_BIND:
    case ICU_UNBIND:
        irq = irq_arg(t, &err);
        if (!irq) {
            syscall_arg_error(t, err);
            return;
        }
        err = -L4_EINVAL;
        if (mr[1] == 0 && mr[0] == ICU_BIND && (!*line || (*line)->obj.dying)) {
            if (*line)
                kobject_put(&(*line)->obj);
            kobject_get(&irq->obj);
            *line = irq;
            err = 0;
        } else if (mr[1] == 0 && mr[0] == ICU_UNBIND && *line == irq) {
            *line = NULL;
            kobject_put(&irq->obj);
            err = 0;
        }
        syscall_label(t, err);
        break;
    case ICU_INFO:
        op_info(t, 1);
        break;
    case ICU_MSI_INFO:
        syscall_label(t, mr[1] & MSI_PIN ? -L4_ENOSYS : -L4_ERANGE);
        break;
    case ICU_UNMASK:
    case ICU_MASK:
        syscall_no_reply(t, o, NULL);
        break;
    case ICU_SET_MODE:
        syscall_label(t, mr[1] == 0 ? 0 : -L4_EINVAL);
        break;
    default:
        syscall_label(t, -L4_ENOSYS);
    }
}

static void platform_op(struct thread *t)
{
    const u64 *mr = t->utcb->mr;
    unsigned words = tag_words(sys_tag(t));

    if (!words) {
        syscall_label(t, -L4_EINVAL);
        return;
    }
    if (mr[0] == PLATFORM_SHUTDOWN && words == 2 && mr[1] == 1)
        arch_reboot();
    if (mr[0] == PLATFORM_SHUTDOWN && words == 2 && mr[1] == 0)
        arch_poweroff(); /* comes back when the machine cannot */
    syscall_label(t, mr[0] == PLATFORM_SHUTDOWN && (words != 2 || mr[1] > 1) ? -L4_EINVAL
                                                                             : -L4_ENOSYS);
}

static void icu_invoke(struct thread *t, struct kobject *o, unsigned rights)
{
    (void)rights;
    if (!syscall_is_op(t, o, NULL))
        return;
    if (tag_label(sys_tag(t)) == L4_PROTO_IRQ)
        icu_op(t, o);
    else if (tag_label(sys_tag(t)) == 0)
        platform_op(t);
    else
        syscall_label(t, -L4_EBADPROTO);
}

const struct kobject_type icu_type = {
    .name = "icu",
    .proto = L4_PROTO_IRQ,
    .invoke = icu_invoke,
};
