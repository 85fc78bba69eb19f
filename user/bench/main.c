/* SPDX-License-Identifier: MIT */
/* The benchmark, see bench.h: all groups of operations, one after the other.  Started by tools/bench.py. */
#include "spaces.h"

#include <quire/io.h>

int main(void)
{
    calibrate();
    spaces_init();
    bench_calls();
    bench_events();
    bench_maps();
    bench_scaling();
    bench_objects();
    printf("bench: done\n");
    return 0;
}
