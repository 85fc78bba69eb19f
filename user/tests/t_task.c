/* SPDX-License-Identifier: MIT */
/*
 * Calls of kernel objects in general, and of tasks: check order, arguments, errors (rules O-1 ...
 * O-9).
 *
 * Runs as root task; see caps.h.
 */
#include "caps.h"

#include <l4/sys/factory.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/semaphore.h>
#include <l4/sys/thread.h>
#include <quire/string.h>

#define EMPTY LOW_SLOT(0x1ff0)
#define KU_AREA 0x90000000UL

enum { RWS = L4_CAP_FPAGE_RWS, RS = L4_CAP_FPAGE_RS, RW_CAP = L4_CAP_FPAGE_RW };

/* A call with these words; m keeps what came back. */
static long call(l4_cap_idx_t object, long label, unsigned words, l4_umword_t mr0, l4_umword_t mr1)
{
    ipc_init(&m, object, CALL, tag(label, words), L4_IPC_NEVER);
    m.msg.mr[0] = mr0;
    m.msg.mr[1] = mr1;
    ipc_do(&m);
    return m.error ? l4_ipc_to_errno(m.error) : l4_msgtag_label(m.tag);
}

/* Task.map of one page to d with this item as source task. */
static long map_from(l4_umword_t word0, l4_umword_t word1, unsigned items)
{
    ipc_init(&m, d->task, CALL, l4_msgtag(L4_PROTO_TASK, 3, items, 0), L4_IPC_NEVER);
    m.msg.mr[0] = L4_TASK_MAP_OP;
    m.msg.mr[1] = AT(0) | L4_ITEM_MAP;
    m.msg.mr[2] = l4_fpage(PAGE(1), 12, RW).raw;
    m.msg.mr[3] = word0;
    m.msg.mr[4] = word1;
    ipc_do(&m);
    return m.error ? l4_ipc_to_errno(m.error) : l4_msgtag_label(m.tag);
}

static long create(l4_cap_idx_t factory, long kind)
{
    l4_cap_idx_t slot = new_slot();
    long err = l4_error(l4_factory_create(factory, kind, slot));

    expect_filled(MAIN, slot, err == 0);
    delete_object(slot);
    return err;
}

/* ---- O-1 ... O-5 ---- */

static void wrong_label(void)
{
    l4_cap_idx_t irq = new_object(L4_PROTO_IRQ_SENDER), sem = new_object(L4_PROTO_SEMAPHORE);
    l4_cap_idx_t objects[] = {
        MAIN, L4_BASE_FACTORY_CAP, L4_BASE_SCHEDULER_CAP, L4_BASE_LOG_CAP, irq, sem};

    for (unsigned i = 0; i < 6; i++)
        expect_label("label", call(objects[i], 0x77, 1, 0, 0), -L4_EBADPROTO);
    delete_object(irq);
    delete_object(sem);
}

static void missing_right(void)
{
    l4_cap_idx_t slot = new_slot();

    map_cap(MAIN, slot, L4_BASE_FACTORY_CAP, RW_CAP);
    expect_label("factory without S", create(slot, L4_PROTO_IRQ_SENDER), -L4_EPERM);
    expect_label("label comes first", call(slot, 0x77, 1, 0, 0), -L4_EBADPROTO);
    expect_label("then the right, then the words", call(slot, L4_PROTO_FACTORY, 0, 0, 0),
                 -L4_EPERM);
    map_cap(MAIN, slot, d->task, RS);
    expect_label("task without W",
                 l4_error(l4_task_map(slot, MAIN, l4_fpage(PAGE(0), 12, RW), AT(0))), -L4_EPERM);
    expect_none(d, AT(0));
    free_slot(slot);
}

static void no_words(void)
{
    l4_cap_idx_t sem = new_object(L4_PROTO_SEMAPHORE), gate = server_gate(0);
    l4_cap_idx_t irq = new_object(L4_PROTO_IRQ_SENDER);

    expect_label("factory", call(L4_BASE_FACTORY_CAP, L4_PROTO_FACTORY, 0, 0, 0), -L4_EMSGTOOSHORT);
    expect_label("thread", call(d->thread, L4_PROTO_THREAD, 0, 0, 0), -L4_EMSGTOOSHORT);
    expect_label("scheduler", call(L4_BASE_SCHEDULER_CAP, L4_PROTO_SCHEDULER, 0, 0, 0),
                 -L4_EMSGTOOSHORT);
    expect_label("semaphore", call(sem, L4_PROTO_SEMAPHORE, 0, 0, 0), -L4_EINVAL);
    expect_label("IRQ sender", call(irq, L4_PROTO_IRQ_SENDER, 0, 0, 0), -L4_EINVAL);
    expect_label("gate", call(gate, L4_PROTO_KOBJECT, 0, 0, 0), -L4_EINVAL);
    /* A task takes message register 0 as it is: cap_info refuses the number of words. */
    expect_label("task", call(MAIN, L4_PROTO_TASK, 0, L4_TASK_CAP_INFO_OP, 0), -L4_EINVAL);
    delete_object(irq);
    delete_object(gate);
    delete_object(sem);
}

