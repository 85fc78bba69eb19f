/* SPDX-License-Identifier: MIT */
/* Words of the command line, see parse.h. */
#include "parse.h"

#include <quire/io.h>
#include <quire/string.h>

unsigned long round_number;

extern char image_start[], image_end[];

void complain(char const *reason, char const *hint)
{
    printf("  error: %s\n", reason);
    if (hint)
        printf("  hint:  %s\n", hint);
}

void complain_about(char const *word, char const *reason, char const *hint)
{
    printf("  error: '%.40s': %s\n", word, reason);
    if (hint)
        printf("  hint:  %s\n", hint);
}

int split(struct words *w, char const *line)
{
    char *at = w->text;

    strlcpy(w->text, line, sizeof(w->text));
    for (w->n = 0;;) {
        while (*at == ' ' || *at == '\t')
            *at++ = '\0';
        if (!*at)
            return 1;
        if (w->n == MAX_WORDS) {
            complain("too many words", NULL);
            return 0;
        }
        w->word[w->n++] = at;
        while (*at && *at != ' ' && *at != '\t')
            at++;
    }
}

/* ---- numbers ---- */

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int read_digits(char const **at, unsigned long *value)
{
    int base = 10, n = 0;

    if ((*at)[0] == '0' && (*at)[1] == 'x') {
        base = 16;
        *at += 2;
    }
    for (*value = 0; digit(**at) < base; (*at)++, n++)
        *value = *value * (unsigned long)base + (unsigned long)digit(**at);
    if (**at == 'K' || **at == 'M' || **at == 'G') {
        *value <<= **at == 'K' ? 10 : **at == 'M' ? 20 : 30;
        (*at)++;
    }
    return n > 0;
}

/* P3, L0, or the slot of a named object. */
static int read_name(char const **at, unsigned long *value)
{
    char name[NAME_SIZE];
    unsigned n = 0;
    struct named const *found;
    unsigned long number = 0;

    if ((**at == 'P' || **at == 'L') && digit((*at)[1]) < 10) {
        int small = *(*at)++ == 'P';

        read_digits(at, &number);
        *value = small ? SMALL_BASE + number * L4_PAGESIZE : LARGE_BASE + number * LARGE_SIZE;
        return number < (small ? (unsigned)SMALL_PAGES : (unsigned)LARGE_PAGES);
    }
    while (is_letter(**at) || (n && digit(**at) < 10)) {
        if (n < sizeof(name) - 1)
            name[n++] = **at;
        (*at)++;
    }
    name[n] = '\0';
    found = name_find(name);
    *value = found ? found->slot : 0;
    return found != NULL;
}

static int read_factor(char const **at, unsigned long *value)
{
    if (**at == '%') {
        (*at)++;
        *value = round_number;
        return 1;
    }
    return digit(**at) < 10 ? read_digits(at, value) : read_name(at, value);
}

static int read_term(char const **at, unsigned long *value)
{
    unsigned long factor;

    if (!read_factor(at, value))
        return 0;
    while (**at == '*') {
        (*at)++;
        if (!read_factor(at, &factor))
            return 0;
        *value *= factor;
    }
    return 1;
}

int read_number(char const *word, unsigned long *value)
{
    char const *at = word;
    unsigned long term;
    int ok = read_term(&at, value);

    while (ok && (*at == '+' || *at == '-')) {
        int minus = *at++ == '-';

        ok = read_term(&at, &term);
        *value = minus ? *value - term : *value + term;
    }
    if (ok && !*at)
        return 1;
    complain_about(word, "neither a number nor a name",
                   "0x1000, 4096, 4K, P0 to P63, L0, L1, an object's name; with + - *");
    return 0;
}

int read_task(char const *word, unsigned *space)
{
    *space = space_of(word);
    if (*space)
        return 1;
    complain_about(word, name_find(word) ? "an object, but no task" : "there is no such task",
                   "`task NAME` makes one; `show` lists them; the first task is root");
    return 0;
}

/* ---- flexpages ---- */

