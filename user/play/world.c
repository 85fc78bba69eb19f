/* SPDX-License-Identifier: MIT */
/* Operations on kernel and model, see world.h. */
#include "world.h"

#include <l4/sigma0/sigma0.h>
#include <l4/sys/task.h>
#include <quire/io.h>
#include <quire/program.h>
#include <quire/string.h>

static struct model_stop const no_stop;

/* ---- the model's view of a failure ---- */

static int kernel_has(unsigned space, unsigned type, u64 at)
{
    unsigned long unused;

    if (type == SEQ_OBJ)
        return l4_error(l4_task_cap_valid(agent_task(space), at << L4_CAP_SHIFT)) == 1;
    return type == SEQ_MEM && agent_read(space, at, &unused);
}

static int model_has(struct model_move const *m)
{
    int i =
        m->type == SEQ_OBJ ? model_find_cap(m->from, m->src) : model_find(m->from, m->type, m->src);

    if (i < 0)
        return 0;
    return m->type == SEQ_OBJ   ? (model.cap[i].rights & m->rights & RIGHT_R) != 0
           : m->type == SEQ_MEM ? (model.page[i].rights & m->rights) != 0
                                : m->rights != 0;
}

/*
 * "Map failed" does not say where.  It stopped at the first page that could have been mapped and
 * is not there; to be called before the model has carried out the operation.
 */
static u64 failed_at(struct seq_op const *op, l4_umword_t item, l4_umword_t fpage, u64 window)
{
    struct model_move m = {.from = op->a, .to = op->b};
    u64 step = (fpage >> 4 & 3) == SEQ_MEM ? L4_PAGESIZE : 1;

    model_window(fpage, window, item, &m);
    m.type = fpage >> 4 & 3;
    m.rights = fpage & 15;
    for (; m.size > step; m.size -= step, m.src += step, m.dst += step)
        if (model_has(&m) && !kernel_has(m.to, m.type, m.dst))
            break;
    return m.src;
}

/* ---- operations ---- */

void world_map(struct seq_op const *op, struct outcome *o)
{
    struct model_stop stop = {0};
    l4_fpage_t fp = {.raw = op->w[1]};
    l4_msgtag_t tag;

    memset(o, 0, sizeof(*o));
    tag = l4_task_map(agent_task(op->b), agent_task(op->a), fp, op->w[0]);
    o->error = l4_error(tag);
    stop.failed = o->error == -(L4_EIPC_LO + L4_IPC_SEMAPFAILED);
    /* -EINVAL: the task was destroyed by what it was to receive (M-65, M-82). */
    if (o->error && o->error != -L4_EINVAL && !stop.failed)
        return;
    if (stop.failed)
        stop.src = failed_at(op, op->w[0], op->w[1], l4_fpage_all().raw);
    model_run(op, &stop, &o->model);
    o->n_wrong += (o->model.status == MODEL_FAILED) != stop.failed ||
                  (o->model.status == MODEL_DYING) != (o->error == -L4_EINVAL);
}

void world_unmap(struct seq_op const *op, struct outcome *o)
{
    l4_fpage_t fps[SEQ_MAX_UNMAPS];
    l4_msgtag_t tag;

    memset(o, 0, sizeof(*o));
    for (unsigned i = 0; i < op->n; i++)
        fps[i].raw = op->w[1 + i];
    tag = l4_task_unmap_batch(agent_task(op->a), fps, op->n, op->w[0]);
    o->error = l4_error(tag);
    for (unsigned i = 0; i < op->n; i++)
        o->word[i] = l4_utcb_mr()->mr[2 + i];
    model_run(op, &no_stop, &o->model);
    for (unsigned i = 0; i < op->n && !o->error; i++)
        o->n_wrong += o->word[i] != o->model.word[i];
}

static unsigned items_processed(struct outcome const *o, unsigned items)
{
    unsigned n = 0;

    while (n < items && o->to.msg.mr[2 * n] != AGENT_FILL + 2 * n)
        n++;
    return n;
}

static void compare_items(struct outcome *o, unsigned items)
{
    static l4_umword_t const errors[] = {
        [MODEL_DONE] = 0,
        [MODEL_FAILED] = L4_IPC_SEMAPFAILED,
        [MODEL_OVERFLOW] = L4_IPC_SEMSGCUT,
    };

    for (unsigned i = 0; i < 2 * items; i++) {
        l4_umword_t want = o->model.written[i] ? o->model.word[i] : AGENT_FILL + i;

        o->n_wrong += o->to.msg.mr[i] != want;
    }
    o->n_wrong += o->model.status > MODEL_OVERFLOW || o->from.error != errors[o->model.status];
}

