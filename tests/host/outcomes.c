/* SPDX-License-Identifier: MIT */
/*
 * Coverage of the random operations: which operation had which outcome, and which case of the model it went through.
 * tests/model/outcomes.txt says what has to be reached, and why the rest cannot be; docs/proof.md shows the same.
 * Called by t_random.c.
 */
#include "scenarios.h"

#include <stdlib.h>
#include <string.h>

#define LIST "tests/model/outcomes.txt"

static const char *const status_names[N_MODEL_STATUS] = {"done",     "failed",  "dying",
                                                         "overflow", "refused", "no-memory"};

static int index_of(const char *const *names, int n, const char *word)
{
    for (int i = 0; i < n; i++)
        if (!strcmp(names[i], word))
            return i;
    return -1;
}

static void print_counts(void)
{
    printf("  %-40s", "");
    for (unsigned o = 0; o < N_MODEL_STATUS; o++)
        printf(" %9s", status_names[o]);
    for (unsigned k = 0; k < N_SEQ_KINDS; k++) {
        printf("\n  %-40s", kind_names[k]);
        for (unsigned o = 0; o < N_MODEL_STATUS; o++)
            printf(" %9lu", record->done[k][o]);
    }
    printf("\n\n  %-40s", "");
    for (unsigned k = 0; k < SEQ_FAIL; k++)
        printf(" %9s", kind_names[k]);
    for (unsigned i = 0; i < N_MODEL_EVENTS; i++) {
        printf("\n  %-40s", model_event_names[i]);
        for (unsigned k = 0; k < SEQ_FAIL; k++)
            printf(" %9lu", record->events[i][k]);
    }
    printf("\n");
}

static bool wrong(const char *what, const char *name, const char *why)
{
    printf("FAIL every outcome is reached: %s %s: %s\n", what, name, why);
    return false;
}

/* outcome OPERATION OUTCOME [never: REASON] */
static bool check_outcome(char *rest, bool listed[N_SEQ_KINDS][N_MODEL_STATUS])
{
    char *kind = strtok(rest, " "), *name = strtok(NULL, " "), *never = strtok(NULL, "");
    int k = kind ? index_of(kind_names, N_SEQ_KINDS, kind) : -1;
    int o = name ? index_of(status_names, N_MODEL_STATUS, name) : -1;

    if (k < 0 || o < 0)
        return wrong("a line of", LIST, "names no outcome");
    listed[k][o] = true;
    if (never && record->done[k][o])
        return wrong(kind, name, "it happened, the list says never");
    return never || record->done[k][o] ? true : wrong(kind, name, "not once");
}

/* case NAME: OPERATION ... */
static bool check_case(char *rest, bool listed[N_MODEL_EVENTS])
{
    char *colon = strrchr(rest, ':');
    bool ok = true;
    int i;

    if (colon)
        *colon = 0;
    i = index_of(model_event_names, N_MODEL_EVENTS, rest);
    if (!colon || i < 0)
        return wrong("a line of", LIST, "names no case");
    for (char *kind = strtok(colon + 1, " "); kind; kind = strtok(NULL, " ")) {
        int k = index_of(kind_names, N_SEQ_KINDS, kind);
        listed[i] = true;
        if (k < 0 || !record->events[i][k])
            ok = wrong(kind, rest, "not once");
    }
    return ok;
}

bool outcomes_check(void)
{
    static bool outcome[N_SEQ_KINDS][N_MODEL_STATUS], event[N_MODEL_EVENTS];
    FILE *f = fopen(LIST, "r");
    char line[512];
    bool ok = f != NULL;

    print_counts();
    while (f && fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = 0;
        if (!strncmp(line, "outcome ", 8))
            ok &= check_outcome(line + 8, outcome);
        else if (!strncmp(line, "case ", 5))
            ok &= check_case(line + 5, event);
    }
    if (f)
        fclose(f);
    for (unsigned k = 0; k < N_SEQ_KINDS; k++)
        for (unsigned o = 0; o < N_MODEL_STATUS; o++)
            if (!outcome[k][o])
                ok = wrong(kind_names[k], status_names[o], "not in the list");
    for (unsigned i = 0; i < N_MODEL_EVENTS; i++)
        if (!event[i])
            ok = wrong("case", model_event_names[i], "not in the list");
    if (ok)
        printf("ok every outcome is reached\n");
    return ok;
}
