# SPDX-License-Identifier: MIT
"""Reads the kernel's trace (docs/trace.md), line by line, strictly by the grammar.

events() yields one Event for each line and raises TraceError at the first one that is broken: a wrong form, a key
twice, a gap in the numbers, a time that runs backwards. Only a last line that was cut off (it has
no newline) is passed over, since a machine may be switched off at any moment. Names and keys that it does not know
are left to the caller. Called by the converters, the explorer and the tests.
"""
import re

HEAD = "quire-trace 1"
NAME = re.compile(r"[A-Za-z0-9-]+\Z")
NUMBER = re.compile(r"[0-9]+\Z")
DECIMAL = re.compile(r"-?[0-9]+\Z")
HEX = re.compile(r"0x[0-9a-fA-F]+\Z")
TEXT = re.compile(r"[!-~]+\Z")


class TraceError(Exception):
    """The trace breaks the grammar, or says what cannot be. line: of the file, from 1; what: what is wrong there."""

    def __init__(self, line, what):
        super().__init__(f"line {line}: {what}")
        self.line = line
        self.what = str(what)


class Event:
    """One line. `texts`: the values as they stand there, by key, in the line's order; event[key]: as a number."""

    __slots__ = ("line", "seq", "time", "thread", "name", "texts")

    def __init__(self, line, numbers, name, texts):
        self.line = line
        self.seq, self.time, self.thread = numbers
        self.name = name
        self.texts = texts

    def __getitem__(self, key):
        """The value as a number, or as text if it is none. KeyError if the event has no such key."""
        return value_of(self.texts[key])

    def __contains__(self, key):
        return key in self.texts

    def get(self, key, default=None):
        return self[key] if key in self.texts else default


def value_of(text):
    if HEX.match(text):
        return int(text, 16)
    return int(text) if DECIMAL.match(text) else text


def parse(row, number):
    """The event of one line without its newline; ValueError says what is wrong."""
    words = row.split(" ")
    if len(words) < 4:
        raise ValueError("fewer than four words")
    for what, word in zip(("number", "time", "thread"), words):
        if not NUMBER.match(word):
            raise ValueError(f"'{word}' is no {what}")
    if not NAME.match(words[3]):
        raise ValueError(f"'{words[3]}' is no event name")
    texts = {}
    for word in words[4:]:
        key, equals, text = word.partition("=")
        if not equals or not NAME.match(key) or not TEXT.match(text):
            raise ValueError(f"'{word}' is not KEY=VALUE")
        if key in texts:
            raise ValueError(f"key '{key}' twice")
        texts[key] = text
    return Event(number, tuple(map(int, words[:3])), words[3], texts)


def events(path):
    """The events of a trace file, in order."""
    with open(path, encoding="ascii", errors="surrogateescape", newline="\n") as file:
        head = file.readline()
        if head != HEAD + "\n":
            raise TraceError(1, f"a trace begins with '{HEAD}', this file with '{head[:40].rstrip()!a}'")
        seq, time = 0, 0
        for number, row in enumerate(file, 2):
            if not row.endswith("\n"):
                return
            try:
                event = parse(row[:-1], number)
            except ValueError as wrong:
                raise TraceError(number, wrong) from None
            if event.seq != seq + 1:
                raise TraceError(number, f"event {event.seq} follows event {seq}: lines are missing")
            if event.time < time:
                raise TraceError(number, f"the time runs backwards: {event.time} after {time}")
            seq, time = event.seq, event.time
            yield event
