/* SPDX-License-Identifier: MIT */
/* sources: tests/host/scenarios.c tests/host/scopes.c tests/model/gen.c @tests/host/fake/sources */
/*
 * All sequences of operations within small scopes (scopes.c), on the kernel's code: breadth first, a state that was
 * seen before is not gone on from, and after each operation the whole state is compared with the model.  States that
 * differ only by an exchange of names that the scope allows are one.  After an operation that changes nothing the next
 * one follows in the same world, else the world begins anew and the way to the state is gone again.
 *
 *   --length N  of the sequences of each scope (default: the scope's own, with QUIRE_SOAK=1 its longer one)
 *   --scope N   this scope alone, counted from 0
 */
#include "scenarios.h"
#include "scopes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_STATES = 1 << 20, MAX_LENGTH = 16, SEEN = 1 << 22, FULL_CHECK = 1024 };

/* ---- states ---- */

static u64 mix(u64 h, u64 v)
{
    h = (h ^ v) * 0x9e3779b97f4a7c15UL;
    return h ^ h >> 29;
}

static u64 place(const struct symmetry *y, int page)
{
    const struct model_page *p = page < 0 ? NULL : &model.page[page];

    return p ? mix(mix(scope_space(y, p->space) + 1, scope_at(y, p->space, p->order, p->at)),
                   p->order)
             : 1;
}

static u64 slot_place(const struct symmetry *y, const struct model_cap *c)
{
    return mix(scope_space(y, c->space), scope_at(y, c->space, 0, c->slot));
}

/* The model's state after an exchange of names as one number, whatever the order of its records. */
static u64 hash_of(const struct symmetry *y)
{
    u64 sum = 0;

    for (int i = 0; i < model.end; i++) {
        const struct model_page *p = &model.page[i];
        u64 h = mix(place(y, i), scope_at(y, 0, p->order, p->phys));
        h = mix(h, p->rights | (u64)p->usage << 8 | (u64)p->cache << 16 | (u64)p->type << 24);
        if (p->present)
            sum += mix(h, place(y, p->parent));
    }
    for (unsigned i = 0; i < model.n_tables; i++) {
        const struct model_table *t = &model.table[i];
        sum += mix(mix(scope_space(y, t->space), scope_at(y, t->space, t->order, t->at)), t->order);
    }
    for (int i = 0; i < model.caps_end; i++) {
        const struct model_cap *c = &model.cap[i];
        /* Which number an object has does not matter, but which slots share it. */
        u64 others = 0;
        for (int k = 0; k < model.caps_end; k++)
            if (model.cap[k].space && model.cap[k].object == c->object)
                others += slot_place(y, &model.cap[k]);
        if (c->space)
            sum += mix(mix(slot_place(y, c), c->rights), others);
    }
    return sum ? sum : 1;
}

/* The same number for all states that an exchange turns into each other. */
static u64 class_hash(void)
{
    u64 least = ~0UL;

    for (unsigned i = 0; i < n_scope_group; i++)
        least = min_u64(least, hash_of(&scope_group[i]));
    return least;
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
    u16 run[MAX_LENGTH + MAX_SCOPE_OPS]; /* operations since the world began */
    unsigned n_run;
    u64 states, steps;
    bool everything;
} * current;

static void show(void)
{
    static struct seq_op steps[MAX_LENGTH + MAX_SCOPE_OPS];

    for (unsigned i = 0; i < current->n_run; i++)
        steps[i] = scope_ops[current->run[i]];
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
    if (!too_large(&scope_ops[o]))
        both_run(&scope_ops[o], &status);
}

/* The world in the state that the path leads to; its hash. */
static u64 go_to(const struct path *p)
{
    world_restart();
    current->n_run = 0;
    for (unsigned i = 0; i < p->length; i++)
        perform(p->op[i]);
    return hash_of(&scope_group[0]);
}

static void search(unsigned length)
{
    struct world_config c = {.heap = 8 << 20, .n_tasks = SCOPE_TASKS};
    u64 tail = 1, head;

    world_boot(&c);
    seen = calloc(SEEN, sizeof(*seen));
    queue = calloc(MAX_STATES, sizeof(*queue));
    first_time(class_hash());
    for (head = 0; head < tail && queue[head].length < length; head++) {
        struct path p = queue[head];
        u64 here = go_to(&p), now;
        for (unsigned o = 0; o < n_scope_ops; o++) {
            perform(o);
            compare_states();
            if (++current->steps % FULL_CHECK == 0)
                world_check();
            now = hash_of(&scope_group[0]);
            if (now == here)
                continue;
            if (first_time(class_hash())) {
                if (tail == MAX_STATES || p.length == MAX_LENGTH)
                    fake_fail("the scope is too large");
                queue[tail] = p;
                queue[tail].op[queue[tail].length++] = (u16)o;
                tail++;
            }
            go_to(&p);
        }
    }
    current->everything = head == tail;
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
        n *= n_scope_ops;
    snprintf(text, sizeof(text), "%.3g", n);
    return text;
}

static bool explore(const struct scope *s, unsigned length)
{
    const struct seq_op *strange = scope_begin(s);
    int status;
    pid_t child;

    if (strange) {
        printf("FAIL %s: the exchanges of names do not keep it the same, for they lead to:\n",
               s->name);
        print_sequence(stdout, &scenarios[0], strange, 1);
        return false;
    }
    memset(current, 0, sizeof(*current));
    fflush(stdout);
    child = fork();
    if (child == 0) {
        search(length);
        _Exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        abort();
    if (status) {
        printf("FAIL %s: after this sequence:\n", s->name);
        show();
        return false;
    }
    printf("ok %s: %u operations, %lu states by %u symmetries, %lu steps; ", s->name, n_scope_ops,
           current->states, n_scope_group, current->steps);
    if (current->everything)
        printf("every state there is\n");
    else
        printf("all %s sequences of length %u\n", sequences(length), length);
    fflush(stdout);
    return true;
}

int main(int argc, char **argv)
{
    unsigned length = 0, only = n_scopes;
    bool ok = true;

    for (int i = 1; i + 1 < argc; i += 2)
        if (!strcmp(argv[i], "--length"))
            length = (unsigned)strtoul(argv[i + 1], NULL, 0);
        else if (!strcmp(argv[i], "--scope"))
            only = (unsigned)strtoul(argv[i + 1], NULL, 0);
    record_init();
    static_assert(sizeof(*current) <= sizeof(*record), "it has to fit");
    current = (void *)record; /* shared memory, and not needed for itself here */
    for (unsigned i = 0; i < n_scopes; i++)
        if (only == n_scopes || only == i)
            ok &= explore(&scopes[i], length              ? length
                                      : soak_factor() > 1 ? scopes[i].soak
                                                          : scopes[i].length);
    return ok ? 0 : 1;
}
