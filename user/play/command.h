/* SPDX-License-Identifier: MIT */
/*
 * The commands of the playground.
 *
 * Decides: what a command is.  The table is in command.c; the functions are in do_*.c and show.c.
 * A function returns 0 if the kernel refused or the line was wrong: `repeat` then stops.
 */
#ifndef PLAY_COMMAND_H
#define PLAY_COMMAND_H

#include "parse.h"

#include <quire/io.h>

struct command {
    char const *name;
    int (*run)(struct words *w);
    unsigned least; /* words behind the name */
    char const *usage, *text, *example;
};
extern struct command const commands[];
extern unsigned const n_commands;

/** Carry out a line; 0: it could not be. */
int command_run(char const *line);

/** Print, unless rounds of `repeat` go on; what the last operation ended with is kept for it. */
extern int quiet;
extern long last_error;
#define say(...) (quiet ? 0 : printf(__VA_ARGS__))

/** Differences between kernel and model so far. */
extern unsigned differences;
/** Whether each operation is followed by a check of everything. */
extern int auto_check;
/** Check if that is on, count and print what differs. */
void check_quietly(void);

/** Remember the state before an operation, and print what it changed (changes.c). */
void changes_begin(void);
void changes_print(int grant);

/** The words of an item, a flexpage, a return item, a window, in words (describe.c). */
void describe_item(l4_umword_t const item[2]);
void describe_fpage(l4_umword_t fpage);
void describe_return(l4_umword_t word, l4_umword_t data);
char const *describe_error(long error);
char const *describe_ipc_error(l4_umword_t code);

int do_task(struct words *w);
int do_gate(struct words *w);
int do_irq(struct words *w);
int do_semaphore(struct words *w);
int do_delete(struct words *w);
int do_ports(struct words *w);
int do_reset(struct words *w);

int do_map(struct words *w);
int do_grant(struct words *w);
int do_unmap(struct words *w);
int do_window(struct words *w);
int do_send(struct words *w);
void windows_forget(void);

int do_read(struct words *w);
int do_write(struct words *w);
int do_rights(struct words *w);
int do_in(struct words *w);
int do_out(struct words *w);
int do_decode(struct words *w);

int do_show(struct words *w);
int do_tree(struct words *w);
int do_pages(struct words *w);
int do_caps(struct words *w);
int do_check(struct words *w);
int do_quota(struct words *w);
int do_help(struct words *w);
int do_repeat(struct words *w);
int do_quit(struct words *w);

/** Words that can be completed besides the names of commands and objects; ends with NULL. */
extern char const *const keywords[];

#endif