static void unknown_operation(void)
{
    l4_cap_idx_t sem = new_object(L4_PROTO_SEMAPHORE), gate = server_gate(0);
    l4_cap_idx_t irq = new_object(L4_PROTO_IRQ_SENDER);

    expect_label("task", call(MAIN, L4_PROTO_TASK, 1, 0x77, 0), -L4_ENOSYS);
    expect_label("thread", call(d->thread, L4_PROTO_THREAD, 1, 0x77, 0), -L4_ENOSYS);
    expect_label("scheduler", call(L4_BASE_SCHEDULER_CAP, L4_PROTO_SCHEDULER, 5, 0x77, 0),
                 -L4_ENOSYS);
    expect_label("semaphore", call(sem, L4_PROTO_SEMAPHORE, 1, 0x77, 0), -L4_ENOSYS);
    expect_label("IRQ sender", call(irq, L4_PROTO_IRQ_SENDER, 1, 0x77, 0), -L4_ENOSYS);
    expect_label("gate", call(gate, L4_PROTO_KOBJECT, 1, 0x77, 0), -L4_ENOSYS);
    expect_label("factory", create(L4_BASE_FACTORY_CAP, -77), -L4_ENODEV);
    delete_object(irq);
    delete_object(gate);
    delete_object(sem);
}

static void argument(void)
{
    l4_umword_t item = l4_map_obj_control(0, 0);

    expect_label("a task", map_from(item, CAP(MAIN, RWS).raw, 1), 0);
    expect_label("another kind", map_from(item, CAP(L4_BASE_LOG_CAP, RWS).raw, 1), -L4_EINVAL);
    expect_label("empty slot", map_from(item, CAP(EMPTY, RWS).raw, 1), -L4_EINVAL);
    expect_label("no item", map_from(item, CAP(MAIN, RWS).raw, 0), -L4_EINVAL);
    expect_label("memory", map_from(item, l4_fpage(PAGE(0), 12, RW).raw, 1),
                 l4_ipc_to_errno(L4_IPC_SEMSGCUT));
    expect_label("no map item", map_from(0x1000, CAP(MAIN, RWS).raw, 1), 0);
}

static void argument_rights(void)
{
    l4_umword_t item = l4_map_obj_control(0, 0);
    l4_cap_idx_t thin = new_slot(), gate = new_slot();

    expect_label("rights of the flexpage: none", map_from(item, CAP(MAIN, 0).raw, 1), 0);
    expect_label("any order", map_from(item, l4_obj_fpage(MAIN, 4, 0).raw, 1), 0);
    expect_label("word 0: no item", map_from(0, CAP(MAIN, RWS).raw, 1), -L4_EINVAL);
    map_cap(MAIN, thin, server->thread, RW_CAP); /* the slot lacks S, whatever the flexpage says */
    expect_label("gate to a thread without S",
                 l4_error(l4_factory_create_gate(L4_BASE_FACTORY_CAP, gate, thin, 0)), -L4_EPERM);
    l4re_util_cap_free(gate);
    free_slot(thin);
}

static void empty_slot(void)
{
    expect_label("call", call(EMPTY, L4_PROTO_TASK, 1, 0, 0),
                 l4_ipc_to_errno(L4_IPC_ENOT_EXISTENT));
    expect_label("beyond the space", call(LOW_SLOT(0x10000), L4_PROTO_TASK, 1, 0, 0),
                 l4_ipc_to_errno(L4_IPC_ENOT_EXISTENT));
    expect("words untouched", m.msg.mr[2], FILL + 2);
}

static void d_not_needed(void)
{
    l4_cap_idx_t slot = new_slot();

    map_cap(MAIN, slot, L4_BASE_FACTORY_CAP, RS);
    expect_label("factory with R and S only", create(slot, L4_PROTO_IRQ_SENDER), 0);
    map_cap(MAIN, slot, d->task, RW_CAP);
    expect_label("task with R and W only",
                 l4_error(l4_task_map(slot, MAIN, l4_fpage(PAGE(0), 12, RW), AT(0))), 0);
    free_slot(slot);
}

