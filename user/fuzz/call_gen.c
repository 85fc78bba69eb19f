/* SPDX-License-Identifier: MIT */
/*
 * Random system calls, see calls.h.  Three kinds: nothing but random bits; random values that the kernel may
 * find a meaning in; valid requests, half of them with one fault.  Writes only the caller's UTCB and arena.
 */
#include "calls.h"

#include <l4/sys/consts.h>
#include <l4/sys/task.h>

enum { N_MRS = 63, N_BRS = 58, OP_BITS = 16 };

static unsigned below(struct arena *a, unsigned n) { return (unsigned)(call_random(a) >> 20) % n; }
static int one_in(struct arena *a, unsigned n) { return below(a, n) == 0; }

static l4_umword_t selector(struct arena *a)
{
    l4_umword_t slot = one_in(a, 3) ? below(a, N_CALL_SLOTS) : 1 + below(a, N_GIVEN_SLOTS - 1);

    return slot << L4_CAP_SHIFT;
}

static l4_umword_t address(struct arena *a)
{
    switch (below(a, 4)) {
    case 0:
        return CALL_ARENA(below(a, 4));
    case 1:
        return CALL_UTCBS + below(a, 8) * 0x400UL;
    default:
        return 0x40000000UL + ((l4_umword_t)below(a, 1024) << L4_PAGESHIFT);
    }
}

static l4_umword_t fpage(struct arena *a)
{
    static unsigned char const orders[] = {12, 12, 12, 12, 13, 14, 21, 30, 63, 5};
    l4_umword_t rights = below(a, 16);

    switch (below(a, 8)) {
    case 0:
        return 0xfc0;
    case 1:
        return (l4_umword_t)below(a, 0x400) << 12 | below(a, 17) << 6 | L4_FPAGE_IO << 4 | rights;
    case 2:
    case 3:
        return selector(a) | below(a, 4) << 6 | L4_FPAGE_OBJ << 4 | rights;
    default:
        return address(a) | (l4_umword_t)orders[below(a, sizeof(orders))] << 6 |
               L4_FPAGE_MEMORY << 4 | rights;
    }
}

static l4_umword_t cap_fpage(struct arena *a) { return selector(a) | L4_FPAGE_OBJ << 4 | 15; }

static l4_umword_t item_word(struct arena *a)
{
    return (address(a) & ~0xfffUL) * !one_in(a, 4) | 8 | (one_in(a, 4) ? 2U : 0U) |
           (one_in(a, 4) ? 1U : 0U) | (one_in(a, 2) ? below(a, 16) << 4 : 0xe0);
}

/* Something that may mean something. */
static l4_umword_t word(struct arena *a)
{
    switch (below(a, 8)) {
    case 0:
        return below(a, 32);
    case 1:
        return selector(a);
    case 2:
        return fpage(a);
    case 3:
        return cap_fpage(a);
    case 4:
        return item_word(a);
    case 5:
        return 1UL << below(a, 64);
    case 6:
        return ~0UL << below(a, 64);
    default:
        return call_random(a);
    }
}

/* Mostly short, so that callers seldom stand still. */
static l4_umword_t timeouts(struct arena *a)
{
    if (!one_in(a, 4))
        return 0x04000400;
    return one_in(a, 6) ? call_random(a) : (0x0400U | below(a, 64)) << 16 | below(a, 64) | 1;
}

static l4_umword_t tag(long label, unsigned words, unsigned items)
{
    return (l4_umword_t)label << 16 | items << 6 | words;
}

/* ---- receive buffers ---- */

static void buffers(struct arena *a, l4_buf_regs_t *b)
{
    unsigned n = 0;

    b->bdr = one_in(a, 8) ? call_random(a) : (l4_umword_t)below(a, 4) << 5 | below(a, 4) << 10;
    while (n < 8) {
        switch (below(a, 4)) {
        case 0:
            b->br[n++] = 9;
            b->br[n++] = fpage(a);
            b->br[n++] = selector(a);
            break;
        case 1:
            b->br[n++] = selector(a) | 0xa | (one_in(a, 2) ? 4U : 0U);
            break;
        default:
            b->br[n++] = 8;
            b->br[n++] = fpage(a);
        }
    }
}

/* The window for a new object. */
static void object_buffer(struct arena *a, l4_buf_regs_t *b)
{
    b->bdr = 0;
    b->br[0] =
        (l4_umword_t)(N_GIVEN_SLOTS + below(a, N_CALL_SLOTS - N_GIVEN_SLOTS)) << L4_CAP_SHIFT | 0xa;
}

/* ---- valid requests ---- */

struct request {
    l4_umword_t tag, dest;
    unsigned op; /* L4_SYSF_* */
};

static l4_umword_t given(unsigned slot) { return (l4_umword_t)slot << L4_CAP_SHIFT; }

