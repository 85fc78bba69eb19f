/* SPDX-License-Identifier: MIT */
/*
 * The boot script: which programs to start and which channels connect them.
 *
 * Decides: the grammar (docs/boot-script.md).  Called by main.c; uses only string.c and format.c, so
 * it also compiles for the host.  Invariant: after success every channel that is used has exactly
 * one server, and all names are unique and terminated.
 */
#ifndef ROOT_SCRIPT_H
#define ROOT_SCRIPT_H

enum {
    MAX_PROGRAMS = 16,
    MAX_CHANNELS = 16,
    MAX_ARGS = 16,
    NAME_SIZE = 16,   /* of programs and channels, with the terminating zero */
    MODULE_SIZE = 64, /* of module names */
    DEFAULT_PRIO = 2,
};

struct script_program {
    unsigned line;
    char module[MODULE_SIZE];
    char name[NAME_SIZE];
    unsigned prio;
    unsigned serves; /* bit n: channel n */
    unsigned uses;
    unsigned argc;
    char const *args[MAX_ARGS]; /* in the script's text, not terminated: see arg_len */
    unsigned arg_len[MAX_ARGS];
};

struct script_channel {
    unsigned line;
    char name[NAME_SIZE];
};

struct script {
    struct script_program programs[MAX_PROGRAMS];
    struct script_channel channels[MAX_CHANNELS];
    unsigned n_programs, n_channels;
    /* where and why parsing failed */
    unsigned error_line;
    char error[96];
};

/** Parse len bytes of text; 0, or -1 with error_line and error set. */
int script_parse(struct script *s, char const *text, unsigned long len);

#endif
