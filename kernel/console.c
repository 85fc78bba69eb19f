/* SPDX-License-Identifier: MIT */
/*
 * The kernel's console, see console.h.
 *
 * Called by vcon.c when a byte arrives; reads what it prints from the objects, trees and tables and changes nothing.
 * Tasks and threads have the numbers in which they were made: task 0 is sigma0, task 1 the root task.
 */
#include "console.h"

#ifdef QUIRE_CONSOLE
#include "arch_boot.h"
#include "boot.h"
#include "debugger.h"
#include "ipc.h"
#include "obj_space.h"
#include "print.h"
#include "string.h"

enum { ESCAPE = 0x1b, BACKSPACE = 8, DELETE = 0x7f, LINE_SIZE = 64 };
static const char help[] =
    "t tasks, h threads, o objects, c TASK capabilities, s TASK N slot, p TASK ADDRESS page,\n"
    "f ADDRESS physical page, i TASK N port, g go on\n";

/* ---- names ---- */

/* The list of all objects begins with the newest. */
static u64 number_of(const struct kobject *o)
{
    u64 n = 0;

    for (const struct kobject *p = o->all_next; p; p = p->all_next)
        n += p->type == o->type;
    return n;
}

/* The object of a type with a number; NULL: there is none. */
static struct kobject *find(const struct kobject_type *type, u64 n)
{
    struct kobject *o = kobject_all();
    u64 count = 0;

    for (const struct kobject *p = o; p; p = p->all_next)
        count += p->type == type;
    if (n >= count)
        return NULL;
    while (o->type != type || --count != n)
        o = o->all_next;
    return o;
}

struct kobject *console_numbered(const struct kobject_type *type, u64 n)
{
    struct kobject *o = find(type, n);

    if (!o)
        kprintf("there is no %s %lu\n", type->name, n);
    return o;
}

void console_task(const struct task *t)
{
    if (t->is_sigma0)
        kprintf("sigma0");
    else
        kprintf("task %lu", number_of(&t->obj));
}

void console_rights(unsigned bits, const char *letters, const char *values)
{
    for (; *letters; letters++, values++)
        kprintf("%s%.*s", bits & (unsigned)*values ? "" : "-", bits & (unsigned)*values ? 1 : 0,
                letters);
}

/* ---- slots ---- */

static void put_cap_rights(const struct cap *slot)
{
    console_rights((unsigned)slot->rights, "rwsd", "\4\1\2\10");
}

static void put_slot(u64 index, const struct cap *slot)
{
    const struct kobject *o = slot->obj;

    kprintf("slot 0x%lx: ", index);
    put_cap_rights(slot);
    if (slot->rights & ATTR_WEAK)
        kprintf(" weak");
    if (slot->rights & ATTR_CTL)
        kprintf(" control 0x%lx", slot->rights & ATTR_CTL);
    kprintf(" %s", o->type->name);
    if (o->type == &task_type || o->type == &thread_type)
        kprintf(" %lu", number_of(o));
    kprintf(", id %lu, %ld counted slots%s\n", o->id, o->counted, o->dying ? ", dying" : "");
}

/* Slots in use of a task: how many; `of`: those that hold this object are printed; `all`: every one. */
static unsigned list_slots(const struct task *t, const struct kobject *of, bool all)
{
    unsigned count = 0;

    for (u64 i = 0; i < t->caps.end; i++) {
        const struct cap *slot = obj_slot(t, i);
        if (!slot || !slot->obj)
            continue;
        count++;
        if (all)
            put_slot(i, slot);
        if (slot->obj != of)
            continue;
        kprintf("  in ");
        console_task(t);
        kprintf(" slot 0x%lx: ", i);
        put_cap_rights(slot);
        kprintf("\n");
    }
    return count;
}

static void print_slots(const u64 *arg)
{
    struct kobject *o = console_numbered(&task_type, arg[0]);

    if (o)
        list_slots(task_of(o), NULL, true);
}

static void print_slot(const u64 *arg)
{
    struct kobject *o = console_numbered(&task_type, arg[0]);
    const struct cap *slot = o ? obj_slot(task_of(o), arg[1]) : NULL;

    if (!o)
        return;
    if (!slot || !slot->obj) {
        kprintf("slot 0x%lx of task %lu is empty\n", arg[1], arg[0]);
        return;
    }
    put_slot(arg[1], slot);
    for (u64 n = 0; (o = find(&task_type, n)); n++)
        list_slots(task_of(o), slot->obj, false);
}

/* ---- lists ---- */

static void print_task(u64 number, const struct task *t)
{
    struct kobject *o;
    bool any = false;

    kprintf("task %lu%s: %u slots, threads", number, t->is_sigma0 ? " (sigma0)" : "",
            list_slots(t, NULL, false));
    for (u64 n = 0; (o = find(&thread_type, n)); n++)
        if (thread_of(o)->task == t) {
            kprintf(" %lu", n);
            any = true;
        }
    kprintf("%s, tables at 0x%lx%s%s\n", any ? "" : " none", t->mem.root_phys,
            pcpu()->loaded == t ? ", loaded" : "", t->obj.dying ? ", dying" : "");
}

