# SPDX-License-Identifier: MIT
"""The headers under include/l4 as a program sees them: each stands alone, and declares what tests/abi/interface.txt
lists, with these types and values. Compiled by GCC, and by clang where it is installed, with the project's warnings.
"""
import glob
import os
import re
import shutil

from harness import Failed, job, output_of

LISTED = os.path.join("tests", "abi", "interface.txt")
FLAGS = ["-std=gnu11", "-ffreestanding", "-fsyntax-only", "-Iinclude", "-Wall", "-Wextra", "-Wconversion", "-Wshadow",
         "-Wno-deprecated-declarations", "-Werror"]
FUNCTION = re.compile(r"(.*?)(\w+)(\(.*\))$")
CONSTANT = re.compile(r"(\w+) = (\w+)$")


def listed():
    """header -> its lines."""
    found = {}
    with open(LISTED, encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith("["):
                lines = found.setdefault(line.strip("[]"), [])
            elif line and not line.startswith("#"):
                lines.append(line)
    return found


def assertion(line):
    """C code that compiles only if the name is declared this way."""
    constant = CONSTANT.match(line)
    if constant:
        return f'_Static_assert((unsigned long)({constant[1]}) == {constant[2]}UL, "{constant[1]}");'
    result, name, parameters = FUNCTION.match(line).groups()
    return f"static {result}(*const {name}_){parameters} __attribute__((unused)) = {name};"


def compilers():
    return [name for name in ("gcc", "clang") if shutil.which(name)]


def compiled(context, header, code, names):
    """What these compilers say against it."""
    source = os.path.join(context.scratch("headers"), header.replace("/", "_") + ".c")
    with open(source, "w", encoding="utf-8") as file:
        file.write("\n".join([f"#include <{header}>", *code, ""]))
    problems = []
    for name in names:
        status, text = output_of([name, *FLAGS, source])
        errors = [line for line in text.splitlines() if "error:" in line]
        problems += [f"\n      | {name}: {line}" for line in (errors or [text]) if status]
    return problems


@job("headers: each of include/l4 stands alone")
def alone(context):
    headers = sorted(glob.glob("include/l4/**/*.h", recursive=True))
    problems = [line for path in headers for line in compiled(context, os.path.relpath(path, "include"), [], ["gcc"])]
    if problems or len(headers) < 40:
        raise Failed("".join(problems[:20]) or f"only {len(headers)} headers")


@job("headers: prototypes and constants are L4Re's")
def interface(context):
    lines = listed()
    problems = [line for header, declared in lines.items()
                for line in compiled(context, header, [assertion(line) for line in declared], compilers())]
    if problems or sum(map(len, lines.values())) < 700:
        raise Failed("".join(problems[:20]) or "the list is too short")
