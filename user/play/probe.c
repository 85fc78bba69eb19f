/* SPDX-License-Identifier: MIT */
/*
 * Is the kernel's state what the model says?  See world.h.
 *
 * A page is tried by the helper of its task: reading the mark in its last bytes tells which frame
 * it is, writing the mark back and calling the `ret` behind it which rights there are.  That leaves
 * referenced and modified bits, which the model is told.  A slot is tried by a weak copy of it in
 * the root task: its number tells which object it is, comparisons with copies that lack a right tell
 * whether it has that right.  Ports are read, but only those where that has no effect.
 */
#include "world.h"

#include <l4/sys/task.h>
#include <quire/io.h>
#include <quire/string.h>

enum { N_PLACES = 400, QUIET_PORT = 0x80, QUIET_PORTS = 32, RETURN = 0xc3, GLOBAL_ID = 0x101 };
#define MARK_OFFSET 0xff0UL
#define COPY ((l4_cap_idx_t)SCRATCH_SLOT << L4_CAP_SHIFT)
#define OTHER_COPY ((l4_cap_idx_t)(SCRATCH_SLOT + 1) << L4_CAP_SHIFT)

/* Where something was; looked at again, as it may not be there any more. */
static struct place {
    u8 space, type;
    u64 at;
} places[N_PLACES];
static unsigned n_places, next_place;

void place_note(unsigned space, unsigned type, u64 at)
{
    for (unsigned i = 0; i < n_places; i++)
        if (places[i].space == space && places[i].type == type && places[i].at == at)
            return;
    places[next_place] = (struct place){(u8)space, (u8)type, at};
    next_place = (next_place + 1) % N_PLACES;
    if (n_places < N_PLACES)
        n_places++;
}

void places_forget(void) { n_places = next_place = 0; }

static unsigned differs(struct place p, char const *what)
{
    printf("  differs: %s %s 0x%lx: %s\n", name_of_space(p.space),
           p.type == SEQ_MEM  ? "address"
           : p.type == SEQ_IO ? "port"
                              : "slot",
           p.at, what);
    return 1;
}

/* ---- places where nothing should be, and ports ---- */

static int is_there(struct place p)
{
    return l4_error(l4_task_cap_valid(agent_task(p.space), p.at << L4_CAP_SHIFT)) == 1;
}

static int quiet_port(u64 port) { return port >= QUIET_PORT && port < QUIET_PORT + QUIET_PORTS; }

static unsigned check_place(struct place p)
{
    unsigned long unused;
    int page =
        p.type == SEQ_OBJ ? model_find_cap(p.space, p.at) : model_find(p.space, p.type, p.at);
    int there;

    if (!model.space[p.space].alive ||
        (p.type == SEQ_MEM && (page >= 0 || model_in_ku(p.space, p.at))))
        return 0;
    if (p.type == SEQ_IO && !quiet_port(p.at))
        return 0;
    there = p.type == SEQ_MEM  ? agent_read(p.space, p.at, &unused)
            : p.type == SEQ_IO ? agent_in(p.space, (unsigned)p.at, &unused)
                               : is_there(p);
    if (there == (page >= 0))
        return 0;
    return differs(p, there ? "something is there, expected is nothing"
                            : "nothing is there, expected is something");
}

/* ---- pages ---- */

unsigned probe_rights(unsigned space, l4_addr_t at)
{
    l4_addr_t mark = (at & L4_PAGEMASK) + MARK_OFFSET;
    unsigned long value, code;
    unsigned rights = RIGHT_R;

    if (!agent_read(space, mark, &value))
        return 0;
    if (agent_write(space, mark, value))
        rights |= RIGHT_W;
    if (agent_read(space, mark + 8, &code) && code == RETURN && agent_exec(space, mark + 8))
        rights |= RIGHT_X;
    return rights;
}

/* One 4 KiB piece of a page. */
static unsigned check_piece(struct model_page const *page, u64 offset)
{
    struct place p = {page->space, SEQ_MEM, page->at + offset};
    u64 frame = page->phys + offset;
    unsigned rights = probe_rights(p.space, p.at);
    unsigned long mark = 0;

    if (!rights)
        return differs(p, "the page is absent, expected is a mapping");
    agent_read(p.space, p.at + MARK_OFFSET, &mark);
    world_touch(p.space, p.at, (rights & RIGHT_W) != 0);
    if (mark != frame - (frame_of(LARGE_BASE)))
        return differs(p, "another frame than expected");
    return rights == page->rights ? 0 : differs(p, "other rights than expected");
}

