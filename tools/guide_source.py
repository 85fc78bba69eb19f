# SPDX-License-Identifier: MIT
"""Finds definitions and lines in the project's files, for tools/guide_check.py.

Works on the text as clang-format leaves it: definitions begin in the first column and end with a brace there. No
compiler is needed. Hooks of the trace, TRACE(...), are left out: they say nothing of what the code does.
"""
import functools
import glob
import os
import re
import textwrap

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LANGUAGES = {".c": "c", ".h": "c", ".asm": "nasm"}


def text_of(name):
    with open(os.path.join(TOP, name), encoding="utf-8") as file:
        return file.read()


def without_hooks(text):
    """The text without `TRACE(...);` lines, and without `TRACE(...),` before the value of an expression."""
    parts, done = [], 0
    for found in re.finditer(r"^[ \t]*TRACE\(|\bTRACE\(", text, re.MULTILINE):
        end, depth = found.end(), 1
        while depth and end < len(text):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        rest = re.compile(r";\n|,\s*").match(text, end)
        if rest and found.start() >= done:
            parts.append(text[done:found.start()])
            done = rest.end()
    return "".join(parts) + text[done:]


@functools.lru_cache(maxsize=None)
def source_of(name):
    """The text of a source file as the guide shows it."""
    return without_hooks(text_of(name)) if name.endswith((".c", ".h")) else text_of(name)


def language(name):
    """How a block with lines of this file is marked."""
    return LANGUAGES.get(os.path.splitext(name)[1], "text")


def _is_function(lines, at, name):
    """Does the definition of the function begin with its name in this line?"""
    if not re.match(rf"(?:[A-Za-z_].*[\s*])?{name}\(", lines[at]):
        return False
    for line in lines[at:at + 8]:
        end = re.search(r"[;{]", line)
        if end:
            return end[0] == "{"
    return False


def definition(name, what):
    """(first, last) line indices of a function, structure, union or enumeration; None: not in this file."""
    lines = source_of(name).splitlines()
    for at, line in enumerate(lines):
        if re.match(rf"(?:static |typedef )?(?:struct|union|enum) {what} \{{", line) or _is_function(lines, at, what):
            first = at
            # The line above has the type, if the name is the first word.
            if line.startswith(what) and at and re.match(r"[A-Za-z_][^;{}]*$", lines[at - 1]):
                first = at - 1
            if re.search(r"\}[^{]*$", line) and line.count("{") == line.count("}"):
                return first, at
            last = next(i for i in range(at, len(lines)) if lines[i].startswith("}"))
            return first, last
        if re.match(rf"{what}:", line) and name.endswith(".asm"):
            last = next((i for i in range(at + 1, len(lines)) if not lines[i].strip()), len(lines))
            return at, last - 1
    return None


def defines(name, what):
    """Does the file define it: function, type, enumerator, macro, variable, label?"""
    if definition(name, what):
        return True
    pattern = rf"^[ \t]*#[ \t]*define {what}\b|^[ \t]+(?:\w+ = [^,]*, )*{what}(?: =|,|$)|[{{ ]{what} = |" \
              rf"^(?:static |const |extern )+[\w \t*]*\b{what}\b[^(]*[;={{\[]"
    return re.search(pattern, source_of(name), re.MULTILINE) is not None


@functools.lru_cache(maxsize=None)
def _all_sources():
    return [os.path.relpath(path, TOP) for directory in ("kernel", "arch", "include", "user", "tests")
            for path in glob.glob(os.path.join(TOP, directory, "**", "*.[ch]"), recursive=True)]


@functools.lru_cache(maxsize=None)
def places(what):
    """The files that define a function or type of this name."""
    return [name for name in _all_sources() if re.search(rf"\b{what}\b", source_of(name)) and definition(name, what)]


def present_place(name, what):
    """The file, or the one where the definition is now if it has moved and there is only one of this name."""
    if not os.path.exists(os.path.join(TOP, name)) or not defines(name, what):
        found = [place for place in places(what) if place.startswith(("kernel/", "arch/", "include/", "user/"))]
        return found[0] if len(found) == 1 else name
    return name


@functools.lru_cache(maxsize=None)
def _all_words():
    names = {word for name in _all_sources() for word in re.findall(r"\w+", source_of(name))}
    scenarios = glob.glob(os.path.join(TOP, "tests", "scenarios", "*.play"))
    return names | {os.path.splitext(os.path.basename(path))[0] for path in scenarios + _all_sources()}


def known_name(word):
    """Is it a word of some source file, the name of one, or of a scenario?"""
    return word in _all_words()


def lines(name, what, first, word, last):
    """Lines of a file: of the definition `what` if given, from the one with `first` to the next with `last`.

    word: `to`, or `before` if that one is not to be among them.
    """
    if not os.path.exists(os.path.join(TOP, name)):
        raise ValueError(f"there is no file {name}")
    every = [line for line in source_of(name).splitlines() if "SPDX-License-Identifier" not in line]
    if what:
        place = definition(name, what)
        if not place:
            raise ValueError(f"{name} does not define {what}")
        every = source_of(name).splitlines()[place[0]:place[1] + 1]
    start, end = 0, len(every) - 1
    if first:
        start = next((i for i, line in enumerate(every) if first in line), None)
        if start is None:
            raise ValueError(f"no line of {what or name} has '{first}'")
    if last:
        end = next((i for i in range(start, len(every)) if last in every[i]), None)
        if end is None:
            raise ValueError(f"no line of {what or name} behind '{first}' has '{last}'")
        end -= word == "before"
    return textwrap.dedent("\n".join(every[start:end + 1])).rstrip("\n* ").splitlines()
