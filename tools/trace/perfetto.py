# SPDX-License-Identifier: MIT
"""Writes a trace as Perfetto's protobuf trace, to be opened in ui.perfetto.dev or queried with trace_processor.

Tracks: one process for each task, in it a track for each thread and one, `changes`, for what happens to the task's
mapping nodes, page-table entries, slots and ports; a track of the processor (which thread runs) and one for events
without a thread; counters for the quota of each factory and the mapping nodes of each task.
Slices: system calls, IPC, waiting, items, unmap, page faults. Flows: from the sender to the receiver of a message, and
from the parent to the child of a new mapping. All else is an instant. Each event of the trace stands for one or more
events there; the annotation `seq` (of a slice's end: `end-seq`) says which one it came from.
Called by convert.py; calls naming.py, state.py and protobuf.py.

The numbers are those of the fields in Perfetto's trace_packet.proto and track_event.proto.
"""
import re

import naming
import reader
import state
from protobuf import Fixed64, message, varint

BEGIN, END, INSTANT, COUNTER = 1, 2, 3, 4
UNIT_COUNT, UNIT_BYTES = 2, 3
TASK, THREAD, CHANGES, NODES, QUOTA, OTHER = (kind << 32 for kind in range(1, 7))
KERNEL, PROCESSOR, QUOTAS = (7 << 32 | number for number in range(3))
SEQUENCE = 1
CLEARED, NEEDS = 1, 2

# Slices of the current thread's track: the event that begins one, and the one that ends it.
PAIRS = {"syscall": "syscall-end", "item-begin": "item-end", "unmap-begin": "unmap-end", "fault": "fault-end"}
ENDS = {end: begin for begin, end in PAIRS.items()}
# Fields of a debug annotation, by the form of its value.
UNSIGNED, SIGNED, TEXT, POINTER = 3, 4, 6, 7
PLACE = re.compile(r"(.+):([0-9]+)\Z")


def kind_of(text, value):
    """The field of a debug annotation for a value; numbers of more than 64 bits stay text."""
    if isinstance(value, str) or not -(1 << 63) <= value < 1 << 64:
        return TEXT
    if text.startswith("0x"):
        return POINTER
    return SIGNED if value < 0 else UNSIGNED


class Packets:
    """The packets of one sequence, with its tables of interned strings."""

    def __init__(self, file):
        self.file = file
        self.first = True
        self.tables = {}  # field of InternedData -> {entry: its number}
        self.new = []     # entries that the next packet has to bring

    def interned(self, table, entry):
        """The number of a string (or of (file, line)) in a table; new ones come with the next packet."""
        known = self.tables.setdefault(table, {})
        if entry not in known:
            known[entry] = len(known) + 1
            body = [(2, entry)] if isinstance(entry, str) else [(2, entry[0]), (4, entry[1])]
            self.new.append((table, [(1, known[entry]), *body]))
        return known[entry]

    def put(self, fields):
        """Write one packet; `fields` without what belongs to the sequence."""
        head = [(10, SEQUENCE), (13, CLEARED | NEEDS if self.first else NEEDS)]
        if self.first:
            head += [(41, 1), (42, 1), (87, 1)]
        if self.new:
            head.append((12, self.new))
        body = message(head + fields)
        self.first, self.new = False, []
        self.file.write(varint(1 << 3 | 2) + varint(len(body)) + body)


