/* SPDX-License-Identifier: MIT */
/*
 * Client of the region map.
 *
 * Decides: operation numbers and arguments of the protocol L4RE_PROTO_RM.  Called by programs and sigma0.c; calls
 * rpc.c, and area.c for a program that has no region map.
 */
#include <l4/re/protocols.h>
#include <l4/sys/err.h>
#include <l4/sys/task.h>
#include <quire/string.h>

#include "area.h"
#include "rpc.h"

enum {
    OP_ATTACH = 0,
    OP_DETACH = 1,
    OP_FIND = 2,
    OP_RESERVE_AREA = 3,
    OP_FREE_AREA = 4,
    OP_GET_INFO = 7,
    OP_PAGE_IN = 10,
};
enum { DETACH_OVERLAP = 2, UNMAPPED = 8 };

struct attach_request {
    l4_umword_t op;
    l4_addr_t start;
    unsigned long size;
    l4_umword_t flags;
    l4re_rm_offset_t offs;
    l4_umword_t align;
    l4_cap_idx_t client_cap;
    unsigned long name_bytes; /* with the zero */
    char name[];              /* then, aligned, the backing offset */
};

struct address_request {
    l4_umword_t op;
    l4_addr_t addr;
};

static int call_rm(l4_cap_idx_t rm, void const *request, unsigned bytes)
{
    struct rpc call = {.server = rm, .label = L4RE_PROTO_RM};

    return rpc_call(&call, request, bytes);
}

int l4re_rm_reserve_area_srv(l4_cap_idx_t rm, l4_addr_t *start, unsigned long size,
                             l4re_rm_flags_t flags, unsigned char align)
{
    struct {
        l4_umword_t op;
        l4_addr_t start;
        unsigned long size;
        l4_uint32_t flags, align;
    } r = {OP_RESERVE_AREA, *start, size, flags, align};
    int result;

    if (l4_is_invalid_cap(rm))
        return area_reserve(start, size, flags, align);
    result = call_rm(rm, &r, sizeof(r));
    if (result >= 0)
        *start = l4_utcb()->msg.mr[0];
    return result;
}

int l4re_rm_free_area_srv(l4_cap_idx_t rm, l4_addr_t addr)
{
    struct address_request r = {OP_FREE_AREA, addr};

    return l4_is_invalid_cap(rm) ? area_free(addr) : call_rm(rm, &r, sizeof(r));
}

/*
 * Have all pages mapped now.  A region map in this task answers with the address of a function that does it, another
 * one with pages.  Errors are left to the page faults that follow.
 */
static void page_in(l4_cap_idx_t rm, l4_addr_t start, unsigned long size, l4re_rm_flags_t rights)
{
    l4_addr_t at = l4_trunc_page(start), last = l4_round_page(start + size) - 1;

    while (size && (rights & L4RE_RM_F_R) && at < last) {
        struct {
            l4_umword_t op;
            l4_addr_t min, max;
            l4_umword_t rights;
        } r = {OP_PAGE_IN, at, last, (l4_uint16_t)rights};
        struct rpc call = {
            .server = rm, .label = L4RE_PROTO_RM, .window = l4_fpage(0, L4_WHOLE_ADDRESS_SPACE, 0)};
        long (*in_task)(l4_addr_t min, l4_addr_t max, l4_uint16_t rights);

        if (rpc_call(&call, &r, sizeof(r)) < 0)
            return;
        in_task = (long (*)(l4_addr_t, l4_addr_t, l4_uint16_t))l4_utcb()->msg.mr[0];
        if (in_task) {
            in_task(at, last, (l4_uint16_t)rights);
            return;
        }
        if (call.order < L4_PAGESHIFT)
            return;
        at += 1UL << call.order;
    }
}

