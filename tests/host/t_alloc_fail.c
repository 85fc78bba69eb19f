/* SPDX-License-Identifier: MIT */
/* sources: tests/host/scenarios.c tests/model/gen.c @tests/host/fake/sources */
/*
 * Every allocation of every kind of operation fails once: the k-th for k = 1, 2, ... until the operation needs no more.
 * The model says what a failure leaves behind (M-29), the invariants hold, the same operation done again succeeds, and
 * in the end all memory is back (I7, I8).  Operations that must not need memory are tried with the first one failing.
 */
#include "scenarios.h"

#include "kobject.h"
#include "mem_space.h"
#include "obj_space.h"
#include "reply.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

enum { MAX_SETUP = 6, MAX_FAILURES = 40, STATUS_MORE = 0, STATUS_LAST = 10 };

static const struct failing {
    const char *name;
    const char *setup[MAX_SETUP];
    const char *op;
    unsigned at_least; /* allocations that the operation needs */
} failing[] = {
    {"map of a small page", {0}, "map 0 1 3 40000008 40000317", 4},
    {"map of 32 small pages over two tables", {0}, "map 0 1 3 401f0008 405e0457", 17},
    {"map of a 2 MiB page", {0}, "map 0 1 3 40000008 40000557", 3},
    {"map of a 1 GiB page", {0}, "map 0 1 3 80000008 80000797", 2},
    {"2 MiB of a 1 GiB page", {"map 0 1 3 80000008 80000797"}, "map 1 2 3 40000008 80200557", 3},
    {"piece of a 1 GiB page", {"map 0 1 3 80000008 80000797"}, "map 1 2 3 40003008 80003317", 4},
    {"piece of a 2 MiB page", {"map 0 1 3 40000008 40000557"}, "map 1 2 3 40003008 40003317", 4},
    {"grant to another quota", {"map 0 1 3 40000008 40000317"}, "map 1 2 3 4000000a 40000317", 3},
    {"replacing a page", {"map 0 1 3 40000008 40000317"}, "map 0 1 3 40000008 40001317", 1},
    {"replacing a page that the source comes from",
     {"map 0 1 3 40000008 40000317", "map 1 2 3 40000008 40000317"},
     "map 2 1 3 40000008 40000357",
     0},
    {"one port", {0}, "map 0 1 3 8 3f8026", 4},
    {"all ports", {0}, "map 0 1 3 8 426", 3},
    {"eight ports of all", {"map 0 1 3 8 426"}, "map 1 2 3 8 3f80e6", 11},
    {"grant of a port", {"map 0 1 3 8 3f8026"}, "map 1 2 3 a 3f8026", 3},
    {"grant of all ports", {"map 0 1 3 8 426"}, "map 1 2 3 a 426", 3},
    {"weak capability", {"object 1 0 0 60 0"}, "map 1 2 3 600f8 6003f", 2},
    {"capability to an empty object space", {"object 1 0 0 60 0"}, "map 1 2 3 600e8 6003f", 2},
    {"capability to another table", {"object 1 0 0 60 0"}, "map 1 1 3 1000e8 6003f", 1},
    {"grant of a capability", {"object 1 0 0 60 0"}, "map 1 2 3 600ea 6003f", 2},
    {"capability over one with D",
     {"object 1 0 0 60 0", "object 2 0 0 60 0"},
     "map 1 2 3 600e8 6003f",
     0},
    {"memory item",
     {"map 0 1 3 40000008 40000397"},
     "ipc 1 2 17 40000008 40000397 0 0 0 0 1460 8 40000390",
     5},
    {"port item", {"map 0 1 3 8 3f80e6"}, "ipc 1 2 17 8 3f80e6 0 0 0 0 1460 0 0 0 8 fc0", 11},
    {"object item",
     {"object 1 0 0 60 0"},
     "ipc 1 2 17 600e8 6003f 0 0 0 0 1460 0 0 0 0 0 7000a",
     2},
    {"three items of three types",
     {"object 1 0 0 60 0", "map 0 1 3 8 3f8026", "map 0 1 3 40000008 40000317"},
     "ipc 1 2 19 600e8 6003f 8 3f8026 40000008 40000317 1460 8 40000310 0 8 fc0 7000a",
     10},
    {"two items into one buffer",
     {"map 0 1 3 40000008 40000357"},
     "ipc 1 2 18 40000009 40000317 40001008 40001317 0 0 1460 8 40000350",
     5},
    {"object that is not local to the receiver",
     {"object 1 0 1 60 1000"},
     "ipc 1 2 17 600e8 6003f 0 0 0 0 1460 0 0 0 0 0 7000e",
     2},
    {"forwarded item",
     {"map 0 1 3 40000008 40000317", "task 4 2 7 70"},
     "ipc 1 2 17 40000008 40000317 0 0 0 0 1460 9 40000310 70000",
     4},
    {"kernel-user memory", {0}, "ku_mem 1 0 0 40000350", 4},
    {"new object", {0}, "object 1 0 0 60 0", 3},
    {"new task", {"object 1 0 0 61 0"}, "task 4 1 7 60", 2},
};

