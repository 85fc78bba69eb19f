#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Do the tests notice a broken kernel? `make mutants` puts one fault after the other into a copy and runs the tests.

The faults are in tests/mutants/list.txt; its head says how an entry is written. Each fault goes alone into a copy of
the tree (build/mutants/tree), what it concerns is compiled again, then the tests that the entry names run in that
order, then all others, until one fails. Host programs are those of tests/host, guest programs run on the debug kernel,
for an entry with `kernel plain` on the other. An entry with `shows` must make the named invariant's own check speak.
Exit status 0 only if no fault survived without a reason given in the list.

    --check      only look whether each entry still applies exactly once (part of `make test`)
    --only WORD  only entries in which this regular expression is found (make mutants M=mapdb)
    --named      only the tests that an entry names, not all others after them
    --record     keep what noticed each fault in tests/mutants/record.txt, from which docs/proof.md has its table

Calls tools/mutant_list.py, tests/harness.py and tests/programs.py.
"""
import argparse
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.append(os.path.join(TOP, "tests"))  # behind tools: both have a run.py
import harness  # noqa: E402
import programs  # noqa: E402
from mutant_list import (Broken, apply, guest_source, host_source, problems, read_list, read_record,  # noqa: E402
                         write_record)

HOST_FLAGS = programs.HOST_FLAGS + ["-Wno-error"]
LIMIT = 900  # seconds for a test whose time on the intact tree is not known
BROKEN = re.compile(r"invariant broken: (I\d+)\b[^\n]*")
SPEAKS = re.compile(r"^(FAIL |difference|panic|==\d+==ERROR|.*runtime error)", re.MULTILINE)


# ---- the copy of the tree ----


def copy_tree(to):
    """Brings the copy up to date; only files that differ are written, so that make builds no more than needed."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=TOP, capture_output=True, text=True,
                           check=True).stdout.splitlines()
    for name in names:
        source, target = os.path.join(TOP, name), os.path.join(to, name)
        if os.path.isfile(source):
            with open(source, "rb") as file:
                write_if_new(target, file.read())
    for directory, below, here in os.walk(to):
        below[:] = [name for name in below if directory != to or name != "build"]
        for name in here:
            path = os.path.join(directory, name)
            if os.path.relpath(path, to) not in names:
                os.remove(path)


def write_if_new(path, data):
    if os.path.exists(path):
        with open(path, "rb") as file:
            if file.read() == data:
                return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def run(args, seconds, stop_at=None):
    """Runs a command in a session of its own. Returns (exit status or None: time limit, output so far)."""
    output, start = "", time.monotonic()
    child = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             start_new_session=True)
    os.set_blocking(child.stdout.fileno(), False)
    status = None
    while True:
        status = child.poll()
        output += (child.stdout.read() or b"").decode(errors="replace")
        if status is not None or time.monotonic() - start > seconds or (stop_at and stop_at.search(output)):
            break
        time.sleep(0.05)
    if status is None:
        late = not (stop_at and stop_at.search(output))
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        status = None if late else 1
    child.stdout.close()
    return status, output


class Unbuildable(Exception):
    """The fault does not compile."""


