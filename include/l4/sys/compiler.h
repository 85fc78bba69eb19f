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

#define __BEGIN_DECLS EXTERN_C_BEGIN
#define __END_DECLS EXTERN_C_END

#endif
