#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures the kernel in guest instructions: `make bench`, `make bench-check` (docs/benchmarks.md).

Boots user/bench as root task under `-icount shift=0,sleep=off` twice, as the figures have to be the same each time, and
once more on the kernel built with LATENCY=1, which tells the longest stretches with interrupts off. Prints a table with
the bar beside each figure, writes bench.json and bench.svg into the build directory and adds a line to
bench-history.jsonl there.

--record: also tests/bench/recorded.json, a line of tests/bench/history.jsonl, docs/bench.svg and the table in
docs/benchmarks.md.
--check: exit status 1 if a figure grew by more than 2 % over the recorded one, or is missing.
Calls tools/qemu.py and tools/plot.py.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import plot  # noqa: E402
import qemu  # noqa: E402

RECORDED = os.path.join("tests", "bench", "recorded.json")
HISTORY = os.path.join("tests", "bench", "history.jsonl")
DOCUMENT = os.path.join("docs", "benchmarks.md")
PICTURE = os.path.join("docs", "bench.svg")
MEMORY = "512"  # MiB: 10,000 pages and their mappings
ICOUNT = ["-icount", "shift=0,sleep=off"]
GROWTH = 0.02
LINE = re.compile(r"^BENCH (\w+) (\d+) (\S+) n=(\d+)((?: \w+=\S+)*)$", re.MULTILINE)
LONGEST = "interrupts_off"  # name of the figure made of all `off`
SIBLINGS = (1, 10, 100, 1000, 10000)

# (what, names of figures, bar); `name/n` is one of several sizes. Bars: at most so many instructions.
TABLE = [
    ("null system call (Task.cap_info)", ["null_syscall"], 90),
    ("IPC round trip, two tasks, gate, 0 words", ["ipc_cross_gate/0"], 320),
    ("  4, 16 words", ["ipc_cross_gate/4", "ipc_cross_gate/16"], None),
    ("  63 words each way", ["ipc_cross_gate/63"], 480),
    ("  through the thread capability, 0 and 63 words", ["ipc_cross_thread/0", "ipc_cross_thread/63"], None),
    ("  in one task through a gate, 0 and 63 words", ["ipc_same_gate/0", "ipc_same_gate/63"], None),
    ("  both sides use the FPU", ["ipc_cross_fpu"], None),
    ("reply with one 4 KiB memory item, beyond that", ["ipc_reply_page_extra"], 350),
    ("reply with one capability, beyond that", ["ipc_reply_cap_extra"], 250),
    ("Task.map of one 4 KiB page", ["map_4k"], 450),
    ("  as the n-th sibling, n = 1 ... 10,000", [f"sibling_map/{n}" for n in SIBLINGS], 450),
    ("Task.map of one capability", ["map_cap"], 350),
    ("Task.unmap of one child", ["unmap_4k"], 400),
    ("Task.unmap of one capability", ["unmap_cap"], 300),
    ("each further child of a star, n = 10 ... 10,000", [f"sibling_unmap_further/{n}" for n in SIBLINGS[1:]], 90),
    ("each further level of a chain, 2 ... 250", [f"chain_unmap_further/{n}" for n in (2, 10, 50, 100, 200, 250)], 90),
    ("unmap of one of n siblings, n = 1 ... 10,000", [f"sibling_unmap_one/{n}" for n in SIBLINGS], 400),
    ("512 x 4 KiB as one flexpage, per page: map", ["map_512x4k_per_page"], 110),
    ("  unmap", ["unmap_512x4k_per_page"], 110),
    ("one 2 MiB page: map", ["map_2m"], 450),
    ("  unmap", ["unmap_2m"], 400),
    ("4 KiB piece of 2 MiB, first / 511 others / 64 of 512: map",
     ["map_piece/0", "map_piece/511", "map_pieces/511"], 450),
    ("  unmap", ["unmap_piece/0", "unmap_piece/511", "unmap_pieces/511"], 400),
    ("grant of one 4 KiB page, 2 MiB page, capability", ["grant_4k", "grant_2m", "grant_cap"], 450),
    ("  512 x 4 KiB as one flexpage, one I/O port", ["grant_512x4k", "grant_port"], None),
    ("one I/O port: map, unmap", ["map_port", "unmap_port"], None),
    ("page fault, pager in another task maps one page", ["page_fault"], 800),
    ("create + delete: gate", ["gate_create_delete"], 700),
    ("  thread", ["thread_create_delete"], 1200),
    ("  empty task", ["task_create_delete"], 8000),
    ("  task with a page of UTCBs", ["task_utcb_create_delete"], None),
    ("  IRQ, semaphore, factory", ["irq_create_delete", "semaphore_create_delete", "factory_create_delete"], None),
    ("end of a task with 1, 100 mappings of one page", ["task_delete_one_page/1", "task_delete_one_page/100"], None),
    ("  10,000 mappings of one page", ["task_delete_one_page/10000"], 2000000),
    ("  1, 100 different pages", ["task_delete_pages/1", "task_delete_pages/100"], None),
    ("  10,000 different pages", ["task_delete_pages/10000"], 2000000),
    ("IRQ object triggered until a waiter in another task runs", ["irq_to_waiter"], 300),
    ("longest stretch with interrupts off in any of these", [LONGEST], 10000),
]


