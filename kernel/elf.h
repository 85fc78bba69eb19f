/* SPDX-License-Identifier: MIT */
/*
 * Reading of ELF64 program files.  Pure: freestanding headers only, compiles on the host.
 */
#ifndef QUIRE_ELF_H
#define QUIRE_ELF_H

#include "types.h"

enum { ELF_MAX_SEGMENTS = 16 };

struct elf_segment {
    u64 paddr;     /* physical target as the file says, before any load offset */
    u64 mem_size;  /* bytes there, above 0 */
    u64 offset;    /* in the file */
    u64 file_size; /* bytes there, at most mem_size; the rest is zero */
};

struct elf_image {
    bool relocatable; /* ET_DYN: any offset may be added to the targets and to the entry (B-11) */
    u64 entry;
    u64 low, high; /* targets of all segments: first byte, end (exclusive) */
    unsigned n_segments;
    struct elf_segment segment[ELF_MAX_SEGMENTS]; /* loadable ones, in file order */
};

/*
 * Check a file of `size` bytes and describe its loadable segments.  NULL: *image is valid, every
 * segment lies in the file, no two overlap, no address wraps around and the entry lies in a
 * segment.  Otherwise the reason, as a phrase to print; *bad_segment is the number of the loadable
 * segment it is about, or -1.
 */
const char *elf_read(const void *file, u64 size, struct elf_image *image, int *bad_segment);

#endif
