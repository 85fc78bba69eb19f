/* SPDX-License-Identifier: MIT */
/* Words of the interface in words of people.  Called by the commands. */
#include "command.h"

#include <quire/string.h>

static char const *const types[] = {"special", "memory", "ports", "objects"};

void describe_fpage(l4_umword_t fpage)
{
    unsigned type = fpage >> 4 & 3, order = fpage >> 6 & 63;
    u64 base = type == SEQ_MEM ? fpage & ~0xfffUL : fpage >> 12;

    if (type == SEQ_SPECIAL) {
        say("  flexpage 0x%lx: %s\n", fpage,
            order == 63 ? "all spaces, takes items of every type" : "nil");
        return;
    }
    say("  flexpage 0x%lx: %s from 0x%lx, order %u (%s), rights %s\n", fpage, types[type],
        order < 63 ? base & ~((1UL << order) - 1) : 0, order, size_text(type, order),
        rights_text(type, fpage & 15));
}

void describe_item(l4_umword_t const item[2])
{
    l4_umword_t w = item[0];
    unsigned type = item[1] >> 4 & 3;
    u64 spot = type == SEQ_MEM ? w & ~0xfffUL : w >> 12;

    if (!w) {
        say("  item 0x0: void\n");
        return;
    }
    say("  item 0x%lx: %s, hot spot 0x%lx%s%s", w,
        !(w & L4_ITEM_MAP)      ? "no map item"
        : w & L4_MAP_ITEM_GRANT ? "grant"
                                : "map",
        spot, w & L4_ITEM_CONT ? ", the next item shares its buffer" : "",
        type == SEQ_OBJ && w & L4_FPAGE_C_NO_REF_CNT ? ", weak" : "");
    if (type == SEQ_MEM && w & 0x10)
        say(", %s", w & 0x20 ? "cached" : w & 0x40 ? "buffered" : "uncached");
    if (type == SEQ_OBJ && w & 0xe0)
        say(", type-specific rights 0x%lx", w & 0xe0);
    say("\n");
    describe_fpage(item[1]);
}

void describe_return(l4_umword_t word, l4_umword_t data)
{
    static char const *const codes[] = {"mapped", "nothing was mapped", "label of a gate",
                                        "flexpage of the sender"};
    unsigned code = word >> 1 & 3;

    if (!word) {
        say("0x0: void\n");
        return;
    }
    say("0x%lx: %s, order %lu, hot spot 0x%lx: %s", word, types[word >> 4 & 3], word >> 6 & 63,
        (word >> 4 & 3) == SEQ_MEM ? word & ~0xfffUL : word >> 12, codes[code]);
    if (code == 2)
        say(" 0x%lx, rights %s%s", data & ~3UL, data & 1 ? "w" : "-", data & 2 ? "s" : "-");
    if (code == 3)
        say(" 0x%lx", data);
    say("\n");
}

char const *describe_ipc_error(l4_umword_t code)
{
    switch (code) {
    case L4_IPC_SETIMEOUT:
    case L4_IPC_RETIMEOUT:
        return "timeout: the partner was not ready";
    case L4_IPC_ENOT_EXISTENT:
        return "not existent: the slot is empty";
    case L4_IPC_SEMSGCUT:
    case L4_IPC_REMSGCUT:
        return "overflow: no receive buffer for an item";
    case L4_IPC_SEMAPFAILED:
    case L4_IPC_REMAPFAILED:
        return "map failed: quota or depth of the tree used up";
    default:
        return l4sys_errtostr(-(L4_EIPC_LO + (long)code));
    }
}

char const *describe_error(long error)
{
    long code = -error - L4_EIPC_LO;

    return code >= 0 && code <= L4_IPC_ERROR_MASK ? describe_ipc_error((l4_umword_t)code)
                                                  : l4sys_errtostr(error);
}

int do_decode(struct words *w)
{
    unsigned long v, data = 0;
    l4_umword_t item[2];

    if (strcmp(w->word[1], "item") == 0 && w->n == 3) {
        if (!read_item(w->word[2], item))
            return 0;
        describe_item(item);
        return 1;
    }
    if (w->n < 3 || (strcmp(w->word[1], "fpage") != 0 && strcmp(w->word[1], "return") != 0)) {
        complain("what is to be decoded?",
                 "decode fpage P0/4K/rw, decode item P0@0x7000,grant, decode return 0x7f3558 0");
        return 0;
    }
    if (w->word[1][0] == 'f') {
        if (!read_fpage(w->word[2], &item[1]))
            return 0;
        describe_fpage(item[1]);
        return 1;
    }
    if (!read_number(w->word[2], &v) || (w->n > 3 && !read_number(w->word[3], &data)))
        return 0;
    say("  return item ");
    describe_return(v, data);
    return 1;
}
