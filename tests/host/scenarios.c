/* SPDX-License-Identifier: MIT */
/* Running, shrinking and printing of sequences, see scenarios.h. */
#include "scenarios.h"

#include "kmem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COMPARE = 4, FULL_CHECK = 512, TIME_LIMIT = 60, MB = 1 << 20, KB = 1 << 10 };

/* Order: map, unmap, ipc, touch, object, task, ku_mem, fault, fail. */
const struct scenario scenarios[] = {
    {"small",
     {.heap = 8 * MB, .n_tasks = 4},
     {.style = GEN_SMALL,
      .n_tasks = 4,
      .mem = 6,
      .io = 1,
      .obj = 3,
      .kinds = {50, 25, 15, 8, 4, 0, 1, 1, 0},
      .max_pages = 700},
     450,
     2000},
    {"interrupted",
     {.heap = 8 * MB, .n_tasks = 4, .irq_odds = 3, .family = true},
     {.style = GEN_SMALL,
      .n_tasks = 4,
      .mem = 5,
      .io = 1,
      .obj = 2,
      .kinds = {50, 25, 15, 8, 3, 0, 1, 1, 0},
      .max_pages = 500},
     150,
     2000},
    {"large",
     {.heap = 16 * MB, .n_tasks = 4, .irq_odds = 10},
     {.style = GEN_LARGE,
      .n_tasks = 4,
      .mem = 1,
      .kinds = {50, 25, 10, 12, 1, 0, 1, 1, 0},
      .max_pages = 1200},
     15,
     600},
    {"huge",
     {.heap = 16 * MB, .n_tasks = 4, .huge = true},
     {.style = GEN_HUGE,
      .n_tasks = 4,
      .mem = 1,
      .kinds = {50, 25, 10, 12, 1, 0, 0, 1, 0},
      .max_pages = 1200},
     15,
     600},
    {"objects",
     {.heap = 8 * MB, .n_tasks = 4, .irq_odds = 8, .family = true},
     {.style = GEN_SMALL,
      .n_tasks = 4,
      .mem = 1,
      .obj = 10,
      .kinds = {45, 15, 25, 1, 12, 0, 0, 0, 0},
      .max_pages = 300},
     180,
     2000},
    {"ports",
     {.heap = 8 * MB, .n_tasks = 4, .irq_odds = 8},
     {.style = GEN_SMALL,
      .n_tasks = 4,
      .io = 1,
      .kinds = {60, 25, 15, 0, 0, 0, 0, 0, 0},
      .max_pages = 300},
     15,
     1000},
    {"chain",
     {.heap = 8 * MB, .n_tasks = 3},
     {.style = GEN_CHAIN,
      .n_tasks = 3,
      .mem = 1,
      .kinds = {95, 1, 3, 1, 0, 0, 0, 0, 0},
      .max_pages = 1200},
     80,
     1500},
    {"quota",
     {.heap = 8 * MB, .quota = 72 * KB, .n_tasks = 4, .irq_odds = 8, .tight = true, .family = true},
     {.style = GEN_SMALL,
      .n_tasks = 4,
      .mem = 4,
      .io = 1,
      .obj = 3,
      .kinds = {60, 20, 15, 3, 6, 0, 1, 1, 0},
      .max_pages = 1500},
     60,
     1000},
    {"little heap",
     {.heap = 512 * KB, .n_tasks = 4, .irq_odds = 8, .tight = true},
     {.style = GEN_LARGE,
      .n_tasks = 4,
      .mem = 5,
      .io = 1,
      .obj = 3,
      .kinds = {60, 20, 15, 3, 6, 0, 1, 1, 0},
      .max_pages = 4000},
     5,
     800},
    {"failures",
     {.heap = 8 * MB, .n_tasks = 4, .tight = true, .family = true},
     {.style = GEN_SMALL,
      .n_tasks = 4,
      .mem = 4,
      .io = 1,
      .obj = 3,
      .kinds = {50, 20, 15, 3, 6, 0, 1, 1, 10},
      .max_pages = 300},
     30,
     800},
};
const unsigned n_scenarios = sizeof(scenarios) / sizeof(scenarios[0]);
struct record *record;

u64 soak_factor(void)
{
    const char *soak = getenv("QUIRE_SOAK");

    return soak && *soak && strcmp(soak, "0") ? 10 : 1;
}

void record_init(void)
{
    record = mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (record == MAP_FAILED)
        abort();
}

/* ---- running; everything here is in a child process ---- */

/* Sequences of a file, and while one is made short, are compared after each operation; random ones after a few. */
static void one(const struct seq_op *op, unsigned number, unsigned every)
{
    enum model_status status = MODEL_DONE;

    memset(model_events, 0, sizeof(model_events));
    if (both_run(op, &status) || status == MODEL_NO_MEMORY)
        record->done[op->kind][status]++;
    else
        record->skipped++;
    for (unsigned i = 0; i < N_MODEL_EVENTS; i++)
        record->events[i][op->kind] += model_events[i];
    if (number % every == every - 1)
        compare_states();
    if (number % FULL_CHECK == FULL_CHECK - 1)
        world_check();
}

