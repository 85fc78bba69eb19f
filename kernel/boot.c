/* SPDX-License-Identifier: MIT */
/*
 * Booting: lays out physical memory, fills the KIP, fills boot_info, starts the kernel.
 *
 * Called by boot.asm on the early page tables (the low 4 GiB are in the direct map), interrupts
 * off.  Calls the machine (arch_boot.h), boot_load.c and at last kernel_main().
 *
 * Two cases: Multiboot, where the modules have to be loaded here, and L4Re's bootstrap, which has
 * loaded them and described the machine in the KIP (B-27, B-28).  Whatever is wrong with the input
 * ends in boot_fail().
 */
#include "boot.h"

#include "arch.h"
#include "arch_boot.h"
#include "kip.h"
#include "panic.h"
#include "print.h"
#include "string.h"

#define MIB (1UL << 20)
#define GIB (1UL << 30)

/* The early page tables reach this far. */
#define EARLY_LIMIT (4 * GIB)
/* The direct map has room for more, but no such machine is known. */
#define PHYS_LIMIT (1UL << 46)
#define MIN_RAM (12 * MIB)
#define MIN_HEAP (4 * MIB)
#define MAX_HEAP GIB
#define HEAP_ALIGN (2 * MIB)

/* Of the 64 descriptors: limits for what a fragmented machine could use up. */
enum { MAX_RAM_DESCS = 24, KEEP_DESCS = 20 };

struct boot_info boot_info;

static struct boot_source source;
static struct boot_layout layout;

void boot_fail(const char *fmt, ...)
{
    va_list args;

    kprintf("quire: error: ");
    va_start(args, fmt);
    kvprintf(fmt, args);
    va_end(args);
    kprintf("\n");
    arch_exit(EXIT_REFUSED);
}

/* ---- what the loader said ---- */

const char *boot_keep_text(struct boot_source *src, const char *text, u64 max)
{
    u64 len = strnlen(text, max);
    char *copy = src->text + src->text_used;

    if (len >= BOOT_TEXT_SIZE - src->text_used)
        boot_fail("command lines are too long: at most %u bytes in all", BOOT_TEXT_SIZE);
    memcpy(copy, text, len);
    copy[len] = 0;
    src->text_used += (unsigned)len + 1;
    return copy;
}

void boot_note_area(struct boot_source *src, struct boot_area area)
{
    if (src->n_areas == BOOT_MAX_AREAS)
        boot_fail("the memory map has more than %u entries", BOOT_MAX_AREAS);
    if (area.base < area.end)
        src->area[src->n_areas++] = area;
}

void boot_note_module(struct boot_source *src, struct boot_module module)
{
    if (src->n_modules == BOOT_MAX_MODULES)
        boot_fail("more than %u modules", BOOT_MAX_MODULES);
    src->module[src->n_modules++] = module;
}

/* ---- memory layout ---- */

u64 boot_take(struct boot_layout *mem, u64 size, u64 align, const char *what)
{
    u64 base;

    size = ALIGN_UP(size, PAGE_SIZE);
    base = range_find_top(&mem->free, size, max_u64(align, PAGE_SIZE), EARLY_LIMIT);
    if (base == RANGE_NONE)
        boot_fail(
            "too little memory: no %lu KiB in one piece for %s (%lu MiB of RAM, %lu MiB free)",
            size >> 10, what, range_total(&mem->ram) >> 20, range_total(&mem->free) >> 20);
    range_remove(&mem->free, base, base + size);
    return base;
}

/* Add the areas of RAM to a set of RAM, in whole pages. */
static void add_ram(const struct boot_source *src, struct range_set *set)
{
    for (const struct boot_area *a = src->area; a < src->area + src->n_areas; a++)
        if (a->type == AREA_RAM)
            range_add(set, ALIGN_UP(a->base, PAGE_SIZE), ALIGN_DOWN(a->end, PAGE_SIZE));
}

/* Remove every page that another area has a part of: what areas contradict each other on is not RAM. */
static void remove_others(const struct boot_source *src, struct range_set *set)
{
    for (const struct boot_area *a = src->area; a < src->area + src->n_areas; a++)
        if (a->type != AREA_RAM)
            range_remove(set, ALIGN_DOWN(a->base, PAGE_SIZE), ALIGN_UP(a->end, PAGE_SIZE));
}

