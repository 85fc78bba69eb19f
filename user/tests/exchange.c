/* SPDX-License-Identifier: MIT */
/* One message with items, see exchange.h.  Called by t_*.c; calls worker.c and task objects. */
#include "exchange.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sys/factory.h>
#include <quire/string.h>

struct exchange x;

static void introduce(struct worker *to, l4_cap_idx_t slot, struct worker *w)
{
    give(to->task, slot, w->thread, L4_CAP_FPAGE_RWS);
}

void exchange_init(void)
{
    pages_init();
    introduce(d, PEER_E, e);
    introduce(d, PEER_F, f);
    introduce(e, PEER_F, f);
    test_setup = exchange_setup;
}

/* Of the ports those that the cases use: the whole range would be 65536 steps each time. */
static void take_back(struct worker *w)
{
    l4_fpage_t const all[] = {
        l4_obj_fpage(SLOT(0), 8, L4_CAP_FPAGE_RWSD),
        l4_obj_fpage(LOW_SLOT(0x40), 6, L4_CAP_FPAGE_RWSD),
        l4_iofpage(0x80, 5),
        l4_iofpage(0x2f8, 3),
        l4_iofpage(0x3f8, 3),
    };

    l4_task_unmap_batch(w->task, all, sizeof(all) / sizeof(all[0]), L4_FP_ALL_SPACES);
}

void exchange_setup(void)
{
    pages_setup();
    take_back(d);
    take_back(e);
    take_back(f);
    x_begin(0);
}

void x_begin(unsigned words)
{
    memset(&x, 0, sizeof(x));
    for (unsigned i = 0; i < L4_UTCB_GENERIC_DATA_SIZE; i++)
        x.snd.msg.mr[i] = X_WORD + i;
    x.rcv.buf.bdr = NO_BUFFER << L4_BDR_MEM_SHIFT | NO_BUFFER << L4_BDR_IO_SHIFT |
                    NO_BUFFER << L4_BDR_OBJ_SHIFT;
    x.words = words;
}

static void first_of_type(unsigned type)
{
    unsigned shift = (type - L4_FPAGE_MEMORY) * 5;

    if (x.types & 1U << type)
        return;
    x.types |= 1U << type;
    x.rcv.buf.bdr &= ~((l4_umword_t)L4_BDR_INDEX_MASK << shift);
    x.rcv.buf.bdr |= (l4_umword_t)x.br << shift;
}

void x_window(l4_fpage_t window, l4_cap_idx_t task)
{
    unsigned type = l4_fpage_type(window);

    for (unsigned t = L4_FPAGE_MEMORY; t <= L4_FPAGE_OBJ; t++)
        if (type == L4_FPAGE_SPECIAL || type == t)
            first_of_type(t);
    x.br = l4_rcv_fpage_put_u(&x.rcv, x.br, window, task);
}

void x_slot(l4_cap_idx_t slot, unsigned flags)
{
    first_of_type(L4_FPAGE_OBJ);
    x.br = l4_rcv_cap_put_u(&x.rcv, x.br, slot, flags);
}

void x_item(l4_snd_fpage_t item) { l4_snd_fpage_put_u(&x.snd, x.words + 2 * x.n++, item); }

void x_wait(struct worker *to)
{
    ipc_init(&to->x, L4_INVALID_CAP, WAIT, tag(0, 0), L4_IPC_NEVER);
    to->x.buf = x.rcv.buf;
    worker_ipc(to);
}

static void load(struct ipc *p, l4_cap_idx_t through)
{
    ipc_init(p, through, SEND, l4_msgtag(X_LABEL, x.words, x.n, 0), MS(50));
    p->msg = x.snd.msg;
}

unsigned long x_send(struct worker *to, l4_cap_idx_t through)
{
    x_wait(to);
    load(&m, through);
    ipc_do(&m);
    return m.error;
}

unsigned long x_pass(struct worker *from, struct worker *to, l4_cap_idx_t through)
{
    x_wait(to);
    load(&from->x, through);
    expect("sender is done", (unsigned long)worker_ipc(from), 1);
    return from->x.error;
}

void x_ok(struct worker *to)
{
    expect("sender's error", x_send(to, to->thread), 0);
    expect("received", (unsigned long)to->done, 1);
    expect("receiver's error", to->x.error, 0);
}

l4_snd_fpage_t x_ret(struct worker *w, unsigned i)
{
    unsigned mr = l4_msgtag_words(w->x.tag) + 2 * i;

    return l4_snd_fpage_raw(w->x.msg.mr[mr], w->x.msg.mr[mr + 1]);
}

void expect_ret(struct worker *w, unsigned i, l4_umword_t word0)
{
    l4_snd_fpage_t r = x_ret(w, i);

    expect("return word 0", l4_snd_fpage_base_x(r), word0);
    expect("return word 1", l4_snd_fpage_data(r), FILL + x.words + 2 * i + 1);
}

void expect_overflow(struct worker *w, unsigned long sender_error)
{
    expect("sender's error", sender_error, L4_IPC_SEMSGCUT);
    expect("receiver is done", (unsigned long)w->done, 1);
    expect("receiver's error", w->x.error, L4_IPC_REMSGCUT);
}

void alias(l4_addr_t at, unsigned page) { map(MAIN, at, MAIN, PAGE(page), RWX); }

void give(l4_cap_idx_t task, l4_cap_idx_t slot, l4_cap_idx_t cap, unsigned rights)
{
    l4_fpage_t fp = l4_obj_fpage(cap, 0, (unsigned char)rights);

    expect_label("give", l4_error(l4_task_map(task, MAIN, fp, slot | L4_FPAGE_C_OBJ_RIGHTS)), 0);
}

int filled(l4_cap_idx_t task, l4_cap_idx_t slot)
{
    return l4_error(l4_task_cap_valid(task, slot)) == 1;
}

void expect_filled(l4_cap_idx_t task, l4_cap_idx_t slot, int want)
{
    expect("slot filled", (unsigned long)filled(task, slot), (unsigned long)want);
}

l4_cap_idx_t new_task(l4_cap_idx_t factory)
{
    l4_cap_idx_t task = l4re_util_cap_alloc();
    l4_fpage_t no_utcbs = l4_fpage_invalid();

    expect_label("new task", l4_error(l4_factory_create_task(factory, task, &no_utcbs)), 0);
    return task;
}
