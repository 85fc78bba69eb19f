/* SPDX-License-Identifier: MIT */
/* The events of a TRACE=1 kernel, see trace.h; what the kernel has at the end is printed by trace_dump.c. */
#include "trace.h"

#ifdef QUIRE_TRACE
#include "arch.h"
#include "arch_boot.h"
#include "factory.h"
#include "ipc.h"
#include "map.h"
#include "mem_space.h"
#include "obj_space.h"
#include "print.h"
#include "reply.h"
#include "string.h"

static const char *const kinds[] = {
    [FP_SPECIAL] = "none", [FP_MEM] = "mem", [FP_IO] = "io", [FP_OBJ] = "obj"};
enum { IO_ALL_ORDER = 16, MAX_NAME = 16, TRAP_PAGE_FAULT_NUMBER = 14 };

static void begin(void)
{
    static u64 sequence;
    const struct thread *cur = pcpu()->cur;

    arch_trace_select(true);
    kprintf("%lu %lu %lu ", ++sequence, arch_cycles(), cur ? cur->obj.id : 0);
}

static void end(const char *at)
{
    kprintf(" at=%s", at);
    arch_console_putc('\n'); /* kprintf would write two characters */
    arch_trace_select(false);
}

void trace_write(const char *at, const char *fmt, ...)
{
    va_list args;

    begin();
    va_start(args, fmt);
    kvprintf(fmt, args);
    va_end(args);
    end(at);
}

void trace_init(const char *at, u64 khz)
{
    arch_trace_select(true);
    arch_console_init();
    kprintf("quire-trace 1");
    arch_console_putc('\n');
    arch_trace_select(false);
    trace_write(at, "boot tsc-khz=%lu version=0.1", khz);
}

/* ---- objects ---- */

void trace_obj_new(const char *at, const struct kobject *o)
{
    u64 payer = o->factory ? o->factory->obj.id : 0;
    u64 root = o->type == &task_type ? container_of(o, struct task, obj)->mem.root_phys : 0;

    trace_write(at, "obj-new id=%lu type=%s factory=%lu addr=0x%lx root=0x%lx", o->id,
                o->type->name, payer, (u64)o, root);
}

/* The task that holds the slot, and its number there. */
static const struct task *find_slot(const struct cap *slot, u64 *index)
{
    const struct cap *table = (const struct cap *)ALIGN_DOWN((u64)slot, PAGE_SIZE);

    for (struct kobject *o = kobject_all(); o; o = o->all_next) {
        const struct task *t = task_of(o);
        for (u64 i = 0; o->type == &task_type && i < t->caps.end; i += SLOTS_PER_PAGE)
            if (t->caps.dir[i / SLOTS_PER_PAGE] == table) {
                *index = i + (u64)(slot - table);
                return t;
            }
    }
    return NULL;
}

void trace_slot(const char *at, const struct cap *slot, const struct kobject *o, u64 rights)
{
    u64 index = 0;
    const struct task *t = find_slot(slot, &index);

    trace_write(
        at, "slot space=%lu index=0x%lx addr=0x%lx old=%lu old-rights=0x%lx new=%lu rights=0x%lx",
        t ? t->obj.id : 0, index, (u64)slot, slot->obj ? slot->obj->id : 0,
        slot->obj ? slot->rights : 0, o ? o->id : 0, rights);
}

/* ---- system calls and IPC ---- */

/* What a selector names: the object's id, and its type's name. */
static u64 named_object(const struct thread *t, u64 sel, const char **type, u64 *rights)
{
    const struct cap *slot;
    const struct thread *caller;

    *rights = 0;
    if (sel & (OP_REPLY | SEL_SELF | SEL_REPLY_SLOT)) {
        *type = sel & OP_REPLY || !(sel & SEL_SELF) ? "reply" : "self";
        caller = sel & SEL_REPLY_SLOT ? NULL : reply_caller(t->reply);
        return sel & OP_REPLY ? (caller ? caller->obj.id : 0) : t->obj.id;
    }
    slot = obj_lookup(t->task, sel);
    *type = slot ? slot->obj->type->name : "none";
    *rights = slot ? slot->rights : 0;
    return slot ? slot->obj->id : 0;
}

void trace_syscall(const char *at, const struct thread *t)
{
    const char *type;
    u64 tag = t->regs.rax, rights;
    u64 id = named_object(t, t->regs.rdx, &type, &rights);
    const u64 *mr = t->utcb->mr;

    trace_write(at,
                "syscall sel=0x%lx tag=0x%lx timeouts=0x%lx label=0x%lx object=%lu type=%s "
                "rights=0x%lx words=%u mr0=0x%lx mr1=0x%lx mr2=0x%lx",
                t->regs.rdx, tag, t->regs.r8 & 0xffffffff, t->regs.rsi, id, type, rights,
                tag_words(tag), mr[0], mr[1], mr[2]);
}

