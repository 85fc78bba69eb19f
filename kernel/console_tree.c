/* SPDX-License-Identifier: MIT */
/* The mapping trees on the kernel's console, see console.h. */
#include "console.h"

#ifdef QUIRE_CONSOLE
#include "io_space.h"
#include "mem_page.h"
#include "mem_space.h"
#include "print.h"

enum { MAX_LINES = 200 };

static const char *size_name(unsigned c)
{
    return c == CLASS_SMALL ? "4K" : c == CLASS_LARGE ? "2M" : "1G";
}

static void put_page(const struct mapnode *n)
{
    u64 va = (u64)n->page << PAGE_SHIFT;
    const struct task *t = n->space;
    u64 entry = n->parent ? *pt_walk(t->mem.root, va).pte : 0;

    console_task(t);
    if (!n->parent) {
        kprintf(": physical 0x%lx, %s", va, size_name(mapnode_class(n)));
        return;
    }
    kprintf(" 0x%lx %s ", va, size_name(mapnode_class(n)));
    console_rights(pte_rights(entry), "rwx", "\4\2\1");
    kprintf(" frame 0x%lx", pte_phys(entry));
}

static void put_port(const struct mapnode *n)
{
    console_task(n->space);
    kprintf(" port 0x%lx%s", (u64)n->page, mapnode_class(n) ? " and all others" : "");
}

/* The node at the top of `range` and those below it that the range covers. */
static void draw(const struct child_range *range, const struct mapnode *marked)
{
    void (*put)(const struct mapnode *) =
        range->class_shift == io_class_shift ? put_port : put_page;
    u8 depth = (u8)range->parent->depth;
    unsigned lines = 0;
    struct mapdb_walk w;

    put(range->parent);
    kprintf("%s\n", range->parent == marked ? "  <--" : "");
    for (mapdb_walk_begin(&w, range); w.cur && lines++ < MAX_LINES; mapdb_walk_next(&w)) {
        for (unsigned i = (u8)(w.cur->depth - depth); i; i--)
            kprintf("  ");
        kprintf("+- ");
        put(w.cur);
        kprintf("%s\n", w.cur == marked ? "  <--" : "");
    }
    kprintf("%s", w.cur ? "...\n" : "");
    mapdb_walk_end(&w);
}

void console_page(const u64 *arg)
{
    struct kobject *o = console_numbered(&task_type, arg[0]);
    struct child_range all = {NULL, 0, (1UL << MAPDB_INDEX_BITS) - 1, mem_class_shift};
    struct pte_ref r;
    u64 va = arg[1], link;

    if (!o)
        return;
    r = pt_walk(task_of(o)->mem.root, va);
    if (!r.present || va >= USER_END) {
        kprintf("no page at 0x%lx\n", va);
        return;
    }
    kprintf("entry 0x%lx: frame 0x%lx, %s, ", *r.pte, pte_phys(*r.pte), size_name(r.c));
    console_rights(pte_rights(*r.pte), "rwx", "\4\2\1");
    kprintf("%s%s\n", *r.pte & PTE_A ? " accessed" : "", *r.pte & PTE_D ? " dirty" : "");
    link = *pte_link(r.pte);
    if (!link_is_node(link)) {
        kprintf("%s\n", link ? "kernel-user memory: not in the mapping database"
                             : "no node: sigma0's own view of memory");
        return;
    }
    kprintf("generations above: ");
    for (struct mapnode *n = link_node(link); n; n = n->parent) {
        put_page(n);
        kprintf(n->parent ? " <- " : "\n");
        if (n->parent || !all.parent)
            all.parent = n;
    }
    draw(&all, link_node(link));
}

void console_frame(const u64 *arg)
{
    u64 phys = arg[0];
    u64 index = (phys & (class_size(CLASS_HUGE) - 1)) >> PAGE_SHIFT;
    struct child_range range = {mem_root_node(phys), index, index, mem_class_shift};

    if (range.parent)
        draw(&range, NULL);
    else
        kprintf("there is no memory at 0x%lx\n", phys);
}

void console_port(const u64 *arg)
{
    struct kobject *o = console_numbered(&task_type, arg[0]);
    struct mapnode *n = o && arg[1] < N_PORTS ? io_port_node(task_of(o), arg[1]) : NULL;
    struct child_range range = {n, arg[1], arg[1], io_class_shift};

    if (o && !n)
        kprintf("task %lu has no port 0x%lx\n", arg[0], arg[1]);
    while (range.parent && range.parent->parent)
        range.parent = range.parent->parent;
    if (n)
        draw(&range, n);
}
#endif
