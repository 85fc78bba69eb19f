/* SPDX-License-Identifier: MIT */
/* sources: tests/host/scenarios.c tests/model/gen.c @tests/host/fake/sources */
/*
 * Where the items of a message end: the generator of the random tests puts all items behind one word, so the last
 * message registers and the order of words and items are looked at here.  And where a UTCB may lie.
 */
#include "scenarios.h"

#include "arch.h"
#include "fast_item.h"
#include "ipc.h"
#include "ku_mem.h"
#include "msgitem.h"
#include "obj_space.h"
#include "transfer.h"

#include "test.h"

enum { WINDOW = 0x70, SENT = 0x60, FILLED = 0x1234 };
#define AREA 0x50000000UL

static struct exec_pair pair;

/* The object in SENT comes to WINDOW; `items` void items stand before it. */
static unsigned send_item(unsigned words, unsigned items)
{
    struct thread *a = &pair.thread[0], *b = &pair.thread[1];
    u64 *mr = pair.utcb[0].mr;

    memset(&pair, 0, sizeof(pair));
    a->task = world_task(1);
    b->task = world_task(2);
    a->utcb = &pair.utcb[0];
    b->utcb = &pair.utcb[1];
    a->tag = tag_make(0, words, items + 1);
    a->snd_rights = CAP_S;
    for (unsigned i = 0; i < N_MESSAGE_REGS; i++) {
        mr[i] = i < words ? FILLED + i : 0;
        b->utcb->mr[i] = EXEC_FILL;
    }
    if (words + 2 * items < N_MESSAGE_REGS)
        mr[words + 2 * items] = ITEM_MAP;
    if (words + 2 * items + 1 < N_MESSAGE_REGS)
        mr[words + 2 * items + 1] = seq_fpage(SENT << 12, SEQ_OBJ, 0, 15);
    b->utcb->br[0] = WINDOW << 12 | ITEM_MAP | BUF_SMALL;
    exec_error();
    transfer_start(b, a, b);
    return exec_error();
}

/* A process has one kernel; each case begins with a new object. */
static void boot(void)
{
    static bool booted;
    static const struct world_config c = {.heap = 8 << 20, .n_tasks = 2};
    struct seq_op object = {.kind = SEQ_OBJECT, .a = 1, .w = {SENT}};
    enum model_status status;

    if (!booted)
        world_boot(&c);
    booted = true;
    EXPECT(both_run(&object, &status), "object");
}

static void last_registers(void)
{
    boot();
    EXPECT_EQ(send_item(N_MESSAGE_REGS - 2, 0), 0, "the item in the last two");
    EXPECT(obj_lookup(world_task(2), WINDOW << 12), "the capability has come");
    EXPECT_EQ(pair.utcb[1].mr[0], FILLED, "words before it");
    cap_remove(obj_lookup(world_task(2), WINDOW << 12), false);

    EXPECT_EQ(send_item(N_MESSAGE_REGS - 1, 0), IPC_OVERFLOW, "half of the item beyond");
    EXPECT_EQ(send_item(N_MESSAGE_REGS, 0), IPC_OVERFLOW, "all of it beyond");
    EXPECT_EQ(send_item(1, 31), IPC_OVERFLOW, "void items before it");
    EXPECT(!obj_lookup(world_task(2), WINDOW << 12), "nothing has come");
    EXPECT_EQ(send_item(1, 30), 0, "one void item fewer");
    EXPECT(obj_lookup(world_task(2), WINDOW << 12), "the capability has come");
}

/* Words are copied before the items are looked at: an overflow leaves them with the receiver. */
static void words_stay(void)
{
    boot();
    EXPECT_EQ(send_item(N_MESSAGE_REGS, 0), IPC_OVERFLOW, "no room for the item");
    for (unsigned i = 0; i < N_MESSAGE_REGS; i++)
        EXPECT_EQ(pair.utcb[1].mr[i], FILLED + i, "word %u", i);
    EXPECT_EQ(send_item(3, 0), 0, "few words");
    EXPECT_EQ(pair.utcb[1].mr[2], FILLED + 2, "the last word");
    EXPECT_EQ(pair.utcb[1].mr[4], EXEC_FILL, "the item's second word is not copied");
}

/* Between its death and the reaper an object is still in its slots. */
static void dying_object(void)
{
    struct seq_op object = {.kind = SEQ_OBJECT, .a = 2, .w = {WINDOW}};
    struct kobject *before;
    enum model_status status;

    boot();
    EXPECT(both_run(&object, &status), "another object in the target");
    before = obj_slot(world_task(2), WINDOW)->obj;
    kobject_kill(obj_slot(world_task(1), SENT)->obj);
    EXPECT_EQ(send_item(1, 0), 0, "while it dies");
    EXPECT_EQ(pair.utcb[1].mr[1] & RESULT_FPAGE, RESULT_NOTHING, "nothing was there");
    EXPECT(before && obj_slot(world_task(2), WINDOW)->obj == before, "the target stays");
    world_reap();
    EXPECT(!obj_slot(world_task(1), SENT)->obj, "the slot is empty in the end");
}

