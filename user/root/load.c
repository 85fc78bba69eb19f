/* SPDX-License-Identifier: MIT */
/*
 * Making a task of a program.
 *
 * Decides: address space, capabilities and environment that a program starts with.  Called by
 * main.c; calls kernel objects, elf.c and memory.c.  Invariant: all memory of a program is mapped
 * before it runs, so any page fault of it is an error of the program, never a request for memory.
 */
#include "elf.h"
#include "root.h"
#include "stack.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/re/env.h>
#include <l4/sys/factory.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>
#include <quire/io.h>
#include <quire/string.h>

enum {
    UTCB_ORDER = 13,
    QUOTA = 512 * 1024, /* kernel memory that one program may use */
    FIRST_CHANNEL_SLOT = 0x10,
};

static void check(struct program const *p, char const *what, long err)
{
    if (err < 0)
        die("program %s: %s: %s", p->script->name, what, l4sys_errtostr(err));
}

static l4_cap_idx_t new_slot(struct program const *p)
{
    l4_cap_idx_t slot = l4re_util_cap_alloc();

    if (l4_is_invalid_cap(slot))
        check(p, "capability slot", -L4_ENOMEM);
    return slot;
}

/* Maps one block of the root task's memory into the program's. */
static void map_block(struct program const *p, void const *from, l4_addr_t to, unsigned order,
                      unsigned rights)
{
    l4_fpage_t fp = l4_fpage((l4_addr_t)from, order, (unsigned char)rights);

    check(p, "mapping memory", l4_error(l4_task_map(p->task, L4_BASE_TASK_CAP, fp, to)));
}

/* Fresh memory with a copy of what the file has for it. */
static void map_copied(struct program const *p, struct elf_segment const *s)
{
    l4_addr_t end = s->vaddr + s->mem_size;

    for (l4_addr_t page = l4_trunc_page(s->vaddr); page < end; page += L4_PAGESIZE) {
        l4_addr_t from = page < s->vaddr ? s->vaddr : page; /* first byte of the segment here */
        char *copy = page_alloc();
        unsigned long n = 0;

        if (!copy)
            die("program %s: no RAM left", p->script->name);
        if (from - s->vaddr < s->file_size)
            n = s->file_size - (from - s->vaddr);
        if (n > page + L4_PAGESIZE - from)
            n = page + L4_PAGESIZE - from;
        memcpy(copy + (from - page), s->file + (from - s->vaddr), n);
        map_block(p, copy, page, L4_PAGESHIFT, s->rights);
    }
}

/* Read-only segments are mapped from the module itself, in blocks as large as possible. */
static void map_shared(struct program const *p, struct elf_segment const *s)
{
    char const *from = s->file;
    l4_addr_t to = s->vaddr;
    l4_addr_t end = s->vaddr + s->mem_size;

    while (to < end) {
        unsigned order = L4_PAGESHIFT;

        while (to + (2UL << order) <= end && (((l4_addr_t)from | to) & ((2UL << order) - 1)) == 0)
            order++;
        map_block(p, from, to, order, s->rights);
        from += 1UL << order;
        to += 1UL << order;
    }
}

static void map_segment(struct program const *p, struct elf_segment const *s)
{
    int aligned = (((l4_addr_t)s->file | s->vaddr) & ~L4_PAGEMASK) == 0;

    if (aligned && !(s->rights & L4_FPAGE_W) && s->file_size == s->mem_size)
        map_shared(p, s);
    else
        map_copied(p, s);
}

/* Gives the program a capability of the root task; ctl: L4_FPAGE_C_* bits. */
static void give(struct program const *p, l4_umword_t slot, l4_cap_idx_t cap, unsigned rights,
                 unsigned ctl)
{
    l4_fpage_t fp = l4_obj_fpage(cap, 0, (unsigned char)rights);
    l4_umword_t to = slot << L4_CAP_SHIFT | ctl;

    check(p, "giving a capability", l4_error(l4_task_map(p->task, L4_BASE_TASK_CAP, fp, to)));
}

static void create_objects(struct program *p, l4_umword_t label)
{
    l4_fpage_t utcbs = l4_fpage(UTCB_ADDRESS, UTCB_ORDER, L4_FPAGE_RW);

    p->utcb_area = UTCB_ADDRESS;
    p->factory = new_slot(p);
    p->task = new_slot(p);
    p->thread = new_slot(p);
    p->gate = new_slot(p);
    check(p, "factory",
          l4_error(l4_factory_create_factory(L4_BASE_FACTORY_CAP, p->factory, QUOTA)));
    check(p, "task", l4_error(l4_factory_create_task(p->factory, p->task, &utcbs)));
    check(p, "thread", l4_error(l4_factory_create_thread(p->factory, p->thread)));
    check(
        p, "gate",
        l4_error(l4_factory_create_gate(L4_BASE_FACTORY_CAP, p->gate, L4_BASE_THREAD_CAP, label)));
}

