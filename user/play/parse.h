/* SPDX-License-Identifier: MIT */
/*
 * The language of the playground: words to numbers, flexpages, send items and receive windows.
 *
 * Decides: how each is written (docs/playground.md).  Called by the commands; calls world.c for
 * names.  A function that cannot read its word returns 0 and has told the reason by complain().
 */
#ifndef PLAY_PARSE_H
#define PLAY_PARSE_H

#include "world.h"

enum { MAX_WORDS = 24, MAX_LINE = 96, N_BUFFERS = 9 };

/** A command line taken apart; the words lie in text. */
struct words {
    unsigned n;
    char *word[MAX_WORDS];
    char text[MAX_LINE * 2];
};

/** Split at blanks; 0: too many words. */
int split(struct words *w, char const *line);

/** Say why the line cannot be carried out, and what would do.  hint may be NULL. */
void complain(char const *reason, char const *hint);
/** The same with a word that is at fault. */
void complain_about(char const *word, char const *reason, char const *hint);

/** What `%` stands for: the round of `repeat`. */
extern unsigned long round_number;

/** Number: 4096, 0x1000, 4K, P3, L0, a name (slot of the root task), %, with + - and *. */
int read_number(char const *word, unsigned long *value);
/** Task by name. */
int read_task(char const *word, unsigned *space);
/** [mem:|io:|cap:]BASE[/SIZE[/RIGHTS]], all, nil, raw:WORD. */
int read_fpage(char const *word, l4_umword_t *fpage);
/** FPAGE[@SPOT][,grant][,compound][,weak][,server][,cached...], void, raw:WORD:WORD. */
int read_item(char const *word, l4_umword_t item[2]);
/** Receive windows from the words; bdr and N_BUFFERS buffer registers. */
int read_windows(char *const *word, unsigned n, l4_umword_t *bdr, l4_umword_t *br);

/** May the user do this to the place?  The playground's own memory and slots are kept. */
int allowed_fpage(unsigned space, l4_umword_t fpage);
int allowed_address(l4_addr_t at);

/** Rights as letters: rwx, rwsd; static text. */
char const *rights_text(unsigned type, unsigned rights);
/** A size: 4K, 2M, 8; static text. */
char const *size_text(unsigned type, unsigned order);

#endif
