/* SPDX-License-Identifier: MIT */
/*
 * Flexpages and map control words.
 *
 * Decides: how a range of memory, I/O ports or capability slots is written in one word, and the
 * attribute bits of a send item.  Used by kernel (fpage.c, msgitem.h) and user; pure.
 */
#ifndef L4_SYS_FPAGE_H
#define L4_SYS_FPAGE_H

#include <l4/sys/compiler.h>
#include <l4/sys/consts.h>
#include <l4/sys/l4int.h>
#include <l4/sys/types.h>

/*
 * Flexpage word:
 *
 *   63                                       12 11         6 5    4 3      0
 *  +------------------------------------------+------------+------+--------+
 *  | address, port << 12, or capability index | order log2 | type | rights |
 *  +------------------------------------------+------------+------+--------+
 *
 *   rights    bit 3   bit 2   bit 1   bit 0
 *   memory    (U)     R       W       X
 *   object    D       R       S       W
 *   I/O       any of bits 3, 2, 1 gives access; the library uses 6
 *
 * The kernel clears address bits below the order (F-1).  0 is "nil"; type 0 with order 63 is "all
 * spaces" and matches items of every type.
 */
typedef union {
    l4_umword_t fpage;
    l4_umword_t raw;
} l4_fpage_t;

enum L4_fpage_consts {
    L4_FPAGE_RIGHTS_SHIFT = 0,
    L4_FPAGE_TYPE_SHIFT = 4,
    L4_FPAGE_SIZE_SHIFT = 6,
    L4_FPAGE_ADDR_SHIFT = 12,
    L4_FPAGE_RIGHTS_BITS = 4,
    L4_FPAGE_TYPE_BITS = 2,
    L4_FPAGE_SIZE_BITS = 6,
    L4_FPAGE_ADDR_BITS = L4_MWORD_BITS - L4_FPAGE_ADDR_SHIFT,
};
#define L4_FPAGE_RIGHTS_MASK 0xfUL
#define L4_FPAGE_TYPE_MASK 0x30UL
#define L4_FPAGE_SIZE_MASK 0xfc0UL
#define L4_FPAGE_ADDR_MASK (~0xfffUL)
#define L4_FPAGE_RIGHTS_ALL L4_FPAGE_RIGHTS_MASK

enum { L4_WHOLE_ADDRESS_SPACE = 63 };   /* order of a flexpage over everything */
enum { L4_WHOLE_IOADDRESS_SPACE = 16 }; /* order of a flexpage over all ports */
enum { L4_IOPORT_MAX = 1 << L4_WHOLE_IOADDRESS_SPACE };

/** A send item: two message registers. */
typedef struct {
    l4_umword_t snd_base; /* hot spot and flags, see consts.h */
    l4_fpage_t fpage;
} l4_snd_fpage_t;

enum L4_fpage_rights {
    L4_FPAGE_X = 1,
    L4_FPAGE_W = 2,
    L4_FPAGE_RO = 4,
    L4_FPAGE_RX = L4_FPAGE_RO | L4_FPAGE_X,
    L4_FPAGE_RW = L4_FPAGE_RO | L4_FPAGE_W,
    L4_FPAGE_RWX = L4_FPAGE_RW | L4_FPAGE_X,
};

enum L4_cap_fpage_rights {
    L4_CAP_FPAGE_W = 1,
    L4_CAP_FPAGE_S = 2,
    L4_CAP_FPAGE_R = 4,
    L4_CAP_FPAGE_D = 8,
    L4_CAP_FPAGE_RO = L4_CAP_FPAGE_R,
    L4_CAP_FPAGE_RW = L4_CAP_FPAGE_R | L4_CAP_FPAGE_W,
    L4_CAP_FPAGE_RS = L4_CAP_FPAGE_R | L4_CAP_FPAGE_S,
    L4_CAP_FPAGE_RWS = L4_CAP_FPAGE_RW | L4_CAP_FPAGE_S,
    L4_CAP_FPAGE_RWSD = L4_CAP_FPAGE_RWS | L4_CAP_FPAGE_D,
    L4_CAP_FPAGE_RD = L4_CAP_FPAGE_R | L4_CAP_FPAGE_D,
    L4_CAP_FPAGE_RSD = L4_CAP_FPAGE_RS | L4_CAP_FPAGE_D,
    L4_CAP_FPAGE_RWD = L4_CAP_FPAGE_RW | L4_CAP_FPAGE_D,
};

