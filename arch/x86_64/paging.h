/* SPDX-License-Identifier: MIT */
/*
 * x86-64 page tables of tasks.
 *
 * Every table below the top level is a pair of pages: 512 entries and behind them 512 links.  The link of a
 * page's entry leads to its mapping node (invariant I2) in O(1), or says that it is kernel-user memory.
 * Tables are never freed before the task goes (as M-14 says of Fiasco), so that an entry's
 * address stays valid.
 *
 *  63 62      52 51                              12 11   9 8  7  6  5   4   3  2  1  0
 * +--+----------+----------------------------------+------+-+--+--+--+---+---+--+--+--+
 * |NX|    -     |        physical address          |  -   |-|PS|D |A |PCD|PWT|U |W |P |
 * +--+----------+----------------------------------+------+-+--+--+--+---+---+--+--+--+
 */
#ifndef QUIRE_PAGING_H
#define QUIRE_PAGING_H

struct mapnode;

enum pte_bits {
    PTE_P = 1,
    PTE_W = 2,
    PTE_U = 4,
    PTE_PWT = 8,
    PTE_PCD = 0x10,
    PTE_A = 0x20,
    PTE_D = 0x40,
    PTE_PS = 0x80,
    PTE_G = 0x100,
};
#define PTE_NX (1UL << 63)
#define PTE_ADDR 0x000ffffffffff000UL

enum { PT_ENTRIES = 512, PT_PAIR_ORDER = 13 };

/* Memory rights as in flexpages. */
enum { MEM_X = 1, MEM_W = 2, MEM_R = 4 };

/* log2 of the page size of a class (mapdb.h), and of what a slot of the top level covers. */
static inline unsigned class_shift(unsigned c) { return 12 + 9 * c; }
static inline u64 class_size(unsigned c) { return 1UL << class_shift(c); }

/* Where the walk for an address ended: a page, or the empty slot that covers it. */
struct pte_ref {
    u64 *pte;
    unsigned
        c; /* class of the page or slot; 3: an empty slot of the top level, which has no links */
    bool present;
};

struct ku_mem;

/*
 * The link of a page: its mapping node, or, with bit 0 set, the record of the kernel-user memory
 * it belongs to; 0 for an empty entry and for sigma0's own view.
 */
static inline u64 *pte_link(u64 *pte) { return pte + PT_ENTRIES; }
enum { LINK_KU_MEM = 1 };

static inline bool link_is_node(u64 link) { return link && !(link & LINK_KU_MEM); }
static inline struct mapnode *link_node(u64 link) { return (struct mapnode *)link; }
static inline struct ku_mem *link_ku_mem(u64 link) { return (struct ku_mem *)(link & ~1UL); }

/* The page tables of a task, and the tables found last: as tables stay, they are never wrong. */
struct mem_space {
    u64 *root;     /* top-level page table */
    u64 root_phys; /* loaded into CR3 */
    struct {
        u64 *table;
        u64 tag; /* the addresses it covers: address >> class_shift(c + 1); ~0: no table yet */
    } recent[2]; /* of small, of large pages */
};

/* The walk through all levels. */
struct pte_ref pt_walk(const u64 *root, u64 va);
struct pte_ref pt_find_slowly(struct mem_space *m, u64 va);

/* Where the walk for an address ends.  Most follow one that ended in the same table. */
static inline struct pte_ref pt_find(struct mem_space *m, u64 va)
{
    u64 *p = m->recent[0].table + (va >> 12 & 511);

    if (likely(va >> 21 == m->recent[0].tag))
        return (struct pte_ref){p, 0, *p & PTE_P};
    p = m->recent[1].table + (va >> 21 & 511);
    if (va >> 30 == m->recent[1].tag && (*p & (PTE_P | PTE_PS)) != PTE_P)
        return (struct pte_ref){p, 1, *p & PTE_P};
    return pt_find_slowly(m, va);
}

static inline u64 pte_phys(u64 pte) { return pte & PTE_ADDR; }

static inline unsigned pte_rights(u64 pte)
{
    return MEM_R | (pte & PTE_W ? MEM_W : 0U) | (pte & PTE_NX ? 0U : MEM_X);
}
static inline u64 pte_from_rights(unsigned rights)
{
    return PTE_P | PTE_U | (rights & MEM_W ? (u64)PTE_W : 0) | (rights & MEM_X ? 0 : PTE_NX);
}
/* The caching bits of an entry, and those a send item asks for (0x10 set; abi: flexpage.md section 2). */
enum { PTE_CACHE = PTE_PWT | PTE_PCD };
static inline u64 pte_cache_from_attrs(unsigned attrs)
{
    return attrs & 0x20 ? 0 : attrs & 0x40 ? (u64)PTE_PCD : (u64)PTE_CACHE;
}
/* Referenced (1) and modified (2), as Task.unmap reports them (M-46), of the usage bits of entries. */
enum { PTE_USAGE = PTE_A | PTE_D };
static inline unsigned pte_usage(u64 bits)
{
    return (bits & PTE_A ? 1U : 0U) | (bits & PTE_D ? 2U : 0U);
}

/* Does a translation remembered from `old` allow what `new` does not say? */
static inline bool pte_loses(u64 old, u64 new)
{
    u64 changed = old ^ new;

    return old & PTE_P && (!(new &PTE_P) || changed & (PTE_ADDR | PTE_CACHE | PTE_PS) ||
                           changed & old & PTE_W || changed & new &PTE_NX);
}

/* The first entry of [e, end) that is not empty, else `end`. */
const u64 *pt_skip_empty(const u64 *e, const u64 *end);

struct quota;
/* The slot of class `c` for `va`, with tables made as needed (paid by q).  NULL: no memory.  The walk to it must
 * not meet a page of a larger class. */
u64 *pt_make(u64 *root, struct quota *q, u64 va, unsigned c);

/* A new top-level table with the kernel's half filled in; false: no memory. */
bool pt_create(struct mem_space *m, struct quota *q);
/* One bounded step of freeing all tables; *pos starts at 0; true: all are gone. */
bool pt_destroy_step(u64 *root, struct quota *q, u64 *pos);

/* Number of tables below the top level. */
u64 pt_count_tables(const u64 *root);

/* The largest class the CPU can map. */
unsigned pt_max_class(void);

#endif
