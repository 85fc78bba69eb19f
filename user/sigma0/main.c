/* SPDX-License-Identifier: MIT */
/*
 * sigma0: owner of all memory and I/O ports of the machine.
 *
 * Decides: the answer to each request (abi: boot section 6, B-23 ... B-26).  Started by the kernel,
 * which also resolves its page faults.  Invariants: answers carry at most one item, always of kind
 * map, never grant (M-37); sigma0 never blocks on a client: it answers with send timeout zero.
 */
#include "sigma0.h"

#include <l4/re/c/util/cap_alloc.h>
#include <l4/sigma0/sigma0.h>
#include <l4/sys/factory.h>
#include <l4/sys/ipc.h>
#include <l4/sys/scheduler.h>
#include <l4/sys/snd_fpage.h>
#include <quire/io.h>

enum { KIP_API_VERSION = 0x87, FIRST_CLIENT = 5, LABEL_SHIFT = 4 };

static l4_kernel_info_t const *kip;
static unsigned next_client = FIRST_CLIENT;

static l4_msgtag_t answer_error(long error) { return l4_msgtag(error, 0, 0, 0); }

static l4_msgtag_t answer_item(l4_snd_fpage_t item)
{
    l4_snd_fpage_put_u(l4_utcb(), 0, item);
    return l4_msgtag(0, 0, 1, 0);
}

static l4_msgtag_t answer_memory(l4_addr_t start, unsigned order, unsigned rights, unsigned cache)
{
    return answer_item(l4_snd_fpage_mem(start, order, rights, start, cache));
}

/* MR0: address and kind of fault, MR1: instruction pointer. */
static l4_msgtag_t page_fault(unsigned client)
{
    l4_umword_t word = l4_utcb_mr()->mr[0];
    l4_addr_t page = l4_trunc_page(word);
    unsigned needed = (word & 2) ? L4_FPAGE_W : (word & 4) ? L4_FPAGE_X : L4_FPAGE_RO;
    unsigned rights;

    if (!regions_claim(&ram, page, page + L4_PAGESIZE - 1, client, &rights) ||
        (rights & needed) == 0) {
        printf("sigma0: client %u: no page at 0x%lx for ip 0x%lx\n", client, word & ~7UL,
               l4_utcb_mr()->mr[1]);
        return answer_error(-L4_ENOMEM);
    }
    return answer_memory(page, L4_PAGESHIFT, rights, L4_SND_FPAGE_CACHED);
}

static l4_msgtag_t io_page_fault(unsigned client)
{
    l4_fpage_t fp = {.raw = l4_utcb_mr()->mr[0]};
    unsigned order = l4_fpage_size(fp);
    unsigned long port;
    unsigned rights;

    if (l4_fpage_type(fp) != L4_FPAGE_IO || order > L4_WHOLE_IOADDRESS_SPACE)
        return answer_error(-L4_EINVAL);
    port = l4_trunc_size(l4_fpage_ioport(fp), (unsigned char)order);
    if (!regions_claim(&ports, port, port + (1UL << order) - 1, client, &rights))
        return answer_error(-L4_ENOMEM);
    return answer_item(l4_snd_fpage_io(port, order, rights, 0, 0));
}

/* A range at a fixed address. */
static l4_msgtag_t fixed_memory(struct region_map *m, l4_fpage_t fp, unsigned client,
                                unsigned cache)
{
    unsigned order = l4_fpage_size(fp);
    unsigned rights;
    l4_addr_t start;

    if (l4_fpage_type(fp) != L4_FPAGE_MEMORY || order < L4_PAGESHIFT || order >= 63)
        return answer_error(-L4_EINVAL);
    start = l4_trunc_size(l4_fpage_memaddr(fp), (unsigned char)order);
    if (!regions_claim(m, start, start + (1UL << order) - 1, client, &rights))
        return answer_error(-L4_ENOMEM);
    /* Boot modules have no rights by page fault; who owns and asks for them gets all. */
    if (rights == 0)
        rights = L4_FPAGE_RWX;
    return answer_memory(start, order, rights, cache);
}

static l4_msgtag_t any_memory(l4_fpage_t fp, unsigned client)
{
    unsigned order = l4_fpage_size(fp);
    l4_addr_t start;

    if (l4_fpage_type(fp) != L4_FPAGE_MEMORY || order < L4_PAGESHIFT)
        return answer_error(-L4_EINVAL);
    if (!regions_claim_any(&ram, order, client, &start))
        return answer_error(-L4_ENOMEM);
    return answer_memory(start, order, L4_FPAGE_RWX, L4_SND_FPAGE_CACHED);
}

static void dump(char const *name, struct region_map const *m)
{
    for (unsigned i = 0; i < m->n; i++)
        printf("sigma0: %s 0x%lx-0x%lx owner %u rights %u\n", name, m->r[i].start, m->r[i].end,
               m->r[i].owner, m->r[i].rights);
}