enum L4_fpage_type {
    L4_FPAGE_SPECIAL = 0,
    L4_FPAGE_MEMORY = 1,
    L4_FPAGE_IO = 2,
    L4_FPAGE_OBJ = 3,
};

enum L4_fpage_control {
    L4_FPAGE_CONTROL_OFFSET_SHIFT = 12,
};
#define L4_FPAGE_CONTROL_MASK (~0UL << L4_FPAGE_CONTROL_OFFSET_SHIFT)

/** Attribute bits 4..7 of an object send item, already in place. */
enum L4_obj_fpage_ctl {
    L4_FPAGE_C_REF_CNT = 0x00,
    L4_FPAGE_C_NO_REF_CNT = 0x10, /* weak: the copy does not keep the object alive */
    L4_FPAGE_C_OBJ_RIGHT1 = 0x20,
    L4_FPAGE_C_OBJ_RIGHT2 = 0x40,
    L4_FPAGE_C_OBJ_RIGHT3 = 0x80,
    L4_FPAGE_C_OBJ_RIGHTS = L4_FPAGE_C_OBJ_RIGHT1 | L4_FPAGE_C_OBJ_RIGHT2 | L4_FPAGE_C_OBJ_RIGHT3,
    L4_FPAGE_C_IPCGATE_SVR = L4_FPAGE_C_OBJ_RIGHT1, /* server right of an IPC gate */
};

/** Cacheability of a memory send item; goes to bits 4..6 of its first word. */
typedef enum l4_fpage_cacheability_opt_t {
    L4_FPAGE_CACHE_OPT = 1,   /* override what the sender has */
    L4_FPAGE_CACHEABLE = 3,   /* write-back */
    L4_FPAGE_BUFFERABLE = 5,  /* write-combining */
    L4_FPAGE_UNCACHEABLE = 1, /* uncached */
} l4_fpage_cacheability_opt_t;

L4_INLINE l4_fpage_t l4_fpage_build(l4_umword_t address, unsigned type, unsigned order,
                                    unsigned rights)
{
    l4_fpage_t f = {.raw = (address & L4_FPAGE_ADDR_MASK) | (l4_umword_t)type << 4 |
                           (l4_umword_t)(order & 0x3fU) << 6 | (rights & 0xfU)};
    return f;
}

/** Memory flexpage; address in bytes, size = order 12..63, rights L4_FPAGE_R*. */
L4_INLINE l4_fpage_t l4_fpage(l4_addr_t address, unsigned int size, unsigned char rights)
{
    return l4_fpage_build(address, L4_FPAGE_MEMORY, size, rights);
}

/** Flexpage that, as a receive window, takes items of every type. */
L4_INLINE l4_fpage_t l4_fpage_all(void)
{
    return l4_fpage_build(0, L4_FPAGE_SPECIAL, L4_WHOLE_ADDRESS_SPACE, 0);
}

/** Nil flexpage. */
L4_INLINE l4_fpage_t l4_fpage_invalid(void)
{
    l4_fpage_t f = {.raw = 0};
    return f;
}

/** I/O flexpage; port 0..0xffff, size = order 0..16. */
L4_INLINE l4_fpage_t l4_iofpage(unsigned long port, unsigned int size)
{
    return l4_fpage_build(port << L4_FPAGE_ADDR_SHIFT, L4_FPAGE_IO, size, L4_FPAGE_RW);
}

/** Object flexpage; obj: selector of the first slot, order 0..16, rights L4_CAP_FPAGE_*. */
L4_INLINE l4_fpage_t l4_obj_fpage(l4_cap_idx_t obj, unsigned int order, unsigned char rights)
{
    return l4_fpage_build(obj, L4_FPAGE_OBJ, order, rights);
}