class Converter:
    def __init__(self, survey, file):
        self.survey = survey
        self.packets = Packets(file)
        self.state = state.State()
        self.described = set()
        self.open = {}     # thread -> names of the events whose slices are open
        self.running = False
        self.message = {}  # (sender, receiver) -> flow of the message that is on its way
        self.flows = 0
        self.nodes = {}    # task -> how many mapping nodes it has

    # ---- tracks ----

    def describe(self, uuid, fields):
        if uuid not in self.described:
            self.described.add(uuid)
            self.packets.put([(60, [(1, uuid), *fields])])

    def task(self, identity):
        name = self.survey.title(identity)
        self.describe(TASK | identity, [(3, [(1, identity), (6, name)])])
        return TASK | identity

    def thread(self, identity):
        """The track of a thread; for what is none (an interrupt that sends), one of its own."""
        if not identity:
            self.describe(KERNEL, [(2, "kernel, no thread")])
            return KERNEL
        known = self.survey.objects.get(identity)
        name = self.survey.title(identity)
        if known is None or not known.space:
            self.describe(OTHER | identity, [(2, name)])
            return OTHER | identity
        process = self.task(known.space)
        self.describe(THREAD | identity, [(5, process), (4, [(1, known.space), (2, identity), (5, name)])])
        return THREAD | identity

    def changes(self, space):
        self.describe(CHANGES | space, [(5, self.task(space)), (2, "changes")])
        return CHANGES | space

    def counter(self, uuid, parent, name, unit):
        self.describe(uuid, [(5, parent), (2, name), (8, [(3, unit)])])
        return uuid

    # ---- events ----

    def annotations(self, event, prefix=""):
        """The event's fields as debug annotations, hexadecimal ones as pointers since these are shown in hex."""
        fields = [(4, [(1, self.packets.interned(3, prefix + "seq")), (3, event.seq)])]
        for key, text in event.texts.items():
            place = PLACE.match(text) if key == "at" and not prefix else None
            value = event[key]
            if place:
                number = self.packets.interned(4, (place.group(1), int(place.group(2))))
                fields.append((34, number))
                continue
            kind = kind_of(text, value)
            name = self.packets.interned(3, prefix + key)
            fields.append((4, [(1, name), (kind, text if kind == TEXT else value)]))
        return fields

    def put(self, event, kind, track, fields):
        self.packets.put([(8, self.survey.nanoseconds(event.time)), (11, [(9, kind), (11, track), *fields])])

    def named(self, name, category):
        return [(10, self.packets.interned(2, name)), (3, self.packets.interned(1, category))]

    def instant(self, event, track, name=None, extra=()):
        self.put(event, INSTANT, track,
                 self.named(name or event.name, event.name) + self.annotations(event) + list(extra))

    def begin(self, event, thread, name, what=None):
        self.open.setdefault(thread, []).append(what or event.name)
        self.put(event, BEGIN, self.thread(thread), self.named(name, event.name) + self.annotations(event))

    def end(self, event, thread, what, annotate=True):
        """End a thread's innermost slice begun by `what`, and those in it that nothing ended; False: none is open."""
        stack = self.open.get(thread, [])
        if what not in stack:
            return False
        while True:
            top = stack.pop()
            last = top == what
            self.put(event, END, self.thread(thread), self.annotations(event, "end-") if last and annotate else [])
            if last:
                return True

    def close(self, event, thread):
        """End all slices of a thread that are open."""
        if self.open.get(thread):
            self.end(event, thread, self.open[thread][0], False)

    def convert(self, event):
        self.state.apply(event)
        handler = getattr(self, "on_" + event.name.replace("-", "_"), None)
        if handler:
            handler(event)
        elif event.name in PAIRS:
            self.end(event, event.thread, event.name, False)  # they do not nest
            self.begin(event, event.thread, self.slice_name(event))
        elif event.name not in ENDS or not self.end(event, event.thread, ENDS[event.name]):
            self.other(event)

    def other(self, event):
        """What has no form of its own: an instant of the task that it changes, else of the current thread."""
        self.instant(event, self.changes(event["space"]) if event.get("space") else self.thread(event.thread))

    def slice_name(self, event):
        if event.name == "syscall":
            return naming.call_name(event)
        if event.name == "item-begin":
            return f"item {event['kind']} to {self.survey.title(event['to'])}"
        return f"unmap {event['kind']}" if event.name == "unmap-begin" else "page fault"

    def on_syscall(self, event):
        if "syscall" in self.open.get(event.thread, []):
            self.instant(event, self.thread(event.thread), "begins again")  # after waiting
        else:
            self.close(event, event.thread)
            self.begin(event, event.thread, self.slice_name(event))

    def on_fault(self, event):
        self.close(event, event.thread)
        self.begin(event, event.thread, self.slice_name(event))

    def on_exception(self, event):
        self.close(event, event.thread)
        self.other(event)

    def on_ipc_begin(self, event):
        self.end(event, event["thread"], "ipc-begin", False)
        partner = f" with {self.survey.title(event['partner'])}" if event["partner"] else ""
        self.begin(event, event["thread"], "IPC " + naming.ipc_name(event["op"]) + partner)

    def on_ipc_block(self, event):
        self.end(event, event["thread"], "ipc-block", False)
        partner = self.survey.title(event["partner"]) if event["partner"] else "anybody"
        what = "send to" if event["phase"] == "send" else "receive from"
        self.begin(event, event["thread"], f"waits to {what} {partner}")

    def on_ipc_fail(self, event):
        if not self.end(event, event["thread"], "ipc-begin"):
            self.instant(event, self.thread(event["thread"]))

    def on_ipc_transfer(self, event):
        """The message leaves the sender; the other end of the arrow comes with ipc-done."""
        for side in ("snd", "rcv"):
            self.end(event, event[side], "ipc-block", False)
        self.flows += 1
        self.message[event["snd"], event["rcv"]] = self.flows
        self.instant(event, self.thread(event["snd"]), f"message to {self.survey.title(event['rcv'])}",
                     [(47, Fixed64(self.flows))])

    def on_ipc_done(self, event):
        flow = self.message.pop((event["snd"], event["rcv"]), None)
        for side in ("snd", "rcv"):
            self.end(event, event[side], "ipc-block", False)
        self.instant(event, self.thread(event["rcv"]), f"message from {self.survey.title(event['snd'])}",
                     [(48, Fixed64(flow))] if flow else [])

    def on_node_add(self, event):
        """An arrow from the parent's task to the child's."""
        parent = self.state.nodes.get(event["parent"]) or self.state.roots[event["kind"]]
        self.flows += 1
        flow = Fixed64(self.flows)
        self.instant(event, self.changes(parent.space), f"maps to {self.survey.title(event['space'])}", [(47, flow)])
        self.instant(event, self.changes(event["space"]), f"node-add {event['kind']}", [(48, flow)])
        self.count(event, event["space"], 1)

    def on_quota(self, event):
        factory = event["factory"]
        self.describe(QUOTAS, [(2, "quota")])
        name = self.survey.title(factory) if factory else "kernel"
        track = self.counter(QUOTA | factory, QUOTAS, f"used by {name}", UNIT_BYTES)
        self.put(event, COUNTER, track, [(30, event["used"]), *self.annotations(event)])
        if "refused" in event:
            self.instant(event, self.thread(event.thread), "quota refused")

    def on_node_del(self, event):
        self.other(event)
        self.count(event, event["space"], -1)

    def on_node_move(self, event):
        self.other(event)
        self.count(event, event["old-space"], -1)
        self.count(event, event["space"], 1)

    def count(self, event, space, change):
        """The counter of a task's mapping nodes."""
        self.nodes[space] = self.nodes.get(space, 0) + change
        track = self.counter(NODES | space, self.task(space), "mapping nodes", UNIT_COUNT)
        self.put(event, COUNTER, track, [(30, self.nodes[space])])

    def on_switch(self, event):
        self.describe(PROCESSOR, [(2, "processor")])
        if self.running:
            self.put(event, END, PROCESSOR, [])
        name = self.survey.title(event["to"]) if event["to"] else "idle"
        self.put(event, BEGIN, PROCESSOR, self.named(name, event.name) + self.annotations(event))
        self.running = True

    def on_obj_kill(self, event):
        """A thread that ends leaves its system call unfinished."""
        self.close(event, event["id"])
        self.instant(event, self.thread(event.thread))


def convert(path, out):
    """Writes the trace at `path` to the binary file `out`."""
    survey = naming.Survey(path)
    converter = Converter(survey, out)
    for identity, known in sorted(survey.objects.items()):
        if known.type == "task":
            converter.task(identity)
        elif known.type == "thread":
            converter.thread(identity)
    for event in reader.events(path):
        converter.convert(event)
