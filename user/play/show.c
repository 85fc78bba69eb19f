/* SPDX-License-Identifier: MIT */
/* Commands that show what there is.  Called by command.c; reads the model, asks world.c to check it. */
#include "command.h"

#include <quire/string.h>

enum { MAX_TREE_LINES = 40, MAX_INDENT = 20 };

/* ---- everything in short ---- */

static unsigned count_pages(unsigned space, unsigned type)
{
    unsigned n = 0;

    for (int i = 0; i < model.end; i++)
        n += model.page[i].present && model.page[i].space == space && model.page[i].type == type;
    return n;
}

static unsigned count_slots(unsigned space)
{
    unsigned n = 0;

    for (int i = 0; i < model.caps_end; i++)
        n += model.cap[i].space == space;
    return n;
}

int do_show(struct words *w)
{
    (void)w;
    for (unsigned i = ROOT; i < N_SPACES; i++)
        if (model.space[i].alive)
            printf("  task %-7s  %u pages, %u port mappings, %u slots\n", name_of_space(i),
                   count_pages(i, SEQ_MEM), count_pages(i, SEQ_IO), count_slots(i));
    for (unsigned i = 0; i < N_NAMES; i++)
        if (names[i].name[0])
            printf("  %s %-7s  made in slot 0x%x of root, %d counted slots\n", names[i].kind,
                   names[i].name, names[i].slot, model.object[names[i].object].counted);
    return 1;
}

/* ---- trees ---- */

struct drawing {
    unsigned lines, more;
};

static void draw(struct drawing *d, int page, unsigned depth)
{
    struct model_page const *p = &model.page[page];

    if (d->lines < MAX_TREE_LINES) {
        printf("  %*s%s%s%s 0x%lx  %s", (int)(depth > MAX_INDENT ? MAX_INDENT : depth) * 2, "",
               depth ? "+- " : "", name_of_space(p->space), p->type == SEQ_IO ? " port" : "", p->at,
               size_text(p->type, p->order));
        if (p->type == SEQ_MEM)
            printf(" %s", rights_text(p->type, p->rights));
        if (!depth && p->type == SEQ_MEM)
            printf("  %s", frame_name(p->phys));
        else if (depth && p->type == SEQ_MEM && p->order < model.page[p->parent].order)
            printf("  the piece at +0x%lx", p->phys - model.page[p->parent].phys);
        if (depth > MAX_INDENT)
            printf("  (generation %u)", depth);
        printf("\n");
        d->lines++;
    } else {
        d->more++;
    }
    for (int i = 0; i < model.end; i++)
        if (model.page[i].present && model.page[i].parent == page)
            draw(d, i, depth + 1);
}

static int has_children(int page)
{
    for (int i = 0; i < model.end; i++)
        if (model.page[i].present && model.page[i].parent == page)
            return 1;
    return 0;
}

/* The page of the tree's root that holds the frame or port, or MODEL_NONE. */
static int root_of(unsigned type, u64 at)
{
    for (int i = 0; i < model.end; i++) {
        struct model_page const *p = &model.page[i];
        u64 first = type == SEQ_MEM ? p->phys : p->at;

        if (p->present && p->type == type && p->parent < 0 && at >= first &&
            at - first < 1UL << p->order)
            return i;
    }
    return MODEL_NONE;
}

static int one_tree(char const *word)
{
    struct drawing d = {0, 0};
    l4_umword_t fp;
    int page;

    if (!read_fpage(word, &fp))
        return 0;
    if ((fp >> 4 & 3) == SEQ_MEM && frame_of(fp & ~0xfffUL) == ~0UL) {
        complain_about(word, "trees are named by a frame of the root task's memory",
                       "tree P0, tree L0, tree io:0x80");
        return 0;
    }
    page = (fp >> 4 & 3) == SEQ_MEM ? root_of(SEQ_MEM, frame_of(fp & ~0xfffUL))
                                    : root_of(SEQ_IO, fp >> 12);
    if (page < 0) {
        printf("  mapped nowhere: only sigma0 has it\n");
        return 1;
    }
    draw(&d, page, 0);
    if (d.more)
        printf("  ... and %u more\n", d.more);
    return 1;
}