/* No D right on anything: objects of the root task must survive the program's end (M-79). */
static void give_capabilities(struct program const *p, struct stack_env *env)
{
    unsigned slot = FIRST_CHANNEL_SLOT;

    give(p, L4_BASE_TASK_CAP >> L4_CAP_SHIFT, p->task, L4_CAP_FPAGE_RWS, L4_FPAGE_C_OBJ_RIGHTS);
    give(p, L4_BASE_FACTORY_CAP >> L4_CAP_SHIFT, p->factory, L4_CAP_FPAGE_RWS,
         L4_FPAGE_C_OBJ_RIGHTS);
    give(p, L4_BASE_THREAD_CAP >> L4_CAP_SHIFT, p->thread, L4_CAP_FPAGE_RWS, L4_FPAGE_C_OBJ_RIGHTS);
    give(p, L4_BASE_PAGER_CAP >> L4_CAP_SHIFT, p->gate, L4_CAP_FPAGE_RW, 0);
    give(p, L4_BASE_LOG_CAP >> L4_CAP_SHIFT, L4_BASE_LOG_CAP, L4_CAP_FPAGE_RW, 0);
    give(p, L4_BASE_SCHEDULER_CAP >> L4_CAP_SHIFT, L4_BASE_SCHEDULER_CAP, L4_CAP_FPAGE_RW, 0);
    for (unsigned i = 0; i < script.n_channels; i++) {
        int serves = (p->script->serves & (1U << i)) != 0;

        if (!serves && !(p->script->uses & (1U << i)))
            continue;
        give(p, slot, channel_gate[i], L4_CAP_FPAGE_RWS, serves ? L4_FPAGE_C_IPCGATE_SVR : 0U);
        stack_add_cap(env, script.channels[i].name, (l4_cap_idx_t)slot << L4_CAP_SHIFT);
        slot++;
    }
    env->env->first_free_cap = slot;
}

/* The stack's pages; the uppermost gets arguments and environment.  Returns the stack pointer. */
static l4_addr_t make_stack(struct program *p)
{
    struct stack_env env;

    for (l4_addr_t page = STACK_LOW; page < STACK_LOW + STACK_SIZE; page += L4_PAGESIZE) {
        char *mem = page_alloc();

        if (!mem)
            die("program %s: no RAM left", p->script->name);
        map_block(p, mem, page, L4_PAGESHIFT, L4_FPAGE_RW);
        env.page = mem;
        env.page_address = page;
    }
    stack_begin(&env, p->utcb_area, UTCB_ORDER);
    give_capabilities(p, &env);
    return stack_finish(&env, p->script);
}

void program_load(struct program *p, l4_umword_t label)
{
    struct module const *m = module_by_name(p->script->module);
    struct elf_image image;
    char const *why;
    l4_addr_t sp;

    if (!m)
        die("program %s: boot module %s is missing", p->script->name, p->script->module);
    module_open(m);
    why = elf_check(&image, m->data, m->size);
    if (why)
        die("module %s: %s", m->name, why);
    create_objects(p, label);
    for (unsigned i = 0; i < image.n; i++)
        map_segment(p, &image.segment[i]);
    map_block(p, l4_kip(), KIP_ADDRESS, L4_PAGESHIFT, L4_FPAGE_RX);
    sp = make_stack(p);

    l4_thread_control_start();
    l4_thread_control_pager(L4_BASE_PAGER_CAP);
    l4_thread_control_exc_handler(L4_BASE_PAGER_CAP);
    l4_thread_control_bind((l4_utcb_t *)p->utcb_area, p->task);
    check(p, "binding the thread", l4_error(l4_thread_control_commit(p->thread)));
    check(p, "starting the thread", l4_error(l4_thread_ex_regs(p->thread, image.entry, sp, 0)));
}

void program_start(struct program *p)
{
    l4_sched_param_t sched = l4_sched_param(p->script->prio, 0);

    check(p, "scheduling",
          l4_error(l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, p->thread, &sched)));
}

void program_destroy(struct program *p)
{
    /* The gate stays: a message of a dying thread must not hit a reused label. */
    l4_task_delete_obj(L4_BASE_TASK_CAP, p->thread);
    l4_task_delete_obj(L4_BASE_TASK_CAP, p->task);
    l4_task_delete_obj(L4_BASE_TASK_CAP, p->factory);
}
