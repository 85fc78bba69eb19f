/* SPDX-License-Identifier: MIT */
/*
 * Is the kernel in the model's state, see fake.h?  Every entry, port and slot of every task is looked up in the model,
 * with its parent, and their numbers must agree; so nothing is missing on either side.
 */
#include "fake.h"

#include "arch.h"
#include "check.h"
#include "io_space.h"
#include "mem_space.h"
#include "obj_space.h"

/* ---- kernel to model ---- */

static unsigned space_of(const struct task *t)
{
    for (unsigned i = 0; i < MODEL_SPACES; i++)
        if (world_task(i) == t)
            return i;
    fake_fail("a node of a task that does not live");
}

/* The model's page for a node of the kernel, MODEL_NONE: it has none. */
static int model_page_of(const struct mapnode *n, unsigned type)
{
    static const u8 orders[2][N_CLASSES] = {{12, 21, 30}, {0, 16, 16}};
    struct model_page p = {.type = (u8)type, .order = orders[type == SEQ_IO][mapnode_class(n)]};

    if (!n->parent)
        return MODEL_SIGMA0;
    p.space = (u8)space_of(n->space);
    p.at = type == SEQ_MEM ? (u64)n->page << PAGE_SHIFT : n->page;
    return model_find_exact(&p);
}

static void compare_node(const struct mapnode *n, const struct model_page *p)
{
    int parent = model_page_of(n->parent, p->type);

    if (parent != p->parent)
        fake_fail("space %u at %lx: another parent than in the model", p->space, p->at);
    if (n->depth != p->depth)
        fake_fail("M-8 space %u at %lx: depth %u, in the model %u", p->space, p->at,
                  (unsigned)n->depth, p->depth);
}

static void compare_page(unsigned space, u64 va, u64 *pte, unsigned c)
{
    static const u8 caches[] = {CACHE_NORMAL, CACHE_NORMAL, CACHE_BUFFERED, CACHE_UNCACHED};
    struct model_page want = {.space = (u8)space, .type = SEQ_MEM, .order = (u8)class_shift(c)};
    const struct model_page *p;
    int i;

    want.at = va;
    i = model_find_exact(&want);
    if (i < 0)
        fake_fail("space %u has a page at %lx of order %u that it should not have", space, va,
                  want.order);
    p = &model.page[i];
    if (pte_phys(*pte) != p->phys)
        fake_fail("space %u at %lx: frame %lx, in the model %lx", space, va, pte_phys(*pte),
                  p->phys);
    if (pte_rights(*pte) != p->rights)
        fake_fail("space %u at %lx: rights %u, in the model %u", space, va, pte_rights(*pte),
                  p->rights);
    if (caches[*pte >> 3 & 3] != p->cache)
        fake_fail("space %u at %lx: caching bits %lx, in the model %u", space, va, *pte >> 3 & 3,
                  p->cache);
    if (pte_usage(*pte) != p->usage)
        fake_fail("M-46 space %u at %lx: used %u, in the model %u", space, va, pte_usage(*pte),
                  p->usage);
    compare_node(link_node(*pte_link(pte)), p);
}

/* Pages below one entry of a table at `level`; how many. */
static unsigned compare_table(unsigned space, u64 *table, unsigned level, u64 va)
{
    unsigned n = 0, entries = level == 3 ? PT_ENTRIES / 2 : PT_ENTRIES;

    for (unsigned i = 0; i < entries; i++, va += class_size(level)) {
        u64 e = table[i];
        if (!(e & PTE_P))
            continue;
        if (level == 3 || (level && !(e & PTE_PS))) {
            n += compare_table(space, phys_to_virt(e & PTE_ADDR), level - 1, va);
        } else if (link_is_node(*pte_link(&table[i]))) {
            compare_page(space, va, &table[i], level);
            n++;
        } else if (!model_in_ku(space, va)) {
            fake_fail("space %u at %lx: an entry without a node", space, va);
        }
    }
    return n;
}

static void compare_port(unsigned space, const struct mapnode *n, u64 port)
{
    struct model_page want = {.space = (u8)space, .type = SEQ_IO, .at = port};
    int i;

    want.order = mapnode_class(n) == CLASS_SMALL ? 0 : 16;
    i = model_find_exact(&want);
    if (i < 0)
        fake_fail("space %u has port %lx (order %u), which it should not have", space, port,
                  want.order);
    compare_node(n, &model.page[i]);
}

static unsigned compare_ports(unsigned space, const struct task *t)
{
    unsigned n = 0;

    if (t->io.all) {
        compare_port(space, t->io.all, 0);
        n++;
    }
    for (unsigned page = 0; t->io.link && page < N_PORTS / PORTS_PER_PAGE; page++)
        for (unsigned i = 0; t->io.link[page] && i < PORTS_PER_PAGE; i++)
            if (t->io.link[page][i]) {
                compare_port(space, t->io.link[page][i], page * PORTS_PER_PAGE + i);
                n++;
            }
    return n;
}

