/* SPDX-License-Identifier: MIT */
/*
 * Checks of ELF64 program files, see elf.h.  Every number of the file is checked before use.
 */
#include "elf.h"

#include <l4/sys/__l4_fpage.h>
#include <quire/string.h>

struct elf_header {
    unsigned char ident[16];
    l4_uint16_t type, machine;
    l4_uint32_t version;
    l4_uint64_t entry, phoff, shoff;
    l4_uint32_t flags;
    l4_uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_program_header {
    l4_uint32_t type, flags;
    l4_uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

_Static_assert(sizeof(struct elf_header) == 64, "ELF header");
_Static_assert(sizeof(struct elf_program_header) == 56, "ELF program header");

enum {
    ELF_CLASS64 = 2,
    ELF_LITTLE_ENDIAN = 1,
    ELF_TYPE_EXEC = 2,
    ELF_MACHINE_X86_64 = 62,
    ELF_PT_LOAD = 1,
    ELF_X = 1,
    ELF_W = 2,
    ELF_R = 4,
};

static char const *check_header(struct elf_header const *h, unsigned long size)
{
    if (size == 0)
        return "the file is empty";
    if (size < 4 || memcmp(h->ident, "\177ELF", 4) != 0)
        return "not an ELF file";
    if (size < sizeof(*h))
        return "truncated ELF file header";
    if (h->ident[4] != ELF_CLASS64)
        return "not a 64-bit ELF file";
    if (h->ident[5] != ELF_LITTLE_ENDIAN)
        return "not a little-endian ELF file";
    if (h->machine != ELF_MACHINE_X86_64)
        return "not an ELF file for x86-64";
    if (h->type != ELF_TYPE_EXEC)
        return "not an executable linked to a fixed address";
    if (h->phnum == 0)
        return "no program headers";
    if (h->phentsize != sizeof(struct elf_program_header))
        return "program headers of unknown size";
    if (h->phoff > size || h->phnum > (size - h->phoff) / sizeof(struct elf_program_header))
        return "truncated file: program headers lie outside of it";
    return 0;
}

static unsigned rights_of(l4_uint32_t flags)
{
    unsigned rights = L4_FPAGE_RO;

    if (flags & ELF_W)
        rights |= L4_FPAGE_W;
    if (flags & ELF_X)
        rights |= L4_FPAGE_X;
    return rights;
}

static char const *add_segment(struct elf_image *image, struct elf_program_header const *p,
                               char const *data, unsigned long size)
{
    struct elf_segment *s = &image->segment[image->n];
    l4_addr_t first, last;

    if (p->filesz > p->memsz)
        return "a segment is larger in the file than in memory";
    if (p->offset > size || p->filesz > size - p->offset)
        return "truncated file: a segment lies outside of it";
    if (p->vaddr + p->memsz < p->vaddr)
        return "a segment wraps around the end of the address space";
    if (p->vaddr < PROGRAM_LOW || p->vaddr >= PROGRAM_HIGH || p->memsz > PROGRAM_HIGH - p->vaddr)
        return "a segment lies outside of the addresses for programs";
    if (image->n == ELF_MAX_SEGMENTS)
        return "too many segments";
    first = l4_trunc_page(p->vaddr);
    last = l4_round_page(p->vaddr + p->memsz) - 1;
    for (unsigned i = 0; i < image->n; i++) {
        struct elf_segment const *o = &image->segment[i];

        if (first < l4_round_page(o->vaddr + o->mem_size) && l4_trunc_page(o->vaddr) <= last)
            return "segments overlap";
    }
    *s = (struct elf_segment){
        .vaddr = p->vaddr,
        .file = data + p->offset,
        .file_size = p->filesz,
        .mem_size = p->memsz,
        .rights = rights_of(p->flags),
    };
    image->n++;
    return 0;
}

static char const *check_entry(struct elf_image const *image)
{
    for (unsigned i = 0; i < image->n; i++) {
        struct elf_segment const *s = &image->segment[i];

        if ((s->rights & L4_FPAGE_X) && image->entry >= s->vaddr &&
            image->entry < s->vaddr + s->mem_size)
            return 0;
    }
    return "the entry address lies outside of all executable segments";
}

char const *elf_check(struct elf_image *image, char const *data, unsigned long size)
{
    struct elf_header const *h = (struct elf_header const *)data;
    struct elf_program_header const *p;
    char const *why = check_header(h, size);

    if (why)
        return why;
    image->n = 0;
    image->entry = h->entry;
    for (unsigned i = 0; i < h->phnum; i++) {
        struct elf_program_header copy;

        /* Copied, as nothing says that the table is aligned. */
        p = (struct elf_program_header const *)(data + h->phoff) + i;
        memcpy(&copy, p, sizeof(copy));
        if (copy.type != ELF_PT_LOAD || copy.memsz == 0)
            continue;
        why = add_segment(image, &copy, data, size);
        if (why)
            return why;
    }
    if (image->n == 0)
        return "no loadable segments";
    return check_entry(image);
}
