/* SPDX-License-Identifier: MIT */
/* sources: tests/host/scenarios.c tests/model/gen.c @tests/host/fake/sources */
/*
 * What no program of a running machine can ask for: tasks that lack a space (M-1), grants by sigma0 (M-37), unmap in
 * sigma0 and its own entries (M-47).  The kernel's mapping code on the fake machine; the model says what must come out.
 */
#include "scenarios.h"

#include "io_space.h"
#include "kobject.h"
#include "map.h"
#include "mem_page.h"
#include "mem_space.h"
#include "obj_space.h"

#include <string.h>

#include "test.h"

enum { PAGE = 0x40000000 };

static void boot(void)
{
    static bool booted;
    struct world_config c = {.heap = 8 << 20, .huge = true, .n_tasks = 3};

    if (booted)
        world_restart();
    else
        world_boot(&c);
    booted = true;
}

/* One operation by kernel and model; both must have done it and be in the same state. */
static void run(const char *line)
{
    enum model_status status = MODEL_IMPOSSIBLE;
    struct seq_op op;

    EXPECT(read_operation(line, &op), "operation %s", line);
    EXPECT(both_run(&op, &status), "%s", line);
    EXPECT_EQ(status, MODEL_DONE, "%s", line);
    compare_states();
    world_check();
}

static bool has_page(unsigned space, u64 va)
{
    return mem_access_allowed(world_task(space), va, MEM_R);
}

/* ---- M-1 ---- */

static enum map_status try_map(u64 fpage)
{
    struct map_op op = {.from = world_task(1), .to = world_task(2)};
    u64 hot_spot = fpage & ~0xfffUL; /* to the same place */
    struct fp_match m;

    EXPECT(fp_window(fpage, 0xfc0, hot_spot | 8, &m), "window");
    map_begin(&op, 8, fpage, &m);
    return map_run(&op);
}

static bool arrived(enum fpage_type type)
{
    struct task *t = world_task(2);

    if (type == FP_MEM)
        return has_page(2, PAGE);
    if (type == FP_IO)
        return t->io.count != 0;
    return obj_lookup(t, 0x60UL << 12) != NULL;
}

static void lacking_spaces(void)
{
    static const struct {
        enum fpage_type type;
        u64 fpage;
        u8 space;
    } kinds[] = {
        {FP_MEM, PAGE | 0x317, SPACE_MEM},
        {FP_IO, 0x3f8026, SPACE_IO},
        {FP_OBJ, 0x6003f, SPACE_OBJ},
    };

    for (unsigned k = 0; k < ARRAY_SIZE(kinds); k++)
        for (unsigned who = 0; who < 4; who++) { /* bit 0: the source lacks it, bit 1: the target */
            u8 all;

            boot();
            run("map 0 1 3 40000008 40000317");
            run("map 0 1 3 8 3f8026");
            run("object 1 0 0 60 0");
            all = world_task(1)->spaces;
            for (unsigned side = 0; side < 2; side++)
                if (who >> side & 1)
                    world_task(1 + side)->spaces = all & (u8)~kinds[k].space;
            EXPECT_EQ(try_map(kinds[k].fpage), MAP_DONE, "kind %u, %u", k, who);
            EXPECT_EQ(arrived(kinds[k].type), who == 0, "kind %u, lacking %u", k, who);
            world_task(1)->spaces = world_task(2)->spaces = all;
            world_check();
        }
}

static void unmap_in_lacking_spaces(void)
{
    struct unmap_op op;
    u8 all;

    boot();
    run("map 0 1 3 40000008 40000317");
    all = world_task(1)->spaces;
    world_task(1)->spaces = SPACE_OBJ;
    unmap_begin(&op, world_task(1), PAGE | 0x317, 0x80000000);
    EXPECT_EQ(unmap_run(&op), MAP_DONE, "unmap");
    world_task(1)->spaces = all;
    EXPECT(has_page(1, PAGE), "the page stays");
}

/* ---- M-37 ---- */

/* The same grant twice, then revocation: sigma0 has not lost it, and the grants were children. */
static void sigma0_grants(void)
{
    static const char *const grants[][3] = {
        {"map 0 1 3 4000000a 40000317", "map 0 2 3 4000000a 40000317", "unmap 0 0 1 0 40000317"},
        {"map 0 1 3 4000000a 40000557", "map 0 2 3 4000000a 40000557", "unmap 0 0 1 0 40000557"},
        {"map 0 1 3 4000000a 40000797", "map 0 2 3 4000000a 40000797", "unmap 0 0 1 0 40000797"},
        {"map 0 1 3 a 3f8026", "map 0 2 3 a 3f8026", "unmap 0 0 1 0 3f8026"},
        {"map 0 1 3 a 426", "map 0 2 3 a 426", "unmap 0 0 1 0 426"},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(grants); i++) {
        bool memory = i < 3;

        boot();
        run(grants[i][0]);
        run(grants[i][1]);
        for (unsigned space = 1; space < 3; space++)
            EXPECT(memory ? has_page(space, PAGE)
                          : world_task(space)->io.link || world_task(space)->io.all,
                   "grant %u to task %u", i, space);
        run(grants[i][2]);
        for (unsigned space = 1; space < 3; space++)
            EXPECT(memory ? !has_page(space, PAGE)
                          : !world_task(space)->io.count && !world_task(space)->io.all,
                   "grant %u to task %u revoked", i, space);
    }
}

/* ---- M-47 ---- */

/* sigma0 uses a page, has given pieces of it away, and unmaps a piece in itself. */
static void sigma0_unmaps(void)
{
    struct task *s = sigma0_task;

    boot();
    EXPECT(!mem_access_allowed(s, PAGE, MEM_R), "nothing at first");
    EXPECT(mem_sigma0_fault(PAGE + 0x5000), "fault");
    EXPECT(mem_access_allowed(s, PAGE, MEM_R | MEM_W | MEM_X), "a large page of its own");
    run("map 0 1 3 40000008 40000317");
    run("map 0 2 3 40001008 40001317");
    run("unmap 0 0 1 0 40000317"); /* others only */
    EXPECT(!has_page(1, PAGE), "the child in the range");
    EXPECT(has_page(2, PAGE + 0x1000), "the child outside");
    EXPECT(mem_access_allowed(s, PAGE, MEM_R), "its own entry stays");
    run("map 0 1 3 40000008 40000317");
    run("unmap 0 0 1 80000000 40000317"); /* with itself */
    EXPECT(!has_page(1, PAGE), "the child in the range");
    EXPECT(has_page(2, PAGE + 0x1000), "the child outside: as by others only");
    EXPECT(!mem_access_allowed(s, PAGE, MEM_R), "its own entry is gone");
    EXPECT(mem_sigma0_fault(PAGE), "it comes again");
    EXPECT(mem_access_allowed(s, PAGE, MEM_R | MEM_W | MEM_X), "as it was");
    run("map 0 1 3 40000008 40000317");
    EXPECT(has_page(1, PAGE), "and can be given again");
}

static const struct test_case cases[] = {
    {"M-1 a transfer needs the space on both sides", lacking_spaces},
    {"M-1 unmap in a task without the space", unmap_in_lacking_spaces},
    {"M-37 a grant by sigma0 is a map", sigma0_grants},
    {"M-47 unmap in sigma0 drops its own entry, which comes again", sigma0_unmaps},
};

int main(void)
{
    record_init();
    return test_main(cases, ARRAY_SIZE(cases));
}
