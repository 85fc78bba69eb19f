/* SPDX-License-Identifier: MIT */
/*
 * All memory of the machine is usable (rules B-6, B-24).
 *
 * Runs as root task and takes everything sigma0 has, in blocks as large as possible, then writes and
 * reads it: the first and the last word of each block, and in between one word of each STRIDE bytes.
 * Each place gets its own number, so two blocks that share memory are noticed.  Prints how much it
 * got, which tests/qemu/ram.py compares with the size of the machine.
 */
#include "memory.h"
#include "steps.h"

#include <l4/sigma0/sigma0.h>
#include <quire/io.h>

enum { MAX_ORDER = 30, MAX_BLOCKS = 2048, STRIDE = 1 << 20 };
#define FIRST 0x100000000UL /* where the blocks go, one behind the other */

static struct block {
    l4_addr_t at;
    unsigned order;
} block[MAX_BLOCKS];
static unsigned n_blocks;
static unsigned long total;

/* Once, in the first case that runs. */
static void take_all(void)
{
    l4_addr_t at = FIRST, base;

    if (n_blocks)
        return;
    for (unsigned order = MAX_ORDER; order >= L4_PAGESHIFT; order--) {
        while (n_blocks < MAX_BLOCKS) {
            l4_addr_t place = l4_round_size(at, (unsigned char)order);

            if (l4sigma0_map_anypage(L4_BASE_PAGER_CAP, place, order, &base, order))
                break;
            block[n_blocks++] = (struct block){place, order};
            total += 1UL << order;
            at = place + (1UL << order);
        }
    }
    expect("room for more blocks", n_blocks < MAX_BLOCKS, 1);
    printf("ram: %lu KiB in %u blocks\n", total >> 10, n_blocks);
}

/* Calls fn for each place that is looked at, with a number that is not the same anywhere. */
static unsigned for_all(unsigned (*fn)(volatile unsigned long *, unsigned long))
{
    unsigned long number = 0x1000;
    unsigned bad = 0;

    for (unsigned i = 0; i < n_blocks; i++) {
        l4_addr_t end = block[i].at + (1UL << block[i].order);

        for (l4_addr_t p = block[i].at; p < end; p += STRIDE)
            bad += fn((volatile unsigned long *)p, number++);
        bad += fn((volatile unsigned long *)(end - sizeof(long)), number++);
    }
    return bad;
}

static unsigned put(volatile unsigned long *p, unsigned long number)
{
    *p = number;
    return 0;
}

static unsigned look(volatile unsigned long *p, unsigned long number) { return *p != number; }

static void write_and_read(void)
{
    take_all();
    expect("blocks", n_blocks != 0, 1);
    for_all(put);
    expect("places with a wrong number", for_all(look), 0);
}

static void nothing_left(void)
{
    l4_addr_t base;

    take_all();
    expect("a further page",
           l4sigma0_map_anypage(L4_BASE_PAGER_CAP, 0x60000000, L4_PAGESHIFT, &base, L4_PAGESHIFT) ==
               0,
           0);
    expect_label("kernel", kernel_check(), 0);
}

static struct test_case const cases[] = {
    {"B-24", "all RAM is handed out", take_all},
    {"B-6", "all RAM can be written and read", write_and_read},
    {"B-24", "nothing is left then, and the kernel lives", nothing_left},
};

int main(void) { return TEST_RUN(cases); }