void trace_user_return(const char *at, const struct thread *t)
{
    u64 tag = t->regs.rax;

    if (t->regs.trap == TRAP_SYSCALL)
        trace_write(at, "syscall-end tag=0x%lx label=0x%lx error=0x%lx mr0=0x%lx", tag, t->regs.rsi,
                    tag & TAG_ERROR ? t->utcb->error : 0, t->utcb->mr[0]);
    else if (t->regs.trap == TRAP_PAGE_FAULT_NUMBER)
        trace_write(at, "fault-end addr=0x%lx ip=0x%lx", t->regs.cr2, t->regs.rip);
}

void trace_ipc_begin(const char *at, const struct thread *t, u64 partner)
{
    trace_write(at, "ipc-begin thread=%lu partner=%lu op=0x%x tag=0x%lx label=0x%lx timeouts=0x%x",
                t->obj.id, partner, t->op, t->tag, t->sender.label, t->timeouts);
}

void trace_ipc_transfer(const char *at, const struct thread *snd, const struct thread *rcv)
{
    static const char *const kind[] = {"user", "page-fault", "exception"};

    trace_write(at, "ipc-transfer snd=%lu rcv=%lu tag=0x%lx label=0x%lx kind=%s", snd->obj.id,
                rcv->obj.id, snd->tag, snd->sender.label, kind[snd->kind | rcv->kind]);
}

void trace_switch(const char *at, const struct thread *from, const struct thread *to)
{
    if (from != to)
        trace_write(at, "switch from=%lu to=%lu task=%lu", from ? from->obj.id : 0,
                    to ? to->obj.id : 0, to ? to->task->obj.id : 0);
}

/* ---- items ---- */

static void item_keys(const char *via, const struct task *from, const struct task *to,
                      const u64 *item)
{
    kprintf("item-begin kind=%s via=%s from=%lu to=%lu w0=0x%lx w1=0x%lx", kinds[fp_type(item[1])],
            via, from->obj.id, to->obj.id, item[0], item[1]);
}

static void message_keys(const struct transfer *x)
{
    kprintf(" snd=%lu rcv=%lu number=%u bdr=0x%lx", x->snd->obj.id, x->rcv->obj.id, x->item,
            x->rcv->kind == IPC_USER ? x->rcv->utcb->bdr : 0);
}

void trace_item_begin(const char *at, struct map_op *op, const u64 *item,
                      const struct recv_buffer *b, const struct transfer *x)
{
    enum fpage_type type = fp_type(item[1]);
    unsigned size;

    op->traced = (struct trace_item){0, NULL, b != NULL};
    begin();
    item_keys(b ? "ipc" : "map", op->from, op->to, item);
    if (b) {
        size = 1U + (b->flags & BUF_SMALL ? 0U : 1U) + (b->flags & BUF_FORWARD ? 1U : 0U);
        message_keys(x);
        kprintf(" at-br=%u b0=0x%lx window=0x%lx task-cap=0x%lx",
                x->cursors.at[type] - (item[0] & ITEM_COMPOUND ? 0 : size), b->flags, b->window,
                b->task_cap);
        if (!fp_is_all_spaces(b->window) && fp_type(b->window) != type)
            op->traced.why = "type-mismatch rule=F-12";
    }
    end(at);
}

/* Also of one that did not come so far: why is told from what transfer.c makes of it. */
void trace_item_result(const char *at, const struct transfer *x, const u64 *item, const u64 *ret,
                       unsigned error)
{
    struct trace_item *i = (struct trace_item *)&container_of(x, struct thread, xfer)->map.traced;
    const char *result = "error", *why = "no-buffer rule=F-11";

    if (error == IPC_PREEMPTED)
        return;
    if (!i->begun) {
        begin();
        item_keys("ipc", x->snd->task, x->rcv->task, item);
        message_keys(x);
        end(at);
        if (item_is_void(item[0]))
            result = "void", why = "void rule=F-14";
        else if (!item_is_map(item[0]) || fp_type(item[1]) == FP_SPECIAL)
            why = "no-map-bit";
        else if (!error && (ret[0] & RESULT_FPAGE) == RESULT_FPAGE)
            result = "local-id", why = "same-task rule=F-16";
        else if (!error)
            result = "local-id", why = "own-gate rule=F-17";
        trace_write(at, "item-end result=%s count=0x0 why=%s", result, why);
    }
    i->begun = false;
    trace_write(at, "item-return w0=0x%lx w1=0x%lx", ret[0], ret[1]);
}

void trace_item_range(const char *at, const struct map_op *op)
{
    trace_write(at, "item-range src=0x%lx dst=0x%lx size=0x%lx", op->src, op->dst, op->size);
}

static const char *rule_of(const struct map_op *op, char did)
{
    return did == 'u' ? " rule=M-19"
                      : (did != 'r' ? "" : (op->type == FP_OBJ ? " rule=M-63" : " rule=M-20"));
}

void trace_step(const char *at, struct map_op *op, const char *did, unsigned order)
{
    if (did[0] != 'r')
        op->traced.count += 1UL << order;
    trace_write(at, "step did=%s kind=%s src=0x%lx dst=0x%lx order=%u%s", did, kinds[op->type],
                op->src, op->dst, order, rule_of(op, did[0]));
}

