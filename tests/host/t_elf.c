/* SPDX-License-Identifier: MIT */
/* sources: kernel/elf.c */
/*
 * The kernel's reader of program files: one good file, then everything that can be wrong with it, and random damage.
 * Each file is in memory of exactly its size, so that the address sanitizer sees a read outside.
 */
#include "elf.h"

#include <elf.h>

#include "test.h"

enum { SEGMENTS = 2, FILE_SIZE = sizeof(Elf64_Ehdr) + SEGMENTS * sizeof(Elf64_Phdr) + 32 };

struct file {
    Elf64_Ehdr head;
    Elf64_Phdr segment[SEGMENTS];
    u8 body[32];
};
static_assert(sizeof(struct file) == FILE_SIZE, "no gaps");

static struct file good(void)
{
    struct file f = {
        .head = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                 .e_type = ET_EXEC,
                 .e_machine = EM_X86_64,
                 .e_version = EV_CURRENT,
                 .e_entry = 0x200004,
                 .e_phoff = sizeof(Elf64_Ehdr),
                 .e_ehsize = sizeof(Elf64_Ehdr),
                 .e_phentsize = sizeof(Elf64_Phdr),
                 .e_phnum = SEGMENTS},
    };
    for (unsigned i = 0; i < SEGMENTS; i++)
        f.segment[i] = (Elf64_Phdr){.p_type = PT_LOAD,
                                    .p_offset = FILE_SIZE - 32 + i * 16,
                                    .p_vaddr = 0x200000 + i * 0x1000,
                                    .p_paddr = 0x200000 + i * 0x1000,
                                    .p_filesz = 16,
                                    .p_memsz = 0x800};
    return f;
}

/* Read the first `size` bytes; returns the reason. */
static const char *read_part(const struct file *f, size_t size, struct elf_image *image,
                             int *segment)
{
    void *copy = malloc(size ? size : 1);
    memcpy(copy, f, size);
    const char *reason = elf_read(copy, size, image, segment);
    free(copy);
    return reason;
}

static void accepts(void)
{
    struct file f = good();
    struct elf_image image;
    int segment;
    const char *reason = read_part(&f, sizeof(f), &image, &segment);

    EXPECT(reason == NULL, "%s", reason ? reason : "");
    EXPECT_EQ(image.n_segments, 2, "segments");
    EXPECT_EQ(image.entry, 0x200004, "entry");
    EXPECT_EQ(image.low, 0x200000, "low");
    EXPECT_EQ(image.high, 0x201800, "high");
    EXPECT_EQ(image.segment[1].paddr, 0x201000, "second segment");
    EXPECT_EQ(image.segment[1].offset, FILE_SIZE - 16, "second segment");
    EXPECT_EQ(image.segment[1].file_size, 16, "second segment");
    EXPECT_EQ(image.segment[1].mem_size, 0x800, "second segment");
    EXPECT(!image.relocatable, "fixed");
    f.segment[0].p_memsz = 0x1000;
    EXPECT(read_part(&f, sizeof(f), &image, &segment) == NULL, "segments that touch");
    f.head.e_type = ET_DYN;
    EXPECT(read_part(&f, sizeof(f), &image, &segment) == NULL, "ET_DYN");
    EXPECT(image.relocatable, "ET_DYN");
}

static void refuses_truncated(void)
{
    struct file f = good();
    struct elf_image image;
    int segment;

    for (size_t size = 0; size < sizeof(f); size++)
        EXPECT(read_part(&f, size, &image, &segment) != NULL, "%zu bytes", size);
}

