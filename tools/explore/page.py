# SPDX-License-Identifier: MIT
"""Puts the explorer's page together: one HTML file with style, scripts, trace, sources and texts of the rules in it.

Decides what goes into the file and in which order the scripts stand. Called by explore.py and by the tests; reads the
files beside it and the kernel's sources; calls tools/trace/reader.py.
"""
import html
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TOP, "tools", "trace"))
import reader  # noqa: E402

# Names of one file are used by those behind it; what runs at load stands in the last.
SCRIPTS = ("util", "words", "window", "rules", "subject", "state", "ops", "explain", "opwords", "bits", "tree",
           "spaces", "timeline", "itemview", "source", "main", "controls")


class PageError(Exception):
    """The page cannot be made; the text says why."""


def text_of(*names):
    with open(os.path.join(*names), encoding="utf-8") as file:
        return file.read()


def rules():
    """{"M-21": "text"} of rules.txt."""
    lines = [line for line in text_of(HERE, "rules.txt").splitlines() if line and not line.startswith("#")]
    return dict(line.split(" ", 1) for line in lines)


def lines_of(trace):
    """The events of a trace file as they stand there, checked by the grammar; the final dump is left out."""
    count = sum(1 for _ in reader.events(trace))
    if not count:
        raise PageError(f"there is no event in {trace}")
    with open(trace, encoding="ascii") as file:
        lines = file.read().split("\n")[1:count + 1]
    return [line for line in lines if line.split(" ", 4)[3][:5] != "dump-"]


def sources(lines):
    """{file: [its lines]} of all files that an event happened in."""
    names = {found[1] for line in lines if (found := re.search(r" at=([\w./-]+):\d+", line))}
    return {name: text_of(TOP, name).splitlines() for name in sorted(names)
            if not os.path.isabs(name) and ".." not in name and os.path.isfile(os.path.join(TOP, name))}


def build(lines, title, chapters):
    """The page as text. lines: of lines_of(); chapters: [{"seq": first event behind it, "text": the line, ...}]."""
    data = {"trace": "\n".join(lines), "chapters": chapters, "sources": sources(lines), "rules": rules()}
    # "<" never stands in the JSON text, so nothing in it can end the script element.
    fill = {"TITLE": html.escape(title), "STYLE": text_of(HERE, "page.css"),
            "SCRIPT": "\n".join(text_of(HERE, "js", name + ".js") for name in SCRIPTS),
            "DATA": json.dumps(data, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")}
    return re.sub(r"%(TITLE|STYLE|SCRIPT|DATA)%", lambda found: fill[found[1]], text_of(HERE, "page.html"))
