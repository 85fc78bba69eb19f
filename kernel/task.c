/* SPDX-License-Identifier: MIT */
/*
 * Tasks, see task.h: the object's operations (abi: objects.md section 2), kernel-user memory, and
 * the end of a task (mapping.md section 11).
 */
#include "task.h"

#include "arch.h"
#include "gate.h"
#include "io_space.h"
#include "ipc.h"
#include "ku_mem.h"
#include "l4/sys/err.h"
#include "l4/sys/types.h"
#include "map.h"
#include "obj_space.h"
#include "reply.h"
#include "syscall.h"

struct task *sigma0_task;

static struct slab task_slab = SLAB(struct task, 8);

struct task *task_create(struct factory *f)
{
    struct quota *q = factory_quota(f);
    struct task *t = slab_alloc(&task_slab, q);

    if (!t)
        return NULL;
    *t = (struct task){.spaces = SPACE_MEM | SPACE_OBJ | SPACE_IO | SPACE_THREADS};
    obj_space_init(&t->caps);
    if (!pt_create(&t->mem, q)) {
        slab_free(&task_slab, q, t);
        return NULL;
    }
    kobject_init(&t->obj, &task_type, f);
    return t;
}

/* ---- operations ---- */

/* References of an unfinished operation, so that its objects stay. */
static void hold(struct thread *t, struct kobject *a, struct kobject *b)
{
    kobject_get(a);
    kobject_get(b);
    t->held[0] = a;
    t->held[1] = b;
}

static void let_go_slowly(struct thread *t)
{
    for (unsigned i = 0; i < ARRAY_SIZE(t->held); i++)
        if (t->held[i]) {
            struct kobject *o = t->held[i];
            t->held[i] = NULL;
            kobject_put(o);
        }
}

static inline void let_go(struct thread *t)
{
    if (unlikely(t->held[0] != NULL))
        let_go_slowly(t);
}

static void map_continue(struct thread *t);

/* The answer, or NO_ANSWER when it was interrupted. */
static ALWAYS_INLINE u64 map_go_on(struct thread *t)
{
    enum map_status s = map_run(&t->map);

    TRACE(item_end, &t->map, s);
    if (unlikely(s == MAP_PREEMPTED)) {
        if (!t->held[0])
            hold(t, &t->map.from->obj, &t->map.to->obj);
        t->cont = map_continue;
        return NO_ANSWER;
    }
    let_go(t);
    if (likely(s == MAP_DONE))
        return answer_label(0);
    if (s == MAP_DYING)
        return answer_label(-L4_EINVAL); /* M-82 */
    ipc_fail(t, IPC_MAP_FAILED);         /* M-29 */
    return NO_ANSWER;
}

static void map_continue(struct thread *t) { syscall_answer(t, map_go_on(t)); }

static OWN_FRAME u64 op_map(struct thread *t, struct task *to, unsigned rights)
{
    u64 w0 = t->utcb->mr[1], fpage = t->utcb->mr[2];
    struct fp_match m;
    struct cap *from;
    int err;

    if (!(rights & CAP_W))
        return answer_label(-L4_EPERM);
    if (sys_words(t) < 3)
        return answer_label(-L4_EINVAL);
    from = syscall_cap_arg_quickly(t, &task_type, &err);
    if (unlikely(!from))
        return answer_arg(err);
    if (!item_is_map(w0) || fp_type(fpage) == FP_SPECIAL) /* O-6: maps nothing */
        return answer_label(0);
    if (fp_type(fpage) == FP_OBJ && !(rights & from->rights & CAP_S))
        fpage &= ~(u64)CAP_S; /* F-8 */
    fp_window_all(fpage, w0, &m);
    t->map.from = task_of(from->obj);
    t->map.to = to;
    TRACE(item_begin, &t->map, ((u64[]){w0, fpage}), NULL, NULL);
    map_begin(&t->map, w0, fpage, &m);
    return map_go_on(t);
}

static void unmap_continue(struct thread *t);

static ALWAYS_INLINE u64 unmap_go_on(struct thread *t)
{
    struct unmap_call *c = &t->unmap_call;
    u64 *out = syscall_out(t);

    for (;;) {
        u64 fpage;
        if (unlikely(unmap_run(&t->unmap) == MAP_PREEMPTED)) {
            if (!t->held[0])
                hold(t, &t->unmap.task->obj, &t->unmap.task->obj);
            t->cont = unmap_continue;
            return NO_ANSWER;
        }
        TRACE(unmap_end, &t->unmap);
        fpage = t->utcb->mr[2 + c->at];
        out[2 + c->at] = (fpage & ~15UL) | pte_usage(t->unmap.usage); /* M-46 */
        if (++c->at >= c->n)
            break;
        unmap_begin(&t->unmap, t->unmap.task, t->utcb->mr[2 + c->at], c->mask);
    }
    let_go(t);
    return answer_words(sys_words(t));
}

static void unmap_continue(struct thread *t) { syscall_answer(t, unmap_go_on(t)); }

static OWN_FRAME u64 op_unmap(struct thread *t, struct task *task)
{
    unsigned words = sys_words(t);

    if (words < 3) /* no flexpage: nothing to do */
        return answer_words(words);
    t->unmap_call = (struct unmap_call){0, (u8)(words - 2), (u32)t->utcb->mr[1]};
    unmap_begin(&t->unmap, task, t->utcb->mr[2], t->unmap_call.mask);
    return unmap_go_on(t);
}

