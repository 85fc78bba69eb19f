# SPDX-License-Identifier: MIT
"""The fuzzers in the guest (docs/fuzzing.md): random system calls, and random mapping operations against the model.

`make soak` runs them ten times longer: harness.soak() tells the factor. The sequence of operations that ends with a
difference is kept as build/tests/fuzz-map-SEED/failing.seq; tools/shrink.py makes it shorter.
"""
import glob
import os

import harness
import shrink
from harness import Failed, job, tail

CALLS = 500000
OPERATIONS = 50000
SEEDS = (1, 2)


def fuzz_calls(context, calls, seed, words="", **options):
    modules = [(context.built("sigma0.elf"), ""),
               (context.built("fuzz_calls.elf"), f"calls={calls} seed={seed} {words}")]
    result = context.boot(f"fuzz-calls-{seed}-{options}", modules, timeout=200 * harness.soak(),
                          qemu_args=shrink.ICOUNT, **options)
    if result.outcome != "success" or "fuzz_calls: ok" not in result.log:
        raise Failed(f"seed {seed}, {calls} calls: {result.outcome} ({result.why})" + tail(result.log, 20))


def fuzz_map(context, name, words, sequences=()):
    result = shrink.boot(context, name, words, sequences)
    wanted = f"fuzz_map: ok, {len(sequences)} sequences replayed" if sequences else "fuzz_map: ok"
    if result.outcome == "success" and wanted in result.log:
        return
    text, start = shrink.sequence_of(result.log), result.log.find("fuzz_map: FAIL")
    hint = ""
    if text:
        path = os.path.join(context.scratch(name), "failing.seq")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        hint = f"\n      | the sequence is in {path}; make shrink SEQ={path} makes it shorter"
    raise Failed(f"{words}: {result.outcome} ({result.why}){hint}" +
                 tail("\n".join(result.log[max(start, 0):].splitlines()[:8]), 8))


@job("fuzz_map kept sequences: kernel and reference model agree after each operation")
def kept(context):
    fuzz_map(context, "fuzz-map-kept", "seed=1", sorted(glob.glob("tests/model/regress/*.seq")))


for one in SEEDS:
    job(f"fuzz_map random operations, seed {one}: kernel and reference model agree")(
        lambda context, seed=one: fuzz_map(context, f"fuzz-map-{seed}",
                                           f"ops={OPERATIONS * harness.soak()} seed={seed}"))
    job(f"fuzz_calls random system calls of many threads, seed {one}: kernel whole, memory back")(
        lambda context, seed=one: fuzz_calls(context, CALLS * harness.soak(), seed))


@job("fuzz_calls random system calls, debug kernel: invariants after each operation")
def checked(context):
    fuzz_calls(context, 4000 * harness.soak(), 7, "period=50000", kernel=context.debug_build + "/kernel.elf")
