#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The project's own rules about its sources, and clang's: `make check`, and one test each in `make test`.

Every check is a function without arguments that returns a list of problems (`file:line: what`); CHECKS names them all.
Called by the Makefile and by tests/programs.py; calls clang-format, clang-tidy and git where they are present.
"""
import os
import re
import shlex
import shutil
import subprocess
import sys

import csource

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MAX_FILE_LINES = 400
MAX_LINE = 120
MAX_PARAMETERS = 5
MAX_KERNEL_CODE = 10089
MAX_INSTRUMENT_CODE = 858
OPTIONS = {"QUIRE_DEBUG", "QUIRE_LATENCY", "QUIRE_TRACE", "QUIRE_CONSOLE"}  # of a build: conditional code in kernel/
INSTRUMENTS = ("kernel/trace", "kernel/console")  # nothing of them is in a kernel built without options
READING_ORDER = "docs/reading-order.md"
FREESTANDING = {"float.h", "iso646.h", "limits.h", "stdalign.h", "stdarg.h", "stdbool.h", "stddef.h", "stdint.h",
                "stdnoreturn.h"}
SOURCE = (".c", ".h", ".asm", ".S", ".py", ".sh", ".ld", ".js", ".css", ".html")


class Unavailable(Exception):
    """The tool for this check is not installed; the text names it."""


def files(*endings, under=("",)):
    """The project's files with these endings below these directories: those git knows or would add, else all."""
    done = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=TOP, capture_output=True, text=True,
                          check=False) if shutil.which("git") else None
    if done is not None and done.returncode == 0:
        names = [name for name in done.stdout.splitlines() if os.path.isfile(os.path.join(TOP, name))]
    else:
        names = [os.path.relpath(os.path.join(directory, name), TOP) for directory, _, found in os.walk(TOP)
                 for name in found if not os.path.relpath(directory, TOP).startswith(("build", ".git"))]
    return sorted(name for name in names if name.endswith(endings or "") and name.startswith(tuple(under)))


def text_of(name):
    with open(os.path.join(TOP, name), encoding="utf-8") as file:
        return file.read()


def need(tool):
    if not shutil.which(tool):
        raise Unavailable(f"{tool} is not installed")


# ---- rules of the project ----

def licence_lines():
    """Every source file says its licence in its first line (second after #!)."""
    names = files(*SOURCE) + [name for name in files() if os.path.basename(name) == "Makefile"]
    return [f"{name}:1: no SPDX-License-Identifier: MIT" for name in names
            if "SPDX-License-Identifier: MIT" not in "".join(text_of(name).splitlines(True)[:2])]


def text_form():
    """Line length, white space at line ends, tabs, line ends, marks of an unfinished merge."""
    problems = []
    for name in files(*SOURCE, ".boot", "Makefile", ".md"):
        text = text_of(name)
        if text and not text.endswith("\n"):
            problems.append(f"{name}: no newline at its end")
        for number, line in enumerate(text.splitlines(), 1):
            where = f"{name}:{number}: "
            if len(line) > MAX_LINE and not name.endswith(".md"):
                problems.append(where + f"{len(line)} characters")
            if line != line.rstrip():
                problems.append(where + "white space at the line's end")
            if "\t" in line and name.endswith(SOURCE):
                problems.append(where + "tab")
            if line.startswith(("<<<<<<< ", ">>>>>>> ")):
                problems.append(where + "mark of an unfinished merge")
    return problems


def file_length():
    return [f"{name}: {lines} lines (at most {MAX_FILE_LINES})" for name in files(*SOURCE)
            if (lines := len(text_of(name).splitlines())) > MAX_FILE_LINES]


def parameters():
    """At most five. What include/l4 declares has the parameters that L4Re gave it, and is left out, as is its code."""
    return [f"{name}:{line}: {function} has {count} parameters (at most {MAX_PARAMETERS})"
            for name in files(".c", ".h", under=("kernel/", "arch/", "user/", "tests/"))
            for function, line, count in csource.functions(text_of(name))
            if count > MAX_PARAMETERS and not function.startswith("l4re_")]


def purity():
    """The files of tools/purity.txt include the ABI and each other, nothing of the machine or the other kernel."""
    problems = []
    pure = [line for line in text_of("tools/purity.txt").splitlines() if line and not line.startswith("#")]
    headers = {os.path.basename(name) for name in pure if name.endswith(".h")} | {"types.h"}
    for name in pure:
        if not os.path.exists(os.path.join(TOP, name)):
            problems.append(f"tools/purity.txt: there is no file {name}")
            continue
        for line, included in csource.includes(text_of(name)):
            if included not in FREESTANDING and included not in headers and not included.startswith("l4/"):
                problems.append(f"{name}:{line}: a pure file may not include {included}")
    return problems


