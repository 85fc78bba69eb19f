/* SPDX-License-Identifier: MIT */
/* Invariants of the running kernel, see check.h: objects, slots, threads and the accounting. */
#include "check.h"

#include "check_space.h"
#include "factory.h"
#include "gate.h"
#include "irq.h"
#include "kmem.h"
#include "panic.h"
#include "print.h"
#include "reply.h"
#include "task.h"

/* ---- I9: slots ---- */

static const char *check_slots(const struct kobject *o)
{
    struct cap *const *link = &o->caps;
    s64 counted = 0;

    for (const struct cap *c = o->caps; c; c = c->next) {
        if (c->obj != o || c->link != link)
            return "I9 slot list";
        counted += !(c->rights & ATTR_WEAK);
        link = &c->next;
    }
    if (o->dying) /* emptied without counting */
        return NULL;
    if (o->type == &gate_type)
        counted -= container_of(o, struct gate, obj)->given_up;
    if (!o->factory) /* the kernel's own never go */
        counted++;
    return o->counted == counted ? NULL : "I9 counter";
}

/* ---- I10: threads ---- */

static const char *check_thread(const struct thread *t)
{
    bool waits = t->state == T_SEND || t->state == T_BLOCKED;

    if (t->sender.queue && !waits)
        return "I10 queued but not waiting";
    if (t->state == T_SEND && !t->sender.queue)
        return "I10 waiting but not queued";
    if (t->reply && reply_caller(t->reply)->named_by != &t->reply)
        return "I10 reply slot";
    if (t->named_by && (reply_caller(*t->named_by) != t || t->state != T_RECV))
        return "I10 caller";
    if (t->queued && t->state != T_READY)
        return "I10 ready queue";
    for (const struct sender *s = t->senders.first; s; s = s->below)
        if (s->queue != &t->senders || *s->link != s)
            return "I10 sender queue";
    return NULL;
}

/* ---- I8: what a factory pays ---- */

static u64 owned_bytes(const struct factory *f)
{
    u64 sum = 0;

    for (const struct kobject *o = kobject_all(); o; o = o->all_next) {
        if (o->factory != f)
            continue;
        sum += o->type->slab->size;
        if (o->type == &task_type)
            sum += check_space_bytes(container_of(o, struct task, obj));
        else if (o->type == &factory_type)
            sum += container_of(o, struct factory, obj)->quota.limit;
    }
    return sum;
}

static const char *check_factory(const struct factory *f)
{
    return f->quota.used == owned_bytes(f) ? NULL : "I8 quota";
}

/* ---- I7: all kernel memory ---- */

static const char *check_memory(void)
{
    const char *bad = kmem_check();
    u64 sum = kmem_slab_bytes() + check_space_boot_bytes();

    if (bad)
        return bad;
    for (const struct kobject *o = kobject_all(); o; o = o->all_next)
        if (o->type == &task_type)
            sum += check_space_blocks(container_of(o, struct task, obj));
    return sum == kmem_total_bytes() - kmem_free_bytes() ? NULL : "I7 owned sum";
}

static const char *check_object(const struct kobject *o)
{
    const char *bad = check_slots(o);

    if (bad)
        return bad;
    if (o->type == &thread_type)
        return check_thread(container_of(o, struct thread, obj));
    if (o->type == &factory_type)
        return check_factory(container_of(o, struct factory, obj));
    if (o->type == &task_type && o->refs) /* not while its tables are being freed */
        return check_space(container_of(o, struct task, obj));
    return NULL;
}

static const char *check_all(void)
{
    const char *bad;

    for (const struct kobject *o = kobject_all(); o; o = o->all_next) {
        bad = check_object(o);
        if (bad) {
            kprintf("quire: in %s %lx\n", o->type->name, o->id);
            return bad;
        }
    }
    bad = check_memory();
    return bad ? bad : check_space_totals();
}

bool check_invariants(void)
{
    const char *bad = check_all();

    if (bad)
        kprintf("quire: invariant broken: %s\n", bad);
    return !bad;
}

#ifdef QUIRE_DEBUG
enum { CHECK_INTERRUPTED_EVERY = 64 };

void check_note(bool interrupted)
{
    static unsigned n;

    if (interrupted && ++n % CHECK_INTERRUPTED_EVERY)
        return;
    pcpu()->check_due = true;
    pcpu()->resched = true;
}

void check_noted(void)
{
    if (!pcpu()->check_due)
        return;
    pcpu()->check_due = false;
    if (!check_invariants())
        panic("invariant broken");
}
#endif
