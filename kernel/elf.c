/* SPDX-License-Identifier: MIT */
/*
 * Reading of ELF64 program files, see elf.h.
 *
 * Called by boot_load.c for sigma0 and the root task; calls nothing.  Every number in the file is a
 * claim: it is checked before it is used.
 */
#include "elf.h"

struct elf_header {
    u8 magic[4], class, data, ident_version, abi, padding[8];
    u16 type, machine;
    u32 version;
    u64 entry, phoff, shoff;
    u32 flags;
    u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
static_assert(sizeof(struct elf_header) == 64, "ELF64 file header");

struct elf_phdr {
    u32 type, flags;
    u64 offset, vaddr, paddr, file_size, mem_size, align;
};
static_assert(sizeof(struct elf_phdr) == 56, "ELF64 program header");

enum {
    CLASS_64 = 2,
    LITTLE_ENDIAN = 1,
    TYPE_EXEC = 2,
    TYPE_DYN = 3,
    MACHINE_X86_64 = 62,
    PT_LOAD = 1
};

static const char *check_header(const struct elf_header *h, u64 size)
{
    static const u8 magic[4] = {0x7f, 'E', 'L', 'F'};

    for (unsigned i = 0; i < sizeof(magic); i++)
        if (size <= i || h->magic[i] != magic[i])
            return "not an ELF file";
    if (size < sizeof(*h))
        return "truncated ELF file header";
    if (h->class != CLASS_64)
        return "not a 64-bit ELF file";
    if (h->data != LITTLE_ENDIAN)
        return "not a little-endian ELF file";
    if (h->machine != MACHINE_X86_64)
        return "not an ELF file for x86-64";
    if (h->type != TYPE_EXEC && h->type != TYPE_DYN)
        return "not an executable ELF file";
    if (h->phnum == 0)
        return "no program headers";
    if (h->phentsize != sizeof(struct elf_phdr))
        return "program headers of unknown size";
    if (h->phoff > size || (u64)h->phnum * h->phentsize > size - h->phoff)
        return "truncated file: program headers lie outside of it";
    if (h->phoff % 8)
        return "program headers are not aligned";
    return NULL;
}

static const char *check_segment(const struct elf_phdr *p, u64 size)
{
    if (p->file_size > p->mem_size)
        return "is larger in the file than in memory";
    if (p->offset > size || p->file_size > size - p->offset)
        return "lies outside of the file (truncated file?)";
    if (p->paddr + p->mem_size < p->paddr || p->vaddr + p->mem_size < p->vaddr)
        return "wraps around the end of the address space";
    return NULL;
}

static bool overlap(const struct elf_segment *a, const struct elf_segment *b)
{
    return a->paddr < b->paddr + b->mem_size && b->paddr < a->paddr + a->mem_size;
}

static const char *add_segment(struct elf_image *image, const struct elf_phdr *p)
{
    struct elf_segment *s = &image->segment[image->n_segments];

    if (image->n_segments == ELF_MAX_SEGMENTS)
        return "is one too many: at most 16 loadable segments are supported";
    *s = (struct elf_segment){
        .paddr = p->paddr, .mem_size = p->mem_size, .offset = p->offset, .file_size = p->file_size};
    for (unsigned i = 0; i < image->n_segments; i++)
        if (overlap(s, &image->segment[i]))
            return "overlaps an earlier segment of the same file";
    image->low = min_u64(image->low, s->paddr);
    image->high = max_u64(image->high, s->paddr + s->mem_size);
    image->n_segments++;
    return NULL;
}

const char *elf_read(const void *file, u64 size, struct elf_image *image, int *bad_segment)
{
    const struct elf_header *h = file;
    const char *reason = check_header(h, size);
    bool entry_found = false;
    int number = 0;

    *bad_segment = -1;
    if (reason)
        return reason;
    *image = (struct elf_image){.relocatable = h->type == TYPE_DYN, .entry = h->entry, .low = ~0UL};

    const struct elf_phdr *p = (const struct elf_phdr *)((const u8 *)file + h->phoff);
    for (const struct elf_phdr *end = p + h->phnum; p < end; p++) {
        if (p->type != PT_LOAD)
            continue;
        reason = check_segment(p, size);
        if (!reason && p->mem_size)
            reason = add_segment(image, p);
        if (reason) {
            *bad_segment = number;
            return reason;
        }
        entry_found |= h->entry >= p->vaddr && h->entry - p->vaddr < p->mem_size;
        number++;
    }
    if (!image->n_segments)
        return "no loadable segments";
    if (!entry_found)
        return "the entry address lies outside of all segments";
    return NULL;
}
