/* SPDX-License-Identifier: MIT */
/* sources: kernel/fpage.c */
/*
 * Flexpages and window arithmetic: the worked examples of the ABI, and a comparison with the definition written
 * a second time with division and remainder in place of masks.
 */
#include "fpage.h"

#include "test.h"

#define MEM(base, order) ((u64)(base) | (u64)(order) << 6 | FP_MEM << 4 | 7)
#define OBJ(index, order) ((u64)(index) << 12 | (u64)(order) << 6 | FP_OBJ << 4 | 5)
#define PORT(port, order) ((u64)(port) << 12 | (u64)(order) << 6 | FP_IO << 4 | 6)
#define ALL 0xfc0UL
#define MEM_LIMIT 0x800000000000UL

struct window_case {
    u64 send, window, word;
    struct fp_match want;
};

static void check_windows(const struct window_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct window_case *c = &cases[i];
        struct fp_match m;
        EXPECT(fp_window(c->send, c->window, c->word, &m), "row %zu", i);
        EXPECT_EQ(m.size, c->want.size, "row %zu", i);
        if (!m.size)
            continue;
        EXPECT_EQ(m.src, c->want.src, "row %zu", i);
        EXPECT_EQ(m.dst, c->want.dst, "row %zu", i);
    }
}

static void window_memory(void)
{
    static const struct window_case rows[] = {
        {0x200557, MEM(0x400000, 12), 0x600008, {0x200000, 0x400000, 0x1000}},
        {0x200557, MEM(0x400000, 12), 0x7f3008, {0x3f3000, 0x400000, 0x1000}},
        {MEM(0x9000, 12), MEM(0x10000000, 24), 0x12345008, {0x9000, 0x10345000, 0x1000}},
        {MEM(0x8000, 14), MEM(0x40000, 16), 0x7008, {0x8000, 0x44000, 0x4000}},
        {MEM(0x8000, 14), MEM(0x40000, 14), 0x7008, {0x8000, 0x40000, 0x4000}},
        {MEM(0x9000, 12), ALL, 0x7ffff000008, {0x9000, 0x7ffff000000, 0x1000}},
        {MEM(0x200000, 21), ALL, 0x12345008, {0x200000, 0x12200000, 0x200000}},
    };
    check_windows(rows, ARRAY_SIZE(rows));
}

static void window_objects(void)
{
    static const struct window_case rows[] = {
        {OBJ(0x20, 2), OBJ(0x55, 0), 0x3008, {0x23, 0x55, 1}},
        {OBJ(0x23, 0), OBJ(0x100, 8), 0x1005008, {0x23, 0x105, 1}},
        {OBJ(0x20, 2), OBJ(0x100, 2), 0x3008, {0x20, 0x100, 4}},
        {OBJ(0x22, 2), OBJ(0x103, 2), 0x0008, {0x20, 0x100, 4}},
    };
    check_windows(rows, ARRAY_SIZE(rows));
}

static void window_ports(void)
{
    static const struct window_case rows[] = {
        {PORT(0x3f8, 3), ALL, 0x8, {0x3f8, 0x3f8, 8}},
        {PORT(0x3f8, 3), PORT(0x3fc, 0), 0x8, {0x3fc, 0x3fc, 1}},
        {PORT(0x3f8, 3), PORT(0x3fc, 0), 0x5008, {0x3fc, 0x3fc, 1}}, /* no hot spot here */
        {PORT(0x3f8, 3), PORT(0, 16), 0x8, {0x3f8, 0x3f8, 8}},
        {PORT(0x3f8, 3), PORT(0x2f8, 3), 0x8, {0, 0, 0}},
        {PORT(0x3f8, 3), PORT(0x400, 3), 0x8, {0, 0, 0}},
    };
    check_windows(rows, ARRAY_SIZE(rows));
}

static void window_types(void)
{
    static const u64 page[] = {MEM(0x1000, 12), PORT(0x40, 2), OBJ(4, 0)};
    struct fp_match m;

    for (unsigned s = 0; s < 3; s++)
        for (unsigned w = 0; w < 3; w++)
            EXPECT_EQ(fp_window(page[s], page[w], 8, &m), s == w, "types %u, %u", s, w);
    for (unsigned s = 0; s < 3; s++)
        EXPECT(fp_window(page[s], ALL | 5, 8, &m), "all spaces, rights set, type %u", s);
}

static void small_memory(void)
{
    struct fp_match m;

    for (unsigned order = 0; order < 12; order++) {
        EXPECT_EQ(fp_to_range(MEM(0x5000, order), MEM_LIMIT).size, 0, "order %u", order);
        EXPECT(fp_window(MEM(0x5000, order), MEM(0x8000, 12), 8, &m), "send order %u", order);
        EXPECT_EQ(m.size, 0, "send order %u", order);
        EXPECT(fp_window(MEM(0x5000, 12), MEM(0x8000, order), 8, &m), "window order %u", order);
        EXPECT_EQ(m.size, 0, "window order %u", order);
    }
    EXPECT_EQ(fp_to_range(MEM(0x5000, 12), MEM_LIMIT).size, 0x1000, "order 12");
}

