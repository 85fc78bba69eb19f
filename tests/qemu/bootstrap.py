# SPDX-License-Identifier: MIT
"""The kernel behind a loader like L4Re's bootstrap (B-11 to B-16, B-27): it finds its programs loaded, the information
page filled and the processor in 64-bit mode.

The loader of these tests is made here: one ELF file for QEMU with everything in its place, and
tests/bootstrap/loader.asm to enter the kernel. The addresses are those of a PC with 128 MiB as QEMU makes it.
"""
import os
import struct
from dataclasses import dataclass

from boot import expect_demonstration
from harness import TOP, Failed, expect_line, expect_outcome, job, output_of, tail

LOADER, LOADER_SIZE = 0x600000, 0x8000
MODULE_INFO, MODULES = 0x73ff000, 0x7400000  # where the kernel would like to have its heap
PAGE = 0x1000
PT_LOAD, PT_KIP, PT_OPTIONS = 1, 0x10, 0x11
RAM, RESERVED, DEDICATED, BOOTLOADER, ARCH = 1, 2, 3, 0xe, 0xf
RWX = 7
FIRMWARE = [(0x9fc00, 0xa0000), (0xf0000, 0x100000), (0x7fe0000, 0x8000000), (0xfffc0000, 0x100000000)]


@dataclass
class Elf:
    """What a loader needs of a 64-bit ELF file: entry, and segments as (type, physical address, data, size)."""

    entry: int
    segments: list

    @classmethod
    def read(cls, path):
        with open(path, "rb") as file:
            data = file.read()
        entry, at = struct.unpack_from("<QQ", data, 24)
        size, count = struct.unpack_from("<HH", data, 54)
        segments = []
        for i in range(count):
            kind, _, offset, _, physical, file_size, memory_size = struct.unpack_from("<IIQQQQQ", data, at + i * size)
            segments.append((kind, physical, data[offset:offset + file_size], memory_size))
        return cls(entry, segments)

    def load(self):
        return [segment[1:] for segment in self.segments if segment[0] == PT_LOAD and segment[3]]

    def address_of(self, kind):
        found = [segment[1] for segment in self.segments if segment[0] == kind]
        if len(found) != 1:
            raise Failed(f"the kernel has {len(found)} program headers of type {kind:#x}")
        return found[0]


def bytes_at(memory, address, size):
    for base, data, _ in memory:
        if base <= address and address + size <= base + len(data):
            return data[address - base:address - base + size]
    raise Failed(f"the kernel has no data at {address:#x}")


def module_info(entries):
    """The structure of boot.md section 4; entries: (flags, start, end, command line)."""
    head, size = 0x30, 0x20
    texts, structs = b"", b""
    text_at = MODULE_INFO + head + size * len(entries)
    for flags, start, end, name in entries:
        structs += struct.pack("<4Q", flags, start, end, text_at + len(texts))
        texts += name.encode() + b"\0"
    return struct.pack("<3QII2Q", 0, text_at, MODULE_INFO + head, len(entries), 0, 0, 0) + structs + texts


def descriptors(parts):
    """Memory descriptors; parts: (type, sub-type, base, end)."""
    return b"".join(struct.pack("<2Q", base & ~0x3ff | sub << 4 | kind, end - 1) for kind, sub, base, end in parts)


def write_elf32(path, entry, memory):
    """An ELF file for QEMU's Multiboot loader: the first segment's data stands at the start of the file."""
    offset = 52 + 32 * len(memory)
    headers, body = b"", b""
    for base, data, size in memory:
        headers += struct.pack("<8I", PT_LOAD, offset + len(body), base, base, len(data), size, 7, 4)
        body += data
    head = b"\x7fELF\1\1\1" + bytes(9) + struct.pack("<2H5I6H", 2, 3, 1, entry, 52, 0, 0, 52, 32, len(memory), 0, 0, 0)
    with open(path, "wb") as file:
        file.write(head + headers + body)


