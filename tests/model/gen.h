/* SPDX-License-Identifier: MIT */
/*
 * Generator of test sequences: random operations that mostly make sense in the model's present state, so that every
 * outcome is reached, with some that do not.  Freestanding; the same in host and guest.
 */
#ifndef TESTS_MODEL_GEN_H
#define TESTS_MODEL_GEN_H

#include "seq.h"

enum gen_style {
    GEN_SMALL, /* 4 KiB pages */
    GEN_CHAIN, /* deep derivations */
    GEN_LARGE, /* 2 MiB pages and pieces of them */
    GEN_HUGE,  /* 1 GiB too */
};

struct gen_config {
    u8 style;
    u8 n_tasks;             /* 1 ... */
    u8 mem, io, obj;        /* weights of the types */
    u8 kinds[N_SEQ_KINDS];  /* weights of the operations */
    u16 max_pages;          /* above: take everything back */
    bool fixed_tasks;       /* tasks do not end and are not made */
    u64 mem_base;           /* user address of the pool; 0: 1 GiB */
    u64 reserved;           /* a page that is not chosen by its address; 0: none */
    u64 slot_base, n_slots; /* slots to use; 0: the usual ones */
};

struct gen {
    struct gen_config config;
    u64 random;
};

void gen_next(struct gen *g, struct seq_op *op);
u64 gen_random(struct gen *g, u64 n); /* 0 ... n-1 */

#endif
