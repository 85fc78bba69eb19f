/* SPDX-License-Identifier: MIT */
/*
 * Calls of the log and of virtual consoles (objects.md section 10).  User only.
 */
#ifndef L4_SYS_VCON_H
#define L4_SYS_VCON_H

#include <l4/sys/kernel_object.h>

typedef struct l4_vcon_attr_t {
    l4_umword_t i_flags; /* L4_VCON_INLCR ... */
    l4_umword_t o_flags; /* L4_VCON_ONLCR ... */
    l4_umword_t l_flags; /* L4_VCON_ICANON, L4_VCON_ECHO */
} l4_vcon_attr_t;

enum L4_vcon_i_flags {
    L4_VCON_INLCR = 000100,
    L4_VCON_IGNCR = 000200,
    L4_VCON_ICRNL = 000400,
};
enum L4_vcon_o_flags {
    L4_VCON_ONLCR = 000004,
    L4_VCON_OCRNL = 000010,
    L4_VCON_ONLRET = 000040,
};
enum L4_vcon_l_flags {
    L4_VCON_ICANON = 000002,
    L4_VCON_ECHO = 000010,
};

/** Write up to L4_VCON_WRITE_SIZE bytes (longer: cut); one message, there is no answer. */
L4_INLINE l4_msgtag_t l4_vcon_send_u(l4_cap_idx_t vcon, char const *buf, unsigned size,
                                     l4_utcb_t *utcb)
{
    unsigned n = size > L4_VCON_WRITE_SIZE ? (unsigned)L4_VCON_WRITE_SIZE : size;

    utcb->msg.mr[0] = L4_VCON_WRITE_OP;
    utcb->msg.mr[1] = n;
    __builtin_memcpy(&utcb->msg.mr[2], buf, n);
    return l4_ipc_send(vcon, utcb,
                       l4_msgtag(L4_PROTO_LOG, 2 + l4_bytes_to_mwords(n), 0, L4_MSGTAG_SCHEDULE),
                       L4_IPC_NEVER);
}

/** The same; returns how many bytes were written, or a negative error. */
L4_INLINE long l4_vcon_write_u(l4_cap_idx_t vcon, char const *buf, unsigned size, l4_utcb_t *utcb)
{
    l4_msgtag_t tag = l4_vcon_send_u(vcon, buf, size, utcb);

    if (l4_msgtag_has_error(tag))
        return l4_error_u(tag, utcb);
    return size > L4_VCON_WRITE_SIZE ? (long)L4_VCON_WRITE_SIZE : (long)size;
}

/**
 * Read up to size bytes (at most L4_VCON_READ_SIZE); buf may be null.  Returns the count, or
 * size + 1 if more is waiting, with L4_VCON_READ_STAT_BREAK; or a negative error.
 */
L4_INLINE int l4_vcon_read_with_flags_u(l4_cap_idx_t vcon, char *buf, unsigned size,
                                        l4_utcb_t *utcb)
{
    unsigned const done = (unsigned)L4_VCON_READ_STAT_DONE;
    unsigned word, got;
    int err;

    utcb->msg.mr[0] = (l4_umword_t)size << 16 | L4_VCON_READ_OP;
    err = l4_error_u(l4_kobject_call_u(vcon, L4_PROTO_LOG, 1, 0, utcb), utcb);
    if (err < 0)
        return err;
    word = (unsigned)utcb->msg.mr[0];
    got = word & L4_VCON_READ_SIZE_MASK;
    if (got > size)
        got = size;
    if (buf)
        __builtin_memcpy(buf, &utcb->msg.mr[1], got);
    return (int)((word & done ? got : size + 1) | (word & L4_VCON_READ_STAT_BREAK));
}

/** The same, returns the count alone. */
L4_INLINE int l4_vcon_read_u(l4_cap_idx_t vcon, char *buf, unsigned size, l4_utcb_t *utcb)
{
    int r = l4_vcon_read_with_flags_u(vcon, buf, size, utcb);

    return r < 0 ? r : (int)((unsigned)r & L4_VCON_READ_SIZE_MASK);
}

L4_INLINE l4_msgtag_t l4_vcon_set_attr_u(l4_cap_idx_t vcon, l4_vcon_attr_t const *attr,
                                         l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_VCON_SET_ATTR_OP;
    utcb->msg.mr[1] = attr->i_flags;
    utcb->msg.mr[2] = attr->o_flags;
    utcb->msg.mr[3] = attr->l_flags;
    return l4_kobject_call_u(vcon, L4_PROTO_LOG, 4, 0, utcb);
}

L4_INLINE l4_msgtag_t l4_vcon_get_attr_u(l4_cap_idx_t vcon, l4_vcon_attr_t *attr, l4_utcb_t *utcb)
{
    l4_msgtag_t tag;

    utcb->msg.mr[0] = L4_VCON_GET_ATTR_OP;
    tag = l4_kobject_call_u(vcon, L4_PROTO_LOG, 1, 0, utcb);
    if (l4_error_u(tag, utcb) < 0)
        return tag;
    attr->i_flags = utcb->msg.mr[1];
    attr->o_flags = utcb->msg.mr[2];
    attr->l_flags = utcb->msg.mr[3];
    return tag;
}

/** Attributes with which characters pass unchanged and are not shown. */
L4_INLINE void l4_vcon_set_attr_raw(l4_vcon_attr_t *attr)
{
    attr->i_flags = 0;
    attr->o_flags = 0;
    attr->l_flags = 0;
}

L4_INLINE l4_msgtag_t l4_vcon_send(l4_cap_idx_t vcon, char const *buf, unsigned size)
{
    return l4_vcon_send_u(vcon, buf, size, l4_utcb());
}

L4_INLINE long l4_vcon_write(l4_cap_idx_t vcon, char const *buf, unsigned size)
{
    return l4_vcon_write_u(vcon, buf, size, l4_utcb());
}

L4_INLINE int l4_vcon_read(l4_cap_idx_t vcon, char *buf, unsigned size)
{
    return l4_vcon_read_u(vcon, buf, size, l4_utcb());
}

L4_INLINE int l4_vcon_read_with_flags(l4_cap_idx_t vcon, char *buf, unsigned size)
{
    return l4_vcon_read_with_flags_u(vcon, buf, size, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_vcon_set_attr(l4_cap_idx_t vcon, l4_vcon_attr_t const *attr)
{
    return l4_vcon_set_attr_u(vcon, attr, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_vcon_get_attr(l4_cap_idx_t vcon, l4_vcon_attr_t *attr)
{
    return l4_vcon_get_attr_u(vcon, attr, l4_utcb());
}

#endif
