/* SPDX-License-Identifier: MIT */
/*
 * Names and numbers of objects, for people (objects.md section 11).  The debugger may be missing:
 * then the calls answer with an error that nobody minds.  User only.
 *
 * Each request has the object as its one item.  This kernel keeps 16 characters of the 255 names
 * that were set last, and no log types: their calls return -L4_ENOSYS.
 */
#ifndef L4_SYS_DEBUGGER_H
#define L4_SYS_DEBUGGER_H

#include <l4/sys/kernel_object.h>

enum {
    L4_DEBUGGER_SWITCH_LOG_ON = 1,
    L4_DEBUGGER_SWITCH_LOG_OFF = 0,
};

/*
 * Copy a string into size bytes, cut and zero terminated; nothing is written for size 0.
 * Returns the number of bytes written.
 */
L4_INLINE unsigned __strcpy_maxlen(char *dst, char const *src, unsigned maxlen)
{
    unsigned i = 0;

    if (!maxlen)
        return 0;
    for (; i < maxlen - 1 && src[i]; i++)
        dst[i] = src[i];
    dst[i] = '\0';
    return i + 1;
}

/* A request with the operation, a value if `at` is 2, and a string of at most size bytes from MR at. */
L4_INLINE l4_msgtag_t l4_debugger_text_u(l4_cap_idx_t cap, unsigned at, char const *text,
                                         unsigned size, l4_utcb_t *utcb)
{
    unsigned n = __strcpy_maxlen((char *)&utcb->msg.mr[at], text, size);

    return l4_invoke_debugger(cap, l4_msgtag(0, at + (unsigned)l4_bytes_to_mwords(n), 0, 0), utcb);
}

/** Set the object's name, which fault messages of the kernel show; "" is a name, too. */
L4_INLINE l4_msgtag_t l4_debugger_set_object_name_u(l4_cap_idx_t cap, char const *name,
                                                    l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_DEBUGGER_KOBJ_SET_NAME_OP;
    return l4_debugger_text_u(cap, 1, name, (L4_UTCB_GENERIC_DATA_SIZE - 3) * sizeof(l4_umword_t),
                              utcb);
}

/** Tell that an image with this name is loaded at base; cap: the task. */
L4_INLINE l4_msgtag_t l4_debugger_add_image_info_u(l4_cap_idx_t cap, l4_addr_t base,
                                                   char const *name, l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_DEBUGGER_TASK_ADD_IMAGE_INFO_OP;
    utcb->msg.mr[1] = base;
    return l4_debugger_text_u(cap, 2, name, (L4_UTCB_GENERIC_DATA_SIZE - 4) * sizeof(l4_umword_t),
                              utcb);
}

/* A request of n words; the answer's first word, ~0UL after an error. */
L4_INLINE unsigned long l4_debugger_ask_id_u(l4_cap_idx_t cap, unsigned n, l4_utcb_t *utcb)
{
    l4_msgtag_t tag = l4_invoke_debugger(cap, l4_msgtag(0, n, 0, 0), utcb);

    return l4_error_u(tag, utcb) < 0 ? ~0UL : utcb->msg.mr[0];
}

/** Number of an object that is the same in all tasks and never used again; ~0UL: error. */
L4_INLINE unsigned long l4_debugger_global_id_u(l4_cap_idx_t cap, l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_DEBUGGER_KOBJ_GET_GLOBAL_ID_OP;
    return l4_debugger_ask_id_u(cap, 1, utcb);
}

/** The same of an object's address in the kernel, which this kernel tells nobody: always ~0UL. */
L4_INLINE unsigned long l4_debugger_kobj_to_id_u(l4_cap_idx_t cap, l4_addr_t kobjp, l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_DEBUGGER_KOBJ_PTR_GET_GLOBAL_ID_OP;
    utcb->msg.mr[1] = kobjp;
    return l4_debugger_ask_id_u(cap, 2, utcb);
}

/* A request of n words that answers a name. */
L4_INLINE l4_ret_t l4_debugger_ask_name_u(l4_cap_idx_t cap, unsigned n, char *name, unsigned size,
                                          l4_utcb_t *utcb)
{
    l4_ret_t err = l4_error_u(l4_invoke_debugger(cap, l4_msgtag(0, n, 0, 0), utcb), utcb);

    if (err >= 0)
        __strcpy_maxlen(name, (char const *)&utcb->msg.mr[0], size);
    return err < 0 ? err : 0;
}

