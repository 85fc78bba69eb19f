# SPDX-License-Identifier: MIT
"""Writes a trace in the Common Trace Format 1.8: a directory with `metadata` (text) and `stream` (binary).

One stream; its clock is the processor's time-stamp counter, so times come back exactly. The event header has class and
time, the event context number and thread. Each different list of keys of an event name is an event class of its own, so
that no field is ever made up; the type of a field (hexadecimal, decimal, with sign, text) is one that holds all of its
values in the trace. Field names get a `_` in front, as the format recommends (readers take it away), and `_` for `-`.
Called by convert.py; calls reader.py. The trace is read twice: for the types, then for the values.
"""
import hashlib
import os
import struct
import uuid

import reader

MAGIC = 0xC1FC1FC1
PACKET_BYTES = 1 << 20  # a packet is closed when it has got this long
HEADER = struct.Struct("<I16sI")
CONTEXT = struct.Struct("<QQQQ")
EVENT = struct.Struct("<HQQQ")

METADATA = """/* CTF 1.8 */

typealias integer {{ size = 16; align = 8; signed = false; base = 10; }} := uint16_t;
typealias integer {{ size = 32; align = 8; signed = false; base = 10; }} := uint32_t;
typealias integer {{ size = 8; align = 8; signed = false; base = 16; }} := byte_t;
typealias integer {{ size = 64; align = 8; signed = false; base = 10; }} := decimal_t;
typealias integer {{ size = 64; align = 8; signed = true; base = 10; }} := signed_t;
typealias integer {{ size = 64; align = 8; signed = false; base = 16; }} := hex_t;

trace {{
    major = 1;
    minor = 8;
    uuid = "{uuid}";
    byte_order = le;
    packet.header := struct {{
        uint32_t magic;
        byte_t uuid[16];
        uint32_t stream_id;
    }};
}};

env {{
    domain = "kernel";
    tracer_name = "quire";
    trace_version = 1;
}};

clock {{
    name = tsc;
    description = "time-stamp counter of the processor";
    freq = {frequency};
    offset = 0;
}};

typealias integer {{ size = 64; align = 8; signed = false; base = 10; map = clock.tsc.value; }} := tsc_t;

stream {{
    id = 0;
    packet.context := struct {{
        tsc_t timestamp_begin;
        tsc_t timestamp_end;
        decimal_t content_size;
        decimal_t packet_size;
    }};
    event.header := struct {{
        uint16_t id;
        tsc_t timestamp;
    }};
    event.context := struct {{
        decimal_t _seq;
        decimal_t _thread;
    }};
}};
"""

TYPES = {"hex": "hex_t", "decimal": "decimal_t", "signed": "signed_t", "text": "string"}


def form_of(text):
    """The type that one value needs: hex, decimal, signed, text, or large: decimal, but too large for signed."""
    value = reader.value_of(text)
    if isinstance(value, str) or not -(1 << 63) <= value < 1 << 64:
        return "text"
    if value < 0:
        return "signed"
    return "hex" if text.startswith("0x") else "decimal" if value < 1 << 63 else "large"


def joined(one, other):
    """The type that holds the values of both."""
    if one == other:
        return one
    pair = {one, other}
    if pair == {"decimal", "signed"}:
        return "signed"
    return "large" if pair == {"decimal", "large"} else "text"


class Classes:
    """The event classes of a trace: (name, keys) -> (number, types of the keys)."""

    def __init__(self, path):
        self.known = {}
        self.khz = 1_000_000
        digest = hashlib.sha256()
        for event in reader.events(path):
            key = event.name, tuple(event.texts)
            forms = [form_of(text) for text in event.texts.values()]
            number, before = self.known.get(key, (len(self.known), forms))
            self.known[key] = number, [joined(*pair) for pair in zip(before, forms)]
            if event.name == "boot":
                self.khz = event["tsc-khz"]
            digest.update(f"{event.seq} {event.time} {event.name} {event.texts}\n".encode())
        if len(self.known) >= 1 << 16:
            raise reader.TraceError(event.line, "more than 65,535 kinds of events")
        for key, (number, forms) in self.known.items():
            self.known[key] = number, ["decimal" if form == "large" else form for form in forms]
        self.uuid = uuid.UUID(bytes=digest.digest()[:16], version=4)

    def metadata(self):
        text = METADATA.format(uuid=self.uuid, frequency=self.khz * 1000)
        for (name, keys), (number, forms) in self.known.items():
            fields = "".join(f"        {TYPES[form]} _{key.replace('-', '_')};\n" for key, form in zip(keys, forms))
            text += f'\nevent {{\n    name = "{name}";\n    id = {number};\n    stream_id = 0;\n' \
                    f"    fields := struct {{\n{fields}    }};\n}};\n"
        return text


class Stream:
    """The binary file, packet after packet."""

    def __init__(self, file, identity):
        self.file = file
        self.header = HEADER.pack(MAGIC, identity.bytes, 0)
        self.body = bytearray()
        self.times = None

    def add(self, time, data):
        self.times = (self.times[0] if self.times else time, time)
        self.body += data
        if len(self.body) >= PACKET_BYTES:
            self.flush()

    def flush(self):
        if self.times:
            bits = 8 * (HEADER.size + CONTEXT.size + len(self.body))
            self.file.write(self.header + CONTEXT.pack(*self.times, bits, bits) + self.body)
            self.body, self.times = bytearray(), None


def value_bytes(text, form):
    if form == "text":
        return text.encode("ascii") + b"\0"
    return struct.pack("<q" if form == "signed" else "<Q", reader.value_of(text))


def convert(path, directory):
    """Writes the trace at `path` into a directory, which is made if it is not there."""
    classes = Classes(path)
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "metadata"), "w", encoding="ascii", newline="\n") as file:
        file.write(classes.metadata())
    with open(os.path.join(directory, "stream"), "wb") as file:
        stream = Stream(file, classes.uuid)
        for event in reader.events(path):
            number, forms = classes.known[event.name, tuple(event.texts)]
            data = EVENT.pack(number, event.time, event.seq, event.thread)
            data += b"".join(value_bytes(text, form) for text, form in zip(event.texts.values(), forms))
            stream.add(event.time, data)
        stream.flush()