class BenchError(Exception):
    """The measurement failed; the text says why."""


def boot(options, kernel):
    """Runs the benchmark on a kernel; returns the lines of its figures."""
    built = lambda name: os.path.join(options.build, name)  # noqa: E731
    machine = qemu.Machine(kernel, [(built("sigma0.elf"), ""), (built("bench.elf"), "")], mem=MEMORY,
                           timeout=options.timeout, qemu_args=ICOUNT)
    result = qemu.run(machine)
    if result.outcome != "success":
        raise BenchError(f"{result.why}; the console's end:\n{result.log[-1500:]}")
    return LINE.findall(result.log)


def figures_of(lines):
    """{name or name/n: {value, unit and what else the line told}}"""
    count = {}
    for name, *_ in lines:
        count[name] = count.get(name, 0) + 1
    figures = {}
    for name, value, unit, size, more in lines:
        figure = {"value": int(value), "unit": unit}
        for word in more.split():
            key, _, text = word.partition("=")
            if text != "-":
                figure[key] = text if key == "off" else float(text) if "." in text else int(text)
        # A size is part of the name where it tells lines of one name apart.
        figures[f"{name}/{size}" if count[name] > 1 or int(size) else name] = figure
    return figures


def symbol_at(kernel, address):
    """Name of the kernel function at this address; needs nm."""
    if not shutil.which("nm"):
        return f"{address:#x}"
    listing = subprocess.run(["nm", "-n", kernel], capture_output=True, text=True, check=True).stdout
    best = f"{address:#x}"
    for line in listing.splitlines():
        place, kind, name = line.split(maxsplit=2)
        if int(place, 16) > address:
            break
        if kind in "tT":
            best = name
    return best


def add_latency(figures, lines, kernel):
    """Interrupts-off stretches come from another kernel, which spends instructions on looking at the clock."""
    longest = (0, 0, "")
    for name, figure in figures_of(lines).items():
        if "off" in figure and name in figures:
            stretch, _, place = figure["off"].partition("@")
            figures[name]["off"] = int(stretch)
            longest = max(longest, (int(stretch), int(place, 16), name))
    if longest[0]:
        figures[LONGEST] = {"value": longest[0], "unit": "instr", "in": longest[2],
                            "ends": symbol_at(kernel, longest[1]) if longest[1] else "the way out to the user"}


def measure(options):
    kernel = os.path.join(options.build, "kernel.elf")
    first, second = boot(options, kernel), boot(options, kernel)
    if first != second:
        changed = [f"{a[0]} n={a[3]}: {a[1]}, then {b[1]}" for a, b in zip(first, second) if a != b]
        raise BenchError("two runs gave different figures: " + "; ".join(changed[:5]))
    figures = figures_of(first)
    latency = os.path.join(options.build, "latency", "kernel.elf")
    if os.path.exists(latency):
        add_latency(figures, boot(options, latency), latency)
    return figures


# ---- table and plot ----

def table(figures):
    """Lines of the table, how many bars are met, and how many there are."""
    lines = [f"{'guest instructions':<58}{'measured':>22}{'at most':>11}     flushes  roots  irq off"]
    met = all_bars = 0
    for what, names, bar in TABLE:
        found = [figures[name] for name in names if name in figures]
        if len(found) < len(names):
            lines.append(f"{what:<58}{'not measured':>22}")
            all_bars += bar is not None
            continue
        values = [figure["value"] for figure in found]
        text = f"{values[0]:,}" if len(set(values)) == 1 else f"{min(values):,} ... {max(values):,}" if len(
            values) > 3 else " / ".join(f"{value:,}" for value in values)
        verdict = ""
        if bar is not None:
            all_bars += 1
            met += max(values) <= bar
            verdict = f"{bar:>11,} " + ("ok  " if max(values) <= bar else "OVER")
        extra = [f"{max(figure[key] for figure in found):>{width}}" if all(key in figure for figure in found) else
                 " " * width for key, width in (("flush", 8), ("root", 7), ("off", 9))]
        lines.append(f"{what:<58}{text:>22}{verdict:<16}{''.join(extra)}".rstrip())
    return lines, met, all_bars


def documented(text, figures):
    """The text of a document with the table of these figures in place of the one that it has."""
    lines = "".join(f"    {line}\n" for line in table(figures)[0])
    return re.sub(r"(?m)^    guest instructions .*\n(?:    .*\n)+", lambda _: lines, text)


def print_table(figures):
    lines, met, all_bars = table(figures)
    shown = {name for _, names, _ in TABLE for name in names}
    others = [f"{name} {figure['value']:,}" for name, figure in figures.items() if name not in shown]
    print("\n".join(lines))
    print("\n" + textwrap.fill("other figures: " + ",  ".join(others), 118, subsequent_indent="  ") + "\n")
    if LONGEST in figures:
        print(f"longest stretch with interrupts off: in {figures[LONGEST]['in']}, ends in {figures[LONGEST]['ends']}")
    print(f"bench: {met} of {all_bars} bars met")