static void print_thread(u64 number, struct thread *t)
{
    static const char *const states[] = {"dead",      "ready",         "sending",
                                         "receiving", "in a transfer", "blocked"};
    struct kobject *o;
    u64 n = 0;

    kprintf("thread %lu: ", number);
    if (t->task)
        console_task(t->task);
    else
        kprintf("not bound");
    kprintf(", priority %u, %s", t->prio, states[t->state]);
    while ((o = find(&thread_type, n)) && o->id != t->wait_id)
        n++;
    if (t->state == T_SEND)
        kprintf(" (label %ld, %u words, %u items)", tag_label(t->tag), tag_words(t->tag),
                tag_items(t->tag));
    else if (t->state == T_RECV && t->wait_open)
        kprintf(" from anybody");
    else if (t->state == T_RECV)
        kprintf(o ? " from thread %lu" : " from object id %lu", o ? n : t->wait_id);
    kprintf(", ip 0x%lx sp 0x%lx%s\n", t->regs.rip, t->regs.rsp,
            pcpu()->cur == t ? ", current" : "");
}

static void print_tasks(const u64 *arg)
{
    struct kobject *o;

    for (u64 n = arg[0]; (o = find(&task_type, n)); n++)
        print_task(n, task_of(o));
}

static void print_threads(const u64 *arg)
{
    struct kobject *o;

    for (u64 n = arg[0]; (o = find(&thread_type, n)); n++)
        print_thread(n, thread_of(o));
}

static void print_objects(const u64 *arg)
{
    for (const struct kobject *o = kobject_all(); o; o = o->all_next)
        if (o->id >= arg[0])
            kprintf("object %lu: %s %s, %ld counted slots, %u references, factory %lu%s\n", o->id,
                    o->type->name, debugger_name(o), o->counted, o->refs,
                    o->factory ? o->factory->obj.id : 0, o->dying ? ", dying" : "");
}

/* ---- the prompt ---- */

/* The next number of the line, decimal or with 0x hexadecimal; 0 if there is none. */
static u64 number(const char **line)
{
    const char *s = *line;
    u64 value = 0, base = 10;

    while (*s == ' ')
        s++;
    if (s[0] == '0' && s[1] == 'x') {
        base = 16;
        s += 2;
    }
    for (;; s++) {
        u64 digit = *s >= 'a' ? (u64)*s - 'a' + 10 : (u64)*s - '0';
        if (*s < '0' || digit >= base)
            break;
        value = value * base + digit;
    }
    *line = s;
    return value;
}

static void run(const char *line)
{
    static const struct {
        char letter;
        void (*print)(const u64 *arg);
    } commands[] = {
        {'t', print_tasks}, {'h', print_threads}, {'o', print_objects}, {'c', print_slots},
        {'s', print_slot},  {'p', console_page},  {'f', console_frame}, {'i', console_port},
    };
    char letter = *line++;
    u64 arg[2] = {number(&line)};

    arg[1] = number(&line);
    for (unsigned i = 0; i < ARRAY_SIZE(commands); i++)
        if (commands[i].letter == letter) {
            commands[i].print(arg);
            return;
        }
    kprintf(help);
}

/* One line from the keyboard; false: Esc. */
static bool read_line(char *line)
{
    unsigned n = 0;

    for (;;) {
        int c = arch_console_getc();
        if (c == ESCAPE)
            return false;
        if (c == '\r' || c == '\n')
            break;
        if ((c == BACKSPACE || c == DELETE) && n) {
            n--;
            kprintf("\b \b");
        } else if (c >= ' ' && c < DELETE && n < LINE_SIZE - 1) {
            line[n++] = (char)c;
            arch_console_putc((char)c);
        }
    }
    line[n] = 0;
    return true;
}

/* Is `-esc` a word of the kernel's command line? */
static bool wanted(void)
{
    static const char option[] = "-esc";
    const u64 size = sizeof(option) - 1;

    for (const char *s = boot_info.cmdline; strnlen(s, size) == size; s++)
        if (memcmp(s, option, size) == 0 && (!s[size] || s[size] == ' '))
            return true;
    return false;
}

bool console_key(int c)
{
    char line[LINE_SIZE];

    if (c != ESCAPE || !wanted())
        return false;
    kprintf("\nquire: stopped; ? for help, g or Esc to go on\n");
    for (;;) {
        kprintf("quire> ");
        if (!read_line(line) || line[0] == 'g')
            break;
        kprintf("\n");
        if (line[0])
            run(line);
    }
    kprintf("\nquire: goes on\n");
    return true;
}
#endif
