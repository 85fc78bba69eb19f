/* SPDX-License-Identifier: MIT */
/*
 * Scenarios of the random tests: a world and a generator each; running and shrinking of sequences in processes of their
 * own, so that a broken kernel does not spoil the next run; and sequences as text.
 */
#ifndef TESTS_HOST_SCENARIOS_H
#define TESTS_HOST_SCENARIOS_H

#include "../model/gen.h"
#include "fake/fake.h"

#include <stdio.h>

enum { MAX_SEQUENCE = 3000 };

struct scenario {
    const char *name;
    struct world_config world;
    struct gen_config gen;
    unsigned share;  /* of all operations, per thousand */
    unsigned length; /* of one sequence */
};
extern const struct scenario scenarios[];
extern const unsigned n_scenarios;

/* What a process leaves behind; in memory that all share. */
struct record {
    unsigned n;
    struct seq_op op[MAX_SEQUENCE];
    u64 done[N_SEQ_KINDS][N_MODEL_STATUS]; /* operations by outcome */
    u64 skipped;
    u64 why; /* which difference ended the process */
    u64 events[N_MODEL_EVENTS][N_SEQ_KINDS];
};
extern struct record *record;

extern const char *const kind_names[N_SEQ_KINDS];

/* How much longer than usual a test is to look: 1, or 10 with QUIRE_SOAK set in the environment. */
u64 soak_factor(void);

/* Shared memory for the record. */
void record_init(void);

/* A fresh process generates and runs `n` operations from the seed; false: a difference was found. */
bool run_random(const struct scenario *s, u64 seed, unsigned n);
/* A fresh process runs the sequence; false: a difference.  quiet: it prints nothing. */
bool run_sequence(const struct scenario *s, const struct seq_op *ops, unsigned n, bool quiet);
/* Leave out what is not needed for the difference; the new length. */
unsigned shrink(const struct scenario *s, struct seq_op *ops, unsigned n);

/* Has everything been reached that tests/model/outcomes.txt lists?  Prints the counts (outcomes.c). */
bool outcomes_check(void);

void print_sequence(FILE *f, const struct scenario *s, const struct seq_op *ops, unsigned n);
/* One line of the same text. */
bool read_operation(const char *line, struct seq_op *op);
/* NULL: the file cannot be read as a sequence. */
const struct scenario *read_sequence(const char *path, struct seq_op *ops, unsigned *n);

#endif