/* The window that an item of the type meets first; only needed after "map failed". */
static u64 window_of(struct seq_op const *op, unsigned type)
{
    static unsigned const shift[] = {0, L4_BDR_MEM_SHIFT, L4_BDR_IO_SHIFT, L4_BDR_OBJ_SHIFT};
    unsigned at = op->w[SEQ_W_BDR] >> shift[type] & 31;
    u64 word = at < SEQ_MAX_BRS ? op->w[SEQ_W_BR + at] : 0;

    if (word & 2)
        return (word & ~0xfffUL) | SEQ_OBJ << 4;
    return at + 1 < SEQ_MAX_BRS ? op->w[SEQ_W_BR + at + 1] : 0;
}

void world_send(struct seq_op const *op, l4_cap_idx_t dest, struct outcome *o)
{
    unsigned items = op->n & 15U, done;
    struct model_stop stop = {0};

    memset(o, 0, sizeof(*o));
    o->to.buf.bdr = op->w[SEQ_W_BDR];
    memcpy(o->to.buf.br, &op->w[SEQ_W_BR], SEQ_MAX_BRS * sizeof(op->w[0]));
    memcpy(o->from.msg.mr, &op->w[SEQ_W_ITEM], 2 * SEQ_MAX_ITEMS * sizeof(op->w[0]));
    o->from.tag = l4_msgtag(0, 0, items, 0);
    agent_receive(op->b, &o->to);
    agent_send(op->a, dest, &o->from);
    agent_received(op->b, &o->to);
    o->error = o->from.error ? -(long)(L4_EIPC_LO + o->from.error) : 0;
    if (!o->to.done)
        return;
    if (o->from.error == L4_IPC_SEMAPFAILED) {
        done = items_processed(o, items);
        stop.failed = true;
        stop.item = done ? done - 1 : 0;
        stop.src = failed_at(op, op->w[2 * stop.item], op->w[2 * stop.item + 1],
                             window_of(op, op->w[2 * stop.item + 1] >> 4 & 3));
    }
    model_run(op, &stop, &o->model);
    compare_items(o, items);
}

void world_touch(unsigned space, l4_addr_t at, int write)
{
    struct seq_op op = {.kind = SEQ_TOUCH, .a = (u8)space, .n = (u8)(write != 0), .w = {at}};
    struct model_answer unused;

    model_run(&op, &no_stop, &unused);
}

long world_ports(unsigned port, unsigned order)
{
    l4_fpage_t fp = l4_iofpage(port, order);
    struct seq_op op = {.kind = SEQ_MAP, .a = 0, .b = ROOT, .n = 3, .w = {L4_ITEM_MAP, fp.raw}};
    struct model_answer unused;

    if (l4sigma0_map_ioports(L4_BASE_PAGER_CAP, port, order))
        return -L4_ENOMEM;
    model_run(&op, &no_stop, &unused);
    return 0;
}

/* ---- memory of the root task ---- */

static l4_addr_t block; /* physical: LARGE_PAGES large pages, then the small ones */

enum { BLOCK_ORDER = 23 };
#define FIRST_TRY 0x2000000UL
#define LAST_TRY 0x40000000UL
#define MARK_OFFSET 0xff0UL
#define SMALL_PHYS (block + LARGE_PAGES * LARGE_SIZE)

u64 frame_of(l4_addr_t at)
{
    if (at >= SMALL_BASE && at < SMALL_BASE + SMALL_PAGES * L4_PAGESIZE)
        return SMALL_PHYS + (at - SMALL_BASE);
    if (at >= LARGE_BASE && at < LARGE_BASE + LARGE_PAGES * LARGE_SIZE)
        return block + (at - LARGE_BASE);
    return ~0UL;
}

char const *frame_name(u64 phys)
{
    static char text[4][24];
    static unsigned next;
    char *t = text[next = (next + 1) % 4];
    u64 at = phys - block;

    if (phys >= SMALL_PHYS && phys < SMALL_PHYS + SMALL_PAGES * L4_PAGESIZE)
        snprintf(t, sizeof(text[0]), "P%lu", (phys - SMALL_PHYS) / L4_PAGESIZE);
    else if (phys >= block && phys < SMALL_PHYS && at % LARGE_SIZE == 0)
        snprintf(t, sizeof(text[0]), "L%lu", at / LARGE_SIZE);
    else if (phys >= block && phys < SMALL_PHYS)
        snprintf(t, sizeof(text[0]), "L%lu+0x%lx", at / LARGE_SIZE, at % LARGE_SIZE);
    else
        snprintf(t, sizeof(text[0]), "0x%lx", phys);
    return t;
}

