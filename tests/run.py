#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the tests: `make test`, or `make test T=M-21` for those of one rule or name.

Order: project rules (tools/check.py), host programs (tests/host), then everything that boots in QEMU (tests/qemu,
user/tests). At most two jobs run at once. Progress is shown; the last line is `N passed, N failed`, with `, N skipped`
if any. Exit status 0 only if nothing failed and something passed.
"""
import argparse
import concurrent.futures
import importlib
import os
import sys
import time

import harness
import mutant_list
import programs

WORKERS = 2


def fault_list(_):
    """The list of `make mutants` fits the sources, and every invariant has a fault that shows it."""
    problems = mutant_list.problems()
    if problems:
        raise harness.Failed("".join("\n      | " + problem for problem in problems[:20]))


def collect():
    """All jobs, in order."""
    jobs = programs.rule_jobs() + [harness.Job("mutants: each fault still applies once", fault_list)]
    jobs += programs.host_jobs()
    directory = os.path.join(harness.TOP, "tests", "qemu")
    sys.path.insert(0, directory)
    for name in sorted(os.listdir(directory)):
        if name.endswith(".py"):
            importlib.import_module(name[:-3])
    return jobs + harness.JOBS + programs.guest_jobs()


def timed(job, context):
    start = time.monotonic()
    return harness.execute(job, context), time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description="Run Quire's tests.")
    parser.add_argument("--build", default="build", help="directory of the built files")
    parser.add_argument("--filter", default="", help="rule (M-21) or part of a test's name (T=)")
    parser.add_argument("--list", action="store_true", help="list the jobs and stop")
    parser.add_argument("--soak", action="store_true",
                        help="only the tests with a random part, ten times longer (QUIRE_SOAK=1)")
    options = parser.parse_args()
    if options.soak:
        os.environ["QUIRE_SOAK"] = "1"
    os.chdir(harness.TOP)
    context = harness.Context(options.build, options.filter)
    jobs = [one for one in harness.selected(collect(), options.filter) if harness.has_soak(one) or not options.soak]
    if options.list:
        print("\n".join(job.name for job in jobs))
        return 0

    count = {"ok": 0, "FAIL": 0, "skip": 0}
    failed = []
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        running = {pool.submit(timed, job, context): job for job in jobs}
        for number, future in enumerate(concurrent.futures.as_completed(running), 1):
            cases, seconds = future.result()
            if cases:
                print(f"[{number}/{len(jobs)}] {running[future].name} ({seconds:.1f} s)")
            for case in cases:
                count[case.status] += 1
                print(f"  {case.status:4} {case.name}{': ' + case.why if case.why else ''}", flush=True)
                if case.status == "FAIL":
                    failed.append(case.name)

    print(f"\n{time.monotonic() - start:.0f} s")
    for name in failed:
        print(f"FAILED: {name}")
    if not any(count.values()):
        print(f"error: no test matches '{options.filter}'")
        count["FAIL"] = 1
    print(f"{count['ok']} passed, {count['FAIL']} failed" + (f", {count['skip']} skipped" if count["skip"] else ""))
    return 1 if count["FAIL"] or not count["ok"] else 0


if __name__ == "__main__":
    sys.exit(main())
