/* SPDX-License-Identifier: MIT */
/*
 * The log as a console (objects.md section 10): attributes, reading, input interrupt.
 *
 * Runs as root task; see steps.h.  With the word "input" on its command line it asks for input by
 * printing "vcon NAME?", and tests/qemu/vcon.py sends what belongs to the name and looks at what the
 * kernel wrote; without it those cases are left out.
 */
#include "steps.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sys/icu.h>
#include <l4/sys/irq.h>
#include <l4/sys/rcv_endpoint.h>
#include <l4/sys/task.h>
#include <l4/sys/vcon.h>
#include <quire/io.h>
#include <quire/string.h>

#define LOG L4_BASE_LOG_CAP
enum { LABEL = 0x70, KEPT = 1023 /* what the kernel's buffer holds */ };
#define MORE (L4_VCON_READ_SIZE + 1)

static l4_cap_idx_t irq;

static long set(l4_umword_t in, l4_umword_t out, l4_umword_t local)
{
    l4_vcon_attr_t attr = {in, out, local};

    return l4_error(l4_vcon_set_attr(LOG, &attr));
}

static void expect_attr(char const *when, l4_umword_t in, l4_umword_t out, l4_umword_t local)
{
    l4_vcon_attr_t attr = {0x55, 0x55, 0x55};

    expect_tag_label(when, l4_vcon_get_attr(LOG, &attr), 0);
    expect("input flags", attr.i_flags, in);
    expect("output flags", attr.o_flags, out);
    expect("local flags", attr.l_flags, local);
}

/* First of all cases: nobody has changed them yet. */
static void attributes(void)
{
    expect_attr("at boot", L4_VCON_ICRNL, L4_VCON_ONLCR, L4_VCON_ECHO);
    expect_label("set", set(L4_VCON_INLCR | 0x10000, L4_VCON_OCRNL, L4_VCON_ICANON), 0);
    expect_attr("others", L4_VCON_INLCR | 0x10000, L4_VCON_OCRNL | L4_VCON_ONLCR, L4_VCON_ICANON);
    expect_label("set to 0", set(0, 0, 0), 0);
    expect_attr("none", 0, L4_VCON_ONLCR, 0);
    main_does(LOG, CALL, tag(L4_PROTO_LOG, 1), MS(50)); /* FILL is no operation of the log */
    expect_label("operation", l4_msgtag_label(m.tag), -L4_ENOSYS);
    main_does(LOG, CALL, tag(0x55, 1), MS(50));
    expect_label("protocol", l4_msgtag_label(m.tag), -L4_EBADPROTO);
}

static void nothing_to_read(void)
{
    l4_cap_idx_t weak = l4re_util_cap_alloc();
    char c;

    expect_label("nothing", l4_vcon_read(LOG, &c, 1), 0);
    expect_tag_label(
        "copy",
        l4_task_map(L4_BASE_TASK_CAP, L4_BASE_TASK_CAP, l4_obj_fpage(LOG, 0, L4_CAP_FPAGE_R), weak),
        0);
    expect_label("without W", l4_vcon_read(weak, &c, 1), -L4_EPERM);
    delete_object(weak);
}

static void pins(void)
{
    l4_cap_idx_t other = new_object(L4_PROTO_IRQ_SENDER);
    l4_icu_info_t info = {~0U, ~0U, ~0U};

    expect_tag_label("info", l4_icu_info(LOG, &info), 0);
    expect("pins", info.nr_irqs, 1);
    expect_tag_label("no such pin", l4_icu_bind(LOG, 1, other), -L4_EINVAL);
    expect_tag_label("taken", l4_icu_bind(LOG, 0, other), -L4_EINVAL);
    expect_tag_label("unbind", l4_icu_unbind(LOG, 0, irq), 0);
    expect_tag_label("free", l4_icu_bind(LOG, 0, other), 0);
    expect_tag_label("unbind that", l4_icu_unbind(LOG, 0, other), 0);
    delete_object(other);
}

/* ---- with input ---- */

static void ask(char const *name) { printf("vcon %s?\n", name); }

static int await_input(unsigned ms)
{
    main_does(irq, RECV, tag(0, 0), MS(ms));
    if (!m.error)
        expect("label", m.label, LABEL);
    return !m.error;
}

/* Read exactly n bytes; each time that nothing is there, the interrupt has to come. */
static void read_all(char *buf, unsigned n)
{
    unsigned done = 0;

    while (done < n) {
        int r = l4_vcon_read(LOG, buf + done, n - done);

        if (r < 0 || (r == 0 && !expect("an interrupt", (unsigned long)await_input(20000), 1)))
            return;
        done += (unsigned)r > n - done ? n - done : (unsigned)r;
    }
}

static void expect_input(char const *name, l4_umword_t flags, char const *want)
{
    char got[16] = "";
    unsigned n = (unsigned)strlen(want);

    expect_label(name, set(flags, 0, 0), 0);
    ask(name);
    read_all(got, n);
    expect(name, (unsigned long)memcmp(got, want, n), 0);
    expect("nothing is left", (unsigned long)l4_vcon_read(LOG, got, 1), 0);
}

/* The host sends "a CR b NL c" each time. */
static void translation(void)
{
    expect_input("raw", 0, "a\rb\nc");
    expect_input("icrnl", L4_VCON_ICRNL, "a\nb\nc");
    expect_input("inlcr", L4_VCON_INLCR, "a\rb\rc");
    expect_input("igncr", L4_VCON_IGNCR, "ab\nc");
    expect_input("igncr icrnl", L4_VCON_IGNCR | L4_VCON_ICRNL, "ab\nc");
    expect_input("inlcr igncr", L4_VCON_INLCR | L4_VCON_IGNCR, "abc");
    expect_input("inlcr icrnl", L4_VCON_INLCR | L4_VCON_ICRNL, "a\nb\nc");
}

