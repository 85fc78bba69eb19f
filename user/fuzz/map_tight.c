/* SPDX-License-Identifier: MIT */
/*
 * Tasks with little quota, see map.h: where did the kernel run out of memory?  The model does not know how much a table
 * or a node takes, so the driver looks which of the pages and slots that an operation was to fill are there, and tells
 * the model where it stopped; the whole state is compared as ever.  That the quota is used up indeed is tried.
 *
 * Each task keeps a reserve, a factory that holds a little of the quota back: when the code of its helpers has to
 * be mapped again and nothing is left, the reserve goes.  Called by map.c and map_world.c.
 */
#include "map.h"

#include <l4/sys/factory.h>
#include <l4/sys/task.h>

enum { RESERVE = 512, LARGEST = 16384 }; /* bytes; more than any single step of a map takes */
enum seen { SEEN_ABSENT, SEEN_PRESENT, SEEN_UNKNOWN };

bool tight_world;
static bool volatile reserved[MODEL_SPACES];

/* ---- the reserve ---- */

bool tight_release(unsigned space)
{
    bool was = reserved[space];

    if (was)
        l4_task_delete_obj(L4_BASE_TASK_CAP, world_reserve(space));
    reserved[space] = false;
    return was;
}

static bool reserve(unsigned space)
{
    if (!reserved[space])
        reserved[space] = l4_error(l4_factory_create_factory(world_factory(space),
                                                             world_reserve(space), RESERVE)) >= 0;
    return reserved[space];
}

/* The task gives its memory back; if that does not help, it ends. */
static void relieve(unsigned space)
{
    struct seq_op op = {.kind = SEQ_UNMAP, .a = (u8)space, .n = 2};
    enum model_status status;

    op.w[0] = 0x80000000;
    op.w[1] = seq_fpage(0, SEQ_MEM, 63, 15);
    op.w[2] = seq_fpage(0, SEQ_IO, 16, 15);
    both_run(&op, &status);
    if (!reserve(space))
        world_end_task(space);
}

void tight_prepare(void)
{
    for (unsigned i = 1; tight_world && i <= MAX_TASKS; i++) {
        if (model.space[i].alive && !reserve(i))
            relieve(i);
        if (model.space[i].alive)
            world_prepare(i);
    }
    world_bury();
}

void tight_end(void)
{
    for (unsigned i = 1; i <= MAX_TASKS; i++)
        tight_release(i);
}

/* ---- where an operation stopped ---- */

static struct model before;
static u64 events_before[N_MODEL_EVENTS];
static struct model_asked asked[MODEL_ASKED];
static enum seen seen[MODEL_ASKED];
static u64 content[MODEL_ASKED]; /* of what is there: first word of the page, id of the object */
static unsigned n_asked;

static bool in_model(const struct model_asked *p)
{
    return p->type == SEQ_OBJ ? model_find_cap(p->space, p->dst) >= 0
                              : model_find(p->space, p->type, p->dst) >= 0;
}

/* Where the frame of a page begins in the model; ~0: there is no page. */
static u64 frame_of(const struct model_asked *p)
{
    int page = p->type == SEQ_MEM ? model_find(p->space, p->type, p->dst) : MODEL_NONE;

    return page < 0 ? ~0UL : model.page[page].phys + (p->dst - model.page[page].at);
}

/* A device is not looked at; the model is in the state of an operation that did not stop. */
static enum seen look(const struct model_asked *p, u64 *word)
{
    l4_utcb_t *u = l4_utcb();

    if (!model.space[p->space].alive)
        return SEEN_UNKNOWN;
    if (p->type == SEQ_OBJ) {
        if (!slot_is_filled(p->space, p->dst))
            return SEEN_ABSENT;
        *word = object_in_slot(p->space, p->dst);
        return SEEN_PRESENT;
    }
    if (p->type == SEQ_MEM && !world_can_be_read(frame_of(p)))
        return SEEN_UNKNOWN;
    u->msg.mr[0] = p->type == SEQ_MEM ? HELPER_PROBE : HELPER_PORTS;
    u->msg.mr[1] = p->dst;
    if (l4_msgtag_has_error(world_call(p->space, HELPER_RCV, 2)))
        return SEEN_UNKNOWN;
    *word = u->msg.mr[1];
    return *word == PROBE_FAULT ? SEEN_ABSENT : SEEN_PRESENT;
}