static const struct needless {
    const char *name;
    const char *setup[MAX_SETUP];
    const char *op;
} needless[] = {
    {"unmap of a subtree",
     {"map 0 1 3 40000008 40000357", "map 1 2 3 40000008 40000357"},
     "unmap 1 0 1 80000000 40000357"},
    {"unmap of a piece",
     {"map 0 1 3 40000008 40000557", "map 1 2 3 40000008 40000357"},
     "unmap 1 0 1 0 40000317"},
    {"unmap of rights",
     {"map 0 1 3 40000008 40000357", "map 1 2 3 40000008 40000357"},
     "unmap 1 0 1 80000000 40000353"},
    {"unmap of ports", {"map 0 1 3 8 426", "map 1 2 3 8 3f80e6"}, "unmap 1 0 1 0 3f8026"},
    {"unmap of a slot", {"object 1 0 0 60 0"}, "unmap 1 0 1 c0000000 6003f"},
    {"more rights to a child", {"map 0 1 3 40000008 40000314"}, "map 0 1 3 40000008 40000317"},
    {"move within a task", {"map 0 1 3 40000008 40000317"}, "map 1 1 3 4000100a 40000317"},
    {"label of a gate that is local",
     {"object 1 2 1 60 1000"},
     "ipc 1 2 17 600e8 6003f 0 0 0 0 1460 0 0 0 0 0 7000e"},
    {"flexpage within a task",
     {"object 1 0 0 60 0"},
     "ipc 1 1 17 600e8 6003f 0 0 0 0 1460 0 0 0 0 0 7000e"},
    {"a source that is absent", {0}, "map 1 2 3 40000008 40000317"},
};

/* ---- in a child process ---- */

static enum model_status run(const char *line)
{
    enum model_status status = MODEL_IMPOSSIBLE;
    struct seq_op op;

    if (!read_operation(line, &op))
        fake_fail("not an operation: %s", line);
    if (!both_run(&op, &status))
        status = MODEL_FAILED; /* the answer is an error number, and nothing has changed */
    compare_states();
    return status;
}

static void boot(const char *const *setup)
{
    struct world_config c = {.heap = 8 << 20, .n_tasks = 3, .tight = true, .huge = true};

    world_boot(&c);
    for (unsigned i = 0; i < MAX_SETUP && setup[i]; i++)
        if (run(setup[i]) != MODEL_DONE)
            fake_fail("the preparation fails: %s", setup[i]);
}

