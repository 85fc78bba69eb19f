# SPDX-License-Identifier: MIT
"""What the kernel has at one moment of a trace: objects, slots, mapping nodes, page-table entries, ports, quota.

State.apply() takes the events of tools/trace/reader.py in order; the dictionaries then say what there is. Events that
do not change the state, and those that a later version of the trace may bring, are passed over. An event that cannot
follow those before it (a node removed that is not there) raises reader.TraceError. at() reads a file up to one event.
Called by the converters and the tests; calls the reader.

Invariant: a node's parent is a key of `nodes`, or lies in one of the ranges of `roots`.
"""
from dataclasses import dataclass, field

import reader


USAGE = 0x60  # accessed and dirty: the processor sets these bits of an entry by itself


class Impossible(Exception):
    """An event that cannot follow those before it."""


@dataclass
class Object:
    """A kernel object. `space`: of a thread, the id of its task; label: of a gate; thread: to which a gate is bound."""

    id: int
    type: str
    factory: int = 0
    name: str = ""
    addr: int = 0  # the kernel's address of it, 0: the trace does not tell
    killed: bool = False
    space: int = 0
    thread: int = 0
    label: int = 0

    def title(self):
        return f"{self.type} {self.id}" + (f" {self.name}" if self.name else "")


@dataclass
class Slot:
    """A capability slot in use. rights: W S R D and, above, weak and the type's own (enum cap_rights)."""

    object: int
    rights: int
    addr: int = 0


@dataclass
class Node:
    """A mapping node; parent: address of another one or of a root; phys: of memory."""

    addr: int
    parent: int
    space: int
    kind: str
    va: int
    order: int
    phys: int = 0


@dataclass
class Roots:
    """sigma0's roots of one kind: `count` nodes, `stride` bytes apart, each for one piece of this order."""

    space: int
    first: int
    stride: int
    count: int
    order: int

    def piece(self, addr):
        """The number of the root with this address, None if there is no such root."""
        number, rest = divmod(addr - self.first, self.stride or 1)
        return number if rest == 0 and 0 <= number < self.count else None


@dataclass
class State:
    seq: int = 0
    khz: int = 1_000_000  # of the time-stamp counter
    objects: dict = field(default_factory=dict)  # id -> Object
    slots: dict = field(default_factory=dict)    # (space, index) -> Slot
    nodes: dict = field(default_factory=dict)    # address -> Node
    roots: dict = field(default_factory=dict)    # kind -> Roots
    ptes: dict = field(default_factory=dict)     # (space, va) -> (order, entry)
    ports: dict = field(default_factory=dict)    # space -> set of ports
    quota: dict = field(default_factory=dict)    # factory -> (used, limit)

    def apply(self, event):
        """Take one event; TraceError if it lacks a key or cannot follow those before it."""
        self.seq = event.seq
        handler = HANDLERS.get(event.name)
        if handler is None:
            return
        try:
            handler(self, event)
        except (KeyError, Impossible) as wrong:
            what = f"no key {wrong}" if isinstance(wrong, KeyError) else str(wrong)
            raise reader.TraceError(event.line, f"event {event.seq} ({event.name}): {what}") from None

    def name_of(self, identity):
        """What to call an object: its type, id and name."""
        return self.objects[identity].title() if identity in self.objects else f"object {identity}"

    def children(self):
        """{address of a node or root: [its children, by address in the space]}."""
        found = {}
        for node in sorted(self.nodes.values(), key=lambda one: (one.space, one.va)):
            found.setdefault(node.parent, []).append(node)
        return found

    def holders(self, identity):
        """[(space, index, Slot)] of the slots that hold an object."""
        return sorted((space, index, slot) for (space, index), slot in self.slots.items() if slot.object == identity)


def need(table, key, what):
    if key not in table:
        raise Impossible(f"there is no {what} " + (f"{key:#x}" if what == "node" else str(key)))
    return table[key]


def boot(state, event):
    state.khz = event["tsc-khz"]


def obj_new(state, event):
    if event["id"] in state.objects:
        raise Impossible(f"object {event['id']} is there already")
    state.objects[event["id"]] = Object(event["id"], event.texts["type"], event["factory"], addr=event.get("addr", 0))


