#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a sequence of operations shorter on which kernel and reference model differ: `make shrink SEQ=file.seq`.

The sequence is run by fuzz_map on the booted kernel, operation after operation, with a comparison after each (see
docs/fuzzing.md). Then operations are left out, many at first, one by one in the end, as long as the same difference
is found; each attempt is a boot. The result is written beside the file, as file.min.seq: it belongs into
tests/model/regress, with a line that says what it shows.

Called by hand and, for boot() and sequence_of(), by tests/qemu/fuzz.py; calls tests/harness.py.
"""
import argparse
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.append(os.path.join(TOP, "tests"))  # behind tools: both have a run.py
import harness  # noqa: E402

ICOUNT = ["-icount", "shift=0,sleep=off"]  # the same seed is the same run
DIFFERENCE = re.compile(r"fuzz_map: FAIL: (.*)")
OPERATION = re.compile(r"(map|unmap|ipc|touch|object|task|ku_mem|fault|fail)( [0-9a-f]+)+$")


def boot(context, name, words, sequences=(), kernel=None):
    """fuzz_map in sigma0's place; the root task's place is taken by a program that never gets a page."""
    modules = [(context.built("fuzz_map.elf"), words), (context.built("fuzz_calls.elf"), "")]
    modules += [(path, "") for path in sequences]
    return context.boot(name, modules, mem="3000", timeout=600 * harness.soak(), qemu_args=ICOUNT,
                        kernel=kernel or context.built("kernel.elf"))


def sequence_of(log):
    """The sequence that fuzz_map printed with a difference, as text of a file; empty: none."""
    lines = log[max(log.find("fuzz_map: FAIL"), 0):].splitlines() if "fuzz_map: FAIL" in log else []
    kept = [line for line in lines if line.startswith("scenario ") or OPERATION.match(line)]
    return "\n".join(["# SPDX-License-Identifier: MIT", *kept]) + "\n" if len(kept) > 1 else ""


class Sequence:
    """The lines of a file, and how to run some of its operations."""

    def __init__(self, path, kernel):
        with open(path, encoding="utf-8") as file:
            lines = [line.rstrip("\n") for line in file]
        self.head = [line for line in lines if not OPERATION.match(line)]
        self.operations = [line for line in lines if OPERATION.match(line)]
        self.context = harness.Context("build", "")
        self.kernel = kernel
        self.file = os.path.join(self.context.scratch("shrink"), "attempt.seq")
        self.boots = 0

    def difference(self, operations):
        """What differs, without its numbers; None: nothing. And how many operations it took."""
        with open(self.file, "w", encoding="utf-8") as file:
            file.write("\n".join(self.head + operations) + "\n")
        self.boots += 1
        result = boot(self.context, "shrink", "seed=1", [self.file], self.kernel)
        found = DIFFERENCE.search(result.log)
        count = sequence_of(result.log).count("\n") - 2
        if found:
            return re.sub(r"\b[0-9a-f]+\b", "N", found.group(1)), max(count, 0)
        return (None if result.outcome == "success" else result.outcome), len(operations)


def shrink(sequence, keep):
    """Operations that still show the first difference, or None; keep() gets the shortest ones found so far."""
    operations = sequence.operations
    why, count = sequence.difference(operations)
    print(f"shrink: {len(operations)} operations: {why or 'no difference'}", flush=True)
    if not why:
        return None
    operations = operations[:count]
    size = max(len(operations) // 2, 1)
    while size:
        at, shorter = len(operations) - size, False
        while at > -size and len(operations) > 1:
            attempt = operations[:max(at, 0)] + operations[at + size:]
            same, count = sequence.difference(attempt)
            if same == why:
                operations, shorter = attempt[:count], True
            at = min(at, len(operations)) - size
        keep(operations)
        print(f"shrink: {len(operations)} operations, {sequence.boots} boots", flush=True)
        if size > 1:
            size //= 2
        elif not shorter:
            break
    return operations


def main():
    parser = argparse.ArgumentParser(description="Make a sequence of operations shorter that shows a difference.")
    parser.add_argument("sequence")
    parser.add_argument("--kernel", help="instead of build/kernel.elf")
    options = parser.parse_args()
    sequence = Sequence(options.sequence, options.kernel)
    target = re.sub(r"(\.min)?\.seq$", "", options.sequence) + ".min.seq"

    def keep(operations):
        with open(target, "w", encoding="utf-8") as file:
            file.write("\n".join(sequence.head + operations) + "\n")

    operations = shrink(sequence, keep)
    if not operations:
        return 1
    print(f"shrink: {len(operations)} operations left, in {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
