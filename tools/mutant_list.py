# SPDX-License-Identifier: MIT
"""The list of deliberate faults, tests/mutants/list.txt: reading it, and putting one into a file's text.

Used by tools/mutants.py, which runs the tests against them, and by tests/run.py, which only looks whether each entry
still applies exactly once.
"""
import os
import re
from dataclasses import dataclass, field

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIST = "tests/mutants/list.txt"
RECORD = "tests/mutants/record.txt"
MIN_ENTRIES = 40
INVARIANTS = [f"I{number}" for number in range(1, 14)]
FIELDS = ("file", "in", "old", "new", "breaks", "kill", "kernel", "shows", "survives")


@dataclass
class Mutant:
    name: str
    line: int
    fields: dict = field(default_factory=dict)

    def __getattr__(self, key):
        return self.fields.get(key, "")

    def tests(self):
        return self.kill.split()

    def matches(self, pattern):
        return re.search(pattern, " ".join([self.name, *self.fields.values()]), re.IGNORECASE) is not None


class Broken(Exception):
    """The list does not fit the tree; the text says where."""


def read_list():
    """All entries, in order."""
    found = []
    with open(os.path.join(TOP, LIST), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            key, _, value = line.rstrip("\n").partition(" ")
            if not line.strip() or line.startswith("#"):
                continue
            if key == "mutant":
                found.append(Mutant(value, number))
            elif key in FIELDS and found:
                found[-1].fields[key] = value
            else:
                raise Broken(f"{LIST}:{number}: '{key}' is no field of an entry")
    return found


def read_record():
    """{name: (test, what it said)} of the last recorded run (`make mutants ARGS=--record`)."""
    if not os.path.exists(os.path.join(TOP, RECORD)):
        return {}
    with open(os.path.join(TOP, RECORD), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]
    return {name: (test, said) for name, test, said in rows}


def write_record(record):
    """Keeps the results of the entries that the list has, in its order."""
    names = [mutant.name for mutant in read_list() if mutant.name in record]
    with open(os.path.join(TOP, RECORD), "w", encoding="utf-8") as file:
        file.write("# SPDX-License-Identifier: MIT\n# Written by `make mutants ARGS=--record`: fault, what noticed it, "
                   "what that said.\n")
        file.writelines("\t".join((name, *record[name])) + "\n" for name in names)


def region(text, function, where):
    """(start, end) of a function's text, C to its last bracket, assembly from its label to an empty line."""
    if not function:
        return 0, len(text)
    start = re.search(rf"^(?:[^\s/#}}][^\n;]*\b{function}\([^;]*?\)\s*\{{|{function}:)", text, re.MULTILINE)
    if not start:
        raise Broken(f"{where}: there is no {function}")
    if text[start.end() - 1] == ":":
        end = text.find("\n\n", start.end())
    else:
        line = text.find("\n", start.end())
        end = line if text[line - 1] == "}" else text.find("\n}", start.end())
    return start.start(), end if end >= 0 else len(text)


def apply(mutant, top=TOP):
    """The file's text with the fault in it; raises Broken unless the old text is there exactly once."""
    where = f"{LIST}:{mutant.line}: {mutant.name}"
    for key in ("file", "old", "breaks", "kill"):
        if not mutant.fields.get(key):
            raise Broken(f"{where}: no '{key}'")
    path = os.path.join(top, mutant.file)
    if not os.path.exists(path):
        raise Broken(f"{where}: there is no file {mutant.file}")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    start, end = region(text, mutant.fields.get("in"), where)
    count = text.count(mutant.old, start, end)
    if count != 1 or mutant.old == mutant.new:
        raise Broken(f"{where}: '{mutant.old}' is {count} times in {mutant.fields.get('in') or mutant.file}, not once")
    at = text.index(mutant.old, start, end)
    return text[:at] + mutant.new + text[at + len(mutant.old):]


def problems():
    """What is wrong with the list, for `make test`; empty if each entry applies exactly once."""
    found, names = [], set()
    try:
        mutants = read_list()
    except Broken as why:
        return [str(why)]
    for mutant in mutants:
        try:
            apply(mutant)
        except Broken as why:
            found.append(str(why))
        if mutant.kernel not in ("", "plain"):
            found.append(f"{LIST}:{mutant.line}: {mutant.name}: there is no kernel '{mutant.kernel}'")
        if mutant.name in names:
            found.append(f"{LIST}:{mutant.line}: a second {mutant.name}")
        names.add(mutant.name)
        found += [f"{LIST}:{mutant.line}: {mutant.name}: there is no test {test}" for test in mutant.tests()
                  if not host_source(test) and not guest_source(test)]
    if len(mutants) < MIN_ENTRIES:
        found.append(f"{LIST}: only {len(mutants)} entries")
    shown = {mutant.shows for mutant in mutants}
    return found + [f"{LIST}: no entry shows {name}" for name in INVARIANTS if name not in shown]


def host_source(test):
    return os.path.exists(os.path.join(TOP, "tests", "host", test + ".c"))


def guest_source(test):
    return os.path.exists(os.path.join(TOP, "user", "tests", test + ".c"))
