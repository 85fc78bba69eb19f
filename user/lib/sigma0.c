/* SPDX-License-Identifier: MIT */
/*
 * Client of sigma0.
 *
 * Decides: how memory, device memory, I/O ports and the information page are asked for (abi: boot
 * section 6).  Called by the root task and start.c.  All requests are calls, as sigma0 answers
 * with a zero timeout (B-25).  Changes BDR, BR0, BR1 and message registers.
 */
#include <l4/re/c/rm.h>
#include <l4/re/c/util/cap_alloc.h>
#include <l4/sigma0/sigma0.h>
#include <l4/sys/factory.h>
#include <l4/sys/ipc.h>
#include <l4/sys/snd_fpage.h>

/* One request; window: where the answer's item goes. */
static int request(l4_cap_idx_t sigma0, l4_umword_t req, l4_fpage_t what, l4_fpage_t window)
{
    l4_utcb_t *u = l4_utcb();
    l4_msgtag_t tag;

    u->msg.mr[0] = req;
    u->msg.mr[1] = what.raw;
    u->buf.bdr = 0;
    l4_rcv_fpage_put_u(u, 0, window, L4_INVALID_CAP);
    tag = l4_ipc_call(sigma0, u, l4_msgtag(L4_PROTO_SIGMA0, 2, 0, 0), L4_IPC_NEVER);
    if (l4_error_u(tag, u) < 0)
        return -L4SIGMA0_IPCERROR;
    return l4_msgtag_items(tag) == 1 ? 0 : -L4SIGMA0_NOFPAGE;
}

/* Largest order of a block at phys and virt that is aligned in both and fits into size. */
static unsigned block_order(l4_addr_t phys, l4_addr_t virt, l4_addr_t size)
{
    unsigned order = L4_PAGESHIFT;

    while (order < 30 && (2UL << order) <= size && ((phys | virt) & ((2UL << order) - 1)) == 0)
        order++;
    return order;
}

static int map_range(l4_cap_idx_t sigma0, l4_umword_t req, l4_addr_t phys, l4_addr_t virt,
                     l4_addr_t size)
{
    unsigned char rights = req == SIGMA0_REQ_FPAGE_RAM ? L4_FPAGE_RWX : L4_FPAGE_RW;

    if (((phys | virt | size) & ~L4_PAGEMASK) != 0)
        return -L4SIGMA0_NOTALIGNED;
    while (size) {
        unsigned order = block_order(phys, virt, size);
        int err = request(sigma0, req, l4_fpage(phys, order, rights), l4_fpage(virt, order, 0));

        if (err)
            return err;
        phys += 1UL << order;
        virt += 1UL << order;
        size -= 1UL << order;
    }
    return 0;
}

int l4sigma0_map_mem(l4_cap_idx_t sigma0, l4_addr_t phys, l4_addr_t virt, l4_addr_t size)
{
    return map_range(sigma0, SIGMA0_REQ_FPAGE_RAM, phys, virt, size);
}

int l4sigma0_map_iomem(l4_cap_idx_t sigma0, l4_addr_t phys, l4_addr_t virt, l4_addr_t size,
                       int cached)
{
    return map_range(sigma0, cached ? SIGMA0_REQ_FPAGE_IOMEM_CACHED : SIGMA0_REQ_FPAGE_IOMEM, phys,
                     virt, size);
}

int l4sigma0_map_anypage(l4_cap_idx_t sigma0, l4_addr_t map_area, unsigned log2_map_size,
                         l4_addr_t *base, unsigned sz)
{
    int err;

    /* A window larger than the block would let the block's own address choose the position. */
    if (log2_map_size < sz || l4_trunc_size(map_area, (unsigned char)sz) != map_area)
        return -L4SIGMA0_NOTALIGNED;
    err = request(sigma0, SIGMA0_REQ_FPAGE_ANY, l4_fpage(0, sz, L4_FPAGE_RWX),
                  l4_fpage(map_area, sz, 0));
    if (!err)
        *base = map_area;
    return err;
}

int l4sigma0_map_ioports(l4_cap_idx_t sigma0, unsigned port, unsigned order)
{
    l4_utcb_t *u = l4_utcb();
    l4_fpage_t ports = l4_iofpage(port, order);
    l4_snd_fpage_t item;
    l4_msgtag_t tag;

    u->msg.mr[0] = ports.raw;
    u->msg.mr[1] = 0;
    u->buf.bdr = 0;
    l4_rcv_fpage_put_u(u, 0, ports, L4_INVALID_CAP);
    tag = l4_ipc_call(sigma0, u, l4_msgtag(L4_PROTO_IO_PAGE_FAULT, 2, 0, 0), L4_IPC_NEVER);
    if (l4_error_u(tag, u) < 0)
        return -L4SIGMA0_IPCERROR;
    item = l4_snd_fpage_get_u(u, l4_msgtag_words(tag));
    /* Result code 1: nothing was there to be mapped (F-19). */
    if (l4_msgtag_items(tag) != 1 || (l4_snd_fpage_base_x(item) & 6) != 0)
        return -L4SIGMA0_NOFPAGE;
    return 0;
}

l4_kernel_info_t *l4sigma0_map_kip(l4_cap_idx_t sigma0, void *addr, unsigned log2_size)
{
    l4_addr_t at = (l4_addr_t)addr;
    l4_kernel_info_t *kip;

    if (!at && l4re_rm_reserve_area(&at, L4_PAGESIZE, L4RE_RM_F_SEARCH_ADDR, L4_PAGESHIFT) < 0)
        return 0;
    if (request(sigma0, SIGMA0_REQ_KIP, l4_fpage(0, L4_PAGESHIFT, L4_FPAGE_RX),
                l4_fpage(at, log2_size, L4_FPAGE_RX)))
        return 0;
    kip = (l4_kernel_info_t *)at;
    return kip->magic == L4_KERNEL_INFO_MAGIC ? kip : 0;
}

int l4sigma0_new_client(l4_cap_idx_t sigma0, l4_cap_idx_t gate)
{
    return l4_error(l4_factory_create(sigma0, L4_PROTO_SIGMA0, gate));
}

void l4sigma0_debug_dump(l4_cap_idx_t sigma0)
{
    request(sigma0, SIGMA0_REQ_DEBUG_DUMP, l4_fpage_invalid(), l4_fpage_invalid());
}

char const *l4sigma0_map_errstr(int err)
{
    switch (-err) {
    case L4SIGMA0_OK:
        return "no error";
    case L4SIGMA0_NOTALIGNED:
        return "address or size not aligned";
    case L4SIGMA0_IPCERROR:
        return "refused by sigma0";
    case L4SIGMA0_NOFPAGE:
        return "nothing received";
    case L4SIGMA0_SMALLERFPAGE:
        return "received less than asked for";
    default:
        return "unknown error";
    }
}
