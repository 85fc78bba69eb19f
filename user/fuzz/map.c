/* SPDX-License-Identifier: MIT */
/*
 * Random operations on the booted kernel and on the reference model, see map.h.
 *
 *   ops=N    operations in all (default 4000)     seed=S   of the first sequence
 *   run=NAME only the scenario of this name
 *
 * A difference is printed with its sequence, in the form of tests/model/regress.  Modules of that form, if there are
 * any, are run in place of random operations, and the states compared after each operation (`make shrink`).
 */
#include "args.h"
#include "map.h"

#include <l4/sys/debugger.h>
#include <quire/io.h>
#include <quire/program.h>
#include <quire/string.h>

enum { COMPARE = 16, FULL = 8, LENGTH = 2000, POOL_FRAMES = 64 };
#define POOL_BASE 0x40000000UL

/* Order: map, unmap, ipc, touch, object, task, ku_mem, fault, fail. */
static const struct scenario scenarios[] = {
    {"small",
     {.style = GEN_SMALL,
      .n_tasks = 4,
      .mem = 6,
      .io = 1,
      .obj = 3,
      .kinds = {50, 25, 15, 8, 4, 0, 1, 1, 0},
      .max_pages = 300},
     false,
     0,
     400},
    {"objects",
     {.style = GEN_SMALL,
      .n_tasks = 4,
      .mem = 1,
      .obj = 10,
      .kinds = {45, 15, 25, 1, 12, 0, 0, 0, 0},
      .max_pages = 300},
     true,
     0,
     200},
    {"ports",
     {.style = GEN_SMALL,
      .n_tasks = 4,
      .io = 1,
      .kinds = {60, 25, 15, 0, 0, 0, 0, 0, 0},
      .max_pages = 300},
     false,
     0,
     50},
    {"chain",
     {.style = GEN_CHAIN,
      .n_tasks = 3,
      .mem = 1,
      .kinds = {95, 1, 3, 1, 0, 0, 0, 0, 0},
      .max_pages = 700},
     false,
     0,
     100},
    {"large",
     {.style = GEN_LARGE,
      .n_tasks = 4,
      .mem = 1,
      .kinds = {50, 25, 10, 12, 1, 0, 1, 1, 0},
      .max_pages = 900},
     false,
     0,
     100},
    {"quota",
     {.style = GEN_SMALL,
      .n_tasks = 4,
      .mem = 4,
      .io = 1,
      .obj = 3,
      .kinds = {60, 20, 15, 3, 6, 0, 1, 1, 0},
      .max_pages = 700},
     true,
     84,
     150},
};

static struct seq_op sequence[LENGTH];
static const struct scenario *scenario;
static unsigned at;      /* in the sequence */
static u64 seed, memory; /* free bytes of the kernel before */
static u64 done[N_SEQ_KINDS][MODEL_IMPOSSIBLE + 1], skipped;
void differs(char const *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    printf("fuzz_map: FAIL: ");
    vprintf(fmt, args);
    printf("\n");
    va_end(args);
    printf("fuzz_map: seed %lu, operation %u of this sequence:\nscenario %s\n", seed, at,
           scenario ? scenario->name : "none");
    for (unsigned i = 0; i < at; i++)
        print_operation(&sequence[i]);
    exit(1);
}

bool both_run(const struct seq_op *op, enum model_status *status)
{
    static const struct model_stop no_stop;
    struct seq_op copy = *op;
    struct model_answer m;
    struct answer k;

    if (copy.kind == SEQ_TASK) {
        exec_run(&copy, &k); /* only: is it possible? */
        *status = MODEL_DONE;
        return k.done && world_make_task(&copy, &k);
    }
    exec_run(&copy, &k);
    if (!k.done)
        return false;
    if (tight_world)
        tight_run(&copy, &k, &m);
    else
        model_run(&copy, &no_stop, &m);
    if (copy.kind == SEQ_OBJECT && m.status == MODEL_DONE)
        world_note_object(model.cap[model_find_cap(copy.a, copy.w[0])].object, k.object_id);
    compare_answers(&copy, &k, &m);
    world_after_operation();
    *status = m.status;
    return true;
}

