/* SPDX-License-Identifier: MIT */
/*
 * The information page as the root task sees it: strings, clocks, memory descriptors, boot modules (rules
 * B-1 ... B-12, B-28).
 *
 * Runs as root task.  Further boot modules have to look as check_module() says.
 */
#include "descs.h"
#include "steps.h"

#include <l4/re/env.h>
#include <l4/sigma0/sigma0.h>
#include <l4/sys/kip.h>
#include <l4/sys/task.h>
#include <quire/io.h>
#include <quire/string.h>

#define USER_TOP 0x7fffffffffffUL
#define KIP_IN_WORKER 0x60000000UL
#define MODULE_AT 0x50000000UL /* in this task, while a module is looked at */

enum { FIRST_GENERIC = 3 }; /* module, behind kernel, sigma0 and root task */
enum { END_OF_STRINGS = 0x900, OFFSET_BYTE = 8 };

static l4_kernel_info_t const *kip;
static struct worker *d;

/* ---- strings ---- */

static int printable(char const *s)
{
    for (; *s; s++)
        if ((*s < ' ' && *s != '\n' && *s != '\033') || *s > '~') /* a version may have colours */
            return 0;
    return 1;
}

/* Byte 8 of the page leads to them: the version, then the features, then an empty one. */
static void where_strings_are(void)
{
    char const *base = (char const *)kip, *s = base + 16UL * (unsigned char)base[OFFSET_BYTE];
    unsigned n = 0;

    expect("as the library finds them", (l4_addr_t)l4_kip_version_string(kip), (l4_addr_t)s);
    expect("behind the descriptors", s >= base + kip->mem_descs + 16UL * kip->mem_descs_num, 1);
    expect("a version", strlen(s) > 4, 1);
    for (; s < base + END_OF_STRINGS && *s; s += strlen(s) + 1) {
        expect("text", (unsigned long)printable(s), 1);
        n++;
    }
    expect("features", n > 2, 1);
    expect("end before the clock's code", s < base + END_OF_STRINGS, 1);
}

static int has_feature(char const *name)
{
    char const *s = l4_kip_version_string(kip);

    l4_kip_for_each_feature(s) if (strcmp(s, name) == 0) return 1;
    return 0;
}

static void kip_strings(void)
{
    char const *s = l4_kip_version_string(kip);

    expect("mapdb", (unsigned long)has_feature("mapdb"), 1);
    expect("abiver:3", (unsigned long)has_feature("abiver:3"), 1);
    l4_kip_for_each_feature(s) continue;
    expect("end of the strings", s < (char const *)kip + 0x900, 1);
}

static void kip_clocks(void)
{
    l4_uint64_t us = l4_kip_clock(kip), ns = l4_kip_clock_ns(kip), word = kip->_clock_val, later;

    expect("not at zero", us > 0, 1);
    expect("nanoseconds", ns / 1000 - us < 500000, 1);
    l4_ipc_sleep_ms(20);
    expect("clock word goes on", kip->_clock_val > word, 1);
    word = kip->_clock_val;
    later = l4_kip_clock(kip);
    expect("goes on", later - us >= 19000, 1);
    expect("clock word is not far behind", later - word < 500000, 1);
}

static void kip_not_writable(void)
{
    l4_fpage_t fp = l4_fpage((l4_addr_t)kip, L4_PAGESHIFT, L4_FPAGE_RWX);

    expect_label("map", l4_error(l4_task_map(d->task, L4_BASE_TASK_CAP, fp, KIP_IN_WORKER)), 0);
    expect("read", (unsigned long)worker_read(d, KIP_IN_WORKER, 0), 1);
    expect("call", (unsigned long)worker_exec(d, KIP_IN_WORKER + L4_KIP_OFFS_READ_US), 1);
    expect("write", (unsigned long)worker_write(d, KIP_IN_WORKER + 0xff8, 1), 0);
}