/* Choose what the boot code may use: RAM without the image and without the firmware's first MiB. */
static void find_free(struct boot_layout *mem)
{
    u64 total;

    range_remove(&mem->ram, PHYS_LIMIT, ~0UL);
    total = range_total(&mem->ram);
    if (total < MIN_RAM)
        boot_fail("too little memory: %lu KiB of RAM, at least %lu MiB are needed", total >> 10,
                  MIN_RAM / MIB);
    boot_info.phys_top = mem->ram.r[mem->ram.n - 1].end;

    mem->free = mem->ram;
    range_remove(&mem->free, 0, MIB);
    range_remove(&mem->free, arch_image_start(), arch_image_end());
}

void boot_own(u64 base, u64 end)
{
    CHECK(boot_info.n_owned < ARRAY_SIZE(boot_info.kernel_owned));
    boot_info.kernel_owned[boot_info.n_owned++] = (struct phys_range){base, end - base};
}

static void add_heap(struct boot_layout *mem, u64 base, u64 size)
{
    range_remove(&mem->free, base, base + size);
    boot_info.heap[boot_info.n_heap++] = (struct phys_range){base, size};
    boot_own(base, base + size);
}

/* The largest free piece below 4 GiB; size 0: none. */
static struct phys_range largest_free(const struct boot_layout *mem)
{
    struct phys_range best = {0, 0};

    for (unsigned i = 0; i < mem->free.n; i++) {
        const struct range *r = &mem->free.r[i];
        u64 end = min_u64(r->end, EARLY_LIMIT);
        if (end > r->base && end - r->base > best.size)
            best = (struct phys_range){r->base, end - r->base};
    }
    return best;
}

/*
 * The kernel heap: an eighth of the RAM, as high as possible below 4 GiB, in one piece if
 * possible.  Fiasco takes its heap in the same way (src/kern/kmem_alloc.cpp), also from several
 * pieces.
 */
static void take_heap(struct boot_layout *mem)
{
    u64 want = range_total(&mem->ram) / 8, base, got = 0;

    want = ALIGN_DOWN(min_u64(max_u64(want, MIN_HEAP), MAX_HEAP), HEAP_ALIGN);
    base = range_find_top(&mem->free, want, HEAP_ALIGN, EARLY_LIMIT);
    if (base != RANGE_NONE) {
        add_heap(mem, base, want);
        return;
    }
    while (got < want && boot_info.n_heap < ARRAY_SIZE(boot_info.heap)) {
        struct phys_range piece = largest_free(mem);
        u64 size = min_u64(piece.size, want - got);
        if (!size)
            break;
        add_heap(mem, piece.base + piece.size - size, size);
        got += size;
    }
    if (got < MIN_HEAP)
        boot_fail("too little memory: only %lu KiB are left for the kernel, %lu KiB are needed "
                  "(%lu MiB of RAM)",
                  got >> 10, MIN_HEAP >> 10, range_total(&mem->ram) >> 20);
}

/* ---- KIP ---- */

static void describe(u32 type_word, u64 base, u64 end)
{
    if (!kip_add_mem(type_word, base, end - 1))
        boot_fail("memory is in too many pieces: the KIP has room for %u descriptors",
                  (unsigned)ARRAY_SIZE(kip_page.mem_desc));
}

static void describe_set(u32 type_word, const struct range_set *set)
{
    for (unsigned i = 0; i < set->n; i++)
        describe(type_word, set->r[i].base, set->r[i].end);
}

/* RAM first (B-5).  Of very many pieces the smallest are not used. */
static void describe_ram(const struct boot_layout *mem)
{
    struct range_set ram = mem->ram;

    while (ram.n > MAX_RAM_DESCS) {
        struct range least = ram.r[0];
        for (unsigned i = 1; i < ram.n; i++)
            if (ram.r[i].end - ram.r[i].base < least.end - least.base)
                least = ram.r[i];
        kprintf("quire: memory is in many pieces: 0x%lx-0x%lx is not used\n", least.base,
                least.end);
        range_remove(&ram, least.base, least.end);
    }
    describe_set(KIP_MEM_RAM, &ram);
}

/* The firmware's areas, as bootstrap describes them.  No RAM: leaving one out harms nobody. */
static void describe_firmware(const struct boot_source *src)
{
    struct range_set set;

    describe(kip_type(KIP_MEM_ARCH, 0), 0, PAGE_SIZE);
    for (u32 type = AREA_RESERVED; type <= AREA_ACPI_NVS; type++) {
        set.n = 0;
        for (unsigned i = 0; i < src->n_areas; i++)
            if (src->area[i].type == type)
                range_add(&set, src->area[i].base, src->area[i].end);
        for (unsigned i = 0; i < set.n && kip_mem_left() > KEEP_DESCS; i++)
            describe(kip_type(KIP_MEM_ARCH, type), set.r[i].base, set.r[i].end);
    }
}

