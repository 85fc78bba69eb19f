/* SPDX-License-Identifier: MIT */
/*
 * Parser of the boot script, see script.h and docs/boot-script.md.
 *
 * A script is read line by line, a line word by word.  Called by main.c, calls string.c and
 * format.c.
 */
#include "script.h"

#include <quire/io.h>
#include <quire/string.h>

/* What is left of a line, and the word just taken from it. */
struct cursor {
    char const *at, *end;
    char const *word;
    unsigned len; /* 0: no more words */
};

static int fail(struct script *s, unsigned line, char const *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(struct script *s, unsigned line, char const *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(s->error, sizeof(s->error), format, args);
    va_end(args);
    s->error_line = line;
    return -1;
}

static int is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/* Takes the next word; a '#' at its start ends the line. */
static int next(struct cursor *c)
{
    while (c->at < c->end && is_blank(*c->at))
        c->at++;
    if (c->at < c->end && *c->at == '#')
        c->end = c->at;
    c->word = c->at;
    while (c->at < c->end && !is_blank(*c->at))
        c->at++;
    c->len = (unsigned)(c->at - c->word);
    return c->len != 0;
}

static int is(struct cursor const *c, char const *text)
{
    return c->len == strlen(text) && strncmp(c->word, text, c->len) == 0;
}

/* Copies the word as a name; what: for the message. */
static int take_name(struct script *s, unsigned line, struct cursor *c, char *name, unsigned size)
{
    char const *after = c->word;
    int after_len = (int)c->len;

    if (!next(c))
        return fail(s, line, "a name is missing after '%.*s'", after_len, after);
    if (c->len >= size)
        return fail(s, line, "name '%.*s' is longer than %u characters", (int)c->len, c->word,
                    size - 1);
    memcpy(name, c->word, c->len);
    name[c->len] = '\0';
    return 0;
}

/* Number of the channel named by the next word, or -1. */
static int take_channel(struct script *s, unsigned line, struct cursor *c)
{
    char name[NAME_SIZE];

    if (take_name(s, line, c, name, sizeof(name)) < 0)
        return -1;
    for (unsigned i = 0; i < s->n_channels; i++)
        if (strcmp(s->channels[i].name, name) == 0)
            return (int)i;
    return fail(s, line, "channel '%s' is not declared above", name);
}

static int take_prio(struct script *s, unsigned line, struct cursor *c, unsigned *prio)
{
    unsigned v = 0;

    if (!next(c))
        return fail(s, line, "a number is missing after 'prio'");
    for (unsigned i = 0; i < c->len; i++) {
        if (c->word[i] < '0' || c->word[i] > '9' || v > 255)
            v = 1000;
        else
            v = v * 10 + (unsigned)(c->word[i] - '0');
    }
    if (v < 1 || v > 255)
        return fail(s, line, "priority '%.*s' is not in 1..255", (int)c->len, c->word);
    *prio = v;
    return 0;
}

static int take_serves(struct script *s, struct script_program *p, struct cursor *c)
{
    int n = take_channel(s, p->line, c);

    if (n < 0)
        return -1;
    for (unsigned i = 0; i < s->n_programs; i++)
        if (s->programs[i].serves & (1U << n))
            return fail(s, p->line, "channel '%s' is served by '%s' already", s->channels[n].name,
                        s->programs[i].name);
    p->serves |= 1U << n;
    return 0;
}

static int take_uses(struct script *s, struct script_program *p, struct cursor *c)
{
    int n = take_channel(s, p->line, c);

    if (n < 0)
        return -1;
    p->uses |= 1U << n;
    return 0;
}

static int take_args(struct script *s, struct script_program *p, struct cursor *c)
{
    while (next(c)) {
        if (p->argc == MAX_ARGS)
            return fail(s, p->line, "more than %d arguments", MAX_ARGS);
        p->args[p->argc] = c->word;
        p->arg_len[p->argc++] = c->len;
    }
    return 0;
}

/* The module's name without its ending is the program's name unless the script says otherwise. */
static int default_name(struct script *s, struct script_program *p)
{
    char const *dot = strrchr(p->module, '.');
    unsigned long len = dot ? (unsigned long)(dot - p->module) : strlen(p->module);

    if (len == 0 || len >= NAME_SIZE)
        return fail(s, p->line, "module name '%s' is no program name, use 'as'", p->module);
    memcpy(p->name, p->module, len);
    p->name[len] = '\0';
    return 0;
}

static int parse_program(struct script *s, unsigned line, struct cursor *c)
{
    struct script_program *p = &s->programs[s->n_programs];
    int err;

    if (s->n_programs == MAX_PROGRAMS)
        return fail(s, line, "more than %d programs", MAX_PROGRAMS);
    *p = (struct script_program){.line = line, .prio = DEFAULT_PRIO};
    err = take_name(s, line, c, p->module, sizeof(p->module));
    while (!err && next(c)) {
        if (is(c, "as"))
            err = take_name(s, line, c, p->name, sizeof(p->name));
        else if (is(c, "prio"))
            err = take_prio(s, line, c, &p->prio);
        else if (is(c, "serves"))
            err = take_serves(s, p, c);
        else if (is(c, "uses"))
            err = take_uses(s, p, c);
        else if (is(c, "args"))
            err = take_args(s, p, c);
        else
            err = fail(s, line, "unknown word '%.*s'", (int)c->len, c->word);
    }
    if (!err && !p->name[0])
        err = default_name(s, p);
    for (unsigned i = 0; !err && i < s->n_programs; i++)
        if (strcmp(s->programs[i].name, p->name) == 0)
            err = fail(s, line, "there is a program '%s' already, use 'as'", p->name);
    if (!err)
        s->n_programs++;
    return err;
}

static int parse_channel(struct script *s, unsigned line, struct cursor *c)
{
    struct script_channel *ch = &s->channels[s->n_channels];

    if (s->n_channels == MAX_CHANNELS)
        return fail(s, line, "more than %d channels", MAX_CHANNELS);
    ch->line = line;
    if (take_name(s, line, c, ch->name, sizeof(ch->name)) < 0)
        return -1;
    for (unsigned i = 0; i < s->n_channels; i++)
        if (strcmp(s->channels[i].name, ch->name) == 0)
            return fail(s, line, "there is a channel '%s' already", ch->name);
    s->n_channels++;
    if (next(c))
        return fail(s, line, "unknown word '%.*s'", (int)c->len, c->word);
    return 0;
}

static int parse_line(struct script *s, unsigned line, struct cursor *c)
{
    for (char const *p = c->at; p < c->end; p++)
        if ((unsigned char)*p < ' ' && !is_blank(*p))
            return fail(s, line, "byte 0x%02x is not text", (unsigned)(unsigned char)*p);
    if (!next(c))
        return 0;
    if (is(c, "channel"))
        return parse_channel(s, line, c);
    if (is(c, "program"))
        return parse_program(s, line, c);
    return fail(s, line, "unknown word '%.*s'", (int)c->len, c->word);
}

static int check_servers(struct script *s)
{
    unsigned served = 0;

    if (s->n_programs == 0)
        return fail(s, 1, "no program to start");
    for (unsigned i = 0; i < s->n_programs; i++)
        served |= s->programs[i].serves;
    for (unsigned i = 0; i < s->n_channels; i++)
        if (!(served & (1U << i)))
            return fail(s, s->channels[i].line, "channel '%s' is served by no program",
                        s->channels[i].name);
    return 0;
}

int script_parse(struct script *s, char const *text, unsigned long len)
{
    char const *end = text + len;

    s->n_programs = 0;
    s->n_channels = 0;
    for (unsigned line = 1; text < end; line++) {
        char const *line_end = text;
        struct cursor c;

        while (line_end < end && *line_end != '\n')
            line_end++;
        c = (struct cursor){.at = text, .end = line_end};
        if (parse_line(s, line, &c) < 0)
            return -1;
        text = line_end + 1;
    }
    return check_servers(s);
}
