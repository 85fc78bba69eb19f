#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The tables of docs/proof.md that are made from the tests' own lists: `python3 tools/proof_doc.py --write`.

Invariants: which faults of tests/mutants/list.txt each one's check has to notice (`shows`), and what it said when
`make mutants ARGS=--record` ran last. Outcomes: tests/model/outcomes.txt, which t_random holds against what it
reached. Each table stands between two comments of the page. Without --write: are they current?
Called by tests/qemu/documents.py and by hand; calls tools/mutant_list.py.
"""
import os
import re
import sys

from mutant_list import INVARIANTS, TOP, read_list, read_record

PAGE = "docs/proof.md"
OUTCOMES = "tests/model/outcomes.txt"
STATEMENTS = {
    "I1": "a node for each page and port, and no other",
    "I2": "each node names its place, each entry its node",
    "I3": "the links form a tree, the depth counts generations",
    "I4": "a child lies within its parent, aligned",
    "I5": "a child has its parent's frame",
    "I6": "no user's page is the kernel's",
    "I7": "free and owned memory are all memory",
    "I8": "an account is what its objects take",
    "I9": "an object's counter is that of its slots",
    "I10": "who waits is in the queue, and no other",
    "I11": "the CPU's port bitmap is the task's",
    "I12": "no translation is left that the tables forbid",
    "I13": "the tables that a task found last are those of a walk",
}
HEADINGS = {
    "done": "done",
    "failed": "map failed (0x10, 0x11)",
    "dying": "dying (-EINVAL)",
    "overflow": "no buffer, no target (8, 9)",
    "refused": "refused (fault, -EEXIST)",
    "no-memory": "-ENOMEM",
}


def text_of(name):
    with open(os.path.join(TOP, name), encoding="utf-8") as file:
        return file.read()


def invariants():
    """One row for each fault that has to be noticed by the invariant's own check."""
    record = read_record()
    lines = ["| Invariant | Fault | Noticed by | What it said |", "|---|---|---|---|"]
    for name in INVARIANTS:
        for mutant in [one for one in read_list() if one.shows == name]:
            test, said = record.get(mutant.name, ("not run yet", ""))
            lines.append(f"| {name} {STATEMENTS[name]} | `{mutant.name}` | {test} | {said} |")
    return lines


def outcomes():
    """Operation x outcome, the reasons for what never happens, and the cases of the model with their operations."""
    cells, reasons, cases, operations = {}, [], [], []
    for line in text_of(OUTCOMES).splitlines():
        found = re.match(r"outcome (\S+) (\S+)(?: never: (.*))?$", line)
        case = re.match(r"case (.*): (.*)$", line)
        if found:
            operation, outcome, why = found.groups()
            if operation not in operations:
                operations.append(operation)
            if why and why not in reasons:
                reasons.append(why)
            cells[operation, outcome] = f"({reasons.index(why) + 1})" if why else "reached"
        elif case:
            cases.append(case.groups())
    lines = ["| Operation | " + " | ".join(HEADINGS.values()) + " |", "|---" * (len(HEADINGS) + 1) + "|"]
    lines += [f"| {operation} | " + " | ".join(cells[operation, one] for one in HEADINGS) + " |"
              for operation in operations]
    lines += [""] + [f"{number}. {why}" for number, why in enumerate(reasons, 1)]
    lines += ["", "| Case of the model | Reached by |", "|---|---|"]
    return lines + [f"| {name} | {by} |" for name, by in cases]


TABLES = {"invariants": invariants, "outcomes": outcomes}


def page():
    """docs/proof.md as it has to be."""
    text = text_of(PAGE)
    for name, table in TABLES.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        start, stop = text.find(begin), text.find(end)
        if start < 0 or stop < start:
            raise ValueError(f"{PAGE} has no place for {name}")
        text = text[:start] + begin + "\n".join(table()) + "\n" + text[stop:]
    return text


def problems():
    return [] if page() == text_of(PAGE) else [f"{PAGE}: not current (python3 tools/proof_doc.py --write)"]


def main():
    if sys.argv[1:] == ["--write"]:
        text = page()
        with open(os.path.join(TOP, PAGE), "w", encoding="utf-8") as file:
            file.write(text)
    print("\n".join(problems()) or f"{PAGE} is current")
    return 1 if problems() else 0


if __name__ == "__main__":
    sys.exit(main())
