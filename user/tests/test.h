/* SPDX-License-Identifier: MIT */
/*
 * Frame of the test programs that run as root task.
 *
 * Decides: what a test program prints.  A program has a table of cases, each named after the rule
 * it tests:
 *
 *     TEST M-21 page mapped onto itself vanishes: ok
 *     TEST M-21 page mapped onto itself vanishes: FAIL rights got 6 want 0
 *     tests: 1 passed, 1 failed
 *
 * "T=M-21" on the module's command line selects the cases of one rule.
 */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <l4/sys/types.h>

struct test_case {
    char const *rule, *what;
    void (*run)(void);
};

/** Compare; the first difference of a case becomes its verdict.  Returns whether they are equal. */
int expect(char const *name, unsigned long got, unsigned long want);

/** Run the cases; returns the program's status: 0 if none failed. */
int test_run(struct test_case const *cases, unsigned n);

/** Called before each case; a test program may set it. */
extern void (*test_setup)(void);

#define TEST_RUN(cases) test_run(cases, sizeof(cases) / sizeof((cases)[0]))

#endif
