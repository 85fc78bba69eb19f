/* SPDX-License-Identifier: MIT */
/*
 * Playground: tries the mapping interface of the kernel by hand or by script.
 *
 * Decides: what is run.  Runs as root task on the public interface.  Boot modules are scripts: each
 * begins with a fresh world and is carried out line by line; a line that begins with # is text.
 * Then commands are read from the console, or, with the word "batch" on the command line, the
 * program ends; its status tells whether the kernel did all that the model expects.  With "batch
 * quick" pages and slots are tried at the end of each script only.
 */
#include "command.h"
#include "line.h"

#include <l4/sigma0/sigma0.h>
#include <l4/sys/kip.h>
#include <quire/program.h>
#include <quire/string.h>

static void run_line(char const *line)
{
    if (strncmp(line, "# SPDX", 6) == 0)
        return;
    if (!*line || *line == '#') {
        printf("%s\n", line);
        return;
    }
    printf("> %s\n", line);
    command_run(line);
}

static void run_script(char const *name, char const *text, unsigned long size)
{
    char line[MAX_LINE + 1];
    unsigned n = 0, before = differences;
    struct words check = {.n = 1};

    printf("=== %s\n", name);
    for (unsigned long i = 0; i < size; i++) {
        if (text[i] == '\n') {
            line[n] = '\0';
            run_line(line);
            n = 0;
        } else if (n < MAX_LINE && text[i] != '\r') {
            line[n++] = text[i];
        }
    }
    do_check(&check);
    printf("=== end of %s: %u differences\n", name, differences - before);
}

/* The last part of a path, and where its words end. */
static void name_from(char name[32], char const *path)
{
    unsigned n = 0;

    for (; *path && *path != ' '; path++) {
        if (*path == '/')
            n = 0;
        else if (n < 31)
            name[n++] = *path;
    }
    name[n] = '\0';
}

static void run_module(l4mod_mod const *m, unsigned number, int quick)
{
    l4_addr_t start = l4_trunc_page(m->mod_start), end = l4_round_page(m->mod_end);
    char name[32];
    struct words none = {.n = 0};

    name_from(name, (char const *)m->cmdline);
    if (l4sigma0_map_mem(L4_BASE_PAGER_CAP, start, start, end - start)) {
        printf("play: module %s cannot be read\n", name);
        differences++;
        return;
    }
    if (number)
        do_reset(&none);
    auto_check = !quick;
    run_script(name, (char const *)m->mod_start, m->mod_end - m->mod_start);
}

/* Run the scripts; true: the command line says "batch". */
static int modules(void)
{
    l4_kernel_info_t const *kip = l4_kip();
    l4mod_info const *info = kip ? (l4mod_info const *)kip->user_ptr : 0;
    l4mod_mod const *mod;
    unsigned scripts = 0;
    char const *argument = "";

    if (!info)
        return 0;
    mod = (l4mod_mod const *)info->mods_addr;
    for (unsigned i = 0; i < info->mods_count; i++) {
        if ((mod[i].flags & 0xff) == L4MOD_ROOT && strchr((char const *)mod[i].cmdline, ' '))
            argument = strchr((char const *)mod[i].cmdline, ' ');
        if ((mod[i].flags & 0xff) == L4MOD_GENERIC)
            run_module(&mod[i], scripts++, strcmp(argument, " batch quick") == 0);
    }
    return strncmp(argument, " batch", 6) == 0;
}

int main(void)
{
    char line[MAX_LINE + 1];

    world_init();
    if (modules())
        return differences != 0;
    if (line_init()) {
        printf("play: no input from the console\n");
        return 1;
    }
    printf("play: try the mapping interface; `help` lists the commands, `quit` ends\n");
    for (;;) {
        line_read(line);
        if (*line && *line != '#')
            command_run(line);
    }
}
