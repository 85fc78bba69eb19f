/* SPDX-License-Identifier: MIT */
/*
 * Reference model of map, grant, unmap and message items: what the specification says, with tables of
 * plain records and a look at all of them for every question.  It shares nothing with the kernel, neither
 * code nor data structures, and holds no memory but its own arrays.  Freestanding.
 *
 * Decides: what a state is and what each operation makes of it.  Called by the host tests and by the
 * guest's fuzz program.  Rules are cited as in the kernel (M-21, F-12).
 *
 * Memory and I/O ports are pages: of order 12, 21, 30 in bytes, of order 0, 16 in ports.  sigma0 (space 0)
 * has no pages; it behaves as if everything was mapped to it (M-5).
 */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include "seq.h"

enum { MODEL_SPACES = 8, MODEL_PAGES = 16384, MODEL_CAPS = 1024, MODEL_OBJECTS = 64 };
enum { MODEL_TABLES = 512, MODEL_KU = 32, MODEL_OWNED = 4, MODEL_HASH = 4096 };
enum { MODEL_NONE = -1, MODEL_SIGMA0 = -2 }; /* no page; the page that sigma0 has everywhere */

enum { RIGHT_X = 1, RIGHT_W = 2, RIGHT_R = 4, RIGHT_D = 8, RIGHT_S = 2, RIGHT_OBJ_W = 1 };
enum { ATTR_WEAK_BIT = 0x10, ATTR_CTL_BITS = 0xe0 };
enum { USED_READ = 1, USED_WRITTEN = 2 };
enum model_cache { CACHE_NORMAL, CACHE_BUFFERED, CACHE_UNCACHED };
enum { MODEL_MEM = 1, MODEL_OBJ = 2, MODEL_IO = 4 }; /* spaces that a task has */

struct model_page {
    bool present;
    u8 space, type, order, rights, cache, usage;
    u16 depth;
    int parent; /* page number or MODEL_SIGMA0 */
    int next;   /* of the same hash value */
    u64 at, phys;
};

struct model_cap {
    u8 space; /* 0: not used (sigma0's slots are not part of the model) */
    u8 object;
    u8 rights; /* low four bits and attributes */
    u32 slot;
};

enum model_object_kind { OBJECT_NONE, OBJECT_PLAIN, OBJECT_GATE, OBJECT_TASK };

struct model_object {
    u8 kind;     /* OBJECT_NONE: free */
    u8 space;    /* task: its number; gate: where the bound thread is, 0: nowhere */
    bool ending; /* a task whose spaces have not been emptied yet */
    int counted;
    u64 label;
};

/* A slot of a page table that leads to a smaller table (M-14). */
struct model_table {
    u8 space, order; /* order of the slot: 30 or 21 */
    u64 at;
};

struct model_range {
    u64 base, end;
};

struct model_ku {
    u8 space;
    struct model_range at;
};

/* Of the machine: to be set before the first operation. */
struct model_machine {
    unsigned max_order; /* of memory pages: 21 or 30 */
    u64 kip;            /* the page of the kernel information page */
    u64 phys_top;
    unsigned n_owned;
    struct model_range owned[MODEL_OWNED]; /* what sigma0 does not have */
};

struct model {
    struct model_machine machine;
    struct {
        bool alive;
        u8 spaces; /* MODEL_MEM ... */
        u8 object;
    } space[MODEL_SPACES];
    int n_pages; /* pages in use */
    int end;     /* all behind are free */
    int free_hint;
    struct model_page page[MODEL_PAGES];
    int hash[MODEL_HASH];
    int n_caps, caps_end;
    struct model_cap cap[MODEL_CAPS];
    struct model_object object[MODEL_OBJECTS]; /* 0 is not used */
    unsigned n_tables, n_ku;
    struct model_table table[MODEL_TABLES];
    struct model_ku ku[MODEL_KU];
};
extern struct model model;

/* Outcomes of one operation, for the comparison and the table of what was reached (tests/model/outcomes.txt). */
enum model_status {
    MODEL_DONE,
    MODEL_FAILED,
    MODEL_DYING,
    MODEL_OVERFLOW,
    MODEL_IMPOSSIBLE,
    MODEL_NO_MEMORY, /* nothing was changed for want of memory: the model is not asked */
    N_MODEL_STATUS
};

