/* SPDX-License-Identifier: MIT */
/* Commands that map, grant, unmap and send items.  Called by command.c; calls world.c. */
#include "command.h"

#include <quire/string.h>

static struct window {
    l4_umword_t bdr, br[N_BUFFERS];
} windows[N_SPACES];

void windows_forget(void) { memset(windows, 0, sizeof(windows)); }

static void answer(struct outcome const *o, int grant)
{
    last_error = o->error;
    if (o->error)
        say("  %s\n", describe_error(o->error));
    changes_print(grant);
    if (o->n_wrong)
        say("  differs: the kernel's answer is not the one that was expected\n");
    differences += o->n_wrong;
    check_quietly();
}

/* Where an item goes with a window over everything. */
static int allowed_target(unsigned space, l4_umword_t const item[2])
{
    if ((item[1] >> 4 & 3) == SEQ_IO)
        return 1;
    return allowed_fpage(space, (item[0] & ~0xfffUL) | (item[1] & 0xff0));
}

static int map(struct words *w, l4_umword_t flags)
{
    struct seq_op op = {.kind = SEQ_MAP, .n = SEQ_S_TO | SEQ_S_FROM};
    unsigned from, to;
    struct outcome o;

    if (!read_task(w->word[1], &from) || !read_item(w->word[2], op.w) ||
        !read_task(w->word[3], &to))
        return 0;
    op.w[0] |= flags;
    if (!allowed_fpage(from, op.w[1]) || !allowed_target(to, op.w))
        return 0;
    op.a = (u8)from;
    op.b = (u8)to;
    describe_item(op.w);
    changes_begin();
    world_map(&op, &o);
    answer(&o, (op.w[0] & L4_MAP_ITEM_GRANT) != 0);
    return o.error == 0;
}

int do_map(struct words *w) { return map(w, 0); }

int do_grant(struct words *w) { return map(w, L4_MAP_ITEM_GRANT); }

/* ---- unmap ---- */

static int read_mask(struct words *w, l4_umword_t *mask, unsigned *n)
{
    *mask = L4_FP_OTHER_SPACES;
    for (*n = w->n - 2; *n > 1; (*n)--) {
        char const *word = w->word[*n + 1];

        if (strcmp(word, "self") == 0)
            *mask |= L4_FP_ALL_SPACES;
        else if (strcmp(word, "delete") == 0)
            *mask |= L4_FP_DELETE_OBJ;
        else if (strcmp(word, "others") != 0)
            break;
    }
    if (*n <= SEQ_MAX_UNMAPS)
        return 1;
    complain("at most three flexpages in one unmap", NULL);
    return 0;
}

int do_unmap(struct words *w)
{
    struct seq_op op = {.kind = SEQ_UNMAP};
    unsigned space, n;
    struct outcome o;

    if (!read_task(w->word[1], &space) || !read_mask(w, &op.w[0], &n))
        return 0;
    for (unsigned i = 0; i < n; i++)
        if (!read_fpage(w->word[2 + i], &op.w[1 + i]) || !allowed_fpage(space, op.w[1 + i]))
            return 0;
    op.a = (u8)space;
    op.n = (u8)n;
    say("  unmap, mask 0x%lx: %s%s\n", op.w[0],
        op.w[0] & L4_FP_ALL_SPACES ? "also from the task itself" : "from others only",
        op.w[0] >> 30 & 1 ? ", delete objects" : "");
    for (unsigned i = 0; i < n; i++)
        describe_fpage(op.w[1 + i]);
    changes_begin();
    world_unmap(&op, &o);
    for (unsigned i = 0; i < n && !o.error; i++)
        if ((op.w[1 + i] >> 4 & 3) == SEQ_MEM)
            say("  answer 0x%lx: %sreferenced, %smodified\n", o.word[i],
                o.word[i] & 1 ? "" : "not ", o.word[i] & 2 ? "" : "not ");
    answer(&o, 0);
    return o.error == 0;
}

/* ---- messages ---- */

static int allowed_windows(unsigned space, struct window const *win)
{
    for (unsigned i = 0; i + 1 < N_BUFFERS;) {
        l4_umword_t word = win->br[i];
        int small = (word & 2) != 0, forward = (word & 1) != 0;
        l4_umword_t fp = small ? (word & ~0xfffUL) | SEQ_OBJ << 4 : win->br[i + 1];

        if (word && !forward && !allowed_fpage(space, fp))
            return 0;
        i += word ? 1U + (small ? 0U : 1U) + (forward ? 1U : 0U) : 1U;
    }
    return 1;
}