/* An item and a receiver; words of buffers and flexpages have their bits 0 to 11 from few choices. */
static u64 random_word(u64 *state)
{
    static const u64 orders[] = {0, 1, 9, 11, 12, 13, 21, 30, 47, 63};
    u64 r = test_random(state),
        w = orders[r % ARRAY_SIZE(orders)] << 6 | (r >> 8 & 0x37) | ITEM_MAP;

    return w | test_random(state) << (r >> 16 & 1 ? 12 : 40);
}

/* Where the short way of a single item knows where it goes, the general rules say the same. */
static void short_way(void)
{
    static const u64 any[N_BUFFER_REGS] = {ITEM_MAP, 0xfc0};
    struct thread *to = &pair.thread[1];
    u64 state = 1, found[2][4] = {{0}};

    memset(&pair, 0, sizeof(pair));
    to->utcb = &pair.utcb[1];
    for (unsigned i = 0; i < 1000000; i++) {
        u64 w0 = random_word(&state), fpage = random_word(&state), bdr = test_random(&state);
        bool user = i & 7;
        struct buffer_cursors c = cursors_from_bdr(user ? bdr : 0);
        struct fp_match m, want;
        struct recv_buffer b;

        to->kind = user ? IPC_USER : IPC_PAGE_FAULT;
        to->utcb->bdr = bdr;
        for (unsigned type = FP_MEM; type <= FP_OBJ; type++) {
            to->utcb->br[c.at[type] + 1] = random_word(&state);
            to->utcb->br[c.at[type]] = random_word(&state) ^ (test_random(&state) & ITEM_MAP);
        }
        if (!fast_item_match(to, w0, fpage, &m))
            continue;
        found[user][fp_type(fpage)]++;
        EXPECT(buffer_decode(user ? to->utcb->br : any, c.at[fp_type(fpage)], &b), "round %u", i);
        EXPECT_EQ(b.flags & (BUF_FORWARD | BUF_LOCAL_ID), 0, "round %u", i);
        EXPECT(fp_window(fpage, b.window, w0, &want), "round %u", i);
        EXPECT_EQ(m.src, want.src, "round %u", i);
        EXPECT_EQ(m.dst, want.dst, "round %u", i);
        EXPECT_EQ(m.size, want.size, "round %u", i);
    }
    EXPECT(found[1][FP_MEM] > 100 && found[1][FP_OBJ] > 100 && found[0][FP_MEM] > 100, "found");
    EXPECT_EQ(found[1][FP_IO] + found[0][FP_IO] + found[0][FP_OBJ], 0, "never");
}

static void utcb_in_its_area(void)
{
    struct seq_op area = {.kind = SEQ_KU_MEM, .a = 1, .w = {seq_fpage(AREA, SEQ_MEM, 13, 0)}};
    enum model_status status;
    struct task *t;
    u64 base;

    boot();
    t = world_task(1);
    EXPECT(both_run(&area, &status), "area");
    EXPECT(ku_mem_utcb(t, AREA) == (void *)t->ku_mem->kernel, "the first");
    EXPECT(ku_mem_utcb(t, AREA + 8) == (void *)(t->ku_mem->kernel + 8), "any that is aligned");
    EXPECT(ku_mem_utcb(t, AREA + PAGE_SIZE), "in the second page");
    EXPECT(ku_mem_utcb(t, AREA + 2 * PAGE_SIZE - UTCB_SIZE), "the last");
    EXPECT(!ku_mem_utcb(t, AREA + 2 * PAGE_SIZE - UTCB_SIZE + 8), "half outside");
    EXPECT(!ku_mem_utcb(t, AREA + 2 * PAGE_SIZE), "outside");
    EXPECT(!ku_mem_utcb(t, AREA - UTCB_SIZE), "before");
    EXPECT(!ku_mem_utcb(t, AREA + 4), "not aligned");
    EXPECT(ku_mem_fpage_ok(seq_fpage(AREA, SEQ_MEM, KU_MAX_ORDER, 0), &base), "largest area");
    EXPECT(!ku_mem_fpage_ok(seq_fpage(AREA, SEQ_MEM, KU_MAX_ORDER + 1, 0), &base), "too large");
    EXPECT(ku_mem_fpage_ok(seq_fpage(USER_END - PAGE_SIZE, SEQ_MEM, 12, 0), &base), "last page");
    EXPECT(!ku_mem_fpage_ok(seq_fpage(USER_END, SEQ_MEM, 12, 0), &base), "beyond user space");
}

static const struct test_case cases[] = {
    {"I-24 items end with the last message register", last_registers},
    {"I-24 words are there even if an item is not", words_stay},
    {"M-62 a dying object is not copied", dying_object},
    {"F-9 F-10 F-12 the short way of a single item", short_way},
    {"I-18 O-8 a UTCB lies within its area", utcb_in_its_area},
};

int main(void) { return test_main(cases, ARRAY_SIZE(cases)); }
