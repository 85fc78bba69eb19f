/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of a device reach a thread (rules O-26 ... O-29; objects.md section 8).
 *
 * Runs as root task; see steps.h.  The device is the PC's real-time clock on line 8: when it runs it
 * raises its line 1,024 times a second; a real one then waits until its register C has been read, the
 * emulated one may go on.  The main thread receives.
 */
#include "steps.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sigma0/sigma0.h>
#include <l4/sys/icu.h>
#include <l4/sys/platform_control.h>
#include <l4/sys/rcv_endpoint.h>
#include <l4/sys/semaphore.h>
#include <l4/sys/task.h>
#include <quire/io.h>

#define ICU L4_BASE_ICU_CAP
#define LABEL 0x123456789abcdef3UL
enum { LINE = 8, PINS = 24, N_INTERRUPTS = 40, ATTEMPTS = 8 };
enum { CMOS = 0x70, REG_A = 0xa, REG_B = 0xb, REG_C = 0xc, PERIODIC = 0x40, RATE_1024 = 6 };
enum { PFC_SUSPEND = 0, PFC_SHUTDOWN = 1 };
enum { EDGE = L4_IRQ_F_POS_EDGE, LEVEL = L4_IRQ_F_LEVEL_HIGH };

static l4_cap_idx_t irq;

/* ---- the clock ---- */

static void out(unsigned port, unsigned value)
{
    __asm__ volatile("outb %0, %1" : : "a"((unsigned char)value), "Nd"((unsigned short)port));
}

static unsigned clock_read(unsigned reg)
{
    unsigned char v;

    out(CMOS, reg);
    __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"((unsigned short)(CMOS + 1)));
    return v;
}

static void clock_write(unsigned reg, unsigned value)
{
    out(CMOS, reg);
    out(CMOS + 1, value);
}

/* Allow the next interrupt. */
static void clock_next(void) { (void)clock_read(REG_C); }

static void clock_run(int on)
{
    clock_write(REG_A, (clock_read(REG_A) & 0xf0) | RATE_1024);
    clock_write(REG_B, (clock_read(REG_B) & 0x8fU) | (on ? PERIODIC : 0));
    clock_next();
}

/* ---- receiving ---- */

/* Wait for the interrupt, which must come or must not. */
static void expect_interrupt(char const *when, int comes)
{
    main_does(irq, RECV, tag(0, 0), comes ? MS(500) : MS(10));
    expect(when, m.error, comes ? 0 : L4_IPC_RETIMEOUT);
    if (comes) {
        expect("tag", (unsigned long)m.tag.raw, 0);
        expect("label", m.label, LABEL);
    }
}

static void setup(void)
{
    static l4_cap_idx_t old;

    clock_run(0);
    if (old)
        delete_object(old);
    old = irq = new_object(L4_PROTO_IRQ_SENDER);
    expect_tag_label("thread", l4_rcv_ep_bind_thread(irq, L4_BASE_THREAD_CAP, LABEL), 0);
    expect_tag_label("mode", l4_icu_set_mode(ICU, LINE, EDGE), 0);
}

static void bind_line(void)
{
    expect_tag_label("bind", l4_icu_bind(ICU, LINE, irq), 0);
    clock_run(1);
}

/* A new IRQ is masked until the one who made it is ready. */
static void first_unmask(void)
{
    bind_line();
    expect_interrupt("before it is unmasked", 0);
    l4_irq_unmask(irq);
    clock_next();
    expect_interrupt("afterwards", 1);
}

/* Microseconds that N_INTERRUPTS take. */
static l4_cpu_time_t time_of_many(void)
{
    l4_cpu_time_t start = l4_kip_clock(l4_kip());

    for (unsigned i = 0; i < N_INTERRUPTS; i++) {
        clock_next();
        expect_interrupt("in time", 1);
    }
    return l4_kip_clock(l4_kip()) - start;
}

/* After a standstill of the machine below, the emulated clock makes up for what it has missed. */
static void many(void)
{
    unsigned tries = 0;

    bind_line();
    l4_irq_unmask(irq);
    while (time_of_many() < N_INTERRUPTS * 900UL && tries < ATTEMPTS)
        tries++;
    expect("not faster than the clock", tries < ATTEMPTS, 1);
}

/* What came just before is taken, too. */
static void mask_line(void)
{
    l4_icu_mask(ICU, LINE, NULL, L4_IPC_BOTH_TIMEOUT_0);
    main_does(irq, RECV, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0);
}

static void unbind_line(void)
{
    expect_tag_label("unbind", l4_icu_unbind(ICU, LINE, irq), 0);
    main_does(irq, RECV, tag(0, 0), L4_IPC_BOTH_TIMEOUT_0);
}