static void mark_frames(void)
{
    for (u64 phys = POOL_BASE; phys < POOL_BASE + POOL_FRAMES * 4096UL; phys += 4096)
        if (world_is_ram(phys))
            *(volatile u64 *)phys = MARK(phys);
}

/* n operations: those of `sequence`, or new ones; every so many the states are compared. */
static void run_sequence(unsigned n, bool replay)
{
    struct gen g = {.config = scenario->gen, .random = seed * 0x9e3779b97f4a7c15UL + 1};
    unsigned every = replay ? 1 : COMPARE;

    g.config.reserved = HELPER_CODE;
    at = 0;
    world_begin(scenario);
    while (at < n) {
        struct seq_op *op = &sequence[at++];
        enum model_status status = MODEL_DONE;

        tight_prepare();
        if (!replay)
            gen_next(&g, op);
        if (both_run(op, &status))
            done[op->kind][status]++;
        else
            skipped++;
        world_bury();
        if (at % every == 0) {
            compare_states(&g, replay || at % (COMPARE * FULL) == 0);
            world_bury();
        }
        if ((replay || at % (COMPARE * FULL) == 0) && !fuzz_kernel_check())
            differs("an invariant of the kernel is broken");
    }
    world_end();
}

/* The first sequence tells what the machine is like, so that frames can be marked, and warms slabs up. */
static void warm_up(void)
{
    scenario = &scenarios[0];
    run_sequence(COMPARE, false);
    mark_frames();
    memory = fuzz_kernel_free();
}

static void run_and_count(unsigned n, bool replay)
{
    run_sequence(n, replay);
    if (fuzz_kernel_free() != memory)
        differs("kernel memory: %lu bytes free, before %lu", fuzz_kernel_free(), memory);
}

/* A scenario of the host alone runs in the first one's world: the generator is not asked, tasks are as many. */
static const struct scenario *scenario_named(const char *name)
{
    for (unsigned i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
        if (strcmp(name, scenarios[i].name) == 0)
            return &scenarios[i];
    return &scenarios[0];
}

static unsigned replay_all(void)
{
    unsigned count = 0, n;
    const char *name;

    for (; (n = replay_read(count, sequence, LENGTH, &name)); count++) {
        scenario = scenario_named(name);
        run_and_count(n, true);
        printf("fuzz_map: sequence %u: model and kernel agree, %u operations\n", count, n);
    }
    return count;
}

static void table(void)
{
    printf("  operation       done     failed      dying   overflow    refused\n");
    for (unsigned k = 0; k < N_SEQ_KINDS; k++) {
        printf("  %-8s", kind_names[k]);
        for (unsigned o = 0; o <= MODEL_IMPOSSIBLE; o++)
            printf(" %10lu", done[k][o]);
        printf("\n");
    }
    for (unsigned i = 0; i < N_MODEL_EVENTS; i++)
        printf("  %10lu  %s\n", model_events[i], model_event_names[i]);
    printf("  %10lu  operations that did not apply\n", skipped);
}

int main(void)
{
    unsigned long ops = fuzz_number("ops", 4000), first = fuzz_number("seed", 1), total = 0;
    char const *only = fuzz_word("run");
    unsigned replayed;

    world_init();
    seed = 1;
    warm_up();
    replayed = replay_all();
    for (unsigned i = 0; !replayed && i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
        unsigned long n = 0, wanted = only ? ops : ops * scenarios[i].share / 1000;

        scenario = &scenarios[i];
        if (only && strncmp(only, scenario->name, strlen(scenario->name)) != 0)
            continue;
        for (seed = first * 1000003; n < wanted; n += LENGTH, seed++)
            run_and_count(LENGTH, false);
        total += n;
        if (scenario->quota && !model_events[EV_NO_MEMORY])
            differs("no map failed for want of memory");
        printf("fuzz_map: %s: model and kernel agree, %lu operations\n", scenario->name, n);
    }
    if (replayed) {
        printf("fuzz_map: ok, %u sequences replayed\n", replayed);
        return 0;
    }
    table();
    printf("fuzz_map: ok, %lu operations from seed %lu\n", total, first);
    return 0;
}