def obj_kill(state, event):
    need(state.objects, event["id"], "object").killed = True


def obj_del(state, event):
    one = event["id"]
    need(state.objects, one, "object")
    for what, table in (("slot", state.slots), ("page", state.ptes)):
        for space, place in table:
            if space == one:
                raise Impossible(f"task {one} still has a {what} at {place:#x}")
    if state.ports.get(one):
        raise Impossible(f"task {one} still has ports")
    del state.objects[one]
    state.quota.pop(one, None)


def obj_name(state, event):
    need(state.objects, event["id"], "object").name = event.texts["name"]


def bind(state, event):
    need(state.objects, event["thread"], "object").space = event["task"]


def gate_bind(state, event):
    gate = need(state.objects, event["gate"], "object")
    gate.thread, gate.label = event["thread"], event["label"]


def slot_written(state, event):
    key = event["space"], event["index"]
    before = state.slots[key].object if key in state.slots else 0
    if before != event["old"]:
        raise Impossible(f"slot {key[1]:#x} of task {key[0]} holds {before}, not {event['old']}")
    if event["new"]:
        state.slots[key] = Slot(event["new"], event["rights"], event.get("addr", 0))
    else:
        state.slots.pop(key, None)


def node_roots(state, event):
    state.roots[event.texts["kind"]] = Roots(*(event[key] for key in ("space", "first", "stride", "count", "order")))


def node_add(state, event):
    roots = state.roots.get(event.texts["kind"])
    if event["node"] in state.nodes:
        raise Impossible(f"node {event['node']:#x} is there already")
    if event["parent"] not in state.nodes and (roots is None or roots.piece(event["parent"]) is None):
        raise Impossible(f"there is no parent {event['parent']:#x}")
    state.nodes[event["node"]] = Node(event["node"], event["parent"], event["space"], event.texts["kind"], event["va"],
                                      event["order"], event.get("phys", 0))


def same_place(node, space, va, order):
    if (node.space, node.va, node.order) != (space, va, order):
        raise Impossible(f"node {node.addr:#x} is at {node.va:#x} of task {node.space}, order {node.order}")


def node_del(state, event):
    node = need(state.nodes, event["node"], "node")
    same_place(node, event["space"], event["va"], event["order"])
    del state.nodes[event["node"]]


def node_move(state, event):
    node = need(state.nodes, event["node"], "node")
    same_place(node, event["old-space"], event["old-va"], event["order"])
    node.space, node.va, node.order = event["space"], event["va"], event["order"]


def pte(state, event):
    key = event["space"], event["va"]
    order, before = state.ptes.get(key, (event["order"], 0))
    if order != event["order"] or (before ^ event["old"]) & ~USAGE:
        raise Impossible(f"the entry at {key[1]:#x} of task {key[0]} is {before:#x}, order {order}")
    if event["new"]:
        state.ptes[key] = (order, event["new"])
    else:
        state.ptes.pop(key, None)


def port(state, event):
    ports = state.ports.setdefault(event["space"], set())
    named = range(event["first"], event["first"] + event["count"])
    (ports.update if event["on"] else ports.difference_update)(named)


def quota(state, event):
    before = state.quota.get(event["factory"], (0, 0))[0]
    if before + (0 if "refused" in event else event["change"]) != event["used"]:
        raise Impossible(f"factory {event['factory']} had used {before}")
    state.quota[event["factory"]] = event["used"], event["limit"]


HANDLERS = {
    "boot": boot, "obj-new": obj_new, "obj-kill": obj_kill, "obj-del": obj_del, "obj-name": obj_name, "bind": bind,
    "gate-bind": gate_bind, "slot": slot_written, "node-roots": node_roots, "node-add": node_add,
    "node-del": node_del, "node-move": node_move, "pte": pte, "port": port, "quota": quota,
}


def at(path, seq=None):
    """The state behind the event of this number; without a number behind the last one."""
    state = State()
    for event in reader.events(path):
        if seq is not None and event.seq > seq:
            return state
        state.apply(event)
    if seq is not None and seq > state.seq:
        raise reader.TraceError(state.seq + 2, f"the trace ends with event {state.seq}, there is no event {seq}")
    return state
