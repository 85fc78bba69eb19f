/* SPDX-License-Identifier: MIT */
/* Commands that make and delete things, and that act as a task.  Called by command.c. */
#include "command.h"

#include <quire/string.h>

static char const *const taken[] = {"root", "sigma0", "all", "nil", "void", "none", "nos"};

static int good_name(char const *name)
{
    int letters = name[0] >= 'a' && name[0] <= 'z';

    for (char const *c = name; *c; c++)
        letters &= (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_';
    for (unsigned i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        letters &= strcmp(name, taken[i]) != 0;
    if (!letters || strlen(name) >= NAME_SIZE) {
        complain_about(name, "no good name", "at most seven small letters and digits: a, b, gate1");
        return 0;
    }
    if (name_find(name)) {
        complain_about(name, "there is one of this name", "`delete` it, or take another name");
        return 0;
    }
    return 1;
}

static int report(char const *name, long error, char const *hint)
{
    struct named const *n = name_find(name);

    if (error) {
        complain(describe_error(error), hint);
        return 0;
    }
    say("  %s %s: slot 0x%x of root\n", n->kind, name, n->slot);
    check_quietly();
    return 1;
}

int do_task(struct words *w)
{
    unsigned long limit = 0;

    if (!good_name(w->word[1]))
        return 0;
    if (w->n > 2 &&
        (strncmp(w->word[2], "quota=", 6) != 0 || !read_number(w->word[2] + 6, &limit) || !limit)) {
        complain("a task takes a quota at most", "task a quota=128K");
        return 0;
    }
    return report(w->word[1], world_task(w->word[1], limit),
                  limit ? "a task with its helper needs more than 64K" : "at most six tasks");
}

int do_gate(struct words *w)
{
    unsigned long label = 0;
    unsigned space;

    if (!good_name(w->word[1]) || !read_task(w->word[2], &space) ||
        (w->n > 3 && !read_number(w->word[3], &label)))
        return 0;
    return report(w->word[1], world_gate(w->word[1], space, label),
                  "the low two bits of a label are zero: 0x40, 0xabc0");
}

int do_irq(struct words *w)
{
    return good_name(w->word[1]) &&
           report(w->word[1], world_object(w->word[1], L4_PROTO_IRQ_SENDER, "irq"), NULL);
}

int do_semaphore(struct words *w)
{
    return good_name(w->word[1]) &&
           report(w->word[1], world_object(w->word[1], L4_PROTO_SEMAPHORE, "sem"), NULL);
}

int do_delete(struct words *w)
{
    struct named *n = name_find(w->word[1]);
    struct seq_op op = {.kind = SEQ_UNMAP, .a = ROOT, .n = 1};
    struct outcome o;
    int i;

    if (!n) {
        complain_about(w->word[1], "there is nothing of this name", "`show` lists all");
        return 0;
    }
    i = model_find_cap(ROOT, n->slot);
    if (i < 0 || model.cap[i].object != n->object) {
        complain("root has no capability of it in its slot any more",
                 "unmap it from a task that has one: unmap a cap:0x40/1/rwsd delete");
        return 0;
    }
    op.w[0] = L4_FP_DELETE_OBJ;
    op.w[1] = seq_fpage((u64)n->slot << L4_CAP_SHIFT, SEQ_OBJ, 0, L4_CAP_FPAGE_RWSD);
    changes_begin();
    world_unmap(&op, &o);
    changes_print(0);
    check_quietly();
    return o.error == 0;
}

int do_ports(struct words *w)
{
    l4_umword_t fp;

    if (!read_fpage(w->word[1], &fp))
        return 0;
    if ((fp >> 4 & 3) != SEQ_IO) {
        complain("ports are written io:PORT/NUMBER", "ports io:0x80/16");
        return 0;
    }
    changes_begin();
    if (world_ports((unsigned)(fp >> 12) & 0xffff, fp >> 6 & 63)) {
        complain("sigma0 does not give these ports", "ports io:0x80/16");
        return 0;
    }
    changes_print(0);
    check_quietly();
    return 1;
}

int do_reset(struct words *w)
{
    (void)w;
    world_reset();
    windows_forget();
    check_quietly();
    return 1;
}

/* ---- acting as a task ---- */

static int fault(char const *what, unsigned long at)
{
    struct agent_fault const *f = agent_last_fault();

    if (!f->any)
        say("  no answer from the helper\n");
    else if (f->trap == 14)
        say("  page fault: %s at 0x%lx, %s\n", what, f->address,
            f->reason & 1 ? "the page does not allow it" : "no page is there");
    else
        say("  trap %u: %s at 0x%lx is not allowed\n", f->trap, what, at);
    return 0;
}

static int task_and_address(struct words *w, unsigned *space, unsigned long *at)
{
    return read_task(w->word[1], space) && read_number(w->word[2], at) && allowed_address(*at);
}

int do_read(struct words *w)
{
    unsigned long at, value = 0;
    unsigned space;

    if (!task_and_address(w, &space, &at))
        return 0;
    if (!agent_read(space, at, &value))
        return fault("read", at);
    world_touch(space, at, 0);
    say("  0x%lx\n", value);
    return 1;
}

int do_write(struct words *w)
{
    unsigned long at, value;
    unsigned space;

    if (!task_and_address(w, &space, &at) || !read_number(w->word[3], &value))
        return 0;
    if ((at & 0xfff) > 0xfe8) {
        complain("the last 24 bytes of a page hold the mark by which it is known",
                 "write to its beginning");
        return 0;
    }
    if (space == ROOT && frame_of(at) == ~0UL) {
        complain("this memory of the root task belongs to the playground", "P0 to P63, L0, L1");
        return 0;
    }
    if (!agent_write(space, at, value))
        return fault("write", at);
    world_touch(space, at, 1);
    say("  done\n");
    return 1;
}

int do_rights(struct words *w)
{
    unsigned long at;
    unsigned space, rights;

    if (!task_and_address(w, &space, &at))
        return 0;
    rights = probe_rights(space, at);
    if (rights)
        world_touch(space, at, (rights & RIGHT_W) != 0);
    say("  %s at 0x%lx: %s\n", w->word[1], at,
        rights ? rights_text(SEQ_MEM, rights) : "no page is there");
    return 1;
}

int do_in(struct words *w)
{
    unsigned long port, value = 0;
    unsigned space;

    if (!read_task(w->word[1], &space) || !read_number(w->word[2], &port))
        return 0;
    if (!agent_in(space, (unsigned)port & 0xffff, &value))
        return fault("in", port);
    say("  done\n"); /* what a port says depends on the machine */
    return 1;
}

int do_out(struct words *w)
{
    unsigned long port, value;
    unsigned space;

    if (!read_task(w->word[1], &space) || !read_number(w->word[2], &port) ||
        !read_number(w->word[3], &value))
        return 0;
    if (!agent_out(space, (unsigned)port & 0xffff, value))
        return fault("out", port);
    say("  done\n");
    return 1;
}
