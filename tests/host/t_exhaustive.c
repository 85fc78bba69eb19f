/* SPDX-License-Identifier: MIT */
/* sources: tests/host/scenarios.c tests/model/gen.c @tests/host/fake/sources */
/*
 * All sequences of operations within small scopes, on the kernel's code: breadth first, a state that was seen
 * before is not gone on from, and after each operation the whole state is compared with the model.  States that
 * differ only by the names of the two tasks are one.  After an operation that changes nothing the next one follows
 * in the same world, else the world begins anew and the way to the state is gone again.  Each scope has a number of
 * steps to spend; it says which length of sequences is complete with that, and how many sequences these are.
 *
 *   --steps N  of each scope (default below; ten times as many with QUIRE_SOAK=1)
 */
#include "scenarios.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_OPS = 700, MAX_STATES = 1 << 20, MAX_LENGTH = 8, SEEN = 1 << 22, FULL_CHECK = 1024 };
enum { DEFAULT_STEPS = 60000, EVERYTHING = 99 };

#define LOW 0x40000000UL
#define NEXT_TABLE 0x40200000UL

static struct seq_op ops[MAX_OPS];
static unsigned n_ops;

/* ---- the operations of a scope ---- */

static void add(const struct seq_op *op)
{
    if (n_ops == MAX_OPS)
        abort();
    ops[n_ops++] = *op;
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
    add(&(struct seq_op){
        .kind = SEQ_MAP, .a = 0, .b = 1, .n = 3, .w = {8, seq_fpage(0, SEQ_IO, 16, 6)}});
    add_unmaps(seq_fpage(0, SEQ_IO, 16, 6), true);
}

/* ---- states ---- */

static u64 mix(u64 h, u64 v)
{
    h = (h ^ v) * 0x9e3779b97f4a7c15UL;
    return h ^ h >> 29;
}

/* The number of a space, with the two tasks exchanged or not. */
static u64 name_of(unsigned space, bool swap) { return swap && space ? 3 - space : space; }

static u64 place(int page, bool swap)
{
    const struct model_page *p = page < 0 ? NULL : &model.page[page];

    return p ? mix(mix(name_of(p->space, swap) + 1, p->at), p->order) : 1;
}

/* The model's state as one number, whatever the order of its records. */
static u64 hash_of(bool swap)
{
    u64 sum = 0;

    for (int i = 0; i < model.end; i++) {
        const struct model_page *p = &model.page[i];
        u64 h = mix(place(i, swap), p->phys);
        h = mix(h, p->rights | (u64)p->usage << 8 | (u64)p->cache << 16 | (u64)p->type << 24);
        if (p->present)
            sum += mix(h, place(p->parent, swap));
    }
    for (unsigned i = 0; i < model.n_tables; i++)
        sum +=
            mix(mix(name_of(model.table[i].space, swap), model.table[i].at), model.table[i].order);
    for (int i = 0; i < model.caps_end; i++) {
        const struct model_cap *c = &model.cap[i];
        /* Which number an object has does not matter, but which slots share it. */
        u64 others = 0;
        for (int k = 0; k < model.caps_end; k++)
            if (model.cap[k].space && model.cap[k].object == c->object)
                others += mix(name_of(model.cap[k].space, swap), model.cap[k].slot);
        if (c->space)
            sum += mix(mix(mix(name_of(c->space, swap), c->slot), c->rights), others);
    }
    return sum ? sum : 1;
}

static u64 *seen; /* open addressing; 0: free */

static bool first_time(u64 hash)
{
    u64 i = hash % SEEN;

    while (seen[i] && seen[i] != hash)
        i = (i + 1) % SEEN;
    if (seen[i])
        return false;
    seen[i] = hash;
    return true;
}

static struct path {
    u16 op[MAX_LENGTH];
    u8 length;
} * queue;

/* ---- the search; in a child process, which says in `current` what it does ---- */

static struct {
    u16 run[MAX_LENGTH + MAX_OPS]; /* operations since the world began */
    unsigned n_run;
    u64 states, steps;
    unsigned complete;
} * current;

