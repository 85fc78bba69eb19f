# SPDX-License-Identifier: MIT
"""The fuzzers in the guest (docs/fuzzing.md): random system calls, and random mapping operations against the model.

`make soak` runs them ten times longer: harness.soak() tells the factor.
"""
import harness
from harness import Failed, job, tail

ICOUNT = ["-icount", "shift=0,sleep=off"]  # the same seed is the same run
CALLS = 500000
SEEDS = (1, 2)


def fuzz_calls(context, calls, seed, **options):
    modules = [(context.built("sigma0.elf"), ""), (context.built("fuzz_calls.elf"), f"calls={calls} seed={seed}")]
    result = context.boot(f"fuzz-calls-{seed}-{options}", modules, timeout=300 * harness.soak(), qemu_args=ICOUNT,
                          **options)
    if result.outcome != "success" or "fuzz_calls: ok" not in result.log:
        raise Failed(f"seed {seed}, {calls} calls: {result.outcome} ({result.why})" + tail(result.log, 20))


for one in SEEDS:
    job(f"fuzz_calls random system calls of many threads, seed {one}: kernel whole, memory back")(
        lambda context, seed=one: fuzz_calls(context, CALLS * harness.soak(), seed))


@job("fuzz_calls random system calls, debug kernel: invariants after each operation")
def checked(context):
    fuzz_calls(context, 400 * harness.soak(), 7, kernel=context.debug_build + "/kernel.elf")
