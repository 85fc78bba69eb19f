# SPDX-License-Identifier: MIT
"""A little understanding of C source text, enough for tools/check.py: no compiler needed, no macro is expanded."""
import re

_TOKEN = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
_KEYWORDS = {"if", "for", "while", "switch", "return", "sizeof", "else", "do", "__attribute__", "_Alignas", "asm"}


def without_comments(text):
    """Comments become blanks, line numbers stay."""
    def blank(found):
        token = found.group()
        return re.sub(r"[^\n]", " ", token) if token.startswith("/") else token
    return _TOKEN.sub(blank, text)


def _without_strings(text):
    return _TOKEN.sub(lambda found: '""' if found.group()[0] in "\"'" else found.group(), text)


def includes(text):
    """(line number, name) of each #include."""
    return [(number, found.group(1)) for number, line in enumerate(without_comments(text).splitlines(), 1)
            if (found := re.match(r"\s*#\s*include\s*[<\"]([^>\"]+)", line))]


def include_guard(text):
    """The name of the include guard of a header without comments, or None."""
    found = re.match(r"\s*#ifndef (\w+)\s*\n\s*#define \1\b", text)
    return found.group(1) if found else None


def code_lines(text, assembly=False):
    """Lines that hold more than blanks and comments."""
    text = re.sub(r";[^\n]*", "", text) if assembly else without_comments(text)
    return sum(bool(line.strip()) for line in text.splitlines())


def functions(text):
    """(name, line number, number of parameters) of each function defined or declared at the top level."""
    text = _without_strings(without_comments(text))
    # Preprocessor lines, with their continuations, are no functions.
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda found: "\n" * found.group().count("\n"), text,
                  flags=re.MULTILINE)
    found, depth, position = [], 0, 0
    for match in re.finditer(r"[{}]|\b([A-Za-z_]\w*)\s*\(", text):
        if match.start() < position:
            continue
        if match.group() in "{}":
            depth += 1 if match.group() == "{" else -1
        elif depth == 0 and match.group(1) not in _KEYWORDS:
            end = _closing(text, match.end())
            found.append((match.group(1), text.count("\n", 0, match.start()) + 1, _count(text[match.end():end])))
            position = end
    return found


def _closing(text, start):
    """Position of the bracket that closes the one before start."""
    depth = 1
    for position in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        if depth == 0:
            return position
    return len(text)


def _count(inside):
    """Number of parameters in what stands between the brackets; a final `...` is none."""
    inside = re.sub(r",\s*\.\.\.\s*$", "", inside)
    if inside.strip() in ("", "void"):
        return 0
    depth, count = 0, 1
    for character in inside:
        depth += {"(": 1, ")": -1, "{": 1, "}": -1}.get(character, 0)
        count += character == "," and depth == 0
    return count
