/* SPDX-License-Identifier: MIT */
/*
 * The kernel's console: with `-esc` on the kernel's command line the key Esc on the serial line stops everything, and
 * commands of one letter print objects and mapping trees as the commands for gdb do (tools/gdb); then all goes on.
 * In builds with CONSOLE=1, which debug builds are; in others nothing of it is left, and the key is a user's as any.
 */
#ifndef QUIRE_CONSOLE_H
#define QUIRE_CONSOLE_H

#include "types.h"

#ifdef QUIRE_CONSOLE
/* A byte from the serial line; true: it was for the kernel.  Called with interrupts off, between two operations. */
bool console_key(int c);

/* ---- between console.c and console_tree.c ---- */
struct kobject;
struct kobject_type;
struct task;

/* The task or thread with a number; NULL: there is none, and that is printed. */
struct kobject *console_numbered(const struct kobject_type *type, u64 n);
/* A task's name; rights as letters: those whose bit, of the same place in `values`, is set. */
void console_task(const struct task *t);
void console_rights(unsigned bits, const char *letters, const char *values);
/* The commands `p`, `f` and `i` with their two numbers. */
void console_page(const u64 *arg);
void console_frame(const u64 *arg);
void console_port(const u64 *arg);
#else
static inline bool console_key(int c)
{
    (void)c;
    return false;
}
#endif

#endif