static void generate_and_run(const struct scenario *s, u64 seed, unsigned n)
{
    struct gen g = {.config = s->gen, .random = seed * 0x9e3779b97f4a7c15UL + 1};

    for (unsigned i = 0; i < n; i++) {
        gen_next(&g, &record->op[i]);
        record->n = i + 1;
        one(&record->op[i], i, COMPARE);
    }
}

static bool in_child(const struct scenario *s, const struct seq_op *ops, unsigned n, u64 seed)
{
    int status;
    pid_t child;

    record->why = 0;
    child = fork();
    if (child == 0) {
        fake_why = &record->why;
        alarm(TIME_LIMIT);
        world_boot(&s->world);
        for (unsigned i = 0; ops && i < n; i++)
            one(&ops[i], i, 1);
        if (!ops)
            generate_and_run(s, seed, n);
        world_end();
        fflush(stdout);
        _Exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        abort();
    if (WIFSIGNALED(status))
        printf("difference: the process ended with signal %d\n", WTERMSIG(status));
    return status == 0;
}

bool run_random(const struct scenario *s, u64 seed, unsigned n)
{
    fflush(stdout);
    record->n = 0;
    return in_child(s, NULL, n, seed);
}

bool run_sequence(const struct scenario *s, const struct seq_op *ops, unsigned n, bool quiet)
{
    int out, error;
    bool ok;

    fflush(stdout);
    if (!quiet)
        return in_child(s, ops, n, 0);
    out = dup(1);
    error = dup(2);
    if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
        abort();
    ok = in_child(s, ops, n, 0);
    fflush(stdout);
    dup2(out, 1);
    dup2(error, 2);
    close(out);
    close(error);
    return ok;
}

/* ---- shrinking ---- */

/* Try without the operations [at, at + size). */
static bool try_without(const struct scenario *s, struct seq_op *ops, unsigned *n,
                        const unsigned *cut)
{
    static struct seq_op rest[MAX_SEQUENCE];
    unsigned at = cut[0], size = cut[1];
    u64 why = record->why;

    memcpy(rest, ops, at * sizeof(*ops));
    memcpy(rest + at, ops + at + size, (*n - at - size) * sizeof(*ops));
    if (run_sequence(s, rest, *n - size, true) || record->why != why) {
        record->why = why; /* it must remain the same difference */
        return false;
    }
    *n -= size;
    memcpy(ops, rest, *n * sizeof(*ops));
    return true;
}

unsigned shrink(const struct scenario *s, struct seq_op *ops, unsigned n)
{
    for (unsigned size = n / 2; size; size = size > 1 ? size / 2 : 0)
        for (bool again = true; again;) {
            again = false;
            for (unsigned end = n; end >= size && n >= size; end -= size) {
                unsigned cut[2] = {end - size, size};
                if (try_without(s, ops, &n, cut))
                    again = size == 1;
                if (end < 2 * size)
                    break;
            }
        }
    return n;
}

/* ---- text ---- */

const char *const kind_names[N_SEQ_KINDS] = {
    "map", "unmap", "ipc", "touch", "object", "task", "ku_mem", "fault", "fail",
};

void print_sequence(FILE *f, const struct scenario *s, const struct seq_op *ops, unsigned n)
{
    fprintf(f, "scenario %s\n", s->name);
    for (unsigned i = 0; i < n; i++) {
        unsigned words = N_SEQ_WORDS;
        while (words && !ops[i].w[words - 1])
            words--;
        fprintf(f, "%s %u %u %u", kind_names[ops[i].kind], ops[i].a, ops[i].b, ops[i].n);
        for (unsigned w = 0; w < words; w++)
            fprintf(f, " %lx", ops[i].w[w]);
        fprintf(f, "\n");
    }
}

bool read_operation(const char *line, struct seq_op *op)
{
    unsigned a, b, n, kind = 0;
    char name[16];
    int used;

    *op = (struct seq_op){0};
    if (sscanf(line, "%15s %u %u %u%n", name, &a, &b, &n, &used) != 4)
        return false;
    while (kind < N_SEQ_KINDS && strcmp(name, kind_names[kind]))
        kind++;
    if (kind == N_SEQ_KINDS || a >= MODEL_SPACES || b >= MODEL_SPACES || n > 255)
        return false;
    op->kind = (u8)kind;
    op->a = (u8)a;
    op->b = (u8)b;
    op->n = (u8)n;
    line += used;
    for (unsigned i = 0; i < N_SEQ_WORDS && sscanf(line, "%lx%n", &op->w[i], &used) == 1; i++)
        line += used;
    return true;
}

const struct scenario *read_sequence(const char *path, struct seq_op *ops, unsigned *n)
{
    const struct scenario *s = NULL;
    FILE *f = fopen(path, "r");
    char line[512];

    *n = 0;
    while (f && fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = 0;
        if (!line[0] || line[0] == '#')
            continue;
        if (!strncmp(line, "scenario ", 9)) {
            for (unsigned i = 0; i < n_scenarios; i++)
                if (!strcmp(line + 9, scenarios[i].name))
                    s = &scenarios[i];
        } else if (*n == MAX_SEQUENCE || !read_operation(line, &ops[(*n)++])) {
            s = NULL;
            break;
        }
    }
    if (f)
        fclose(f);
    return s;
}
