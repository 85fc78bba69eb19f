/* SPDX-License-Identifier: MIT */
/*
 * Two threads of one task talk: the main thread calls a server thread, which squares numbers.
 *
 * Shows: call on one side, wait and reply-and-wait on the other; the tag says what is in the message; a call that
 * nobody takes ends with an error by its timeout.  The server is addressed by its thread capability: no gate, so no
 * label tells it who calls.
 * Started by the root task; in a boot script: program ex_ipc.elf
 */
#include <l4/re/env.h>
#include <l4/sys/ipc.h>
#include <quire/io.h>
#include <quire/program.h>

enum { SERVER_PRIO = 3, MAX_INPUT = 1000 };
enum {
    PROTO_SQUARE = 0x100
}; /* label of our own requests; labels of kernel objects are negative */

static void server(void *unused)
{
    l4_utcb_t *u = l4_utcb();
    l4_umword_t label;
    l4_msgtag_t tag = l4_ipc_wait(u, &label, L4_IPC_NEVER);

    (void)unused;
    for (;;) {
        l4_umword_t *word = &l4_utcb_mr_u(u)->mr[0];

        if (l4_msgtag_has_error(tag)) {
            /* The reply could not be sent: then there was no wait after it. */
            tag = l4_ipc_wait(u, &label, L4_IPC_NEVER);
            continue;
        }
        if (l4_msgtag_label(tag) != PROTO_SQUARE || l4_msgtag_words(tag) != 1) {
            tag = l4_msgtag(-L4_EBADPROTO, 0, 0, 0);
        } else if (*word > MAX_INPUT) {
            tag = l4_msgtag(-L4_ERANGE, 0, 0, 0);
        } else {
            *word *= *word;
            tag = l4_msgtag(0, 1, 0, 0);
        }
        /* One system call: the answer, and the wait for the next request.  The caller waits already. */
        tag = l4_ipc_reply_and_wait(u, tag, &label, L4_IPC_SEND_TIMEOUT_0);
    }
}

/* Asks and prints what comes back. */
static void ask(l4_cap_idx_t to, long proto, l4_umword_t n)
{
    l4_msgtag_t tag;
    long err;

    l4_utcb_mr()->mr[0] = n;
    tag = l4_ipc_call(to, l4_utcb(), l4_msgtag(proto, 1, 0, 0), L4_IPC_NEVER);
    err = l4_error(tag); /* the IPC's own error, or the label of the answer */
    if (err < 0)
        printf("%lu: error %ld\n", n, err);
    else
        printf("%lu: %lu\n", n, l4_utcb_mr()->mr[0]);
}

int main(void)
{
    static char stack[4096] __attribute__((aligned(16)));
    static struct quire_thread t = {.entry = server};
    l4_msgtag_t tag;
    int err = quire_thread_create(&t, stack, sizeof(stack), SERVER_PRIO, L4_BASE_PAGER_CAP);

    if (err)
        return 1;
    for (l4_umword_t n = 1; n <= 3; n++)
        ask(t.cap, PROTO_SQUARE, n * 7);
    ask(t.cap, PROTO_SQUARE, MAX_INPUT + 1);
    ask(t.cap, PROTO_SQUARE + 1, 5);

    /* To ourselves: nobody is there to receive. */
    tag = l4_ipc_send(l4re_env()->main_thread, l4_utcb(), l4_msgtag(0, 0, 0, 0),
                      L4_IPC_BOTH_TIMEOUT_0);
    printf("to myself: %s\n", l4_msgtag_has_error(tag) ? "error" : "sent");
    return 0;
}
