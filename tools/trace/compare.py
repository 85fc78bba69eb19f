#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Is a trace whole? `python3 tools/trace/compare.py FILE`: reads every line, adds the events up, and compares the sum
with what the kernel said at the end that it has (the dump events of docs/trace.md).

differences() returns what is not the same; it needs at least one dump. An event that was never written shows as an
entry on one side only. Called by people and by tests/qemu/trace.py; calls reader.py and state.py.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reader  # noqa: E402
import state as states  # noqa: E402

MAX_SHOWN = 10


def believed(state):
    """What the events add up to, in the form of the dump: {kind of thing: {key: value}}."""
    return {
        "object": {one.id: one.type for one in state.objects.values()},
        "node": {one.addr: (one.parent, one.space, one.kind, one.va, one.order) for one in state.nodes.values()},
        "page": {key: (order, entry & ~states.USAGE) for key, (order, entry) in state.ptes.items()},
        "slot": {key: (slot.object, slot.rights) for key, slot in state.slots.items()},
        "port": {(space, port): True for space, ports in state.ports.items() for port in ports},
        "quota": dict(state.quota),
    }


def take(dump, event):
    """Put one dump event into the same form."""
    if event.name == "dump-obj":
        dump["object"][event["id"]] = event.texts["type"]
    elif event.name == "dump-node":
        dump["node"][event["node"]] = (event["parent"], event["space"], event.texts["kind"], event["va"],
                                       event["order"])
    elif event.name == "dump-pte":
        dump["page"][event["space"], event["va"]] = event["order"], event["entry"] & ~states.USAGE
    elif event.name == "dump-slot":
        dump["slot"][event["space"], event["index"]] = event["obj"], event["rights"]
    elif event.name == "dump-port":
        for port in range(event["first"], event["first"] + event["count"]):
            dump["port"][event["space"], port] = True
    elif event.name == "dump-quota":
        dump["quota"][event["factory"]] = event["used"], event["limit"]


def unequal(events, dump):
    """Lines that say which entries are not the same on both sides."""
    found = []
    for what, table in events.items():
        for key in sorted(set(table) | set(dump[what]), key=str):
            if table.get(key) != dump[what].get(key):
                found.append(f"{what} {shown(key)}: events {shown(table.get(key))}, dump {shown(dump[what].get(key))}")
    return found


def shown(value):
    if isinstance(value, tuple):
        return "(" + ", ".join(map(shown, value)) + ")"
    return f"{value:#x}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def differences(path):
    """([what is not the same], {event name: how often}); TraceError if the trace is broken or has no dump."""
    state, dump, found, counts = states.State(), None, None, {}
    event = None
    for event in reader.events(path):
        counts[event.name] = counts.get(event.name, 0) + 1
        if event.name == "dump-begin":
            dump = {what: {} for what in believed(state)}
        elif event.name == "dump-end" and dump is not None:
            found = (found or []) + unequal(believed(state), dump)
            dump = None
        elif dump is not None:
            take(dump, event)
        state.apply(event)
    if found is None:
        raise reader.TraceError(event.line if event else 1, "the trace has no whole dump at its end")
    return found, counts


def main():
    if len(sys.argv) != 2:
        print("usage: tools/trace/compare.py FILE", file=sys.stderr)
        return 2
    try:
        found, counts = differences(sys.argv[1])
    except (OSError, reader.TraceError) as wrong:
        print(f"compare: {sys.argv[1]}: {wrong}", file=sys.stderr)
        return 1
    for line in found[:MAX_SHOWN]:
        print(line)
    print(f"{sum(counts.values())} events, {len(found)} differences between the events and the kernel's state")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
