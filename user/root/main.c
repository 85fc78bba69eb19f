/* SPDX-License-Identifier: MIT */
/*
 * The root task: starts the programs of the boot script and waits for their ends.
 *
 * Decides: what happens to a program that faults or ends, and the result of the run.  Started by
 * the kernel, which makes sigma0 its pager.  Invariants: a program that ended is never started
 * again; the run succeeds only if all programs ended with status 0.
 */
#include "root.h"

#include <l4/re/c/parent.h>
#include <l4/re/c/util/cap_alloc.h>
#include <l4/re/env.h>
#include <l4/re/protocols.h>
#include <l4/sys/factory.h>
#include <l4/sys/ipc.h>
#include <l4/sys/scheduler.h>
#include <quire/io.h>
#include <quire/program.h>
#include <quire/string.h>

enum { ROOT_PRIO = 200, LABEL_SHIFT = 4 };

struct script script;
l4_cap_idx_t channel_gate[MAX_CHANNELS];
static struct program programs[MAX_PROGRAMS];
static unsigned running;

void die(char const *format, ...)
{
    va_list args;

    printf("root: error: ");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    quire_machine_exit(QUIRE_EXIT_FAILURE);
}

static void create_channels(void)
{
    for (unsigned i = 0; i < script.n_channels; i++) {
        long err;

        /* Unbound: the server binds it to its thread, clients wait until then (I-36). */
        channel_gate[i] = l4re_util_cap_alloc();
        err = l4_error(
            l4_factory_create_gate(L4_BASE_FACTORY_CAP, channel_gate[i], L4_INVALID_CAP, 0));
        if (err < 0)
            die("channel %s: %s", script.channels[i].name, l4sys_errtostr(err));
    }
}

static void program_ended(struct program *p)
{
    p->ended = 1;
    running--;
    program_destroy(p);
}

static char const *trap_name(unsigned long trap)
{
    static char const *const names[] = {
        "division by zero",
        "debug",
        "NMI",
        "breakpoint",
        "overflow",
        "bound",
        "invalid opcode",
        "no FPU",
        "double fault",
        "",
        "bad TSS",
        "no segment",
        "stack segment",
        "general protection",
        "page fault",
        "",
        "FPU error",
        "alignment",
        "machine check",
        "SIMD error",
    };

    return trap < sizeof(names) / sizeof(names[0]) ? names[trap] : "";
}

/* Nobody in the program wanted the exception: report it and end the program. */
static void report_fault(struct program *p, l4_exc_regs_t const *r)
{
    unsigned long thread = (r->gs_base - p->utcb_area) / L4_UTCB_OFFSET;
    char const *kind = (r->err & 16) ? "execute" : (r->err & 2) ? "write" : "read";

    if (l4_utcb_exc_is_pf(r))
        printf("quire: fault: task %s thread %lu: %s at address 0x%lx, ip 0x%lx, sp 0x%lx (%s)\n",
               p->script->name, thread, kind, r->pfa, r->ip, r->sp,
               (r->err & 1) ? "no right" : "no page");
    else
        printf("quire: fault: task %s thread %lu: trap %lu %s, error 0x%lx, ip 0x%lx, sp 0x%lx\n",
               p->script->name, thread, r->trapno, trap_name(r->trapno), r->err, r->ip, r->sp);
    p->faulted = 1;
    program_ended(p);
}

/*
 * One message of a program.  Returns 1 if it gets the answer *answer.
 */
static int serve(struct program *p, l4_msgtag_t tag, l4_msgtag_t *answer)
{
    l4_msg_regs_t const *mr = l4_utcb_mr();

    *answer = l4_msgtag(-L4_EBADPROTO, 0, 0, 0);
    switch (l4_msgtag_label(tag)) {
    case L4_PROTO_PAGE_FAULT:
    case L4_PROTO_IO_PAGE_FAULT:
        /* All memory was mapped at the start.  The refusal makes it an exception (I-54). */
        *answer = l4_msgtag(-L4_EFAULT, 0, 0, 0);
        return 1;
    case L4_PROTO_EXCEPTION:
        report_fault(p, l4_utcb_exc());
        return 0;
    case L4RE_PROTO_PARENT:
        if (l4_msgtag_words(tag) < 3 || mr->mr[0] != L4RE_PARENT_OP_SIGNAL ||
            mr->mr[1] != L4RE_PARENT_SIGNAL_EXIT) {
            *answer = l4_msgtag(-L4_ENOSYS, 0, 0, 0);
            return 1;
        }
        p->status = mr->mr[2];
        program_ended(p);
        return 0;
    default:
        return 1;
    }
}

static void serve_until_all_ended(void)
{
    l4_utcb_t *u = l4_utcb();
    l4_umword_t label;
    l4_msgtag_t tag, answer;
    int reply = 0;

    u->buf.bdr = 0;
    u->buf.br[0] = 0; /* no items wanted */
    while (running) {
        unsigned long n;

        tag = reply ? l4_ipc_reply_and_wait(u, answer, &label, L4_IPC_SEND_TIMEOUT_0)
                    : l4_ipc_wait(u, &label, L4_IPC_NEVER);
        reply = 0;
        n = label >> LABEL_SHIFT;
        if (l4_msgtag_has_error(tag) || n == 0 || n > script.n_programs)
            continue;
        /* A thread of a program that ended just now may still have been queued. */
        if (!programs[n - 1].ended)
            reply = serve(&programs[n - 1], tag, &answer);
    }
}

static int summary(void)
{
    unsigned good = 0;

    for (unsigned i = 0; i < script.n_programs; i++) {
        struct program const *p = &programs[i];

        if (p->faulted)
            printf("root: %s ended by a fault\n", p->script->name);
        else if (p->status == 0)
            good++;
        else
            printf("root: %s ended with status %lu\n", p->script->name, p->status);
    }
    printf("root: %u of %u programs ended with success\n", good, script.n_programs);
    return good == script.n_programs ? 0 : 1;
}

static void read_script(void)
{
    struct module const *m;

    if (modules_find() < 0)
        die("the kernel says nothing about boot modules");
    m = module_by_ending(".boot");
    if (!m)
        die("no boot script: no boot module has a name that ends in .boot");
    module_open(m);
    if (script_parse(&script, m->data, m->size) < 0)
        die("%s:%u: %s", m->name, script.error_line, script.error);
}

int main(int argc, char **argv)
{
    l4_sched_param_t sched = l4_sched_param(ROOT_PRIO, 0);

    (void)argc;
    (void)argv;
    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, L4_BASE_THREAD_CAP, &sched);
    read_script();
    create_channels();
    for (unsigned i = 0; i < script.n_programs; i++) {
        programs[i].script = &script.programs[i];
        program_load(&programs[i], (l4_umword_t)(i + 1) << LABEL_SHIFT);
    }
    /* All are complete before the first one runs: an error in one means that none ran. */
    for (unsigned i = 0; i < script.n_programs; i++)
        program_start(&programs[i]);
    running = script.n_programs;
    serve_until_all_ended();
    return summary();
}