/** Type, one of L4_fpage_type. */
L4_INLINE unsigned l4_fpage_type(l4_fpage_t f)
{
    return (unsigned)(f.raw >> L4_FPAGE_TYPE_SHIFT) & 3U;
}

/** Order (log2 of the size), 0..63. */
L4_INLINE unsigned l4_fpage_size(l4_fpage_t f)
{
    return (unsigned)(f.raw >> L4_FPAGE_SIZE_SHIFT) & 0x3fU;
}

/** Rights, four bits. */
L4_INLINE unsigned l4_fpage_rights(l4_fpage_t f) { return (unsigned)f.raw & 0xfU; }

/** Page number, port number or slot index. */
L4_INLINE unsigned long l4_fpage_page(l4_fpage_t f) { return f.raw >> L4_FPAGE_ADDR_SHIFT; }

/** Address of a memory flexpage, bytes. */
L4_INLINE l4_addr_t l4_fpage_memaddr(l4_fpage_t f) { return f.raw & L4_FPAGE_ADDR_MASK; }

/** First selector of an object flexpage. */
L4_INLINE l4_cap_idx_t l4_fpage_obj(l4_fpage_t f) { return f.raw & L4_FPAGE_ADDR_MASK; }

/** First port of an I/O flexpage. */
L4_INLINE unsigned long l4_fpage_ioport(l4_fpage_t f) { return f.raw >> L4_FPAGE_ADDR_SHIFT; }

/** The same flexpage with other rights. */
L4_INLINE l4_fpage_t l4_fpage_set_rights(l4_fpage_t src, unsigned char new_rights)
{
    l4_fpage_t f = {.raw = (src.raw & ~L4_FPAGE_RIGHTS_MASK) | (new_rights & 0xfU)};
    return f;
}

L4_INLINE int l4_is_fpage_writable(l4_fpage_t fp)
{
    return (int)(l4_fpage_rights(fp) & (unsigned)L4_FPAGE_W);
}

/** Non-zero if there is something in the flexpage: it has a type, or is "all spaces". */
L4_INLINE int l4_is_fpage_valid(l4_fpage_t fp)
{
    return l4_fpage_type(fp) != L4_FPAGE_SPECIAL || l4_fpage_size(fp) != 0;
}

/** Is the memory range address..address+2^size-1 inside the memory flexpage? */
L4_INLINE int l4_fpage_contains(l4_fpage_t fpage, l4_addr_t address, unsigned size)
{
    l4_addr_t start = l4_fpage_memaddr(fpage);

    return start <= address && address + (1UL << size) <= start + (1UL << l4_fpage_size(fpage));
}

/**
 * Largest order, at least @order, of an aligned block that lies in min_addr..max_addr (inclusive),
 * contains addr and keeps the position of hotspot: (addr ^ hotspot) has no bit below the order.
 */
L4_INLINE unsigned char l4_fpage_max_order(unsigned char order, l4_addr_t addr, l4_addr_t min_addr,
                                           l4_addr_t max_addr, l4_addr_t hotspot)
{
    while (order < L4_MWORD_BITS - 1) {
        unsigned next = order + 1U;
        l4_addr_t mask = (1UL << next) - 1;
        l4_addr_t first = addr & ~mask;
        if (first < min_addr || first + mask > max_addr || ((addr ^ hotspot) & mask) != 0)
            break;
        order = (unsigned char)next;
    }
    return order;
}

/** First word of a memory send item: hot spot, cacheability (0 = as the sender), grant flag. */
L4_INLINE l4_umword_t l4_map_control(l4_umword_t spot, unsigned char cache, unsigned grant)
{
    return (spot & L4_FPAGE_CONTROL_MASK) | (l4_umword_t)cache << 4 | L4_ITEM_MAP | grant;
}

/** First word of an object send item: hot spot, grant flag and L4_obj_fpage_ctl bits. */
L4_INLINE l4_umword_t l4_map_obj_control(l4_umword_t spot, unsigned grant)
{
    return l4_map_control(spot, 0, grant);
}

_Static_assert(sizeof(l4_fpage_t) == 8 && sizeof(l4_snd_fpage_t) == 16, "flexpage words");

#endif
