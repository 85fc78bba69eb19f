/* SPDX-License-Identifier: MIT */
/*
 * Constants that cross the system-call boundary.
 *
 * Decides: selector bits, item flags, unmap masks, initial capabilities, page sizes.  Pure
 * numbers for kernel, user and host tests; includes only other pure headers.
 */
#ifndef L4_SYS_CONSTS_H
#define L4_SYS_CONSTS_H

#include <l4/sys/compiler.h>
#include <l4/sys/l4int.h>

/*
 * Capability selector as given in rdx of a system call:
 *
 *   63                                    12  11    10   9   4  3      2     1    0
 *  +----------------------------------------+-----+-----+------+-----+-----+----+----+
 *  | capability index (slot number)         | inv | rsl |  0   |reply|open |recv|send|
 *  +----------------------------------------+-----+-----+------+-----+-----+----+----+
 *
 *   send, recv  phases of the operation         reply  send to the stored caller (I-7)
 *   open        receive from anybody            inv    no slot: the invoking thread (I-8)
 *   rsl         the index names an explicit reply slot (I-45)
 */
#define L4_SYSF_NONE 0x00
#define L4_SYSF_SEND 0x01
#define L4_SYSF_RECV 0x02
#define L4_SYSF_OPEN_WAIT 0x04
#define L4_SYSF_REPLY 0x08
#define L4_SYSF_CALL (L4_SYSF_SEND | L4_SYSF_RECV)
#define L4_SYSF_WAIT (L4_SYSF_OPEN_WAIT | L4_SYSF_RECV)
#define L4_SYSF_SEND_AND_WAIT (L4_SYSF_OPEN_WAIT | L4_SYSF_CALL)
#define L4_SYSF_REPLY_AND_WAIT (L4_SYSF_WAIT | L4_SYSF_SEND | L4_SYSF_REPLY)

#define L4_CAP_SHIFT 12UL
#define L4_CAP_SIZE (1UL << L4_CAP_SHIFT)
#define L4_CAP_OFFSET (1UL << L4_CAP_SHIFT)
#define L4_CAP_MASK (~0x3ffUL)            /* index and the two kind bits */
#define L4_INVALID_CAP_BIT (1UL << 11)    /* selector names no slot */
#define L4_REPLY_CAP_BIT (1UL << 10)      /* selector names an explicit reply slot */
#define L4_INVALID_CAP (~0UL << 11)       /* 0xfffffffffffff800 */
#define L4_INVALID_REPLY_CAP (~0UL << 10) /* 0xfffffffffffffc00 */

/* Selectors of the capabilities that sigma0 and the root task start with (abi: boot section 5). */
enum l4_default_caps_t {
    L4_BASE_TASK_CAP = 1UL << L4_CAP_SHIFT,
    L4_BASE_FACTORY_CAP = 2UL << L4_CAP_SHIFT,
    L4_BASE_THREAD_CAP = 3UL << L4_CAP_SHIFT,
    L4_BASE_PAGER_CAP = 4UL << L4_CAP_SHIFT,
    L4_BASE_LOG_CAP = 5UL << L4_CAP_SHIFT,
    L4_BASE_ICU_CAP = 6UL << L4_CAP_SHIFT,
    L4_BASE_SCHEDULER_CAP = 7UL << L4_CAP_SHIFT,
    L4_BASE_IOMMU_CAP = 8UL << L4_CAP_SHIFT,
    L4_BASE_DEBUGGER_CAP = 10UL << L4_CAP_SHIFT,
    L4_BASE_ARM_SMCCC_CAP = 11UL << L4_CAP_SHIFT,
    L4_BASE_CAPS_LAST_P1,
    L4_BASE_CAPS_LAST = L4_BASE_CAPS_LAST_P1 - 1,
};

enum l4_sched_consts_t {
    L4_SCHED_MIN_PRIO = 1,
    L4_SCHED_MAX_PRIO = 255,
};

/*
 * First word of a send item (in the sender's message registers) and of a return item:
 *
 *   63                          12 11   8 7    4   3    2    1      0
 *  +------------------------------+------+------+-----+---+------+------+
 *  | hot spot ("snd_base")        |  0   | attr | map | 0 |grant | cont |   send item
 *  +------------------------------+------+------+-----+---+------+------+
 *   63                          12 11        6 5  4  3   2     1   0
 *  +------------------------------+-----------+-----+---+-------+------+
 *  | hot spot, as sent            | order     | type| 1 | result| cont |   return item
 *  +------------------------------+-----------+-----+---+-------+------+
 *
 * First word of a receive buffer (in the receiver's buffer registers):
 *
 *   63                          12 11      4   3    2     1       0
 *  +------------------------------+---------+-----+----+-------+-------+
 *  | capability index, if small   |    0    | map | id | small |forward|
 *  +------------------------------+---------+-----+----+-------+-------+
 */
