/* SPDX-License-Identifier: MIT */
/*
 * Names and numbers of objects (objects.md section 11).
 *
 * Runs as root task; see steps.h.  tests/qemu/names.py looks for the names in a fault message of the
 * kernel.
 */
#include "memory.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sys/debugger.h>
#include <l4/sys/task.h>
#include <l4/sys/thread.h>
#include <quire/io.h>
#include <quire/string.h>

enum { KEPT = 16, N_NAMES = 255, MORE = 45 };

static l4_cap_idx_t object;

static void setup(void)
{
    static l4_cap_idx_t old;

    if (old)
        delete_object(old);
    old = object = new_object(L4_PROTO_SEMAPHORE);
}

static void expect_name(l4_cap_idx_t cap, char const *want)
{
    char got[40] = "?";

    expect_label("get", l4_debugger_get_object_name(cap, got, sizeof(got)), 0);
    expect(want, (unsigned long)strncmp(got, want, sizeof(got)), 0);
}

static void expect_no_name(char const *when, l4_cap_idx_t cap)
{
    char got[40];

    expect_label(when, l4_debugger_get_object_name(cap, got, sizeof(got)), -L4_ENOENT);
}

static void set_and_get(void)
{
    char two[3] = "???";

    expect_no_name("new object", object);
    expect_tag_label("set", l4_debugger_set_object_name(object, "fence"), 0);
    expect_name(object, "fence");
    expect_tag_label("set again", l4_debugger_set_object_name(object, "gate of the pasture"), 0);
    expect_name(object, "gate of the past");
    expect_tag_label("shorter", l4_debugger_set_object_name(object, "it"), 0);
    expect_name(object, "it");
    expect_label("small buffer", l4_debugger_get_object_name(object, two, 2), 0);
    expect("cut", two[0] == 'i' && !two[1] && two[2] == '?', 1);
    expect_tag_label("empty", l4_debugger_set_object_name(object, ""), 0);
    expect_name(object, "");
}

/* A name that fills its words to the end: what is behind it in the UTCB does not belong to it. */
static void not_terminated(void)
{
    l4_utcb_mr()->mr[0] = L4_DEBUGGER_KOBJ_SET_NAME_OP;
    memcpy(&l4_utcb_mr()->mr[1], "abcdefgh", 8);
    expect_tag_label("set", l4_invoke_debugger(object, l4_msgtag(0, 2, 0, 0), l4_utcb()), 0);
    expect_name(object, "abcdefgh");
    l4_utcb_mr()->mr[0] = L4_DEBUGGER_KOBJ_SET_NAME_OP;
    expect_tag_label("set", l4_invoke_debugger(object, l4_msgtag(0, 1, 0, 0), l4_utcb()), 0);
    expect_name(object, "");
}

/* The name is the object's, not the slot's; it goes with the object. */
static void by_number(void)
{
    l4_cap_idx_t copy = l4re_util_cap_alloc(), other = new_object(L4_PROTO_IRQ_SENDER);
    unsigned long id = l4_debugger_global_id(object);
    char got[40] = "";

    expect("numbers differ", id != l4_debugger_global_id(other), 1);
    expect_tag_label("copy",
                     l4_task_map(L4_BASE_TASK_CAP, L4_BASE_TASK_CAP,
                                 l4_obj_fpage(object, 0, L4_CAP_FPAGE_R), copy),
                     0);
    expect("number of the copy", l4_debugger_global_id(copy), id);
    expect_tag_label("set", l4_debugger_set_object_name(copy, "shepherd"), 0);
    expect_name(object, "shepherd");
    expect_label("by number", l4_debugger_query_object_name(other, (unsigned)id, got, sizeof(got)),
                 0);
    expect("shepherd", (unsigned long)strcmp(got, "shepherd"), 0);
    expect_label("no such number", l4_debugger_query_object_name(other, ~0U, got, sizeof(got)),
                 -L4_ENOENT);
    delete_object(copy);
    l4_task_unmap(L4_BASE_TASK_CAP, l4_obj_fpage(object, 0, L4_CAP_FPAGE_RWSD), L4_FP_DELETE_OBJ);
    expect_label("of an object that is gone",
                 l4_debugger_query_object_name(other, (unsigned)id, got, sizeof(got)), -L4_ENOENT);
    delete_object(other);
}

/* A deleted thread that a gate still refers to. */
static void of_a_dead_thread(void)
{
    l4_cap_idx_t thread = new_object(L4_PROTO_THREAD), gate = new_gate(thread, 0x40);
    unsigned long id = l4_debugger_global_id(thread);
    char got[40] = "";

    l4_debugger_set_object_name(thread, "ghost");
    expect_label("alive", l4_debugger_query_object_name(object, (unsigned)id, got, sizeof(got)), 0);
    delete_object(thread);
    expect_label("dead", l4_debugger_query_object_name(object, (unsigned)id, got, sizeof(got)),
                 -L4_ENOENT);
    delete_object(gate);
}

