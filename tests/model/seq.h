/* SPDX-License-Identifier: MIT */
/*
 * One operation of a test sequence, with all its parameters: what the generator makes, the model and
 * the kernel carry out, and a replay file holds.  Freestanding: host programs and guest programs use it.
 *
 * Spaces are numbers: 0 is sigma0, 1 ... are tasks.  What the fields mean:
 *
 *   kind      a          b          n                        w
 *   map       from       to         rights of both tasks'    item word, flexpage
 *                                   capabilities (SEQ_S_*)
 *   unmap     task       -          number of flexpages      mask, flexpages
 *   ipc       sender     receiver   items | sender's S << 4  SEQ_W_ITEM..., SEQ_W_BDR, SEQ_W_BR...
 *   touch     task       -          0 read, 1 write          address
 *   object    receiver   bound task kind (enum seq_object)   slot, label
 *   task      new task   receiver   spaces it has            slot in the receiver
 *   ku_mem    task       -          -                        flexpage
 *   fault     -          -          -                        address that sigma0 touches
 *   fail      -          -          -                        the n-th allocation from now on fails
 */
#ifndef TESTS_MODEL_SEQ_H
#define TESTS_MODEL_SEQ_H

#include <stdbool.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

enum seq_kind {
    SEQ_MAP,
    SEQ_UNMAP,
    SEQ_IPC,
    SEQ_TOUCH,
    SEQ_OBJECT,
    SEQ_TASK,
    SEQ_KU_MEM,
    SEQ_FAULT,
    SEQ_FAIL,
    N_SEQ_KINDS
};

enum { SEQ_S_TO = 1, SEQ_S_FROM = 2 };
enum { SEQ_MAX_ITEMS = 3, SEQ_MAX_BRS = 9, SEQ_MAX_UNMAPS = 3 };
enum { SEQ_W_ITEM = 0, SEQ_W_BDR = 6, SEQ_W_BR = 7, N_SEQ_WORDS = SEQ_W_BR + SEQ_MAX_BRS };

enum seq_object { SEQ_OBJ_PLAIN, SEQ_OBJ_GATE };

struct seq_op {
    u8 kind, a, b, n;
    u64 w[N_SEQ_WORDS];
};

/* Flexpages, as the specification draws them. */
enum { SEQ_SPECIAL = 0, SEQ_MEM = 1, SEQ_IO = 2, SEQ_OBJ = 3 };

static inline u64 seq_fpage(u64 address, unsigned type, unsigned order, unsigned rights)
{
    return (address & ~0xfffUL) | (u64)order << 6 | type << 4 | rights;
}

#endif
