/* SPDX-License-Identifier: MIT */
/*
 * Calls of a task object: map, unmap, capability information, kernel-user memory (objects.md
 * section 2).  User only.  All return the tag of the answer: l4_error() gives 0 or the error.
 */
#ifndef L4_SYS_TASK_H
#define L4_SYS_TASK_H

#include <l4/sys/kernel_object.h>

/**
 * Map snd_fpage of src_task into dst_task.
 *
 * snd_base  target address and item flags (L4_MAP_ITEM_GRANT, cacheability, ...).
 * Errors: -L4_EPERM dst_task lacks W, -L4_EINVAL src_task is no task, IPC error "map failed"
 * when memory runs out (M-29).  Nothing present in the source is not an error (M-11).
 */
L4_INLINE l4_msgtag_t l4_task_map_u(l4_cap_idx_t dst_task, l4_cap_idx_t src_task,
                                    l4_fpage_t snd_fpage, l4_umword_t snd_base, l4_utcb_t *u)
{
    u->msg.mr[0] = L4_TASK_MAP_OP;
    u->msg.mr[1] = snd_base | L4_ITEM_MAP;
    u->msg.mr[2] = snd_fpage.raw;
    l4_kobject_arg_u(3, src_task, L4_CAP_FPAGE_RWS, u);
    return l4_kobject_call_u(dst_task, L4_PROTO_TASK, 3, 1, u);
}

/**
 * Take away the rights named in the flexpages from their range in task and what derives from it
 * (M-38 ... M-48, M-67 ... M-72).  num_fpages: 1..61; map_mask: L4_FP_*.  The low four bits of
 * message registers 2... then hold the referenced (1) and modified (2) information.
 */
L4_INLINE l4_msgtag_t l4_task_unmap_batch_u(l4_cap_idx_t task, l4_fpage_t const *fpages,
                                            unsigned num_fpages, l4_umword_t map_mask, l4_utcb_t *u)
{
    if (num_fpages > L4_UTCB_GENERIC_DATA_SIZE - 2)
        return l4_msgtag(-L4_EINVAL, 0, 0, 0);
    u->msg.mr[0] = L4_TASK_UNMAP_OP;
    u->msg.mr[1] = map_mask;
    for (unsigned i = 0; i < num_fpages; i++)
        u->msg.mr[2 + i] = fpages[i].raw;
    return l4_kobject_call_u(task, L4_PROTO_TASK, 2 + num_fpages, 0, u);
}

/** The same for one flexpage. */
L4_INLINE l4_msgtag_t l4_task_unmap_u(l4_cap_idx_t task, l4_fpage_t fpage, l4_umword_t map_mask,
                                      l4_utcb_t *u)
{
    return l4_task_unmap_batch_u(task, &fpage, 1, map_mask, u);
}

/** Destroy the object behind obj, if the slot has the D right. */
L4_INLINE l4_msgtag_t l4_task_delete_obj_u(l4_cap_idx_t task, l4_cap_idx_t obj, l4_utcb_t *u)
{
    return l4_task_unmap_u(task, l4_obj_fpage(obj, 0, L4_CAP_FPAGE_RWSD), L4_FP_DELETE_OBJ, u);
}

/** Empty a slot; the object dies only with its last counted slot. */
L4_INLINE l4_msgtag_t l4_task_release_cap_u(l4_cap_idx_t task, l4_cap_idx_t cap, l4_utcb_t *u)
{
    return l4_task_unmap_u(task, l4_obj_fpage(cap, 0, L4_CAP_FPAGE_RWSD), L4_FP_ALL_SPACES, u);
}

/** Label of the answer: 1 the slot is filled, 0 it is empty. */
L4_INLINE l4_msgtag_t l4_task_cap_valid_u(l4_cap_idx_t task, l4_cap_idx_t cap, l4_utcb_t *u)
{
    u->msg.mr[0] = L4_TASK_CAP_INFO_OP;
    u->msg.mr[1] = cap & ~1UL;
    return l4_kobject_call_u(task, L4_PROTO_TASK, 2, 0, u);
}

/** Label of the answer: 1 both slots name the same object with the same W and S rights. */
L4_INLINE l4_msgtag_t l4_task_cap_equal_u(l4_cap_idx_t task, l4_cap_idx_t cap_a, l4_cap_idx_t cap_b,
                                          l4_utcb_t *u)
{
    u->msg.mr[0] = L4_TASK_CAP_INFO_OP;
    u->msg.mr[1] = cap_a;
    u->msg.mr[2] = cap_b;
    return l4_kobject_call_u(task, L4_PROTO_TASK, 3, 0, u);
}

/** Add kernel-user memory; *ku_mem: memory flexpage of order 12..17, then what was used. */
L4_INLINE l4_msgtag_t l4_task_add_ku_mem_u(l4_cap_idx_t task, l4_fpage_t *ku_mem, l4_utcb_t *u)
{
    l4_msgtag_t tag;

    u->msg.mr[0] = L4_TASK_ADD_KU_MEM_OP;
    u->msg.mr[1] = ku_mem->raw;
    tag = l4_kobject_call_u(task, L4_PROTO_TASK, 2, 0, u);
    if (l4_error_u(tag, u) >= 0)
        ku_mem->raw = u->msg.mr[0];
    return tag;
}

L4_INLINE l4_msgtag_t l4_task_map(l4_cap_idx_t dst_task, l4_cap_idx_t src_task,
                                  l4_fpage_t snd_fpage, l4_umword_t snd_base)
{
    return l4_task_map_u(dst_task, src_task, snd_fpage, snd_base, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_task_unmap(l4_cap_idx_t task, l4_fpage_t fpage, l4_umword_t map_mask)
{
    return l4_task_unmap_u(task, fpage, map_mask, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_task_unmap_batch(l4_cap_idx_t task, l4_fpage_t const *fpages,
                                          unsigned num_fpages, l4_umword_t map_mask)
{
    return l4_task_unmap_batch_u(task, fpages, num_fpages, map_mask, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_task_delete_obj(l4_cap_idx_t task, l4_cap_idx_t obj)
{
    return l4_task_delete_obj_u(task, obj, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_task_release_cap(l4_cap_idx_t task, l4_cap_idx_t cap)
{
    return l4_task_release_cap_u(task, cap, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_task_cap_valid(l4_cap_idx_t task, l4_cap_idx_t cap)
{
    return l4_task_cap_valid_u(task, cap, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_task_cap_equal(l4_cap_idx_t task, l4_cap_idx_t cap_a, l4_cap_idx_t cap_b)
{
    return l4_task_cap_equal_u(task, cap_a, cap_b, l4_utcb());
}

L4_INLINE l4_msgtag_t l4_task_add_ku_mem(l4_cap_idx_t task, l4_fpage_t *ku_mem)
{
    return l4_task_add_ku_mem_u(task, ku_mem, l4_utcb());
}

#endif
