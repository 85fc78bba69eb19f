/* SPDX-License-Identifier: MIT */
/*
 * Start-up in C: environment, information page, main().
 *
 * Decides: what a program finds before main() runs.  Called by start.asm, calls main() and exit().
 * Two kinds of programs: those started by the root task find a stack with arguments, environment
 * block and auxiliary vector; sigma0 and the root task (no stack) get a fixed environment.
 */
#include <l4/re/env.h>
#include <l4/sigma0/sigma0.h>
#include <quire/io.h>
#include <quire/program.h>
#include <quire/string.h>

enum { FIRST_FREE_CAP = 0x20 };

int main(int argc, char **argv);
void quire_start(l4_umword_t *stack, l4_kernel_info_t const *kip) L4_NORETURN;

l4_kernel_info_t const *l4_global_kip;
l4re_env_t *l4re_global_env;
int quire_is_root; /* sigma0 or the root task: nobody started this program */

/* The initial environment of sigma0 and the root task: capabilities as in objects.md section 1. */
static l4re_env_t root_env;

static void setup_root(l4_kernel_info_t const *kip)
{
    quire_is_root = 1;
    root_env = (l4re_env_t){
        .parent = L4_INVALID_CAP,
        .rm = L4_INVALID_CAP,
        .mem_alloc = L4_INVALID_CAP,
        .log = L4_BASE_LOG_CAP,
        .main_thread = L4_BASE_THREAD_CAP,
        .factory = L4_BASE_FACTORY_CAP,
        .scheduler = L4_BASE_SCHEDULER_CAP,
        .itas = L4_INVALID_CAP,
        .dbg_events = L4_INVALID_CAP,
        .first_free_cap = FIRST_FREE_CAP,
        .utcb_area = l4_fpage((l4_addr_t)l4_utcb() & L4_PAGEMASK, L4_PAGESHIFT, L4_FPAGE_RW),
        .first_free_utcb = (l4_addr_t)l4_utcb() + L4_UTCB_OFFSET,
    };
    l4re_global_env = &root_env;
    /* sigma0 gets the page's address from the kernel, the root task asks sigma0 for it. */
    l4_global_kip = kip ? kip : l4sigma0_map_kip(L4_BASE_PAGER_CAP, 0, L4_PAGESHIFT);
}

/* Skips the arguments and the (empty) environment strings, then reads the auxiliary vector. */
static void setup_program(l4_umword_t *stack, int argc)
{
    l4_umword_t *p = stack + 1 + argc + 1;

    while (*p)
        p++;
    for (p++; p[0] != L4RE_AT_NULL; p += 2) {
        if (p[0] == L4RE_AT_L4_ENV)
            l4re_global_env = (l4re_env_t *)p[1];
        else if (p[0] == L4RE_AT_L4_KIP)
            l4_global_kip = (l4_kernel_info_t const *)p[1];
    }
}

void quire_start(l4_umword_t *stack, l4_kernel_info_t const *kip)
{
    static char *no_args[] = {"root", NULL};
    int argc = 1;
    char **argv = no_args;

    if (!stack) {
        setup_root(kip);
    } else {
        argc = (int)stack[0];
        argv = (char **)(stack + 1);
        setup_program(stack, argc);
        quire_set_line_name(argc > 0 ? argv[0] : NULL);
    }
    exit(main(argc, argv));
}
