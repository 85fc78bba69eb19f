/* SPDX-License-Identifier: MIT */
/* Objects and their names, see world.h: making, deleting, and what died on the way. */
#include "world.h"

#include <l4/sys/factory.h>
#include <l4/sys/task.h>
#include <quire/string.h>

enum { SLOT_FACTORIES = 0x930, GLOBAL_ID = 0x101 };
enum { ALL_SPACES_OF_A_TASK = MODEL_MEM | MODEL_OBJ | MODEL_IO };

struct named names[N_NAMES];
static struct model_stop const no_stop;

struct named *name_find(char const *name)
{
    for (unsigned i = 0; i < N_NAMES; i++)
        if (names[i].name[0] && strcmp(names[i].name, name) == 0)
            return &names[i];
    return NULL;
}

char const *name_of_space(unsigned space)
{
    if (space <= ROOT)
        return space ? "root" : "sigma0";
    for (unsigned i = 0; i < N_NAMES; i++)
        if (names[i].name[0] && names[i].space == space)
            return names[i].name;
    return "?";
}

char const *name_of_object(unsigned object)
{
    for (unsigned i = 0; i < N_NAMES; i++)
        if (names[i].name[0] && names[i].object == object)
            return names[i].name;
    return "?";
}

unsigned space_of(char const *name)
{
    struct named const *n = name_find(name);

    return strcmp(name, "root") == 0 ? (unsigned)ROOT : n ? n->space : 0;
}

static l4_cap_idx_t selector(unsigned slot) { return (l4_cap_idx_t)slot << L4_CAP_SHIFT; }

/* A free entry and a slot for it. */
static struct named *new_name(char const *name, char const *kind)
{
    struct named *n = NULL;
    unsigned slot = OBJECT_SLOTS;

    for (unsigned i = 0; i < N_NAMES && !n; i++)
        if (!names[i].name[0])
            n = &names[i];
    if (!n)
        return NULL;
    while (model_find_cap(ROOT, slot) >= 0)
        slot++;
    memset(n, 0, sizeof(*n));
    strlcpy(n->name, name, sizeof(n->name));
    n->slot = slot;
    n->kind = kind;
    return n;
}

/* The object has been made: tell the model, ask for the kernel's number. */
static void made(struct named *n, struct seq_op const *op)
{
    l4_utcb_t *u = l4_utcb();
    struct model_answer unused;
    l4_msgtag_t tag;

    model_run(op, &no_stop, &unused);
    n->object = model.cap[model_find_cap(ROOT, n->slot)].object;
    u->msg.mr[0] = GLOBAL_ID;
    l4_kobject_arg_u(1, selector(n->slot), L4_CAP_FPAGE_RWS, u);
    tag = l4_kobject_call_u(L4_BASE_DEBUGGER_CAP, L4_PROTO_DEBUGGER, 1, 1, u);
    n->id = l4_error(tag) == 0 ? u->msg.mr[0] : 0;
}

long world_object(char const *name, long kind, char const *what)
{
    struct named *n = new_name(name, what);
    struct seq_op op = {.kind = SEQ_OBJECT, .a = ROOT, .n = SEQ_OBJ_PLAIN};
    long err =
        n ? l4_error(l4_factory_create(L4_BASE_FACTORY_CAP, kind, selector(n->slot))) : -L4_ENOMEM;

    if (err == 0) {
        op.w[0] = n->slot;
        made(n, &op);
    } else if (n) {
        n->name[0] = '\0';
    }
    return err;
}

long world_gate(char const *name, unsigned space, l4_umword_t label)
{
    struct named *n = new_name(name, "gate");
    struct seq_op op = {.kind = SEQ_OBJECT, .a = ROOT, .b = (u8)space, .n = SEQ_OBJ_GATE};
    long err = n ? l4_error(l4_factory_create_gate(L4_BASE_FACTORY_CAP, selector(n->slot),
                                                   agent_thread(space), label))
                 : -L4_ENOMEM;

    if (err == 0) {
        op.w[0] = n->slot;
        op.w[1] = label;
        made(n, &op);
    } else if (n) {
        n->name[0] = '\0';
    }
    return err;
}

static l4_cap_idx_t factory_of(unsigned space) { return selector(SLOT_FACTORIES + space); }

static long create_task(struct named *n, unsigned space)
{
    l4_fpage_t utcbs = l4_fpage(AGENT_UTCB, L4_PAGESHIFT, L4_FPAGE_RW);
    l4_cap_idx_t factory = L4_BASE_FACTORY_CAP;
    long err = 0;

    if (n->limit) {
        factory = factory_of(space);
        err = l4_error(l4_factory_create_factory(L4_BASE_FACTORY_CAP, factory, n->limit));
    }
    if (!err)
        err = l4_error(l4_factory_create_task(factory, selector(n->slot), &utcbs));
    if (!err) {
        err = agent_start(space, selector(n->slot));
        if (err)
            l4_task_delete_obj(L4_BASE_TASK_CAP, selector(n->slot));
    }
    if (err && n->limit)
        l4_task_delete_obj(L4_BASE_TASK_CAP, factory);
    return err;
}

long world_task(char const *name, unsigned long limit)
{
    struct seq_op op = {.kind = SEQ_TASK, .b = ROOT, .n = ALL_SPACES_OF_A_TASK};
    struct seq_op ku = {.kind = SEQ_KU_MEM};
    struct model_answer unused;
    unsigned space = FIRST_TASK;
    struct named *n;
    long err;

    while (space < N_SPACES && model.space[space].alive)
        space++;
    n = space < N_SPACES ? new_name(name, "task") : NULL;
    if (!n)
        return -L4_ENOSPC;
    n->limit = limit;
    err = create_task(n, space);
    if (err) {
        n->name[0] = '\0';
        return err;
    }
    n->space = space;
    op.a = ku.a = (u8)space;
    op.w[0] = n->slot;
    made(n, &op);
    ku.w[0] = seq_fpage(AGENT_UTCB, SEQ_MEM, L4_PAGESHIFT, 0);
    model_run(&ku, &no_stop, &unused);
    return 0;
}

long world_delete(struct named *n)
{
    struct seq_op op = {.kind = SEQ_UNMAP, .a = ROOT, .n = 1};
    struct outcome o;
    int i = model_find_cap(ROOT, n->slot);

    if (i < 0 || model.cap[i].object != n->object)
        return -L4_ENOENT;
    op.w[0] = L4_FP_DELETE_OBJ;
    op.w[1] = seq_fpage(selector(n->slot), SEQ_OBJ, 0, L4_CAP_FPAGE_RWSD);
    world_unmap(&op, &o);
    world_bury();
    return o.error;
}

void world_bury(void)
{
    for (unsigned i = 0; i < N_NAMES; i++) {
        struct named *n = &names[i];

        if (!n->name[0] || model.object[n->object].kind != OBJECT_NONE)
            continue;
        if (n->space)
            agent_stop(n->space);
        if (n->limit)
            l4_task_delete_obj(L4_BASE_TASK_CAP, factory_of(n->space));
        memset(n, 0, sizeof(*n));
    }
}

unsigned long world_quota_left(struct named const *task)
{
    unsigned long fits = 0, too_much = task->limit + 1;
    l4_cap_idx_t scratch = selector(SCRATCH_SLOT);

    while (too_much - fits > 1) {
        unsigned long n = fits + (too_much - fits) / 2;

        if (l4_error(l4_factory_create_factory(factory_of(task->space), scratch, n)) == 0) {
            l4_task_delete_obj(L4_BASE_TASK_CAP, scratch);
            fits = n;
        } else {
            too_much = n;
        }
    }
    return fits;
}
