/* SPDX-License-Identifier: MIT */
/*
 * Mapping database: the derivation tree of memory pages and I/O ports.
 *
 * One mapping node stands for one present page-table entry (or port) that came about by map or grant
 * (M-4).  A node is the child of the page it was mapped from (M-6); it is at most as large (M-7).
 * The children of a node hang in a digital search tree whose elements are the nodes themselves, keyed by
 * (size class, index of the first small page within the parent).  So no operation needs memory beyond
 * the node, one piece of a large page is found without touching the others, and the depth of the search
 * tree is bounded by the 20 bits of the key.  Children with equal keys (several mappings of one
 * piece) form a chain behind the first one, the head, which alone stands in the search tree.
 *
 * Pure: knows no page tables and allocates nothing.  Called by mem_space.c, io_space.c and the host tests.
 *
 * Invariants (checked by mapdb_check):
 *   I3  parent/children links form a tree, chains are mutual, the depth is the parent's plus one;
 *   I4  a child's class is not above its parent's and its index lies within the parent.
 */
#ifndef QUIRE_MAPDB_H
#define QUIRE_MAPDB_H

#include "types.h"

/* Size classes: memory 4 KiB, 2 MiB, 1 GiB; ports: 1 and 65536. */
enum { CLASS_SMALL = 0, CLASS_LARGE = 1, CLASS_HUGE = 2, N_CLASSES = 3 };

enum {
    MAPDB_INDEX_BITS = 18, /* small pages in the largest page: 2^18 * 4 KiB = 1 GiB */
    MAPDB_KEY_BITS = MAPDB_INDEX_BITS + 2,
    MAPDB_LARGE_BITS = 9,  /* the same of a 2 MiB page */
    MAPDB_MAX_DEPTH = 255, /* M-8 */
    MAPDB_KEY_MASK = (1 << MAPDB_KEY_BITS) - 1,
};

struct mapnode {
    struct mapnode *parent;   /* the page this one was mapped from; NULL: a root */
    struct mapnode *children; /* search tree of the children's heads; mapdb_none: no children */
    struct mapnode *next;     /* chain of equal keys */
    union {
        struct mapnode *prev; /* in a chain, not for the head */
        struct {
            struct mapnode *left, *right; /* head only: smaller and larger keys, or mapdb_none */
        };
        struct mapnode *side[2]; /* both, to be taken by a bit of the key */
    };
    void *space; /* the task that holds the page */
    union {
        struct {
            u64 key : MAPDB_KEY_BITS; /* class << 18 | index within the parent */
            u64 head : 1;
            u64 depth : 8; /* generations below the page of the first receiver; of a root -1 */
            u64 page : 35; /* first page number (memory) or port in that task */
        };
        u64 bits; /* all four at once, see mapdb_insert */
    };
};
static_assert(sizeof(struct mapnode) == 56, "with its link word a mapping costs 64 bytes");

static inline u64 mapdb_key(unsigned size_class, u64 index)
{
    return (u64)size_class << MAPDB_INDEX_BITS | index;
}
static inline unsigned mapnode_class(const struct mapnode *n)
{
    return (unsigned)(n->key >> MAPDB_INDEX_BITS);
}
static inline u64 mapnode_index(const struct mapnode *n)
{
    return n->key & ((1U << MAPDB_INDEX_BITS) - 1);
}

/* A range of children: all classes, those whose pieces intersect [first, last] (small-page indices). */
struct child_range {
    struct mapnode *parent;
    u64 first, last;
    const u8
        *class_shift; /* log2 of small pages per page of a class; see mem_space.c, io_space.c */
};

/*
 * A forward walk over the nodes below `range`, robust against removals between two steps;
 * range.parent becomes NULL when that node itself is removed.
 */
struct mapdb_walk {
    struct child_range range;
    struct mapnode *cur;     /* next node to visit, NULL at the end */
    struct mapdb_walk *link; /* registered walks, for the fix-up on removal */
};

/* Make `n` a root: a page nobody mapped (sigma0's view of physical memory, of the ports; M-5). */
void mapdb_root(struct mapnode *n, void *space, u64 page, unsigned size_class);

/* May a child be inserted below `parent`?  False when the depth is used up (M-8). */
static inline bool mapdb_may_insert(const struct mapnode *parent)
{
    return parent->depth < MAPDB_MAX_DEPTH || !parent->parent;
}

/* Ends each search tree, instead of NULL.  A search puts its key there, so it finds one in any case. */
extern struct mapnode mapdb_none;

static inline bool mapdb_has_children(const struct mapnode *n)
{
    return n->children != &mapdb_none;
}

/*
 * The bits of a key in the order of the levels, the first at the top: those of the index below a large
 * page, else all but the first.  What they leave out is the parent's own size, always at the root.
 */
static inline u64 mapdb_path(u64 key, bool large)
{
    return key << (64 - (large ? MAPDB_LARGE_BITS : MAPDB_KEY_BITS - 1));
}

