/* SPDX-License-Identifier: MIT */
/*
 * The end of the kernel: panic, checks for the impossible, backtraces with symbol names.
 *
 * CHECK is for what no user can cause; what a user can cause is an error value.
 */
#ifndef QUIRE_PANIC_H
#define QUIRE_PANIC_H

#include "types.h"

/* Values for arch_exit(). */
enum exit_code {
    EXIT_SUCCESS = 0x10,
    EXIT_ROOT_FAILED = 0x11, /* the root task says so */
    EXIT_REFUSED = 0x12,     /* the kernel does not boot with this input */
    EXIT_PANIC = 0x13,
};

/* Print "quire: panic: ...", a backtrace of the caller, and end the machine. */
_Noreturn void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2), cold));

/*
 * The same in two steps, for a trap handler which prints registers in between: panic_begin() notes
 * that the kernel is dying (a second call ends the machine at once) and prints nothing.
 */
void panic_begin(void);
_Noreturn void panic_end(void);

/* Print the addresses and names of the callers whose frames are on the stack from `rsp` up. */
void backtrace_from(u64 rsp);

/* Print one line for an address in kernel text: address, function and offset. */
void print_code_address(u64 addr);

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (__builtin_expect(!(cond), 0))                                                          \
            panic("%s:%d: CHECK(%s)", __FILE__, __LINE__, #cond);                                  \
    } while (0)

#endif
