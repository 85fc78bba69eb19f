/* SPDX-License-Identifier: MIT */
/* sources: kernel/mapdb.c */
/*
 * The mapping database against a model: an array of nodes that names parents by number and answers every question by
 * looking at all of them. Random sequences with fixed seeds; mapdb_check after the steps; and mapdb_check itself on
 * trees broken on purpose.
 */
#include "mapdb.h"

#include "test.h"

enum { N_NODES = 240, ROOT = 0 };
static const u8 class_shift[N_CLASSES] = {0, 9, 18};

struct model_node {
    struct mapnode node;
    int parent; /* -1: not in the tree */
    unsigned size_class;
    u64 index;
    bool present, seen;
};

static struct model_node all[N_NODES];
static int n_present;

static void begin(unsigned root_class)
{
    memset(all, 0, sizeof(all));
    mapdb_root(&all[ROOT].node, NULL, 0, root_class);
    all[ROOT] = (struct model_node){
        .node = all[ROOT].node, .parent = -1, .size_class = root_class, .present = true};
    n_present = 1;
}

static bool below(int n, int ancestor)
{
    for (n = all[n].parent; n >= 0; n = all[n].parent)
        if (n == ancestor)
            return true;
    return false;
}

static bool is_leaf(int n)
{
    for (int i = 0; i < N_NODES; i++)
        if (all[i].present && all[i].parent == n)
            return false;
    return true;
}

static int pick(u64 *state, bool present)
{
    int start = (int)(test_random(state) % N_NODES);

    for (int i = 0; i < N_NODES; i++) {
        int n = (start + i) % N_NODES;
        if (all[n].present == present)
            return n;
    }
    return -1;
}

/* Few different places, so that chains of equal keys come about; now and then any place. */
static u64 random_index(u64 *state, unsigned parent_class, unsigned size_class)
{
    u64 pieces = 1UL << (class_shift[parent_class] - class_shift[size_class]);
    u64 piece = test_random(state) % 4 ? test_random(state) % 6 : test_random(state);

    return piece % pieces << class_shift[size_class];
}

static void insert(u64 *state)
{
    int n = pick(state, false), parent = pick(state, true);

    if (n < 0 || !mapdb_may_insert(&all[parent].node))
        return;
    struct model_node *m = &all[n];
    *m = (struct model_node){.parent = parent, .present = true};
    m->size_class = (unsigned)(test_random(state) % (all[parent].size_class + 1));
    m->index = random_index(state, all[parent].size_class, m->size_class);
    mapdb_insert(&all[parent].node, &m->node, NULL, (u64)n & 0xffff,
                 mapdb_key(m->size_class, m->index));
    n_present++;
}

/* A childless node goes; a piece of a large page that is its only mapping the short way. */
static void take_out(struct model_node *m)
{
    struct model_node *parent = &all[m->parent];
    struct mapnode **link = NULL;

    if (parent->size_class == CLASS_LARGE && m->size_class == CLASS_SMALL)
        link = mapdb_single_piece(&parent->node, m->index);
    if (!link) {
        mapdb_remove(&m->node);
        return;
    }
    EXPECT(*link == &m->node, "the piece is found");
    mapdb_remove_piece(&m->node, link);
}

/* A random leaf leaves the tree; false if only the root is left. */
static bool remove_leaf(u64 *state)
{
    int start = (int)(test_random(state) % N_NODES);

    for (int i = 0; i < N_NODES; i++) {
        int n = (start + i) % N_NODES;
        if (n == ROOT || !all[n].present || !is_leaf(n))
            continue;
        take_out(&all[n]);
        memset(&all[n].node, 0xa5, sizeof(all[n].node)); /* nobody may look at it any more */
        all[n].present = false;
        n_present--;
        return true;
    }
    return false;
}

static void check_tree_now(int round)
{
    const char *bad = mapdb_check(&all[ROOT].node, class_shift);
    EXPECT(bad == NULL, "round %d: %s", round, bad ? bad : "");
}

static int number_of(const struct mapnode *n)
{
    return (int)(container_of(n, struct model_node, node) - all);
}

static void check_child_ge(u64 *state, int round)
{
    int parent = pick(state, true), best = -1;
    u64 key = mapdb_key((unsigned)(test_random(state) % 3), test_random(state) % 3000);
    struct mapnode *found = mapdb_child_ge(&all[parent].node, key);

    for (int i = 0; i < N_NODES; i++)
        if (all[i].present && all[i].parent == parent && all[i].node.key >= key &&
            (best < 0 || all[i].node.key < all[best].node.key))
            best = i;
    EXPECT_EQ(found != NULL, best >= 0, "round %d, key 0x%lx", round, key);
    if (found) {
        EXPECT_EQ(found->key, all[best].node.key, "round %d", round);
        EXPECT_EQ(all[number_of(found)].parent, parent, "round %d", round);
        EXPECT(found->head, "round %d", round);
    }
}