static int read_rights(char const *word, unsigned type, unsigned *rights)
{
    char const *letters = type == SEQ_OBJ ? "wsrd" : type == SEQ_IO ? "?wr?" : "xwr?";

    for (*rights = 0; *word; word++) {
        char const *at = strchr(letters, *word);

        if (*word == '-')
            continue;
        if (!at || *at == '?') {
            complain_about(word, "no such right",
                           type == SEQ_OBJ ? "capabilities: r w s d, none: -"
                                           : "memory: r w x, ports: r w, none: -");
            return 0;
        }
        *rights |= 1U << (at - letters);
    }
    return 1;
}

static int read_size(char const *word, unsigned type, unsigned *order)
{
    unsigned long size;

    if (*word == '^') {
        if (!read_number(word + 1, &size) || size > 63)
            return 0;
        *order = (unsigned)size;
        return 1;
    }
    if (!read_number(word, &size))
        return 0;
    if (!size || size & (size - 1)) {
        complain_about(word, "a flexpage has a power of two as its size",
                       type == SEQ_MEM ? "4K, 16K, 2M, or an order: ^12" : "1, 2, 4, 8, ...");
        return 0;
    }
    *order = (unsigned)__builtin_ctzl(size);
    return 1;
}

/* The part up to the separator; what follows goes to *rest ("" if nothing does). */
static void cut(char *text, char separator, char **rest)
{
    char *at = strchr(text, separator);

    *rest = text + strlen(text);
    if (at) {
        *at = '\0';
        *rest = at + 1;
    }
}

static int starts(char const *word, char const *with, char const **rest)
{
    size_t n = strlen(with);

    if (strncmp(word, with, n) != 0)
        return 0;
    *rest = word + n;
    return 1;
}

static int read_raw(char const *word, l4_umword_t *value)
{
    unsigned long v;

    if (!read_number(word, &v))
        return 0;
    *value = v;
    return 1;
}

int read_fpage(char const *word, l4_umword_t *fpage)
{
    static unsigned const default_rights[] = {0, L4_FPAGE_RWX, L4_FPAGE_RW, L4_CAP_FPAGE_RWS};
    unsigned type = SEQ_MEM, order, rights;
    char text[MAX_LINE], *size, *letters;
    char const *rest = word;
    unsigned long base;

    if (strcmp(word, "all") == 0 || strcmp(word, "nil") == 0) {
        *fpage = *word == 'a' ? l4_fpage_all().raw : 0;
        return 1;
    }
    if (starts(word, "raw:", &rest))
        return read_raw(rest, fpage);
    if (starts(word, "io:", &rest))
        type = SEQ_IO;
    else if (starts(word, "cap:", &rest))
        type = SEQ_OBJ;
    else
        starts(word, "mem:", &rest);
    strlcpy(text, rest, sizeof(text));
    cut(text, '/', &size);
    cut(size, '/', &letters);
    order = type == SEQ_MEM ? L4_PAGESHIFT : 0;
    rights = default_rights[type];
    if (!read_number(text, &base) || (*size && !read_size(size, type, &order)) ||
        (*letters && !read_rights(letters, type, &rights)))
        return 0;
    *fpage = seq_fpage(type == SEQ_MEM ? base : base << 12, type, order, rights);
    return 1;
}

/* ---- send items ---- */

static struct {
    char const *name;
    l4_umword_t bits;
} const options[] = {
    {"grant", L4_MAP_ITEM_GRANT},
    {"compound", L4_ITEM_CONT},
    {"weak", L4_FPAGE_C_NO_REF_CNT},
    {"server", L4_FPAGE_C_IPCGATE_SVR},
    {"cached", L4_FPAGE_CACHEABLE << 4},
    {"buffered", L4_FPAGE_BUFFERABLE << 4},
    {"uncached", L4_FPAGE_UNCACHEABLE << 4},
};

static int read_options(char *text, l4_umword_t *bits)
{
    char *rest;

    for (; *text; text = rest) {
        unsigned i = 0;

        cut(text, ',', &rest);
        while (i < sizeof(options) / sizeof(options[0]) && strcmp(options[i].name, text) != 0)
            i++;
        if (i == sizeof(options) / sizeof(options[0])) {
            complain_about(text, "no such option of a send item",
                           "grant compound weak server cached buffered uncached");
            return 0;
        }
        *bits |= options[i].bits;
    }
    return 1;
}

