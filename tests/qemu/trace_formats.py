# SPDX-License-Identifier: MIT
"""The converters of tools/trace: each format is read back by somebody else and compared with the trace, event by event.

CTF by babeltrace2, Perfetto by tests/perfetto_reader.py, Graphviz's language and the object dump by patterns here. The
traces: one written by hand with what is rare (tests/trace/corners.txt), and one of a TRACE=1 kernel that runs the
demonstration. What is expected is worked out here from the trace's lines; nothing of tools/trace is used for it.
"""
import os
import re
import shutil
import subprocess

import perfetto_compare
import perfetto_reader
import tracing
from harness import JOBS, TOP, Failed, Job, Skipped, job, output_of, tail
from trace_rows import convert, number, rows_of, same

CORNERS = os.path.join("tests", "trace", "corners.txt")


# ---- CTF ----

CTF_EVENT = re.compile(r"\[(\d+)\] (.*?): \{ seq = (\d+), thread = (\d+) \}, \{ (.*)\}$")
CTF_FIELD = re.compile(r'(\w+) = ("(?:\\.|[^"\\])*"|[^," ]+)(?:, | $|$)')


def ctf_value(text):
    """A field's value as babeltrace2 prints it: strings in quotes, hexadecimal numbers in capital letters."""
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text.lower()


def ctf(directory, path):
    if not shutil.which("babeltrace2"):
        raise Skipped("no babeltrace2")
    out = os.path.join(directory, "trace.ctf")
    shutil.rmtree(out, ignore_errors=True)
    convert(path, "--to", "ctf", "-o", out)
    status, text = output_of(["babeltrace2", "--clock-cycles", "--no-delta", out])
    lines, rows = text.splitlines(), rows_of(path)
    if status or len(lines) != len(rows):
        raise Failed(f"babeltrace2 ended with {status} and shows {len(lines)} events of {len(rows)}" + tail(text))
    for line, row in zip(lines, rows):
        found = CTF_EVENT.match(line)
        if not found:
            raise Failed(f"babeltrace2 shows for event {row.seq}: {line}")
        time, event, seq, thread, fields = found.groups()
        same("event", (int(seq), int(time), int(thread), event), row[:4])
        got = {key: ctf_value(value) for key, value in CTF_FIELD.findall(fields)}
        same(f"event {row.seq}", got, {key.replace("-", "_"): text for key, text in row.texts.items()})


# ---- Perfetto ----

def perfetto(directory, path):
    out = os.path.join(directory, "trace.pftrace")
    convert(path, "--to", "perfetto", "-o", out)
    try:
        trace = perfetto_reader.load(out)
    except perfetto_reader.Broken as wrong:
        raise Failed(str(wrong)) from wrong
    perfetto_compare.compare(trace, rows_of(path))


# ---- Graphviz's language ----

DOT_NODE = re.compile(r'^    "(0x[0-9a-f]+)" \[')
DOT_OBJECT = re.compile(r'^    o(\d+) \[.*label="((?:\\.|[^"\\])*)"\];$')
DOT_EDGE = re.compile(r'^    ("[^"]*"|o\d+) -> ("[^"]*"|o\d+)( |;)')


class Model:
    """What the lines up to one event say: nodes, slots, objects and their names, no more."""

    def __init__(self, rows, seq):
        self.nodes, self.slots, self.objects, self.killed = {}, {}, {}, set()
        self.names = {}
        for row in rows[:seq]:
            one = row.texts
            if row.name == "node-add":
                first = number(one["phys" if one["kind"] == "mem" else "va"])
                self.nodes[one["node"]] = one["parent"], one["kind"], first, int(one["order"])
            elif row.name == "node-del":
                del self.nodes[one["node"]]
            elif row.name == "slot":
                self.slots.pop((one["space"], one["index"]), None)
                if one["new"] != "0":
                    self.slots[one["space"], one["index"]] = one["new"], one["rights"]
            elif row.name == "obj-new":
                self.objects[one["id"]] = one["type"]
            elif row.name == "obj-name":
                self.names[one["id"]] = " " + one["name"]
            elif row.name == "obj-kill":
                self.killed.add(one["id"])
            elif row.name == "obj-del":
                del self.objects[one["id"]]

    def titles(self):
        return {one: f"{kind} {one}{self.names.get(one, '')}" for one, kind in self.objects.items()}

    def edges(self, kind, unit):
        """{(parent, node)} of the nodes over one frame or port."""
        return {(parent, node) for node, (parent, sort, first, order) in self.nodes.items()
                if sort == kind and first <= unit < first + (1 << order)}


