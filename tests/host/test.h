/* SPDX-License-Identifier: MIT */
/*
 * The frame of a host test program: a table of named cases, one line each on stdout, exit status 1 if any failed.
 * A case fails at its first unmet expectation; address and undefined-behaviour errors end the whole program.
 * Included by tests/host/t_*.c; read by tests/programs.py.
 */
#ifndef QUIRE_TESTS_HOST_TEST_H
#define QUIRE_TESTS_HOST_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test_case {
    const char *name; /* begins with the rules it is about */
    void (*run)(void);
};

static jmp_buf test_end;
static char test_why[512];

/* Fail unless two numbers are equal; `what` and further arguments say where in the case. */
#define EXPECT_EQ(got, want, ...)                                                                  \
    do {                                                                                           \
        uint64_t got_ = (uint64_t)(got), want_ = (uint64_t)(want);                                 \
        if (got_ != want_)                                                                         \
            test_fail(__LINE__, #got, got_, want_, __VA_ARGS__);                                   \
    } while (0)

#define EXPECT(condition, ...) EXPECT_EQ(!!(condition), 1, __VA_ARGS__)

__attribute__((noreturn, format(printf, 5, 6))) static void
test_fail(int line, const char *expression, uint64_t got, uint64_t want, const char *what, ...)
{
    char where[256];
    va_list args;

    va_start(args, what);
    vsnprintf(where, sizeof(where), what, args);
    va_end(args);
    snprintf(test_why, sizeof(test_why), "line %d: %s: %s is 0x%lx, expected 0x%lx", line, where,
             expression, got, want);
    longjmp(test_end, 1);
}

/* A small random generator with a seed of its own, so that every run is the same (xorshift). */
static inline uint64_t test_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* One case on its own: what setjmp comes back to has no variables of its own. */
static bool test_one(const struct test_case *test)
{
    if (setjmp(test_end) == 0) {
        test->run();
        printf("ok %s\n", test->name);
        return true;
    }
    printf("FAIL %s: %s\n", test->name, test_why);
    return false;
}

static int test_main(const struct test_case *cases, size_t count)
{
    int failed = 0;

    for (size_t i = 0; i < count; i++) {
        failed |= !test_one(&cases[i]);
        fflush(stdout);
    }
    return failed;
}

#define TEST_MAIN(cases)                                                                           \
    int main(void) { return test_main(cases, sizeof(cases) / sizeof((cases)[0])); }

#endif
