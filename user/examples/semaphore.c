/* SPDX-License-Identifier: MIT */
/*
 * Producer and consumer with a buffer of three places and two semaphores.
 *
 * Shows: a semaphore counts what is there; down blocks while there is nothing, up wakes one that waits.  One semaphore
 * counts the free places, the other one the full ones.  With one producer and one consumer nothing else is needed.
 * Started by the root task; in a boot script: program ex_semaphore.elf
 */
#include <l4/re/c/util/cap_alloc.h>
#include <l4/re/env.h>
#include <l4/sys/factory.h>
#include <l4/sys/semaphore.h>
#include <quire/io.h>
#include <quire/program.h>

enum { PRODUCER_PRIO = 3, PLACES = 3, ITEMS = 8 };

static l4_cap_idx_t free_places, full_places;
static volatile unsigned buffer[PLACES];
static volatile unsigned produced;

/* A new semaphore; it counts 0. */
static l4_cap_idx_t new_semaphore(void)
{
    l4_cap_idx_t sem = l4re_util_cap_alloc();

    if (l4_error(l4_factory_create(l4re_env()->factory, L4_PROTO_SEMAPHORE, sem)) < 0)
        exit(1);
    return sem;
}

/* Has the higher priority: it runs whenever there is a free place. */
static void producer(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < ITEMS; i++) {
        l4_semaphore_down(free_places, L4_IPC_NEVER);
        buffer[i % PLACES] = i * i;
        produced = i + 1;
        l4_semaphore_up(full_places);
    }
    for (;;)
        l4_ipc_sleep(L4_IPC_NEVER);
}

int main(void)
{
    static char stack[4096] __attribute__((aligned(16)));
    static struct quire_thread t = {.entry = producer};
    l4_timeout_t soon = l4_timeout(L4_IPC_TIMEOUT_NEVER, l4_timeout_from_us(10000));

    free_places = new_semaphore();
    full_places = new_semaphore();
    for (unsigned i = 0; i < PLACES; i++)
        l4_semaphore_up(free_places);
    if (quire_thread_create(&t, stack, sizeof(stack), PRODUCER_PRIO, L4_BASE_PAGER_CAP))
        return 1;

    for (unsigned i = 0; i < ITEMS; i++) {
        /* The place is read before it is given back. */
        unsigned item, ahead;

        if (l4_error(l4_semaphore_down(full_places, L4_IPC_NEVER)) < 0)
            return 1;
        item = buffer[i % PLACES];
        ahead = produced - i;
        printf("item %u: %u, the producer is %u ahead\n", i, item, ahead);
        if (item != i * i || ahead > PLACES)
            return 1;
        l4_semaphore_up(free_places);
    }
    /* Nothing more comes: down ends by its timeout. */
    printf("one more: error %ld\n", (long)l4_error(l4_semaphore_down(full_places, soon)));
    return 0;
}
