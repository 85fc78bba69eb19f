/* SPDX-License-Identifier: MIT */
/*
 * Assertions for code that has no C library.  With NDEBUG l4_assert() vanishes, l4_check() only
 * evaluates its argument.  User only.
 */
#ifndef L4_SYS_ASSERT_H
#define L4_SYS_ASSERT_H

#ifdef NDEBUG

#define l4_assert(expr)                                                                            \
    do {                                                                                           \
    } while (0)
#define l4_check(expr)                                                                             \
    do {                                                                                           \
        (void)(expr);                                                                              \
    } while (0)

#else

#include <l4/sys/compiler.h>
#include <l4/sys/thread.h>
#include <l4/sys/vcon.h>

/** Write the text to the log and raise an exception in the calling thread, again and again. */
L4_INLINE L4_NORETURN void l4_assert_abort(char const *text)
{
    l4_vcon_write(L4_BASE_LOG_CAP, text, (unsigned)__builtin_strlen(text));
    for (;;)
        l4_thread_ex_regs(L4_INVALID_CAP, ~0UL, ~0UL, L4_THREAD_EX_REGS_TRIGGER_EXCEPTION);
}

/** l4_assert_abort() if expr is 0. */
L4_ALWAYS_INLINE void l4_assert_fn(unsigned expr, char const *text)
{
    if (L4_UNLIKELY(!expr))
        l4_assert_abort(text);
}

#define l4_assert(expr)                                                                            \
    l4_assert_fn(!!(expr), __FILE__                                                                \
                 ":" L4_stringify(__LINE__) ": \"" L4_stringify(expr) "\" does not hold.\n")
#define l4_check(expr) l4_assert(expr)

#endif
#endif
