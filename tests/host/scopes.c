/* SPDX-License-Identifier: MIT */
/* The operations of each scope, and which exchanges of names leave them the same, see scopes.h. */
#include "scopes.h"

#include <stdlib.h>
#include <string.h>

#define LOW 0x40000000UL
#define NEXT_TABLE 0x40200000UL

struct seq_op scope_ops[MAX_SCOPE_OPS];
unsigned n_scope_ops;
struct symmetry scope_group[MAX_SYMMETRIES];
unsigned n_scope_group;

static void add(const struct seq_op *op)
{
    if (n_scope_ops == MAX_SCOPE_OPS)
        abort();
    scope_ops[n_scope_ops++] = *op;
}

/* Map and grant between all of sigma0 (if `root`) and two tasks. */
static void add_maps(u64 send, u64 item, bool root, bool grant)
{
    for (unsigned from = root ? 0 : 1; from <= 2; from++)
        for (unsigned to = 1; to <= 2; to++)
            for (unsigned g = 0; g <= (grant && from ? 1 : 0); g++)
                add(&(struct seq_op){.kind = SEQ_MAP,
                                     .a = (u8)from,
                                     .b = (u8)to,
                                     .n = 3,
                                     .w = {item | 8 | g << 1, send}});
}

static void add_unmaps(u64 fpage, bool root)
{
    for (unsigned task = root ? 0 : 1; task <= 2; task++)
        for (u64 self = 0; self <= 1; self++)
            add(&(struct seq_op){
                .kind = SEQ_UNMAP, .a = (u8)task, .n = 1, .w = {self << 31, fpage}});
}

/* One address in two tasks: sequences can be long. */
static void scope_tiny(void)
{
    for (unsigned rights = 4; rights <= 6; rights += 2)
        add_maps(seq_fpage(LOW, SEQ_MEM, 12, rights), LOW, true, true);
    for (unsigned rights = 0; rights <= 4; rights += 2)
        add_unmaps(seq_fpage(LOW, SEQ_MEM, 12, rights), true);
    for (unsigned task = 1; task <= 2; task++)
        add(&(struct seq_op){.kind = SEQ_TOUCH, .a = (u8)task, .b = 1, .n = 1, .w = {LOW}});
}

static void scope_small(void)
{
    for (u64 src = 0; src < 2; src++) {
        for (u64 dst = 0; dst < 2; dst++)
            for (unsigned rights = 4; rights <= 6; rights += 2)
                add_maps(seq_fpage(LOW + (src << 12), SEQ_MEM, 12, rights), LOW + (dst << 12), true,
                         true);
        add_unmaps(seq_fpage(LOW + (src << 12), SEQ_MEM, 12, 7), true);
        add_unmaps(seq_fpage(LOW + (src << 12), SEQ_MEM, 12, 2), true);
        add_unmaps(seq_fpage(LOW + (src << 12), SEQ_MEM, 12, 0), true);
        for (unsigned task = 1; task <= 2; task++)
            add(&(struct seq_op){
                .kind = SEQ_TOUCH, .a = (u8)task, .b = 1, .n = 1, .w = {LOW + (src << 12)}});
    }
    add_maps(seq_fpage(LOW, SEQ_MEM, 13, 7), LOW, true, true); /* both at once */
}

static void scope_sizes(void)
{
    static const u64 small[] = {LOW, LOW + 0x3000, NEXT_TABLE, NEXT_TABLE + 0x3000};

    for (unsigned s = 0; s < 4; s += 1)
        for (unsigned d = 0; d < 4; d += 3)
            add_maps(seq_fpage(small[s], SEQ_MEM, 12, 7), small[d], false, true);
    for (unsigned s = 0; s < 4; s += 2)
        for (unsigned d = 0; d < 4; d += 2)
            add_maps(seq_fpage(small[s], SEQ_MEM, 21, 7), small[d], true, true);
    for (unsigned s = 0; s < 4; s++) {
        add_unmaps(seq_fpage(small[s], SEQ_MEM, 12, 7), true);
        add_unmaps(seq_fpage(small[s], SEQ_MEM, 12, 2), false);
    }
    add_unmaps(seq_fpage(LOW, SEQ_MEM, 21, 7), true);
    add_unmaps(seq_fpage(LOW + 0x1ff000, SEQ_MEM, 12, 7), true);
}