static void refused(void)
{
    char got[8];

    expect("number of nothing", l4_debugger_global_id(0xff0UL << L4_CAP_SHIFT), ~0UL);
    expect_tag_label("no slot", l4_debugger_set_object_name(L4_INVALID_CAP, "x"), -L4_EINVAL);
    expect_label("empty slot", l4_debugger_get_object_name(0xff0UL << L4_CAP_SHIFT, got, 8),
                 -L4_EINVAL);
    main_does(L4_BASE_DEBUGGER_CAP, CALL, tag(L4_PROTO_DEBUGGER, 1), MS(50));
    expect_label("FILL is no operation", l4_msgtag_label(m.tag), -L4_ENOSYS);
    main_does(L4_BASE_DEBUGGER_CAP, CALL, tag(L4_PROTO_DEBUGGER, 0), MS(50));
    expect_label("no word", l4_msgtag_label(m.tag), -L4_ENOSYS);
    main_does(L4_BASE_DEBUGGER_CAP, CALL, tag(0x55, 1), MS(50));
    expect_label("protocol", l4_msgtag_label(m.tag), -L4_EBADPROTO);
    expect("numbers of addresses", l4_debugger_kobj_to_id(object, 0x1000), ~0UL);
    expect_label("log types", l4_debugger_query_log_typeid(object, "IPC", 0), -L4_ENOSYS);
    expect_tag_label("image", l4_debugger_add_image_info(L4_BASE_TASK_CAP, 0x1000, "x"), 0);
}

/* More names than the kernel keeps: the oldest give way; deleted objects make room. */
static void many_objects(void)
{
    static l4_cap_idx_t all[N_NAMES + MORE];
    char name[8];

    for (unsigned i = 0; i < N_NAMES + MORE; i++) {
        all[i] = new_object(L4_PROTO_SEMAPHORE);
        snprintf(name, sizeof(name), "n%u", i);
        expect_tag_label("set", l4_debugger_set_object_name(all[i], name), 0);
    }
    for (unsigned i = 0; i < N_NAMES + MORE; i++) {
        snprintf(name, sizeof(name), "n%u", i);
        if (i < MORE)
            expect_no_name("forgotten", all[i]);
        else
            expect_name(all[i], name);
    }
    delete_object(all[MORE + 5]);
    all[MORE + 5] = new_object(L4_PROTO_SEMAPHORE);
    l4_debugger_set_object_name(all[MORE + 5], "new");
    expect_name(all[MORE + 5], "new");
    expect_name(all[MORE], "n45");
    for (unsigned i = 0; i < N_NAMES + MORE; i++)
        delete_object(all[i]);
}

static void many(void) { expect_no_loss(many_objects); }

/* A name stays while 1,000 other objects with names come and go. */
static void short_lived(void)
{
    l4_debugger_set_object_name(object, "old oak");
    for (unsigned i = 0; i < 1000; i++) {
        l4_cap_idx_t other = new_object(L4_PROTO_IRQ_SENDER);
        l4_debugger_set_object_name(other, "leaf");
        delete_object(other);
    }
    expect_name(object, "old oak");
}

static void stray(void *unused)
{
    (void)unused;
    *(volatile char *)0x7654321000;
}

static void in_fault_message(void)
{
    struct worker *w = worker_new(1);

    l4_debugger_set_object_name(w->thread, "lost sheep");
    l4_debugger_set_object_name(w->task, "pasture");
    l4_thread_control_start();
    l4_thread_control_pager(L4_INVALID_CAP);
    expect_tag_label("no pager", l4_thread_control_commit(w->thread), 0);
    worker_run(w, stray, NULL);
    expect("it did not go on", (unsigned long)w->done, 0);
    worker_kill(w);
}

static struct test_case const cases[] = {
    {"DEBUGGER", "names are set and read", set_and_get},
    {"DEBUGGER", "a name without a zero at its end", not_terminated},
    {"DEBUGGER", "numbers of objects, and names by number", by_number},
    {"DEBUGGER", "a dead thread's name", of_a_dead_thread},
    {"DEBUGGER", "refused operations", refused},
    {"DEBUGGER", "more names than are kept", many},
    {"DEBUGGER", "names of objects that come and go", short_lived},
    {"DEBUGGER", "a fault without a pager", in_fault_message},
};

int main(void)
{
    test_setup = setup;
    return TEST_RUN(cases);
}
