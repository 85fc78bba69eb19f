# SPDX-License-Identifier: MIT
"""The fuzzers in the guest (docs/fuzzing.md): random system calls, and random mapping operations against the model.

`make soak` runs them ten times longer: harness.soak() tells the factor.
"""
import harness
from harness import Failed, job, tail

ICOUNT = ["-icount", "shift=0,sleep=off"]  # the same seed is the same run
CALLS = 500000
OPERATIONS = 50000
SEEDS = (1, 2)


def fuzz_calls(context, calls, seed, **options):
    modules = [(context.built("sigma0.elf"), ""), (context.built("fuzz_calls.elf"), f"calls={calls} seed={seed}")]
    result = context.boot(f"fuzz-calls-{seed}-{options}", modules, timeout=600 * harness.soak(), qemu_args=ICOUNT,
                          **options)
    if result.outcome != "success" or "fuzz_calls: ok" not in result.log:
        raise Failed(f"seed {seed}, {calls} calls: {result.outcome} ({result.why})" + tail(result.log, 20))


def fuzz_map(context, operations, seed):
    """Booted in sigma0's place; the root task's place is taken by a program that never gets a page."""
    modules = [(context.built("fuzz_map.elf"), f"ops={operations} seed={seed}"), (context.built("fuzz_calls.elf"), "")]
    result = context.boot(f"fuzz-map-{seed}", modules, mem="3000", timeout=600 * harness.soak(), qemu_args=ICOUNT)
    if result.outcome != "success" or "fuzz_map: ok" not in result.log:
        start = result.log.find("fuzz_map: FAIL")
        raise Failed(f"seed {seed}: {result.outcome} ({result.why})" +
                     tail(result.log[start:] if start >= 0 else result.log, 1200))


for one in SEEDS:
    job(f"fuzz_map random operations, seed {one}: kernel and reference model agree")(
        lambda context, seed=one: fuzz_map(context, OPERATIONS * harness.soak(), seed))
    job(f"fuzz_calls random system calls of many threads, seed {one}: kernel whole, memory back")(
        lambda context, seed=one: fuzz_calls(context, CALLS * harness.soak(), seed))


@job("fuzz_calls random system calls, debug kernel: invariants after each operation")
def checked(context):
    fuzz_calls(context, 400 * harness.soak(), 7, kernel=context.debug_build + "/kernel.elf")