/** Name of the object with this global id, in size bytes; cap: any object; -L4_ENOENT: no name. */
L4_INLINE l4_ret_t l4_debugger_query_object_name_u(l4_cap_idx_t cap, unsigned id, char *name,
                                                   unsigned size, l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_DEBUGGER_GLOBAL_ID_GET_NAME_OP;
    utcb->msg.mr[1] = id;
    return l4_debugger_ask_name_u(cap, 2, name, size, utcb);
}

/** Name of an object, in size bytes; -L4_ENOENT: it has none. */
L4_INLINE l4_ret_t l4_debugger_get_object_name_u(l4_cap_idx_t cap, char *name, unsigned size,
                                                 l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_DEBUGGER_KOBJ_GET_NAME_OP;
    return l4_debugger_ask_name_u(cap, 1, name, size, utcb);
}

/** Number of the log type with this name, searched from idx on. */
L4_INLINE l4_ret_t l4_debugger_query_log_typeid_u(l4_cap_idx_t cap, char const *name, unsigned idx,
                                                  l4_utcb_t *utcb)
{
    l4_ret_t err;

    utcb->msg.mr[0] = L4_DEBUGGER_LOG_QUERY_TYPEID_OP;
    utcb->msg.mr[1] = idx;
    err = l4_error_u(l4_debugger_text_u(cap, 2, name, 32, utcb), utcb);
    return err < 0 ? err : (l4_ret_t)utcb->msg.mr[0];
}

/** Long and short name of a log type: two strings one after the other. */
L4_INLINE l4_ret_t l4_debugger_query_log_name_u(l4_cap_idx_t cap, unsigned idx, char *name,
                                                unsigned namelen, char *shortname,
                                                unsigned shortnamelen, l4_utcb_t *utcb)
{
    char const *text = (char const *)&utcb->msg.mr[0];
    l4_ret_t err;

    utcb->msg.mr[0] = L4_DEBUGGER_LOG_QUERY_NAME_OP;
    utcb->msg.mr[1] = idx;
    err = l4_debugger_ask_name_u(cap, 2, name, namelen, utcb);
    if (!err)
        __strcpy_maxlen(shortname, text + __builtin_strlen(text) + 1, shortnamelen);
    return err;
}

/** Turn a log type on or off: L4_DEBUGGER_SWITCH_LOG_*. */
L4_INLINE l4_msgtag_t l4_debugger_switch_log_u(l4_cap_idx_t cap, char const *name, int on_off,
                                               l4_utcb_t *utcb)
{
    utcb->msg.mr[0] = L4_DEBUGGER_LOG_SWITCH_OP;
    utcb->msg.mr[1] = (l4_umword_t)on_off;
    return l4_debugger_text_u(cap, 2, name, 32, utcb);
}

/* ---- the same with the calling thread's UTCB ---- */

L4_INLINE l4_msgtag_t l4_debugger_set_object_name(l4_cap_idx_t cap, char const *name)
{
    return l4_debugger_set_object_name_u(cap, name, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_debugger_add_image_info(l4_cap_idx_t cap, l4_addr_t base, char const *name)
{
    return l4_debugger_add_image_info_u(cap, base, name, l4_utcb());
}

L4_INLINE unsigned long l4_debugger_global_id(l4_cap_idx_t cap)
{
    return l4_debugger_global_id_u(cap, l4_utcb());
}

L4_INLINE unsigned long l4_debugger_kobj_to_id(l4_cap_idx_t cap, l4_addr_t kobjp)
{
    return l4_debugger_kobj_to_id_u(cap, kobjp, l4_utcb());
}

L4_INLINE l4_ret_t l4_debugger_query_object_name(l4_cap_idx_t cap, unsigned id, char *name,
                                                 unsigned size)
{
    return l4_debugger_query_object_name_u(cap, id, name, size, l4_utcb());
}

L4_INLINE l4_ret_t l4_debugger_get_object_name(l4_cap_idx_t cap, char *name, unsigned size)
{
    return l4_debugger_get_object_name_u(cap, name, size, l4_utcb());
}

L4_INLINE l4_ret_t l4_debugger_query_log_typeid(l4_cap_idx_t cap, char const *name, unsigned idx)
{
    return l4_debugger_query_log_typeid_u(cap, name, idx, l4_utcb());
}

L4_INLINE l4_ret_t l4_debugger_query_log_name(l4_cap_idx_t cap, unsigned idx, char *name,
                                              unsigned namelen, char *shortname,
                                              unsigned shortnamelen)
{
    return l4_debugger_query_log_name_u(cap, idx, name, namelen, shortname, shortnamelen,
                                        l4_utcb());
}

L4_INLINE l4_msgtag_t l4_debugger_switch_log(l4_cap_idx_t cap, char const *name, int on_off)
{
    return l4_debugger_switch_log_u(cap, name, on_off, l4_utcb());
}

#endif