enum l4_msg_item_consts_t {
    L4_ITEM_MAP = 8,                          /* a map item, the only kind there is */
    L4_ITEM_CONT = 1,                         /* send: the next item uses the same receive buffer */
    L4_MAP_ITEM_GRANT = 2,                    /* send: move instead of copy */
    L4_MAP_ITEM_MAP = 0,                      /* send: copy */
    L4_RCV_ITEM_SINGLE_CAP = L4_ITEM_MAP | 2, /* buffer: one slot, no flexpage word */
    L4_RCV_ITEM_LOCAL_ID = 4,                 /* buffer: give me a label or flexpage if you can */
    L4_RCV_ITEM_FORWARD_MAPPINGS = 1,         /* buffer: an extra word names the task to map to */
};

/*
 * Buffer descriptor register:
 *
 *   63       25  24   23      15 14      10 9        5 4        0
 *  +-----------+-----+----------+----------+----------+----------+
 *  |     0     | fpu |    0     | 1st obj  | 1st I/O  | 1st mem  |   indices of buffer registers
 *  +-----------+-----+----------+----------+----------+----------+
 */
enum l4_buffer_desc_consts_t {
    L4_BDR_MEM_SHIFT = 0,
    L4_BDR_IO_SHIFT = 5,
    L4_BDR_OBJ_SHIFT = 10,
    L4_BDR_OFFSET_MASK = (1UL << 20) - 1,
    L4_BDR_INDEX_MASK = 0x1f, /* width of one index */
};

/*
 * Mask word of Task.unmap:
 *
 *   63     32  31    30   29               0
 *  +---------+------+-----+------------------+
 *  |    0    | self | del |        0         |
 *  +---------+------+-----+------------------+
 */
enum l4_unmap_flags_t {
    L4_FP_ALL_SPACES = 0x80000000UL, /* the addressed task's own mapping too */
    L4_FP_OTHER_SPACES = 0UL,        /* descendants only */
    L4_FP_DELETE_OBJ = 0xc0000000UL, /* destroy objects, if the slot has the D right */
};

#define L4_PAGESHIFT 12
#define L4_SUPERPAGESHIFT 21
#define L4_LOG2_PAGESIZE L4_PAGESHIFT
#define L4_LOG2_SUPERPAGESIZE L4_SUPERPAGESHIFT
#define L4_PAGESIZE (1UL << L4_PAGESHIFT)
#define L4_SUPERPAGESIZE (1UL << L4_SUPERPAGESHIFT)
#define L4_PAGEMASK (~(L4_PAGESIZE - 1))
#define L4_SUPERPAGEMASK (~(L4_SUPERPAGESIZE - 1))
enum l4_addr_consts_t { L4_INVALID_ADDR = ~0UL };
#define L4_INVALID_PTR ((void *)L4_INVALID_ADDR)

/** Round an address down to a page. */
L4_INLINE l4_addr_t l4_trunc_page(l4_addr_t address) { return address & L4_PAGEMASK; }

/** Round an address up to a page; addresses in the last page wrap to 0. */
L4_INLINE l4_addr_t l4_round_page(l4_addr_t address)
{
    return (address + L4_PAGESIZE - 1) & L4_PAGEMASK;
}

/** Round a value down to a multiple of 2^bits; bits: 0..63. */
L4_INLINE l4_addr_t l4_trunc_size(l4_addr_t value, unsigned char bits)
{
    return value & (~0UL << bits);
}

/** Round a value up to a multiple of 2^bits; bits: 0..63. */
L4_INLINE l4_addr_t l4_round_size(l4_addr_t value, unsigned char bits)
{
    return (value + ((1UL << bits) - 1)) & (~0UL << bits);
}

/** Number of machine words that hold @size bytes. */
L4_INLINE unsigned l4_bytes_to_mwords(unsigned size)
{
    return (unsigned)((size + sizeof(l4_umword_t) - 1) / sizeof(l4_umword_t));
}

#endif