static void mask(void)
{
    bind_line();
    expect(
        "unmask answers nothing",
        (unsigned long)l4_msgtag_has_error(l4_icu_unmask(ICU, LINE, NULL, L4_IPC_BOTH_TIMEOUT_0)),
        0);
    clock_next();
    expect_interrupt("unmasked", 1);
    mask_line();
    clock_next();
    expect_interrupt("masked", 0);
    l4_irq_unmask(irq);
    clock_next();
    expect_interrupt("unmasked at the IRQ", 1);
}

/* Edges while the first one still waits: one message, and the line works afterwards. */
static void not_received_in_time(void)
{
    bind_line();
    l4_irq_unmask(irq);
    for (unsigned i = 0; i < 3; i++) {
        clock_next();
        l4_ipc_sleep_ms(5);
    }
    clock_run(0);
    expect_interrupt("the first", 1);
    expect_interrupt("only one", 0);
    clock_run(1);
    expect_interrupt("not masked any more", 1);
}

/* A trigger by software does not unmask. */
static void software_trigger(void)
{
    bind_line();
    l4_irq_trigger(irq);
    expect_interrupt("triggered", 1);
    clock_next();
    expect_interrupt("still masked", 0);
}

/* Level mode: masked when it comes; comes again after unmasking as long as the device wants it. */
static void level(void)
{
    expect_tag_label("mode", l4_icu_set_mode(ICU, LINE, LEVEL), 0);
    bind_line();
    l4_irq_unmask(irq);
    expect_interrupt("first", 1);
    clock_next();
    expect_interrupt("masked until it is unmasked", 0);
    l4_irq_unmask(irq);
    expect_interrupt("the line was still up", 1);
    clock_run(0); /* before unmasking: the line is down */
    l4_irq_unmask(irq);
    expect_interrupt("the line is down", 0);
}

static void to_a_semaphore(void)
{
    l4_cap_idx_t sem = new_object(L4_PROTO_SEMAPHORE);

    expect_tag_label("bind", l4_icu_bind(ICU, LINE, sem), 0);
    clock_run(1);
    l4_irq_unmask(sem);
    for (unsigned i = 0; i < 3; i++) {
        clock_next();
        expect_tag_label("down", l4_semaphore_down(sem, MS(500)), 0);
    }
    clock_run(0);
    while (!l4_error(l4_semaphore_down(sem, L4_IPC_BOTH_TIMEOUT_0)))
        continue; /* what was counted meanwhile */
    expect_label("no more", l4_error(l4_semaphore_down(sem, MS(10))),
                 l4_ipc_to_errno(L4_IPC_RETIMEOUT));
    delete_object(sem);
}

static void unbind(void)
{
    l4_cap_idx_t other = new_object(L4_PROTO_IRQ_SENDER);

    bind_line();
    l4_irq_unmask(irq);
    expect_tag_label("taken", l4_icu_bind(ICU, LINE, other), -L4_EINVAL);
    unbind_line();
    clock_next();
    expect_interrupt("unbound", 0);
    expect_tag_label("nothing there", l4_icu_unbind(ICU, LINE, irq), 0);
    /* The pin counts, not the IRQ that is named. */
    expect_tag_label("another", l4_icu_bind(ICU, LINE, other), 0);
    expect_tag_label("unbind that", l4_icu_unbind(ICU, LINE, irq), 0);
    /* The end of a bound IRQ sets the line free. */
    expect_tag_label("another", l4_icu_bind(ICU, LINE, other), 0);
    l4_irq_unmask(other);
    delete_object(other);
    bind_line();
    expect_interrupt("free again", 1);
}

/* Masked or not is a state of the IRQ, which the line gets that it is bound to. */
static void mask_goes_with_the_irq(void)
{
    l4_irq_unmask(irq); /* before there is a line */
    bind_line();
    expect_interrupt("unmasked from the start", 1);
    mask_line();
    expect_tag_label("unbind", l4_icu_unbind(ICU, LINE, irq), 0);
    bind_line();
    expect_interrupt("still masked", 0);
    l4_irq_unmask(irq);
    unbind_line();
    clock_next();
    expect_interrupt("without a line", 0);
    bind_line();
    expect_interrupt("still unmasked", 1);
}

/* An IRQ has one line at most: another bind takes it away from the first, also one that fails. */
static void bind_again(void)
{
    l4_cap_idx_t other = new_object(L4_PROTO_IRQ_SENDER);

    bind_line();
    expect_tag_label("another line", l4_icu_bind(ICU, LINE + 1, irq), 0);
    expect_tag_label("the first is free", l4_icu_bind(ICU, LINE, other), 0);
    expect_tag_label("taken", l4_icu_bind(ICU, LINE, irq), -L4_EINVAL);
    expect_tag_label("the second is free", l4_icu_bind(ICU, LINE + 1, other), 0);
    expect_tag_label("back", l4_icu_bind(ICU, LINE, irq), 0);
    l4_irq_unmask(irq);
    clock_next();
    expect_interrupt("works", 1);
    delete_object(other);
}

