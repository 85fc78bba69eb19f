# SPDX-License-Identifier: MIT
"""Makes ELF64 files for the tests: good ones, and bad ones with one thing wrong.

Called by tests/qemu. Decides nothing about what is right: it writes what it is told.
"""
import struct
from dataclasses import dataclass, field

X86_64 = 62
AARCH64 = 183
EXECUTABLE, RELOCATABLE = 2, 1
R, W, X = 4, 2, 1
EHDR_SIZE, PHDR_SIZE = 64, 56


@dataclass
class Segment:
    vaddr: int
    data: bytes = b"\xf4" * 16  # hlt: a task that ran it would fault
    memsz: int = 0  # 0: as long as the data
    paddr: int = None  # None: as vaddr
    flags: int = R | X
    filesz: int = None  # None: as long as the data


@dataclass
class Image:
    """An ELF file to write; every header field that a loader looks at can be set to something wrong."""

    segments: list = field(default_factory=list)
    entry: int = None  # None: start of the first segment
    machine: int = X86_64
    kind: int = EXECUTABLE
    bits: int = 2  # EI_CLASS: 1 = 32, 2 = 64
    order: int = 1  # EI_DATA: 1 = little endian
    magic: bytes = b"\x7fELF"
    phnum: int = None  # None: number of segments
    phoff: int = EHDR_SIZE

    def bytes(self):
        entry = self.segments[0].vaddr if self.entry is None and self.segments else self.entry or 0
        phnum = len(self.segments) if self.phnum is None else self.phnum
        head = self.magic + bytes([self.bits, self.order, 1]) + bytes(9)
        head += struct.pack("<HHIQQQIHHHHHH", self.kind, self.machine, 1, entry, self.phoff, 0, 0, EHDR_SIZE,
                            PHDR_SIZE, phnum, 0, 0, 0)
        table, body = b"", b""
        first = _round_up(EHDR_SIZE + PHDR_SIZE * len(self.segments), 0x1000)
        for segment in self.segments:
            body = body.ljust(_round_up(len(body), 0x1000), b"\0")
            size = len(segment.data) if segment.filesz is None else segment.filesz
            paddr = segment.vaddr if segment.paddr is None else segment.paddr
            table += struct.pack("<IIQQQQQQ", 1, segment.flags, first + len(body), segment.vaddr, paddr, size,
                                 segment.memsz or len(segment.data), 0x1000)
            body += segment.data
        return (head + table).ljust(first, b"\0") + body

    def write(self, path):
        with open(path, "wb") as file:
            file.write(self.bytes())
        return path


def _round_up(value, step):
    return (value + step - 1) // step * step


def patched(source, path, offset, data):
    """Copies an ELF file with some bytes replaced."""
    with open(source, "rb") as file:
        content = bytearray(file.read())
    content[offset:offset + len(data)] = data
    with open(path, "wb") as file:
        file.write(content)
    return path
