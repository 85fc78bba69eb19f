# SPDX-License-Identifier: MIT
"""What a test is: jobs that yield cases, the filter T=, and the context that the tests boot machines with.

A job is one unit of work (a program, a boot) and yields one or more cases; each case counts as one test. Files in
tests/qemu register theirs with @job; tests/run.py runs them. Calls tools/qemu.py.
"""
import os
import re
import subprocess
import sys
from dataclasses import dataclass

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tools"))
sys.dont_write_bytecode = True
import qemu  # noqa: E402

RULE = re.compile(r"[A-Z]+-\d+$", re.IGNORECASE)


@dataclass
class Case:
    """One counted test. status: ok, FAIL or skip; why: reason, or the log of a failure, may have several lines."""

    name: str
    status: str = "ok"
    why: str = ""


@dataclass
class Job:
    name: str
    function: object  # function(context) -> iterable of Case, or None: one case named like the job
    source: str = ""  # a source file whose text tells which cases the job may yield
    passes_filter: bool = False  # the function looks at context.filter itself


class Failed(Exception):
    """A test found something wrong; the text says what."""


class Skipped(Exception):
    """A test cannot run here; the text says why."""


JOBS = []


def job(name):
    """Registers a function as a job of this name."""
    def register(function):
        JOBS.append(Job(name, function))
        return function
    return register


def soak():
    """How many times longer than in `make test` a test with a random part is to run (tests/run.py --soak)."""
    return 1 if os.environ.get("QUIRE_SOAK", "0") in ("", "0") else 10


def has_soak(one):
    """True if the job has a random part: a fuzzer in the guest, or a host program that asks for soak_factor()."""
    if one.name.startswith("fuzz_"):
        return True
    if not one.source or not one.name.startswith("host "):
        return False
    with open(one.source, encoding="utf-8") as file:
        return "soak_factor" in file.read()


def matches(text, wanted):
    """True if the filter selects the text: M-2 selects the rule M-2 and not M-21, anything else any part of it."""
    if RULE.match(wanted):
        return re.search(rf"(?<![\w-]){re.escape(wanted)}(?!\w)", text, re.IGNORECASE) is not None
    return wanted.lower() in text.lower()


def selected(jobs, wanted):
    """The jobs that have, or may have, a case that the filter selects."""
    def may_match(one):
        if matches(one.name, wanted):
            return True
        if not one.source:
            return False
        with open(one.source, encoding="utf-8") as file:
            return matches(file.read(), wanted)
    return [one for one in jobs if not wanted or may_match(one)]


def execute(one, context):
    """Runs a job; returns its cases, those that the filter does not select left out."""
    try:
        cases = list(one.function(context) or [Case(one.name)])
    except Failed as failure:
        cases = [Case(one.name, "FAIL", str(failure))]
    except Skipped as reason:
        cases = [Case(one.name, "skip", str(reason))]
    except (OSError, ValueError, KeyError, IndexError, qemu.UsageError) as error:
        cases = [Case(one.name, "FAIL", f"{type(error).__name__}: {error}")]
    wanted = context.filter
    if not wanted or matches(one.name, wanted):
        return cases
    # What failed as a whole is no rule's case, but must not get lost with the filter.
    return [case for case in cases if matches(case.name, wanted) or (case.status == "FAIL" and case.name == one.name)]


class Context:
    """Where things are, and how to boot. One object for all tests, used by several threads, never changed."""

    def __init__(self, build, wanted):
        self.build = build
        self.debug_build = os.path.join("build", "debug")  # made by `make test`
        self.trace_build = os.path.join("build", "trace")
        self.filter = wanted
        self.work = os.path.join(build, "tests")
        os.makedirs(self.work, exist_ok=True)

    def built(self, name):
        """Path of a built file, e.g. kernel.elf."""
        return os.path.join(self.build, name)

    def scratch(self, name):
        """A directory for a test's own files."""
        path = os.path.join(self.work, re.sub(r"[^\w.-]+", "-", name))
        os.makedirs(path, exist_ok=True)
        return path

    def demonstration(self):
        """The modules of the demonstration, each (path, arguments), in boot order."""
        script = os.path.join("user", "smap", "smap.boot")
        names = [self.built(name) for name in ("sigma0.elf", "root.elf", "server.elf", "client.elf")]
        return [(path, "") for path in names[:2] + [script] + names[2:]]

    def boot(self, name, modules, **options):
        """Boots the kernel with the modules; keeps the console in a file. Returns qemu.Result."""
        directory = self.scratch(name)
        kernel = options.pop("kernel", self.built("kernel.elf"))
        result = qemu.run(qemu.Machine(kernel, modules, work=directory, **options))
        with open(os.path.join(directory, "serial.log"), "w", encoding="utf-8") as file:
            file.write(result.log)
        return result


def tail(log, lines=12):
    """The end of a console log, indented, for the report of a failure."""
    rows = [row for row in log.splitlines() if row.strip()][-lines:]
    return "".join("\n      | " + row for row in rows) or "\n      | (the console stayed empty)"


def expect_outcome(result, outcome):
    """Fails unless the machine ended this way."""
    if result.outcome != outcome:
        raise Failed(f"ended with '{result.outcome}' ({result.why}), expected '{outcome}'" + tail(result.log))


def expect_line(result, start, parts):
    """Fails unless one line begins with `start` and contains each of the parts (letter case does not count)."""
    for line in result.log.splitlines():
        if line.startswith(start) and all(part.lower() in line.lower() for part in parts):
            return
    raise Failed(f"no line begins with '{start}' and contains {parts}" + tail(result.log))


def output_of(args, **options):
    """Runs a command to its end. Returns (exit status, everything it printed)."""
    options = {"timeout": 300, **options}
    try:
        done = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", check=False, **options)
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"").decode(errors="replace")
        raise Failed(f"time limit of {options['timeout']} s: {' '.join(args)}" + tail(text)) from late
    return done.returncode, done.stdout
