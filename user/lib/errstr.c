/* SPDX-License-Identifier: MIT */
/* Texts for error numbers.  Called by programs, calls nothing. */
#include <l4/sys/__kobject_ops.h>
#include <l4/sys/err.h>

static char const *ipc_text(long code)
{
    switch (code) {
    case L4_IPC_SETIMEOUT:
        return "IPC send timeout";
    case L4_IPC_RETIMEOUT:
        return "IPC receive timeout";
    case L4_IPC_ENOT_EXISTENT:
        return "IPC partner does not exist";
    case L4_IPC_SECANCELED:
    case L4_IPC_RECANCELED:
        return "IPC canceled";
    case L4_IPC_SEMSGCUT:
    case L4_IPC_REMSGCUT:
        return "IPC message overflow";
    case L4_IPC_SEMAPFAILED:
    case L4_IPC_REMAPFAILED:
        return "IPC map failed";
    case L4_IPC_NO_REPLY_CAP:
        return "no reply capability slot";
    default:
        return "IPC error";
    }
}

static const struct {
    int number;
    char const *text;
} texts[] = {
    {L4_EOK, "no error"},
    {L4_EPERM, "not permitted"},
    {L4_ENOENT, "no such entity"},
    {L4_EIO, "input/output error"},
    {L4_ENXIO, "no such device or address"},
    {L4_E2BIG, "argument too large"},
    {L4_EAGAIN, "try again"},
    {L4_ENOMEM, "no memory"},
    {L4_EACCESS, "permission denied"},
    {L4_EFAULT, "invalid memory address"},
    {L4_EBUSY, "busy"},
    {L4_EEXIST, "exists already"},
    {L4_ENODEV, "no such kind of object"},
    {L4_EINVAL, "invalid argument"},
    {L4_ENOSPC, "no space left"},
    {L4_ERANGE, "out of range"},
    {L4_ENAMETOOLONG, "name too long"},
    {L4_ENOSYS, "not implemented"},
    {L4_EBADPROTO, "unknown protocol"},
    {L4_EADDRNOTAVAIL, "address not available"},
    {L4_ENOREPLY, "no reply"},
    {L4_EMSGTOOSHORT, "message too short"},
    {L4_EMSGTOOLONG, "message too long"},
    {L4_EMSGMISSARG, "message lacks an argument"},
};

char const *l4sys_errtostr(long err)
{
    if (err < 0)
        err = -err;
    if (err >= L4_EIPC_LO && err <= L4_EIPC_HI)
        return ipc_text(err - L4_EIPC_LO);
    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].number == err)
            return texts[i].text;
    return "unknown error";
}