def generic_code():
    """kernel/ has no assembly, no machine header, no conditional code but include guards and a build's options."""
    problems = []
    for name in files(".c", ".h", under=("kernel/",)):
        text = csource.without_comments(text_of(name))
        guard = csource.include_guard(text)
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(r"\b(asm|__asm__|__asm)\b", line):
                problems.append(f"{name}:{number}: assembly in generic code")
            found = re.match(r"\s*#\s*(?:if|ifdef|ifndef|elif)\b(.*)", line)
            names = set(re.findall(r"[A-Za-z_]\w*", found.group(1))) - {"defined"} if found else set()
            if names - {guard, *OPTIONS} or (found and not names):
                problems.append(f"{name}:{number}: conditional code: {line.strip()}")
            if re.match(r"\s*#\s*include\s*[<\"]arch/", line):
                problems.append(f"{name}:{number}: generic code includes a header of one machine")
    return problems


def machine_paths():
    """No path of somebody's machine in the repository."""
    pattern = re.compile(r"(?<![\w.])/(?:home|root|work|mnt|srv|Users)/\w")
    names = files(*SOURCE, ".md", ".txt", ".boot", "Makefile", "run")
    return [f"{name}:{number}: path of one machine" for name in names
            for number, line in enumerate(text_of(name).splitlines(), 1) if pattern.search(line)]


def kernel_size():
    """Code lines of kernel/ and arch/, without blank lines and comments; the optional instruments for themselves."""
    lines = {name: csource.code_lines(text_of(name), name.endswith(".asm"))
             for name in files(".c", ".h", ".asm", under=("kernel/", "arch/"))}
    extra = sum(count for name, count in lines.items() if name.startswith(INSTRUMENTS))
    count = sum(lines.values()) - extra
    return [f"kernel and arch have {count} lines of code (at most {MAX_KERNEL_CODE})"] * (count > MAX_KERNEL_CODE) + \
           [f"the instruments have {extra} lines of code (at most {MAX_INSTRUMENT_CODE})"] * (
               extra > MAX_INSTRUMENT_CODE)


def reading_order():
    """The reading order names every file of the kernel, and no file that is not there."""
    text = text_of("README.md") + text_of(READING_ORDER)
    named = set(re.findall(r"`((?:kernel|arch|user|include)/[\w./-]+\.\w+)`", text))
    present = files(".c", ".asm", under=("kernel/", "arch/"))
    return [f"{READING_ORDER}: does not name {name}" for name in present if name not in named] + \
           [f"{READING_ORDER}: there is no file {name}" for name in sorted(named)
            if not os.path.exists(os.path.join(TOP, name))]


# ---- clang ----

def formatting():
    """clang-format would change nothing."""
    need("clang-format")
    names = files(".c", ".h", under=("kernel/", "arch/", "user/", "include/", "tests/"))
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *names], cwd=TOP, capture_output=True, text=True,
                          check=False)
    places = [line.split(": error:")[0].rsplit(":", 1)[0] for line in done.stderr.splitlines() if ": error:" in line]
    first = {place.split(":")[0]: place for place in reversed(places)}
    return [f"{place}: not as clang-format writes it (make fmt)" for place in sorted(first.values())]


def static_analysis():
    """clang-tidy has nothing to say (.clang-tidy says what it looks at)."""
    need("clang-tidy")
    need("clang")
    problems = []
    for kind, under in (("kernel", ("kernel/", "arch/")), ("user", ("user/",))):
        flags = subprocess.run(["make", "-s", "print-flags-" + kind, "LLVM=1"], cwd=TOP, capture_output=True, text=True,
                               check=True).stdout
        names = files(".c", under=under)
        if names:
            done = subprocess.run(["clang-tidy", "--quiet", *names, "--", "--target=x86_64-elf", *shlex.split(flags)],
                                  cwd=TOP, capture_output=True, text=True, check=False)
            lines = [line.replace(TOP + os.sep, "") for line in done.stdout.splitlines()]
            found = [line for line in lines if re.search(r": (error|warning):", line)]
            problems += found or [f"clang-tidy ended with status {done.returncode}: {done.stderr[-300:]}"] * (
                done.returncode != 0)
    return problems


CHECKS = [
    ("licence line", licence_lines),
    ("text form", text_form),
    ("file length", file_length),
    ("function parameters", parameters),
    ("purity of the pure files", purity),
    ("generic code", generic_code),
    ("no paths of one machine", machine_paths),
    ("kernel size", kernel_size),
    ("reading order", reading_order),
    ("clang-format", formatting),
    ("clang-tidy", static_analysis),
]


def main():
    failed = 0
    for name, function in CHECKS:
        try:
            problems = function()
        except Unavailable as reason:
            print(f"skip {name}: {reason}")
            continue
        print(f"{'FAIL' if problems else 'ok  '} {name}", flush=True)
        for problem in problems:
            print("     " + problem)
        failed += bool(problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