/* A call with words MR0 ... MR2; returns the answer's label or the negative error. */
static long call(long label, unsigned words, l4_umword_t op, l4_umword_t w1, l4_umword_t w2)
{
    ipc_init(&m, ICU, CALL, tag(label, words), MS(50));
    m.msg.mr[0] = op;
    m.msg.mr[1] = w1;
    m.msg.mr[2] = w2;
    ipc_do(&m);
    return m.error ? l4_ipc_to_errno(m.error) : l4_msgtag_label(m.tag);
}

static void refused(void)
{
    l4_cap_idx_t weak = l4re_util_cap_alloc();
    l4_icu_info_t info = {~0U, 0, ~0U};

    expect_tag_label("info", l4_icu_info(ICU, &info), 0);
    expect("lines", info.nr_irqs, PINS);
    expect("message-signalled interrupts: announced or none", !info.features, !info.nr_msis);
    expect_tag_label(
        "copy",
        l4_task_map(L4_BASE_TASK_CAP, L4_BASE_TASK_CAP, l4_obj_fpage(irq, 0, L4_CAP_FPAGE_R), weak),
        0);
    expect_tag_label("IRQ without W", l4_icu_bind(ICU, LINE, weak), -L4_EPERM);
    expect_tag_label("no such line", l4_icu_bind(ICU, PINS, irq), -L4_EINVAL);
    expect_tag_label("no IRQ", l4_icu_bind(ICU, LINE, L4_BASE_THREAD_CAP), -L4_EINVAL);
    expect_tag_label("nothing", l4_icu_bind(ICU, LINE, L4_INVALID_CAP), -L4_EINVAL);
    expect_tag_label("mode of no line", l4_icu_set_mode(ICU, PINS, EDGE), -L4_EINVAL);
    expect_label("MSI of a line", call(L4_PROTO_IRQ, 3, L4_ICU_OP_MSI_INFO, LINE, 0), -L4_ERANGE);
    if (!info.nr_msis)
        expect_label("MSI", call(L4_PROTO_IRQ, 3, L4_ICU_OP_MSI_INFO, 0x80000000, 0), -L4_ENOSYS);
    expect_label("operation", call(L4_PROTO_IRQ, 2, 99, 0, 0), -L4_ENOSYS);
    expect_label("protocol", call(0x55, 2, 0, 0, 0), -L4_EBADPROTO);
    l4re_util_cap_free(weak);
}

/* What must not end the machine.  A kernel that can suspend it would do so in the last line. */
static void platform_control(void)
{
    expect_label("shutdown with one word", call(0, 1, PFC_SHUTDOWN, 0, 0), -L4_EINVAL);
    expect_label("with three", call(0, 3, PFC_SHUTDOWN, 0, 0), -L4_EINVAL);
    expect_label("in no way known", call(0, 2, PFC_SHUTDOWN, 7, 0), -L4_ENOSYS);
    expect_label("no such operation", call(0, 2, 99, 0, 0), -L4_ENOSYS);
    expect_tag_label("CPU off", l4_platform_ctl_cpu_disable(ICU, 0), -L4_ENOSYS);
    expect_tag_label("CPU on", l4_platform_ctl_cpu_enable(ICU, 1), -L4_ENOSYS);
    expect_tag_label("off with CPU", l4_platform_ctl_cpu_allow_shutdown(ICU, 0, 1), -L4_ENOSYS);
    expect_label("suspend", call(0, 2, PFC_SUSPEND, 0, 0), -L4_ENOSYS);
}

static struct test_case const cases[] = {
    {"O-28", "a new IRQ is masked at first", first_unmask},
    {"O-26", "interrupts of a device, one by one", many},
    {"O-28", "mask and unmask", mask},
    {"O-28", "edges that are not received in time", not_received_in_time},
    {"O-28", "a trigger by software does not unmask", software_trigger},
    {"O-28", "level mode", level},
    {"ICU", "a semaphore at a line", to_a_semaphore},
    {"O-28", "masked or not goes with the IRQ", mask_goes_with_the_irq},
    {"ICU", "unbind, and the end of a bound IRQ", unbind},
    {"ICU", "an IRQ bound to another line", bind_again},
    {"ICU", "refused operations", refused},
    {"PLATFORM", "refused operations", platform_control},
};

int main(void)
{
    int err = l4sigma0_map_ioports(L4_BASE_PAGER_CAP, CMOS, 1);

    if (err) {
        printf("sigma0 gives no ports: %d\n", err);
        return 1;
    }
    test_setup = setup;
    err = TEST_RUN(cases);
    clock_run(0);
    return err;
}
