/* SPDX-License-Identifier: MIT */
/*
 * One operation of a sequence on the kernel's code, see fake.h: a thread of the driver calls Task.map and Task.unmap
 * as the system-call code would, two threads exchange a message.  Interrupted operations are continued at once.
 */
#include "fake.h"

#include "arch.h"
#include "ipc.h"
#include "l4/sys/err.h"
#include "l4/sys/types.h"
#include "map.h"
#include "mem_space.h"
#include "obj_space.h"
#include "syscall.h"
#include "transfer.h"

#include <string.h>

enum { ALL_RIGHTS = CAP_RIGHTS | ATTR_CTL, CHECK_ODDS = 4000 };

static struct exec_pair pair;
static unsigned ipc_error;

/* ---- what the system-call and IPC code would do ---- */

void ipc_fail(struct thread *t, unsigned e)
{
    (void)t;
    ipc_error = e;
}

void ipc_transfer_done(struct thread *ctx, enum ipc_error e)
{
    (void)ctx;
    ipc_error = e;
}

unsigned exec_error(void)
{
    unsigned e = ipc_error;

    ipc_error = 0;
    return e;
}

struct cap *syscall_cap_arg(struct thread *t, unsigned rights, const struct kobject_type *type,
                            int *err)
{
    struct cap *slot = obj_lookup(t->task, t->utcb->mr[sys_words(t) + 1]);

    *err = -L4_EINVAL;
    return slot && slot->obj->type == type && (slot->rights & rights) == rights ? slot : NULL;
}

static void prepare(struct thread *t, struct utcb *utcb, struct task *task)
{
    memset(t, 0, sizeof(*t));
    t->task = task;
    t->utcb = utcb;
    t->regs.rdx = OP_CALL;
    for (unsigned i = 0; i < N_MESSAGE_REGS; i++)
        utcb->mr[i] = EXEC_FILL + i;
    ipc_error = 0;
    pcpu()->irq_pending = 0;
    if (fake_irq_odds)
        pcpu()->work_units = (u32)(fake_random() % 16);
}

/* Until nothing is left to be continued; every state in between must be a valid one. */
static void finish(struct thread *t)
{
    while (t->cont) {
        void (*cont)(struct thread *) = t->cont;
        t->cont = NULL;
        pcpu()->irq_pending = 0;
        if (fake_random() % CHECK_ODDS == 0)
            world_check();
        cont(t);
    }
}

static void answer(const struct thread *t, struct exec_answer *a, unsigned item)
{
    a->status = ipc_error == IPC_OVERFLOW || ipc_error == IPC_MAP_FAILED || !ipc_error
                    ? MODEL_DONE
                    : MODEL_IMPOSSIBLE;
    if (ipc_error == IPC_OVERFLOW)
        a->status = MODEL_OVERFLOW;
    if (ipc_error == IPC_MAP_FAILED) {
        a->status = MODEL_FAILED;
        a->stop = (struct model_stop){true, item, t->map.src};
    }
}

/* ---- operations ---- */

struct thread *exec_begin(const struct seq_op *op, struct exec_pair *p)
{
    struct thread *a = &p->thread[0], *b = &p->thread[1];
    struct task *to = world_task(op->b);

    prepare(a, &p->utcb[0], op->kind == SEQ_IPC ? world_task(op->a) : world_driver);
    switch (op->kind) {
    case SEQ_MAP:
        a->regs.rax = tag_make(L4_PROTO_TASK, 3, 1);
        p->utcb[0].mr[0] = 0;
        p->utcb[0].mr[1] = op->w[0];
        p->utcb[0].mr[2] = op->w[1];
        p->utcb[0].mr[3] = ITEM_MAP;
        p->utcb[0].mr[4] = world_selector(op->a, op->n & SEQ_S_FROM) | FP_OBJ << 4 | CAP_RIGHTS;
        task_type.invoke(a, &to->obj, CAP_W | (op->n & SEQ_S_TO ? (unsigned)CAP_S : 0U));
        return a;
    case SEQ_UNMAP:
        a->regs.rax = tag_make(L4_PROTO_TASK, 2U + op->n, 0);
        p->utcb[0].mr[0] = 1;
        memcpy(&p->utcb[0].mr[1], op->w, (1U + op->n) * sizeof(u64));
        task_type.invoke(a, &world_task(op->a)->obj, 0);
        return a;
    case SEQ_KU_MEM:
        a->regs.rax = tag_make(L4_PROTO_TASK, 2, 0);
        p->utcb[0].mr[0] = 3;
        p->utcb[0].mr[1] = op->w[0];
        task_type.invoke(a, &world_task(op->a)->obj, 0);
        return a;
    default:
        break;
    }
    prepare(b, &p->utcb[1], to);
    a->tag = tag_make(0, 1, op->n & 15U);
    a->snd_rights = op->n >> 4 ? CAP_S : 0;
    memcpy(&p->utcb[0].mr[1], op->w, 2 * SEQ_MAX_ITEMS * sizeof(u64));
    memset(p->utcb[1].br, 0, sizeof(p->utcb[1].br));
    memcpy(p->utcb[1].br, &op->w[SEQ_W_BR], SEQ_MAX_BRS * sizeof(u64));
    p->utcb[1].bdr = op->w[SEQ_W_BDR];
    if (op->w[0] & 0x1000) { /* either partner may do the work */
        transfer_start(a, a, b);
        return a;
    }
    transfer_start(b, a, b);
    return b;
}

