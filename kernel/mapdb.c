/* SPDX-License-Identifier: MIT */
/*
 * Mapping database, see mapdb.h.
 *
 * The search tree of one parent: at level d a node's subtree holds the keys that agree with it in their
 * first d bits; bit d (from the top) decides between left and right.  A node may stand anywhere on the path
 * of its key, so any leaf of a subtree can take the place of a removed node, and keys to the left are
 * smaller than keys to the right, while the node itself is unordered against both.
 *
 * Real world: Fiasco keeps one pre-order list with depths per frame and nested arrays for smaller pages
 * (src/kern/mapdb.cpp); seL4 threads the derivation list through the capability slots (src/object/cnode.c).
 */
#include "mapdb.h"

static struct mapdb_walk *active_walks;

static inline unsigned key_bit(u64 key, unsigned level)
{
    return (unsigned)(key >> (MAPDB_KEY_BITS - 1 - level)) & 1;
}

static inline struct mapnode **branch(struct mapnode *n, u64 key, unsigned level)
{
    return key_bit(key, level) ? &n->right : &n->left;
}

void mapdb_root(struct mapnode *n, void *space, u64 page, unsigned size_class)
{
    *n = (struct mapnode){ .space = space, .head = 1 };
    n->page = page & ((1UL << 35) - 1);
    n->key = mapdb_key(size_class, 0) & ((1U << MAPDB_KEY_BITS) - 1);
}

void mapdb_insert(struct mapnode *parent, struct mapnode *n)
{
    struct mapnode **link = &parent->children;

    n->parent = parent;
    n->children = NULL;
    n->depth = parent->parent ? (u8)(parent->depth + 1) : 0;
    for (unsigned level = 0; *link; level++) {
        struct mapnode *head = *link;
        if (head->key == n->key) { /* a further mapping of the same piece: behind the head */
            n->head = 0;
            n->next = head->next;
            n->prev = head;
            n->right = NULL;
            if (n->next)
                n->next->prev = n;
            head->next = n;
            return;
        }
        link = branch(head, n->key, level);
    }
    n->head = 1;
    n->next = n->left = n->right = NULL;
    *link = n;
}

/* The pointer that leads to the head `n` in its parent's search tree. */
static struct mapnode **link_to(struct mapnode *n)
{
    struct mapnode **link = &n->parent->children;

    for (unsigned level = 0; *link != n; level++)
        link = branch(*link, n->key, level);
    return link;
}

static void remove_head(struct mapnode *n)
{
    struct mapnode **link = link_to(n), *heir = n->next;

    if (heir) { /* the next of the chain becomes the head */
        heir->head = 1;
    } else if (n->left || n->right) { /* any leaf below shares the prefix */
        struct mapnode **at = n->left ? &n->left : &n->right;
        while ((*at)->left || (*at)->right)
            at = (*at)->left ? &(*at)->left : &(*at)->right;
        heir = *at;
        *at = NULL;
    } else {
        *link = NULL;
        return;
    }
    heir->left = n->left;
    heir->right = n->right;
    *link = heir;
}

static struct mapnode *walk_successor(const struct mapdb_walk *w, struct mapnode *n);

void mapdb_remove(struct mapnode *n)
{
    for (struct mapdb_walk *w = active_walks; unlikely(w != NULL); w = w->link)
        if (w->range.parent == n) /* nothing is left of what was walked over */
            w->range.parent = w->cur = NULL;
        else if (w->cur == n)
            w->cur = walk_successor(w, n);
    if (n->head) {
        remove_head(n);
    } else {
        n->prev->next = n->next;
        if (n->next)
            n->next->prev = n->prev;
    }
}

/* The head with the smallest key of at least `key` in the subtree `n`, whose keys agree above `level`. */
static struct mapnode *search_ge(struct mapnode *n, u64 key, unsigned level, bool all)
{
    struct mapnode *best = NULL;

    /* `all`: the whole subtree is known to be at or above `key`, so only the leftmost path matters. */
    for (; n; level++) {
        if (n->key >= key && (!best || n->key < best->key))
            best = n;
        if (all) {
            n = n->left ? n->left : n->right;
        } else if (key_bit(key, level)) {
            n = n->right; /* all of the left subtree is below the key */
        } else {
            struct mapnode *in_left = search_ge(n->left, key, level + 1, false);
            if (in_left) /* smaller than anything on the right */
                return best && best->key < in_left->key ? best : in_left;
            n = n->right;
            all = true;
        }
    }
    return best;
}

