/* SPDX-License-Identifier: MIT */
/* Words of the command line, and what the kernel says about itself, for both fuzzers.  User only. */
#ifndef USER_FUZZ_ARGS_H
#define USER_FUZZ_ARGS_H

#include <l4/sys/kip.h>

/** Text behind "name=" on this program's command line (up to a blank or the end), null if absent. */
char const *fuzz_word(char const *name);

/** The same as a number. */
unsigned long fuzz_number(char const *name, unsigned long otherwise);

/** Decimal or 0x hexadecimal; *s is moved behind it. */
unsigned long fuzz_parse(char const **s);

/** Free bytes of the kernel's memory. */
unsigned long fuzz_kernel_free(void);

/** All invariants of the kernel hold; it prints which one does not. */
int fuzz_kernel_check(void);

/** End the run with a message if err is negative. */
void fuzz_must(char const *what, long err);

#endif