static unsigned compare_slots(unsigned space, const struct task *t)
{
    /* Which object of the kernel an object of the model is: learnt from the first slot, kept over one comparison. */
    static const struct kobject *same[MODEL_OBJECTS];
    unsigned n = 0;

    for (unsigned i = 0; space == 1 && i < MODEL_OBJECTS; i++)
        same[i] = NULL;
    for (unsigned page = 0; t->caps.dir && page < N_SLOTS / SLOTS_PER_PAGE; page++)
        for (unsigned s = 0; t->caps.dir[page] && s < SLOTS_PER_PAGE; s++) {
            const struct cap *slot = &t->caps.dir[page][s];
            int i = slot->obj ? model_find_cap(space, page * SLOTS_PER_PAGE + s) : 0;
            const struct model_cap *c = &model.cap[i < 0 ? 0 : i];
            if (!slot->obj)
                continue;
            if (i < 0)
                fake_fail("space %u slot %x is filled and should be empty", space,
                          page * SLOTS_PER_PAGE + s);
            if (slot->rights != c->rights)
                fake_fail("space %u slot %x: rights %lx, in the model %x", space, c->slot,
                          slot->rights, c->rights);
            if (same[c->object] && same[c->object] != slot->obj)
                fake_fail("space %u slot %x holds another object than in the model", space,
                          c->slot);
            same[c->object] = slot->obj;
            n++;
        }
    return n;
}

void compare_states(void)
{
    unsigned pages = 0, ports = 0, slots = 0;
    const char *bad = fake_tlb_check();

    if (bad)
        fake_fail("%s", bad);
    for (unsigned i = 1; i < MODEL_SPACES; i++) {
        struct task *t = world_task(i);
        bool alive = model.space[i].alive;
        if (alive != (t != NULL))
            fake_fail("task %u %s, in the model it does %s", i, t ? "lives" : "does not live",
                      alive ? "" : "not");
        if (!t)
            continue;
        pages += compare_table(i, t->mem.root, 3, 0);
        ports += compare_ports(i, t);
        slots += compare_slots(i, t);
    }
    if (pages + ports != (unsigned)model.n_pages)
        fake_fail("%u pages and ports, in the model %d", pages + ports, model.n_pages);
    if (slots != (unsigned)model.n_caps)
        fake_fail("%u slots are filled, in the model %d", slots, model.n_caps);
}

static void learn(unsigned space, const u64 *table, unsigned level, u64 va)
{
    for (unsigned i = 0; i < (level == 3 ? PT_ENTRIES / 2 : PT_ENTRIES);
         i++, va += class_size(level))
        if ((table[i] & (PTE_P | PTE_PS)) == PTE_P) {
            if (level < 3)
                model_note_table(space, class_shift(level), va);
            if (level > 1)
                learn(space, phys_to_virt(table[i] & PTE_ADDR), level - 1, va);
        }
}

void compare_learn_tables(void)
{
    for (unsigned i = 1; i < MODEL_SPACES; i++)
        if (world_task(i))
            learn(i, world_task(i)->mem.root, 3, 0);
}

/* ---- answers ---- */

void compare_answers(const struct seq_op *op, const struct exec_answer *k,
                     const struct model_answer *m)
{
    unsigned words = op->kind == SEQ_UNMAP ? op->n : op->kind == SEQ_IPC ? 2U * (op->n & 15U) : 0U;

    if (k->status != m->status)
        fake_fail("the answer is %d, the model's %d", (int)k->status, (int)m->status);
    if (m->status != MODEL_DONE && op->kind == SEQ_IPC)
        return; /* F-15 leaves open what the item that failed has left behind */
    for (unsigned i = 0; i < words; i++) {
        bool written = op->kind == SEQ_UNMAP || m->written[i];
        u64 want = written ? m->word[i] : EXEC_FILL + 1 + i; /* what was there before */
        if (k->word[i] != want)
            fake_fail("word %u of the answer is %lx, the model's %lx", i, k->word[i], want);
    }
}

bool both_run(const struct seq_op *op, enum model_status *status)
{
    u64 no_memory = model_events[EV_NO_MEMORY];
    struct seq_op copy = *op;
    struct model_answer m;
    struct exec_answer k;
    bool possible = exec_possible(op);

    exec_run(&copy, &k);
    if (!k.done) {
        *status = possible ? MODEL_NO_MEMORY : MODEL_IMPOSSIBLE;
        compare_learn_tables();
        return false;
    }
    model_run(&copy, &k.stop, &m);
    if (k.stop.failed)
        compare_learn_tables();
    compare_answers(&copy, &k, &m);
    if (model_events[EV_NO_MEMORY] != no_memory && !k.injected && !world.tight)
        fake_fail("M-29 map failed although there is memory");
    if (model_events[EV_NO_MEMORY] != no_memory && !k.injected && !world_is_tight(copy.b) &&
        copy.kind == SEQ_MAP)
        fake_fail("M-29 map failed although there is memory");
    *status = m.status;
    return true;
}
