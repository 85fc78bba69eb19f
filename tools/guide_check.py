#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks docs/guide against the tree: nothing in it may say what the code or a run does not say.

What it knows of the text:
  <!-- lines: FILE [in NAME] [from "A"] [to "B" | before "B"] -->   the block below is these lines of FILE: of the
      definition of NAME, from the first line that has A to the next one that has B, or to the one before that
  <!-- figure -->    the block below is drawn by hand
  ```calc            arithmetic: every line is worked out, `name = expression = value`
  ```sh              commands: the make targets and files they name exist
  [`name`](FILE)     FILE defines this function, structure, enumerator or macro
  `name()`           a function that some file defines; `some_name`, `struct name`: a word of the sources, or a scenario
  M-21               a rule that tools/doc_check.py knows
Paths and links resolve; a chapter has its sections; an exercise has its solution; a script of an exercise has what it
prints beside it (tests/qemu/guide.py runs them).

`python3 tools/guide_check.py --write` puts the present lines into the blocks, follows definitions that have moved to
another file, and renews the line at each chapter's end.
Called by tests/qemu/guide.py and by hand; calls tools/guide_source.py.
"""
import ast
import glob
import operator
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import doc_check  # noqa: E402
import guide_source  # noqa: E402
from guide_source import TOP, text_of  # noqa: E402

GUIDE = "docs/guide"
EXERCISES = GUIDE + "/exercises"
LICENCE = "<!-- SPDX-License-Identifier: MIT -->"
SECTIONS = ["The idea", "In the code", "Run it", "In Fiasco and seL4 instead", "Exercises"]
RULES = {f"{letters}-{number}" for _, letters, numbers in doc_check.GROUPS for number in numbers}

MARKER = re.compile(r'<!-- lines: (\S+)(?: in (\w+))?(?: from "([^"]*)")?(?: (to|before) "([^"]*)")? -->$')
FENCE = re.compile(r"```(\w*)$")
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
PATH = re.compile(r"(?:kernel|arch|include|user|tests|tools|docs)/[\w./-]*\w\.(?:c|h|asm|py|md|play|expect|txt|boot)\b")
NAME = re.compile(r"`(?:struct )?(\w*[a-z]_\w+|[A-Z_]{4,})`")
EXERCISE = re.compile(r"^\*\*(\d+\.\d+)\*\*", re.MULTILINE)


# ---- blocks ----

def blocks(text):
    """[(line number of the fence, marker line or "", language, [lines])] of the fenced blocks."""
    found, lines, number = [], text.splitlines(), 0
    while number < len(lines):
        fence = FENCE.match(lines[number])
        if fence:
            end = next((i for i in range(number + 1, len(lines)) if lines[i] == "```"), len(lines))
            above = lines[number - 1] if number else ""
            found.append((number + 1, above if above.startswith("<!--") else "", fence[1], lines[number + 1:end]))
            number = end
        number += 1
    return found


def marked_lines(marker):
    """The lines that a marker names; ValueError says why there are none."""
    found = MARKER.match(marker)
    if not found:
        raise ValueError("not a marker that is known")
    return guide_source.lines(*found.groups())


def moved(text):
    """The text with the present files of definitions that have moved."""
    def link(found):
        path = os.path.relpath(os.path.normpath(os.path.join(TOP, GUIDE, found[2])), TOP)
        return f"[`{found[1]}`]({os.path.relpath(guide_source.present_place(path, found[1]), GUIDE)})"

    def marker(found):
        return f"<!-- lines: {guide_source.present_place(found[1], found[2])} in {found[2]}"
    text = re.sub(r"\[`(\w+)`\]\(([\w./-]+\.[ch])\)", link, text)
    return re.sub(r"<!-- lines: (\S+\.[ch]) in (\w+)", marker, text)


def written(text):
    """The text with each marked block and each link to a definition as it has to be."""
    text = moved(text)
    lines = text.splitlines()
    for number, marker, _, old in reversed(blocks(text)):
        if marker.startswith("<!-- lines:"):
            name = MARKER.match(marker)
            language = guide_source.language(name[1]) if name else ""
            lines[number - 1:number + len(old)] = ["```" + language] + marked_lines(marker)
    return "\n".join(lines) + "\n"


OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
             ast.Mod: operator.mod, ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.LShift: operator.lshift,
             ast.RShift: operator.rshift}


def value(expression, names):
    """The number that an expression of 64-bit words has."""
    def of(node):
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return node.value
        if isinstance(node, ast.Name) and node.id in names:
            return names[node.id]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
            return ~of(node.operand) & (1 << 64) - 1
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            return OPERATORS[type(node.op)](of(node.left), of(node.right))
        raise ValueError(f"'{expression}' cannot be worked out")
    return of(ast.parse(expression.strip().replace(" mod ", " % "), mode="eval").body)


def wrong_arithmetic(lines):
    """What is wrong in a block of lines `name = expression = value`; text behind two blanks and a # is a remark."""
    names, wrong = {}, []
    for line in lines:
        sides = re.sub(r"\s+#.*", "", line).split(" = ")
        new = sides.pop(0).strip() if re.fullmatch(r"\s*[A-Za-z]\w*\s*", sides[0]) and len(sides) > 1 else None
        try:
            values = [value(side, names) for side in sides]
        except (ValueError, SyntaxError) as problem:
            wrong.append(f"arithmetic: {problem}")
            continue
        if len(set(values)) > 1:
            wrong.append(f"arithmetic: '{line.strip()}' has the values {', '.join(map(hex, values))}")
        if len(values) < 2 and not new:
            wrong.append(f"arithmetic: '{line.strip()}' says nothing")
        if new:
            names[new] = values[-1]
    return wrong