/* The same object with the same rights; that to control a gate is one of them (O-7). */
static bool caps_equal(const struct cap *a, const struct cap *b)
{
    unsigned rights = CAP_W | CAP_S | (a->obj->type == &gate_type ? ATTR_SERVER : 0U);

    return a->obj == b->obj && !((a->rights ^ b->rights) & rights);
}

static OWN_FRAME u64 op_cap_equal(const u64 *mr, struct task *task)
{
    struct cap *a = obj_lookup_named(task, mr[1]), *b = obj_lookup_named(task, mr[2]);

    return answer_label(mr[1] == mr[2] || (a && b ? caps_equal(a, b) : a == b));
}

/* O-7 */
static inline u64 op_cap_info(const struct thread *t, const u64 *mr, struct task *task)
{
    if (likely(sys_words(t) == 2))
        return answer_label(obj_names_object(task, mr[1]));
    return sys_words(t) == 3 ? op_cap_equal(mr, task) : answer_label(-L4_EINVAL);
}

/* Areas one after the other; the flexpages of those that are there come back in the MRs. */
static void add_ku_mem_continue(struct thread *t)
{
    struct ku_call *c = &t->ku_call;
    u64 base, *out = syscall_out(t);
    int err = 0;

    while (c->at < c->n) {
        u64 fpage = t->utcb->mr[1 + c->at];
        if (!c->area)
            err = ku_mem_fpage_ok(fpage, &base)
                      ? ku_mem_begin(c->task, base, fp_order(fpage), &c->area)
                      : -L4_EINVAL;
        if (!err)
            err = ku_mem_run(c->task, c->area);
        if (err > 0) {
            if (!t->held[0])
                hold(t, &c->task->obj, &c->task->obj);
            t->cont = add_ku_mem_continue;
            return;
        }
        if (err)
            break;
        out[c->at++] = c->area->user | (u64)c->area->order << 6 | FP_MEM << 4;
        c->area = NULL;
    }
    c->area = NULL;
    syscall_tag(t, err ? answer_label(err) : answer_words(c->n));
    let_go(t);
}

static OWN_FRAME u64 op_add_ku_mem(struct thread *t, struct task *task)
{
    if (!sys_words(t))
        return answer_label(-L4_EINVAL);
    t->ku_call = (struct ku_call){.task = task, .n = (u8)(sys_words(t) - 1)};
    add_ku_mem_continue(t);
    return NO_ANSWER;
}

static u64 task_op(struct thread *t, struct kobject *o, unsigned rights)
{
    struct task *task = task_of(o);
    const u64 *mr = t->utcb->mr;

    if (unlikely(sys_label(t) != L4_PROTO_TASK))
        return answer_label(-L4_EBADPROTO);
    switch (mr[0]) { /* the word count is not looked at (O-1) */
    case 0:
        return op_map(t, task, rights);
    case 1:
        return op_unmap(t, task);
    case 2:
        return op_cap_info(t, mr, task);
    case 3:
        return op_add_ku_mem(t, task);
    default:
        return answer_label(-L4_ENOSYS);
    }
}

static void task_invoke(struct thread *t, struct kobject *o, unsigned rights)
{
    syscall_answer(t, task_op(t, o, rights));
}

/* ---- the end ---- */

enum { TEARDOWN_MEM, TEARDOWN_IO, TEARDOWN_OBJ, TEARDOWN_DONE };

/* Unmap all three spaces with self, all rights and delete (M-79). */
static bool task_destroy(struct kobject *o)
{
    static const u64 everything[] = {
        [TEARDOWN_MEM] = FP_ORDER_WHOLE << 6 | FP_MEM << 4 | 15,
        [TEARDOWN_IO] = 16 << 6 | FP_IO << 4 | 15,
        [TEARDOWN_OBJ] = 16 << 6 | FP_OBJ << 4 | 15,
    };
    struct task *t = task_of(o);

    while (t->teardown < TEARDOWN_DONE) {
        struct unmap_op op;
        unmap_begin(&op, t, everything[t->teardown], 0xc0000000);
        op.pos = t->teardown_pos;
        if (unmap_run(&op) == MAP_PREEMPTED) {
            t->teardown_pos = op.pos;
            return false;
        }
        TRACE(unmap_end, &op);
        t->teardown_pos = 0;
        t->teardown++;
    }
    return true;
}

/* No thread and no operation uses the task any more: memory back, piece by piece (M-81). */
static bool task_release(struct kobject *o)
{
    struct task *t = task_of(o);

    if (pcpu()->loaded == t)
        arch_unload_task();
    if (!ku_mem_release_step(t))
        return false;
    if (!reply_release_step(t) || !obj_release_step(t) || !io_release_step(t))
        return false;
    return pt_destroy_step(t->mem.root, task_quota(t), &t->teardown_pos);
}

const struct kobject_type task_type = {
    .name = "task",
    .proto = L4_PROTO_TASK,
    .invoke = task_invoke,
    .op = task_op,
    .destroy = task_destroy,
    .release = task_release,
    .slab = &task_slab,
};