int l4re_rm_attach_w_info_srv(l4_cap_idx_t rm, void **start, unsigned long size,
                              l4re_rm_flags_t flags, l4re_ds_t mem, l4re_rm_offset_t offs,
                              unsigned char align, char const *name,
                              l4re_ds_offset_t backing_offset)
{
    enum {
        MAX_BYTES = L4_UTCB_GENERIC_DATA_SIZE * sizeof(l4_umword_t),
        EAGER = L4RE_RM_F_EAGER_MAP
    };
    union {
        struct attach_request r;
        char bytes[MAX_BYTES];
    } m = {.bytes = {0}};
    struct rpc call = {.server = rm, .label = L4RE_PROTO_RM};
    unsigned long end;
    int result;

    if (!(flags & L4RE_DS_F_RIGHTS_MASK) || (flags & (L4RE_RM_F_RESERVED | L4RE_RM_F_KERNEL)))
        mem = L4_INVALID_CAP;
    m.r = (struct attach_request){OP_ATTACH, (l4_addr_t)*start, size, flags, offs, align, 0, 1};
    m.r.client_cap = mem & L4_CAP_MASK;
    if (l4_is_valid_cap(mem))
        call.item = rpc_cap(mem);
    if (name)
        m.r.name_bytes = strlen(name) + 1;
    if (m.r.name_bytes > MAX_BYTES - sizeof(m.r) - sizeof(backing_offset))
        return -L4_EMSGTOOLONG;
    memcpy(m.r.name, name ? name : "", m.r.name_bytes);
    end = (sizeof(m.r) + m.r.name_bytes + 7) & ~7UL;
    memcpy(m.bytes + end, &backing_offset, sizeof(backing_offset));
    result = rpc_call(&call, &m, (unsigned)(end + sizeof(backing_offset)));
    if (result < 0)
        return result;
    *start = (void *)l4_utcb()->msg.mr[0];
    if ((flags & (EAGER | L4RE_RM_F_NO_EAGER_MAP)) == EAGER)
        page_in(rm, (l4_addr_t)*start, size, flags & L4RE_RM_F_RWX);
    return 0;
}

int l4re_rm_attach_srv(l4_cap_idx_t rm, void **start, unsigned long size, l4re_rm_flags_t flags,
                       l4re_ds_t mem, l4re_rm_offset_t offs, unsigned char align)
{
    return l4re_rm_attach_w_info_srv(rm, start, size, flags, mem, offs, align, 0, 0);
}

int l4re_rm_detach_srv(l4_cap_idx_t rm, l4_addr_t addr, l4re_ds_t *ds, l4_cap_idx_t task)
{
    struct {
        l4_umword_t op;
        l4_addr_t addr;
        unsigned long size;
        l4_umword_t flags;
    } r = {OP_DETACH, addr, 1, DETACH_OVERLAP};
    int result = call_rm(rm, &r, sizeof(r));
    l4_umword_t const *mr = l4_utcb()->msg.mr;
    l4_addr_t at = mr[0], end = at + l4_round_page(mr[1]);

    if (ds)
        *ds = result < 0 ? L4_INVALID_CAP : mr[2];
    if (result < 0)
        return result;
    if ((result & UNMAPPED) || l4_is_invalid_cap(task))
        return result & ~UNMAPPED;
    while (at < end) {
        unsigned order = rpc_block_order(at, at, end);

        l4_task_unmap(task, l4_fpage(at, order, L4_FPAGE_RWX), L4_FP_ALL_SPACES);
        at += 1UL << order;
    }
    return result;
}

int l4re_rm_find_srv(l4_cap_idx_t rm, l4_addr_t *addr, unsigned long *size,
                     l4re_rm_offset_t *offset, l4re_rm_flags_t *flags, l4re_ds_t *ds)
{
    struct {
        l4_umword_t op;
        l4_addr_t addr;
        unsigned long size;
    } r = {OP_FIND, *addr, *size};
    struct found {
        l4_addr_t addr;
        unsigned long size;
        l4re_rm_flags_t flags;
        l4re_rm_offset_t offset;
        l4_cap_idx_t ds;
    } const *found = (struct found const *)l4_utcb()->msg.mr;
    int result = call_rm(rm, &r, sizeof(r));

    *ds = L4_INVALID_CAP;
    if (result < 0)
        return result;
    *addr = found->addr;
    *size = found->size;
    *offset = found->offset;
    *flags = found->flags;
    *ds = found->ds;
    return result;
}

int l4re_rm_get_info_srv(l4_cap_idx_t rm, l4_addr_t addr, char *name, unsigned int len,
                         l4re_rm_offset_t *backing_offset)
{
    struct address_request r = {OP_GET_INFO, addr};
    l4_umword_t const *mr = l4_utcb()->msg.mr;
    int result = call_rm(rm, &r, sizeof(r));
    unsigned long n;

    if (result < 0)
        return result;
    n = mr[0]; /* bytes of the name, with its zero */
    if (n == 0 || len == 0 || n > (L4_UTCB_GENERIC_DATA_SIZE - 2) * sizeof(l4_umword_t))
        return -L4_EMSGTOOSHORT;
    *backing_offset = mr[1 + l4_bytes_to_mwords((unsigned)n)];
    if (n > len)
        n = len;
    memcpy(name, &mr[1], n);
    name[n - 1] = '\0';
    return result;
}

void l4re_rm_show_lists_srv(l4_cap_idx_t rm)
{
    l4_umword_t function = 0;
    struct rpc call = {.server = rm, .label = L4RE_PROTO_DEBUG};

    rpc_call(&call, &function, sizeof(function));
}