void trace_skip(const char *at, struct map_op *op, u64 size, const char *why)
{
    op->traced.why = why;
    if (size)
        trace_write(at, "step did=skip kind=%s src=0x%lx dst=0x%lx order=0 size=0x%lx why=%s",
                    kinds[op->type], op->src, op->dst, min_u64(size, op->size), why);
}

void trace_item_end(const char *at, struct map_op *op, unsigned status)
{
    struct trace_item *i = &op->traced;

    if (status == MAP_PREEMPTED)
        return;
    if (status == MAP_DYING)
        i->why = "dying rule=M-82";
    else if (status == MAP_FAILED && (!i->why || i->why[0] != 'd'))
        i->why = "no-memory rule=M-29";
    else if (!i->why && !i->count && op->type == FP_MEM)
        i->why = "not-aligned rule=F-2";
    if (status != MAP_DONE)
        trace_write(at, "step did=refuse kind=%s src=0x%lx dst=0x%lx order=0 why=%s",
                    kinds[op->type], op->src, op->dst, i->why);
    trace_write(at, "item-end result=%s count=0x%lx%s%s",
                status != MAP_DONE ? "error"
                : op->any          ? "mapped"
                                   : "nothing",
                i->count, i->why ? " why=" : "", i->why ? i->why : "");
}

void trace_unmap_begin(const char *at, const struct unmap_op *op, u64 fpage, u64 mask)
{
    if (op->task->teardown_pos) /* the end of a task goes on after an interruption */
        return;
    trace_write(at, "unmap-begin space=%lu kind=%s fpage=0x%lx mask=0x%lx src=0x%lx size=0x%lx",
                op->task->obj.id, kinds[op->type], fpage, mask, op->pos, op->end - op->pos);
}

/* ---- trees and tables ---- */

/* "space= kind= va= order=" of a node. */
static unsigned node_order(const char *kind, const struct mapnode *n)
{
    if (kind[0] == 'm')
        return class_shift(mapnode_class(n));
    return mapnode_class(n) ? IO_ALL_ORDER : 0;
}

static u64 node_va(const char *kind, u64 page)
{
    return kind[0] == 'm' ? page << PAGE_SHIFT : page;
}

static u64 space_id(const struct mapnode *n) { return ((const struct task *)n->space)->obj.id; }

void trace_node_roots(const char *at, const char *kind, const struct mapnode *n, u64 count)
{
    trace_write(at, "node-roots kind=%s space=%lu first=0x%lx stride=%lu count=%lu order=%u", kind,
                space_id(n), (u64)n, sizeof(*n), count, node_order(kind, n));
    trace_dump_roots(kind[0] == 'i', n, count);
}

void trace_node_add(const char *at, const char *kind, const struct mapnode *n, u64 phys)
{
    trace_write(
        at,
        "node-add node=0x%lx parent=0x%lx space=%lu kind=%s va=0x%lx order=%u depth=%u phys=0x%lx",
        (u64)n, (u64)n->parent, space_id(n), kind, node_va(kind, n->page), node_order(kind, n),
        (unsigned)n->depth, phys);
}

void trace_node_del(const char *at, const char *kind, const struct mapnode *n)
{
    trace_write(at, "node-del node=0x%lx space=%lu kind=%s va=0x%lx order=%u", (u64)n, space_id(n),
                kind, node_va(kind, n->page), node_order(kind, n));
}

void trace_node_move(const char *at, const char *kind, const struct mapnode *n,
                     const struct map_op *op)
{
    trace_write(
        at, "node-move node=0x%lx space=%lu kind=%s va=0x%lx order=%u old-space=%lu old-va=0x%lx",
        (u64)n, op->to->obj.id, kind, op->dst, node_order(kind, n), space_id(n),
        node_va(kind, n->page));
}

void trace_pte(const char *at, const struct task *t, u64 va, u64 old, u64 new)
{
    unsigned c = pt_walk(t->mem.root, va).c;

    trace_write(at, "pte space=%lu va=0x%lx order=%u old=0x%lx new=0x%lx", t->obj.id,
                ALIGN_DOWN(va, class_size(c)), class_shift(c), old, new);
}

/* Text in one word. */
static void put_text(const char *text, unsigned n)
{
    for (; n; n--, text++)
        if (*text > ' ' && *text < 0x7f && *text != '%')
            arch_console_putc(*text);
        else
            kprintf("%%%02x", (u8)*text);
}

void trace_console(const char *at, const char *text, unsigned n)
{
    begin();
    kprintf("console text=");
    put_text(text, n);
    end(at);
}

void trace_obj_name(const char *at, const struct kobject *o, const char *name)
{
    begin();
    kprintf("obj-name id=%lu name=", o->id);
    put_text(*name ? name : "%", *name ? (unsigned)strnlen(name, MAX_NAME) : 1);
    end(at);
}

void trace_quota(const char *at, const struct quota *q, s64 change, bool refused)
{
    trace_write(at, "quota factory=%lu change=%ld used=%lu limit=%lu%s",
                container_of(q, struct factory, quota)->obj.id, change, q->used,
                ~q->limit ? q->limit : 0, refused ? " refused=1" : "");
}
#endif