/* ---- O-6 ... O-8: tasks ---- */

static void map_without_item(void)
{
    l4_umword_t const items[][2] = {
        {0, l4_fpage(PAGE(0), 12, RW).raw},            /* void */
        {AT(0), l4_fpage(PAGE(0), 12, RW).raw},        /* no map bit */
        {AT(0) | L4_ITEM_MAP, PAGE(0) | 12 << 6 | RW}, /* type 0 */
        {AT(0) | L4_ITEM_MAP, l4_fpage_all().raw},     /* all spaces */
    };

    for (unsigned i = 0; i < 4; i++) {
        ipc_init(&m, d->task, CALL, l4_msgtag(L4_PROTO_TASK, 3, 1, 0), L4_IPC_NEVER);
        m.msg.mr[0] = L4_TASK_MAP_OP;
        memcpy(&m.msg.mr[1], items[i], sizeof(items[i]));
        m.msg.mr[3] = l4_map_obj_control(0, 0);
        m.msg.mr[4] = CAP(MAIN, RWS).raw;
        ipc_do(&m);
        expect("error", m.error, 0);
        expect_tag_label("label", m.tag, 0);
        expect_none(d, AT(0));
    }
}

static void cap_info(void)
{
    static struct {
        l4_umword_t selector;
        unsigned words;
        long want;
    } const c[] = {
        {L4_BASE_LOG_CAP, 2, 1},          {EMPTY, 2, 0},
        {L4_BASE_LOG_CAP | 0x400, 2, 0},  {L4_BASE_LOG_CAP | 0x800, 2, 0},
        {LOW_SLOT(0x10000), 2, 0},        {L4_BASE_LOG_CAP | 0xf, 2, 1},
        {L4_BASE_LOG_CAP, 1, -L4_EINVAL}, {L4_BASE_LOG_CAP, 4, -L4_EINVAL},
    };

    for (unsigned i = 0; i < sizeof(c) / sizeof(c[0]); i++)
        expect_label("label",
                     call(MAIN, L4_PROTO_TASK, c[i].words, L4_TASK_CAP_INFO_OP, c[i].selector),
                     c[i].want);
}

static long equal(l4_cap_idx_t a, l4_cap_idx_t b)
{
    return l4_error(l4_task_cap_equal(MAIN, a, b));
}

static void caps_equal(void)
{
    l4_cap_idx_t gate = server_gate(0), a = new_slot(), b = new_slot();

    map_cap(MAIN, a | L4_FPAGE_C_OBJ_RIGHTS, gate, RWS); /* without D */
    map_cap(MAIN, b | L4_FPAGE_C_OBJ_RIGHTS | L4_FPAGE_C_NO_REF_CNT, gate, RWS);
    expect_label("the same slot", equal(gate, gate), 1);
    expect_label("without D", equal(gate, a), 1);
    expect_label("weak", equal(gate, b), 1);
    map_cap(MAIN, a | L4_FPAGE_C_OBJ_RIGHTS, gate, RW_CAP);
    expect_label("without S", equal(gate, a), 0);
    map_cap(MAIN, a, gate, RWS);
    expect_label("without the server right", equal(gate, a), 0);
    map_cap(MAIN, a, L4_BASE_LOG_CAP, RWS);
    expect_label("an object that has no such right", equal(L4_BASE_LOG_CAP, a), 1);
    expect_label("another object", equal(gate, L4_BASE_LOG_CAP), 0);
    expect_label("an empty slot", equal(gate, EMPTY), 0);
    expect_label("two empty slots", equal(EMPTY, EMPTY + 0x1000), 1);
    expect_label("two identical invalid selectors", equal(L4_INVALID_CAP, L4_INVALID_CAP), 1);
    free_slot(a);
    free_slot(b);
    delete_object(gate);
}

static long add_ku_mem(l4_cap_idx_t task, l4_fpage_t *area)
{
    return l4_error(l4_task_add_ku_mem(task, area));
}