int do_window(struct words *w)
{
    struct window win;
    unsigned space, last = N_BUFFERS;

    if (!read_task(w->word[1], &space) || !read_windows(&w->word[2], w->n - 2, &win.bdr, win.br) ||
        !allowed_windows(space, &win))
        return 0;
    windows[space] = win;
    say("  %s waits with BDR 0x%lx: first memory buffer BR%lu, ports BR%lu, objects BR%lu\n",
        w->word[1], win.bdr, win.bdr & 31, win.bdr >> 5 & 31, win.bdr >> 10 & 31);
    while (last && !win.br[last - 1])
        last--;
    say("  BR0...:");
    for (unsigned i = 0; i < last; i++)
        say(" 0x%lx", win.br[i]);
    say("%s\n", last ? "" : " all void");
    return 1;
}

/* Options before the items; *dest: the slot to send to in the sender's task. */
static int read_channel(struct words *w, unsigned from, unsigned to, l4_cap_idx_t *dest)
{
    char const *word = w->n > 3 ? w->word[3] : "";
    unsigned long slot;
    int i;

    if (strncmp(word, "via=", 4) == 0) {
        if (!read_number(word + 4, &slot))
            return -1;
        i = model_find_cap(from, slot);
        if (i >= 0 && (model.object[model.cap[i].object].kind != OBJECT_GATE ||
                       model.object[model.cap[i].object].space != to)) {
            complain("there is no gate to this task's helper in the slot", "`caps` shows all");
            return -1;
        }
        *dest = slot << L4_CAP_SHIFT;
        return i < 0 || (model.cap[i].rights & RIGHT_S) ? 1 : 0;
    }
    i = strcmp(word, "nos") != 0;
    if (agent_introduce(from, to, i ? L4_CAP_FPAGE_RWS : L4_CAP_FPAGE_RW, dest)) {
        complain("the sender's task cannot hold a capability of the receiver",
                 "its quota is used up");
        return -1;
    }
    return i;
}

static void print_message(struct outcome const *o, unsigned items)
{
    say("  sender: %s", o->from.error ? "" : "ok\n");
    if (o->from.error)
        say("error 0x%lx, %s\n", o->from.error, describe_ipc_error(o->from.error));
    if (!o->to.done) {
        say("  receiver: no message came\n");
        return;
    }
    say("  receiver: ");
    if (o->to.error)
        say("error 0x%lx, ", o->to.error);
    say("tag 0x%lx, label 0x%lx\n", o->to.tag.raw, o->to.label);
    for (unsigned i = 0; i < items; i++) {
        if (o->to.msg.mr[2 * i] == AGENT_FILL + 2 * i)
            break;
        say("  return item %u: ", i + 1);
        describe_return(o->to.msg.mr[2 * i], o->to.msg.mr[2 * i + 1]);
    }
    if (o->to.error)
        say("  (an item's word is written before the item is mapped)\n");
}

int do_send(struct words *w)
{
    struct seq_op op = {.kind = SEQ_IPC};
    unsigned from, to, first = 3, items = 0;
    l4_cap_idx_t dest;
    struct outcome o;
    int s;

    if (!read_task(w->word[1], &from) || !read_task(w->word[2], &to))
        return 0;
    if (from == to && from != ROOT) {
        complain("a task has one helper: it cannot send to itself", "send root root ...");
        return 0;
    }
    if (w->n > 3 && (strcmp(w->word[3], "nos") == 0 || strncmp(w->word[3], "via=", 4) == 0))
        first = 4;
    for (unsigned i = first; i < w->n; i++, items++) {
        if (items == SEQ_MAX_ITEMS) {
            complain("at most three items in one message", NULL);
            return 0;
        }
        if (!read_item(w->word[i], &op.w[SEQ_W_ITEM + 2 * items]) ||
            !allowed_fpage(from, op.w[SEQ_W_ITEM + 2 * items + 1]))
            return 0;
        if (windows[to].br[1] == l4_fpage_all().raw && !(windows[to].br[0] & 2) &&
            !allowed_target(to, &op.w[SEQ_W_ITEM + 2 * items]))
            return 0;
    }
    s = read_channel(w, from, to, &dest);
    if (s < 0)
        return 0;
    op.a = (u8)from;
    op.b = (u8)to;
    op.n = (u8)(items | (unsigned)s << 4);
    op.w[SEQ_W_BDR] = windows[to].bdr;
    memcpy(&op.w[SEQ_W_BR], windows[to].br, sizeof(windows[to].br));
    for (unsigned i = 0; i < items; i++)
        describe_item(&op.w[SEQ_W_ITEM + 2 * i]);
    changes_begin();
    world_send(&op, dest, &o);
    print_message(&o, items);
    o.error = 0;
    answer(&o, 1);
    last_error = o.from.error ? -(long)(L4_EIPC_LO + o.from.error) : 0;
    return o.from.error == 0;
}