/* Four small pages in two tables, the two large ones around them, with and without W. */
static void scope_memory(void)
{
    static const u64 at[] = {LOW, LOW + 0x3000, NEXT_TABLE, NEXT_TABLE + 0x3000};

    for (unsigned rights = 4; rights <= 6; rights += 2) {
        for (unsigned s = 0; s < 4; s++)
            for (unsigned d = 0; d < 4; d++)
                add_maps(seq_fpage(at[s], SEQ_MEM, 12, rights), at[d], true, true);
        for (unsigned s = 0; s < 4; s += 2)
            for (unsigned d = 0; d < 4; d += 2)
                add_maps(seq_fpage(at[s], SEQ_MEM, 21, rights), at[d], true, true);
    }
    for (unsigned rights = 2; rights <= 4; rights += 2)
        for (unsigned s = 0; s < 4; s++) {
            add_unmaps(seq_fpage(at[s], SEQ_MEM, 12, rights), true);
            add_unmaps(seq_fpage(at[s], SEQ_MEM, 21, rights), true);
        }
    for (unsigned s = 0; s < 4; s++)
        for (unsigned task = 1; task <= 2; task++)
            add(&(struct seq_op){.kind = SEQ_TOUCH, .a = (u8)task, .b = 1, .n = 1, .w = {at[s]}});
}

static void scope_objects(void)
{
    static const u64 slots[] = {0x60, 0x61};

    for (unsigned s = 0; s < 2; s++) {
        for (unsigned d = 0; d < 2; d++)
            for (unsigned k = 0; k < 4; k++)
                add_maps(seq_fpage(slots[s] << 12, SEQ_OBJ, 0, k & 1 ? 5 : 15),
                         slots[d] << 12 | 0xe0 | (k & 2 ? 0x10U : 0U), false, true);
        for (unsigned task = 1; task <= 2; task++) {
            add(&(struct seq_op){.kind = SEQ_OBJECT, .a = (u8)task, .w = {slots[s], 0x40}});
            for (u64 mask = 2; mask <= 3; mask++) /* without and with delete */
                add(&(struct seq_op){.kind = SEQ_UNMAP,
                                     .a = (u8)task,
                                     .n = 1,
                                     .w = {mask << 30, seq_fpage(slots[s] << 12, SEQ_OBJ, 0, 15)}});
            add(&(struct seq_op){.kind = SEQ_UNMAP,
                                 .a = (u8)task,
                                 .n = 1,
                                 .w = {2UL << 30, seq_fpage(slots[s] << 12, SEQ_OBJ, 0, 8)}});
        }
    }
}

static void scope_ports(void)
{
    static const u64 sends[] = {0, 1};

    for (unsigned s = 0; s < 2; s++) {
        add_maps(seq_fpage(sends[s] << 12, SEQ_IO, 0, 6), 0, true, true);
        add_unmaps(seq_fpage(sends[s] << 12, SEQ_IO, 0, 6), true);
    }
    add_maps(seq_fpage(0, SEQ_IO, 1, 6), 0, true, true);
    for (u8 task = 1; task <= 2; task++)
        add(&(struct seq_op){
            .kind = SEQ_MAP, .b = task, .n = 3, .w = {8, seq_fpage(0, SEQ_IO, 16, 6)}});
    add_unmaps(seq_fpage(0, SEQ_IO, 16, 6), true);
}

#define SWAP                                                                                       \
    {                                                                                              \
        .swap = true                                                                               \
    }
#define ALL_BY(x)                                                                                  \
    {                                                                                              \
        .mask = { x, x, x }                                                                        \
    } /* in all spaces alike */

