/* SPDX-License-Identifier: MIT */
/*
 * Boot modules.
 *
 * Decides: which module has which name.  Called by main.c and load.c; reads the module structure
 * through the KIP's user pointer (abi: boot section 4) and asks sigma0 for the modules' memory.
 */
#include "root.h"

#include <l4/sigma0/sigma0.h>
#include <l4/sys/kip.h>
#include <quire/io.h>
#include <quire/string.h>

enum { MAX_MODULES = 32 };

static struct module modules[MAX_MODULES];
static unsigned n_modules;

/* Name of a module: its command line's first word without the directories. */
static void name_from(char *name, char const *cmdline)
{
    char const *start = cmdline;
    unsigned long len = 0;

    while (cmdline[len] && cmdline[len] != ' ' && cmdline[len] != '\t')
        if (cmdline[len++] == '/')
            start = cmdline + len;
    len = (unsigned long)(cmdline + len - start);
    if (len >= MODULE_SIZE)
        len = MODULE_SIZE - 1;
    memcpy(name, start, len);
    name[len] = '\0';
}

int modules_find(void)
{
    l4_kernel_info_t const *kip = l4_kip();
    l4mod_info const *info;
    l4mod_mod const *mod;

    if (!kip || !kip->user_ptr)
        return -1;
    /* The structure lies in memory that sigma0 gives the root task by page faults. */
    info = (l4mod_info const *)kip->user_ptr;
    mod = (l4mod_mod const *)info->mods_addr;
    for (unsigned i = 0; i < info->mods_count; i++) {
        struct module *m = &modules[n_modules];

        if ((mod[i].flags & 0xff) != L4MOD_GENERIC)
            continue;
        if (n_modules == MAX_MODULES)
            die("more than %d boot modules", MAX_MODULES);
        name_from(m->name, (char const *)mod[i].cmdline);
        m->data = (char const *)mod[i].mod_start;
        m->size = mod[i].mod_end - mod[i].mod_start;
        n_modules++;
    }
    return 0;
}

struct module const *module_by_name(char const *name)
{
    for (unsigned i = 0; i < n_modules; i++)
        if (strcmp(modules[i].name, name) == 0)
            return &modules[i];
    return NULL;
}

struct module const *module_by_ending(char const *ending)
{
    size_t end_len = strlen(ending);

    for (unsigned i = 0; i < n_modules; i++) {
        size_t len = strlen(modules[i].name);

        if (len > end_len && strcmp(modules[i].name + len - end_len, ending) == 0)
            return &modules[i];
    }
    return NULL;
}

void module_open(struct module const *m)
{
    l4_addr_t start = l4_trunc_page((l4_addr_t)m->data);
    l4_addr_t end = l4_round_page((l4_addr_t)m->data + m->size);
    int err = l4sigma0_map_mem(L4_BASE_PAGER_CAP, start, start, end - start);

    if (err)
        die("module %s at 0x%lx-0x%lx: %s", m->name, start, end - 1, l4sigma0_map_errstr(err));
}