class HostBuild:
    """Objects of the host programs: those of the intact tree are kept, a fault's are made beside them."""

    def __init__(self, work):
        self.work = work
        self.mutated = None  # name of the file that has the fault
        self.times = {}  # test: seconds on the intact tree

    def program(self, name):
        """Builds one program in the current directory; its path."""
        with open(f"tests/host/{name}.c", encoding="utf-8") as file:
            words = re.search(r"sources:\s*([^\n*]*)", file.read(2000)).group(1).split()
        extra = []
        for word in [word for word in words if word.startswith("@")]:
            with open(word[1:], encoding="utf-8") as file:
                extra += file.read().split()
            words.remove(word)
        words += extra
        sources = [f"tests/host/{name}.c"] + [word for word in words if word.endswith(".c")]
        flags = [word for word in words if not word.endswith(".c")]
        objects = [self._object(source, flags) for source in sources]
        target = os.path.join(self.work, "mutant" if self.mutated else "intact", name)
        self._call(["gcc", *HOST_FLAGS, "-o", target, *objects])
        return target

    def _object(self, source, flags):
        key = hashlib.md5(" ".join(flags).encode()).hexdigest()[:8]
        intact = os.path.join(self.work, "intact", f"{source.replace('/', '-')}.{key}.o")
        if self.mutated is None:
            if not self._current(intact):
                self._call(["gcc", *HOST_FLAGS, *flags, "-MMD", "-c", "-o", intact, source])
            return intact
        if self.mutated not in self._read(intact):
            return intact
        changed = intact.replace("/intact/", "/mutant/")
        if not os.path.exists(changed):
            self._call(["gcc", *HOST_FLAGS, *flags, "-c", "-o", changed, source])
        return changed

    @staticmethod
    def _read(path):
        """The files an object was made from."""
        with open(path[:-1] + "d", encoding="utf-8") as file:
            words = file.read().replace("\\\n", " ").split()[1:]
        return {os.path.normpath(word) for word in words}

    def _current(self, path):
        if not os.path.exists(path):
            return False
        made = os.path.getmtime(path)
        return all(os.path.exists(name) and os.path.getmtime(name) <= made for name in self._read(path))

    def begin(self, name):
        self.mutated = name
        shutil.rmtree(os.path.join(self.work, "mutant"), ignore_errors=True)
        os.makedirs(os.path.join(self.work, "mutant"))

    @staticmethod
    def _call(args):
        status, text = run(args, 300)
        if status:
            raise Unbuildable(text[-1500:])


# ---- running ----


@dataclass
class Verdict:
    failed: bool
    why: str = ""
    invariant: str = ""


def limit(times, name):
    """Seconds after which a test counts as hanging: several times what it took on the intact tree."""
    return min(LIMIT, 30 + 6 * times[name]) if name in times else LIMIT


def host_test(build, name):
    status, output = run([build.program(name)], limit(build.times, name), SPEAKS)
    said = SPEAKS.search(output)
    broken = BROKEN.search(output)
    why = output[said.start():].splitlines()[0] if said else "time limit" if status is None else f"status {status}"
    if broken:
        why = broken.group(0)
    return Verdict(status != 0, why[:110], broken.group(1) if broken else "")


def build_kernel(plain):
    """Builds the kernel that guest programs run on: the plain one, or that with checks; its path."""
    kernel = "build/kernel.elf" if plain else "build/debug/kernel.elf"
    status, output = run(["make", "-s", kernel, f"DEBUG={0 if plain else 1}", "EXTRA_CFLAGS=-Wno-error"], 600)
    if status:
        raise Unbuildable(output[-1500:])
    return kernel


def guest_test(context, times, name, kernel):
    modules = [(context.built("sigma0.elf"), ""), (context.built(name + ".elf"), "")]
    result = context.boot(f"mutant-{name}", modules, kernel=kernel,
                          timeout=limit(times, name))
    cases, complaint = programs._verdicts(name, result)  # pylint: disable=protected-access
    broken = BROKEN.search(result.log)
    bad = [f"{case.name}: {case.why}" for case in cases if case.status == "FAIL"]
    why = broken.group(0) if broken else bad[0] if bad else complaint or ""
    return Verdict(bool(bad or complaint), why.splitlines()[0][:110] if why else "", broken.group(1) if broken else "")


def all_tests():
    hosts = [job.name.split()[1] for job in programs.host_jobs()]
    guests = [job.name.split()[1] for job in programs.guest_jobs() if "again" not in job.name]
    return hosts, guests


def try_mutant(mutant, build, context, named_only):
    """(test that killed it or None, its verdict)."""
    hosts, guests = all_tests()
    order = mutant.tests()
    if not named_only and not mutant.survives:
        order += [test for test in hosts + guests if test not in order]
    kernel = None
    other = Verdict(False)
    for test in order:
        if host_source(test):
            verdict = host_test(build, test)
        else:
            kernel = kernel or build_kernel(mutant.kernel == "plain")
            verdict = guest_test(context, build.times, test, kernel)
        if verdict.failed and mutant.shows in ("", verdict.invariant):
            return f"{'host' if host_source(test) else 'guest'} {test}", verdict
        if verdict.failed:
            other = verdict
    return None, other