static void in_parts(void)
{
    char got[8] = "";

    ask("parts"); /* 0123456789, so that something has come when the first digit has */
    expect("an interrupt", (unsigned long)await_input(20000), 1);
    l4_ipc_sleep_ms(300);
    expect_label("of no size", l4_vcon_read(LOG, got, 0), 1);
    expect_label("one", l4_vcon_read(LOG, got, 1), 2);
    expect_label("four more", l4_vcon_read(LOG, got + 1, 4), 5);
    expect("text", (unsigned long)memcmp(got, "01234", 5), 0);
    expect_label("the rest", l4_vcon_read(LOG, got, sizeof(got)), 5);
    expect("text", (unsigned long)memcmp(got, "56789", 5), 0);
}

/* Echo, and flags of the output; vcon.py compares what is on the line. */
static void echo(void)
{
    static struct {
        char const *name;
        l4_umword_t in, out, local;
    } const modes[] = {
        {"echo off", L4_VCON_ICRNL, 0, 0},
        {"echo icrnl", L4_VCON_ICRNL, 0, L4_VCON_ECHO},
        {"echo raw", 0, 0, L4_VCON_ECHO},
        {"echo ocrnl", 0, L4_VCON_OCRNL, L4_VCON_ECHO},
        {"echo onlret", 0, L4_VCON_ONLRET, L4_VCON_ECHO},
    };
    char got[4];

    for (unsigned i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        expect_label("set", set(modes[i].in, modes[i].out, modes[i].local), 0);
        ask(modes[i].name);
        read_all(got, sizeof(got));
        expect_label("off", set(modes[i].in, modes[i].out, 0), 0);
        printf("[x\ry]\n");
        expect_label("off", set(0, 0, 0), 0);
    }
}

/* 3,000 digits come while nobody reads: the first are kept, and afterwards all is as before. */
static void overflow(void)
{
    static char got[3000 + L4_VCON_READ_SIZE];
    unsigned n = 0, wrong = 0;
    int r;

    ask("overflow");
    expect("an interrupt", (unsigned long)await_input(20000), 1);
    while (await_input(1000))
        continue; /* until the line is quiet */
    while ((r = l4_vcon_read(LOG, got + n, L4_VCON_READ_SIZE)) > 0) {
        if (!n)
            expect("a whole message", (unsigned long)r, MORE);
        n += (unsigned)r > L4_VCON_READ_SIZE ? (unsigned)L4_VCON_READ_SIZE : (unsigned)r;
    }
    for (unsigned i = 0; i < KEPT; i++)
        wrong += got[i] != (char)('0' + i % 10);
    expect("digits in order", wrong, 0);
    expect("not less than the buffer holds, and not all", n >= KEPT && n < 3000, 1);
    expect_input("afterwards", 0, "a\rb\nc");
}

/* ---- two writers ---- */

enum { LINES = 20 };
static volatile unsigned long lines;

static void write_line(char c)
{
    char text[200];

    memset(text, c, sizeof(text) - 1);
    text[sizeof(text) - 1] = '\n';
    l4_vcon_write(LOG, text, sizeof(text));
}

static void write_now_and_then(void *unused)
{
    (void)unused;
    while (lines < LINES) {
        l4_ipc_sleep_us(1000);
        write_line('b');
        lines++;
    }
}

/* Of higher priority than the main thread, whose line it interrupts; that they did not mix is seen outside. */
static void two_writers(void)
{
    struct worker *w = worker_new(0);
    unsigned long n = 0;

    worker_run(w, write_now_and_then, NULL);
    for (; lines < LINES; n++)
        write_line('a');
    expect("both have written", n > LINES, 1);
    worker_kill(w);
}

static struct test_case const cases[] = {
    {"LOG", "attributes at boot, and as they are set", attributes},
    {"LOG", "reading when nothing has come, and without the right", nothing_to_read},
    {"LOG", "the pin for its interrupt", pins},
    {"LOG", "two threads write at the same time", two_writers},
};

static struct test_case const input_cases[] = {
    {"LOG", "input with an interrupt, and its translations", translation},
    {"LOG", "input read in parts", in_parts},
    {"LOG", "echo and flags of the output", echo},
    {"LOG", "more input than the kernel keeps", overflow},
};

static void setup(void)
{
    static l4_cap_idx_t old;

    if (old)
        delete_object(old);
    old = irq = new_object(L4_PROTO_IRQ_SENDER);
    expect_tag_label("thread", l4_rcv_ep_bind_thread(irq, L4_BASE_THREAD_CAP, LABEL), 0);
    expect_tag_label("bind", l4_icu_bind(LOG, 0, irq), 0);
}

/* Does somebody send input?  Then this task's module has the word after its name. */
static int has_input(void)
{
    l4mod_info const *info = (l4mod_info const *)l4_kip()->user_ptr;
    l4mod_mod const *mod = (l4mod_mod const *)info->mods_addr;

    for (unsigned i = 0; i < info->mods_count; i++) {
        char const *words = strchr((char const *)mod[i].cmdline, ' ');
        if ((mod[i].flags & 0xff) == L4MOD_ROOT && words && !strncmp(words, " input", 6))
            return 1;
    }
    return 0;
}

int main(void)
{
    test_setup = setup;
    return has_input() ? TEST_RUN(input_cases) : TEST_RUN(cases);
}
