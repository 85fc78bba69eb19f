/* SPDX-License-Identifier: MIT */
/* sources: tests/host/scenarios.c tests/model/gen.c @tests/host/fake/sources */
/*
 * Several operations at once: each is interrupted often, others begin, go on or are given up in between, tasks
 * and objects end under their feet.  There is no model of that; what has to hold is the kernel's invariants, no use
 * of freed memory, and that all memory is back when everything has ended.
 *
 *   --ops N     steps in all (default below, ten times as many with QUIRE_SOAK=1)
 *   --seed S    of the first sequence
 *   --length L  steps of one sequence
 */
#include "scenarios.h"

#include "arch.h"
#include "map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAIRS = 6, TIME_LIMIT = 30, DEFAULT_STEPS = 2000000 };

static struct flight {
    struct exec_pair pair;
    struct thread *t; /* NULL: idle */
    struct task *held[2];
    bool message;
} flights[PAIRS];

static const struct world_config worlds[] = {
    {.heap = 8 << 20, .n_tasks = 4, .irq_odds = 1, .family = true},
    {.heap = 8 << 20, .n_tasks = 4, .irq_odds = 2, .huge = true},
    {.heap = 640 << 10, .n_tasks = 4, .irq_odds = 1, .family = true, .tight = true},
};
static const struct gen_config gens[] = {
    {.style = GEN_SMALL,
     .n_tasks = 4,
     .mem = 6,
     .io = 1,
     .obj = 3,
     .kinds = {45, 30, 15, 4, 5, 0, 1, 1, 0},
     .max_pages = 1000},
    {.style = GEN_SMALL,
     .n_tasks = 4,
     .mem = 1,
     .kinds = {50, 40, 5, 4, 0, 0, 0, 0, 0},
     .max_pages = 1000},
    {.style = GEN_SMALL,
     .n_tasks = 3,
     .mem = 1,
     .obj = 6,
     .kinds = {40, 15, 30, 1, 12, 0, 1, 0, 0},
     .max_pages = 1000},
    {.style = GEN_LARGE,
     .n_tasks = 4,
     .mem = 1,
     .kinds = {50, 35, 8, 5, 0, 0, 1, 1, 0},
     .max_pages = 1200},
    {.style = GEN_HUGE,
     .n_tasks = 4,
     .mem = 1,
     .kinds = {50, 35, 8, 5, 0, 0, 0, 1, 0},
     .max_pages = 1200},
};

/* The operation is over: what its threads held goes. */
static void land(struct flight *f)
{
    f->t = NULL;
    for (unsigned i = 0; i < 2; i++)
        if (f->held[i])
            kobject_put(&f->held[i]->obj);
}

static void go_on(struct flight *f)
{
    void (*cont)(struct thread *) = f->t->cont;

    pcpu()->irq_pending = 0;
    f->t->cont = NULL;
    cont(f->t);
    if (!f->t->cont)
        land(f);
}

/* Its thread is killed, as kernel/thread.c does; a message is finished first (I-47). */
static void give_up(struct flight *f)
{
    if (f->message)
        return;
    unmap_abort(&f->t->unmap);
    for (unsigned i = 0; i < ARRAY_SIZE(f->t->held); i++)
        if (f->t->held[i])
            kobject_put(f->t->held[i]);
    memset(&f->pair, 0xee, sizeof(f->pair)); /* nobody may look at it any more */
    land(f);
}

static bool takes_time(const struct seq_op *op)
{
    return op->kind <= SEQ_IPC || op->kind == SEQ_KU_MEM;
}

static void begin(struct gen *g, struct flight *f)
{
    struct exec_answer a;
    struct seq_op op;

    for (unsigned i = 1; i < MODEL_SPACES; i++)
        model.space[i].alive = world_task(i) != NULL;
    gen_next(g, &op);
    if (!takes_time(&op)) {
        exec_run(&op, &a);
        return;
    }
    if (!exec_possible(&op))
        return;
    f->held[0] = world_task(op.a);
    f->held[1] = op.kind == SEQ_IPC || op.kind == SEQ_MAP ? world_task(op.b) : NULL;
    for (unsigned i = 0; i < 2; i++)
        if (f->held[i])
            kobject_get(&f->held[i]->obj);
    f->message = op.kind == SEQ_IPC;
    f->t = exec_begin(&op, &f->pair);
    if (!f->t->cont)
        land(f);
}

/* Some of the reaper's work; it may be interrupted too. */
static void reap_some(void)
{
    pcpu()->irq_pending = 0;
    if (reap_pending())
        reap_run();
}

static void episode(u64 seed, unsigned steps)
{
    struct gen g = {.config = gens[seed % ARRAY_SIZE(gens)],
                    .random = seed * 0x9e3779b97f4a7c15UL + 1};

    world_boot(&worlds[seed / ARRAY_SIZE(gens) % ARRAY_SIZE(worlds)]);
    fake_random_state = g.random;
    for (unsigned i = 0; i < steps; i++) {
        struct flight *f = &flights[gen_random(&g, PAIRS)];
        pcpu()->irq_pending = 0;
        if (!f->t)
            begin(&g, f);
        else if (gen_random(&g, 12) == 0)
            give_up(f);
        else
            go_on(f);
        if (gen_random(&g, 3) == 0)
            reap_some();
        if (gen_random(&g, 400) == 0)
            world_check();
    }
    if (fake_irq_odds == 1) /* they must end even if they look before they work */
        fake_irq_odds = 2;
    for (unsigned i = 0; i < PAIRS; i++)
        while (flights[i].t)
            go_on(&flights[i]);
    fake_irq_odds = 0;
    world_reap();
    world_check();
    world_end();
}

static bool in_child(u64 seed, unsigned steps)
{
    int status;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (child == 0) {
        alarm(TIME_LIMIT);
        episode(seed, steps);
        _Exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        abort();
    return status == 0;
}

/* The shortest run of this seed that fails. */
static unsigned shortest(u64 seed, unsigned steps)
{
    unsigned passes = 0;

    if (!freopen("/dev/null", "w", stderr))
        abort();
    while (steps - passes > 1) {
        unsigned middle = passes + (steps - passes) / 2;
        if (in_child(seed, middle))
            passes = middle;
        else
            steps = middle;
    }
    return steps;
}

int main(int argc, char **argv)
{
    u64 ops = DEFAULT_STEPS * soak_factor(), seed = 1, length = 3000, done = 0;

    for (int i = 1; i + 1 < argc; i += 2) {
        u64 *value = !strcmp(argv[i], "--ops")    ? &ops
                     : !strcmp(argv[i], "--seed") ? &seed
                                                  : &length;
        *value = strtoul(argv[i + 1], NULL, 0);
    }
    record_init();
    for (; done < ops; done += length, seed++)
        if (!in_child(seed, (unsigned)length)) {
            unsigned n;
            printf("FAIL interleaved operations: seed %lu\n", seed);
            n = length > 10 ? shortest(seed, (unsigned)length) : (unsigned)length;
            printf("again with: t_interleave --ops 1 --seed %lu --length %u\n", seed, n);
            return 1;
        }
    printf("ok M-49 I1 ... I9 interleaved operations keep the invariants (%lu steps)\n", done);
    return 0;
}