static unsigned check_page(struct model_page const *p)
{
    u64 size = 1UL << p->order;
    unsigned wrong = check_piece(p, 0);

    if (p->order > L4_PAGESHIFT)
        wrong += check_piece(p, L4_PAGESIZE) + check_piece(p, size / 2) +
                 check_piece(p, size - L4_PAGESIZE);
    if (p->space != ROOT)
        wrong += check_place((struct place){p->space, SEQ_MEM, p->at - L4_PAGESIZE}) +
                 check_place((struct place){p->space, SEQ_MEM, p->at + size});
    return wrong;
}

/* ---- slots ---- */

static l4_umword_t number_of(l4_cap_idx_t cap)
{
    l4_utcb_t *u = l4_utcb();
    l4_msgtag_t tag;

    u->msg.mr[0] = GLOBAL_ID;
    l4_kobject_arg_u(1, cap, L4_CAP_FPAGE_RWS, u);
    tag = l4_kobject_call_u(L4_BASE_DEBUGGER_CAP, L4_PROTO_DEBUGGER, 1, 1, u);
    return l4_error(tag) == 0 ? u->msg.mr[0] : 0;
}

static void copy(l4_cap_idx_t to, unsigned space, l4_cap_idx_t from, unsigned char rights)
{
    l4_task_map(L4_BASE_TASK_CAP, agent_task(space), l4_obj_fpage(from, 0, rights),
                to | L4_FPAGE_C_NO_REF_CNT);
}

/* Does the copy lose something without the right? */
static int has_right(unsigned right)
{
    copy(OTHER_COPY, ROOT, COPY, (unsigned char)(L4_CAP_FPAGE_RWS & ~right));
    return l4_error(l4_task_cap_equal(L4_BASE_TASK_CAP, COPY, OTHER_COPY)) == 0;
}

static unsigned check_cap(struct model_cap const *c)
{
    struct place p = {c->space, SEQ_OBJ, c->slot};
    unsigned rights = 0;
    l4_umword_t number;

    if (!is_there(p))
        return differs(p, "the slot is empty, expected is a capability");
    if (!(c->rights & RIGHT_R))
        return 0;
    copy(COPY, c->space, (l4_cap_idx_t)c->slot << L4_CAP_SHIFT, L4_CAP_FPAGE_RWS);
    number = number_of(COPY);
    rights |= has_right(L4_CAP_FPAGE_W) ? L4_CAP_FPAGE_W : 0U;
    rights |= has_right(L4_CAP_FPAGE_S) ? L4_CAP_FPAGE_S : 0U;
    l4_task_unmap(L4_BASE_TASK_CAP, l4_obj_fpage(COPY, 1, L4_CAP_FPAGE_RWSD), L4_FP_ALL_SPACES);
    for (unsigned i = 0; i < N_NAMES; i++)
        if (names[i].name[0] && names[i].object == c->object && number && names[i].id != number)
            return differs(p, "another object than expected");
    return rights == (c->rights & (L4_CAP_FPAGE_W | L4_CAP_FPAGE_S))
               ? 0
               : differs(p, "other rights than expected");
}

unsigned world_check(unsigned *pages, unsigned *slots)
{
    unsigned wrong = 0;

    *pages = *slots = 0;
    for (int i = 0; i < model.end; i++) {
        struct model_page const *p = &model.page[i];

        if (!p->present)
            continue;
        place_note(p->space, p->type, p->at);
        for (unsigned other = ROOT; other < N_SPACES && p->type == SEQ_IO; other++)
            place_note(other, SEQ_IO, p->at); /* ports have the same number everywhere */
        if (p->type == SEQ_MEM) {
            (*pages)++;
            wrong += check_page(p);
        }
    }
    for (int i = 0; i < model.caps_end; i++)
        if (model.cap[i].space) {
            (*slots)++;
            place_note(model.cap[i].space, SEQ_OBJ, model.cap[i].slot);
            wrong +=
                check_cap(&model.cap[i]) +
                check_place((struct place){model.cap[i].space, SEQ_OBJ, model.cap[i].slot + 1UL});
        }
    for (unsigned i = 0; i < n_places; i++)
        wrong += check_place(places[i]);
    return wrong;
}