static void task_request(struct arena *a, l4_umword_t *mr, struct request *r)
{
    static unsigned char const tasks[] = {SLOT_TASK, SLOT_OTHER_TASK, SLOT_IDLE_TASK};

    r->dest = given(tasks[below(a, 3)]);
    mr[0] = below(a, 4);
    mr[1] = word(a);
    mr[2] = fpage(a);
    switch (mr[0]) {
    case 0:
        mr[1] = item_word(a);
        mr[3] = 8;
        mr[4] = given(tasks[below(a, 3)]) | L4_FPAGE_OBJ << 4 | 15;
        r->tag = tag(L4_PROTO_TASK, 3, 1);
        break;
    case 1:
        mr[1] = (l4_umword_t)below(a, 4) << 30;
        /* An own task or thread that ends takes the whole caller along: not too often. */
        if (!one_in(a, 8))
            mr[2] = (mr[2] & 0x30) == 0x30 ? given(N_GIVEN_SLOTS + below(a, 40)) | 0x37 : mr[2];
        r->tag = tag(L4_PROTO_TASK, 3 + below(a, 3), 0);
        mr[3] = fpage(a) & ~0xfc0UL;
        break;
    case 2:
        mr[1] = selector(a);
        mr[2] = selector(a);
        r->tag = tag(L4_PROTO_TASK, 2 + below(a, 2), 0);
        break;
    default:
        mr[1] = (0x60000000UL + ((l4_umword_t)below(a, 64) << 12)) | (12 + below(a, 3)) << 6 | 0x10;
        r->tag = tag(L4_PROTO_TASK, 2, 0);
    }
}

static void thread_request(struct arena *a, l4_umword_t *mr, struct request *r)
{
    static unsigned char const ops[] = {0, 1, 2, 3, 5, 6, 0x12, 0x13};

    r->dest = one_in(a, 2) ? given(one_in(a, 2) ? SLOT_THREAD : SLOT_OTHER_THREAD) : selector(a);
    mr[0] = ops[below(a, sizeof(ops))];
    r->tag = tag(L4_PROTO_THREAD, 1 + below(a, 6), 0);
    for (unsigned i = 1; i < 8; i++)
        mr[i] = word(a);
    if (mr[0] == 0) {
        mr[0] |= (one_in(a, 8) ? 0x10000UL : 0) | (one_in(a, 4) ? 0x1000000UL : 0);
        r->tag = tag(L4_PROTO_THREAD, 6, below(a, 2));
        if (one_in(a, 3)) { /* bind a new one */
            mr[0] |= 0x200000;
            mr[5] = CALL_UTCBS + below(a, 5) * 0x400UL;
            mr[6] = 8;
            mr[7] = given(SLOT_TASK) | L4_FPAGE_OBJ << 4 | 15;
            r->tag = tag(L4_PROTO_THREAD, 6, 1);
        }
    } else if (mr[0] == 1) {
        mr[0] |= (l4_umword_t)below(a, 4) << 16;
        mr[1] = one_in(a, 8) ? (l4_umword_t)(void *)caller_entry : ~0UL;
        mr[2] = ~0UL;
        r->tag = tag(L4_PROTO_THREAD, 3, 0);
    } else if (mr[0] == 0x12) { /* a GS base of its own would end the caller; FS is free */
        r->tag = tag(L4_PROTO_THREAD, 2, 0);
    }
}

static void factory_request(struct arena *a, l4_umword_t *mr, struct request *r)
{
    static signed char const kinds[] = {0, -10, -11, -12, -15, -18, -20, -16, -25};

    r->dest = given(SLOT_FACTORY);
    mr[0] = (l4_umword_t)(long)kinds[below(a, sizeof(kinds))];
    mr[1] = 0x80001;
    mr[2] = (l4_umword_t)below(a, 64) << 10;
    mr[3] = 8;
    mr[4] = cap_fpage(a);
    r->tag = tag(L4_PROTO_FACTORY, one_in(a, 3) ? 1 : 3, below(a, 3) == 0 ? 1U : 0U);
    if (mr[0] == (l4_umword_t)(long)-11)
        mr[2] = one_in(a, 2) ? 0 : 0x70000000UL | 12 << 6 | 0x10;
    object_buffer(a, &a->utcb->buf);
}

static void small_request(struct arena *a, l4_umword_t *mr, struct request *r)
{
    for (unsigned i = 0; i < 8; i++)
        mr[i] = word(a);
    switch (below(a, 5)) {
    case 0: /* gate control */
        r->dest = given(one_in(a, 2) ? SLOT_GATE : SLOT_UNBOUND_GATE);
        mr[0] = one_in(a, 2) ? 0x10 + below(a, 2) : 0;
        mr[1] &= ~3UL;
        mr[2] = 8;
        mr[3] = given(one_in(a, 2) ? SLOT_THREAD : SLOT_SELF) | 0x3f;
        r->tag = tag(-10, 2, 1);
        break;
    case 1:
        r->dest = given(one_in(a, 2) ? SLOT_IRQ : SLOT_SEMAPHORE);
        mr[0] = one_in(a, 2) ? 2 : 4;
        r->tag = tag(L4_PROTO_IRQ, below(a, 2), 0);
        break;
    case 2:
        r->dest = given(SLOT_IRQ);
        mr[0] = one_in(a, 2) ? 0x10 : 1;
        mr[2] = 8;
        mr[3] = given(SLOT_THREAD) | 0x3f;
        r->tag = mr[0] == 1 ? tag(-18, 1, 0) : tag(-10, 2, 1);
        break;
    case 3:
        r->dest = given(SLOT_SEMAPHORE);
        mr[0] = 0;
        r->tag = tag(-20, 1, 0);
        break;
    default: /* scheduler */
        r->dest = given(SLOT_SCHEDULER);
        mr[0] = below(a, 3);
        mr[1] = one_in(a, 4) ? mr[1] : 0;
        mr[2] = 1;
        mr[3] = 1 + below(a, 16);
        mr[4] = below(a, 20000);
        mr[5] = 8;
        mr[6] = cap_fpage(a);
        r->tag = tag(L4_PROTO_SCHEDULER, 5, 1);
    }
}

