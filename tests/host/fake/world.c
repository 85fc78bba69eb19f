/* SPDX-License-Identifier: MIT */
/* Boot, tasks and objects of the tests, see fake.h; with the object types that the kernel's other files would give. */
#include "fake.h"

#include "arch.h"
#include "boot.h"
#include "check.h"
#include "check_space.h"
#include "cpu.h"
#include "gate.h"
#include "io_space.h"
#include "irq.h"
#include "mem_space.h"
#include "obj_space.h"
#include "thread.h"

#include <string.h>

enum { ALL_RIGHTS = CAP_RIGHTS | ATTR_CTL, DRIVER_SLOTS = 2 };

struct world_config world;
struct task *world_driver;
static struct factory factories[MODEL_SPACES];

/* ---- object types ---- */

static struct slab factory_slab = SLAB(struct factory, 8);
static struct slab object_slab = SLAB(struct fake_object, 8);
const struct kobject_type factory_type = {.name = "factory", .slab = &factory_slab};
const struct kobject_type thread_type = {.name = "thread"};
const struct kobject_type gate_type = {.name = "gate"}; /* the real one; none is made here */
const struct kobject_type fake_object_type = {.name = "object", .slab = &object_slab};
const struct kobject_type fake_gate_type = {.name = "fake gate", .slab = &object_slab};

static const struct fake_object *fake_object_of(const struct kobject *o)
{
    return (const struct fake_object *)((const u8 *)o - offsetof(struct fake_object, obj));
}

bool gate_is_local(const struct kobject *o, const struct task *task)
{
    return o->type == &fake_gate_type && fake_object_of(o)->bound == task->obj.id;
}

u64 gate_label(const struct kobject *o) { return fake_object_of(o)->label; }

/* ---- tasks ---- */

static struct cap *driver_slot(unsigned space, bool with_s)
{
    return obj_make_slot(world_driver, space * DRIVER_SLOTS + with_s);
}

u64 world_selector(unsigned space, bool with_s)
{
    return ((u64)space * DRIVER_SLOTS + with_s) << 12;
}

struct factory *world_factory(unsigned space) { return &factories[space]; }

struct task *world_task(unsigned space)
{
    struct cap *slot = obj_lookup(world_driver, world_selector(space, true));

    return slot ? task_of(slot->obj) : NULL;
}

void world_enter_task(unsigned space, struct task *t, bool counted)
{
    for (unsigned s = 0; s < DRIVER_SLOTS; s++)
        if (driver_slot(space, s)->obj) /* one that is dying */
            cap_remove(driver_slot(space, s), false);
    cap_insert(driver_slot(space, true), &t->obj, ALL_RIGHTS | (counted ? 0U : ATTR_WEAK));
    cap_insert(driver_slot(space, false), &t->obj, (ALL_RIGHTS & ~(unsigned)CAP_S) | ATTR_WEAK);
}

/* The rest of what a boot does; order as in kernel/main.c. */
static void boot_tasks(void)
{
    sigma0_task = task_create(NULL);
    sigma0_task->is_sigma0 = true;
    mem_space_init(boot_info.phys_top);
    io_space_init();
    world_driver = task_create(NULL);
    sigma0_task->obj.counted = world_driver->obj.counted = 1; /* they never go */
    world_enter_task(0, sigma0_task, true);
    for (unsigned i = 0; i < MODEL_SPACES; i++) {
        kobject_init(&factories[i].obj, &factory_type, NULL);
        factories[i].obj.counted = 1;
        factories[i].quota.limit = world.quota ? world.quota : ~0UL;
    }
}

static void make_tasks(void)
{
    struct seq_op make = {.kind = SEQ_TASK, .n = MODEL_MEM | MODEL_OBJ | MODEL_IO};
    enum model_status status;

    for (unsigned i = 1; i <= world.n_tasks; i++) {
        make.a = (u8)i;
        make.b = world.family && i > 1;
        make.w[0] = FAMILY_SLOT + i;
        if (!both_run(&make, &status) || status != MODEL_DONE)
            fake_fail("no memory for the first tasks");
    }
}

void world_boot(const struct world_config *c)
{
    struct model_machine machine = {.max_order = c->huge ? 30 : 21, .kip = FAKE_KIP_PHYS};

    world = *c;
    cpu_info.page1g = c->huge;
    boot_info.heap[0] = boot_info.kernel_owned[0] = (struct phys_range){FAKE_HEAP_BASE, c->heap};
    boot_info.n_heap = boot_info.n_owned = 1;
    boot_info.phys_top = 1UL << 40;
    kmem_init(boot_info.heap, 1);
    boot_tasks();
    machine.phys_top = 1UL << 40;
    machine.n_owned = 1;
    machine.owned[0] = (struct model_range){FAKE_HEAP_BASE, FAKE_HEAP_BASE + c->heap};
    model_reset(&machine);
    make_tasks();
    fake_irq_odds = c->irq_odds;
}

void world_restart(void)
{
    struct model_machine machine = model.machine;
    struct unmap_op all;

    for (unsigned i = 1; i < MODEL_SPACES; i++)
        if (world_task(i))
            kobject_kill(&world_task(i)->obj);
    world_reap();
    unmap_begin(&all, sigma0_task, seq_fpage(0, SEQ_MEM, 63, 15), 0);
    while (mapnode_slab.used && unmap_run(&all) != MAP_DONE)
        pcpu()->irq_pending = 0;
    model_reset(&machine);
    make_tasks();
}

/* ---- checks ---- */

void world_reap(void)
{
    do {
        pcpu()->irq_pending = 0;
    } while (!reap_run());
}

void world_check(void)
{
    if (!check_invariants())
        fake_fail("an invariant is broken");
}

bool world_is_tight(unsigned space)
{
    const struct quota *q = &factories[space].quota;
    u64 largest = 1UL << PT_PAIR_ORDER;
    void *block;

    if (q->limit - q->used < 2 * largest)
        return true;
    block = kmem_alloc(NULL, PT_PAIR_ORDER);
    if (!block)
        return true;
    kmem_free(NULL, block, PT_PAIR_ORDER);
    /* Two tables and a slab page can be wanted at once. */
    return kmem_free_bytes() < 4 * largest;
}

void world_end(void)
{
    struct seq_op clear = {.kind = SEQ_UNMAP, .a = 0, .n = 2, .w = {0x80000000}};
    struct exec_answer a;

    kmem_fail_at = 0;
    clear.w[1] = seq_fpage(0, SEQ_MEM, 63, 15);
    clear.w[2] = seq_fpage(0, SEQ_IO, 16, 15);
    exec_run(&clear, &a);
    for (unsigned i = 1; i < MODEL_SPACES; i++)
        if (world_task(i))
            kobject_kill(&world_task(i)->obj);
    world_reap();
    for (const struct kobject *o = kobject_all(); o; o = o->all_next)
        if (o->factory)
            fake_fail("a %s is left when all tasks are gone (refs %u)", o->type->name, o->refs);
    for (unsigned i = 0; i < MODEL_SPACES; i++)
        if (factories[i].quota.used)
            fake_fail("I8 factory %u is still charged %lu bytes", i, factories[i].quota.used);
    if (mapnode_slab.used)
        fake_fail("I1 %lu nodes are left", mapnode_slab.used);
    world_check(); /* I7: with so few owners left, free memory is all the rest */
}