enum model_event {
    EV_SOURCE_ABSENT,
    EV_RIGHTS_EMPTY,
    EV_INSERT_SMALL,
    EV_INSERT_LARGE,
    EV_INSERT_HUGE,
    EV_SPLIT,
    EV_UPGRADE,
    EV_REPLACE,
    EV_REPLACE_LARGER,
    EV_REPLACE_SOURCE,
    EV_KU_TARGET,
    EV_KU_SOURCE,
    EV_GRANT,
    EV_GRANT_BECOMES_MAP,
    EV_GRANT_KEEPS_CHILDREN,
    EV_DEPTH_LIMIT,
    EV_NO_MEMORY,
    EV_DYING,
    EV_NO_SPACE,
    EV_IO_ALL,
    EV_IO_SINGLE,
    EV_OBJ_COPY,
    EV_OBJ_GRANT,
    EV_OBJ_WEAK,
    EV_OBJ_REPLACE,
    EV_OBJ_REPLACE_DESTROYS,
    EV_OBJ_SAME,
    EV_OBJ_BEYOND,
    EV_UNMAP_PAGE,
    EV_UNMAP_BELOW,
    EV_UNMAP_REDUCE,
    EV_UNMAP_READ,
    EV_UNMAP_USED,
    EV_UNMAP_PIECE,
    EV_UNMAP_SAME_SIZE,
    EV_UNMAP_SIGMA0,
    EV_UNMAP_KU,
    EV_UNMAP_IO,
    EV_UNMAP_SLOT,
    EV_UNMAP_SLOT_RIGHTS,
    EV_UNMAP_LAST,
    EV_UNMAP_DELETE,
    EV_UNMAP_OBJ_OTHERS,
    EV_TASK_ENDS,
    EV_OBJECT_ENDS,
    EV_ITEM_MAPPED,
    EV_ITEM_NOTHING,
    EV_ITEM_VOID,
    EV_ITEM_COMPOUND,
    EV_ITEM_LABEL,
    EV_ITEM_FPAGE,
    EV_ITEM_MISMATCH,
    EV_ITEM_NO_BUFFER,
    EV_ITEM_NOT_MAP,
    EV_ITEM_FORWARD,
    EV_ITEM_NO_FORWARD,
    EV_ITEM_S_MASKED,
    EV_FAULT_MAPPED,
    EV_KU_MADE,
    EV_KU_REFUSED,
    N_MODEL_EVENTS
};
extern u64 model_events[N_MODEL_EVENTS];
extern const char *const model_event_names[N_MODEL_EVENTS];

/* Where the kernel says that memory was not enough: sizes of tables and nodes are not the model's business. */
struct model_stop {
    bool failed;
    unsigned item; /* of a message */
    u64 src;       /* source address, port or slot of the page that failed */
};

/* Where an operation asked for memory, in order: what model_stop can name (the first MODEL_ASKED ones). */
enum { MODEL_ASKED = 512 };
struct model_asked {
    u8 space, type; /* of the target */
    u8 item;
    u64 src, dst;
};
extern struct model_asked model_asked[MODEL_ASKED];
extern unsigned model_n_asked; /* of the last operation */

/* What an operation answers. */
struct model_answer {
    enum model_status status;
    u64 word[2 * SEQ_MAX_ITEMS]; /* unmap: flexpages; ipc: return items */
    bool written[2 * SEQ_MAX_ITEMS];
};

void model_reset(const struct model_machine *machine);
/* Carry out one operation.  SEQ_FAIL is none of the model's. */
void model_run(const struct seq_op *op, const struct model_stop *stop, struct model_answer *a);

/* ---- parts, and questions of the tests ---- */

/* A range on its way, after the window arithmetic. */
struct model_move {
    u8 from, to, type, rights, attrs;
    bool grant, any;
    u64 src, dst, size;
    u8 item;
};

int model_find(unsigned space, unsigned type, u64 at); /* page that covers the address */
int model_find_exact(const struct model_page *p);      /* same space, type, order, address */
int model_deepest(unsigned space);                     /* page of memory; 0: of any space */
bool model_is_below(int page, int ancestor);           /* a descendant? */
int model_find_cap(unsigned space, u64 slot);          /* number or MODEL_NONE */
bool model_in_ku(unsigned space, u64 at);

/* Between the files of the model. */
extern const u8 model_mem_orders[3];
int model_find_next(unsigned space, unsigned type, u64 at); /* the first page that reaches beyond */
void model_hash_in(int page);
void model_hash_out(int page);
struct model_page *model_new_page(void);
void model_free_page(int page); /* alone */
/* The source: a copy of the page, *id its number; false: nothing is there, *next where to look on. */
bool model_source_at(const struct model_move *m, struct model_page *p, int *id, u64 *next);
/* Order of the free slot at an address: a table of smaller pages limits it (M-14). */
unsigned model_free_order(unsigned space, u64 at);

enum model_status model_move_run(struct model_move *m, const u64 *stop);
enum model_status model_move_caps(struct model_move *m, const u64 *stop);
/* M-82: was the task's object deleted, by an item before perhaps? */
bool model_is_dying(unsigned space);
/* Unmap one flexpage; the usage bits. */
unsigned model_unmap(unsigned space, u64 fpage, u64 mask);
unsigned model_unmap_caps(unsigned space, struct model_range r, u64 fpage_and_mask);
void model_ipc(const struct seq_op *op, const struct model_stop *stop, struct model_answer *a);

/* Window arithmetic (flexpage.md section 5); false: the types differ. */
bool model_window(u64 send, u64 window, u64 item, struct model_move *m);

void model_remove_page(int page);
int model_new_object(enum model_object_kind kind, unsigned space);
/* All slots of the object are empty at once. */
void model_end_object(unsigned object);
void model_put_cap(unsigned space, u64 slot, unsigned object, unsigned rights);
/* Empty a slot as an unmap does; `delete` as bit 30 of the mask. */
void model_drop_cap(int cap, bool delete);
/* Empty the spaces of tasks that have ended, and of those that end with it. */
void model_end_tasks(void);
/* The target needs memory; true: here the kernel had none. */
bool model_ask(const struct model_move *m, const u64 *stop);
void model_note_table(unsigned space, unsigned order, u64 at);

static inline void model_event(enum model_event e) { model_events[e]++; }

#endif
