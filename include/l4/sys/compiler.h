/* SPDX-License-Identifier: MIT */
/*
 * Compiler helpers of the L4 headers.
 *
 * Decides: how inline functions of the ABI headers are marked.  Used by every other header here;
 * uses nothing.  Freestanding C only, so that the kernel, user programs and host tests share it.
 */
#ifndef L4_SYS_COMPILER_H
#define L4_SYS_COMPILER_H

#define L4_INLINE static inline __attribute__((unused))
#define L4_ALWAYS_INLINE static inline __attribute__((unused, always_inline))
#define L4_NOTHROW __attribute__((nothrow))
#define L4_PURE __attribute__((pure))
#define L4_CONST __attribute__((const))
#define L4_NORETURN __attribute__((noreturn))
#define L4_NOINLINE __attribute__((noinline))
#define L4_DEPRECATED(text) __attribute__((deprecated(text)))
#define L4_HIDDEN __attribute__((visibility("hidden")))
#define L4_EXPORT __attribute__((visibility("default")))
#define L4_CV
#define L4_CONSTEXPR
#define L4_DEFAULT_PARAM(x)
#define L4_NOTHROW__A L4_NOTHROW
#define L4_NOINSTRUMENT __attribute__((no_instrument_function))
#define L4_EXPORT_TYPE
#define L4_STICKY(x) __attribute__((used)) x
#define L4_HAS_BUILTIN(def) __has_builtin(def)
#define L4_FASTCALL(x) x
#define l4_fastcall

/* Another name for a function of the same file; the weak one gives way to a definition elsewhere. */
#define L4_STRONG_ALIAS(name, aliasname)                                                           \
    extern __typeof(name) aliasname __attribute__((alias(#name)));
#define L4_WEAK_ALIAS(name, aliasname)                                                             \
    extern __typeof(name) aliasname __attribute__((weak, alias(#name)));
/* Call func() before main(), those with lower numbers first. */
#define L4_DECLARE_CONSTRUCTOR(func, prio)                                                         \
    static inline __attribute__((constructor(prio))) void func##_ctor_func(void) { func(); }

#ifndef static_assert
#define static_assert _Static_assert
#endif

#define L4_LIKELY(x) __builtin_expect(!!(x), 1)
#define L4_UNLIKELY(x) __builtin_expect(!!(x), 0)

#define L4_stringify_helper(x) #x
#define L4_stringify(x) L4_stringify_helper(x)

#ifdef __cplusplus
#define EXTERN_C extern "C"
#define EXTERN_C_BEGIN extern "C" {
#define EXTERN_C_END }
#else
#define EXTERN_C
#define EXTERN_C_BEGIN
#define EXTERN_C_END
#endif

#define L4_BEGIN_DECLS EXTERN_C_BEGIN
#define L4_END_DECLS EXTERN_C_END
#define __BEGIN_DECLS EXTERN_C_BEGIN
#define __END_DECLS EXTERN_C_END

/** What a stack pointer is aligned to, bytes. */
#define L4_STACK_ALIGN __BIGGEST_ALIGNMENT__

/** Stack pointer for the first instruction of a function that nobody has called; at most stack. */
L4_INLINE unsigned long l4_align_stack_for_direct_fncall(unsigned long stack)
{
    unsigned long word = sizeof(unsigned long);

    if (stack % L4_STACK_ALIGN == L4_STACK_ALIGN - word)
        return stack;
    return stack / L4_STACK_ALIGN * L4_STACK_ALIGN - word;
}

/** The compiler keeps memory accesses on their side; x86 keeps the order of writes itself. */
L4_INLINE void l4_barrier(void) { __asm__ volatile("" : : : "memory"); }
L4_INLINE void l4_mb(void) { l4_barrier(); }
L4_INLINE void l4_wmb(void) { l4_barrier(); }

L4_INLINE L4_NORETURN void l4_infinite_loop(void)
{
    for (;;)
        l4_barrier();
}

#endif