static struct child_range random_range(u64 *state)
{
    int parent = pick(state, true);
    u64 size = 1UL << class_shift[all[parent].size_class];
    u64 first = test_random(state) % (test_random(state) % 2 ? size : size < 2048 ? size : 2048);
    u64 last = first + test_random(state) % (size - first);

    return (struct child_range){&all[parent].node, first, last, class_shift};
}

static bool intersects(const struct model_node *m, const struct child_range *r)
{
    return m->index <= r->last && m->index + (1UL << class_shift[m->size_class]) > r->first;
}

static void check_first_in(u64 *state, int round)
{
    struct child_range r = random_range(state);
    struct mapnode *found = mapdb_first_in(&r, 0);
    int parent = number_of(r.parent), best = -1;

    for (int i = 0; i < N_NODES; i++)
        if (all[i].present && all[i].parent == parent && intersects(&all[i], &r) &&
            (best < 0 || all[i].node.key < all[best].node.key))
            best = i;
    EXPECT_EQ(found != NULL, best >= 0, "round %d", round);
    if (found)
        EXPECT_EQ(found->key, all[best].node.key, "round %d", round);
}

/* Is node `n` in the subtree of a child of the range? */
static bool in_range(int n, const struct child_range *r)
{
    int parent = number_of(r->parent);

    while (n >= 0 && all[n].parent != parent)
        n = all[n].parent;
    return n >= 0 && intersects(&all[n], r);
}

/* A walk sees each node of its range once, parents first, also while leaves go away. */
static void check_walk(u64 *state, int round, bool removing)
{
    struct child_range r = random_range(state);
    struct mapdb_walk w;
    bool wanted[N_NODES];

    for (int i = 0; i < N_NODES; i++) {
        all[i].seen = false;
        wanted[i] = all[i].present && in_range(i, &r);
    }
    mapdb_walk_begin(&w, &r);
    while (w.cur) {
        int n = number_of(w.cur), parent = all[n].parent;
        EXPECT(all[n].present && wanted[n], "round %d: node %d is not in the range", round, n);
        EXPECT(!all[n].seen, "round %d: node %d comes twice", round, n);
        EXPECT(&all[parent].node == r.parent || all[parent].seen, "round %d: child first", round);
        all[n].seen = true;
        mapdb_walk_next(&w);
        for (u64 k = test_random(state) % 3; removing && k; k--) {
            /* The parent of the range has to stay, as the caller keeps it. */
            if (is_leaf(number_of(r.parent)))
                break;
            remove_leaf(state);
        }
    }
    mapdb_walk_end(&w);
    for (int i = 0; i < N_NODES; i++)
        EXPECT(!wanted[i] || !all[i].present || all[i].seen, "round %d: node %d was left out",
               round, i);
}

static void random_steps(u64 seed, unsigned root_class, int rounds)
{
    u64 state = seed;

    begin(root_class);
    for (int i = 0; i < rounds; i++) {
        /* Grows and shrinks in long waves. */
        bool growing = i / 400 % 2 == 0;
        if (test_random(&state) % 8 < (growing ? 6 : 2))
            insert(&state);
        else
            remove_leaf(&state);
        check_child_ge(&state, i);
        check_first_in(&state, i);
        if (i % 8 == 0)
            check_tree_now(i);
        if (i % 16 == 0)
            check_walk(&state, i, false);
        if (i % 97 == 0)
            check_walk(&state, i, true);
    }
    while (remove_leaf(&state))
        ;
    EXPECT_EQ(n_present, 1, "everything but the root is removed");
    EXPECT(!mapdb_has_children(&all[ROOT].node), "the root has no children");
}

static void random_huge(void) { random_steps(11, CLASS_HUGE, 20000); }
static void random_large(void) { random_steps(12, CLASS_LARGE, 20000); }
static void random_small(void) { random_steps(13, CLASS_SMALL, 20000); }

static void leaf(void)
{
    u64 state = 21;

    for (int round = 0; round < 200; round++) {
        begin(CLASS_HUGE);
        for (int i = 0; i < 60; i++)
            insert(&state);
        for (int i = 0; i < N_NODES; i++) {
            if (!all[i].present)
                continue;
            int found = number_of(mapdb_leaf(&all[i].node));
            EXPECT(is_leaf(found), "round %d", round);
            EXPECT(found == i || below(found, i), "round %d", round);
        }
    }
}