static void message(struct arena *a, l4_umword_t *mr, struct request *r)
{
    static unsigned char const dests[] = {SLOT_GATE, SLOT_THREAD,       SLOT_OTHER_THREAD,
                                          SLOT_SELF, SLOT_UNBOUND_GATE, SLOT_IRQ};
    static unsigned char const ops[] = {1, 2, 3, 3, 6, 6, 7, 9, 0xf, 0xf, 0xb};
    unsigned words = below(a, 8), items = one_in(a, 2) ? below(a, 4) : 0;

    r->dest = given(dests[below(a, sizeof(dests))]);
    if (one_in(a, 6)) /* sleep, wait, explicit reply slots */
        r->dest = one_in(a, 2) ? L4_INVALID_CAP : given(below(a, 64)) | 0x400;
    r->op = ops[below(a, sizeof(ops))];
    r->tag = tag(one_in(a, 8) ? -(long)below(a, 26) : 0, words, items) |
             (one_in(a, 4) ? below(a, 16) << 12 : 0);
    for (unsigned i = 0; i < items; i++) {
        mr[words + 2 * i] = one_in(a, 12) ? 0 : item_word(a);
        mr[words + 2 * i + 1] = fpage(a);
    }
    buffers(a, &a->utcb->buf);
}

static void valid(struct arena *a, l4_utcb_t *u)
{
    struct request r = {.op = L4_SYSF_CALL};
    l4_umword_t *mr = u->msg.mr;

    switch (below(a, 8)) {
    case 0:
    case 1:
        task_request(a, mr, &r);
        break;
    case 2:
        thread_request(a, mr, &r);
        break;
    case 3:
        factory_request(a, mr, &r);
        break;
    case 4:
    case 5:
        small_request(a, mr, &r);
        break;
    default:
        message(a, mr, &r);
    }
    a->regs.rax = r.tag;
    a->regs.rdx = r.dest | r.op;
    a->regs.r8 = timeouts(a);
    if (one_in(a, 2))
        return;
    switch (below(a, 5)) { /* one fault */
    case 0:
        a->regs.rax ^= 1UL << below(a, 64);
        break;
    case 1:
        a->regs.rdx ^= 1UL << below(a, 24);
        break;
    case 2:
        u->buf.br[below(a, 8)] = word(a);
        break;
    default:
        mr[below(a, 8)] ^= 1UL << below(a, 64);
    }
}

static void plausible(struct arena *a, l4_utcb_t *u)
{
    for (unsigned i = 0; i < 12; i++)
        u->msg.mr[i] = word(a);
    if (one_in(a, 2))
        u->msg.mr[0] = below(a, 0x20);
    buffers(a, &u->buf);
    a->regs.rax = tag(-(long)below(a, 26), below(a, 10), below(a, 3)) |
                  (one_in(a, 4) ? below(a, 16) << 12 : 0);
    a->regs.rdx = selector(a) | (one_in(a, 2) ? L4_SYSF_CALL : below(a, OP_BITS));
    a->regs.r8 = timeouts(a);
}

void call_generate(struct arena *a, l4_utcb_t *u)
{
    l4_umword_t *reg = &a->regs.rax;

    for (unsigned i = 0; i < sizeof(a->regs) / sizeof(*reg); i++)
        reg[i] = call_random(a);
    switch (below(a, 16)) {
    case 0:
        for (unsigned i = 0; i < N_MRS; i++)
            u->msg.mr[i] = call_random(a);
        u->buf.bdr = call_random(a);
        for (unsigned i = 0; i < N_BRS; i++)
            u->buf.br[i] = call_random(a);
        if (one_in(a, 2)) /* a selector that may name something */
            a->regs.rdx &= 0x3ffff;
        break;
    case 1:
    case 2:
    case 3:
    case 4:
        plausible(a, u);
        break;
    default:
        valid(a, u);
    }
    /* References counted by number would keep a gate that no slot holds: no memory would come back. */
    if ((long)a->regs.rax >> 16 == L4_PROTO_KOBJECT && (u->msg.mr[0] & 0xffff) == 0)
        u->msg.mr[1] = 0;
    /* Who answers exceptions sets registers: only the root task, or call_enter() could not tell what was kept. */
    if ((u->msg.mr[0] & 0x100ffff) == 0x1000000)
        u->msg.mr[2] = given(SLOT_PAGER);
}
