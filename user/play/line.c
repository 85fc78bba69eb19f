/* SPDX-License-Identifier: MIT */
/*
 * Line editor, see line.h.
 *
 * Decides: what each key does.  Called by main.c; reads the log object, which triggers an IRQ when
 * input has come; so nobody polls.  Invariants: at <= n <= MAX_LINE, the screen shows prompt and
 * text[0..n) with the cursor before text[at].
 */
#include "line.h"

#include "command.h"

#include <l4/sys/factory.h>
#include <l4/sys/icu.h>
#include <l4/sys/irq.h>
#include <l4/sys/rcv_endpoint.h>
#include <l4/sys/vcon.h>
#include <quire/io.h>
#include <quire/string.h>

enum { INPUT_IRQ = 0xf10, HISTORY = 16 };
#define IRQ ((l4_cap_idx_t)INPUT_IRQ << L4_CAP_SHIFT)
#define PROMPT "play> "
#define CTRL(c) ((c)&0x1f)

enum key {
    KEY_NONE = 0x100,
    KEY_UP,
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_HOME,
    KEY_END,
    KEY_DELETE,
};

static struct editor {
    char text[MAX_LINE + 1];
    unsigned n, at;
    int tabs; /* tab keys in a row */
} e;

static char history[HISTORY][MAX_LINE + 1]; /* by number modulo HISTORY */
static unsigned n_history, shown;           /* lines ever; the one that is shown */

/* ---- console ---- */

static void put(char const *text, unsigned n)
{
    if (n)
        l4_vcon_write(L4_BASE_LOG_CAP, text, n);
}

static void put_string(char const *text) { put(text, (unsigned)strlen(text)); }

long line_init(void)
{
    l4_vcon_attr_t raw = {0, 0, 0}; /* keys as they are, and shown by this editor alone */
    long err = l4_error(l4_factory_create_irq(L4_BASE_FACTORY_CAP, IRQ));

    if (!err)
        err = l4_error(l4_rcv_ep_bind_thread(IRQ, L4_BASE_THREAD_CAP, 0));
    if (!err)
        err = l4_error(l4_vcon_set_attr(L4_BASE_LOG_CAP, &raw));
    return err ? err : l4_error(l4_icu_bind(L4_BASE_LOG_CAP, 0, IRQ));
}

static int get_char(void)
{
    static char input[64];
    static int n, next;

    while (next == n) {
        next = 0;
        n = l4_vcon_read(L4_BASE_LOG_CAP, input, sizeof(input));
        if (n > (int)sizeof(input))
            n = sizeof(input);
        if (n <= 0) {
            n = 0;
            l4_irq_receive(IRQ, L4_IPC_NEVER);
        }
    }
    return (unsigned char)input[next++];
}

/* What follows an escape character: ESC [ or ESC O, digits, a letter or ~. */
static int get_escape(void)
{
    int c = get_char(), number = 0;

    if (c != '[' && c != 'O')
        return KEY_NONE;
    for (c = get_char(); (c >= '0' && c <= '9') || c == ';'; c = get_char())
        number = c == ';' ? 0 : number * 10 + (c - '0');
    switch (c) {
    case 'A':
        return KEY_UP;
    case 'B':
        return KEY_DOWN;
    case 'C':
        return KEY_RIGHT;
    case 'D':
        return KEY_LEFT;
    case 'H':
        return KEY_HOME;
    case 'F':
        return KEY_END;
    case '~':
        return number == 1 || number == 7   ? KEY_HOME
               : number == 4 || number == 8 ? KEY_END
               : number == 3                ? KEY_DELETE
                                            : KEY_NONE;
    default:
        return KEY_NONE;
    }
}

/* ---- text ---- */

static void redraw(void)
{
    char back[16];

    put_string("\r" PROMPT);
    put(e.text, e.n);
    put_string("\033[K");
    if (e.at < e.n) {
        snprintf(back, sizeof(back), "\033[%uD", e.n - e.at);
        put_string(back);
    }
}

static void insert(char const *text, unsigned n)
{
    if (e.n + n > MAX_LINE) {
        put("\a", 1);
        return;
    }
    memmove(e.text + e.at + n, e.text + e.at, e.n - e.at);
    memcpy(e.text + e.at, text, n);
    e.at += n;
    e.n += n;
}

/* Take out the characters from..to. */
static void cut(unsigned from, unsigned to)
{
    memmove(e.text + from, e.text + to, e.n - to);
    e.n -= to - from;
    e.at = from;
}

static unsigned word_start(void)
{
    unsigned i = e.at;

    while (i && e.text[i - 1] == ' ')
        i--;
    while (i && e.text[i - 1] != ' ')
        i--;
    return i;
}