int do_tree(struct words *w)
{
    struct drawing d = {0, 0};
    unsigned plain = 0;

    if (w->n > 1)
        return one_tree(w->word[1]);
    for (int i = 0; i < model.end; i++) {
        if (!model.page[i].present || model.page[i].parent >= 0)
            continue;
        if (model.page[i].space == ROOT && !has_children(i))
            plain++;
        else
            draw(&d, i, 0);
    }
    if (d.more)
        printf("  ... and %u more\n", d.more);
    printf("  (%u pages of root have no children)\n", plain);
    return 1;
}

/* ---- one task's pages and ports ---- */

/* One line for a page and those that follow it directly and are like it; returns the end. */
static u64 print_run(struct model_page const *p)
{
    u64 size = 1UL << p->order, end = p->at + size;

    for (int k; (k = model_find(p->space, p->type, end)) >= 0; end += size) {
        struct model_page const *next = &model.page[k];

        if (next->order != p->order || next->rights != p->rights ||
            (p->type == SEQ_MEM && next->phys - p->phys != end - p->at))
            break;
    }
    if (p->type == SEQ_IO)
        printf("  ports 0x%lx-0x%lx\n", p->at, end - 1);
    else
        printf("  0x%lx-0x%lx  %s %s  %s%s\n", p->at, end - 1, size_text(SEQ_MEM, p->order),
               rights_text(SEQ_MEM, p->rights), frame_name(p->phys),
               end - p->at > size ? " and on" : "");
    return end;
}

int do_pages(struct words *w)
{
    static unsigned const types[] = {SEQ_MEM, SEQ_IO};
    unsigned space, n = 0;

    if (!read_task(w->word[1], &space))
        return 0;
    for (unsigned t = 0; t < 2; t++) {
        u64 at = 0;

        for (int i; (i = model_find_next(space, types[t], at)) >= 0; n++)
            at = print_run(&model.page[i]);
    }
    if (!n)
        printf("  no pages or ports but the helper's own\n");
    return 1;
}

/* ---- slots, quotas, check ---- */

int do_caps(struct words *w)
{
    unsigned only = 0, n = 0;

    if (w->n > 1 && !read_task(w->word[1], &only))
        return 0;
    for (unsigned space = ROOT; space < N_SPACES; space++)
        for (int i = 0; i < model.caps_end; i++) {
            struct model_cap const *c = &model.cap[i];

            if (c->space != space || (only && space != only))
                continue;
            printf("  %-7s slot 0x%x  %s%s%s  %s\n", name_of_space(space), c->slot,
                   rights_text(SEQ_OBJ, c->rights),
                   c->rights & 0x20 && model.object[c->object].kind == OBJECT_GATE ? " server" : "",
                   c->rights & ATTR_WEAK_BIT ? " weak" : "", name_of_object(c->object));
            n++;
        }
    if (!n)
        printf("  no capabilities but the playground's own\n");
    return 1;
}

int do_quota(struct words *w)
{
    struct named const *n = name_find(w->word[1]);

    if (!n || !n->space || !n->limit) {
        complain_about(w->word[1], "no task with a quota of its own", "task a quota=128K");
        return 0;
    }
    printf("  limit %lu bytes, %lu left (found by making factories)\n", n->limit,
           world_quota_left(n));
    return 1;
}

void check_quietly(void)
{
    unsigned pages, slots;

    if (auto_check && !quiet)
        differences += world_check(&pages, &slots);
}

int do_check(struct words *w)
{
    unsigned pages, slots, wrong;

    if (w->n > 1) {
        auto_check = strcmp(w->word[1], "off") != 0;
        printf("  operations are %sfollowed by a check\n", auto_check ? "" : "not ");
        return 1;
    }
    wrong = world_check(&pages, &slots);
    differences += wrong;
    printf("  %u pages and %u slots tried: ", pages, slots);
    printf(wrong ? "%u differ\n" : "all as expected\n", wrong);
    return !wrong;
}
