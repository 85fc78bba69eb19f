/* SPDX-License-Identifier: MIT */
/* Sequences as text, in the form of tests/model/regress: printed at a difference, read from boot modules, see map.h. */
#include "map.h"

#include <l4/sys/kip.h>
#include <quire/io.h>
#include <quire/program.h>
#include <quire/string.h>

const char *const kind_names[N_SEQ_KINDS] = {"map",  "unmap",  "ipc",   "touch", "object",
                                             "task", "ku_mem", "fault", "fail"};

void print_operation(const struct seq_op *op)
{
    unsigned words = N_SEQ_WORDS;

    while (words && !op->w[words - 1])
        words--;
    printf("%s %u %u %u", kind_names[op->kind], op->a, op->b, op->n);
    for (unsigned w = 0; w < words; w++)
        printf(" %lx", op->w[w]);
    printf("\n");
}

/* ---- reading; a text ends with its module, not with a zero ---- */

struct text {
    const char *at, *end;
};

static char next(const struct text *t) { return t->at < t->end ? *t->at : '\n'; }

static void skip_blanks(struct text *t)
{
    while (next(t) == ' ')
        t->at++;
}

static void next_line(struct text *t)
{
    while (next(t) != '\n')
        t->at++;
    t->at++;
}

/* The word is there and gone. */
static bool word(struct text *t, const char *w)
{
    size_t length = strlen(w);

    if ((size_t)(t->end - t->at) < length || memcmp(t->at, w, length) != 0 ||
        (t->at + length < t->end && t->at[length] != ' ' && t->at[length] != '\n'))
        return false;
    t->at += length;
    skip_blanks(t);
    return true;
}

static u64 number(struct text *t, unsigned base)
{
    u64 value = 0;

    for (;; t->at++) {
        char c = next(t);
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                                                : 16;
        if (digit >= base)
            break;
        value = value * base + digit;
    }
    skip_blanks(t);
    return value;
}

static bool read_operation(struct text *t, struct seq_op *op)
{
    u8 kind = 0;

    while (kind < N_SEQ_KINDS && !word(t, kind_names[kind]))
        kind++;
    if (kind == N_SEQ_KINDS)
        return false;
    *op = (struct seq_op){.kind = kind};
    op->a = (u8)(number(t, 10) % MODEL_SPACES);
    op->b = (u8)(number(t, 10) % MODEL_SPACES);
    op->n = (u8)number(t, 10);
    for (unsigned w = 0; w < N_SEQ_WORDS && next(t) != '\n'; w++)
        op->w[w] = number(t, 16);
    return true;
}

static unsigned read_text(struct text t, struct seq_op *ops, unsigned max, const char **name)
{
    static char scenario[32];
    unsigned n = 0;

    scenario[0] = 0;
    for (; t.at < t.end; next_line(&t)) {
        if (word(&t, "scenario")) {
            unsigned length = 0;
            while (length < sizeof(scenario) - 1 && next(&t) != '\n')
                scenario[length++] = *t.at++;
            scenario[length] = 0;
        } else if (n < max && read_operation(&t, &ops[n])) {
            n++;
        }
    }
    *name = scenario;
    return n;
}

unsigned replay_read(unsigned n, struct seq_op *ops, unsigned max, const char **name)
{
    l4_kernel_info_t const *kip = l4_kip();
    l4mod_info const *info = (l4mod_info const *)kip->user_ptr;
    l4mod_mod const *mod = (l4mod_mod const *)info->mods_addr;

    for (unsigned i = 0; i < info->mods_count; i++) {
        const char *dot = strrchr((const char *)mod[i].cmdline, '.');

        if (dot && strcmp(dot, ".seq") == 0 && n-- == 0) {
            struct text t = {(const char *)mod[i].mod_start, (const char *)mod[i].mod_end};
            return read_text(t, ops, max, name);
        }
    }
    return 0;
}