static l4_msgtag_t request(unsigned client)
{
    l4_umword_t req = l4_utcb_mr()->mr[0];
    l4_fpage_t fp = {.raw = l4_utcb_mr()->mr[1]};

    if (!SIGMA0_IS_MAGIC_REQ(req))
        return answer_error(-L4_EINVAL);
    switch (req & SIGMA0_REQ_ID_MASK) {
    case SIGMA0_REQ_ID_FPAGE_RAM:
        return fixed_memory(&ram, fp, client, L4_SND_FPAGE_CACHED);
    case SIGMA0_REQ_ID_FPAGE_IOMEM:
        return fixed_memory(&iomem, fp, client, L4_SND_FPAGE_UNCACHED);
    case SIGMA0_REQ_ID_FPAGE_IOMEM_CACHED:
        return fixed_memory(&iomem, fp, client, L4_SND_FPAGE_CACHED);
    case SIGMA0_REQ_ID_FPAGE_ANY:
        return any_memory(fp, client);
    case SIGMA0_REQ_ID_KIP:
        return answer_memory((l4_addr_t)kip, L4_PAGESHIFT, L4_FPAGE_RX, L4_SND_FPAGE_CACHED);
    case SIGMA0_REQ_ID_DEBUG_DUMP:
        dump("ram", &ram);
        dump("iomem", &iomem);
        dump("ports", &ports);
        return l4_msgtag(0, 0, 0, 0);
    default:
        return answer_error(-L4_ENOSYS);
    }
}

/* A new gate to sigma0; the sender needs the S right on its own gate (bit 1 of the label). */
static l4_msgtag_t new_client(l4_umword_t label)
{
    l4_cap_idx_t gate;
    l4_umword_t kind = l4_utcb_mr()->mr[0];
    long err;

    if (!(label & L4_CAP_FPAGE_S))
        return answer_error(-L4_EPERM);
    if (kind != (l4_umword_t)L4_PROTO_SIGMA0)
        return answer_error(-L4_ENODEV);
    gate = l4re_util_cap_alloc();
    if (l4_is_invalid_cap(gate))
        return answer_error(-L4_ENOMEM);
    err = l4_error(l4_factory_create_gate(L4_BASE_FACTORY_CAP, gate, L4_BASE_THREAD_CAP,
                                          (l4_umword_t)next_client << LABEL_SHIFT));
    if (err < 0) {
        l4re_util_cap_free(gate);
        return answer_error(err);
    }
    next_client++;
    return answer_item(l4_snd_fpage_cap(gate, L4_CAP_FPAGE_RWS, L4_SND_FPAGE_MAP));
}

static l4_msgtag_t serve(l4_msgtag_t tag, l4_umword_t label)
{
    unsigned client = (unsigned)(label >> LABEL_SHIFT);

    switch (l4_msgtag_label(tag)) {
    case L4_PROTO_PAGE_FAULT:
        return page_fault(client);
    case L4_PROTO_IO_PAGE_FAULT:
        return io_page_fault(client);
    case L4_PROTO_SIGMA0:
        return request(client);
    case L4_PROTO_FACTORY:
        return new_client(label);
    default:
        return answer_error(-L4_EBADPROTO);
    }
}

int main(int argc, char **argv)
{
    l4_utcb_t *u = l4_utcb();
    l4_sched_param_t sched = l4_sched_param(L4_SCHED_MAX_PRIO, 0);
    l4_umword_t label;
    l4_msgtag_t tag;

    (void)argc;
    (void)argv;
    kip = l4_kip();
    if (kip->magic != L4_KERNEL_INFO_MAGIC || kip->version >> 24 != KIP_API_VERSION) {
        printf("sigma0: error: no information page of a known kernel at %p\n", (void const *)kip);
        l4_ipc_sleep(L4_IPC_NEVER);
    }
    if (init_regions(kip) < 0)
        l4_ipc_sleep(L4_IPC_NEVER);
    printf("sigma0: %lu KiB of RAM free, information page at %p\n",
           regions_sum(&ram, OWNER_FREE) >> 10, (void const *)kip);
    l4_scheduler_run_thread(L4_BASE_SCHEDULER_CAP, L4_BASE_THREAD_CAP, &sched);

    tag = l4_ipc_wait(u, &label, L4_IPC_NEVER);
    for (;;) {
        if (l4_msgtag_has_error(tag)) {
            /* The answer was not taken: there was no receive phase (I-25). */
            tag = l4_ipc_wait(u, &label, L4_IPC_NEVER);
            continue;
        }
        tag = serve(tag, label);
        tag = l4_ipc_reply_and_wait(u, tag, &label, L4_IPC_SEND_TIMEOUT_0);
    }
}
