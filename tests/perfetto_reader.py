# SPDX-License-Identifier: MIT
"""Reads a Perfetto trace back, from the wire format up, and checks that it hangs together.

Used by tests/qemu/trace_formats.py. It shares nothing with tools/trace, which writes such files. load() raises Broken
if a packet is malformed, uses a string or a track that was not announced, ends a slice that is not open, or goes back
in time; it returns tracks and events for the test to compare with the trace they were made from.
"""
import struct
from dataclasses import dataclass, field

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
BEGIN, END, INSTANT, COUNTER = 1, 2, 3, 4
CATEGORIES, NAMES, KEYS, PLACES = 1, 2, 3, 4  # fields of InternedData


class Broken(Exception):
    """What is wrong with the file."""


@dataclass
class Track:
    name: str
    parent: int = 0
    pid: int = 0
    tid: int = 0
    counter: bool = False


@dataclass
class Event:
    time: int
    kind: int
    track: int
    name: str = ""
    category: str = ""
    value: int = 0
    keys: dict = field(default_factory=dict)    # annotation -> (field number, value)
    starts: list = field(default_factory=list)  # flows that leave here
    ends: list = field(default_factory=list)    # flows that end here


def varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Broken("a number that does not end")
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not data[at - 1] & 0x80:
            return value, at


def fields(data):
    """[(field number, value)] of a message; counted fields as bytes."""
    found, at = [], 0
    while at < len(data):
        key, at = varint(data, at)
        number, form = key >> 3, key & 7
        if form == VARINT:
            value, at = varint(data, at)
        elif form == FIXED64:
            value, at = struct.unpack_from("<Q", data, at)[0], at + 8
        elif form == BYTES:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            if len(value) != size:
                raise Broken(f"field {number} is longer than its message")
        else:
            raise Broken(f"field {number} has the form {form}")
        found.append((number, value))
    return found


def one(message, number, default=None):
    values = [value for key, value in message if key == number]
    if len(values) > 1:
        raise Broken(f"field {number} {len(values)} times")
    return values[0] if values else default


def text(message, number):
    return one(message, number, b"").decode()


def signed(value):
    return value - (1 << 64) if value >> 63 else value


class Trace:
    def __init__(self):
        self.tracks = {}
        self.events = []
        self.tables = {number: {} for number in (CATEGORIES, NAMES, KEYS, PLACES)}
        self.open = {}  # track -> slices that are open
        self.time = 0

    def packet(self, number, packet):
        flags = one(packet, 13, 0)
        if (number == 0) != bool(flags & 1):
            raise Broken(f"packet {number} clears the strings, or does not: flags {flags}")
        if one(packet, 10) != 1:
            raise Broken(f"packet {number} is of another sequence")
        for table, entry in fields(one(packet, 12, b"")):
            body = fields(entry)
            known = self.tables[table]
            value = (text(body, 2), one(body, 4)) if table == PLACES else text(body, 2)
            if one(body, 1) in known or value in known.values():
                raise Broken(f"packet {number}: string {value} twice")
            known[one(body, 1)] = value
        if one(packet, 60) is not None:
            self.track(fields(one(packet, 60)))
        if one(packet, 11) is not None:
            if one(packet, 8) is None or one(packet, 8) < self.time:
                raise Broken(f"packet {number}: no time, or one before that of the last event")
            self.time = one(packet, 8)
            self.event(fields(one(packet, 11)))

    def track(self, body):
        process, thread = fields(one(body, 3, b"")), fields(one(body, 4, b""))
        name = text(body, 2) or text(process, 6) or text(thread, 5)
        uuid, parent = one(body, 1), one(body, 5, 0)
        if not name or uuid in self.tracks or (parent and parent not in self.tracks):
            raise Broken(f"track {uuid} ({name}): no name, known already, or its parent {parent} is not")
        self.tracks[uuid] = Track(name, parent, one(process, 1, 0) or one(thread, 1, 0), one(thread, 2, 0),
                                  one(body, 8) is not None)

    def interned(self, table, number):
        if number not in self.tables[table]:
            raise Broken(f"string {number} of table {table} is not known")
        return self.tables[table][number]

    def event(self, body):
        found = Event(self.time, one(body, 9), one(body, 11), value=signed(one(body, 30, 0)),
                      starts=[value for key, value in body if key == 47],
                      ends=[value for key, value in body if key == 48])
        if found.track not in self.tracks or (found.kind == COUNTER) != self.tracks[found.track].counter:
            raise Broken(f"event on track {found.track}, which is unknown or of another kind")
        if found.kind in (BEGIN, INSTANT):
            found.name = self.interned(NAMES, one(body, 10))
            found.category = self.interned(CATEGORIES, one(body, 3))
        for number, value in body:
            if number == 4:
                entry = fields(value)
                key = self.interned(KEYS, one(entry, 1))
                if key in found.keys or len(entry) != 2:
                    raise Broken(f"annotation {key} twice, or without one value")
                found.keys[key] = entry[1]
        if one(body, 34) is not None:
            found.keys["at"] = (6, "{}:{}".format(*self.interned(PLACES, one(body, 34))).encode())
        depth = self.open.get(found.track, 0) + {BEGIN: 1, END: -1}.get(found.kind, 0)
        if depth < 0:
            raise Broken(f"{self.tracks[found.track].name} ends a slice at {self.time} that is not open")
        self.open[found.track] = depth
        self.events.append(found)


def load(path):
    with open(path, "rb") as file:
        packets = fields(file.read())
    trace = Trace()
    for number, (key, packet) in enumerate(packets):
        if key != 1:
            raise Broken(f"field {key} in place of a packet")
        trace.packet(number, fields(packet))
    return trace
