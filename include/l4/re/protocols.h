/* SPDX-License-Identifier: MIT */
/* Labels of the protocols between programs and their runtime services. */
#ifndef L4_RE_PROTOCOLS_H
#define L4_RE_PROTOCOLS_H

enum L4re_protocols {
    L4RE_PROTO_DATASPACE = 0x4000,
    L4RE_PROTO_NAMESPACE,
    L4RE_PROTO_PARENT, /* the only one that the root task of this project serves */
    L4RE_PROTO_GOOS,
    L4RE_PROTO_RSVD_1,
    L4RE_PROTO_RM,
    L4RE_PROTO_EVENT,
    L4RE_PROTO_INHIBITOR,
    L4RE_PROTO_DMA_SPACE,
    L4RE_PROTO_MMIO_SPACE,
    L4RE_PROTO_ITAS,
    L4RE_PROTO_MEM_ALLOC,
    L4RE_PROTO_REMOTE_ACCESS,
    L4RE_PROTO_DEBUG = ~0x7fffL,
};

#endif