def make_image(context, name, modules, with_sigma0=True, with_root=True):
    """Does what bootstrap does before it enters the kernel; returns the image's path."""
    kernel = Elf.read(context.built("kernel.elf"))
    sigma0, root = (Elf.read(path) for path, _ in modules[:2])
    kip, memory = kernel.address_of(PT_KIP), kernel.load()
    if struct.unpack("<I", bytes_at(memory, kip, 4)) != (0x4be6344c,):
        raise Failed("no information page where the kernel says")
    if struct.unpack("<II", bytes_at(memory, kernel.address_of(PT_OPTIONS), 8)) != (0x4c344b43, 5):
        raise Failed("no kernel options of version 5")

    parts = [(RAM, 0, 0, 0x9fc00), (RAM, 0, 0x100000, 0x7fe0000), (ARCH, 0, 0, PAGE)]
    parts += [(ARCH, 2, base, end) for base, end in FIRMWARE]
    parts += [(RESERVED, 0, base, base + size) for base, _, size in kernel.load()]
    parts += [(DEDICATED, 0, base, base + size) for base, _, size in sigma0.load()]
    parts += [(BOOTLOADER, RWX, base, base + size) for base, _, size in root.load()]
    names = ((1, 0x400000, "kernel.elf"), (2, 0x100000, "sigma0.elf"), (3, 0x200000, "root.elf"))
    entries = [(flags, base, base, text) for flags, base, text in names]
    at = MODULES
    for path, words in modules[2:]:
        with open(path, "rb") as file:
            data = file.read()
        end = at + (len(data) + PAGE - 1) // PAGE * PAGE
        memory.append((at, data, end - at))
        entries.append((0, at, at + len(data), f"{path} {words}".strip()))
        at = end
    if at > MODULES:
        parts.append((BOOTLOADER, 0, MODULES, at))
    info = module_info(entries)
    parts.append((BOOTLOADER, RWX, MODULE_INFO, MODULE_INFO + len(info)))
    memory += [(MODULE_INFO, info, PAGE)] + sigma0.load() + root.load()

    filled = bytearray(bytes_at(memory, kip, PAGE))
    struct.pack_into("<2Q", filled, 0x10, sigma0.entry if with_sigma0 else 0, root.entry if with_root else 0)
    struct.pack_into("<Q", filled, 0x40, MODULE_INFO)
    struct.pack_into("<16s", filled, 0x70, b"pc")
    listed = descriptors(parts)
    filled[0x90:0x90 + len(listed)] = listed
    for i, (base, data, size) in enumerate(memory):
        if base <= kip < base + len(data):
            memory[i] = (base, data[:kip - base] + bytes(filled) + data[kip - base + PAGE:], size)

    directory = context.scratch(name)
    flat, image = os.path.join(directory, "loader.bin"), os.path.join(directory, "image.elf")
    defines = [f"-D{key}={value:#x}" for key, value in (("LOADER", LOADER), ("KIP", kip), ("ENTRY", kernel.entry))]
    source = os.path.join(TOP, "tests", "bootstrap", "loader.asm")
    status, text = output_of(["nasm", "-f", "bin", *defines, "-o", flat, source])
    if status:
        raise Failed("the loader does not assemble" + tail(text))
    with open(flat, "rb") as file:
        code = file.read()
    write_elf32(image, LOADER + 12, [(LOADER, code, LOADER_SIZE)] + memory)
    return image


def boot_image(context, name, modules, **options):
    image = make_image(context, name, modules, options.pop("with_sigma0", True), options.pop("with_root", True))
    return context.boot(name, [], kernel=image, **options)


@job("B-27 B-9 B-16 demonstration loaded and entered as by L4Re's bootstrap")
def demonstration(context):
    result = boot_image(context, "bootstrap", context.demonstration())
    expect_line(result, "quire: loaded by", ["bootstrap"])
    expect_demonstration(result)


@job("B-15 what root task and sigma0 find behind such a loader")
def information(context):
    for program in ("t_boot", "t_kip"):
        modules = [(context.built("sigma0.elf"), ""), (context.built(program + ".elf"), "")]
        expect_outcome(boot_image(context, "bootstrap-" + program, modules, cpu="qemu64"), "success")


@job("B-15 an information page without sigma0 is refused")
def no_sigma0(context):
    modules = [(context.built("sigma0.elf"), ""), (context.built("root.elf"), "")]
    result = boot_image(context, "bootstrap-no-sigma0", modules, with_sigma0=False)
    expect_outcome(result, "boot-refused")
    expect_line(result, "quire: error:", ["sigma0"])


@job("B-19 without a root task only sigma0 runs")
def no_root(context):
    """t_boot as sigma0, which ends the machine; a root task is loaded but has no entry address."""
    modules = [(context.built("t_boot.elf"), ""), (context.built("client.elf"), "")]
    result = boot_image(context, "bootstrap-no-root", modules, with_root=False)
    expect_outcome(result, "success")
    expect_line(result, "quire: ", ["root task at 0"])
