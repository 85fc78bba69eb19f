/* SPDX-License-Identifier: MIT */
/*
 * Loading of sigma0 and the root task, and what becomes of the other modules, as L4Re's bootstrap
 * does it (B-10 to B-12, boot ABI section 4).
 *
 * Called by boot.c between finding memory and filling the KIP; calls elf.c and boot_mem.c.
 * Invariants: what is written to was claimed before (removed from mem->free), and no claimed range
 * overlaps the kernel image, another program, or a module that is still needed.
 */
#include "arch.h"
#include "arch_boot.h"
#include "boot.h"
#include "elf.h"
#include "string.h"

#define EARLY_LIMIT (1UL << 32)

/* Module structure for user space; the flags tell what a module is. */
enum { MODULE_GENERIC = 0, MODULE_KERNEL = 1, MODULE_SIGMA0 = 2, MODULE_ROOT = 3 };

struct module_entry {
    u64 flags, start, end, cmdline;
};
struct module_info {
    u64 flags, cmdline, entries;
    u32 n_entries, reserved;
    u64 vbe_controller, vbe_mode;
    struct module_entry entry[];
};
static_assert(sizeof(struct module_info) == 0x30, "module structure");
static_assert(sizeof(struct module_entry) == 0x20, "module structure");

/* The two programs that the kernel starts. */
enum { SIGMA0, ROOT, N_PROGRAMS };
static const char *const role[N_PROGRAMS] = {"sigma0", "root task"};
static struct elf_image image[N_PROGRAMS];
static u64 offset[N_PROGRAMS]; /* added to all addresses of a relocatable program */

static struct range page_span(const struct elf_segment *s, u64 add)
{
    return (struct range){ALIGN_DOWN(s->paddr + add, PAGE_SIZE),
                          ALIGN_UP(s->paddr + add + s->mem_size, PAGE_SIZE)};
}

static bool overlap(struct range a, struct range b) { return a.base < b.end && b.base < a.end; }

/* "module 1 (root.elf)": the number behind the kernel and the last part of the file's path. */
static const char *module_name(const struct boot_source *src, unsigned n, unsigned *length)
{
    const char *name = src->module[n].cmdline, *s = name;

    for (; *s && *s != ' '; s++)
        if (*s == '/')
            name = s + 1;
    *length = (unsigned)(s - name);
    if (*length)
        return name;
    *length = 7;
    return "no name";
}

/* Fail the boot because of a file; segment -1: the reason is about the file as a whole. */
static _Noreturn void refuse(const struct boot_source *src, unsigned n, int segment,
                             const char *reason)
{
    unsigned len;
    const char *name = module_name(src, n, &len);

    if (segment < 0)
        boot_fail("module %u (%.*s): %s", n, (int)len, name, reason);
    boot_fail("module %u (%.*s): segment %d %s", n, (int)len, name, segment, reason);
}

/* What is in the way of the pages of a segment, as a phrase; NULL: nothing. */
static const char *obstacle(const struct boot_layout *mem, unsigned n, struct range span)
{
    if (overlap(span, (struct range){arch_image_start(), arch_image_end()}))
        return "overlaps the kernel";
    if (span.end > EARLY_LIMIT)
        return "lies above 4 GiB";
    if (!range_contains(&mem->ram, span.base, span.end))
        return "lies outside of the RAM";
    for (unsigned i = 0; n == ROOT && !image[SIGMA0].relocatable && i < image[SIGMA0].n_segments;
         i++)
        if (overlap(span, page_span(&image[SIGMA0].segment[i], 0)))
            return "overlaps sigma0";
    return NULL;
}

/* Claim the targets of a program that cannot be moved. */
static void claim_targets(const struct boot_source *src, struct boot_layout *mem, unsigned n)
{
    for (unsigned i = 0; i < image[n].n_segments; i++) {
        const struct elf_segment *s = &image[n].segment[i];
        struct range span = page_span(s, 0);
        const char *reason = obstacle(mem, n, span);
        unsigned len;

        if (reason) {
            const char *name = module_name(src, n, &len);
            boot_fail("module %u (%.*s): segment %u at 0x%lx, %lu bytes, %s (kernel: 0x%lx-0x%lx)",
                      n, (int)len, name, i, s->paddr, s->mem_size, reason, arch_image_start(),
                      arch_image_end() - 1);
        }
        range_remove(&mem->free, span.base, span.end);
    }
}

void boot_plan_modules(struct boot_source *src, struct boot_layout *mem)
{
    for (unsigned n = 0; n < N_PROGRAMS; n++) {
        const struct boot_module *m = &src->module[n];
        const char *reason;
        int segment;

        if (n >= src->n_modules)
            boot_fail("module %u (%s) is missing: the modules after the kernel must be sigma0, the "
                      "root task, others",
                      n, role[n]);
        if (m->start >= m->end)
            refuse(src, n, -1, "the file is empty");
        reason = elf_read(phys_to_virt(m->start), m->end - m->start, &image[n], &segment);
        if (reason)
            refuse(src, n, segment, reason);
        if (!image[n].relocatable)
            claim_targets(src, mem, n);
    }
    for (unsigned n = 0; n < src->n_modules; n++)
        range_remove(&mem->free, ALIGN_DOWN(src->module[n].start, PAGE_SIZE),
                     ALIGN_UP(src->module[n].end, PAGE_SIZE));
}