def missing_files(line):
    return [f"there is no file {path}" for path in PATH.findall(line) if not os.path.exists(os.path.join(TOP, path))]


def wrong_commands(lines):
    """Make targets, rules and files that the commands name and that are not there."""
    wrong = []
    targets = set(re.findall(r"^([a-z][a-z-]*)(?: [a-z -]+)?:", text_of("Makefile"), re.MULTILINE))
    for line in lines:
        words = line.split()
        if words[:1] == ["make"] and words[1:2] and words[1] not in targets:
            wrong.append(f"there is no target {words[1]}")
        elif words[:1] not in (["make"], ["python3"]):
            wrong.append(f"not a command that is known: {line}")
        wrong += missing_files(line)
        for setting, name in re.findall(r"\b(T|M|SCENARIO)=([^\s`]+)", line):
            if setting == "M" and not re.search(rf"^mutant {name}$", text_of("tests/mutants/list.txt"), re.MULTILINE):
                wrong.append(f"there is no fault {name}")
            if setting == "T" and re.match(r"[A-Z]+-\d", name) and name not in RULES:
                wrong.append(f"there is no rule {name}")
            if setting == "SCENARIO" and not os.path.exists(os.path.join(TOP, "tests/scenarios", name + ".play")):
                wrong.append(f"there is no scenario {name}")
    return wrong


def block_problems(text):
    """[(line number, what is wrong)] of the blocks of one text."""
    wrong = []
    for number, marker, language, lines in blocks(text):
        found = []
        if marker.startswith("<!-- lines:"):
            try:
                if lines != marked_lines(marker):
                    found.append("these are not the lines of the file (python3 tools/guide_check.py --write)")
            except ValueError as problem:
                found.append(f"{marker}: {problem}")
        elif language == "calc":
            found = wrong_arithmetic(lines)
        elif language == "sh":
            found = wrong_commands(lines)
        elif marker != "<!-- figure -->":
            found.append("a block that nothing checks")
        wrong += [(number, what) for what in found]
    return wrong


# ---- the text around them ----

def without_blocks(text):
    """The text with empty lines in place of what the fences enclose."""
    lines = text.splitlines()
    for number, _, _, inside in blocks(text):
        lines[number - 1:number + 1 + len(inside)] = [""] * (len(inside) + 2)
    return lines


def anchors(text):
    """The names of the headings, as links name them."""
    heads = re.findall(r"^#+ (.*)$", "\n".join(without_blocks(text)), re.MULTILINE)
    return {re.sub(r"[^\w\s-]", "", re.sub(r"[`*]", "", head).lower()).strip().replace(" ", "-") for head in heads}


def wrong_link(name, text, label, target):
    """None, or what is wrong with a link in the text of the file `name`."""
    path, _, anchor = target.partition("#")
    if path:
        path = os.path.normpath(os.path.join(os.path.dirname(name), path))
        if not os.path.exists(os.path.join(TOP, path)):
            return f"link to {path}, which is not there"
        text = text_of(path)
    if anchor and anchor not in anchors(text):
        return f"{path or name} has no heading #{anchor}"
    code = re.fullmatch(r"`(\w+)(?:\(\))?`", label)
    if code and path.endswith((".c", ".h", ".asm")) and not guide_source.defines(path, code[1]):
        return f"{path} does not define {code[1]}"
    return None


def line_problems(name, text):
    """[(line number, what is wrong)] of one text's lines outside of blocks."""
    wrong = []
    for number, line in enumerate(without_blocks(text), 1):
        found = [wrong_link(name, text, label, target) for label, target in LINK.findall(line)]
        found += [f"there is no rule {rule}" for rule in doc_check.RULE.findall(line) if rule not in RULES]
        rest = LINK.sub("", line)
        found += missing_files(rest)
        found += [f"no file defines {function}()" for function in re.findall(r"`(\w+)\(\)`", line)
                  if not guide_source.places(function)]
        found += [f"no source has the name {word}" for word in NAME.findall(rest)
                  if not guide_source.known_name(word)]
        for command in re.findall(r"`(make [^`]*)`", line):
            found += wrong_commands([command])
        if "](" in rest or line.count("`") % 2:
            found.append("a link or a name over two lines, which nothing checks")
        if line.startswith("    "):
            found.append("an indented block, which nothing checks")
        if len(line) > 120 and not line.startswith("|") and "[Contents](" not in line:
            found.append(f"{len(line)} characters")
        wrong += [(number, what) for what in found if what]
    return wrong


