/* SPDX-License-Identifier: MIT */
/*
 * Memory-map example, server: owns a page and maps it to who asks.
 *
 * The root task starts it with the channel "smap", which it binds to its only thread.  See smap.h
 * for the protocol.  Each operation is one step of the demonstration and prints one line.
 */
#include "smap.h"

#include <l4/re/env.h>
#include <l4/sys/ipc.h>
#include <l4/sys/rcv_endpoint.h>
#include <l4/sys/snd_fpage.h>
#include <l4/sys/task.h>
#include <quire/guard.h>
#include <quire/io.h>
#include <quire/string.h>

static char page[L4_PAGESIZE] __attribute__((aligned(4096)));
static int quit;

/* The answer carries the page; opts: L4_SND_FPAGE_MAP or _GRANT. */
static l4_msgtag_t answer_page(unsigned rights, l4_addr_t to, unsigned opts)
{
    l4_snd_fpage_t item = l4_snd_fpage_mem((l4_addr_t)page, L4_PAGESHIFT, rights, to, opts);

    l4_snd_fpage_put_u(l4_utcb(), 0, item);
    return l4_msgtag(0, 0, 1, 0);
}

static l4_msgtag_t revoke(void)
{
    l4_fpage_t fp = l4_fpage((l4_addr_t)page, L4_PAGESHIFT, L4_FPAGE_RWX);
    long err = l4_error(l4_task_unmap(L4RE_THIS_TASK_CAP, fp, L4_FP_OTHER_SPACES));

    printf("Page revoked from the client\n");
    return l4_msgtag(err, 0, 0, 0);
}

static l4_msgtag_t seen(void)
{
    unsigned long word;

    memcpy(&word, page, sizeof(word));
    printf("The client's write is here: 0x%lx\n", word);
    l4_utcb_mr()->mr[0] = word;
    return l4_msgtag(0, 1, 0, 0);
}

static l4_msgtag_t serve(l4_msgtag_t tag)
{
    l4_umword_t op = l4_utcb_mr()->mr[0];
    l4_addr_t to = l4_utcb_mr()->mr[1];

    if (l4_msgtag_label(tag) != SMAP_PROTOCOL)
        return l4_msgtag(-L4_EBADPROTO, 0, 0, 0);
    switch (op) {
    case SMAP_MAP:
        printf("Sending to client\n");
        return answer_page(L4_FPAGE_RO, to, L4_SND_FPAGE_MAP);
    case SMAP_REVOKE:
        return revoke();
    case SMAP_REMAP:
        printf("Mapping the page again, writable\n");
        return answer_page(L4_FPAGE_RW, to, L4_SND_FPAGE_MAP);
    case SMAP_SEEN:
        return seen();
    case SMAP_GRANT:
        printf("Granting the page to the client\n");
        return answer_page(L4_FPAGE_RW, to, L4_SND_FPAGE_GRANT);
    case SMAP_QUIT:
        quit = 1;
        return l4_msgtag(0, 0, 0, 0);
    default:
        return l4_msgtag(-L4_ENOSYS, 0, 0, 0);
    }
}

/* After the grant the page is not ours any more: reading it must fault. */
static int check_granted(void)
{
    struct quire_fault f;
    unsigned long word;

    if (quire_guard_read((l4_addr_t)page, &word)) {
        printf("The granted page is still here\n");
        return 1;
    }
    quire_guard_faults(&f);
    printf("Page fault survived: %s at 0x%lx, ip 0x%lx: the granted page is gone\n", f.kind,
           f.address, f.ip);
    return 0;
}

int main(void)
{
    l4_utcb_t *u = l4_utcb();
    l4_cap_idx_t gate = l4re_env_get_cap("smap");
    l4_umword_t label;
    l4_msgtag_t tag;
    long err;

    printf("Welcome to the memory map example server!\n");
    strlcpy(page, "Hello from the server!", sizeof(page));
    if (l4_is_invalid_cap(gate)) {
        printf("No channel smap\n");
        return 1;
    }
    err = quire_guard_start();
    if (!err)
        err = l4_error(l4_rcv_ep_bind_thread(gate, l4re_env()->main_thread, 0));
    if (err) {
        printf("Cannot serve: %s\n", l4sys_errtostr(err));
        return 1;
    }
    tag = l4_ipc_wait(u, &label, L4_IPC_NEVER);
    while (!quit) {
        if (l4_msgtag_has_error(tag)) {
            tag = l4_ipc_wait(u, &label, L4_IPC_NEVER);
            continue;
        }
        tag = serve(tag);
        if (quit)
            l4_ipc_reply(L4_INVALID_CAP, u, tag, L4_IPC_SEND_TIMEOUT_0);
        else
            tag = l4_ipc_reply_and_wait(u, tag, &label, L4_IPC_SEND_TIMEOUT_0);
    }
    return check_granted();
}
