/* SPDX-License-Identifier: MIT */
/* Reference model, see model.h: objects and their slots (mapping.md section 9), the end of tasks (section 11). */
#include "model.h"

enum { SLOTS = 65536 };

int model_find_cap(unsigned space, u64 slot)
{
    for (int i = 0; i < model.caps_end; i++)
        if (model.cap[i].space == space && model.cap[i].slot == slot && space)
            return i;
    return MODEL_NONE;
}

int model_new_object(enum model_object_kind kind, unsigned space)
{
    int i = 1;

    while (i < MODEL_OBJECTS && model.object[i].kind != OBJECT_NONE)
        i++;
    if (i == MODEL_OBJECTS)
        return MODEL_NONE;
    model.object[i] = (struct model_object){.kind = (u8)kind, .space = (u8)space};
    return i;
}

void model_put_cap(unsigned space, u64 slot, unsigned object, unsigned rights)
{
    int i = 0;

    while (i < MODEL_CAPS && model.cap[i].space)
        i++;
    if (i == MODEL_CAPS)
        __builtin_trap();
    if (i >= model.caps_end)
        model.caps_end = i + 1;
    model.cap[i] = (struct model_cap){(u8)space, (u8)object, (u8)rights, (u32)slot};
    model.n_caps++;
    if (!(rights & ATTR_WEAK_BIT))
        model.object[object].counted++;
}

/* All slots of the object are empty at once (M-73). */
void model_end_object(unsigned object)
{
    struct model_object *o = &model.object[object];

    model_event(EV_OBJECT_ENDS);
    for (int i = 0; i < model.caps_end; i++)
        if (model.cap[i].space && model.cap[i].object == object) {
            model.cap[i].space = 0;
            model.n_caps--;
        }
    o->ending = o->kind == OBJECT_TASK;
    if (!o->ending)
        o->kind = OBJECT_NONE;
}

void model_drop_cap(int cap, bool delete)
{
    struct model_cap c = model.cap[cap];
    bool counted = !(c.rights & ATTR_WEAK_BIT);
    struct model_object *o = &model.object[c.object];

    model.cap[cap].space = 0;
    model.n_caps--;
    if (counted)
        o->counted--;
    if (delete &&c.rights & RIGHT_D) { /* M-64, M-68 */
        model_event(EV_UNMAP_DELETE);
        model_end_object(c.object);
    } else if (counted && o->counted <= 0) {
        model_event(EV_UNMAP_LAST);
        model_end_object(c.object);
    }
}

static void empty_space(unsigned space)
{
    static const u64 all[] = {63UL << 6 | SEQ_MEM << 4 | 15, 16UL << 6 | SEQ_IO << 4 | 15,
                              16UL << 6 | SEQ_OBJ << 4 | 15};

    for (unsigned i = 0; i < 3; i++)
        model_unmap(space, all[i], 0xc0000000); /* M-79 */
    for (unsigned i = 0; i < model.n_ku;)
        if (model.ku[i].space == space)
            model.ku[i] = model.ku[--model.n_ku];
        else
            i++;
    for (unsigned i = 0; i < model.n_tables;)
        if (model.table[i].space == space)
            model.table[i] = model.table[--model.n_tables];
        else
            i++;
    for (unsigned i = 0; i < MODEL_OBJECTS; i++)
        if (model.object[i].kind == OBJECT_GATE && model.object[i].space == space)
            model.object[i].space = 0;
}

void model_end_tasks(void)
{
    for (unsigned i = 0; i < MODEL_OBJECTS; i++) {
        struct model_object *o = &model.object[i];
        if (o->kind != OBJECT_TASK || !o->ending)
            continue;
        model_event(EV_TASK_ENDS);
        empty_space(o->space);
        model.space[o->space].alive = false;
        o->kind = OBJECT_NONE;
        i = 0; /* others may have ended with it */
    }
}

bool model_is_dying(unsigned space)
{
    if (!space || !model.object[model.space[space].object].ending)
        return false;
    model_event(EV_DYING);
    return true;
}

static void step(struct model_move *m)
{
    m->src++;
    m->dst++;
    m->size--;
}

/* One slot that the sender has. */
static enum model_status one_cap(struct model_move *m, struct model_cap src, const u64 *stop)
{
    /* M-60: weak sticks. */
    unsigned rights = (src.rights & m->rights & 15U) | (src.rights & m->attrs & (ATTR_CTL_BITS)) |
                      ((src.rights | m->attrs) & ATTR_WEAK_BIT);
    int old;

    if (!(rights & RIGHT_R)) { /* F-6 */
        model_event(EV_RIGHTS_EMPTY);
        step(m);
        return MODEL_DONE;
    }
    m->any = true;
    if (model_ask(m, stop))
        return MODEL_FAILED;
    old = model_find_cap(m->to, m->dst);
    if (old >= 0) { /* M-63 .. M-65 */
        bool dies = model.cap[old].rights & RIGHT_D;
        model_event(model.cap[old].object == src.object ? EV_OBJ_SAME
                    : dies                              ? EV_OBJ_REPLACE_DESTROYS
                                                        : EV_OBJ_REPLACE);
        model_drop_cap(old, true);
        return MODEL_DONE; /* look at the source again: it may have gone with it */
    }
    if (rights & ATTR_WEAK_BIT)
        model_event(EV_OBJ_WEAK);
    model_event(m->grant ? EV_OBJ_GRANT : EV_OBJ_COPY);
    model_put_cap(m->to, m->dst, src.object, rights);
    if (m->grant)
        model_drop_cap(model_find_cap(m->from, m->src), false);
    step(m);
    return MODEL_DONE;
}

enum model_status model_move_caps(struct model_move *m, const u64 *stop)
{
    enum model_status s = MODEL_DONE;

    while (m->size && s == MODEL_DONE) {
        int src;
        if (model_is_dying(m->to)) /* M-82 */
            return MODEL_DYING;
        if (m->src >= SLOTS || m->dst >= SLOTS) {
            model_event(EV_OBJ_BEYOND);
            return MODEL_DONE;
        }
        src = model_find_cap(m->from, m->src);
        if (src >= 0) {
            s = one_cap(m, model.cap[src], stop);
        } else {
            model_event(EV_SOURCE_ABSENT);
            step(m);
        }
    }
    return s;
}

unsigned model_unmap_caps(unsigned space, struct model_range r, u64 fpage_and_mask)
{
    unsigned rights = fpage_and_mask & 15;
    bool delete = fpage_and_mask >> 30 & 1;

    if (!(fpage_and_mask >> 31 & 1)) { /* M-67 */
        model_event(EV_UNMAP_OBJ_OTHERS);
        return 0;
    }
    for (int i = 0; i < model.caps_end; i++) {
        struct model_cap *c = &model.cap[i];
        if (c->space != space || !space || c->slot < r.base || c->slot >= r.end)
            continue;
        if (!(rights & RIGHT_R)) { /* M-69 */
            c->rights &= (u8) ~(rights & (RIGHT_OBJ_W | RIGHT_S | RIGHT_D));
            model_event(EV_UNMAP_SLOT_RIGHTS);
            continue;
        }
        model_event(EV_UNMAP_SLOT);
        model_drop_cap(i, delete);
    }
    return 0;
}