/* What is there before and after tells by its content which of the two it is. */
static bool is_content_of_model(const struct model_asked *p, u64 word)
{
    u64 phys = frame_of(p);
    int cap = p->type == SEQ_OBJ ? model_find_cap(p->space, p->dst) : MODEL_NONE;

    if (cap >= 0)
        return !(model.cap[cap].rights & RIGHT_R) || world_object_id(model.cap[cap].object) == word;
    if (world_is_ram(phys))
        return *(volatile u64 *)phys == word;
    return p->type != SEQ_MEM || (word ^ MARK(0)) >> 48; /* no mark */
}

/* Is all that was seen as the model has it now?  What the looking did the model is told. */
static bool agrees(void)
{
    for (unsigned i = 0; i < n_asked; i++)
        if (seen[i] != SEEN_UNKNOWN && model.space[asked[i].space].alive &&
            (in_model(&asked[i]) != (seen[i] == SEEN_PRESENT) ||
             (seen[i] == SEEN_PRESENT && !is_content_of_model(&asked[i], content[i]))))
            return false;
    for (unsigned i = 0; i < n_asked; i++) {
        int page = asked[i].type == SEQ_MEM ? model_find(asked[i].space, SEQ_MEM, asked[i].dst)
                                            : MODEL_NONE;
        int code = model_find(asked[i].space, SEQ_MEM, HELPER_CODE);

        if (page >= 0 && seen[i] != SEEN_UNKNOWN)
            model.page[page].usage |= USED_READ;
        if (code >= 0 && asked[i].type != SEQ_OBJ && seen[i] != SEEN_UNKNOWN)
            model.page[code].usage |= USED_READ;
    }
    return true;
}

/* M-29: only for want of memory. */
static void must_be_tight(unsigned space)
{
    l4_cap_idx_t scratch = world_scratch();

    if (l4_error(l4_factory_create_factory(world_factory(space), scratch, LARGEST)) < 0)
        return;
    l4_task_delete_obj(L4_BASE_TASK_CAP, scratch);
    differs("M-29 map failed although task %u has memory", space);
}

static bool stopped_at(const struct seq_op *op, unsigned i, struct model_answer *m)
{
    struct model_stop stop = {true, asked[i].item, asked[i].src};

    model = before;
    for (unsigned e = 0; e < N_MODEL_EVENTS; e++)
        model_events[e] = events_before[e];
    model_run(op, &stop, m);
    return agrees();
}

void tight_run(const struct seq_op *op, const struct answer *k, struct model_answer *m)
{
    static const struct model_stop no_stop;
    unsigned first = 0;

    if (k->status != MODEL_FAILED && !k->unknown) {
        model_run(op, &no_stop, m);
        return;
    }
    before = model;
    for (unsigned e = 0; e < N_MODEL_EVENTS; e++)
        events_before[e] = model_events[e];
    model_run(op, &no_stop, m);
    n_asked = model_n_asked;
    for (unsigned i = 0; i < n_asked; i++)
        asked[i] = model_asked[i];
    for (unsigned i = 0; i < n_asked; i++)
        seen[i] = look(&asked[i], &content[i]);
    if ((k->unknown || m->status == MODEL_FAILED) && agrees())
        return; /* it did not stop, or where the model stops too */
    while (first < n_asked && seen[first] != SEEN_ABSENT)
        first++;
    for (unsigned i = 0; i <= n_asked; i++) { /* the likely one first */
        unsigned at = i ? i - 1 : first;

        if (at < n_asked && stopped_at(op, at, m)) {
            must_be_tight(asked[at].space);
            return;
        }
    }
    differs("M-29 map failed, and no place to stop at explains what is there");
}
