#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs scenarios on the tracing kernel and writes build/explore.html: `make explore [SCENARIO=name]`.

Decides what is booted (user/play with scripts of tests/scenarios, or the demonstration), and from which event on the
trace belongs to which line of the script: that which the playground printed when it began with the line. Called by the
Makefile and by tests/qemu; calls tools/play.py, tools/qemu.py, tools/trace/reader.py and page.py. docs/explorer.md is
its manual.
"""
import argparse
import os
import re
import sys
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import page  # noqa: E402
import play  # noqa: E402
import qemu  # noqa: E402
import reader  # noqa: E402

DEFAULT = "hotspot_place"
DEMONSTRATION = "demonstration"


def scenario_names():
    return [os.path.splitext(os.path.basename(name))[0] for name in play.scripts()]


def script_of(name):
    """The file of a scenario, by its name or path."""
    if os.path.isfile(name):
        return name
    path = os.path.join(play.SCENARIOS, name + ".play")
    if not os.path.isfile(path):
        names = " ".join((DEMONSTRATION, *scenario_names()))
        raise qemu.UsageError(f"there is no scenario '{name}'; there are: {names}")
    return path


def record(build, scenarios, trace, **options):
    """Boots the scenarios, one after the other; the trace goes to the file `trace`. Returns qemu.Result.

    The programs are those of the directory `build`, the kernel is build/trace/kernel.elf (TRACE=1).
    """
    def built(name):
        return os.path.join(build, name)
    if scenarios == [DEMONSTRATION]:
        script = os.path.join(qemu.TOP, "user", "smap", "smap.boot")
        modules = [(built("sigma0.elf"), ""), (built("root.elf"), ""), (script, ""), (built("server.elf"), ""),
                   (built("client.elf"), "")]
    else:
        # Quick: pages are tried only at the end, so that the trace has the script's own operations.
        modules = [(built("sigma0.elf"), ""), (built("play.elf"), "batch quick")]
        modules += [(script_of(name), "") for name in scenarios]
    if os.path.exists(trace):
        os.remove(trace)
    machine = qemu.Machine(built(os.path.join("trace", "kernel.elf")), modules,
                           qemu_args=["-serial", f"file:{trace}"], **options)
    return qemu.run(machine)


def printed_lines(trace):
    """[(number of the event behind it, thread, line)] of what the programs printed, in order."""
    found, pending = [], {}
    for event in reader.events(trace):
        if event.name != "console":
            continue
        text = pending.get(event.thread, "") + urllib.parse.unquote(event.texts["text"], errors="replace")
        *whole, pending[event.thread] = text.replace("\r", "").split("\n")
        found += [(event.seq + 1, event.thread, line) for line in whole]
    return found


def chapters(trace):
    """The script's lines with their comments and what was printed; without a script, the lines that were printed."""
    printed = printed_lines(trace)
    if not any(line.startswith("> ") for *_, line in printed):
        return [{"seq": seq, "thread": thread, "text": line} for seq, thread, line in printed if line.strip()]
    found, comment, before = [], [], 0
    for seq, _, line in printed:
        if re.match(r"  \d+ pages and \d+ slots tried", line):  # what it took to know that comes before the line
            found.append({"seq": before, "text": "(the playground tries all pages and slots)"})
        elif line.startswith("# "):
            comment.append(line[2:])
        elif line.startswith("> "):
            found.append({"seq": seq, "text": line[2:], "comment": "\n".join(comment), "output": []})
            comment = []
        elif line.startswith("=== ") and not line.startswith("=== end of "):
            found.append({"seq": seq, "text": line})
        elif found and "output" in found[-1]:
            found[-1]["output"].append(line)
        before = seq
    return found


def title_of(scenarios):
    if scenarios == [DEMONSTRATION]:
        return "the demonstration: a page is mapped, taken back, granted"
    files = [script_of(name) for name in scenarios]
    names = [os.path.splitext(os.path.basename(name))[0] for name in files]
    return ", ".join(names) if len(names) > 1 else f"{names[0]}: {play.title(files[0])}"


def write(trace, title, output):
    """The page of a recorded trace. Returns (number of events, number of chapters)."""
    lines = page.lines_of(trace)
    marks = chapters(trace)
    with open(output, "w", encoding="utf-8") as file:
        file.write(page.build(lines, title, marks))
    return len(lines), len(marks)


def main():
    parser = argparse.ArgumentParser(prog="tools/explore/explore.py",
                                     description="A page that shows a scenario step by step.")
    parser.add_argument("--build", default="build", help="directory of the built files")
    parser.add_argument("--output", default="build/explore.html", help="the page")
    parser.add_argument("--mem", default="128", help="memory in MiB (MEM=)")
    parser.add_argument("--cpu", default="max", help="QEMU's CPU model (CPU=)")
    parser.add_argument("--list", action="store_true", help="list the scenarios")
    parser.add_argument("scenario", nargs="*", help="names, or files of scripts (SCENARIO=)")
    options = parser.parse_args()
    if options.list:
        for name in (DEMONSTRATION, *scenario_names()):
            print(f"  {name:18} {title_of([name]).split(': ', 1)[1]}")
        return 0
    scenarios = options.scenario or [DEFAULT]
    title = title_of(scenarios)
    trace = os.path.splitext(options.output)[0] + ".trace"
    result = record(options.build, scenarios, trace, mem=options.mem, cpu=options.cpu, timeout=300)
    if result.outcome != "success":
        print(f"explore: the scenario ended with '{result.outcome}': {result.why}", file=sys.stderr)
        return qemu.EXIT_STATUS[result.outcome]
    events, marks = write(trace, title, options.output)
    print(f"explore: {options.output}: {events} events under {marks} lines of the script [{result.seconds:.1f} s]")
    print("explore: open it in any browser; it needs nothing else")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (qemu.UsageError, page.PageError, reader.TraceError) as problem:
        print(f"explore: error: {problem}", file=sys.stderr)
        sys.exit(2)
