/* SPDX-License-Identifier: MIT */
/* sources: tests/host/scenarios.c tests/host/outcomes.c tests/model/gen.c @tests/host/fake/sources */
/*
 * Random operations on the kernel's mapping code and on the reference model; after each one the whole state is
 * compared, and the kernel's own invariants are checked again and again.  A sequence that shows a difference is made
 * short and printed as text that --replay takes; tests/model/regress holds those that once failed.
 *
 *   --ops N       operations in all (default 1,000,000; ten times as many with QUIRE_SOAK=1)
 *   --seed S      another part of the space of sequences
 *   --scenario X  only this one
 *   --replay F    only the sequence in the file
 */
#include "scenarios.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct seq_op sequence[MAX_SEQUENCE];

#define FAILING "build/tests/host/failing.seq"

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* As a file, to be looked at, run again with --replay, and put beside those of tests/model/regress. */
static void keep(const struct scenario *s, unsigned n)
{
    FILE *f = fopen(FAILING, "w");

    if (!f)
        return; /* another directory: it was printed */
    fprintf(f, "# SPDX-License-Identifier: MIT\n");
    print_sequence(f, s, sequence, n);
    fclose(f);
    printf("(kept in " FAILING ")\n");
}

static void report(const struct scenario *s, u64 seed)
{
    unsigned n = record->n;

    printf("FAIL %s: seed %lu, operation %u; the shortest sequence found, and what it shows:\n",
           s->name, seed, n);
    memcpy(sequence, record->op, n * sizeof(*sequence));
    n = shrink(s, sequence, n);
    print_sequence(stdout, s, sequence, n);
    keep(s, n);
    if (run_sequence(s, sequence, n, false))
        printf("(it does not show it again)\n");
}

static bool run_scenario(const struct scenario *s, u64 first_seed, u64 ops)
{
    double start = seconds();
    u64 done = 0, seed = first_seed;

    for (; done < ops; done += s->length, seed++)
        if (!run_random(s, seed, s->length)) {
            report(s, seed);
            return false;
        }
    printf("ok %s: model and kernel agree (%lu operations, %lu sequences, %.1f s)\n", s->name, done,
           seed - first_seed, seconds() - start);
    fflush(stdout);
    return true;
}

static bool replay(const char *path)
{
    unsigned n;
    const struct scenario *s = read_sequence(path, sequence, &n);

    if (!s) {
        printf("FAIL %s: not a sequence\n", path);
        return false;
    }
    if (!run_sequence(s, sequence, n, false)) {
        printf("FAIL %s: it fails again\n", path);
        return false;
    }
    printf("ok %s\n", path);
    return true;
}

static bool replay_all(const char *directory)
{
    struct dirent **names = NULL;
    int n = scandir(directory, &names, NULL, alphasort);
    bool ok = true;

    for (int i = 0; i < n; i++) {
        char path[512];
        const char *dot = strrchr(names[i]->d_name, '.');
        if (dot && !strcmp(dot, ".seq")) {
            snprintf(path, sizeof(path), "%s/%s", directory, names[i]->d_name);
            ok &= replay(path);
        }
        free(names[i]);
    }
    free(n < 0 ? NULL : names);
    return ok;
}

int main(int argc, char **argv)
{
    u64 ops = 1000000 * soak_factor(), seed = 1;
    const char *only = NULL;
    bool ok;

    record_init();
    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--ops"))
            ops = strtoul(argv[i + 1], NULL, 0);
        else if (!strcmp(argv[i], "--seed"))
            seed = strtoul(argv[i + 1], NULL, 0);
        else if (!strcmp(argv[i], "--scenario"))
            only = argv[i + 1];
        else if (!strcmp(argv[i], "--replay"))
            return replay(argv[i + 1]) ? 0 : 1;
    }
    ok = replay_all("tests/model/regress");
    for (unsigned i = 0; i < n_scenarios; i++)
        if (!only || !strcmp(only, scenarios[i].name))
            ok &= run_scenario(&scenarios[i], seed * 1000003,
                               only ? ops : ops / 1000 * scenarios[i].share);
    if (!only && ops >= 1000000)
        ok &= outcomes_check();
    return ok ? 0 : 1;
}
