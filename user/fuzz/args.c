/* SPDX-License-Identifier: MIT */
/* Command line and kernel figures, see args.h.  Called by both fuzzers; calls the debugger object. */
#include "args.h"

#include <l4/sys/ipc.h>
#include <l4/sys/task.h>
#include <quire/io.h>
#include <quire/program.h>
#include <quire/string.h>

enum { OP_MEMORY = 0x500, OP_CHECK = 0x501 };

extern int quire_is_root;

/* sigma0 or root task: its own module has the flag of its place. */
static char const *command_line(void)
{
    l4_kernel_info_t const *kip = l4_kip();
    int is_sigma0 = l4_error(l4_task_cap_valid(L4_BASE_TASK_CAP, L4_BASE_PAGER_CAP)) == 0;
    l4mod_info const *info;
    l4mod_mod const *mod;

    if (!kip || !kip->user_ptr)
        return "";
    info = (l4mod_info const *)kip->user_ptr;
    mod = (l4mod_mod const *)info->mods_addr;
    for (unsigned i = 0; i < info->mods_count; i++)
        if ((mod[i].flags & 0xff) == (is_sigma0 ? L4MOD_SIGMA0 : L4MOD_ROOT))
            return (char const *)mod[i].cmdline;
    return "";
}

char const *fuzz_word(char const *name)
{
    size_t length = strlen(name);

    for (char const *s = strchr(command_line(), ' '); s; s = strchr(s, ' ')) {
        s++;
        if (strncmp(s, name, length) == 0 && s[length] == '=')
            return s + length + 1;
    }
    return 0;
}

unsigned long fuzz_parse(char const **s)
{
    char const *p = *s;
    unsigned base = 10;
    unsigned long value = 0;

    if (p[0] == '0' && p[1] == 'x') {
        base = 16;
        p += 2;
    }
    for (;; p++) {
        unsigned digit = *p >= '0' && *p <= '9'   ? (unsigned)(*p - '0')
                         : *p >= 'a' && *p <= 'f' ? (unsigned)(*p - 'a') + 10
                                                  : 16;
        if (digit >= base)
            break;
        value = value * base + digit;
    }
    *s = p;
    return value;
}

unsigned long fuzz_number(char const *name, unsigned long otherwise)
{
    char const *s = fuzz_word(name);

    return s ? fuzz_parse(&s) : otherwise;
}

static l4_msgtag_t ask(l4_umword_t op)
{
    l4_utcb_mr()->mr[0] = op;
    return l4_ipc_call(L4_BASE_DEBUGGER_CAP, l4_utcb(), l4_msgtag(L4_PROTO_DEBUGGER, 1, 0, 0),
                       L4_IPC_NEVER);
}

unsigned long fuzz_kernel_free(void)
{
    fuzz_must("kernel memory", l4_error(ask(OP_MEMORY)));
    return l4_utcb_mr()->mr[0];
}

int fuzz_kernel_check(void) { return l4_error(ask(OP_CHECK)) == 0; }

void fuzz_must(char const *what, long err)
{
    if (err >= 0)
        return;
    printf("fuzz: %s: %s\n", what, l4sys_errtostr(err));
    exit(1);
}
