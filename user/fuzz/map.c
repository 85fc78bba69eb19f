/* SPDX-License-Identifier: MIT */
/*
 * Random operations on the booted kernel and on the reference model, see map.h.
 *
 *   ops=N    operations in all (default 4000)     seed=S   of the first sequence
 *   run=NAME only the scenario of this name
 *
 * A difference is printed with its sequence, in the form of tests/model/regress.
 */
#include "args.h"
#include "map.h"

#include <l4/sys/debugger.h>
#include <quire/io.h>
#include <quire/program.h>
#include <quire/string.h>

enum { COMPARE = 16, FULL = 8, LENGTH = 2000, POOL_FRAMES = 64 };
#define POOL_BASE 0x40000000UL

/* Order: map, unmap, ipc, touch, object, task, ku_mem, fault, fail; names as in tests/host/scenarios.c. */
static const struct scenario {
    const char *name;
    struct gen_config gen;
    bool family;
    unsigned share; /* of all operations, per thousand */
} scenarios[] = {
    {"small",
     {.style = GEN_SMALL,
      .n_tasks = 4,
      .mem = 6,
      .io = 1,
      .obj = 3,
      .kinds = {50, 25, 15, 8, 4, 0, 1, 1, 0},
      .max_pages = 300},
     false,
     500},
    {"objects",
     {.style = GEN_SMALL,
      .n_tasks = 4,
      .mem = 1,
      .obj = 10,
      .kinds = {45, 15, 25, 1, 12, 0, 0, 0, 0},
      .max_pages = 300},
     true,
     250},
    {"ports",
     {.style = GEN_SMALL,
      .n_tasks = 4,
      .io = 1,
      .kinds = {60, 25, 15, 0, 0, 0, 0, 0, 0},
      .max_pages = 300},
     false,
     50},
    {"chain",
     {.style = GEN_CHAIN,
      .n_tasks = 3,
      .mem = 1,
      .kinds = {97, 2, 1, 1, 0, 0, 0, 0, 0},
      .max_pages = 700},
     false,
     100},
    {"large",
     {.style = GEN_LARGE,
      .n_tasks = 4,
      .mem = 1,
      .kinds = {50, 25, 10, 12, 1, 0, 1, 1, 0},
      .max_pages = 900},
     false,
     100},
};

static struct seq_op sequence[LENGTH];
static const struct scenario *scenario;
static unsigned at; /* in the sequence */
static u64 seed;
static u64 done[N_SEQ_KINDS][MODEL_IMPOSSIBLE + 1], skipped;
static const char *const kind_names[N_SEQ_KINDS] = {"map",  "unmap",  "ipc",   "touch", "object",
                                                    "task", "ku_mem", "fault", "fail"};

static void print_operation(const struct seq_op *op)
{
    unsigned words = N_SEQ_WORDS;

    while (words && !op->w[words - 1])
        words--;
    printf("%s %u %u %u", kind_names[op->kind], op->a, op->b, op->n);
    for (unsigned w = 0; w < words; w++)
        printf(" %lx", op->w[w]);
    printf("\n");
}

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
    model_run(&copy, &no_stop, &m);
    if (copy.kind == SEQ_OBJECT && m.status == MODEL_DONE)
        world_note_object(model.cap[model_find_cap(copy.a, copy.w[0])].object, k.object_id);
    compare_answers(&copy, &k, &m);
    world_after_operation();
    *status = m.status;
    return true;
}

static void run_sequence(unsigned n)
{
    struct gen g = {.config = scenario->gen, .random = seed * 0x9e3779b97f4a7c15UL + 1};

    g.config.reserved = HELPER_CODE;
    at = 0;
    world_begin(scenario->gen.n_tasks, scenario->family);
    while (at < n) {
        struct seq_op *op = &sequence[at++];
        enum model_status status = MODEL_DONE;

        gen_next(&g, op);
        if (both_run(op, &status))
            done[op->kind][status]++;
        else
            skipped++;
        world_bury();
        if (at % COMPARE == 0) {
            compare_states(&g, at % (COMPARE * FULL) == 0);
            world_bury();
        }
        if (at % (COMPARE * FULL) == 0 && !fuzz_kernel_check())
            differs("an invariant of the kernel is broken");
    }
    world_end();
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

static void mark_frames(void)
{
    for (u64 phys = POOL_BASE; phys < POOL_BASE + POOL_FRAMES * 4096UL; phys += 4096)
        if (world_is_ram(phys))
            *(volatile u64 *)phys = MARK(phys);
}

int main(void)
{
    unsigned long ops = fuzz_number("ops", 4000), first = fuzz_number("seed", 1), before = 0,
                  total = 0;
    char const *only = fuzz_word("run");

    world_init();
    for (unsigned i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
        unsigned long n = 0, wanted = only ? ops : ops * scenarios[i].share / 1000;

        scenario = &scenarios[i];
        if (only && strncmp(only, scenario->name, strlen(scenario->name)) != 0)
            continue;
        for (seed = first * 1000003; n < wanted; n += LENGTH, seed++) {
            if (seed == first * 1000003 &&
                !total) { /* the machine is known, frames can be marked; slabs are warm */
                run_sequence(COMPARE);
                mark_frames();
                before = fuzz_kernel_free();
            }
            run_sequence(LENGTH);
            if (fuzz_kernel_free() != before)
                differs("kernel memory: %lu bytes free, before %lu", fuzz_kernel_free(), before);
            total += LENGTH;
        }
        printf("fuzz_map: %s: model and kernel agree, %lu operations\n", scenario->name, n);
    }
    table();
    printf("fuzz_map: ok, %lu operations from seed %lu\n", total, first);
    return 0;
}