def curve(figures, name, divide=False):
    """Points (n, value) of a figure; divide: value per n."""
    points = []
    for key, figure in figures.items():
        if key.startswith(name + "/"):
            n = int(key.split("/")[1])
            points.append((n, figure["value"] / n if divide else figure["value"]))
    return points


def picture(figures):
    panels = [
        plot.Panel("n siblings: one page mapped n times", "n", "instructions", {
            "map the n-th": curve(figures, "sibling_map"),
            "unmap one of n": curve(figures, "sibling_unmap_one"),
            "unmap all, per sibling": curve(figures, "sibling_unmap_all", True)}, log_x=True),
        plot.Panel("chain: each mapping the source of the next", "depth", "instructions", {
            "map at this depth": curve(figures, "chain_map"),
            "unmap the last": curve(figures, "chain_unmap_last"),
            "unmap all, per level": curve(figures, "chain_unmap_all", True)}),
        plot.Panel("IPC round trip", "words each way", "instructions", {
            "two tasks, gate": curve(figures, "ipc_cross_gate"),
            "two tasks, thread": curve(figures, "ipc_cross_thread"),
            "one task, gate": curve(figures, "ipc_same_gate")}),
        plot.Panel("end of a task with n mappings", "n", "instructions per mapping", {
            "of different pages": curve(figures, "task_delete_pages", True)[1:],
            "of one page": curve(figures, "task_delete_one_page", True)[1:]}, log_x=True),
    ]
    return plot.svg("Quire: costs in guest instructions", panels)


# ---- record ----

def git(*words):
    if not shutil.which("git"):
        return None
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def origin(options):
    """What the figures belong to. Recorded together with a change, they are those of the commit that follows."""
    with open(os.path.join(options.build, "obj", "config"), encoding="utf-8") as file:
        compiler = file.read().split(" | ")[0].strip()
    return {"commit": git("rev-parse", "HEAD"), "changed": bool(git("status", "--porcelain", "--", "kernel", "arch")),
            "date": git("log", "-1", "--format=%cI"), "compiler": compiler}


def write(path, text, mode="w"):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, mode, encoding="utf-8") as file:
        file.write(text)
    print(f"bench: {'added to' if mode == 'a' else 'wrote'} {path}")


def line_of(run):
    """The run as one line of a history."""
    return json.dumps({**run, "figures": {name: figure["value"] for name, figure in run["figures"].items()}}) + "\n"


def record(run):
    write(RECORDED, json.dumps(run, indent=1) + "\n")
    write(HISTORY, line_of(run), "a")
    with open(DOCUMENT, encoding="utf-8") as file:
        text = file.read()
    write(DOCUMENT, documented(text, run["figures"]))
    write(PICTURE, picture(run["figures"]))


def check(run):
    """What became worse than recorded; flushes and root loads count as well.

    Only what was measured itself: a difference of two figures grows when the second one falls.
    """
    with open(RECORDED, encoding="utf-8") as file:
        old = json.load(file)
    if old["compiler"] != run["compiler"]:
        raise BenchError(f"the record was made with '{old['compiler']}', this kernel with '{run['compiler']}': the "
                         "figures cannot be compared")
    problems = []
    measured = {name: was for name, was in old["figures"].items() if "min" in was or name == LONGEST}
    for name, was in measured.items():
        now = run["figures"].get(name)
        if now is None:
            problems.append(f"{name}: recorded, but not measured")
            continue
        problems += [f"{name}{' ' + key if key != 'value' else ''}: {now.get(key)}, recorded {was[key]}"
                     for key in ("value", "flush", "root")
                     if key in was and (now.get(key) is None or now[key] > was[key] * (1 + GROWTH))]
    for problem in problems:
        print("bench-check: FAIL " + problem)
    if not problems:
        print(f"bench-check: none of {len(measured)} figures grew by more than {GROWTH:.0%}")
    return 1 if problems else 0


def main():
    parser = argparse.ArgumentParser(prog="tools/bench.py", description="Measure Quire in guest instructions.")
    parser.add_argument("--build", default="build", help="directory of the built files")
    parser.add_argument("--timeout", type=float, default=300, help="time limit of each run in seconds")
    parser.add_argument("--record", action="store_true", help="make this the record")
    parser.add_argument("--check", action="store_true", help="compare with the record")
    options = parser.parse_args()
    run = {**origin(options), "figures": measure(options)}
    if options.check:
        return check(run)
    print_table(run["figures"])
    write(os.path.join(options.build, "bench.json"), json.dumps(run, indent=1) + "\n")
    write(os.path.join(options.build, "bench.svg"), picture(run["figures"]))
    write(os.path.join(options.build, "bench-history.jsonl"), line_of(run), "a")
    if options.record:
        record(run)
    return 0


if __name__ == "__main__":
    os.chdir(qemu.TOP)
    try:
        sys.exit(main())
    except (BenchError, qemu.UsageError, OSError) as problem:
        print(f"bench: error: {problem}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
