# SPDX-License-Identifier: MIT
"""For the tests of tools/trace: the lines of a trace as they stand there, and a run of the converter.

It uses nothing of tools/trace, so that it does not share its mistakes.
"""
import re
from collections import namedtuple

from harness import TOP, Failed, output_of, tail

Row = namedtuple("Row", "seq time thread name texts")


def rows_of(path):
    found = []
    with open(path, encoding="ascii") as file:
        for line in file.read().split("\n")[1:-1]:
            seq, time, thread, name, *rest = line.split(" ")
            found.append(Row(int(seq), int(time), int(thread), name, dict(word.split("=", 1) for word in rest)))
    return found


def number(text):
    return int(text, 0) if re.fullmatch(r"0x[0-9a-f]+|-?[0-9]+", text) else text


def convert(*args):
    """Runs the converter; returns what it printed, fails if it did."""
    status, text = output_of(["python3", "tools/trace/convert.py", *args], cwd=TOP)
    if status:
        raise Failed(f"convert.py {' '.join(args)}: status {status}" + tail(text))
    return text


def same(what, got, want):
    if got != want:
        raise Failed(f"{what}: {got!r}, expected {want!r}")