/* Map, unmap, a message, kernel-user memory: with what their threads hold while it takes. */
static void run_operation(const struct seq_op *op, struct exec_answer *a)
{
    struct task *task[2] = {world_task(op->a), op->kind == SEQ_IPC ? world_task(op->b) : NULL};
    struct thread *t;
    s64 label;

    for (unsigned i = 0; i < 2; i++)
        if (task[i])
            kobject_get(&task[i]->obj);
    t = exec_begin(op, &pair);
    finish(t);
    for (unsigned i = 0; i < 2; i++)
        if (task[i])
            kobject_put(&task[i]->obj);
    answer(t, a, op->kind == SEQ_IPC ? t->xfer.item : 0);
    label = op->kind == SEQ_IPC || ipc_error ? 0 : tag_label(t->regs.rax);
    if (label == -L4_ENOMEM)
        a->done = false;
    else if (label)
        a->status = op->kind == SEQ_MAP && label == -L4_EINVAL ? MODEL_DYING : MODEL_IMPOSSIBLE;
    memcpy(a->word, op->kind == SEQ_IPC ? &pair.utcb[1].mr[1] : &pair.utcb[0].mr[2],
           sizeof(a->word));
}

static void run_touch(const struct seq_op *op, struct exec_answer *a)
{
    struct task *t = world_task(op->a);
    struct pte_ref r = pt_walk(t->mem.root, op->w[0]);

    if (op->b && pcpu()->loaded != t)
        fake_load(t);
    if (!r.present || *pte_link(r.pte) & LINK_KU_MEM || !fake_access(t, op->w[0], op->n))
        a->status = MODEL_IMPOSSIBLE;
}

static void run_object(const struct seq_op *op, struct exec_answer *a)
{
    struct task *t = world_task(op->a);
    struct cap *slot = obj_make_slot(t, op->w[0]);
    struct fake_object *o = slot ? slab_alloc(fake_object_type.slab, task_quota(t)) : NULL;

    if (!o) {
        a->done = false;
        return;
    }
    if (slot->obj)
        cap_remove(slot, true);
    if (t->obj.dying) {
        slab_free(fake_object_type.slab, task_quota(t), o);
        a->status = MODEL_IMPOSSIBLE;
        return;
    }
    memset(o, 0, sizeof(*o));
    o->label = op->w[1];
    o->bound = world_task(op->b) ? world_task(op->b)->obj.id : 0;
    kobject_init(&o->obj, op->n == SEQ_OBJ_GATE ? &fake_gate_type : &fake_object_type,
                 world_factory(op->a));
    cap_insert(slot, &o->obj, ALL_RIGHTS);
}

static void run_task(struct seq_op *op, struct exec_answer *a)
{
    struct task *t = task_create(world_factory(op->a));
    struct cap *slot = NULL;

    if (!t) {
        a->done = false;
        return;
    }
    t->spaces = op->n | SPACE_THREADS;
    if (op->b && model_find_cap(op->b, op->w[0]) < 0)
        slot = obj_make_slot(world_task(op->b), op->w[0]);
    if (!slot || slot->obj) {
        slot = NULL;
        op->b = 0;
    }
    world_enter_task(op->a, t, !slot);
    if (slot)
        cap_insert(slot, &t->obj, ALL_RIGHTS);
}

bool exec_possible(const struct seq_op *op)
{
    if (op->kind == SEQ_FAULT || op->kind == SEQ_FAIL)
        return true;
    if (op->kind == SEQ_TASK)
        return !world_task(op->a) && (!op->b || world_task(op->b)) && op->a != op->b;
    if (!world_task(op->a))
        return false;
    return (op->kind != SEQ_MAP && op->kind != SEQ_IPC) || world_task(op->b);
}

void exec_run(struct seq_op *op, struct exec_answer *a)
{
    u64 fail_at = kmem_fail_at;

    *a = (struct exec_answer){.status = MODEL_DONE, .done = exec_possible(op)};
    if (!a->done)
        return;
    switch (op->kind) {
    case SEQ_MAP:
    case SEQ_UNMAP:
    case SEQ_IPC:
    case SEQ_KU_MEM:
        run_operation(op, a);
        break;
    case SEQ_TOUCH:
        run_touch(op, a);
        break;
    case SEQ_OBJECT:
        run_object(op, a);
        break;
    case SEQ_TASK:
        run_task(op, a);
        break;
    case SEQ_FAULT:
        mem_sigma0_fault(op->w[0]);
        break;
    default:
        kmem_fail_at = op->w[0];
        return;
    }
    a->injected = fail_at && !kmem_fail_at;
    world_reap();
}