static int fail_once(const struct failing *f, unsigned k)
{
    enum model_status status;
    bool used;

    boot(f->setup);
    kmem_fail_at = k;
    status = run(f->op);
    used = !kmem_fail_at;
    kmem_fail_at = 0;
    if (used != (status == MODEL_FAILED))
        fake_fail("allocation %u %s, but the operation %s", k, used ? "failed" : "was not needed",
                  status == MODEL_FAILED ? "fails" : "does not fail");
    if (used && world_task(1)->ku_mem) /* paid for, and of no use */
        fake_fail("a part of a kernel-user area stays");
    world_check();
    if (used && run(f->op) != MODEL_DONE)
        fake_fail("done again the operation still fails");
    world_check();
    world_end();
    return used ? STATUS_MORE : STATUS_LAST;
}

static int need_nothing(const struct needless *n)
{
    boot(n->setup);
    kmem_fail_at = 1;
    if (run(n->op) != MODEL_DONE || kmem_fail_at != 1)
        fake_fail("it wanted memory");
    world_end();
    return STATUS_LAST;
}

/* Explicit reply slots: their pages are made when they are first named (I-45). */
static int reply_slots(unsigned k)
{
    static const char *const none[1 + MAX_SETUP];
    struct task *t;
    u64 *slot;
    bool used;

    boot(none);
    t = world_task(1);
    if (reply_slot(t, 5, false) || reply_slot(t, 512 * 512, true))
        fake_fail("a reply slot that is not there");
    kmem_fail_at = k;
    slot = reply_slot(t, 600, true);
    used = !kmem_fail_at;
    kmem_fail_at = 0;
    if (used != !slot)
        fake_fail("allocation %u failed, the slot is %s", k, slot ? "there" : "not there");
    world_check();
    slot = reply_slot(t, 600, true);
    if (!slot || *slot || slot != reply_slot(t, 600, false) || slot == reply_slot(t, 601, true))
        fake_fail("the slot is not an empty one of its own");
    world_check();
    world_end();
    return used ? STATUS_MORE : STATUS_LAST;
}

/* ---- in the parent ---- */

static int child(int (*what)(const void *, unsigned), const void *arg, unsigned k)
{
    int status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0)
        _Exit(what(arg, k));
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

static int run_failing(const void *f, unsigned k) { return fail_once(f, k); }
static int run_needless(const void *n, unsigned k)
{
    (void)k;
    return need_nothing(n);
}
static int run_reply(const void *none, unsigned k)
{
    (void)none;
    return reply_slots(k);
}

static void all_failures(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(failing); i++) {
        unsigned k = 1;
        int status = STATUS_MORE;
        for (; status == STATUS_MORE && k < MAX_FAILURES; k++) {
            status = child(run_failing, &failing[i], k);
            EXPECT(status == STATUS_MORE || status == STATUS_LAST, "%s, allocation %u",
                   failing[i].name, k);
        }
        EXPECT_EQ(status, STATUS_LAST, "%s: too many allocations", failing[i].name);
        /* k is one more than the run that needed no failing one, which is one more than the last failure. */
        EXPECT(k - 2 >= failing[i].at_least, "%s: only %u allocations", failing[i].name, k - 2);
    }
}

static void none_needed(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(needless); i++)
        EXPECT_EQ(child(run_needless, &needless[i], 0), STATUS_LAST, "%s", needless[i].name);
}

static void all_reply_failures(void)
{
    EXPECT_EQ(child(run_reply, NULL, 1), STATUS_MORE, "directory");
    EXPECT_EQ(child(run_reply, NULL, 2), STATUS_MORE, "page");
    EXPECT_EQ(child(run_reply, NULL, 3), STATUS_LAST, "no more");
}

static const struct test_case cases[] = {
    {"M-29 I7 I8 every allocation of every kind of operation fails once", all_failures},
    {"M-29 operations that need no memory", none_needed},
    {"I-45 every allocation of a reply slot fails once", all_reply_failures},
};

int main(void)
{
    record_init();
    return test_main(cases, ARRAY_SIZE(cases));
}
