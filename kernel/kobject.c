/* SPDX-License-Identifier: MIT */
/* Kernel objects, slots and the reaper, see kobject.h. */
#include "kobject.h"

#include "check.h"
#include "debugger.h"
#include "factory.h"
#include "panic.h"
#include "preempt.h"
#include "sched.h"
#include "syscall.h"
#include "trace.h"

static u64 next_id = 1;
static struct kobject *reap_first, **reap_last = &reap_first;
static unsigned reap_priority;
static struct kobject *all_objects;

void kobject_init(struct kobject *o, const struct kobject_type *type, struct factory *f)
{
    o->type = type;
    o->op = type->op;
    o->caps = NULL;
    o->id = next_id++;
    o->factory = f;
    o->counted = 0;
    o->refs = 1;
    o->dying = false;
    o->name = 0;
    o->all_link = &all_objects;
    o->all_next = all_objects;
    if (o->all_next)
        o->all_next->all_link = &o->all_next;
    all_objects = o;
    if (f)
        kobject_get(&f->obj);
    TRACE(obj_new, o);
}

static void reap_add(struct kobject *o)
{
    o->reap_next = NULL;
    *reap_last = o;
    reap_last = &o->reap_next;
    reap_priority = (unsigned)max_u64(reap_priority, sched_current_prio());
    sched_note_work();
}

void kobject_put(struct kobject *o)
{
    CHECK(o->refs > 0);
    if (--o->refs == 0)
        reap_add(o);
}

/* Nothing refers to it any more. */
static void free_object(struct kobject *o)
{
    struct factory *f = o->factory;

    if (unlikely(o->name))
        debugger_forget(o);
    *o->all_link = o->all_next;
    if (o->all_next)
        o->all_next->all_link = o->all_link;
    TRACE(obj_del, o);
    slab_free(o->type->slab, factory_quota(f), (u8 *)o - o->type->head);
    if (f)
        kobject_put(&f->obj);
}

static inline bool destroy_step(struct kobject *o)
{
    return !o->type->destroy || o->type->destroy(o);
}

/* An object that holds no memory, is in no slot and in nobody's hand ends at once; others are the reaper's. */
void kobject_kill(struct kobject *o)
{
    if (o->dying)
        return;
    o->dying = true;
    o->op = syscall_dead_object;
    TRACE(obj_kill, o);
    if (!o->type->release && !o->caps && o->refs == 1 && destroy_step(o))
        free_object(o);
    else
        reap_add(o);
}

void cap_insert(struct cap *slot, struct kobject *o, unsigned rights)
{
    TRACE(slot, slot, o, rights);
    slot->obj = o;
    slot->rights = rights;
    slot->link = &o->caps;
    slot->next = o->caps;
    if (slot->next)
        slot->next->link = &slot->next;
    o->caps = slot;
    if (!(rights & ATTR_WEAK))
        o->counted++;
}

static void cap_unlink(struct cap *slot)
{
    *slot->link = slot->next;
    if (slot->next)
        slot->next->link = slot->link;
    TRACE(slot, slot, NULL, 0);
    slot->obj = NULL;
}

void cap_remove(struct cap *slot, bool delete)
{
    struct kobject *o = slot->obj;
    bool counted = !(slot->rights & ATTR_WEAK);

    cap_unlink(slot);
    if (counted)
        o->counted--;
    if (o->dying)
        return;
    if ((delete &&slot->rights & CAP_D) || (counted && o->counted <= 0))
        kobject_kill(o);
}

void cap_move(struct cap *to, struct cap *from, unsigned rights)
{
    struct kobject *o = from->obj;
    bool was_counted = !(from->rights & ATTR_WEAK);

    cap_unlink(from);
    if (was_counted)
        o->counted--;
    cap_insert(to, o, rights);
    if (was_counted && o->counted <= 0) /* the last counted reference became weak */
        kobject_kill(o);
}

struct kobject *kobject_all(void) { return all_objects; }

bool reap_pending(void) { return reap_first != NULL; }

unsigned reap_prio(void) { return reap_priority; }

/* One bounded step for the first object. */
static void reap_step(struct kobject *o)
{
    if (o->refs >
        0) { /* killed: slots first, then the type's own end, then the reference for being alive */
        if (o->caps) {
            if (!(o->caps->rights & ATTR_WEAK))
                o->counted--;
            cap_unlink(o->caps);
            return;
        }
        if (!destroy_step(o))
            return;
        o->refs--;
    }
    reap_first = o->reap_next;
    if (!reap_first)
        reap_last = &reap_first;
    if (o->refs > 0)
        return;
    preempt_charge(PREEMPT_UNITS / 2);              /* looking for tables takes its time */
    if (o->type->release && !o->type->release(o)) { /* more to give back: to the end of the list */
        reap_add(o);
        return;
    }
    free_object(o);
}

bool reap_run(void)
{
    while (reap_first) {
        reap_step(reap_first);
        if ((preempt_point(1) || pcpu()->irq_pending) && reap_first) {
            check_note(true);
            return false;
        }
    }
    reap_priority = 0;
    check_note(false);
    return true;
}