/* Has the node another key?  Of the pieces of a large page 16 bits of it tell. */
static inline bool mapdb_differs(const struct mapnode *n, u64 key, bool large)
{
    return large ? (u16)n->bits != (u16)key : ((n->bits ^ key) & MAPDB_KEY_MASK) != 0;
}

/*
 * What leads to the head with the key (further bits in it are ignored) in the search tree of the parent;
 * to mapdb_none: where its place is.  Below a large page only for its pieces: 16 bits tell them from each other.
 */
static ALWAYS_INLINE struct mapnode **mapdb_find(struct mapnode *parent, u64 key, bool large)
{
    struct mapnode **link = &parent->children, *n = *link;
    u64 path = mapdb_path(key, large);

    mapdb_none.bits = key;
    if ((large && mapnode_class(n) != CLASS_SMALL) || mapdb_differs(n, key, large))
        do {
            link = &n->side[path >> 63];
            path <<= 1;
            n = *link;
        } while (mapdb_differs(n, key, large));
    return link;
}

void mapdb_insert_slowly(struct mapnode *parent, struct mapnode *n);

/* Insert the new node `n` for a page of `space` as a child of `parent`, of which it is the piece `key`. */
static inline void mapdb_insert(struct mapnode *parent, struct mapnode *n, void *space, u64 page,
                                u64 key)
{
    enum { HEAD = 1 << MAPDB_KEY_BITS, DEPTH_AT = MAPDB_KEY_BITS + 1, PAGE_AT = DEPTH_AT + 8 };
    u64 depth = (parent->bits + (1UL << DEPTH_AT)) & (u64)MAPDB_MAX_DEPTH << DEPTH_AT;

    n->parent = parent;
    n->children = &mapdb_none;
    n->next = NULL;
    n->space = space;
    n->bits = (page << PAGE_AT | depth) + HEAD + key; /* below a root the depth overflows to 0 */
    if (likely(!mapdb_has_children(parent))) {
        n->left = n->right = &mapdb_none;
        parent->children = n;
    } else {
        mapdb_insert_slowly(parent, n);
    }
}

extern struct mapdb_walk *mapdb_active_walks;
void mapdb_remove_slowly(struct mapnode *n);

/* Do further heads stand below this one? */
static inline bool mapdb_is_inner(const struct mapnode *head)
{
    return head->left != &mapdb_none || head->right != &mapdb_none;
}

/* Take a childless node out.  The caller frees it. */
static inline void mapdb_remove(struct mapnode *n)
{
    if (unlikely(n->head && (n->next || mapdb_is_inner(n) || n->parent->children != n)) ||
        unlikely(mapdb_active_walks != NULL)) {
        mapdb_remove_slowly(n);
    } else if (n->head) { /* the only child */
        n->parent->children = &mapdb_none;
    } else {
        n->prev->next = n->next;
        if (n->next)
            n->next->prev = n->prev;
    }
}

/* What leads to the piece `index` of a large page if one childless node is all that is mapped of it; else NULL. */
static ALWAYS_INLINE struct mapnode **mapdb_single_piece(struct mapnode *parent, u64 index)
{
    struct mapnode *n, **link;

    if (mapnode_class(parent->children) != CLASS_SMALL) /* without children either way is right */
        return NULL;
    link = mapdb_find(parent, index, true);
    n = *link;
    return n != &mapdb_none && !n->next && !mapdb_has_children(n) && !mapdb_active_walks ? link
                                                                                         : NULL;
}

void mapdb_remove_head(struct mapnode **link);

/* Take the piece `n` out, to which mapdb_single_piece has found the link. */
static inline void mapdb_remove_piece(struct mapnode *n, struct mapnode **link)
{
    if (mapdb_is_inner(n))
        mapdb_remove_head(link);
    else
        *link = &mapdb_none;
}

/* The first child of `parent` with a key of at least `key`, NULL if none. */
struct mapnode *mapdb_child_ge(const struct mapnode *parent, u64 key);

/* The first child that intersects the range with a key of at least `key`; NULL if none. */
struct mapnode *mapdb_first_in(const struct child_range *r, u64 key);

/* Some childless node in the subtree of `n` (n itself when it has no children). */
static inline struct mapnode *mapdb_leaf(struct mapnode *n)
{
    while (mapdb_has_children(n)) {
        n = n->children;
        if (n->next) /* chain members leave more cheaply than the head */
            n = n->next;
    }
    return n;
}

/* Walk: begin, visit `cur`, advance; between begin and end the tree may change. */
void mapdb_walk_begin(struct mapdb_walk *w, const struct child_range *r);
void mapdb_walk_next(struct mapdb_walk *w);
void mapdb_walk_end(struct mapdb_walk *w);

/* Check I3 and I4 of one node against its parent and neighbours; NULL or the name of the broken invariant. */
const char *mapdb_check_node(const struct mapnode *n, const u8 *class_shift);

/* Check I3 and I4 below `n`; NULL or the name of the broken invariant.  Recursion bounded by M-8. */
const char *mapdb_check(const struct mapnode *n, const u8 *class_shift);

#endif
