/* SPDX-License-Identifier: MIT */
/*
 * Ends badly, in the way its first argument says: for trying out what the root task reports.
 *
 *   read, write, execute ADDRESS   an access to an address (hexadecimal) that is not the program's
 *   text                           writing to its own code
 *   opcode, divide                 an invalid instruction, a division by zero
 *   status NUMBER                  an ordinary end with this status
 *   thread                         an access to address 0x40 by a second thread
 *
 * Started by the root task; in a boot script: program ex_crash.elf args read 0x1000
 */
#include <l4/re/env.h>
#include <l4/sys/ipc.h>
#include <quire/io.h>
#include <quire/program.h>
#include <quire/string.h>

enum { HIGH_PRIO = 9 };

int main(int argc, char **argv);

static unsigned long number(char const *text)
{
    unsigned long v = 0;

    if (text[0] == '0' && text[1] == 'x')
        text += 2;
    for (; *text; text++)
        v = v * 16 + (unsigned long)(*text <= '9' ? *text - '0' : (*text | 0x20) - 'a' + 10);
    return v;
}

static void second_thread(void *address)
{
    *(volatile int *)address = 1;
    for (;;)
        l4_ipc_sleep(L4_IPC_NEVER);
}

static void crash_in_thread(void)
{
    static char stack[4096] __attribute__((aligned(16)));
    static struct quire_thread t = {.entry = second_thread, .arg = (void *)0x40};

    quire_thread_create(&t, stack, sizeof(stack), HIGH_PRIO, L4_BASE_PAGER_CAP);
    l4_ipc_sleep(L4_IPC_NEVER);
}

int main(int argc, char **argv)
{
    char const *what = argc > 1 ? argv[1] : "";
    unsigned long n = argc > 2 ? number(argv[2]) : 0;

    /* The compiler and the code analysis need not know that this goes wrong. */
    __asm__("" : "+r"(n));
    printf("about to end by: %s\n", what);
    if (strcmp(what, "read") == 0)
        return (int)*(volatile char *)n;
    if (strcmp(what, "write") == 0)
        *(volatile char *)n = 1;
    else if (strcmp(what, "execute") == 0)
        ((void (*)(void))n)();
    else if (strcmp(what, "text") == 0)
        *(volatile char *)main = 1;
    else if (strcmp(what, "opcode") == 0)
        __asm__ volatile("ud2");
    else if (strcmp(what, "divide") == 0)
        __asm__ volatile("divl %%ecx" : : "a"(1), "d"(0), "c"(0) : "cc");
    else if (strcmp(what, "thread") == 0)
        crash_in_thread();
    else if (strcmp(what, "status") == 0)
        return (int)n;
    return 0;
}