static void descriptors(void)
{
    expect("RAM", described(kip, l4_mem_type_conventional, 0, 0) >= 16UL << 20, 1);
    expect("user address space", described(kip, l4_mem_type_conventional, 0, 1), USER_TOP + 1);
    expect("hole", described(kip, l4_mem_type_reserved, 0, 1), 0xffff7fffffffffffUL - USER_TOP);
    expect("kernel image", described(kip, l4_mem_type_reserved, l4_mem_reserved_kernel, 0) != 0, 1);
    expect("kernel heap", described(kip, l4_mem_type_reserved, l4_mem_reserved_heap, 0) != 0, 1);
    expect("sigma0", described(kip, l4_mem_type_dedicated, 0, 0) != 0, 1);
    expect("this program", type_at(kip, (l4_addr_t)descriptors), l4_mem_type_bootloader);
}

static l4_kernel_info_mem_desc_t const *desc(unsigned i)
{
    return l4_kernel_info_get_mem_descs(kip) + i;
}

static int is_physical(unsigned i)
{
    return l4_kernel_info_get_mem_desc_type(desc(i)) != l4_mem_type_undefined &&
           !l4_kernel_info_get_mem_desc_is_virtual(desc(i));
}

static int overlap(unsigned i, unsigned k)
{
    return l4_kernel_info_get_mem_desc_start(desc(i)) <= l4_kernel_info_get_mem_desc_end(desc(k)) &&
           l4_kernel_info_get_mem_desc_start(desc(k)) <= l4_kernel_info_get_mem_desc_end(desc(i));
}

/* RAM is the ground, and what is something else stands behind it and so holds. */
static void order_of_descriptors(void)
{
    unsigned n = l4_kernel_info_get_num_mem_descs(kip), holes = 0;

    for (unsigned i = 0; i < n; i++)
        for (unsigned k = 0; k < n; k++)
            if (is_physical(i) && is_physical(k) && overlap(i, k) &&
                l4_kernel_info_get_mem_desc_type(desc(i)) == l4_mem_type_conventional &&
                l4_kernel_info_get_mem_desc_type(desc(k)) != l4_mem_type_conventional) {
                expect("the other one comes later", k > i, 1);
                holes++;
            }
    expect("holes in the RAM", holes > 2, 1);
}

/* What the virtual descriptor says can be mapped, from its first page to its last. */
static void user_range(void)
{
    l4_fpage_t page = l4_fpage((l4_addr_t)user_range, L4_PAGESHIFT, L4_FPAGE_RX);
    l4_addr_t last = USER_TOP & L4_PAGEMASK;
    unsigned found = 0;

    for (unsigned i = 0; i < l4_kernel_info_get_num_mem_descs(kip); i++)
        if (l4_kernel_info_get_mem_desc_type(desc(i)) == l4_mem_type_conventional &&
            l4_kernel_info_get_mem_desc_is_virtual(desc(i))) {
            expect("start", l4_kernel_info_get_mem_desc_start(desc(i)), 0);
            expect("end", l4_kernel_info_get_mem_desc_end(desc(i)), USER_TOP);
            found++;
        }
    expect("virtual descriptors", found, 1);
    expect_label("map", l4_error(l4_task_map(d->task, L4_BASE_TASK_CAP, page, 0)), 0);
    expect_label("map", l4_error(l4_task_map(d->task, L4_BASE_TASK_CAP, page, last)), 0);
    expect("first page", (unsigned long)worker_read(d, 0, 0), 1);
    expect("last page", (unsigned long)worker_read(d, last + L4_PAGESIZE - sizeof(long), 0), 1);
}

/* ---- modules ---- */

static l4mod_info const *modules(void) { return (l4mod_info const *)kip->user_ptr; }

static l4mod_mod const *module(unsigned i) { return (l4mod_mod const *)modules()->mods_addr + i; }

/* The last part of its path; length of the name in *n. */
static char const *name_of(l4mod_mod const *mod, unsigned *n)
{
    char const *name = (char const *)mod->cmdline, *s = name;

    for (; *s && *s != ' '; s++)
        if (*s == '/')
            name = s + 1;
    *n = (unsigned)(s - name);
    return name;
}

