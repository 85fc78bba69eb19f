/* SPDX-License-Identifier: MIT */
/*
 * Scopes of the exhaustive test: few operations each, small enough that all sequences of them can be gone through.
 *
 * Decides: which operations a scope has, and which exchanges of names turn each of them into another one of the scope.
 * States that such an exchange turns into each other are one, for whatever follows on the one follows on the other.
 * Called by t_exhaustive.c.
 */
#ifndef TESTS_HOST_SCOPES_H
#define TESTS_HOST_SCOPES_H

#include "../model/seq.h"

enum { MAX_SCOPE_OPS = 700, SCOPE_TASKS = 2, MAX_SYMMETRIES = 8 };

/* An exchange: of the two tasks, and by exclusive or of addresses (bytes or slots) in sigma0 and in each task. */
struct symmetry {
    bool swap;
    u64 mask[1 + SCOPE_TASKS];
};

struct scope {
    const char *name;
    void (*make)(void); /* fills scope_ops */
    unsigned length,
        soak; /* sequences up to this length are gone through, with QUIRE_SOAK=1 up to that one */
    struct symmetry symmetry[3]; /* what the group is made from */
};
extern const struct scope scopes[];
extern const unsigned n_scopes;

extern struct seq_op scope_ops[MAX_SCOPE_OPS];
extern unsigned n_scope_ops;
/* The group of the scope: all symmetries, the first one changes nothing. */
extern struct symmetry scope_group[MAX_SYMMETRIES];
extern unsigned n_scope_group;

/* The space's number, and an address within a page of that order, after the exchange. */
static inline unsigned scope_space(const struct symmetry *y, unsigned space)
{
    return y->swap && space ? 1 + SCOPE_TASKS - space : space;
}
static inline u64 scope_at(const struct symmetry *y, unsigned space, unsigned order, u64 at)
{
    return at ^ (y->mask[space] & ~((1UL << order) - 1));
}

/* Make operations and group; NULL, or what an exchange turns into something else than an operation of the scope. */
const struct seq_op *scope_begin(const struct scope *s);

#endif