/* Choose a place for a relocatable program, and note the pages of any program. */
static void place_program(struct boot_layout *mem, unsigned n, struct range_set *taken)
{
    if (image[n].relocatable) {
        u64 low = ALIGN_DOWN(image[n].low, PAGE_SIZE);
        offset[n] = boot_take(mem, image[n].high - low, PAGE_SIZE, role[n]) - low;
    }
    for (unsigned i = 0; i < image[n].n_segments; i++) {
        struct range span = page_span(&image[n].segment[i], offset[n]);
        range_add(taken, span.base, span.end);
    }
}

static bool in_the_way(const struct boot_module *m, const struct range_set *taken)
{
    for (unsigned i = 0; i < taken->n; i++)
        if (overlap((struct range){m->start, m->end}, taken->r[i]))
            return true;
    return false;
}

/* Modules move if a program needs their memory or if they do not start on a page of their own. */
static void move_modules(struct boot_source *src, struct boot_layout *mem)
{
    for (unsigned n = 0; n < src->n_modules; n++) {
        struct boot_module *m = &src->module[n];
        u64 size = m->end - m->start, to;

        if (m->start >= m->end)
            continue;
        if (m->start % PAGE_SIZE || in_the_way(m, &mem->sigma0) || in_the_way(m, &mem->root)) {
            to = boot_take(mem, size, PAGE_SIZE, "a module");
            memmove(phys_to_virt(to), phys_to_virt(m->start), size);
            m->start = to;
            m->end = to + size;
        }
        if (n >= N_PROGRAMS) {
            /* The rest of the last page goes to user space with it. */
            memset(phys_to_virt(m->end), 0, ALIGN_UP(m->end, PAGE_SIZE) - m->end);
            range_add(&mem->modules, m->start, ALIGN_UP(m->end, PAGE_SIZE));
        }
    }
}

static void load_program(const struct boot_source *src, unsigned n, const struct range_set *taken)
{
    for (unsigned i = 0; i < taken->n; i++)
        memset(phys_to_virt(taken->r[i].base), 0, taken->r[i].end - taken->r[i].base);
    for (unsigned i = 0; i < image[n].n_segments; i++) {
        const struct elf_segment *s = &image[n].segment[i];
        memcpy(phys_to_virt(s->paddr + offset[n]), phys_to_virt(src->module[n].start + s->offset),
               s->file_size);
    }
}

/* Append a string at *at, which moves behind it; returns its physical address. */
static u64 put_text(u64 *at, const char *text)
{
    u64 here = *at, size = strlen(text) + 1;

    memcpy(phys_to_virt(here), text, size);
    *at = here + size;
    return here;
}

static struct module_entry describe_module(const struct boot_source *src, unsigned n, u64 cmdline)
{
    static const u8 flags[N_PROGRAMS] = {MODULE_SIGMA0, MODULE_ROOT};
    const struct boot_module *m = &src->module[n];

    if (n >= N_PROGRAMS)
        return (struct module_entry){MODULE_GENERIC, m->start, m->end, cmdline};
    /* The file's memory is free again: an empty range where the program was loaded. */
    return (struct module_entry){flags[n], image[n].low + offset[n], image[n].low + offset[n],
                                 cmdline};
}

/* One region: structure, entries (kernel first), ACPI root pointer if need be, strings. */
static void build_module_info(const struct boot_source *src, struct boot_layout *mem)
{
    u32 n_entries = src->n_modules + 1;
    u64 fixed =
        sizeof(struct module_info) + n_entries * sizeof(struct module_entry) + BOOT_RSDP_SIZE;
    u64 size = ALIGN_UP(fixed + src->text_used + n_entries, PAGE_SIZE);
    u64 base = boot_take(mem, size, PAGE_SIZE, "the module structure");
    u64 at = base + fixed;
    struct module_info *info = phys_to_virt(base);

    memset(info, 0, size);
    info->cmdline = put_text(&at, src->cmdline);
    info->entries = base + sizeof(*info);
    info->n_entries = n_entries;
    info->entry[0] =
        (struct module_entry){MODULE_KERNEL, arch_image_start(), arch_image_start(), info->cmdline};
    for (unsigned n = 0; n < src->n_modules; n++)
        info->entry[n + 1] = describe_module(src, n, put_text(&at, src->module[n].cmdline));

    if (!boot_info.rsdp && src->rsdp_copy[0]) {
        boot_info.rsdp = base + fixed - BOOT_RSDP_SIZE;
        memcpy(phys_to_virt(boot_info.rsdp), src->rsdp_copy, BOOT_RSDP_SIZE);
    }
    mem->module_info = base;
    mem->module_info_size = size;
}

void boot_load_modules(struct boot_source *src, struct boot_layout *mem)
{
    place_program(mem, SIGMA0, &mem->sigma0);
    place_program(mem, ROOT, &mem->root);
    move_modules(src, mem);
    load_program(src, SIGMA0, &mem->sigma0);
    load_program(src, ROOT, &mem->root);
    build_module_info(src, mem);
    boot_info.sigma0_entry = image[SIGMA0].entry + offset[SIGMA0];
    boot_info.root_entry = image[ROOT].entry + offset[ROOT];
}
