/* SPDX-License-Identifier: MIT */
/*
 * What an operation changed, see command.h: the model before and after it.
 *
 *   + a mapping or capability that is new     - one that is gone
 *   ~ one with other rights                   > one that was moved by grant
 *   x an object that was destroyed
 */
#include "command.h"

enum { MAX_LINES = 6 };

static struct model_page pages[MODEL_PAGES];
static struct model_cap caps[MODEL_CAPS];
static int n_pages, n_caps;
static unsigned n_lines[256];

void changes_begin(void)
{
    n_pages = model.end;
    n_caps = model.caps_end;
    for (int i = 0; i < n_pages; i++)
        pages[i] = model.page[i];
    for (int i = 0; i < n_caps; i++)
        caps[i] = model.cap[i];
    for (unsigned i = 0; i < 256; i++)
        n_lines[i] = 0;
}

/* May one more line of this kind be printed? */
static int line(char kind) { return n_lines[(unsigned char)kind]++ < MAX_LINES; }

static char const *place(struct model_page const *p)
{
    static char text[2][48];
    static unsigned next;
    char *t = text[next = !next];

    snprintf(t, sizeof(text[0]), "%s %s0x%lx", name_of_space(p->space),
             p->type == SEQ_IO ? "port " : "", p->at);
    return t;
}

static void print_page(char kind, struct model_page const *p, struct model_page const *parents)
{
    if (!line(kind))
        return;
    say("  %c %-20s %4s", kind, place(p), size_text(p->type, p->order));
    if (p->type == SEQ_MEM)
        say(" %s  %s", rights_text(p->type, p->rights), frame_name(p->phys));
    if (kind == '+')
        say("  from %s", p->parent < 0 ? "sigma0" : place(&parents[p->parent]));
    say("\n");
}

static void changed_page(struct model_page const *old, struct model_page const *new, int grant)
{
    int same = old->present && new->present && old->space == new->space && old->at == new->at &&
               old->order == new->order && old->phys == new->phys && old->parent == new->parent;

    if (same && old->rights != new->rights &&line('~'))
        say("  ~ %-20s %4s %s -> %s  %s\n", place(new), size_text(new->type, new->order),
            rights_text(new->type, old->rights), rights_text(new->type, new->rights),
            frame_name(new->phys));
    if (same)
        return;
    if (grant && old->present && new->present && old->parent == new->parent &&
        old->order == new->order && old->phys == new->phys) {
        if (line('>'))
            say("  > %-20s %4s %s  moved from %s\n", place(new), size_text(new->type, new->order),
                rights_text(new->type, new->rights), place(old));
        place_note(old->space, old->type, old->at);
        return;
    }
    if (old->present) {
        print_page('-', old, pages);
        place_note(old->space, old->type, old->at);
    }
    if (new->present)
        print_page('+', new, model.page);
}

static void print_cap(char kind, struct model_cap const *c)
{
    if (line(kind))
        say("  %c %s slot 0x%x  %s%s  %s\n", kind, name_of_space(c->space), c->slot,
            rights_text(SEQ_OBJ, c->rights), c->rights & ATTR_WEAK_BIT ? " weak" : "",
            name_of_object(c->object));
}

static struct model_cap const *same_cap(struct model_cap const *in, int n,
                                        struct model_cap const *c)
{
    for (int i = 0; i < n; i++)
        if (in[i].space == c->space && in[i].slot == c->slot && in[i].object == c->object)
            return &in[i];
    return 0;
}

static void changed_caps(void)
{
    for (int i = 0; i < n_caps; i++) {
        struct model_cap const *new;

        if (!caps[i].space)
            continue;
        place_note(caps[i].space, SEQ_OBJ, caps[i].slot);
        new = same_cap(model.cap, model.caps_end, &caps[i]);
        if (!new)
            print_cap('-', &caps[i]);
        else if (new->rights != caps[i].rights && line('~'))
            say("  ~ %s slot 0x%x  %s -> %s  %s\n", name_of_space(new->space), new->slot,
                rights_text(SEQ_OBJ, caps[i].rights), rights_text(SEQ_OBJ, new->rights),
                name_of_object(new->object));
    }
    for (int i = 0; i < model.caps_end; i++)
        if (model.cap[i].space && !same_cap(caps, n_caps, &model.cap[i]))
            print_cap('+', &model.cap[i]);
}

void changes_print(int grant)
{
    static struct model_page const none;
    unsigned lines = 0, more = 0;

    for (int i = 0; i < n_pages || i < model.end; i++)
        changed_page(i < n_pages ? &pages[i] : &none, i < model.end ? &model.page[i] : &none,
                     grant);
    changed_caps();
    for (unsigned i = 0; i < N_NAMES; i++)
        if (names[i].name[0] && model.object[names[i].object].kind == OBJECT_NONE && line('x'))
            say("  x %s %s is destroyed\n", names[i].kind, names[i].name);
    for (unsigned i = 0; i < 256; i++) {
        lines += n_lines[i];
        more += n_lines[i] > MAX_LINES ? n_lines[i] - MAX_LINES : 0;
    }
    if (more)
        say("  ... and %u more\n", more);
    if (!lines)
        say("  nothing changed\n");
    world_bury();
}