def draw(directory, *args):
    """A drawing: its lines; `dot`, if there is one, accepts it."""
    out = os.path.join(directory, "drawing.dot")
    convert(*args, "--to", "dot", "-o", out)
    if shutil.which("dot"):
        status, text = output_of(["dot", "-Tsvg", "-o", out + ".svg", out])
        if status or text:
            raise Failed(f"dot refuses the drawing of {args}" + tail(text))
    with open(out, encoding="ascii") as file:
        return file.read().splitlines()


def drawn_edges(lines):
    return [tuple(word.strip('"') for word in found.groups()[:2]) for line in lines if (found := DOT_EDGE.match(line))]


def graphviz(directory, path):
    rows = rows_of(path)
    trees = [("io", 0x80, len(rows))]
    for seq in (*range(len(rows) // 6, len(rows), len(rows) // 6), len(rows)):
        now = Model(rows, seq)
        units = {node[1:3] for node in now.nodes.values()}
        trees += [max(units, key=lambda unit: (len(now.edges(*unit)), unit)) + (seq,)] if units else []
    for kind, unit, seq in trees:
        lines = draw(directory, path, "--at", str(seq), "--frame" if kind == "mem" else "--port", hex(unit))
        want = Model(rows, seq).edges(kind, unit)
        same(f"{kind} tree of {unit:#x} at event {seq}", sorted(drawn_edges(lines)), sorted(want))
        boxes = [found.group(1) for line in lines if (found := DOT_NODE.match(line)) and " -> " not in line]
        same("boxes", sorted(boxes), sorted({node for edge in want for node in edge} or boxes[:1]))
    for seq in (len(rows) // 2, len(rows)):
        now = Model(rows, seq)
        lines = draw(directory, path, "--at", str(seq))
        same("names of the objects", {found.group(1): re.sub(r"\\(.)", r"\1", found.group(2))
                                      for line in lines if (found := DOT_OBJECT.match(line))}, now.titles())
        pairs = {("o" + space, "o" + held) for (space, _), (held, _) in now.slots.items() if held in now.objects}
        missing = pairs - set(drawn_edges(lines))
        same(f"holders that the drawing at event {seq} lacks", missing, set())
        one = max(now.objects, key=lambda identity: sum(held == identity for held, _ in now.slots.values()))
        held = [(f"{space}:{index}", "o" + one) for (space, index), (what, _) in now.slots.items() if what == one]
        same(f"slots of object {one}", sorted(drawn_edges(draw(directory, path, "--at", str(seq), "--object", one))),
             sorted(held))


# ---- the object dump of L4Re's test tools ----

DUMP_OBJECT = re.compile(r"([0-9a-f]+) ([0-9a-f]+) \[([^]]+)\] (.*)$")
DUMP_SLOT = re.compile(r"\t([0-9a-f]+)\[C:([0-9a-f]+)\]: space=D:([0-9a-f]+)(\([^)]+\))? "
                       r"rights=([0-9a-f]+) flags=([0-9a-f]+) obj=0x([0-9a-f]+)$")


def read_dump(text):
    """{object: ([attribute], [(space, index, rights, flags)])}; ids are numbers as everywhere in the trace."""
    lines = text.splitlines()
    same("the block's frame", lines[:3] + lines[-1:], ["@@ KernelObjects @< BLOCK", "dump format version number: 0",
                                                       "user space tag: here", "@@ KernelObjects BLOCK >@"])
    objects, addresses, current = {}, set(), None
    for line in lines[3:-1]:
        if line.startswith("\t"):
            found = DUMP_SLOT.match(line)
            if not found:
                raise Failed(f"no line of a slot: {line!r}")
            addr, index, space, _, rights, flags, obj = found.groups()
            if addr in addresses or obj != current[0]:
                raise Failed(f"slot address twice, or of another object: {line!r}")
            addresses.add(addr)
            current[1].append((str(int(space, 16)), hex(int(index, 16)), int(rights, 16), int(flags, 16)))
        else:
            found = DUMP_OBJECT.match(line)
            if not found or str(int(found.group(1), 16)) in objects:
                raise Failed(f"no line of an object, or twice: {line!r}")
            current = found.group(2), []
            objects[str(int(found.group(1), 16))] = found.group(4).split(" "), current[1]
    return objects


def dumped(directory, path, seq):
    out = os.path.join(directory, "objects.dump")
    convert(path, "--to", "l4re-dump", "--at", str(seq), "--tag", "here", "-o", out)
    with open(out, encoding="ascii") as file:
        return read_dump(file.read())


def object_dump(directory, path):
    """At two moments what the lines before say; and what the kernel itself says, where it does."""
    rows = rows_of(path)
    for row in rows:
        if row.name == "dump-begin":
            begin = row.seq
            own = [entry.texts for entry in rows[begin:] if entry.name == "dump-slot"]
            wanted = {(one["obj"], one["space"], one["index"], number(one["rights"]) ^ 0x10 | 4) for one in own}
            got = {(one, *slot[:3]) for one, (_, slots) in dumped(directory, path, begin).items() for slot in slots}
            same("slots in the kernel's own dump", got, wanted)
    for seq in (len(rows) // 2, len(rows)):
        now = Model(rows, seq)
        objects = dumped(directory, path, seq)
        same(f"objects at event {seq}", set(objects), set(now.objects))
        for one, (attributes, slots) in objects.items():
            want = [] if one in now.killed else [
                (*place, int(rights, 16) ^ 0x10 | 4, (int(rights, 16) ^ 0x10) & 0xF8)
                for place, (held, rights) in now.slots.items() if held == one]
            same(f"slots of object {one} at event {seq}", sorted(slots), sorted(want))
            counted = sum(bool(flags & 0x10) for _, _, _, flags in slots)
            same(f"count of object {one}", attributes[-1], f"ref_cnt={counted}")


# ---- what is refused ----

GOOD = ["quire-trace 1", "1 10 0 boot tsc-khz=1000 version=0.1 at=a.c:1",
        "2 20 0 obj-new id=1 type=task factory=0 at=a.c:2", "3 30 0 obj-kill id=1 at=a.c:3"]
# name: (number of the line that is broken, what stands there instead, what the message says)
BROKEN = {
    "no trace": (1, "quire-trace 2", "a trace begins with 'quire-trace 1'"),
    "three words": (3, "2 20 0", "fewer than four words"),
    "number": (3, "two 20 0 obj-new id=1 type=task factory=0", "'two' is no number"),
    "time": (3, "2 0x20 0 obj-new id=1 type=task factory=0", "'0x20' is no time"),
    "name": (3, "2 20 0 obj_new id=1 type=task factory=0", "'obj_new' is no event name"),
    "no value": (3, "2 20 0 obj-new id type=task factory=0", "'id' is not KEY=VALUE"),
    "empty value": (3, "2 20 0 obj-new id= type=task factory=0", "'id=' is not KEY=VALUE"),
    "two blanks": (3, "2 20 0 obj-new  id=1 type=task factory=0", "'' is not KEY=VALUE"),
    "key twice": (3, "2 20 0 obj-new id=1 id=1 type=task factory=0", "key 'id' twice"),
    "lost line": (3, "3 20 0 obj-new id=1 type=task factory=0", "event 3 follows event 1: lines are missing"),
    "backwards": (3, "2 9 0 obj-new id=1 type=task factory=0", "the time runs backwards: 9 after 10"),
    "no such key": (3, "2 20 0 obj-new id=1 factory=0", "event 2 (obj-new): no key 'type'"),
    "impossible": (4, "3 30 0 obj-kill id=2 at=a.c:3", "event 3 (obj-kill): there is no object 2"),
    "not ASCII": (3, "2 20 0 obj-new id=1 type=t\u00e4sk factory=0", "is not KEY=VALUE"),
}
# What is wrong with the command line -> (arguments behind the trace, status, what the message says)
REFUSED = {
    "no format": ([], 2, "required: --to"),
    "no such format": (["--to", "json"], 2, "invalid choice: 'json'"),
    "tree of another format": (["--to", "ctf", "--frame", "1"], 2, "--frame is for --to dot"),
    "moment of another format": (["--to", "ctf", "--at", "1"], 2, "--at is for --to dot and --to l4re-dump"),
    "negative": (["--to", "dot", "--at", "-1"], 2, "--at"),
    "tag": (["--to", "l4re-dump", "--tag", "a b"], 2, "a tag is 1 to 20 letters and digits"),
    "two trees": (["--to", "dot", "--frame", "1", "--port", "1"], 2, "not allowed with argument"),
    "later than the end": (["--to", "dot", "--at", "4"], 1, ":5: the trace ends with event 3, there is no event 4"),
    "no object": (["--to", "dot", "--object", "9"], 1, "at event 3 there is no object 9"),
    "no frame": (["--to", "dot", "--frame", "0x1000"], 1, "at event 3 no root of sigma0's covers 0x1000"),
    "output": (["--to", "l4re-dump", "-o", "/no/such/place"], 1, "/no/such/place: No such file"),
}


# One process for all of them: prints the status of each and what it said, between lines that no converter prints.
DRIVER = """
import contextlib, io, sys
sys.path.insert(0, "tools/trace")
import convert
for line in sys.stdin.read().splitlines():
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            status = convert.main(line.split("\\t"))
        except SystemExit as end:
            status = end.code
    print(f"\\0{status} {said.getvalue()}", end="")
"""


def results(commands):
    """[(status, text)] of the converter with each of these argument lists."""
    done = subprocess.run(["python3", "-c", DRIVER], cwd=TOP, text=True, capture_output=True, check=False,
                          input="".join("\t".join(args) + "\n" for args in commands))
    found = [part.split(" ", 1) for part in done.stdout.split("\0")[1:]]
    if done.returncode or len(found) != len(commands):
        raise Failed(f"{len(found)} of {len(commands)} commands ended" + tail(done.stderr))
    return [(int(status), text) for status, text in found]


@job("trace formats: broken traces and wrong command lines are refused with the reason")
def refusals(context):
    directory = context.scratch("trace-formats-broken")
    shutil.rmtree(directory)
    os.makedirs(directory)
    names, cases = [], []  # (arguments, status, what has to be said)

    def write(name, lines, end="\n"):
        names.append(name)
        with open(os.path.join(directory, name), "w", encoding="utf-8", newline="\n") as file:
            file.write("\n".join(lines) + end)
        return os.path.join(directory, name)

    out = os.path.join(directory, "out")
    for name, (line, text, what) in BROKEN.items():
        path = write(name, [text if number == line else good for number, good in enumerate(GOOD, 1)])
        for form in ("perfetto", "dot", "l4re-dump", "ctf"):
            # CTF takes any event that keeps to the grammar, and does not ask whether it can be.
            if form != "ctf" or not re.match(r"event \d+ \(", what):
                cases.append(([path, "--to", form, "-o", out], 1, (f"{path}:{line}: ", what)))
    path = write("good", GOOD)
    cases += [([path, *args], status, (what,)) for args, status, what in REFUSED.values()]
    path = write("cut off", GOOD + ["4 40 0 obj-del id="], end="")
    cases.append(([path, "--to", "l4re-dump", "--at", "3"], 0, ("ref_cnt=0",)))  # no error
    for (args, status, wanted), (got, text) in zip(cases, results([args for args, _, _ in cases])):
        if got != status or any(what not in text for what in wanted):
            raise Failed(f"convert.py {args}: status {got}, expected {status} and {wanted}" + tail(text))
    same("files behind broken traces", sorted(os.listdir(directory)), sorted(names))


@job("trace formats: the samples in docs/trace-formats.md are what the converter prints")
def samples(_):
    """Each line behind a `$`, run by the shell, prints the lines that follow it."""
    with open(os.path.join(TOP, "docs", "trace-formats.md"), encoding="ascii") as file:
        blocks = re.findall(r"(?m)(?:^    .*\n)+", file.read())
    parts = [part for block in blocks for part in re.findall(r"    \$ (.*)\n((?:    (?!\$ ).*\n)*)", block)]
    if len(parts) < 4:
        raise Failed(f"{len(parts)} samples found")
    for command, want in parts:
        if "babeltrace2" in command and not shutil.which("babeltrace2"):
            raise Skipped("no babeltrace2")
        _, text = output_of(["sh", "-c", command], cwd=TOP)
        same(f"'{command}' prints", text, re.sub(r"(?m)^    ", "", want))


FORMATS = {"CTF: babeltrace2 reads every event back": ctf, "Perfetto: tracks, slices, flows and counters": perfetto,
           "Graphviz: trees, objects and holders": graphviz, "L4Re's object dump: objects and slots": object_dump}
TRACES = {"rare events": lambda context: CORNERS,
          "demonstration": lambda context: tracing.traced_demonstration(context)[1]}


def format_job(title, label):
    def run(context):
        FORMATS[title](context.scratch(f"trace-formats-{label}-{title}"), TRACES[label](context))
    return Job(f"trace formats: {title} ({label})", run)


JOBS.extend(format_job(title, label) for title in FORMATS for label in TRACES)