static void show(void)
{
    static struct seq_op steps[MAX_LENGTH + MAX_OPS];

    for (unsigned i = 0; i < current->n_run; i++)
        steps[i] = ops[current->run[i]];
    print_sequence(stdout, &scenarios[0], steps, current->n_run);
    fflush(stdout);
}

/* All ports to a task that has one: 65536 pages in the model. */
static bool too_large(const struct seq_op *op)
{
    return op->kind == SEQ_MAP && (op->w[1] & 0xff0) == (16UL << 6 | SEQ_IO << 4) &&
           model_find_next(op->b, SEQ_IO, 0) >= 0;
}

static void perform(unsigned o)
{
    enum model_status status;

    current->run[current->n_run++] = (u16)o;
    if (!too_large(&ops[o]))
        both_run(&ops[o], &status);
}

/* The world in the state that the path leads to; its hash. */
static u64 go_to(const struct path *p)
{
    world_restart();
    current->n_run = 0;
    for (unsigned i = 0; i < p->length; i++)
        perform(p->op[i]);
    return hash_of(false);
}

static void search(u64 budget)
{
    struct world_config c = {.heap = 8 << 20, .n_tasks = 2};
    u64 tail = 1;

    world_boot(&c);
    seen = calloc(SEEN, sizeof(*seen));
    queue = calloc(MAX_STATES, sizeof(*queue));
    first_time(min_u64(hash_of(false), hash_of(true)));
    for (u64 head = 0; head < tail; head++) {
        struct path p = queue[head];
        u64 here = go_to(&p), now;
        current->complete = p.length;
        for (unsigned o = 0; o < n_ops; o++) {
            if (current->steps == budget || p.length == MAX_LENGTH)
                goto out;
            perform(o);
            compare_states();
            if (++current->steps % FULL_CHECK == 0)
                world_check();
            now = hash_of(false);
            if (now == here)
                continue;
            if (first_time(min_u64(now, hash_of(true))) && tail < MAX_STATES) {
                queue[tail] = p;
                queue[tail].op[queue[tail].length++] = (u16)o;
                tail++;
            }
            go_to(&p);
        }
    }
    current->complete = EVERYTHING;
out:
    current->states = tail;
    world_restart();
    world_end();
}

/* How many sequences of a length there are, as text. */
static const char *sequences(unsigned length)
{
    static char text[32];
    double n = 1;

    for (unsigned i = 0; i < length; i++)
        n *= n_ops;
    snprintf(text, sizeof(text), "%.3g", n);
    return text;
}

static bool explore(const char *name, void (*scope)(void), u64 budget)
{
    int status;
    pid_t child;

    n_ops = 0;
    scope();
    memset(current, 0, sizeof(*current));
    fflush(stdout);
    child = fork();
    if (child == 0) {
        search(budget);
        _Exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        abort();
    if (status) {
        printf("FAIL %s: after this sequence:\n", name);
        show();
        return false;
    }
    printf("ok %s: %u operations, %lu states, %lu steps; ", name, n_ops, current->states,
           current->steps);
    if (current->complete == EVERYTHING)
        printf("every state there is\n");
    else
        printf("all %s sequences of length %u\n", sequences(current->complete), current->complete);
    return true;
}

int main(int argc, char **argv)
{
    u64 steps = argc == 3 && !strcmp(argv[1], "--steps") ? strtoul(argv[2], NULL, 0)
                                                         : DEFAULT_STEPS * soak_factor();
    bool ok;

    record_init();
    static_assert(sizeof(*current) <= sizeof(*record), "it has to fit");
    current = (void *)record; /* shared memory, and not needed for itself here */
    ok = explore("M-19 ... M-46 one page exhaustively", scope_tiny, steps);
    ok &= explore("M-19 ... M-46 small pages exhaustively", scope_small, steps);
    ok &= explore("M-13 ... M-43 pages of two sizes exhaustively", scope_sizes, steps);
    ok &= explore("M-13 ... M-46 four pages, two sizes, two rights exhaustively", scope_memory,
                  steps);
    ok &= explore("M-58 ... M-70 objects exhaustively", scope_objects, steps);
    ok &= explore("M-52 ... M-54 ports exhaustively", scope_ports, steps / 4);
    return ok ? 0 : 1;
}
