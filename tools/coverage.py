#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which lines of the walk do the host tests run? `make coverage` prints it for each file, and the lines that none ran.

Builds tests/host/t_*.c once more, without optimisation and with gcc's counters, below build/coverage, runs each, and
adds up what gcov says. A line counts as run when any of the programs ran it. Only kernel code that the host tests
contain is counted; the rest of the kernel is run by the tests in QEMU alone.

    --lines  also print every line that was not run

Calls tests/programs.py for the flags; gcc and gcov.
"""
import argparse
import glob
import gzip
import json
import os
import re
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.append(os.path.join(TOP, "tests"))
import programs  # noqa: E402

WORK = os.path.join(TOP, "build", "coverage")
FLAGS = [flag for flag in programs.HOST_FLAGS if not flag.startswith("-fsanitize") and flag != "-O1"] + \
        ["-O0", "--coverage", "-Wno-error"]
# Most tests end their children by _Exit, which would throw the counters away.
EXIT = """void __gcov_dump(void);
_Noreturn void __real__Exit(int status);
_Noreturn void __wrap__Exit(int status) { __gcov_dump(); __real__Exit(status); }
"""
WALK = re.compile(r"^(kernel/(transfer|msgitem|fpage|map|mem_space|mem_map|mem_page|mem_unmap|io_space|obj_space|mapdb)"
                  r"|arch/x86_64/paging)\.[ch]$")
COUNTED = re.compile(r"^(kernel/\w+\.[ch]|arch/x86_64/paging\.[ch])$")


def call(args, **options):
    """Runs a command; ends with its output if it fails."""
    done = subprocess.run(args, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          **options)
    if done.returncode:
        sys.exit(f"coverage: {' '.join(args[:3])} ... ends with {done.returncode}\n{done.stdout[-2000:]}")
    return done.stdout


def words_of(path):
    """Flags and sources behind `sources:`, files of words (@name) read."""
    with open(path, encoding="utf-8") as file:
        words = re.search(r"sources:\s*([^\n*]*)", file.read(2000)).group(1).split()
    found = []
    for word in words:
        if word.startswith("@"):
            with open(os.path.join(TOP, word[1:]), encoding="utf-8") as file:
                found += file.read().split()
        else:
            found.append(word)
    return [word for word in found if not word.endswith(".c")], [word for word in found if word.endswith(".c")]


def run_program(path, counts):
    """Builds and runs one program, adds the counters of its lines to counts[file][line]."""
    name = os.path.splitext(os.path.basename(path))[0]
    directory = os.path.join(WORK, name)
    os.makedirs(directory, exist_ok=True)
    flags, sources = words_of(path)
    objects = []
    for source in [path] + sources:
        objects.append(os.path.join(directory, source.replace("/", "-") + ".o"))
        call(["gcc", *FLAGS, *flags, "-c", "-o", objects[-1], source])
    program = os.path.join(directory, name)
    call(["gcc", "--coverage", "-Wl,--wrap=_Exit", "-o", program, os.path.join(WORK, "exit.c"), *objects])
    call([program], timeout=1200)
    for data in glob.glob(os.path.join(directory, "*.gcda")):
        call(["gcov", "--json-format", "--object-directory", directory, data])
        for result in glob.glob(os.path.join(TOP, "*.gcov.json.gz")):
            with gzip.open(result, "rt", encoding="utf-8") as file:
                add(json.load(file), counts)
            os.remove(result)


def add(result, counts):
    for entry in result["files"]:
        name = os.path.normpath(entry["file"])
        if COUNTED.match(name):
            lines = counts.setdefault(name, {})
            for line in entry["lines"]:
                lines[line["line_number"]] = lines.get(line["line_number"], 0) + line["count"]


def report(counts, show_lines):
    all_lines = all_run = walk_lines = walk_run = 0
    print(f"{'file':32} {'lines':>6} {'run':>6} {'%':>6}  not run")
    for name in sorted(counts):
        lines = counts[name]
        missing = sorted(number for number, count in lines.items() if not count)
        all_lines += len(lines)
        all_run += len(lines) - len(missing)
        if WALK.match(name):
            walk_lines += len(lines)
            walk_run += len(lines) - len(missing)
        print(f"{name:32} {len(lines):6} {len(lines) - len(missing):6} {100 * (1 - len(missing) / len(lines)):6.1f}  "
              f"{' '.join(map(str, missing))}")
        if show_lines:
            with open(os.path.join(TOP, name), encoding="utf-8") as file:
                text = file.read().splitlines()
            for number in missing:
                print(f"    {number:4}: {text[number - 1]}")
    print(f"{'the walk':32} {walk_lines:6} {walk_run:6} {100 * walk_run / walk_lines:6.1f}")
    print(f"{'all':32} {all_lines:6} {all_run:6} {100 * all_run / all_lines:6.1f}")


def main():
    parser = argparse.ArgumentParser(description="Line coverage of the walk by the host tests.")
    parser.add_argument("--lines", action="store_true", help="print the lines that were not run")
    options = parser.parse_args()
    os.chdir(TOP)
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WORK)
    with open(os.path.join(WORK, "exit.c"), "w", encoding="utf-8") as file:
        file.write(EXIT)
    counts = {}
    for path in sorted(glob.glob("tests/host/t_*.c")):
        print(f"coverage: {path}", flush=True)
        run_program(path, counts)
    report(counts, options.lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
