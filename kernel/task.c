/* SPDX-License-Identifier: MIT */
/*
 * Tasks, see task.h: the object's operations (abi: objects.md section 2), kernel-user memory, and the end of a task
 * (mapping.md section 11).
 */
#include "task.h"

#include "arch.h"
#include "io_space.h"
#include "ipc.h"
#include "l4/sys/err.h"
#include "l4/sys/types.h"
#include "map.h"
#include "mem_space.h"
#include "obj_space.h"
#include "reply.h"
#include "sched.h"
#include "string.h"
#include "syscall.h"

struct task *sigma0_task;

static struct slab task_slab = SLAB(struct task, 8);
static struct slab ku_mem_slab = SLAB(struct ku_mem, 8);

enum { KU_MIN_ORDER = 12, KU_MAX_ORDER = 17 };

struct task *task_create(struct factory *f)
{
    struct quota *q = factory_quota(f);
    struct task *t = slab_alloc(&task_slab, q);

    if (!t)
        return NULL;
    *t = (struct task){ .spaces = SPACE_MEM | SPACE_OBJ | SPACE_IO | SPACE_THREADS };
    t->mem.root = pt_create(q);
    if (!t->mem.root) {
        slab_free(&task_slab, q, t);
        return NULL;
    }
    t->mem.root_phys = virt_to_phys(t->mem.root);
    kobject_init(&t->obj, &task_type, f);
    return t;
}

/* ---- kernel-user memory ---- */

static void unmap_ku_pages(struct task *t, u64 user, u64 size)
{
    for (u64 off = 0; off < size; off += PAGE_SIZE) {
        struct pte_ref r = pt_find(t->mem.root, user + off);
        if (r.present)
            *r.pte = 0;
    }
}

int task_add_ku_mem(struct task *t, u64 user, unsigned order)
{
    struct quota *q = task_quota(t);
    u64 size = 1UL << order;
    struct ku_mem *k;

    if (mem_range_in_use(t, user, size))
        return -L4_EEXIST;
    k = slab_alloc(&ku_mem_slab, q);
    if (!k)
        return -L4_ENOMEM;
    *k = (struct ku_mem){ .next = t->ku_mem, .user = user, .order = order };
    k->kernel = kmem_zalloc(q, order);
    if (!k->kernel) {
        slab_free(&ku_mem_slab, q, k);
        return -L4_ENOMEM;
    }
    for (u64 off = 0; off < size; off += PAGE_SIZE)
        if (!mem_map_kernel_page(t, user + off, virt_to_phys(k->kernel) + off)) {
            unmap_ku_pages(t, user, off);
            kmem_free(q, k->kernel, order);
            slab_free(&ku_mem_slab, q, k);
            return -L4_ENOMEM;
        }
    t->ku_mem = k;
    return 0;
}

