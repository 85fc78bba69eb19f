/* SPDX-License-Identifier: MIT */
/*
 * The kernel information page.
 *
 * Decides: its layout (abi: boot section 1).  The kernel fills one page, sigma0 hands it out
 * readable and executable; programs read it and call the clock code in it.  Pure.
 */
#ifndef L4_SYS_KIP_H
#define L4_SYS_KIP_H

#include <l4/sys/compiler.h>
#include <l4/sys/l4int.h>

struct l4_kip_platform_info_arch {
}; /* nothing on this machine */

struct l4_kip_platform_info {
    char name[16];
    l4_uint32_t is_mp;
    struct l4_kip_platform_info_arch arch;
};

typedef struct l4_kernel_info_t {
    l4_uint32_t magic;                 /* 0x00 */
    l4_uint32_t version;               /* 0x04 */
    l4_uint8_t offset_version_strings; /* 0x08, in 16 bytes */
    l4_uint8_t _fill0[3];
    l4_uint8_t kip_sys_calls; /* 0x0c */
    l4_uint8_t node;
    l4_uint8_t _fill1[2];
    l4_uint64_t sigma0_ip;             /* 0x10 */
    l4_uint64_t root_ip;               /* 0x18 */
    volatile l4_cpu_time_t _clock_val; /* 0x20, microseconds */
    l4_uint64_t frequency_cpu;         /* 0x28, kHz */
    l4_uint64_t acpi_rsdp_addr;        /* 0x30 */
    l4_uint64_t dt_addr;               /* 0x38 */
    l4_uint64_t user_ptr;              /* 0x40, physical address of the module structure */
    l4_uint64_t _res0[1];
    l4_uint32_t scheduler_granularity; /* 0x50, microseconds */
    l4_uint32_t mem_descs;             /* 0x54, offset of the memory descriptors */
    l4_uint32_t mem_descs_num;         /* 0x58 */
    l4_uint32_t _res1[1];
    l4_uint64_t _res2[2];
    struct l4_kip_platform_info platform_info; /* 0x70 */
} l4_kernel_info_t;

_Static_assert(sizeof(l4_kernel_info_t) == 0x88, "head of the KIP");
_Static_assert(__builtin_offsetof(l4_kernel_info_t, _clock_val) == 0x20, "clock");
_Static_assert(__builtin_offsetof(l4_kernel_info_t, user_ptr) == 0x40, "user pointer");
_Static_assert(__builtin_offsetof(l4_kernel_info_t, platform_info) == 0x70, "platform");

#define L4_KERNEL_INFO_MAGIC (0x4BE6344CL)

enum l4_kernel_info_consts_t {
    L4_KIP_VERSION_FIASCO = 0x87004444,
    L4_KIP_VERSION_FIASCO_MASK = 0xff00ffff,
};

enum {
    L4_KIP_OFFS_READ_US = 0x900, /* function: clock in microseconds */
    L4_KIP_OFFS_READ_NS = 0x980, /* function: clock in nanoseconds */
};

/*
 * Boot modules ("l4mod", abi: boot section 4), found through user_ptr.  L4Re keeps these types in
 * l4/util/l4mod.h; the kernel builds the structure and the root task reads it, so they are here.
 */
typedef struct l4mod_mod {
    l4_uint64_t flags; /* enum l4mod_flags */
    l4_uint64_t mod_start;
    l4_uint64_t mod_end; /* exclusive */
    l4_uint64_t cmdline; /* address of a string */
} l4mod_mod;

typedef struct l4mod_info {
    l4_uint64_t flags;
    l4_uint64_t cmdline;
    l4_uint64_t mods_addr;
    l4_uint32_t mods_count;
    l4_uint32_t _pad;
    l4_uint64_t vbe_ctrl_info;
    l4_uint64_t vbe_mode_info;
} l4mod_info;

enum l4mod_flags {
    L4MOD_GENERIC = 0,
    L4MOD_KERNEL = 1,
    L4MOD_SIGMA0 = 2,
    L4MOD_ROOT = 3,
};

_Static_assert(sizeof(l4mod_mod) == 0x20 && sizeof(l4mod_info) == 0x30, "module structure");

/** KIP of this program, set by the start-up code of the library; null if there is none. */
extern l4_kernel_info_t const *l4_global_kip;

L4_INLINE l4_kernel_info_t const *l4_kip(void) { return l4_global_kip; }

L4_INLINE l4_umword_t l4_kip_version(l4_kernel_info_t const *kip)
{
    return kip->version & (l4_umword_t)L4_KIP_VERSION_FIASCO_MASK;
}

/** Distance of the version string from the start of the KIP, bytes. */
L4_INLINE int l4_kernel_info_version_offset(l4_kernel_info_t const *kip)
{
    return kip->offset_version_strings << 4;
}

/** Version string; behind it feature strings follow, the last one is empty (B-2). */
L4_INLINE char const *l4_kip_version_string(l4_kernel_info_t const *kip)
{
    return (char const *)kip + l4_kernel_info_version_offset(kip);
}

/** Microseconds since boot; calls the code in the KIP (B-1). */
L4_INLINE l4_cpu_time_t l4_kip_clock(l4_kernel_info_t const *kip)
{
    l4_uint64_t (*read_us)(void) = (l4_uint64_t(*)(void))((l4_addr_t)kip + L4_KIP_OFFS_READ_US);
    return read_us();
}

L4_DEPRECATED("l4_kip_clock() is the same")
L4_INLINE l4_umword_t l4_kip_clock_lw(l4_kernel_info_t const *kip) { return l4_kip_clock(kip); }

/** Nanoseconds since boot. */
L4_INLINE l4_uint64_t l4_kip_clock_ns(l4_kernel_info_t const *kip)
{
    l4_uint64_t (*read_ns)(void) = (l4_uint64_t(*)(void))((l4_addr_t)kip + L4_KIP_OFFS_READ_NS);
    return read_ns();
}

/** Loop over the feature strings with the char const * variable s, which is at the version. */
#define l4_kip_for_each_feature(s)                                                                 \
    for (s += __builtin_strlen(s) + 1; *s; s += __builtin_strlen(s) + 1)

/** Non-zero if the kernel announces the feature. */
L4_INLINE int l4_kip_kernel_has_feature(l4_kernel_info_t const *kip, char const *str)
{
    char const *s = l4_kip_version_string(kip);

    l4_kip_for_each_feature(s)
    {
        unsigned i = 0;

        while (s[i] && s[i] == str[i])
            i++;
        if (s[i] == str[i])
            return 1;
    }
    return 0;
}

#endif