int read_item(char const *word, l4_umword_t item[2])
{
    char text[MAX_LINE], *spot, *flags, *second;
    char const *rest;
    unsigned long hot = 0;
    unsigned unit;

    item[0] = item[1] = 0;
    if (strcmp(word, "void") == 0)
        return 1;
    strlcpy(text, word, sizeof(text));
    if (starts(text, "raw:", &rest)) {
        cut(text + 4, ':', &second);
        return read_raw(text + 4, &item[0]) && read_raw(second, &item[1]);
    }
    cut(text, ',', &flags);
    cut(text, '@', &spot);
    if (!read_fpage(text, &item[1]) || (*spot && !read_number(spot, &hot)) ||
        !read_options(flags, &item[0]))
        return 0;
    unit = (item[1] >> 4 & 3) == SEQ_MEM ? 0 : 12;
    item[0] |= ((hot << unit) & ~0xfffUL) | L4_ITEM_MAP;
    return 1;
}

/* ---- what belongs to the playground ---- */

static int overlaps(unsigned long base, unsigned long size, unsigned long from, unsigned long to)
{
    return base < to && base + size - 1 >= from;
}

int allowed_address(l4_addr_t at)
{
    if (at >= SMALL_BASE ||
        !overlaps(at, L4_PAGESIZE, (l4_addr_t)image_start, (l4_addr_t)image_end))
        return 1;
    complain("this address belongs to the playground's own code and data",
             "take addresses from 0x1000000 on");
    return 0;
}

int allowed_fpage(unsigned space, l4_umword_t fpage)
{
    unsigned type = fpage >> 4 & 3, order = fpage >> 6 & 63;
    unsigned long size = 1UL << order, base = type == SEQ_MEM ? fpage & ~0xfffUL : fpage >> 12;
    unsigned long first = space == ROOT ? (unsigned long)OBJECT_SLOTS : (unsigned long)FIRST_SLOT;

    base &= ~(size - 1);
    if (type == SEQ_OBJ && overlaps(base, size, 0, first)) {
        complain("these slots belong to the playground",
                 space == ROOT ? "use objects by their names, or slots 0x1000 to 0x1fff of root"
                               : "use slots from 0x40 on");
        return 0;
    }
    if (type == SEQ_MEM && space == ROOT &&
        (overlaps(base, size, 0, SMALL_BASE) || overlaps(base, size, 1UL << 32, ~0UL))) {
        complain("this memory of the root task belongs to the playground",
                 "use P0 to P63, L0, L1, or addresses from 0x50000000 to 0xafffffff");
        return 0;
    }
    if (type == SEQ_MEM && overlaps(base, size, (l4_addr_t)image_start, (l4_addr_t)image_end)) {
        complain("the helper's code lies in this range", "take addresses from 0x1000000 on");
        return 0;
    }
    return 1;
}

/* ---- text ---- */

char const *rights_text(unsigned type, unsigned rights)
{
    static char text[4][8];
    static unsigned next;
    char *t = text[next = (next + 1) % 4];

    if (type == SEQ_OBJ)
        snprintf(t, sizeof(text[0]), "%c%c%c%c", rights & RIGHT_R ? 'r' : '-',
                 rights & RIGHT_OBJ_W ? 'w' : '-', rights & RIGHT_S ? 's' : '-',
                 rights & RIGHT_D ? 'd' : '-');
    else
        snprintf(t, sizeof(text[0]), "%c%c%c", rights & RIGHT_R ? 'r' : '-',
                 rights & RIGHT_W ? 'w' : '-', rights & RIGHT_X ? 'x' : '-');
    return t;
}

char const *size_text(unsigned type, unsigned order)
{
    static char text[4][16];
    static unsigned next;
    char *t = text[next = (next + 1) % 4];

    if (order == 63)
        strlcpy(t, "all", sizeof(text[0]));
    else if (type != SEQ_MEM || order < 10)
        snprintf(t, sizeof(text[0]), "%lu", 1UL << order);
    else
        snprintf(t, sizeof(text[0]), "%lu%c", 1UL << order % 10, " KMGTPE"[order / 10]);
    return t;
}
