/* SPDX-License-Identifier: MIT */
/* The table of commands, see command.h.  Called by main.c and line.c. */
#include "command.h"

#include <quire/program.h>
#include <quire/string.h>

unsigned differences;
int auto_check = 1, quiet;
long last_error;

struct command const commands[] = {
    {"help", do_help, 0, "help [COMMAND]", "this list, or one command with an example", "help map"},
    {"task", do_task, 1, "task NAME [quota=BYTES]", "make a task with a helper thread",
     "task a quota=128K"},
    {"gate", do_gate, 2, "gate NAME TASK [LABEL]", "make an IPC gate to the helper of a task",
     "gate g a 0x40"},
    {"irq", do_irq, 1, "irq NAME", "make an IRQ sender, to have an object", "irq i"},
    {"sem", do_semaphore, 1, "sem NAME", "make a semaphore", "sem s"},
    {"delete", do_delete, 1, "delete NAME", "destroy it through root's capability", "delete a"},
    {"ports", do_ports, 1, "ports io:PORT/NUMBER", "ask sigma0 for I/O ports for root",
     "ports io:0x80/16"},
    {"map", do_map, 3, "map FROM ITEM TO", "Task.map: item FLEXPAGE@HOTSPOT,options",
     "map root P0/4K/rw@0x1000000 a"},
    {"grant", do_grant, 3, "grant FROM ITEM TO", "the same, but move instead of copy",
     "grant a 0x1000000@0x2000000 b"},
    {"unmap", do_unmap, 2, "unmap TASK FLEXPAGE... [self] [delete]",
     "Task.unmap: take the rights from what derives from it (self: the task's own too)",
     "unmap root P0/4K/rwx"},
    {"window", do_window, 1, "window TASK [BUFFER...]",
     "set receive windows: FLEXPAGE[,to=SLOT], slot:N[,id], all, none",
     "window b 0x3000000/64K slot:0x50"},
    {"send", do_send, 2, "send FROM TO [nos|via=SLOT] ITEM...",
     "a real message from helper to helper, its items go to TO's windows",
     "send a b 0x1000000/4K/r@0x5000"},
    {"read", do_read, 2, "read TASK ADDRESS", "read a word as the task", "read a 0x1000000"},
    {"write", do_write, 3, "write TASK ADDRESS VALUE", "write a word as the task",
     "write a 0x1000000 0x1234"},
    {"rights", do_rights, 2, "rights TASK ADDRESS", "try what the task may do there",
     "rights a 0x1000000"},
    {"in", do_in, 2, "in TASK PORT", "read a port as the task", "in a 0x80"},
    {"out", do_out, 3, "out TASK PORT VALUE", "write a port as the task", "out a 0x80 1"},
    {"tree", do_tree, 0, "tree [FRAME|io:PORT]", "derivation trees: what was mapped from where",
     "tree P0"},
    {"pages", do_pages, 1, "pages TASK", "its pages and ports, runs in one line", "pages a"},
    {"caps", do_caps, 0, "caps [TASK]", "capability slots", "caps a"},
    {"show", do_show, 0, "show", "tasks and objects", "show"},
    {"quota", do_quota, 1, "quota TASK", "what is left of a task's quota", "quota a"},
    {"check", do_check, 0, "check [on|off]",
     "try every page and slot; on, off: after each operation", "check"},
    {"decode", do_decode, 1, "decode fpage|item|return WORD...", "explain a word",
     "decode fpage raw:0x200557"},
    {"repeat", do_repeat, 2, "repeat N COMMAND...",
     "rounds of a command, % is the round's number from 0; ends at an error",
     "repeat 4 map root P0+%*4K@0x1000000+%*4K a"},
    {"reset", do_reset, 0, "reset", "delete all tasks and objects, give root its memory back",
     "reset"},
    {"quit", do_quit, 0, "quit", "end the playground and the machine", "quit"},
};
unsigned const n_commands = sizeof(commands) / sizeof(commands[0]);

char const *const keywords[] = {"root",   "grant",  "compound", "weak",     "server", "self",
                                "delete", "others", "window",   "void",     "all",    "none",
                                "quota=", "cached", "uncached", "buffered", NULL};

static struct command const *find(char const *name)
{
    for (unsigned i = 0; i < n_commands; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

int do_help(struct words *w)
{
    struct command const *c = w->n > 1 ? find(w->word[1]) : NULL;

    if (w->n > 1 && !c) {
        complain_about(w->word[1], "no such command", "help");
        return 0;
    }
    if (c) {
        printf("  %s\n  %s\n  example: %s\n", c->usage, c->text, c->example);
        return 1;
    }
    for (unsigned i = 0; i < n_commands; i++)
        printf("  %-42s %.55s\n", commands[i].usage, commands[i].text);
    printf("  Numbers: 0x1000, 4K, 2M; P0 to P63 and L0, L1 are root's pages of 4K and 2M.\n"
           "  Flexpages: ADDRESS/SIZE/RIGHTS, io:PORT/NUMBER, cap:SLOT/NUMBER/RIGHTS.\n");
    return 1;
}

int do_repeat(struct words *w)
{
    unsigned long rounds;
    char line[MAX_LINE * 2] = "";

    if (quiet) {
        complain("one repeat inside of another", NULL);
        return 0;
    }
    if (!read_number(w->word[1], &rounds))
        return 0;
    for (unsigned i = 2; i < w->n; i++) {
        size_t n = strlen(line);

        snprintf(line + n, sizeof(line) - n, "%s ", w->word[i]);
    }
    quiet = 1;
    last_error = 0;
    for (round_number = 0; round_number < rounds; round_number++)
        if (!command_run(line))
            break;
    quiet = 0;
    if (round_number < rounds && last_error)
        printf("  stopped in round %lu: %s\n", round_number, describe_error(last_error));
    else if (round_number < rounds)
        printf("  stopped in round %lu\n", round_number);
    else
        printf("  %lu rounds done\n", rounds);
    check_quietly();
    return round_number == rounds;
}

int do_quit(struct words *w)
{
    (void)w;
    if (differences)
        printf("play: %u differences between kernel and model\n", differences);
    exit(differences != 0);
}

/* The command whose name is most like the word, for a hint: the longest common beginning. */
static char const *similar(char const *word)
{
    static char hint[64];
    size_t best = 0;

    strlcpy(hint, "`help` lists the commands", sizeof(hint));
    for (unsigned i = 0; i < n_commands; i++) {
        size_t n = 0;

        while (commands[i].name[n] && commands[i].name[n] == word[n])
            n++;
        if (n > best) {
            best = n;
            snprintf(hint, sizeof(hint), "is it `%s`?  `help` lists the commands",
                     commands[i].name);
        }
    }
    return hint;
}

int command_run(char const *line)
{
    struct words w;
    struct command const *c;

    if (!split(&w, line) || !w.n)
        return 0;
    c = find(w.word[0]);
    if (!c) {
        complain_about(w.word[0], "no such command", similar(w.word[0]));
        return 0;
    }
    if (w.n - 1 < c->least) {
        char hint[MAX_LINE];

        snprintf(hint, sizeof(hint), "%s, for example: %s", c->usage, c->example);
        complain("something is missing", hint);
        return 0;
    }
    return c->run(&w);
}
