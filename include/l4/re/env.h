/* SPDX-License-Identifier: MIT */
/*
 * Initial environment of a program: what its parent gave it.
 *
 * Decides: the block that the root task builds on a program's initial stack (abi: boot section 7)
 * and how programs read it.  Written by user/root, read by user/lib.
 */
#ifndef L4_RE_ENV_H
#define L4_RE_ENV_H

#include <l4/re/consts.h>
#include <l4/sys/kip.h>
#include <l4/sys/types.h>

/** A named capability; the list ends with an entry whose flags are ~0UL. */
typedef struct l4re_env_cap_entry_t {
    l4_cap_idx_t cap;
    l4_umword_t flags;
    char name[16]; /* zero-terminated if shorter than 16 */
} l4re_env_cap_entry_t;

typedef struct l4re_env_t {
    l4_cap_idx_t parent;
    l4_cap_idx_t rm;
    l4_cap_idx_t mem_alloc;
    l4_cap_idx_t log;
    l4_cap_idx_t main_thread;
    l4_cap_idx_t factory;
    l4_cap_idx_t scheduler;
    l4_cap_idx_t itas;
    l4_cap_idx_t dbg_events;
    l4_cap_idx_t first_free_cap; /* slot index, not selector */
    l4_umword_t first_free_reply_cap;
    l4_fpage_t utcb_area;
    l4_addr_t first_free_utcb;
    l4re_env_cap_entry_t *caps;
} l4re_env_t;

_Static_assert(sizeof(l4re_env_t) == 0x70, "size of the environment block");
_Static_assert(sizeof(l4re_env_cap_entry_t) == 32, "named capability");

/** Types of the auxiliary vector entries on the initial stack. */
enum {
    L4RE_AT_NULL = 0,
    L4RE_AT_L4_AUX = 0xf0,
    L4RE_AT_L4_ENV = 0xf1,
    L4RE_AT_L4_KIP = 0xf2,
};

/** Set by the start-up code before main(). */
extern l4re_env_t *l4re_global_env;

L4_INLINE l4re_env_t *l4re_env(void) { return l4re_global_env; }

L4_INLINE l4_kernel_info_t const *l4re_kip(void) { return l4_kip(); }

/** Entry of the capability named by the first l characters of name, or null. */
L4_INLINE l4re_env_cap_entry_t const *l4re_env_get_cap_l(char const *name, unsigned l,
                                                         l4re_env_t const *e)
{
    l4re_env_cap_entry_t const *c;

    if (l > sizeof(c->name))
        return 0;
    for (c = e->caps; c && c->flags != ~0UL; c++) {
        unsigned i = 0;

        while (i < l && c->name[i] && c->name[i] == name[i])
            i++;
        if (i == l && (l == sizeof(c->name) || c->name[l] == '\0'))
            return c;
    }
    return 0;
}

/** Selector of the named capability of environment e, or L4_INVALID_CAP. */
L4_INLINE l4_cap_idx_t l4re_env_get_cap_e(char const *name, l4re_env_t const *e)
{
    unsigned l = 0;
    l4re_env_cap_entry_t const *c;

    while (name[l])
        l++;
    c = l4re_env_get_cap_l(name, l, e);
    return c ? c->cap : L4_INVALID_CAP;
}

/** Selector of the capability that the parent named so, or L4_INVALID_CAP. */
L4_INLINE l4_cap_idx_t l4re_env_get_cap(char const *name)
{
    return l4re_env_get_cap_e(name, l4re_env());
}

#endif
