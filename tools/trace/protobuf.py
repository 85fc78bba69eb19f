# SPDX-License-Identifier: MIT
"""Writes protocol-buffer messages: the wire format only, as much of it as tools/trace/perfetto.py needs.

A message is a list of fields, each (number, value): an int becomes a varint (a negative one of ten bytes, as int64 has
it), a Fixed64 eight bytes, a str or bytes a counted string, a list a message inside.
"""
MASK = (1 << 64) - 1


class Fixed64(int):
    """A number for a field of type fixed64."""


def varint(value):
    value &= MASK
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def message(fields):
    """The bytes of a message."""
    out = bytearray()
    for number, value in fields:
        if isinstance(value, Fixed64):
            out += varint(number << 3 | 1) + value.to_bytes(8, "little")
        elif isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            if isinstance(value, list):
                value = message(value)
            elif isinstance(value, str):
                value = value.encode()
            out += varint(number << 3 | 2) + varint(len(value)) + value
    return bytes(out)
