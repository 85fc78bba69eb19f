/* SPDX-License-Identifier: MIT */
/*
 * Reading of program files.
 *
 * Decides: which ELF files the root task accepts.  Called by load.c; uses string.c only.
 * Invariant: after elf_check() returned null, all segments of the image are inside the file, page
 * disjoint, and inside the part of the address space that programs may use.
 */
#ifndef ROOT_ELF_H
#define ROOT_ELF_H

#include <l4/sys/l4int.h>

enum { ELF_MAX_SEGMENTS = 8 };

/** Address range that programs are linked into; stack and UTCBs lie above. */
#define PROGRAM_LOW 0x10000UL
#define PROGRAM_HIGH 0xa0000000UL

struct elf_segment {
    l4_addr_t vaddr;
    char const *file; /* first byte in the file */
    unsigned long file_size, mem_size;
    unsigned rights; /* L4_FPAGE_* */
};

struct elf_image {
    l4_addr_t entry;
    unsigned n;
    struct elf_segment segment[ELF_MAX_SEGMENTS];
};

/** Read the headers of the file at data; null if all is well, else why not. */
char const *elf_check(struct elf_image *image, char const *data, unsigned long size);

#endif