/*
 * On pages of its own, which sigma0 gives when they are asked for by their address, and complete: it begins
 * with its name and ends with Z.
 */
static void check_module(l4mod_mod const *mod)
{
    l4_umword_t size = mod->mod_end - mod->mod_start, span = l4_round_page(size);
    unsigned char const *data = (unsigned char const *)MODULE_AT;
    unsigned n;
    char const *name = name_of(mod, &n);

    expect("starts on a page", mod->mod_start & (L4_PAGESIZE - 1), 0);
    for (l4_addr_t page = 0; page < span; page += L4_PAGESIZE)
        if (!expect_label("sigma0 gives it",
                          l4sigma0_map_mem(L4_BASE_PAGER_CAP, mod->mod_start + page,
                                           MODULE_AT + page, L4_PAGESIZE),
                          0))
            return;
    expect("first bytes", (unsigned long)strncmp((char const *)data, name, n), 0);
    expect("last byte", data[size - 1], (unsigned long)'Z');
    for (; size < span; size++)
        expect("rest of the page", data[size], 0);
    for (l4_addr_t page = 0; page < span; page += L4_PAGESIZE)
        l4_task_unmap(L4_BASE_TASK_CAP, l4_fpage(MODULE_AT + page, L4_PAGESHIFT, L4_FPAGE_RWX),
                      L4_FP_ALL_SPACES);
}

static void order_of_modules(void)
{
    unsigned n;

    expect("number", modules()->mods_count >= FIRST_GENERIC, 1);
    expect("kernel", module(0)->flags, L4MOD_KERNEL);
    expect("sigma0", module(1)->flags, L4MOD_SIGMA0);
    expect("root task", module(2)->flags, L4MOD_ROOT);
    printf("t_kip: modules");
    for (unsigned i = FIRST_GENERIC; i < modules()->mods_count; i++) {
        char const *name = name_of(module(i), &n);

        printf(" %.*s", (int)n, name);
        expect("generic", module(i)->flags, L4MOD_GENERIC);
    }
    printf("\n");
}

static void generic_modules(void)
{
    for (unsigned i = FIRST_GENERIC; i < modules()->mods_count; i++) {
        check_module(module(i));
        for (unsigned k = FIRST_GENERIC; k < i; k++)
            expect("apart from each other",
                   module(k)->mod_end <= module(i)->mod_start ||
                       module(i)->mod_end <= module(k)->mod_start,
                   1);
    }
}

/* The structure itself: in memory that is the root task's from the start, with its strings. */
static void module_structure(void)
{
    l4_addr_t first = kip->user_ptr;

    expect("structure", type_at(kip, first), l4_mem_type_bootloader);
    expect("entries", type_at(kip, modules()->mods_addr), l4_mem_type_bootloader);
    for (unsigned i = 0; i < modules()->mods_count; i++) {
        char const *text = (char const *)module(i)->cmdline;

        expect("string", type_at(kip, (l4_addr_t)text), l4_mem_type_bootloader);
        expect("name", *text != 0 && printable(text), 1);
        expect("end", module(i)->mod_end >= module(i)->mod_start, 1);
    }
    *(volatile l4_umword_t *)first = *(volatile l4_umword_t *)first; /* it may be written, too */
}

static struct test_case const cases[] = {
    {"B-2", "where the strings are", where_strings_are},
    {"B-3", "version and feature strings", kip_strings},
    {"B-1", "both clock functions and the clock word", kip_clocks},
    {"B-1", "the page is readable and executable, not writable", kip_not_writable},
    {"B-5", "order of the memory descriptors", order_of_descriptors},
    {"B-6", "memory descriptors", descriptors},
    {"B-7", "the address range of users", user_range},
    {"B-10", "order of the boot modules", order_of_modules},
    {"B-12", "further modules are complete, on pages of their own", generic_modules},
    {"B-28", "module structure", module_structure},
};

int main(void)
{
    kip = l4_kip();
    d = worker_new(1);
    return TEST_RUN(cases);
}
