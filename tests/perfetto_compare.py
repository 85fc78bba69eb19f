# SPDX-License-Identifier: MIT
"""Compares a Perfetto trace (tests/perfetto_reader.py) with the lines of the trace it was made from.

Used by tests/qemu/trace_formats.py; every function raises harness.Failed at the first difference.
"""
from harness import Failed
from perfetto_reader import BEGIN, END, INSTANT
from trace_rows import number, same

POINTER, UNSIGNED, SIGNED, TEXT = 7, 3, 4, 6
KINDS = {"syscall-end": "syscall", "item-end": "item-begin", "unmap-end": "unmap-begin", "fault-end": "fault",
         "ipc-fail": "ipc-begin"}


def annotation(field, value):
    if field == TEXT:
        return value.decode()
    return value - (1 << 64) if field == SIGNED and value >> 63 else value


def wanted_annotation(text):
    value = number(text)
    if isinstance(value, str) or not -(1 << 63) <= value < 1 << 64:
        return TEXT, text
    return POINTER if text.startswith("0x") else SIGNED if value < 0 else UNSIGNED, value


def check_annotations(trace, rows):
    """Each event of the trace is there, with all its keys and their values, as one event or more."""
    by_seq, seen = {row.seq: row for row in rows}, set()
    for event in trace.events:
        if not event.keys:
            continue
        prefix = "end-" if event.kind == END else ""
        row = by_seq[event.keys[prefix + "seq"][1]]
        seen.add(row.seq)
        got = {key: (field, annotation(field, value)) for key, (field, value) in event.keys.items()}
        want = {prefix + key: wanted_annotation(text) for key, text in row.texts.items()}
        same(f"annotations of event {row.seq}", got, {prefix + "seq": (UNSIGNED, row.seq), **want})
        if event.kind in (BEGIN, INSTANT):
            same(f"category of event {row.seq}", event.category, row.name)
    same("events that are missing", set(by_seq) - seen, set())


def check_tracks(trace, rows):
    names = {row.texts["id"]: row.texts["name"] for row in rows if row.name == "obj-name"}
    tracks = trace.tracks.values()
    for row in rows:
        if row.name == "bind":
            thread, task = int(row.texts["thread"]), int(row.texts["task"])
            found = [track for track in tracks if track.tid == thread]
            same(f"tracks of thread {thread}", [(one.pid, trace.tracks[one.parent].pid) for one in found],
                 [(task, task)])
        if row.name == "obj-new" and row.texts["type"] == "task":
            one = row.texts["id"]
            wanted = f"task {one}" + (" " + names[one] if one in names else "")
            processes = [track.name for track in tracks if track.pid == int(one) and not track.tid]
            same(f"process {one}", processes, [wanted])


def check_slices(trace, rows):
    """What ends a slice belongs to what began it, in the same thread; a way into the kernel lies in no other slice."""
    by_seq, stacks = {row.seq: row for row in rows}, {}
    for event in trace.events:
        stack = stacks.setdefault(event.track, [])
        if event.kind == BEGIN:
            if event.category in ("syscall", "fault", "switch"):
                same(f"slices around event {event.keys['seq'][1]}", stack, [])
            stack.append(by_seq[event.keys["seq"][1]])
        elif event.kind == END:
            begun = stack.pop()
            if event.keys:
                ended = by_seq[event.keys["end-seq"][1]]
                same(f"begin of the slice that event {ended.seq} ends", begun.name, KINDS[ended.name])
                if ended.name != "ipc-fail":
                    same(f"thread of event {ended.seq}", begun.thread, ended.thread)
    for name in set(KINDS.values()) | {"switch"}:
        began = sum(event.kind == BEGIN and event.category == name for event in trace.events)
        same(f"slices of {name}", began, sum(row.name == name and "again" not in row.texts for row in rows))


def space_of_track(trace, event):
    track = trace.tracks[event.track]
    return trace.tracks[track.parent].pid if track.name == "changes" else None


def check_flows(trace, rows):
    """One arrow for each message that got through, and for each new node one from the parent's task to the child's."""
    leave, arrive = {}, {}
    for event in trace.events:
        for flow in event.starts:
            if leave.setdefault(flow, event) is not event:
                raise Failed(f"flow {flow} leaves twice")
        for flow in event.ends:
            if flow not in leave or arrive.setdefault(flow, event) is not event:
                raise Failed(f"flow {flow} arrives twice, or before it leaves")
    spaces, waiting, messages, mappings = {}, {}, [], []
    roots = {}
    for row in rows:
        one = row.texts
        if row.name == "node-roots":
            roots[one["kind"]] = int(one["space"])
        if row.name in ("node-add", "node-move"):
            spaces[one["node"]] = int(one["space"])
        if row.name == "node-add":
            mappings.append((row.seq, spaces.get(one["parent"], roots[one["kind"]]), int(one["space"])))
        elif row.name == "node-del":
            del spaces[one["node"]]
        elif row.name == "ipc-transfer":
            waiting[one["snd"], one["rcv"]] = row.seq
        elif row.name == "ipc-done" and (one["snd"], one["rcv"]) in waiting:
            messages.append((waiting.pop((one["snd"], one["rcv"])), row.seq))
    pairs = [(leave[flow], event) for flow, event in sorted(arrive.items())]
    ipc = [(one.keys["seq"][1], other.keys["seq"][1]) for one, other in pairs if one.category == "ipc-transfer"]
    same("messages", sorted(ipc), sorted(messages))
    for one, other in pairs:
        if one.category == "ipc-transfer":
            sides = [trace.tracks[event.track] for event in (one, other)]
            want = [one.keys["snd"][1], one.keys["rcv"][1]]
            same("threads of a message", [side.tid or int(side.name.split(" ")[1]) for side in sides], want)
    same("mappings", [(one.keys["seq"][1], space_of_track(trace, one), space_of_track(trace, other))
                      for one, other in pairs if one.category == "node-add"], mappings)
    return spaces


def check_counters(trace, rows, spaces):
    """The last value of each counter is what the trace says."""
    last, want = {}, {}
    names = {row.texts["id"]: " " + row.texts["name"] for row in rows if row.name == "obj-name"}
    for event in trace.events:
        track = trace.tracks[event.track]
        if track.counter:
            last[track.name if event.keys else trace.tracks[track.parent].pid] = event.value
    for row in rows:
        if row.name == "quota":
            one = row.texts["factory"]
            name = f"factory {one}" + names.get(one, "") if one != "0" else "kernel"
            want["used by " + name] = int(row.texts["used"])
        if row.name in ("node-add", "node-move"):
            want[int(row.texts["space"])] = 0
    for space in spaces.values():
        want[space] += 1
    same("counters at the end", last, want)


def compare(trace, rows):
    khz = int(rows[0].texts["tsc-khz"])
    same("last time", trace.events[-1].time, rows[-1].time * 1_000_000 // khz)
    check_annotations(trace, rows)
    check_tracks(trace, rows)
    check_slices(trace, rows)
    check_counters(trace, rows, check_flows(trace, rows))
