/* SPDX-License-Identifier: MIT */
/*
 * Reading of the Multiboot information: copies what matters into struct boot_source, because the
 * loader's memory is free memory afterwards.
 *
 * Called by boot.c; calls boot_note_*, boot_keep_text, boot_fail, acpi_search_rsdp.  The structures come from the
 * loader and are trusted as far as their addresses go (the loader wrote the kernel, too), but sizes
 * of lists are limited.
 */
#include "multiboot.h"

#include "acpi.h"
#include "arch.h"
#include "arch_boot.h"
#include "boot.h"
#include "string.h"

/* Longest command line that is looked at, in bytes. */
enum { MAX_TEXT = BOOT_TEXT_SIZE };

static const char *text_at(struct boot_source *src, u32 address)
{
    return address ? boot_keep_text(src, phys_to_virt(address), MAX_TEXT) : "";
}

static struct boot_area area(u64 base, u64 length, u32 type)
{
    u64 end = base + length < base ? ~0UL : base + length;

    return (struct boot_area){base, end,
                              type >= AREA_RAM && type <= AREA_BAD ? type : AREA_RESERVED};
}

/* ---- version 1 ---- */

static void read_mmap1(const struct mb1_info *mb, struct boot_source *src)
{
    const u8 *at = phys_to_virt(mb->mmap), *end = at + mb->mmap_size;

    while (at + sizeof(struct mb1_mmap) <= end) {
        const struct mb1_mmap *m = (const struct mb1_mmap *)at;
        boot_note_area(src, area(m->base, m->length, m->type));
        at += m->size + sizeof(m->size);
    }
}

static void read_info1(u64 info, struct boot_source *src)
{
    const struct mb1_info *mb = phys_to_virt(info);

    src->protocol = "Multiboot 1";
    if (mb->flags & MB1_LOADER)
        src->loader = text_at(src, mb->loader_name);
    if (mb->flags & MB1_CMDLINE)
        src->cmdline = text_at(src, mb->cmdline);
    if (mb->flags & MB1_MMAP) {
        read_mmap1(mb, src);
    } else if (mb->flags & MB1_MEMORY) {
        boot_note_area(src, area(0, (u64)mb->mem_lower << 10, AREA_RAM));
        boot_note_area(src, area(0x100000, (u64)mb->mem_upper << 10, AREA_RAM));
    }
    if (mb->flags & MB1_MODULES) {
        const struct mb1_module *m = phys_to_virt(mb->modules);
        for (u32 i = 0; i < mb->n_modules; i++)
            boot_note_module(
                src, (struct boot_module){m[i].start, m[i].end, text_at(src, m[i].cmdline)});
    }
}

/* ---- version 2 ---- */

static void read_mmap2(const struct mb2_tag *tag, struct boot_source *src)
{
    const struct mb2_mmap *map = (const struct mb2_mmap *)tag->data;
    const u8 *end = (const u8 *)tag + tag->size;

    if (map->entry_size < sizeof(struct mb2_mmap_entry))
        boot_fail("the boot loader's memory map has entries of %u bytes", map->entry_size);
    for (const u8 *at = map->entries; at + map->entry_size <= end; at += map->entry_size) {
        const struct mb2_mmap_entry *m = (const struct mb2_mmap_entry *)at;
        boot_note_area(src, area(m->base, m->length, m->type));
    }
}

static void read_tag(const struct mb2_tag *tag, struct boot_source *src)
{
    u64 size = tag->size - sizeof(*tag);
    const struct mb2_module *m = (const struct mb2_module *)tag->data;

    switch (tag->type) {
    case MB2_CMDLINE:
        src->cmdline = boot_keep_text(src, (const char *)tag->data, size);
        break;
    case MB2_LOADER:
        src->loader = boot_keep_text(src, (const char *)tag->data, size);
        break;
    case MB2_MODULE:
        boot_note_module(src,
                         (struct boot_module){m->start, m->end,
                                              boot_keep_text(src, m->cmdline, size - sizeof(*m))});
        break;
    case MB2_MMAP:
        read_mmap2(tag, src);
        break;
    case MB2_RSDP_OLD:
        if (src->rsdp_copy[0]) /* the new one is better */
            break;
        __attribute__((fallthrough));
    case MB2_RSDP_NEW:
        memset(src->rsdp_copy, 0, sizeof(src->rsdp_copy));
        memcpy(src->rsdp_copy, tag->data, min_u64(size, sizeof(src->rsdp_copy)));
        break;
    }
}

static void read_info2(u64 info, struct boot_source *src)
{
    const struct mb2_info *head = phys_to_virt(info);
    const u8 *at = (const u8 *)(head + 1), *end = (const u8 *)head + head->size;

    src->protocol = "Multiboot 2";
    while (at + sizeof(struct mb2_tag) <= end) {
        const struct mb2_tag *tag = (const struct mb2_tag *)at;
        if (tag->type == MB2_END || tag->size < sizeof(*tag) || tag->size > (u64)(end - at))
            return;
        read_tag(tag, src);
        at += ALIGN_UP(tag->size, 8);
    }
}

void arch_read_loader_info(u32 magic, u64 info, struct boot_source *src)
{
    src->protocol = src->loader = src->cmdline = "";
    if (magic == MB1_LOADER_MAGIC)
        read_info1(info, src);
    else if (magic == MB2_LOADER_MAGIC)
        read_info2(info, src);
    else
        boot_fail("started with the magic number 0x%x, which is neither Multiboot 1 nor 2", magic);
    if (!src->n_areas)
        boot_fail("the boot loader (%s) gave no memory map", src->protocol);
    if (!src->rsdp_copy[0])
        src->rsdp = acpi_search_rsdp();
    if (!*src->loader)
        src->loader = "an unnamed loader";
}
