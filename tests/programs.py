# SPDX-License-Identifier: MIT
"""Jobs made from what is in the tree: the project's rules, C programs of tests/host, guest programs of user/tests.

Host program: tests/host/t_*.c, an ordinary program built by the system's compiler with sanitizers together with the
pure kernel files it names near its top (`sources: kernel/fpage.c ...`). Prints `ok NAME` or `FAIL NAME: why`, one line
a case.

Guest program: user/tests/t_*.c, booted as the root task. Prints `TEST <rule> <what>: ok` or `...: FAIL why`, at the end
`tests: N passed, N failed`, and ends the machine. `T=rule` on its command line selects cases.

Called by tests/run.py.
"""
import glob
import os
import re

import check
import harness
from harness import RULE, Case, Failed, Job, Skipped, output_of, tail

HOST_FLAGS = ["-std=gnu11", "-g", "-O1", "-fno-omit-frame-pointer", "-fsanitize=address,undefined",
              "-fno-sanitize-recover=all", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror",
              # For quoted names only: kernel/string.h must not hide that of the C library.
              "-Iinclude", "-iquote", "kernel"]
VERDICT = re.compile(r"TEST (\S+) (.*?): (ok|FAIL|skip)\b:?\s*(.*)$")
TOTALS = re.compile(r"^tests: (\d+) passed, (\d+) failed", re.MULTILINE)


def rule_jobs():
    """One job for each rule of tools/check.py."""
    def job(name, function):
        def run(_):
            try:
                problems = function()
            except check.Unavailable as reason:
                raise Skipped(str(reason)) from reason
            if problems:
                raise Failed("".join("\n      | " + problem for problem in problems[:20]))
        return Job(f"check {name}", run)
    return [job(name, function) for name, function in check.CHECKS]


def host_jobs():
    return [Job(f"host {_stem(path)}", lambda context, path=path: _host(context, path), path)
            for path in sorted(glob.glob("tests/host/t_*.c"))]


def guest_jobs():
    """Each program once with all its cases; then as a whole on the small CPU model and on the debug kernel."""
    jobs = []
    for path in sorted(glob.glob("user/tests/t_*.c")):
        name = _stem(path)
        jobs.append(Job(f"guest {name}", lambda context, name=name: _guest(context, name), path))
        for label, options in (("CPU qemu64", {"cpu": "qemu64"}), ("debug build", {"debug": True})):
            jobs.append(Job(f"guest {name} again: {label}",
                            lambda context, name=name, options=options: _guest_again(context, name, options)))
    return jobs


def _stem(path):
    return os.path.splitext(os.path.basename(path))[0]


def _host(context, path):
    name = _stem(path)
    with open(path, encoding="utf-8") as file:
        head = file.read(2000)
    found = re.search(r"sources:\s*([^\n*]*)", head)
    if not found:
        raise Failed(f"{path} does not name its sources near its top (sources: kernel/x.c ...)")
    program = os.path.join(context.scratch("host"), name)
    status, text = output_of(["gcc", *HOST_FLAGS, "-o", program, path, *found.group(1).split()])
    if status:
        raise Failed("does not compile" + tail(text, 30))
    status, text = output_of([program], timeout=600 * harness.soak())
    cases = []
    for line in text.splitlines():
        if line.startswith("ok "):
            cases.append(Case(f"{name} {line[3:]}"))
        elif line.startswith("FAIL "):
            what, _, why = line[5:].partition(": ")
            cases.append(Case(f"{name} {what}", "FAIL", why))
    failures = [case for case in cases if case.status == "FAIL"]
    if not cases or bool(failures) != bool(status):
        cases.append(Case(f"host {name}", "FAIL", f"exit status {status}, {len(cases)} cases" + tail(text, 40)))
    return cases


def _boot(context, name, options):
    options = dict(options)
    if options.pop("debug", False):
        options["kernel"] = os.path.join(context.debug_build, "kernel.elf")
    words = f"T={context.filter.upper()}" if RULE.match(context.filter) else ""
    modules = [(context.built("sigma0.elf"), ""), (context.built(name + ".elf"), words)]
    return context.boot(f"guest-{name}-{options}{words}", modules, timeout=120, **options)


def _verdicts(name, result):
    """(cases, complaint about the run as a whole or None)."""
    cases = []
    for line in result.log.splitlines():
        found = VERDICT.search(line)
        if found:
            rule, what, status, why = found.groups()
            cases.append(Case(f"{rule} {what} ({name})", status, why))
    failures = sum(case.status == "FAIL" for case in cases)
    passes = sum(case.status == "ok" for case in cases)
    totals = TOTALS.findall(result.log)
    wanted = "root-failure" if failures else "success"
    if len(totals) != 1 or tuple(map(int, totals[0])) != (passes, failures):
        return cases, f"does not end with its totals ({passes} passed, {failures} failed): {result.why}"
    if result.outcome != wanted:
        return cases, f"ended with '{result.outcome}' ({result.why}), expected '{wanted}'"
    return cases, None


def _guest(context, name):
    result = _boot(context, name, {})
    cases, complaint = _verdicts(name, result)
    if complaint or not (cases or context.filter):
        cases.append(Case(f"guest {name}", "FAIL", (complaint or "no verdict at all") + tail(result.log)))
    return cases


def _guest_again(context, name, options):
    result = _boot(context, name, options)
    cases, complaint = _verdicts(name, result)
    bad = [f"\n      | {case.name}: {case.why}" for case in cases if case.status == "FAIL"]
    if complaint or bad or not cases:
        raise Failed((complaint or "cases fail or are missing") + "".join(bad) + tail(result.log))