static void ku_mem(void)
{
    l4_cap_idx_t task = new_task(L4_BASE_FACTORY_CAP);
    static struct {
        l4_umword_t area;
        long want;
    } const c[] = {
        {KU_AREA | 11 << 6 | 1 << 4, -L4_EINVAL},   /* too small */
        {KU_AREA | 18 << 6 | 1 << 4, -L4_EINVAL},   /* too large */
        {KU_AREA | 12 << 6 | 3 << 4, -L4_EINVAL},   /* no memory flexpage */
        {1UL << 47 | 12 << 6 | 1 << 4, -L4_EINVAL}, /* beyond user space */
        {KU_AREA | 13 << 6 | 1 << 4 | 6, 0},
        {(KU_AREA + 0x1000) | 12 << 6 | 1 << 4, -L4_EEXIST},  /* inside the area of before */
        {KU_AREA | 14 << 6 | 1 << 4 | 6, -L4_EEXIST},         /* around it */
        {(KU_AREA + 0x20000) | 17 << 6 | 1 << 4 | 6, 0},      /* the largest */
        {(KU_AREA + 0x3f000) | 12 << 6 | 1 << 4, -L4_EEXIST}, /* the end of that */
        {(KU_AREA + 0x40000) | 12 << 6 | 1 << 4 | 6, 0},      /* the smallest */
    };

    for (unsigned i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
        l4_fpage_t area = {.raw = c[i].area};

        expect_label("area", add_ku_mem(task, &area), c[i].want);
        if (!c[i].want)
            expect("returned", area.raw & ~0xfUL, c[i].area & ~0xfUL);
    }
    map(task, AT(0), MAIN, PAGE(0), RW);
    l4_fpage_t area = l4_fpage(AT(0), 12, RW);
    expect_label("over a mapped page", add_ku_mem(task, &area), -L4_EEXIST);
    expect_label("no flexpages", call(task, L4_PROTO_TASK, 1, L4_TASK_ADD_KU_MEM_OP, 0), 0);
    delete_object(task);
}

static void ku_mem_rights(void)
{
    l4_fpage_t area = l4_fpage(KU_AREA, 12, RWX);
    unsigned long v = 1;

    expect_label("add", add_ku_mem(d->task, &area), 0);
    expect("zeroed", (unsigned long)worker_read(d, KU_AREA + 0x800, &v) << 1 | v, 2);
    expect("rights", worker_rights(d, KU_AREA), RW);
    expect("an instruction is written", (unsigned long)worker_write(d, KU_AREA, 0xc3), 1);
    expect("not executed", (unsigned long)worker_exec(d, KU_AREA), 0);
    expect("cleared again", (unsigned long)worker_write(d, KU_AREA, 0), 1);
    map_order(e->task, AT(0), d->task, l4_fpage(KU_AREA, 12, RW));
    expect_none(e, AT(0));
    map(d->task, KU_AREA, MAIN, PAGE(1), RW);
    unmap(d->task, KU_AREA, 12, RWX, L4_FP_ALL_SPACES);
    expect("still there", (unsigned long)worker_read(d, KU_AREA, &v), 1);
    expect("not overmapped", v, 0);
}

/* Binding takes an aligned UTCB in kernel-user memory of the task and nothing else. */
static void bad_utcbs(void)
{
    static l4_addr_t const bad[] = {0,
                                    0x800000000000UL, /* the first address that is not a user's */
                                    0x8000b3000c00UL, /* not canonical */
                                    0xffff800000000000UL, /* the kernel's */
                                    0xffffffff80400000UL,
                                    ~0xfffUL};
    l4_cap_idx_t thread = new_slot();

    expect_label("create", l4_error(l4_factory_create_thread(L4_BASE_FACTORY_CAP, thread)), 0);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        l4_thread_control_start();
        l4_thread_control_bind((l4_utcb_t *)bad[i], d->task);
        expect_label("bind", l4_error(l4_thread_control_commit(thread)), -L4_EINVAL);
    }
    delete_object(thread);
}

static struct test_case const cases[] = {
    {"O-1", "wrong label", wrong_label},
    {"O-1", "missing right", missing_right},
    {"O-1", "no words", no_words},
    {"O-1", "unknown operation", unknown_operation},
    {"O-2", "capability argument", argument},
    {"O-3", "rights of an argument are those of its slot", argument_rights},
    {"O-4", "empty slot", empty_slot},
    {"O-5", "D is not needed for operations", d_not_needed},
    {"O-6", "map without an item", map_without_item},
    {"O-7", "cap_info", cap_info},
    {"O-7", "equal capabilities", caps_equal},
    {"O-8", "areas of kernel-user memory", ku_mem},
    {"O-9", "UTCB addresses that are none", bad_utcbs},
    {"O-8", "kernel-user memory is zeroed, writable, and stays", ku_mem_rights},
};

int main(void)
{
    caps_init();
    return TEST_RUN(cases);
}
