#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the documents that name tests or figures against the tests and the record, and writes docs/rules.md.

docs/snd_fpage.md: every function and constant of l4/sys/snd_fpage.h has a row, and the test that the row names exists.
docs/rules.md: which programs test which rule; made by `python3 tools/doc_check.py --write`, and checked to be current.
A rule without a test has to be in WITHOUT_TEST with the reason.
docs/benchmarks.md and README.md: their figures are those of tests/bench/recorded.json.

Called by tests/qemu/documents.py and by hand.
"""
import glob
import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench  # noqa: E402

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HEADER = "include/l4/sys/snd_fpage.h"
MEMBERS = "docs/snd_fpage.md"
RULES = "docs/rules.md"

GROUPS = [
    ("System calls, messages, page faults, exceptions", "I", range(1, 68)),
    ("Flexpages and items", "F", range(1, 21)),
    ("Worked examples of flexpages and windows", "EX", range(1, 11)),
    ("Mapping, grant, revocation, accounting", "M", range(1, 83)),
    ("Kernel objects: calls in general and tasks", "O", range(1, 9)),
    ("Kernel objects: threads", "O", range(9, 17)),
    ("Kernel objects: making objects, gates", "O", range(17, 26)),
    ("Kernel objects: IRQ senders, scheduler, deletion", "O", range(26, 36)),
    ("Start: information page, loader, first tasks, sigma0", "B", range(1, 30)),
    ("Derivation trees", "U", range(1, 17)),
]

WITHOUT_TEST = {
    "I-19": "a convention among programs, nothing the kernel does",
    "I-58": "page-fault trampolines are not offered",
    "I-64": "alien threads are not offered",
    "M-30": "needs two processors that change one space at a time",
}

CASE = re.compile(r'\{\s*"([A-Z]+-\d+[a-z]?)",\s*((?:"[^"]*"\s*)+),')
STRING = re.compile(r'"((?:\\.|[^"\\\n])*)"')
RULE = re.compile(r"(?<![\w-])([A-Z]+-\d+)(?!\w)")


def text_of(name):
    with open(os.path.join(TOP, name), encoding="utf-8") as file:
        return file.read()


def sources(pattern):
    return sorted(os.path.relpath(path, TOP) for path in glob.glob(os.path.join(TOP, pattern)))


def guest_cases():
    """[(program, rule, what)] of the tables in user/tests."""
    cases = []
    for name in sources("user/tests/t_*.c"):
        program = os.path.splitext(os.path.basename(name))[0]
        for rule, what in CASE.findall(text_of(name)):
            cases.append((program, rule, "".join(STRING.findall(what))))
    return cases


def programs_by_rule():
    """{rule: sorted names of the programs that have a case with that name}."""
    found = {}
    for program, rule, _ in guest_cases():
        found.setdefault(rule.rstrip("abcdefgh"), set()).add(program)
    for name in sources("tests/host/*.c") + sources("tests/qemu/*.py"):
        if name in ("tests/qemu/huge.py", "tests/qemu/runner.py"):  # runs t_huge; tests the filter itself
            continue
        program = ("host " if "host" in name else "") + os.path.splitext(os.path.basename(name))[0]
        for literal in STRING.findall(text_of(name)):
            for rule in RULE.findall(literal):
                found.setdefault(rule, set()).add(program)
    return {rule: sorted(programs) for rule, programs in found.items()}


def rules_document():
    """What docs/rules.md has to be."""
    found = programs_by_rule()
    lines = ["# Rules and their tests", "",
             "Made by `python3 tools/doc_check.py --write`. A rule's number is the name of its tests:",
             "`make test T=M-21` runs those of one rule. `t_*` are programs of `user/tests`, which run on the",
             "booted kernel; `host` stands before programs of `tests/host`; the others are in `tests/qemu`."]
    for title, letters, numbers in GROUPS:
        lines += ["", f"## {title}", "", "| Rule | Tests |", "|---|---|"]
        for number in numbers:
            rule = f"{letters}-{number}"
            lines.append(f"| {rule} | {', '.join(found.get(rule, [])) or none(rule)} |")
    return "\n".join(lines) + "\n"


def none(rule):
    return f"none: {WITHOUT_TEST[rule]}" if rule in WITHOUT_TEST else "**none**"


def rule_problems():
    found = programs_by_rule()
    problems = []
    for _, letters, numbers in GROUPS:
        for rule in (f"{letters}-{number}" for number in numbers):
            if rule not in found and rule not in WITHOUT_TEST:
                problems.append(f"{RULES}: rule {rule} has neither a test nor a reason")
            if rule in found and rule in WITHOUT_TEST:
                problems.append(f"tools/doc_check.py: {rule} has a test now ({', '.join(found[rule])})")
    if not os.path.exists(os.path.join(TOP, RULES)) or text_of(RULES) != rules_document():
        problems.append(f"{RULES}: not current (python3 tools/doc_check.py --write)")
    return problems


def declared():
    """Functions and constants of the header."""
    text = text_of(HEADER)
    functions = re.findall(r"L4_INLINE [\w ]+?\*?(\w+)\(", text)
    return functions + re.findall(r"^ +(L4_SND_FPAGE_\w+) =", text, re.MULTILINE)


def rows():
    """Table rows of docs/snd_fpage.md: [(line number, cells)], headings left out."""
    found = []
    for number, line in enumerate(text_of(MEMBERS).splitlines(), 1):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4 and "`" in cells[1]:
            found.append((number, cells))
    return found


def member_problems():
    problems = []
    tests = {f"{rule} {what}" for program, rule, what in guest_cases() if program == "t_snd_fpage"}
    named = set()
    for number, (_, c_names, rule, test) in rows():
        where = f"{MEMBERS}:{number}: "
        names = re.findall(r"`(\w+)`", c_names)
        named.update(names)
        wanted = test.strip("`")
        if wanted not in tests:
            problems.append(where + f"t_snd_fpage has no test '{wanted}'")
        if wanted.split(" ")[0] != rule:
            problems.append(where + f"the test is of another rule than {rule}")
        first = names[0].replace("L4_SND_FPAGE_", "") if names else ""
        if first not in wanted:
            problems.append(where + f"the test does not name {first}")
    for name in declared():
        if name not in named:
            problems.append(f"{MEMBERS}: no row for {name} of {HEADER}")
    for name in named - set(declared()):
        problems.append(f"{MEMBERS}: {HEADER} does not declare {name}")
    return problems


def bench_problems():
    """The figures in the documents are those of the record."""
    figures = json.loads(text_of(bench.RECORDED))["figures"]
    problems = []
    if text_of(bench.DOCUMENT) != bench.documented(text_of(bench.DOCUMENT), figures):
        problems.append(f"{bench.DOCUMENT}: the table is not that of {bench.RECORDED}")
    readme = text_of("README.md")
    for names in (["null_syscall", "ipc_cross_gate/0", "map_4k", "unmap_4k", "page_fault"], [bench.LONGEST]):
        row = "| " + " / ".join(f"{figures[name]['value']:,}" for name in names) + " instructions |"
        if row not in readme:
            problems.append(f"README.md: has no '{row}' for {', '.join(names)}")
    return problems


def problems():
    return member_problems() + rule_problems() + bench_problems()


def main():
    if sys.argv[1:] == ["--write"]:
        with open(os.path.join(TOP, RULES), "w", encoding="utf-8") as file:
            file.write(rules_document())
    found = problems()
    print("\n".join(found) if found else "the documents agree with the tests and the record")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
