/* SPDX-License-Identifier: MIT */
/*
 * Text and numbers to the kernel's console through the debugger object, and its operation groups
 * (objects.md section 11).  The message registers are as before afterwards.  User only.
 *
 * A debugger may leave any of this out.  That of this kernel prints nothing: the log is there for
 * that; the calls come back and have done nothing.
 */
#ifndef L4_SYS_KDEBUG_H
#define L4_SYS_KDEBUG_H

#include <l4/sys/ipc.h>

/* Added to the operation number of the group. */
enum l4_kdebug_group_t {
    L4_KDEBUG_GROUP_JDB = 0x000,
    L4_KDEBUG_GROUP_KOBJ = 0x100,
    L4_KDEBUG_GROUP_TRACE = 0x200,
    L4_KDEBUG_GROUP_COV = 0x400,
    L4_KDEBUG_GROUP_DUMP = 0x500,
};

enum l4_kdebug_ops_t {
    L4_KDEBUG_ENTER = L4_KDEBUG_GROUP_JDB + 0,
    L4_KDEBUG_OUTCHAR = L4_KDEBUG_GROUP_JDB + 1,
    L4_KDEBUG_OUTNSTRING = L4_KDEBUG_GROUP_JDB + 2,
    L4_KDEBUG_OUTHEX32 = L4_KDEBUG_GROUP_JDB + 3,
    L4_KDEBUG_OUTHEX20 = L4_KDEBUG_GROUP_JDB + 4,
    L4_KDEBUG_OUTHEX16 = L4_KDEBUG_GROUP_JDB + 5,
    L4_KDEBUG_OUTHEX12 = L4_KDEBUG_GROUP_JDB + 6,
    L4_KDEBUG_OUTHEX8 = L4_KDEBUG_GROUP_JDB + 7,
    L4_KDEBUG_OUTDEC = L4_KDEBUG_GROUP_JDB + 8,
};

/* Words of a request, from MR0; call it and put the message registers back. */
L4_INLINE l4_msgtag_t l4_kdebug_call(l4_umword_t const *words, unsigned n)
{
    l4_utcb_t *u = l4_utcb();
    l4_msg_regs_t saved = u->msg;
    l4_msgtag_t tag;

    __builtin_memcpy(u->msg.mr, words, n * sizeof(*words));
    tag = l4_ipc_call(L4_BASE_DEBUGGER_CAP, u, l4_msgtag(L4_PROTO_DEBUGGER, n, 0, 0), L4_IPC_NEVER);
    u->msg = saved;
    return tag;
}

/* An operation with its number alone, with one value, with a text, with three values and a text (cut
 * to what fits). */
L4_INLINE l4_msgtag_t __l4_kdebug_op(unsigned op)
{
    l4_umword_t words[] = {op};

    return l4_kdebug_call(words, 1);
}

L4_INLINE l4_msgtag_t __l4_kdebug_op_1(unsigned op, l4_mword_t val)
{
    l4_umword_t words[] = {op, (l4_umword_t)val};

    return l4_kdebug_call(words, 2);
}

L4_INLINE l4_msgtag_t __l4_kdebug_text(unsigned op, char const *text, unsigned len)
{
    l4_umword_t words[L4_UTCB_GENERIC_DATA_SIZE] = {op, len};
    unsigned max = sizeof(words) - 2 * sizeof(*words);

    if (len > max)
        words[1] = len = max;
    __builtin_memcpy(&words[2], text, len);
    return l4_kdebug_call(words, 2 + (unsigned)l4_bytes_to_mwords(len));
}

L4_INLINE l4_msgtag_t __l4_kdebug_3_text(unsigned op, char const *text, unsigned len,
                                         l4_umword_t v1, l4_umword_t v2, l4_umword_t v3)
{
    l4_umword_t words[L4_UTCB_GENERIC_DATA_SIZE] = {op, v1, v2, v3, len};
    unsigned max = sizeof(words) - 5 * sizeof(*words);

    if (len > max)
        words[4] = len = max;
    __builtin_memcpy(&words[5], text, len);
    return l4_kdebug_call(words, 5 + (unsigned)l4_bytes_to_mwords(len));
}

/** Stop in the kernel's debugger and show the text, which may be null; goes on if there is none. */
L4_INLINE void l4_kd_enter(char const *text)
{
    if (text)
        __l4_kdebug_text(L4_KDEBUG_ENTER, text, (unsigned)__builtin_strlen(text));
    else
        l4_kdebug_call(0, 0);
}

/** Print len characters, at most 488. */
L4_INLINE void l4_kd_outnstring(char const *text, unsigned len)
{
    __l4_kdebug_text(L4_KDEBUG_OUTNSTRING, text, len);
}

L4_INLINE void l4_kd_outstring(char const *text)
{
    l4_kd_outnstring(text, (unsigned)__builtin_strlen(text));
}

L4_INLINE void l4_kd_outchar(char c) { __l4_kdebug_op_1(L4_KDEBUG_OUTCHAR, c); }

/** Print a number with this many bits in hexadecimal, with leading zeros. */
L4_INLINE void l4_kd_outhex64(l4_uint64_t number)
{
    __l4_kdebug_op_1(L4_KDEBUG_OUTHEX32, (l4_mword_t)(number >> 32));
    __l4_kdebug_op_1(L4_KDEBUG_OUTHEX32, (l4_mword_t)(number & 0xffffffff));
}

L4_INLINE void l4_kd_outumword(l4_umword_t number) { l4_kd_outhex64(number); }

L4_INLINE void l4_kd_outhex32(l4_uint32_t number) { __l4_kdebug_op_1(L4_KDEBUG_OUTHEX32, number); }

L4_INLINE void l4_kd_outhex20(l4_uint32_t number) { __l4_kdebug_op_1(L4_KDEBUG_OUTHEX20, number); }

L4_INLINE void l4_kd_outhex16(l4_uint16_t number) { __l4_kdebug_op_1(L4_KDEBUG_OUTHEX16, number); }

L4_INLINE void l4_kd_outhex12(l4_uint16_t number) { __l4_kdebug_op_1(L4_KDEBUG_OUTHEX12, number); }

L4_INLINE void l4_kd_outhex8(l4_uint8_t number) { __l4_kdebug_op_1(L4_KDEBUG_OUTHEX8, number); }

/** Print a signed number in decimal. */
L4_INLINE void l4_kd_outdec(l4_mword_t number) { __l4_kdebug_op_1(L4_KDEBUG_OUTDEC, number); }

#endif