/* Expect a reason that contains `words` after damage to a good file. */
#define REFUSED(words, number, damage)                                                             \
    do {                                                                                           \
        struct file f = good();                                                                    \
        struct elf_image image;                                                                    \
        int segment;                                                                               \
        damage;                                                                                    \
        const char *reason = read_part(&f, sizeof(f), &image, &segment);                           \
        EXPECT(reason &&strstr(reason, words), "%s: %s", #damage, reason ? reason : "accepted");   \
        EXPECT_EQ(segment, number, "%s", #damage);                                                 \
    } while (0)

static void refuses_header(void)
{
    REFUSED("not an ELF", -1, f.head.e_ident[0] = 0);
    REFUSED("not an ELF", -1, f.head.e_ident[3] = 'G');
    REFUSED("64-bit", -1, f.head.e_ident[EI_CLASS] = ELFCLASS32);
    REFUSED("little-endian", -1, f.head.e_ident[EI_DATA] = ELFDATA2MSB);
    REFUSED("x86-64", -1, f.head.e_machine = EM_AARCH64);
    REFUSED("executable", -1, f.head.e_type = ET_REL);
    REFUSED("executable", -1, f.head.e_type = ET_CORE);
    REFUSED("no program headers", -1, f.head.e_phnum = 0);
    REFUSED("program headers", -1, f.head.e_phnum = 0xffff);
    REFUSED("program headers", -1, f.head.e_phentsize = 32);
    REFUSED("program headers", -1, f.head.e_phoff = ~0UL - 7);
    REFUSED("program headers", -1, f.head.e_phoff = FILE_SIZE);
    REFUSED("entry", -1, f.head.e_entry = 0x1fffff);
    REFUSED("entry", -1, f.head.e_entry = 0x200800);
    REFUSED("entry", -1, f.head.e_entry = ~0UL);
    REFUSED("no loadable", -1, f.segment[0].p_type = f.segment[1].p_type = PT_NOTE);
}

static void refuses_segments(void)
{
    REFUSED("overlap", 1, f.segment[0].p_memsz = 0x1001);
    REFUSED("overlap", 1, f.segment[1].p_paddr = 0x1ff801);
    REFUSED("overlap", 1, f.segment[1].p_paddr = 0x200000);
    REFUSED("larger in the file", 0, f.segment[0].p_memsz = 15);
    REFUSED("outside", 0, f.segment[0].p_filesz = 33);
    REFUSED("outside", 1, f.segment[1].p_offset = FILE_SIZE - 15);
    REFUSED("outside", 1, f.segment[1].p_offset = ~0UL - 8);
    REFUSED("outside", 0, f.segment[0].p_filesz = f.segment[0].p_memsz = ~0UL;
            f.segment[0].p_paddr = f.segment[0].p_vaddr = 0);
    REFUSED("wraps", 0, f.segment[0].p_memsz = ~0UL);
    REFUSED("wraps", 1, f.segment[1].p_paddr = ~0UL - 0x7fe);
    REFUSED("wraps", 1, f.segment[1].p_vaddr = ~0UL - 0x7fe);
}

static bool well_formed(const struct elf_image *image, u64 size)
{
    for (unsigned i = 0; i < image->n_segments; i++) {
        const struct elf_segment *s = &image->segment[i];
        if (!s->mem_size || s->file_size > s->mem_size || s->paddr + s->mem_size < s->paddr)
            return false;
        if (s->offset > size || s->file_size > size - s->offset)
            return false;
        for (unsigned k = 0; k < i; k++)
            if (s->paddr < image->segment[k].paddr + image->segment[k].mem_size &&
                image->segment[k].paddr < s->paddr + s->mem_size)
                return false;
    }
    return image->n_segments > 0;
}

/* Whatever the damage: refused, or a description that keeps its promises. */
static void random_damage(void)
{
    static const u8 values[] = {0, 1, 2, 0x10, 0x7f, 0x80, 0xff};
    u64 state = 5;
    int accepted = 0;

    for (int i = 0; i < 300000; i++) {
        struct file f = good();
        struct elf_image image;
        u8 *bytes = (u8 *)&f;
        int segment;
        for (u64 k = test_random(&state) % 4 + 1; k; k--)
            bytes[test_random(&state) % offsetof(struct file, body)] =
                values[test_random(&state) % ARRAY_SIZE(values)];
        if (read_part(&f, sizeof(f), &image, &segment) == NULL) {
            accepted++;
            EXPECT(well_formed(&image, sizeof(f)), "round %d", i);
        }
    }
    EXPECT(accepted > 1000, "%d accepted: the damage is no test", accepted);
}

static const struct test_case cases[] = {
    {"B-11 a good program file", accepts},
    {"truncated program files", refuses_truncated},
    {"bad header fields", refuses_header},
    {"bad segments", refuses_segments},
    {"300,000 randomly damaged program files", random_damage},
};
TEST_MAIN(cases)
