/* SPDX-License-Identifier: MIT */
/*
 * Mapping database, see mapdb.h.
 *
 * The search tree of one parent: at level d a node's subtree holds the keys that agree in their
 * first d bits; bit d decides between left and right.  Which bits are looked at depends on the
 * size of the parent: the others are 0 in all its keys, but for the one of the parent's own size,
 * which is kept at the root.  A node may stand anywhere on the path of its key, so any leaf of a
 * subtree can take the place of a removed node, and keys to the left are smaller than keys to the
 * right, while the node itself is unordered against both.  Where the tree ends stands mapdb_none, so
 * that a search only looks whether a node has its key, and not whether there is a node.
 *
 * Real world: Fiasco keeps one pre-order list with depths per frame and nested arrays for smaller pages
 * (src/kern/mapdb.cpp); seL4 threads the derivation list through the capability slots (src/object/cnode.c).
 */
#include "mapdb.h"

struct mapdb_walk *mapdb_active_walks;
struct mapnode mapdb_none;

void mapdb_root(struct mapnode *n, void *space, u64 page, unsigned size_class)
{
    *n = (struct mapnode){
        .children = &mapdb_none, .space = space, .head = 1, .depth = MAPDB_MAX_DEPTH};
    n->page = page & ((1UL << 35) - 1);
    n->key = mapdb_key(size_class, 0) & MAPDB_KEY_MASK;
}

/* Is the child as large as its parent?  Then it, or the head of its chain, is at the root. */
static inline bool own_size(const struct mapnode *parent, const struct mapnode *n)
{
    return !((parent->bits ^ n->bits) & (u64)3 << MAPDB_INDEX_BITS);
}

/* What leads to the head with the key of `n`, or to mapdb_none. */
static inline struct mapnode **link_to(struct mapnode *parent, const struct mapnode *n)
{
    if (own_size(parent, n))
        return &parent->children;
    return parent->bits >> MAPDB_INDEX_BITS & CLASS_LARGE ? mapdb_find(parent, n->bits, true)
                                                          : mapdb_find(parent, n->bits, false);
}

void mapdb_insert_slowly(struct mapnode *parent, struct mapnode *n)
{
    struct mapnode *head = parent->children, **link;

    if (own_size(parent, n) && !own_size(parent, head)) {
        /* to the root, and the head that stood there further down */
        n->left = head->left;
        n->right = head->right;
        parent->children = n;
        n = head;
    }
    link = link_to(parent, n);
    head = *link;
    if (head == &mapdb_none) {
        n->left = n->right = &mapdb_none;
        *link = n;
        return;
    }
    n->head = 0; /* a further mapping of the same piece: behind the head */
    n->next = head->next;
    n->prev = head;
    if (n->next)
        n->next->prev = n;
    head->next = n;
}

void mapdb_remove_head(struct mapnode **link)
{
    struct mapnode *n = *link, *heir = n->next;

    if (heir) { /* the next of the chain becomes the head */
        heir->head = 1;
    } else { /* any leaf below shares the prefix */
        struct mapnode **at = link;
        for (heir = n; mapdb_is_inner(heir); heir = *at)
            at = heir->left != &mapdb_none ? &heir->left : &heir->right;
        *at = &mapdb_none;
        if (heir == n)
            return;
    }
    heir->left = n->left;
    heir->right = n->right;
    *link = heir;
}

static struct mapnode *walk_successor(const struct mapdb_walk *w, struct mapnode *n);

void mapdb_remove_slowly(struct mapnode *n)
{
    for (struct mapdb_walk *w = mapdb_active_walks; unlikely(w != NULL); w = w->link)
        if (w->range.parent == n) /* nothing is left of what was walked over */
            w->range.parent = w->cur = NULL;
        else if (w->cur == n)
            w->cur = walk_successor(w, n);
    if (n->head) {
        mapdb_remove_head(link_to(n->parent, n));
    } else {
        n->prev->next = n->next;
        if (n->next)
            n->next->prev = n->prev;
    }
}