static void range_base(void)
{
    struct fp_range r = fp_to_range(MEM(0x7ff000, 21), MEM_LIMIT);
    EXPECT_EQ(r.base, 0x600000, "memory");
    EXPECT_EQ(r.size, 0x200000, "memory");
    r = fp_to_range(OBJ(0x27, 3), 0x10000);
    EXPECT_EQ(r.base, 0x20, "objects");
    EXPECT_EQ(r.size, 8, "objects");
    r = fp_to_range(PORT(0x3ff, 3), 0x10000);
    EXPECT_EQ(r.base, 0x3f8, "ports");
    EXPECT_EQ(r.size, 8, "ports");
}

static void range_limits(void)
{
    struct fp_range r = fp_to_range(MEM(0, FP_ORDER_WHOLE), MEM_LIMIT);
    EXPECT_EQ(r.base, 0, "whole memory");
    EXPECT_EQ(r.size, MEM_LIMIT, "whole memory");
    r = fp_to_range(MEM(0x123456789000, FP_ORDER_WHOLE), MEM_LIMIT);
    EXPECT_EQ(r.base, 0, "whole memory, address bits set");
    EXPECT_EQ(r.size, MEM_LIMIT, "whole memory, address bits set");
    r = fp_to_range(OBJ(0, 40), 0x10000);
    EXPECT_EQ(r.size, 0x10000, "objects of order 40");
    r = fp_to_range(PORT(0, 17), 0x10000);
    EXPECT_EQ(r.size, 0x10000, "ports of order 17");
    r = fp_to_range(MEM(0x4000, 14), 0x7000);
    EXPECT_EQ(r.base, 0x4000, "the limit within the range");
    EXPECT_EQ(r.size, 0x3000, "the limit within the range");
    EXPECT_EQ(fp_to_range(OBJ(0x10000, 0), 0x10000).size, 0, "behind the last slot");
    EXPECT_EQ(fp_to_range(MEM(MEM_LIMIT, 12), MEM_LIMIT).size, 0, "behind the last page");
    EXPECT_EQ(fp_to_range(MEM(0xfffffffffffff000, 12), MEM_LIMIT).size, 0, "the highest address");
}

static void fields(void)
{
    EXPECT_EQ(fp_rights(0x5037), 7, "capability 5, all rights");
    EXPECT_EQ(fp_type(0x5037), FP_OBJ, "capability 5");
    EXPECT_EQ(fp_order(0x5037), 0, "capability 5");
    EXPECT_EQ(fp_type(0x3f80e6), FP_IO, "ports 0x3f8 to 0x3ff");
    EXPECT_EQ(fp_order(0x3f80e6), 3, "ports 0x3f8 to 0x3ff");
    EXPECT_EQ(fp_type(0x400316), FP_MEM, "page at 0x400000");
    EXPECT_EQ(fp_order(0x400316), 12, "page at 0x400000");
    EXPECT(fp_is_all_spaces(ALL), "all spaces");
    EXPECT(fp_is_all_spaces(0xabcdef000 | ALL | 7), "all spaces, other bits set");
    EXPECT(!fp_is_all_spaces(0xf80), "type 0 of another order");
    EXPECT(!fp_is_all_spaces(MEM(0, FP_ORDER_WHOLE)), "whole memory");
}

/* The definition again: division and remainder, no masks. */
static struct fp_match defined_match(u64 a, u64 s, u64 b, u64 r, u64 hot)
{
    a -= a % s;
    b -= b % r;
    if (r >= s)
        return (struct fp_match){a, b + hot % r / s * s, s};
    return (struct fp_match){a + hot % s / r * r, b, r};
}

static void random_windows(void)
{
    u64 state = 1;

    for (int i = 0; i < 500000; i++) {
        unsigned s = (unsigned)(test_random(&state) % 36), r = (unsigned)(test_random(&state) % 36);
        bool memory = test_random(&state) & 1;
        unsigned unit = memory ? 12 : 0, shift = memory ? 0 : 12;
        u64 a = (test_random(&state) >> 20) << unit, b = (test_random(&state) >> 20) << unit;
        u64 hot = (test_random(&state) >> 20) << unit;
        struct fp_match m, want = defined_match(a, 1UL << (s + unit), b, 1UL << (r + unit), hot);

        a <<= shift;
        b <<= shift;
        EXPECT(fp_window(memory ? MEM(a, s + 12) : OBJ(a >> 12, s),
                         memory ? MEM(b, r + 12) : OBJ(b >> 12, r), hot << shift | 8, &m),
               "round %d", i);
        EXPECT_EQ(m.src, want.src, "round %d", i);
        EXPECT_EQ(m.dst, want.dst, "round %d", i);
        EXPECT_EQ(m.size, want.size, "round %d", i);
    }
}

static const struct test_case cases[] = {
    {"flexpage fields", fields},
    {"F-1 base is rounded down", range_base},
    {"F-2 memory below order 12 is nothing", small_memory},
    {"F-3 F-4 ranges end at the space's limit", range_limits},
    {"F-12 types of send flexpage and window", window_types},
    {"window arithmetic: memory", window_memory},
    {"window arithmetic: objects", window_objects},
    {"window arithmetic: ports", window_ports},
    {"window arithmetic: 500,000 random pairs", random_windows},
};
TEST_MAIN(cases)
