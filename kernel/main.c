/* SPDX-License-Identifier: MIT */
/*
 * From booting to the first user instruction: sigma0 and the root task are created here as nobody else could
 * (abi: boot.md section 5), then the kernel only reacts.
 */
#include "arch.h"
#include "arch_boot.h"
#include "boot.h"
#include "debugger.h"
#include "gate.h"
#include "icu.h"
#include "io_space.h"
#include "kip.h"
#include "ku_mem.h"
#include "mem_space.h"
#include "obj_space.h"
#include "panic.h"
#include "print.h"
#include "sched.h"
#include "sched_obj.h"
#include "trace.h"
#include "vcon.h"

enum initial_caps {
    INIT_TASK = 1,
    INIT_FACTORY = 2,
    INIT_THREAD = 3,
    INIT_PAGER = 4,
    INIT_LOG = 5,
    INIT_ICU = 6,
    INIT_SCHED = 7,
    INIT_DEBUGGER = 10,
};
enum { ALL_RIGHTS = CAP_RIGHTS | ATTR_CTL, ROOT_GATE_LABEL = 0x40, FIRST_PRIO = 1 };
#define UTCB_AREA 0x7fff000000UL

static struct kobject log_object, icu_object, sched_object, debugger_object;

static void give(struct task *t, u64 index, struct kobject *o)
{
    struct cap *slot = obj_make_slot(t, index);

    CHECK(slot && !slot->obj);
    cap_insert(slot, o, ALL_RIGHTS);
}

/* A task with its first thread and the initial capabilities; the thread does not run yet. */
static struct thread *create_initial(u64 entry)
{
    struct task *task = task_create(&root_factory);
    struct thread *t = thread_create(&root_factory);
    struct ku_mem *k;
    int err;

    CHECK(task && t);
    CHECK(ku_mem_begin(task, UTCB_AREA, PAGE_SHIFT, &k) == 0);
    while ((err = ku_mem_run(task, k)) > 0) /* a tick has come already */
        continue;
    CHECK(!err);
    CHECK(thread_bind(t, task, UTCB_AREA) == 0);
    give(task, INIT_TASK, &task->obj);
    give(task, INIT_FACTORY, &root_factory.obj);
    give(task, INIT_THREAD, &t->obj);
    give(task, INIT_LOG, &log_object);
    give(task, INIT_ICU, &icu_object);
    give(task, INIT_SCHED, &sched_object);
    give(task, INIT_DEBUGGER, &debugger_object);
    t->regs.rip = entry;
    t->regs.rsp = 0;
    t->prio = FIRST_PRIO;
    t->has_cpu = t->started = true;
    return t;
}

static void create_sigma0(void)
{
    struct thread *t = create_initial(boot_info.sigma0_entry);

    sigma0_task = t->task;
    sigma0_task->is_sigma0 = true;
    mem_space_init(boot_info.phys_top);
    io_space_init();
    t->regs.rdi = virt_to_phys(&kip_page);
    thread_try_start(t);
}

static void create_root(struct thread *sigma0_thread)
{
    struct thread *t;
    struct gate *g;

    if (!boot_info.root_entry) /* B-19 */
        return;
    t = create_initial(boot_info.root_entry);
    g = gate_create(&root_factory);
    CHECK(g);
    gate_bind(g, sigma0_thread, ROOT_GATE_LABEL); /* B-21 */
    give(t->task, INIT_PAGER, &g->obj);
    t->pager = (u64)INIT_PAGER << 12;
    thread_try_start(t);
}

_Noreturn void kernel_main(void)
{
    struct cap *slot;

    kmem_init(boot_info.heap, boot_info.n_heap);
    arch_cpu_init();
    thread_init();
    arch_timer_init();
    TRACE(init, kip_page.cpu_khz);
    factory_init_root();
    kobject_init(&log_object, &vcon_type, NULL);
    kobject_init(&icu_object, &icu_type, NULL);
    kobject_init(&sched_object, &sched_type, NULL);
    kobject_init(&debugger_object, &debugger_type, NULL);
    /* These are not freed: whatever slots come and go they stay, and one that is deleted is in no slot any more. */
    for (struct kobject *o = kobject_all(); o; o = o->all_next) {
        o->counted = 1;
        kobject_get(o);
    }
    arch_console_enable_irq();
    arch_irq_mask(ARCH_IRQ_SERIAL, false);
    create_sigma0();
    slot = obj_lookup(sigma0_task, (u64)INIT_THREAD << 12);
    CHECK(slot);
    create_root(thread_of(slot->obj));
    kprintf("quire: %lu KiB kernel memory, starting sigma0 at %lx, root task at %lx\n",
            kmem_total_bytes() >> 10, boot_info.sigma0_entry, boot_info.root_entry);
    arch_user_return(exit_slowly());
}
