/* SPDX-License-Identifier: MIT */
/* Frame of the test programs, see test.h.  Called by t_*.c; calls print and the module list. */
#include "test.h"

#include <l4/sys/kip.h>
#include <quire/io.h>
#include <quire/string.h>

void (*test_setup)(void);

static char failure[160];
static char filter[16];

int expect(char const *name, unsigned long got, unsigned long want)
{
    if (got == want)
        return 1;
    if (!failure[0])
        snprintf(failure, sizeof(failure), "%s got 0x%lx want 0x%lx", name, got, want);
    return 0;
}

/* The rule after "T=" on this program's command line. */
static void read_filter(void)
{
    l4_kernel_info_t const *kip = l4_kip();
    l4mod_info const *info;
    l4mod_mod const *mod;

    if (!kip || !kip->user_ptr)
        return;
    info = (l4mod_info const *)kip->user_ptr;
    mod = (l4mod_mod const *)info->mods_addr;
    for (unsigned i = 0; i < info->mods_count; i++) {
        char const *word = (char const *)mod[i].cmdline;

        if ((mod[i].flags & 0xff) != L4MOD_ROOT)
            continue;
        while ((word = strchr(word, ' ')) != NULL) {
            word++;
            if (strncmp(word, "T=", 2) == 0) {
                char *end;

                strlcpy(filter, word + 2, sizeof(filter));
                end = strchr(filter, ' ');
                if (end)
                    *end = '\0';
            }
        }
    }
}

int test_run(struct test_case const *cases, unsigned n)
{
    unsigned passed = 0, failed = 0;

    read_filter();
    for (unsigned i = 0; i < n; i++) {
        if (filter[0] && strcmp(filter, cases[i].rule) != 0)
            continue;
        failure[0] = '\0';
        if (test_setup)
            test_setup();
        cases[i].run();
        if (failure[0]) {
            failed++;
            printf("TEST %s %s: FAIL %s\n", cases[i].rule, cases[i].what, failure);
        } else {
            passed++;
            printf("TEST %s %s: ok\n", cases[i].rule, cases[i].what);
        }
    }
    printf("tests: %u passed, %u failed\n", passed, failed);
    return failed != 0;
}