static struct mapnode *small_child(struct mapnode *parent, struct mapnode *n, u64 index)
{
    mapdb_insert(parent, n, NULL, 0, mapdb_key(CLASS_SMALL, index));
    return n;
}

/* The page that is walked over goes while the walk rests (it may come again at the same place in memory). */
static void walk_loses_its_page(void)
{
    struct mapnode root, page, child[2];
    struct child_range range = {.parent = &page, .last = 511, .class_shift = class_shift};
    struct mapdb_walk w;

    mapdb_root(&root, NULL, 0, CLASS_HUGE);
    mapdb_insert(&root, &page, NULL, 0, mapdb_key(CLASS_LARGE, 0));
    for (u64 i = 0; i < 2; i++)
        small_child(&page, &child[i], i);
    EXPECT(mapdb_single_piece(&page, 0) != NULL, "no walk stands at it");
    mapdb_walk_begin(&w, &range);
    EXPECT(w.cur == &child[0], "at the first");
    EXPECT(mapdb_single_piece(&page, 0) == NULL, "the walk has to go on first");
    mapdb_remove(&child[0]);
    EXPECT(w.cur == &child[1], "at the next");
    mapdb_remove(&child[1]);
    EXPECT(!w.cur && w.range.parent == &page, "at the end");
    mapdb_remove(&page);
    EXPECT(!w.cur && !w.range.parent, "over nothing");
    mapdb_walk_end(&w);
    EXPECT(!mapdb_active_walks, "no walk is left");
}

static void depth_limit(void)
{
    static struct mapnode chain[MAPDB_MAX_DEPTH + 2];
    int generations = 0;

    mapdb_root(&chain[0], NULL, 0, CLASS_SMALL);
    while (mapdb_may_insert(&chain[generations])) {
        EXPECT(generations <= MAPDB_MAX_DEPTH, "no limit");
        chain[generations + 1] = (struct mapnode){0};
        mapdb_insert(&chain[generations], &chain[generations + 1], NULL, 0, 0);
        generations++;
    }
    /* The first is generation 0, then 255 more. */
    EXPECT_EQ(generations, 256, "pages below sigma0's");
    EXPECT(mapdb_check(&chain[0], class_shift) == NULL, "the deepest tree");
}

static void damage_tree(int damage, struct mapnode *n, struct mapnode *other)
{
    switch (damage) {
    case 0:
        n[1].depth = 3;
        break;
    case 1:
        n[3].prev = &n[2];
        break;
    case 2:
        n[2].parent = other;
        break;
    case 3:
        n[4].parent = &n[0];
        break;
    case 4: /* not where the search would look for it */
        n[2].key = mapdb_key(CLASS_LARGE, 0) & MAPDB_KEY_MASK;
        break;
    case 5: /* outside of its parent, a small page */
        n[4].key = 1;
        break;
    case 6:
        n[2].head = 0;
        break;
    case 7: /* another piece in the chain */
        n[3].key = 2;
        break;
    }
}

/* Each kind of damage has to be seen. */
static void checker_sees_damage(void)
{
    for (int damage = 0; damage < 8; damage++) {
        struct mapnode root, other, n[5];
        mapdb_root(&root, NULL, 0, CLASS_LARGE);
        mapdb_root(&other, NULL, 0, CLASS_LARGE);
        for (u64 i = 0; i < 3; i++)
            small_child(&root, &n[i], i * 100 + 1);
        small_child(&root, &n[3], 1);
        small_child(&n[1], &n[4], 0);
        EXPECT(mapdb_check(&root, class_shift) == NULL, "before the damage");
        damage_tree(damage, n, &other);
        EXPECT(mapdb_check(&root, class_shift) != NULL, "damage %d", damage);
        if (damage == 1)
            EXPECT(mapdb_check_node(&n[3], class_shift) != NULL, "seen from the chain's end");
    }
}

static const struct test_case cases[] = {
    {"M-8 depth limit", depth_limit},
    {"I3 I4 random steps below a 1 GiB page", random_huge},
    {"I3 I4 random steps below a 2 MiB page", random_large},
    {"I3 I4 random steps below a 4 KiB page", random_small},
    {"a leaf is found below every node", leaf},
    {"M-49 a walk whose page goes", walk_loses_its_page},
    {"I3 I4 the checker sees damage", checker_sees_damage},
};
TEST_MAIN(cases)