struct mapnode *mapdb_child_ge(const struct mapnode *parent, u64 key)
{
    struct mapnode *n = parent->children;

    if (!n)
        return NULL;
    if (!n->left && !n->right) /* the usual case: one piece */
        return n->key >= key ? n : NULL;
    return search_ge(n, key, 0, key == 0);
}

/* The first child in `r` with a key of at least `key`. */
static struct mapnode *range_ge(const struct child_range *r, u64 key)
{
    if (!r->parent->children)
        return NULL;
    for (unsigned c = (unsigned)(key >> MAPDB_INDEX_BITS); c <= mapnode_class(r->parent); c++) {
        u64 low = mapdb_key(c, r->first >> r->class_shift[c] << r->class_shift[c]);
        struct mapnode *n = mapdb_child_ge(r->parent, max_u64(low, key));
        if (!n)
            return NULL;
        if (n->key <= mapdb_key(c, r->last))
            return n;
    }
    return NULL;
}

struct mapnode *mapdb_first_in(const struct child_range *r) { return range_ge(r, 0); }

struct mapnode *mapdb_leaf(struct mapnode *n)
{
    while (n->children) {
        n = n->children;
        if (n->next) /* chain members leave more cheaply than the head */
            n = n->next;
    }
    return n;
}

/* Pre-order: children, then the chain, then the next key, then the parent's successor. */
static struct mapnode *walk_successor(const struct mapdb_walk *w, struct mapnode *n)
{
    if (n->children)
        return mapdb_child_ge(n, 0);
    while (n != w->range.parent) {
        struct mapnode *next;
        if (n->next)
            return n->next;
        if (n->parent == w->range.parent)
            return range_ge(&w->range, n->key + 1UL);
        next = mapdb_child_ge(n->parent, n->key + 1UL);
        if (next)
            return next;
        n = n->parent;
    }
    return NULL;
}

void mapdb_walk_begin(struct mapdb_walk *w, const struct child_range *r)
{
    w->range = *r;
    w->cur = range_ge(&w->range, 0);
    w->link = active_walks;
    active_walks = w;
}

void mapdb_walk_next(struct mapdb_walk *w) { w->cur = walk_successor(w, w->cur); }

void mapdb_walk_end(struct mapdb_walk *w)
{
    struct mapdb_walk **p = &active_walks;

    while (*p != w)
        p = &(*p)->link;
    *p = w->link;
}

const char *mapdb_check_node(const struct mapnode *n, const u8 *class_shift)
{
    const struct mapnode *parent = n->parent, *head = parent ? parent->children : NULL;
    unsigned c = mapnode_class(n), pc = parent ? mapnode_class(parent) : 0;

    if (!parent || n->depth != (parent->parent ? parent->depth + 1U : 0))
        return "I3 depth";
    for (unsigned level = 0; head && head->key != n->key; level++)
        head = key_bit(n->key, level) ? head->right : head->left;
    if (!head || !head->head || (n->head && head != n))
        return "I3 search tree";
    if (!n->head && (n->prev->next != n || n->prev->parent != parent))
        return "I3 chain";
    if (n->next && (n->next->head || n->next->prev != n || n->next->key != n->key))
        return "I3 chain";
    if (c > pc || mapnode_index(n) & ((1UL << class_shift[c]) - 1) ||
        mapnode_index(n) >> class_shift[pc])
        return "I4 range";
    return NULL;
}

/* Check the search tree at `n`, whose keys share their first `level` bits, `prefix`. */
static const char *check_tree(const struct mapnode *n, u64 prefix, unsigned level,
                              const u8 *class_shift)
{
    const char *bad;

    if (!n)
        return NULL;
    if (level > MAPDB_KEY_BITS || (u64)n->key >> (MAPDB_KEY_BITS - level) != prefix || !n->head)
        return "I3 search tree";
    for (const struct mapnode *c = n; c; c = c->next) {
        bad = mapdb_check_node(c, class_shift);
        if (!bad)
            bad = mapdb_check(c, class_shift);
        if (bad)
            return bad;
    }
    bad = check_tree(n->left, prefix << 1, level + 1, class_shift);
    return bad ? bad : check_tree(n->right, prefix << 1 | 1, level + 1, class_shift);
}

const char *mapdb_check(const struct mapnode *n, const u8 *class_shift)
{
    return check_tree(n->children, 0, 0, class_shift);
}