static void describe_kernel(void)
{
    for (unsigned i = 0; i < boot_info.n_heap; i++)
        describe(kip_type(KIP_MEM_RESERVED, KIP_RESERVED_HEAP), boot_info.heap[i].base,
                 boot_info.heap[i].base + boot_info.heap[i].size);
    if (!kip_add_virtual())
        boot_fail(
            "memory is in too many pieces: no KIP descriptor is left for the user address space");
}

static void fill_kip(const struct boot_source *src, const struct boot_layout *mem)
{
    describe_ram(mem);
    describe_firmware(src);
    describe(kip_type(KIP_MEM_RESERVED, KIP_RESERVED_IMAGE), arch_image_start(), arch_image_end());
    describe_set(KIP_MEM_DEDICATED, &mem->sigma0);
    describe_set(kip_type(KIP_MEM_BOOTLOADER, KIP_BOOT_RWX), &mem->root);
    describe(kip_type(KIP_MEM_BOOTLOADER, KIP_BOOT_RWX), mem->module_info,
             mem->module_info + mem->module_info_size);
    describe_set(kip_type(KIP_MEM_BOOTLOADER, 0), &mem->modules);
    describe_kernel();
    kip_page.sigma0_entry = boot_info.sigma0_entry;
    kip_page.root_entry = boot_info.root_entry;
    kip_page.modules = mem->module_info;
    kip_page.rsdp = boot_info.rsdp;
}

/* ---- the two cases ---- */

static void boot_multiboot(u32 magic, u64 info)
{
    arch_read_loader_info(magic, info, &source);
    kprintf("quire: loaded by %s (%s), %u modules\n", source.loader, source.protocol,
            source.n_modules);
    boot_info.cmdline = source.cmdline;
    boot_info.rsdp = source.rsdp;
    add_ram(&source, &layout.ram);
    remove_others(&source, &layout.ram);
    /* The first page has the firmware's data, and address 0 is too good at hiding bugs. */
    range_remove(&layout.ram, 0, PAGE_SIZE);
    find_free(&layout);
    boot_plan_modules(&source, &layout);
    take_heap(&layout);
    boot_load_modules(&source, &layout);
    fill_kip(&source, &layout);
}

/* bootstrap wrote the descriptors; the kernel adds what it takes itself. */
static void boot_bootstrap(void)
{
    kprintf("quire: loaded by bootstrap\n");
    for (unsigned i = 0; i < ARRAY_SIZE(kip_page.mem_desc); i++) {
        const struct kip_mem_desc *d = &kip_page.mem_desc[i];
        u32 type = d->start & KIP_MEM_TYPE_MASK;

        if (type != KIP_MEM_UNUSED && type != KIP_MEM_INFO && !(d->start & KIP_MEM_VIRTUAL))
            boot_note_area(&source,
                           (struct boot_area){ALIGN_DOWN(d->start, KIP_MEM_GRANULE),
                                              (d->last | (KIP_MEM_GRANULE - 1)) + 1,
                                              type == KIP_MEM_RAM ? AREA_RAM : AREA_RESERVED});
    }
    add_ram(&source, &layout.ram);
    find_free(&layout);
    remove_others(&source, &layout.free); /* RAM that is in use already (B-5) */
    take_heap(&layout);
    describe_kernel();
    boot_info.sigma0_entry = kip_page.sigma0_entry;
    boot_info.root_entry = kip_page.root_entry;
    boot_info.rsdp = kip_page.rsdp;
    boot_info.cmdline = "";
    if (!boot_info.sigma0_entry)
        boot_fail("the KIP names no sigma0 entry address");
}

void boot_entry(u32 magic, u64 info)
{
    u64 heap = 0;

    arch_console_init();
    kprintf("quire: Quire 0.1, a microkernel for x86-64\n");
    arch_cpu_detect();
    boot_own(arch_image_start(), arch_kip_phys()); /* the KIP page is for everyone (B-18) */
    boot_own(arch_kip_phys() + PAGE_SIZE, arch_image_end());
    if (magic)
        boot_multiboot(magic, info);
    else
        boot_bootstrap();
    for (unsigned i = 0; i < boot_info.n_heap; i++)
        heap += boot_info.heap[i].size;
    arch_map_kernel(&layout.ram);
    kprintf("quire: %lu MiB of RAM, %lu MiB of it for the kernel; processor:",
            range_total(&layout.ram) >> 20, heap >> 20);
    arch_cpu_print();
    kernel_main();
}
