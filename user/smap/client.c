/* SPDX-License-Identifier: MIT */
/*
 * Memory-map example, client: asks the server for a page and then tries what it may do with it.
 *
 * The root task starts it with the channel "smap".  The first part (ask_for_page) is what L4Re's
 * example of that name does; what follows shows rights, revocation and grant, a line each.
 */
#include "smap.h"

#include <l4/re/c/rm.h>
#include <l4/re/c/util/cap_alloc.h>
#include <l4/re/env.h>
#include <l4/sys/ipc.h>
#include <l4/sys/snd_fpage.h>
#include <quire/guard.h>
#include <quire/io.h>

static l4_cap_idx_t server;
static l4_addr_t page; /* the reserved page of our address space */

/* One call; the page may arrive at its place. */
static long call(enum smap_op op)
{
    l4_utcb_t *u = l4_utcb();
    l4_msgtag_t tag;

    u->msg.mr[0] = op;
    u->msg.mr[1] = page;
    u->buf.bdr = 0;
    l4_rcv_fpage_put_u(u, 0, l4_fpage(page, L4_PAGESHIFT, 0), L4_INVALID_CAP);
    tag = l4_ipc_call(server, u, l4_msgtag(SMAP_PROTOCOL, 2, 0, 0), L4_IPC_NEVER);
    return l4_error(tag);
}

static int ask_for_page(void)
{
    int err = l4re_rm_reserve_area(&page, L4_PAGESIZE, L4RE_RM_F_SEARCH_ADDR, L4_PAGESHIFT);

    if (err < 0) {
        printf("No free page of address space: %s\n", l4sys_errtostr(err));
        return -1;
    }
    printf("Asking for page from server\n");
    err = (int)call(SMAP_MAP);
    if (err < 0) {
        printf("The server does not answer well: %s\n", l4sys_errtostr(err));
        return -1;
    }
    printf("String sent by server: %s\n", (char const *)page);
    printf("It worked!\n");
    return 0;
}

/* The access was expected to fault: report what was seen. */
static int faulted(int done, char const *why)
{
    struct quire_fault f;

    if (done) {
        printf("No page fault: %s\n", why);
        return 0;
    }
    quire_guard_faults(&f);
    printf("Page fault survived: %s at 0x%lx, ip 0x%lx: %s\n", f.kind, f.address, f.ip, why);
    return 1;
}

static int step_failed(char const *step, long err)
{
    if (err >= 0)
        return 0;
    printf("%s failed: %s\n", step, l4sys_errtostr(err));
    return 1;
}

static int more_steps(void)
{
    unsigned long word;

    if (!faulted(quire_guard_write(page, SMAP_CLIENT_WORD), "the page is read-only"))
        return 1;
    if (step_failed("Revocation", call(SMAP_REVOKE)))
        return 1;
    if (!faulted(quire_guard_read(page, &word), "the page was revoked"))
        return 1;
    if (step_failed("Mapping again", call(SMAP_REMAP)))
        return 1;
    if (!quire_guard_write(page, SMAP_CLIENT_WORD)) {
        printf("The page is still not writable\n");
        return 1;
    }
    printf("Written to the page: 0x%lx\n", SMAP_CLIENT_WORD);
    if (step_failed("Looking at the page", call(SMAP_SEEN)))
        return 1;
    if (l4_utcb_mr()->mr[0] != SMAP_CLIENT_WORD) {
        printf("The server sees 0x%lx\n", l4_utcb_mr()->mr[0]);
        return 1;
    }
    if (step_failed("Grant", call(SMAP_GRANT)))
        return 1;
    if (!quire_guard_read(page, &word) || word != SMAP_CLIENT_WORD) {
        printf("The granted page did not arrive\n");
        return 1;
    }
    printf("The granted page is ours and still holds 0x%lx\n", word);
    return step_failed("Goodbye", call(SMAP_QUIT));
}

int main(void)
{
    int err;

    server = l4re_env_get_cap("smap");
    if (!l4_is_valid_cap(server)) {
        printf("No channel smap\n");
        return 1;
    }
    err = quire_guard_start();
    if (err) {
        printf("Cannot catch faults: %s\n", l4sys_errtostr(err));
        return 1;
    }
    if (ask_for_page() < 0 || more_steps())
        return 1;
    l4re_util_cap_free_um(server);
    return 0;
}