def baseline(build, context, tests):
    """The intact tree must build and pass the tests that are used."""
    os.makedirs(os.path.join(build.work, "intact"), exist_ok=True)
    print("mutants: building the intact tree", flush=True)
    status, output = run(["make", "-s", "all", "EXTRA_CFLAGS=-Wno-error"], 1200)
    if status:
        raise Broken("the intact tree does not build\n" + output[-1500:])
    kernel = build_kernel(False)
    for test in tests:
        if host_source(test):
            build.program(test)  # its time does not count
        start = time.monotonic()
        verdict = host_test(build, test) if host_source(test) else guest_test(context, build.times, test, kernel)
        build.times[test] = time.monotonic() - start
        print(f"  {test}: {'FAILS ' + verdict.why if verdict.failed else 'ok'} ({build.times[test]:.1f} s)", flush=True)
        if verdict.failed:
            raise Broken(f"the intact tree fails {test}: {verdict.why}")
    for test in all_tests()[0]:  # their objects are reused
        build.program(test)


def run_all(mutants, options):
    work = os.path.join(TOP, "build", "mutants")
    tree = os.path.join(work, "tree")
    copy_tree(tree)
    os.chdir(tree)
    build = HostBuild(work)
    context = harness.Context("build", "")
    baseline(build, context, sorted({test for mutant in mutants for test in mutant.tests()}))
    killed, explained, survivors, start = 0, [], [], time.monotonic()
    record = read_record()
    for number, mutant in enumerate(mutants, 1):
        with open(mutant.file, encoding="utf-8") as file:
            intact = file.read()
        began = time.monotonic()
        try:
            faulty = apply(mutant, tree)
            with open(mutant.file, "w", encoding="utf-8") as file:
                file.write(faulty)
            build.begin(mutant.file)
            test, verdict = try_mutant(mutant, build, context, options.named)
        except Unbuildable as why:
            raise Broken(f"{mutant.name} does not compile:\n{why}") from why
        finally:
            with open(mutant.file, "w", encoding="utf-8") as file:
                file.write(intact)
        if test:
            killed += 1
            text = f"killed by {test}: {verdict.why}"
        elif mutant.survives:
            explained.append(mutant)
            text = f"survives: {mutant.survives}"
        else:
            survivors.append(mutant)
            text = "SURVIVES" + (f" (fails, but not by {mutant.shows}: {verdict.why})" if verdict.failed else "")
        record[mutant.name] = (test or "nothing", verdict.why if test else mutant.survives)
        if options.record:
            write_record(record)
        print(f"[{number}/{len(mutants)}] {mutant.name} ({time.monotonic() - began:.0f} s) {text}", flush=True)
    for mutant in explained:
        print(f"explained survivor: {mutant.name}: {mutant.survives}")
    for mutant in survivors:
        print(f"SURVIVOR: {mutant.name} ({mutant.file}): {mutant.breaks}")
    print(f"mutants: {killed} of {len(mutants)} killed, {len(explained)} survivors explained, {len(survivors)} not; "
          f"{time.monotonic() - start:.0f} s")
    return 1 if survivors else 0


def main():
    parser = argparse.ArgumentParser(description="Run the tests against deliberate faults.")
    parser.add_argument("--check", action="store_true", help="only check the list")
    parser.add_argument("--only", default="", help="entries in which this regular expression is found")
    parser.add_argument("--named", action="store_true", help="only the tests that the entries name")
    parser.add_argument("--record", action="store_true", help="keep the results in tests/mutants/record.txt")
    options = parser.parse_args()
    found = problems()
    if found:
        print("\n".join(found))
        return 1
    mutants = [mutant for mutant in read_list() if mutant.matches(options.only)]
    if options.check:
        print(f"{len(mutants)} faults, each applies once")
        return 0
    try:
        return run_all(mutants, options)
    except Broken as why:
        print(f"mutants: {why}")
        return 2


if __name__ == "__main__":
    sys.exit(main())
