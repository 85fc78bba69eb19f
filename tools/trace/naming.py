# SPDX-License-Identifier: MIT
"""Names for people: of objects, as they are called at the end of a trace, and of system calls.

Survey reads a trace once; the converters that write names before events (Perfetto, CTF) need it for that.
"""
import reader
import state

# Labels of message tags (L4_PROTO_*) under which an object's own operations are called, by the object's type.
OWN_LABEL = {"task": -11, "thread": -12, "log": -13, "scheduler": -14, "factory": -15, "irq": -18, "semaphore": -20,
             "icu": -1, "gate": -10, "debugger": -19}
OPERATIONS = {
    "task": {0: "map", 1: "unmap", 2: "capability valid", 3: "add kernel-user memory"},
    "thread": {0: "control", 1: "exchange registers", 2: "switch to", 3: "statistics", 5: "register deletion IRQ",
               6: "modify senders"},
}
IPC = {0: "nothing", 1: "send", 2: "receive", 3: "call", 6: "wait", 7: "send and wait", 9: "reply",
       15: "reply and wait"}


def label_of(tag):
    """The label of a message tag, with its sign."""
    label = tag >> 16
    return label - (1 << 48) if label >> 47 & 1 else label


def ipc_name(operation):
    return IPC.get(operation & 15, f"IPC {operation & 15:#x}")


def call_name(event):
    """What a `syscall` event asks for: `task map`, `call`, `reply and wait`."""
    kind = event.texts.get("type", "")
    kind = "thread" if kind == "self" else kind
    label = label_of(event.get("tag", 0))
    if kind in OWN_LABEL and label == OWN_LABEL[kind]:
        return f"{kind} {OPERATIONS.get(kind, {}).get(event.get('mr0', 0) & 0xffff, 'operation')}"
    return ipc_name(event.get("sel", 0))


class Survey:
    """All objects that a trace names, with their last names; also those that are gone at its end.

    objects: id -> state.Object; khz: of the time-stamp counter; events: how many there are.
    """

    def __init__(self, path):
        now = state.State()
        self.objects = {}
        self.events = 0
        for event in reader.events(path):
            now.apply(event)
            self.events += 1
            if event.name == "obj-new":
                self.objects[event["id"]] = now.objects[event["id"]]
        self.khz = now.khz

    def title(self, identity):
        return self.objects[identity].title() if identity in self.objects else f"object {identity}"

    def nanoseconds(self, tsc):
        return tsc * 1_000_000 // self.khz