static void model_memory(l4_addr_t at, unsigned order)
{
    struct seq_op op = {.kind = SEQ_MAP, .a = 0, .b = ROOT, .n = 3};
    struct model_answer unused;

    op.w[0] = at | L4_ITEM_MAP;
    op.w[1] = seq_fpage(frame_of(at), SEQ_MEM, order, L4_FPAGE_RWX);
    model_run(&op, &no_stop, &unused);
}

static void mark(l4_addr_t at, unsigned n)
{
    for (unsigned i = 0; i < n; i++, at += L4_PAGESIZE) {
        volatile unsigned long *word = (volatile unsigned long *)at;

        for (unsigned k = 0; k < MARK_OFFSET / sizeof(*word); k += 64)
            word[k] = 0;
        word[MARK_OFFSET / sizeof(*word)] = frame_of(at) - block;
        word[MARK_OFFSET / sizeof(*word) + 1] = 0xc3; /* ret */
    }
}

static int get_memory(void)
{
    unsigned small_order = L4_PAGESHIFT + 6;
    int err = l4sigma0_map_mem(L4_BASE_PAGER_CAP, block, LARGE_BASE, LARGE_PAGES * LARGE_SIZE);

    if (!err)
        err =
            l4sigma0_map_mem(L4_BASE_PAGER_CAP, SMALL_PHYS, SMALL_BASE, SMALL_PAGES * L4_PAGESIZE);
    if (err)
        return err;
    model_memory(LARGE_BASE, L4_SUPERPAGESHIFT + 1);
    model_memory(SMALL_BASE, small_order);
    mark(SMALL_BASE, SMALL_PAGES);
    mark(LARGE_BASE, LARGE_PAGES * SMALL_PER_LARGE);
    /* What writing the marks left in the page table. */
    for (unsigned i = 0; i < SMALL_PAGES; i++)
        world_touch(ROOT, SMALL_BASE + i * L4_PAGESIZE, 1);
    for (unsigned i = 0; i < LARGE_PAGES; i++)
        world_touch(ROOT, LARGE_BASE + i * LARGE_SIZE, 1);
    return 0;
}

static void find_memory(void)
{
    for (block = FIRST_TRY; block < LAST_TRY; block += 1UL << BLOCK_ORDER)
        if (!get_memory())
            return;
    printf("play: no 8 MiB of free memory between 32 MiB and 1 GiB\n");
    quire_machine_exit(QUIRE_EXIT_FAILURE);
}

/* ---- the whole ---- */

void world_init(void)
{
    struct model_machine machine = {.max_order = L4_SUPERPAGESHIFT, .phys_top = 1UL << 46};
    struct seq_op op = {.kind = SEQ_TASK, .a = ROOT, .n = MODEL_MEM | MODEL_OBJ | MODEL_IO};
    struct model_answer unused;
    int err = agents_init();

    if (err) {
        printf("play: helper threads: %s\n", l4sys_errtostr(err));
        quire_machine_exit(QUIRE_EXIT_FAILURE);
    }
    model_reset(&machine);
    model_run(&op, &no_stop, &unused);
    find_memory();
}

static void take(l4_umword_t fpage)
{
    struct seq_op op = {.kind = SEQ_UNMAP, .a = ROOT, .n = 1};
    struct outcome unused;

    op.w[0] = L4_FP_ALL_SPACES;
    op.w[1] = fpage;
    world_unmap(&op, &unused);
}

void world_reset(void)
{
    for (unsigned i = 0; i < N_NAMES; i++)
        if (names[i].name[0])
            world_delete(&names[i]);
    take(seq_fpage((u64)OBJECT_SLOTS << L4_CAP_SHIFT, SEQ_OBJ, 12, 15));
    for (int i = 0; i < model.end; i++) {
        struct model_page const *p = &model.page[i];

        if (p->present && p->space == ROOT)
            take(p->type == SEQ_MEM ? seq_fpage(p->at, SEQ_MEM, p->order, L4_FPAGE_RWX)
                                    : seq_fpage(p->at << 12, SEQ_IO, p->order, L4_FPAGE_RW));
    }
    world_bury();
    places_forget();
    if (get_memory())
        printf("play: sigma0 does not give the memory back\n");
}