/* Short ones first: a fault is found soon. */
const struct scope scopes[] = {
    {"M-19 ... M-46 one page exhaustively", scope_tiny, 99, 99, {SWAP}},
    {"M-52 ... M-54 ports exhaustively", scope_ports, 99, 99, {SWAP}},
    {"M-58 ... M-70 objects exhaustively",
     scope_objects,
     5,
     99,
     {SWAP, {.mask = {0, 1, 0}}, {.mask = {0, 0, 1}}}},
    {"M-19 ... M-46 small pages exhaustively", scope_small, 4, 6, {SWAP, ALL_BY(0x1000)}},
    {"M-13 ... M-43 pages of two sizes exhaustively", scope_sizes, 4, 5, {SWAP}},
    {"M-13 ... M-46 four pages, two sizes, two rights exhaustively",
     scope_memory,
     3,
     4,
     {SWAP, ALL_BY(0x3000), ALL_BY(LOW ^ NEXT_TABLE)}},
};
const unsigned n_scopes = sizeof(scopes) / sizeof(scopes[0]);

/* ---- the group ---- */

/* First `a`, then `b`. */
static struct symmetry both(const struct symmetry *a, const struct symmetry *b)
{
    struct symmetry y = {.swap = a->swap != b->swap};

    for (unsigned space = 0; space <= SCOPE_TASKS; space++)
        y.mask[space] = a->mask[space] ^ b->mask[scope_space(a, space)];
    return y;
}

static bool same(const struct symmetry *a, const struct symmetry *b)
{
    return a->swap == b->swap && !memcmp(a->mask, b->mask, sizeof(a->mask));
}

static void join(const struct symmetry *y)
{
    for (unsigned i = 0; i < n_scope_group; i++)
        if (same(&scope_group[i], y))
            return;
    if (n_scope_group == MAX_SYMMETRIES)
        abort();
    scope_group[n_scope_group++] = *y;
}

/* The flexpage, or the item word that says where it is to be, in this space after the exchange. */
static u64 moved(const struct symmetry *y, unsigned space, u64 word, u64 fpage)
{
    unsigned order = fpage >> 6 & 63, unit = (fpage >> 4 & 3) == SEQ_MEM ? 0 : 12;

    return scope_at(y, space, order, word >> unit) << unit | (word & ((1UL << unit) - 1));
}

static struct seq_op image(const struct symmetry *y, const struct seq_op *op)
{
    struct seq_op i = *op;

    i.a = (u8)scope_space(y, op->a);
    switch (op->kind) {
    case SEQ_MAP:
        i.b = (u8)scope_space(y, op->b);
        i.w[0] = moved(y, op->b, op->w[0], op->w[1]);
        i.w[1] = moved(y, op->a, op->w[1], op->w[1]);
        break;
    case SEQ_UNMAP:
        i.w[1] = moved(y, op->a, op->w[1], op->w[1]);
        break;
    default: /* touch: an address; object: a slot */
        i.w[0] = scope_at(y, op->a, 0, op->w[0]);
    }
    return i;
}

static bool is_there(const struct seq_op *op)
{
    for (unsigned i = 0; i < n_scope_ops; i++)
        if (!memcmp(&scope_ops[i], op, sizeof(*op)))
            return true;
    return false;
}

const struct seq_op *scope_begin(const struct scope *s)
{
    static struct seq_op bad;

    n_scope_ops = 0;
    s->make();
    n_scope_group = 1;
    scope_group[0] = (struct symmetry){0};
    for (unsigned i = 0; i < n_scope_group; i++) /* it grows meanwhile */
        for (unsigned k = 0; k < sizeof(s->symmetry) / sizeof(s->symmetry[0]); k++) {
            struct symmetry y = both(&scope_group[i], &s->symmetry[k]);
            join(&y);
        }
    for (unsigned i = 0; i < n_scope_ops; i++)
        for (unsigned k = 0; k < n_scope_group; k++) {
            bad = image(&scope_group[k], &scope_ops[i]);
            if (!is_there(&bad))
                return &bad;
        }
    return NULL;
}