struct utcb *task_find_utcb(struct task *t, u64 user)
{
    for (struct ku_mem *k = t->ku_mem; k; k = k->next)
        if (user >= k->user && user - k->user <= (1UL << k->order) - UTCB_SIZE && !(user & 7))
            return (struct utcb *)(k->kernel + (user - k->user));
    return NULL;
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

static void let_go(struct thread *t)
{
    for (unsigned i = 0; i < ARRAY_SIZE(t->held); i++)
        if (t->held[i]) {
            struct kobject *o = t->held[i];
            t->held[i] = NULL;
            kobject_put(o);
        }
}

static void map_continue(struct thread *t)
{
    switch (map_run(&t->map)) {
    case MAP_PREEMPTED:
        if (!t->held[0])
            hold(t, &t->map.from->obj, &t->map.to->obj);
        t->cont = map_continue;
        return;
    case MAP_DONE:
        syscall_label(t, 0);
        break;
    case MAP_DYING:
        syscall_label(t, -L4_EINVAL); /* M-82 */
        break;
    case MAP_FAILED:
        ipc_fail(t, IPC_MAP_FAILED); /* M-29 */
        break;
    }
    let_go(t);
}

static void op_map(struct thread *t, struct task *to, unsigned rights)
{
    u64 w0 = t->utcb->mr[1], fpage = t->utcb->mr[2];
    struct fp_match m;
    struct cap *from;
    int err;

    if (!(rights & CAP_W)) {
        syscall_label(t, -L4_EPERM);
        return;
    }
    if (tag_words(t->tag) < 3) {
        syscall_label(t, -L4_EINVAL);
        return;
    }
    from = syscall_cap_arg(t, 0, &task_type, &err);
    if (!from) {
        syscall_arg_error(t, err);
        return;
    }
    if (!item_is_map(w0) || fp_type(fpage) == FP_SPECIAL) { /* O-6: maps nothing */
        syscall_label(t, 0);
        return;
    }
    if (fp_type(fpage) == FP_OBJ && !(rights & from->rights & CAP_S))
        fpage &= ~(u64)CAP_S; /* F-8 */
    fp_window(fpage, 0xfc0, w0, &m);
    t->map.from = task_of(from->obj);
    t->map.to = to;
    map_begin(&t->map, w0, fpage, &m);
    map_continue(t);
}

static void unmap_continue(struct thread *t)
{
    struct unmap_call *c = &t->unmap_call;
    u64 *out = syscall_out(t);

    for (;;) {
        u64 fpage;
        if (unmap_run(&t->unmap) == MAP_PREEMPTED) {
            if (!t->held[0])
                hold(t, &t->unmap.task->obj, &t->unmap.task->obj);
            t->cont = unmap_continue;
            return;
        }
        fpage = t->utcb->mr[2 + c->at];
        out[2 + c->at] = (fpage & ~15UL) | t->unmap.referenced; /* M-46 */
        if (++c->at >= c->n)
            break;
        unmap_begin(&t->unmap, t->unmap.task, t->utcb->mr[2 + c->at], c->mask);
    }
    syscall_tag(t, tag_make(0, tag_words(t->tag), 0));
    let_go(t);
}

static void op_unmap(struct thread *t, struct task *task)
{
    unsigned words = tag_words(t->tag);

    if (words < 3) { /* no flexpage: nothing to do */
        syscall_tag(t, tag_make(0, words, 0));
        return;
    }
    t->unmap_call = (struct unmap_call){ 0, (u8)(words - 2), (u32)t->utcb->mr[1] };
    unmap_begin(&t->unmap, task, t->utcb->mr[2], t->unmap_call.mask);
    unmap_continue(t);
}

/* The living slot of a selector that names one (O-7). */
static struct cap *named_slot(const struct task *task, u64 selector)
{
    return selector & 0xc00 ? NULL : obj_lookup(task, selector);
}

static void op_cap_info(struct thread *t, struct task *task)
{
    const u64 *mr = t->utcb->mr;
    struct cap *a, *b;

    switch (tag_words(t->tag)) {
    case 2:
        syscall_label(t, named_slot(task, mr[1]) != NULL);
        break;
    case 3:
        a = named_slot(task, mr[1]);
        b = named_slot(task, mr[2]);
        syscall_label(t, mr[1] == mr[2] || (!a && !b) ||
                             (a && b && a->obj == b->obj &&
                              !((a->rights ^ b->rights) & (CAP_W | CAP_S))));
        break;
    default:
        syscall_label(t, -L4_EINVAL);
    }
}

static void op_add_ku_mem(struct thread *t, struct task *task)
{
    unsigned n = tag_words(t->tag) - 1;
    u64 *out = syscall_out(t);
    const u64 *mr = t->utcb->mr;

    for (unsigned i = 0; i < n; i++) {
        u64 fpage = mr[1 + i], size = 1UL << fp_order(fpage);
        u64 base = (fpage & ~0xfffUL) & ~(size - 1);
        int err;
        if (fp_type(fpage) != FP_MEM || fp_order(fpage) < KU_MIN_ORDER ||
            fp_order(fpage) > KU_MAX_ORDER || base >= USER_END || base + size > USER_END) {
            syscall_label(t, -L4_EINVAL);
            return;
        }
        err = task_add_ku_mem(task, base, fp_order(fpage));
        if (err) {
            syscall_label(t, err);
            return;
        }
        out[i] = base | (fpage & 0xff0);
    }
    syscall_tag(t, tag_make(0, n, 0));
}

static void task_invoke(struct thread *t, struct kobject *o, unsigned rights)
{
    struct task *task = task_of(o);

    if (tag_label(t->tag) != L4_PROTO_TASK) {
        syscall_label(t, -L4_EBADPROTO);
        return;
    }
    switch (t->utcb->mr[0]) { /* the word count is not looked at (O-1) */
    case 0:
        op_map(t, task, rights);
        break;
    case 1:
        op_unmap(t, task);
        break;
    case 2:
        op_cap_info(t, task);
        break;
    case 3:
        if (tag_words(t->tag))
            op_add_ku_mem(t, task);
        else
            syscall_label(t, -L4_EINVAL);
        break;
    default:
        syscall_label(t, -L4_ENOSYS);
    }
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
        t->teardown_pos = 0;
        t->teardown++;
    }
    return true;
}

/* No thread and no operation uses the task any more: memory back, piece by piece (M-81). */
static bool task_release(struct kobject *o)
{
    struct task *t = task_of(o);
    struct quota *q = task_quota(t);
    struct ku_mem *k = t->ku_mem;
    u64 pos = 0;

    if (pcpu()->loaded == t)
        arch_unload_task();
    if (k) { /* the tables go last: they say where the pages are */
        t->ku_mem = k->next;
        unmap_ku_pages(t, k->user, 1UL << k->order);
        kmem_free(q, k->kernel, k->order);
        slab_free(&ku_mem_slab, q, k);
        return false;
    }
    if (!reply_release_step(t) || !obj_release_step(t) || !io_release_step(t))
        return false;
    return pt_destroy_step(t->mem.root, q, &pos);
}

const struct kobject_type task_type = {
    .name = "task",
    .proto = L4_PROTO_TASK,
    .invoke = task_invoke,
    .destroy = task_destroy,
    .release = task_release,
    .slab = &task_slab,
};