static void show_history(unsigned number)
{
    unsigned oldest = n_history > HISTORY ? n_history - HISTORY : 0;

    if (number < oldest || number > n_history) {
        put("\a", 1);
        return;
    }
    shown = number;
    e.n = 0;
    if (number < n_history) {
        e.n = (unsigned)strlen(history[number % HISTORY]);
        memcpy(e.text, history[number % HISTORY], e.n);
    }
    e.at = e.n;
}

static void remember(char const *line)
{
    if (!*line || (n_history && strcmp(history[(n_history - 1) % HISTORY], line) == 0))
        return;
    strlcpy(history[n_history % HISTORY], line, sizeof(history[0]));
    n_history++;
}

/* ---- completion ---- */

struct completion {
    char const *start; /* what is typed */
    unsigned n;
    char common[16];
    unsigned found, list;
};

static void offer(struct completion *c, char const *word)
{
    unsigned i = 0;

    if (strncmp(word, c->start, c->n) != 0)
        return;
    if (c->list) {
        put_string(c->found ? "  " : "\n");
        put_string(word);
    }
    if (!c->found++)
        strlcpy(c->common, word, sizeof(c->common));
    while (c->common[i] && c->common[i] == word[i])
        i++;
    c->common[i] = '\0';
}

static void offer_all(struct completion *c, int first_word)
{
    c->found = 0;
    for (unsigned i = 0; i < n_commands && first_word; i++)
        offer(c, commands[i].name);
    for (unsigned i = 0; keywords[i] && !first_word; i++)
        offer(c, keywords[i]);
    for (unsigned i = 0; i < N_NAMES && !first_word; i++)
        if (names[i].name[0])
            offer(c, names[i].name);
}

static int part_of_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Is a command's name expected at this place: at the beginning, behind `help`, `repeat N`? */
static int command_place(unsigned at)
{
    unsigned n = 0;

    for (unsigned i = 0; i < at; i++)
        n += e.text[i] != ' ' && (i + 1 == at || e.text[i + 1] == ' ');
    return n == 0 || (n == 1 && strncmp(e.text, "help ", 5) == 0) ||
           (n == 2 && strncmp(e.text, "repeat ", 7) == 0);
}

static void complete(void)
{
    struct completion c = {.n = 0};
    unsigned start = e.at;
    int first;

    while (start && part_of_name(e.text[start - 1]))
        start--;
    first = command_place(start);
    c.start = e.text + start;
    c.n = e.at - start;
    offer_all(&c, first);
    if (c.found == 1) {
        insert(c.common + c.n, (unsigned)strlen(c.common) - c.n);
        if (first)
            insert(" ", 1);
    } else if (strlen(c.common) > c.n && c.found) {
        insert(c.common + c.n, (unsigned)strlen(c.common) - c.n);
    } else if (!c.found) {
        put("\a", 1);
    } else if (e.tabs > 1) {
        c.list = 1;
        offer_all(&c, first);
        put_string("\n");
    }
}

/* ---- keys ---- */

static void control(int key)
{
    switch (key) {
    case KEY_UP:
    case CTRL('p'):
        show_history(shown - 1);
        break;
    case KEY_DOWN:
    case CTRL('n'):
        show_history(shown + 1);
        break;
    case KEY_LEFT:
    case CTRL('b'):
        e.at -= e.at > 0;
        break;
    case KEY_RIGHT:
    case CTRL('f'):
        e.at += e.at < e.n;
        break;
    case KEY_HOME:
    case CTRL('a'):
        e.at = 0;
        break;
    case KEY_END:
    case CTRL('e'):
        e.at = e.n;
        break;
    case '\b':
    case 0x7f:
        if (e.at)
            cut(e.at - 1, e.at);
        break;
    case KEY_DELETE:
    case CTRL('d'):
        if (e.at < e.n)
            cut(e.at, e.at + 1);
        break;
    case CTRL('u'):
        cut(0, e.at);
        break;
    case CTRL('k'):
        e.n = e.at;
        break;
    case CTRL('w'):
        cut(word_start(), e.at);
        break;
    case CTRL('l'):
        put_string("\033[H\033[2J");
        break;
    case '\t':
        complete();
        break;
    default:
        break;
    }
}

void line_read(char line[MAX_LINE + 1])
{
    memset(&e, 0, sizeof(e));
    shown = n_history;
    for (;;) {
        int key;
        char c;

        redraw();
        key = get_char();
        if (key == '\033')
            key = get_escape();
        if (key == '\r' || key == '\n')
            break;
        e.tabs = key == '\t' ? e.tabs + 1 : 0;
        c = (char)key;
        if (key >= ' ' && key < 0x7f)
            insert(&c, 1);
        else
            control(key);
    }
    put_string("\n");
    e.text[e.n] = '\0';
    memcpy(line, e.text, e.n + 1);
    remember(line);
}