def text_problems(name, text):
    """`file:line: what` for all that is wrong in one text of the guide."""
    wrong = [] if text.startswith(LICENCE + "\n") else [(1, "no licence")]
    wrong += block_problems(text) + line_problems(name, text)
    return [f"{name}:{number}: {what}" for number, what in sorted(wrong)]


# ---- the guide as a whole ----

def chapters():
    return sorted(os.path.relpath(path, TOP) for path in glob.glob(os.path.join(TOP, GUIDE, "[0-9][0-9]-*.md")))


def title(name):
    found = re.search(r"^# (.*)$", text_of(name), re.MULTILINE)
    return found[1] if found else "(no title)"


def last_line(name):
    """The links at a chapter's end."""
    every = chapters()
    at = every.index(name)

    def link(word, other):
        return f"[{word}: {title(other)}]({os.path.basename(other)})"
    parts = [link("Back", other) for other in every[max(at - 1, 0):at]] + ["[Contents](README.md)"]
    parts += [link("Next", other) for other in every[at + 1:at + 2]]
    return " | ".join(parts)


def chapter_problems(name, text):
    """The form of one chapter."""
    wrong = []
    number = int(os.path.basename(name)[:2])
    if not re.match(rf"# {number}\. ", text.split("\n", 1)[1]):
        wrong.append(f"the title does not begin with '# {number}. '")
    heads = re.findall(r"^## (.*)$", text, re.MULTILINE)
    if heads != SECTIONS:
        wrong.append(f"sections {heads}, expected {SECTIONS}")
        return [f"{name}: {what}" for what in wrong]
    parts = dict(zip(heads, re.split(r"^## .*$", text, flags=re.MULTILINE)[1:]))
    if not re.search(r"<!-- lines: (kernel|arch|include|user)/", parts["In the code"]):
        wrong.append("no lines of the source in 'In the code'")
    if not re.search(r"<!-- lines: \S+\.expect ", parts["Run it"]) or "make play SCRIPT=" not in parts["Run it"]:
        wrong.append("no command, or nothing of what it prints, in 'Run it'")
    if any(word not in parts[SECTIONS[3]] for word in ("Fiasco", "seL4")):
        wrong.append("does not say how Fiasco and seL4 do it")
    numbers = EXERCISE.findall(parts["Exercises"])
    if len(numbers) < 2 or numbers != [f"{number}.{i}" for i in range(1, len(numbers) + 1)]:
        wrong.append(f"exercises {numbers}")
    return [f"{name}: {what}" for what in wrong]


def whole_problems():
    """Contents, solutions, glossary and scripts fit the chapters."""
    wrong = []
    contents, solutions = text_of(GUIDE + "/README.md"), text_of(GUIDE + "/solutions.md")
    listed = [target for _, target in LINK.findall(contents) if re.match(r"\d\d-", target)]
    if listed != [os.path.basename(name) for name in chapters()]:
        wrong.append(f"{GUIDE}/README.md: does not list the chapters in order")
    asked = []
    for name in chapters():
        text = text_of(name)
        asked += EXERCISE.findall(text)
        wrong += chapter_problems(name, text)
        if f"[{title(name)}]" not in contents:
            wrong.append(f"{GUIDE}/README.md: has another title for {name}")
        if text.rstrip("\n").rsplit("\n", 1)[-1] != last_line(name):
            wrong.append(f"{name}: other links at its end (python3 tools/guide_check.py --write)")
    answered = re.findall(r"^## (\d+\.\d+)\b", solutions, re.MULTILINE)
    if asked != answered:
        other = set(asked) ^ set(answered)
        wrong.append(f"{GUIDE}/solutions.md: not the exercises in their order: {other or answered}")
    terms = re.findall(r"^\*\*(.+?)\*\*", text_of(GUIDE + "/glossary.md"), re.MULTILINE)
    if terms != sorted(terms, key=str.lower) or len(terms) != len(set(terms)):
        wrong.append(f"{GUIDE}/glossary.md: terms are not in order, or there twice")
    for script in glob.glob(os.path.join(TOP, EXERCISES, "*.play")):
        if os.path.basename(script) not in solutions or not os.path.exists(script[:-4] + "expect"):
            wrong.append(f"{os.path.relpath(script, TOP)}: not in the solutions, or nothing says what it prints")
    return wrong


def texts():
    return sorted(os.path.relpath(path, TOP) for path in glob.glob(os.path.join(TOP, GUIDE, "*.md")))


def problems():
    return [what for name in texts() for what in text_problems(name, text_of(name))] + whole_problems()


def write():
    for name in texts():
        text = written(text_of(name))
        if name in chapters():
            rest, _, last = text.rstrip("\n").rpartition("\n")
            if "[Contents](README.md)" not in last:
                rest = text.rstrip("\n") + "\n"
            text = rest + "\n" + last_line(name) + "\n"
        with open(os.path.join(TOP, name), "w", encoding="utf-8") as file:
            file.write(text)


def main():
    if sys.argv[1:] == ["--write"]:
        write()
    found = problems()
    print("\n".join(found) if found else "the guide agrees with the tree")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
