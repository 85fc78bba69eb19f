/* SPDX-License-Identifier: MIT */
/*
 * Receive windows, see parse.h: from words to buffer registers.
 *
 * The buffers of each type come one after the other, memory first, then ports, then objects, each
 * group closed by a void word if there is room; the BDR gets the index of each group.  A type
 * without buffers points behind all groups, where a void word is.  `bdr=WORD` overrides that.
 */
#include "parse.h"

#include <quire/string.h>

static int after(char const *word, char const *with, char const **rest)
{
    size_t n = strlen(with);

    *rest = word + n;
    return strncmp(word, with, n) == 0;
}

/* One buffer: at most three words; n: how many. */
struct buffer_words {
    unsigned type, n;
    l4_umword_t w[3];
};

static int read_flags(char *flags, struct buffer_words *b, unsigned long *forward)
{
    char *next;

    for (; *flags; flags = next) {
        char const *slot;

        next = strchr(flags, ',');
        if (next)
            *next++ = '\0';
        else
            next = flags + strlen(flags);
        if (strcmp(flags, "id") == 0) {
            b->w[0] |= L4_RCV_ITEM_LOCAL_ID;
        } else if (after(flags, "to=", &slot)) {
            if (!read_number(slot, forward))
                return 0;
            b->w[0] |= L4_RCV_ITEM_FORWARD_MAPPINGS;
        } else {
            complain_about(flags, "no such option of a receive window",
                           "id: local identification; to=SLOT: forward to the task in that slot");
            return 0;
        }
    }
    return 1;
}

static int read_buffer(char const *word, struct buffer_words *b)
{
    char text[MAX_LINE], *flags;
    char const *rest;
    unsigned long number, forward = 0;

    memset(b, 0, sizeof(*b));
    strlcpy(text, word, sizeof(text));
    flags = strchr(text, ',');
    if (flags)
        *flags++ = '\0';
    b->w[0] = L4_ITEM_MAP;
    b->n = 1;
    b->type = SEQ_OBJ;
    if (after(text, "slot:", &rest)) {
        if (!read_number(rest, &number))
            return 0;
        b->w[0] = number << L4_CAP_SHIFT | L4_RCV_ITEM_SINGLE_CAP;
    } else {
        if (!read_fpage(text, &b->w[1]))
            return 0;
        b->n = 2;
        b->type = b->w[1] >> 4 & 3;
    }
    if (flags && !read_flags(flags, b, &forward))
        return 0;
    if (b->w[0] & L4_RCV_ITEM_FORWARD_MAPPINGS)
        b->w[b->n++] = forward << L4_CAP_SHIFT;
    return 1;
}

enum { MAX_BUFFERS = 4 };

/* Place the buffers of one type; returns the index of the first, or of a void word. */
static unsigned place(struct buffer_words const *b, unsigned n, unsigned type, l4_umword_t *br,
                      unsigned *at)
{
    unsigned first = N_BUFFERS; /* none: behind all that are filled */

    for (unsigned i = 0; i < n; i++) {
        if (b[i].type != type)
            continue;
        if (first == N_BUFFERS)
            first = *at;
        for (unsigned k = 0; k < b[i].n; k++, (*at)++)
            if (*at < N_BUFFERS)
                br[*at] = b[i].w[k];
    }
    if (first != N_BUFFERS && *at < N_BUFFERS)
        br[(*at)++] = 0;
    return first;
}

int read_windows(char *const *word, unsigned n, l4_umword_t *bdr, l4_umword_t *br)
{
    struct buffer_words b[MAX_BUFFERS];
    unsigned count = 0, at = 0, mem, io, obj;
    unsigned long own_bdr = ~0UL;
    char const *rest;

    memset(br, 0, N_BUFFERS * sizeof(*br));
    for (unsigned i = 0; i < n; i++) {
        if (after(word[i], "bdr=", &rest)) {
            if (!read_number(rest, &own_bdr))
                return 0;
        } else if (strcmp(word[i], "none") != 0) {
            if (count == MAX_BUFFERS) {
                complain("at most four receive windows", NULL);
                return 0;
            }
            if (!read_buffer(word[i], &b[count++]))
                return 0;
        }
    }
    if (count && b[0].type == SEQ_SPECIAL) { /* all: one buffer for every type */
        memcpy(br, b[0].w, b[0].n * sizeof(*br));
        *bdr = 0;
        return 1;
    }
    mem = place(b, count, SEQ_MEM, br, &at);
    io = place(b, count, SEQ_IO, br, &at);
    obj = place(b, count, SEQ_OBJ, br, &at);
    if (at > N_BUFFERS) {
        complain("too many buffer registers", "nine words are there: 2 for a window, 1 for a slot");
        return 0;
    }
    *bdr = own_bdr != ~0UL ? own_bdr : l4_bdr(mem, io, obj, 0);
    return 1;
}
