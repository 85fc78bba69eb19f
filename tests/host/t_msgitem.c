/* SPDX-License-Identifier: MIT */
/* sources: kernel/fpage.c */
/* Send items, receive buffers and return items: the words one by one. */
#include "msgitem.h"

#include "fpage.h"
#include "test.h"

static void return_words(void)
{
    /* The worked example: hot spot 0x7f3000, order 21, memory, map. */
    EXPECT_EQ(return_word(0x7f3008, 0x200557, RESULT_MAPPED), 0x7f3558, "example");
    EXPECT_EQ(return_word(0x8, 0x1317, RESULT_MAPPED), 0x318, "a page");
    EXPECT_EQ(return_word(0x8, 0x1317, RESULT_NOTHING), 0x31a, "nothing there");
    EXPECT_EQ(return_word(0x8, 0x5037, RESULT_LABEL), 0x3c, "label");
    EXPECT_EQ(return_word(0x8, 0x5037, RESULT_FPAGE), 0x3e, "same task");
    EXPECT_EQ(return_word(0x9, 0x1317, RESULT_MAPPED), 0x319, "compound stays");
    EXPECT_EQ(return_word(0xa, 0x1317, RESULT_MAPPED), 0x318, "grant does not");
    EXPECT_EQ(return_word(0xf8, 0x5037, RESULT_MAPPED), 0x38, "attributes do not");
    EXPECT_EQ(return_word(~0UL, 0, RESULT_MAPPED), ~0xfffUL | 9, "all bits");
}

static void cursors(void)
{
    struct buffer_cursors c = cursors_from_bdr(0xff000000 | 3 | 17 << 5 | 31 << 10);

    EXPECT_EQ(c.at[FP_MEM], 3, "memory");
    EXPECT_EQ(c.at[FP_IO], 17, "ports");
    EXPECT_EQ(c.at[FP_OBJ], 31, "objects");
}

/* Decode one buffer at BR `at`. */
static unsigned decode(const u64 *br, unsigned at, struct recv_buffer *out)
{
    *out = (struct recv_buffer){~0UL, ~0UL, ~0UL};
    return buffer_decode(br, at, out);
}

static void sizes(void)
{
    static const struct {
        u64 br[3];
        unsigned size;
        u64 window, task;
    } rows[] = {
        {{0x8, 0x400317, 0x7000}, 2, 0x400317, 0},
        {{0x9, 0x400317, 0x7000}, 3, 0x400317, 0x7000},
        {{0x5500a, 0x1, 0x2}, 1, 0x55030, 0},
        {{0x5500e, 0x1, 0x2}, 1, 0x55030, 0},
        {{0x5500b, 0x7000, 0x2}, 2, 0x55030, 0x7000},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        u64 br[N_BUFFER_REGS] = {0};
        struct recv_buffer b;
        memcpy(br + 4, rows[i].br, sizeof(rows[i].br));
        EXPECT_EQ(decode(br, 4, &b), rows[i].size, "row %zu", i);
        EXPECT_EQ(b.window & ~7UL, rows[i].window & ~7UL, "row %zu", i);
        EXPECT_EQ(b.task_cap, rows[i].task, "row %zu", i);
        EXPECT_EQ(b.flags & 7, rows[i].br[0] & 7, "row %zu", i);
    }
}

static void no_buffer(void)
{
    u64 br[N_BUFFER_REGS] = {0};
    struct recv_buffer b;

    EXPECT_EQ(decode(br, 0, &b), 0, "void");
    br[0] = 0x400000;
    EXPECT_EQ(decode(br, 0, &b), 0, "without the map bit");
    br[0] = 0x7;
    EXPECT_EQ(decode(br, 0, &b), 0, "all flags but the map bit");
}

static void last_register(void)
{
    u64 br[N_BUFFER_REGS] = {0}; /* a read behind it is seen by the address sanitizer */
    struct recv_buffer b;

    br[57] = 0x5500a;
    EXPECT_EQ(decode(br, 57, &b), 1, "small buffer in the last register");
    br[57] = 0x8;
    EXPECT_EQ(decode(br, 57, &b), 0, "flexpage behind the last register");
    br[57] = 0x5500b;
    EXPECT_EQ(decode(br, 57, &b), 0, "task behind the last register");
    br[56] = 0x9;
    EXPECT_EQ(decode(br, 56, &b), 0, "task of a forwarded window behind the last register");
    for (unsigned at = 58; at < 256; at++)
        EXPECT_EQ(decode(br, at, &b), 0, "register %u", at);
}

static void kinds(void)
{
    EXPECT(item_is_void(0), "zero");
    EXPECT(!item_is_void(0x1000), "not zero, no map bit");
    EXPECT(!item_is_map(0x1000), "no map bit");
    EXPECT(item_is_map(0x700a), "grant");
}

static const struct test_case cases[] = {
    {"F-19 return words", return_words},
    {"F-9 cursors begin at the BDR's indices", cursors},
    {"F-10 sizes of the buffer kinds", sizes},
    {"F-11 void buffer, no map bit", no_buffer},
    {"F-9 no buffer reaches behind BR 57", last_register},
    {"F-14 void and map items", kinds},
};
TEST_MAIN(cases)
