/* SPDX-License-Identifier: MIT */
/*
 * The smallest program: prints its arguments, one line for each, and ends with success.
 *
 * Started by the root task; in a boot script: program ex_hello.elf args some words
 */
#include <quire/io.h>

int main(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        printf("argument %d: %s\n", i, argv[i]);
    return 0;
}