struct mapnode *mapdb_child_ge(const struct mapnode *parent, u64 key)
{
    struct mapnode *n = parent->children, *best = NULL, *above = &mapdb_none;
    u64 path, last = mapdb_key(mapnode_class(parent), 0); /* a child of the parent's own size */
    bool large = mapnode_class(parent) == CLASS_LARGE;

    if (n == &mapdb_none || key > last)
        return NULL;
    if (key == last || (large && key >> MAPDB_LARGE_BITS)) /* no piece has a larger index */
        return n->key == last ? n : NULL;
    path = mapdb_path(key, large);

    /* Down the path of the key: what stands on it, and the deepest subtree to its right, all above the key. */
    while (n != &mapdb_none) {
        if (n->key >= key && (!best || n->key < best->key)) {
            best = n;
            if (n->key == key)
                return n;
        }
        if (!(path >> 63) && n->right != &mapdb_none)
            above = n->right;
        n = n->side[path >> 63];
        path <<= 1;
    }
    /* The smallest of that subtree stands on its leftmost path. */
    for (n = above; n != &mapdb_none; n = n->left != &mapdb_none ? n->left : n->right)
        if (!best || n->key < best->key)
            best = n;
    return best;
}

struct mapnode *mapdb_first_in(const struct child_range *r, u64 key)
{
    unsigned own = mapnode_class(r->parent);

    for (unsigned c = (unsigned)(key >> MAPDB_INDEX_BITS);
         c <= own && mapdb_has_children(r->parent); c++) {
        u64 low = mapdb_key(c, r->first >> r->class_shift[c] << r->class_shift[c]);
        u64 high = c == own ? low : mapdb_key(c, r->last);
        struct mapnode *n;
        low = max_u64(low, key);
        if (low > high)
            continue;
        n = mapdb_child_ge(r->parent, low);
        if (n && n->key <= high)
            return n;
    }
    return NULL;
}

/* Pre-order: children, then the chain, then the next key, then the parent's successor. */
static struct mapnode *walk_successor(const struct mapdb_walk *w, struct mapnode *n)
{
    if (mapdb_has_children(n))
        return mapdb_child_ge(n, 0);
    while (n != w->range.parent) {
        struct mapnode *next;
        if (n->next)
            return n->next;
        if (n->parent == w->range.parent)
            return mapdb_first_in(&w->range, n->key + 1UL);
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
    w->cur = mapdb_first_in(&w->range, 0);
    w->link = mapdb_active_walks;
    mapdb_active_walks = w;
}

void mapdb_walk_next(struct mapdb_walk *w) { w->cur = walk_successor(w, w->cur); }

void mapdb_walk_end(struct mapdb_walk *w)
{
    struct mapdb_walk **p = &mapdb_active_walks;

    while (*p != w)
        p = &(*p)->link;
    *p = w->link;
}

const char *mapdb_check_node(const struct mapnode *n, const u8 *class_shift)
{
    struct mapnode *parent = n->parent, *head;
    unsigned c = mapnode_class(n), pc = parent ? mapnode_class(parent) : 0;

    if (!parent || n->depth != (parent->parent ? parent->depth + 1U : 0))
        return "I3 depth";
    head = *link_to(parent, n);
    if (head == &mapdb_none || !head->head || head->key != n->key || (n->head && head != n))
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

/* Check the search tree at `n`; that each node is on the path of its key is part of mapdb_check_node. */
static const char *check_tree(const struct mapnode *n, const u8 *class_shift)
{
    const char *bad;

    if (n == &mapdb_none)
        return NULL;
    bad = check_tree(n->left, class_shift);
    if (!bad)
        bad = check_tree(n->right, class_shift);
    for (; n && !bad; n = n->next) {
        bad = mapdb_check_node(n, class_shift);
        if (!bad)
            bad = mapdb_check(n, class_shift);
    }
    return bad;
}

const char *mapdb_check(const struct mapnode *n, const u8 *class_shift)
{
    return check_tree(n->children, class_shift);
}
