# SPDX-License-Identifier: MIT
"""What a loader sees of the kernel's file, and how the kernel starts its first two programs (B-8 to B-20, B-29).

The machine is stopped at the first instruction of each program, through QEMU's gdb stub.
"""
import os
import re
import struct

import elf
import gdbstub
from bootstrap import PT_KIP, PT_LOAD, PT_OPTIONS, Elf, bytes_at
from harness import Case, Failed, expect_line, expect_outcome, job, output_of, tail

PAGE = 0x1000
UTCB = 0x7fff000000
GENERAL = ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp"] + [f"r{n}" for n in range(8, 16)]
SELECTORS = {"cs": 0x2b, "ss": 0x23, "ds": 0x23, "es": 0x23, "fs": 0, "gs": 0}
FLAGS, RESUME = 0x202, 0x10000  # RF: the processor sets it when a breakpoint stops it
WRITE, USER, NOT_CACHED, NO_EXECUTE = 2, 4, 0x18, 1 << 63  # page-table entries
RESERVED, VIRTUAL = 2, 0x200  # memory descriptors
DESCRIPTORS, N_DESCRIPTORS = 0x90, 64


# ---- the file ----

def header_words(data, magic, limit, step):
    """The header that starts with the magic number, as a loader looks for it."""
    for at in range(0, limit, step):
        if struct.unpack_from("<I", data, at)[0] == magic:
            return struct.unpack_from("<4I", data, at)
    raise Failed(f"no header {magic:#x} in the first {limit} bytes")


@job("B-8 headers of both Multiboot versions")
def headers(context):
    with open(context.built("kernel.elf"), "rb") as file:
        data = file.read()
    magic, flags, checksum, _ = header_words(data, 0x1badb002, 8192, 4)
    if (magic + flags + checksum) % (1 << 32) or not flags & 2:
        raise Failed(f"version 1: flags {flags:#x}, checksum {checksum:#x}")
    magic, machine, size, checksum = header_words(data, 0xe85250d6, 32768, 8)
    if (magic + machine + size + checksum) % (1 << 32) or machine != 0:
        raise Failed(f"version 2: machine {machine}, size {size}, checksum {checksum:#x}")


@job("B-13 program headers for information page and options")
def program_headers(context):
    kernel = Elf.read(context.built("kernel.elf"))
    kip, options = kernel.address_of(PT_KIP), kernel.address_of(PT_OPTIONS)
    if kip % PAGE or options != kip + PAGE:
        raise Failed(f"information page at {kip:#x}, options at {options:#x}")
    if bytes_at(kernel.load(), kip, 8) != struct.pack("<2I", 0x4be6344c, 0x87034444):
        raise Failed("no information page there")


@job("B-14 the kernel's options")
def options_block(context):
    kernel = Elf.read(context.built("kernel.elf"))
    block = bytes_at(kernel.load(), kernel.address_of(PT_OPTIONS), 0xd8)
    if struct.unpack_from("<2I", block) != (0x4c344b43, 5):
        raise Failed("magic or version is wrong")
    if any(block[8:]):
        raise Failed("an option is set that this kernel does not look at")


@job("B-16 the kernel is entered where it is loaded")
def entry(context):
    kernel = Elf.read(context.built("kernel.elf"))
    inside = [address for address, data, _ in kernel.load() if address <= kernel.entry < address + len(data)]
    if not inside or any(segment[0] == PT_LOAD and segment[1] >= 1 << 32 for segment in kernel.segments):
        raise Failed(f"entry {kernel.entry:#x} is in no segment's physical range, or one is above 4 GiB")


# ---- the programs ----

@job("B-11 a position-independent sigma0")
def position_independent(context):
    """It looks at its own data and zeroed memory, relative to its instructions: trap 6 means that they are right."""
    code = bytes.fromhex("48813d f50f0000 78563412  750c"  # cmp qword [data], 0x12345678; jne bad
                         "48833d eb170000 00  7502"  # cmp qword [zeroed], 0; jne bad
                         "0f0b  cc")  # ud2; bad: int3
    segments = [elf.Segment(0, code), elf.Segment(0x1000, struct.pack("<Q", 0x12345678), memsz=0x3000)]
    path = elf.Image(segments, kind=3).write(os.path.join(context.scratch("independent"), "sigma0.elf"))
    result = context.boot("independent", [(path, "")] + context.demonstration()[1:], timeout=20)
    expect_outcome(result, "panic")
    found = re.search(r"starting sigma0 at ([0-9a-f]+), root task at", result.log)
    if not found or not int(found[1], 16) or int(found[1], 16) % PAGE:
        raise Failed("sigma0 is not at the start of a page" + tail(result.log))
    expect_line(result, "quire: fault: ", ["trap 6", f"ip {int(found[1], 16) + len(code) - 3:x}:"])


@job("B-10 B-12 further modules stay in their order, each on pages of its own")
def further_modules(context):
    """Each begins with its name and ends with Z; t_kip compares."""
    modules = [(context.built("sigma0.elf"), ""), (context.built("t_kip.elf"), "")]
    for name, size in (("one", 10), ("two", 0x1000), ("three", 0x2345), ("four", 0xfff)):
        path = os.path.join(context.scratch("modules"), name)
        with open(path, "wb") as file:
            file.write(name.encode().ljust(size - 1, b"\0") + b"Z")
        modules.append((path, "with words"))
    for boot in ("direct", "iso"):
        result = context.boot(f"modules-{boot}", modules, boot=boot, timeout=60)
        expect_outcome(result, "success")
        expect_line(result, "t_kip: modules", ["one two three four"])


def registers_of(block):
    """Names and values of gdb's block of registers."""
    found = {name: gdbstub.number(block, 8 * n, 8) for n, name in enumerate(GENERAL)}
    for n, name in enumerate(["flags", "cs", "ss", "ds", "es", "fs", "gs"]):
        found[name] = gdbstub.number(block, gdbstub.EFLAGS + 4 * n, 4)
    return found


def wrong_registers(registers, rdi):
    wanted = {name: 0 for name in GENERAL} | {"rdi": rdi, "flags": FLAGS} | SELECTORS
    seen = registers | {"flags": registers["flags"] & ~RESUME}
    return [f"{name} {seen[name]:#x}, not {value:#x}" for name, value in wanted.items() if seen[name] != value]


def symbol(path, name):
    _, text = output_of(["nm", path])
    found = re.search(rf"^([0-9a-f]+) \w {name}$", text, re.MULTILINE)
    if not found:
        raise Failed(f"{path} has no {name}")
    return int(found[1], 16)


def entry_of(path):
    return Elf.read(path).entry


@job("B-19 B-20 state of the first two threads")
def first_registers(context):
    sigma0, root = context.built("sigma0.elf"), context.built("t_boot.elf")
    kip = Elf.read(context.built("kernel.elf")).address_of(PT_KIP)
    arrived = {}  # entry -> registers of the first stop there; the page fault at it makes a second one

    def watch(stub):
        for address, block in stub.stops([entry_of(sigma0), entry_of(root)]):
            arrived.setdefault(address, registers_of(block))

    result = gdbstub.boot(context, "first-registers", [(sigma0, ""), (root, "")], watch, timeout=120)
    expect_outcome(result, "success")
    if list(arrived) != [entry_of(sigma0), entry_of(root)]:
        raise Failed(f"not sigma0 and then the root task: {[hex(address) for address in arrived]}")
    yield Case("B-19 sigma0 starts before the root task")
    for name, registers, rdi in zip(("sigma0", "root task"), arrived.values(), (kip, 0)):
        wrong = wrong_registers(registers, rdi)
        yield Case(f"B-20 first registers of {name}", "FAIL" if wrong else "ok", ", ".join(wrong))


def page_problems(pages, kip, reserved):
    """What is wrong with sigma0's mappings, as texts."""
    for address, (entry_word, level) in pages.items():
        size = PAGE << 9 * (level - 1)
        physical = entry_word & gdbstub.ADDRESS & ~(size - 1)
        if address == UTCB:
            continue
        if physical != address:
            yield f"{address:#x} is mapped to {physical:#x}"
        if address == kip:
            continue
        if entry_word & (WRITE | USER | NO_EXECUTE) != WRITE | USER:
            yield f"{address:#x}: entry {entry_word:#x} is not RWX"
        yield from (f"{address:#x} overlaps the kernel's {low:#x}-{high:#x}" for low, high in reserved
                    if address <= high and low < address + size)


@job("B-17 what sigma0's page faults map")
def largest_pages(context):
    """t_boot as sigma0 touches RAM in its case on page faults; then its page table is looked at."""
    program = context.built("t_boot.elf")
    kip = Elf.read(context.built("kernel.elf")).address_of(PT_KIP)
    found = {}

    def watch(stub):
        for _ in stub.stops([symbol(program, "sigma0_slots")]):
            found["pages"] = stub.user_pages()
            words = [(stub.word(kip + DESCRIPTORS + 16 * n), stub.word(kip + DESCRIPTORS + 16 * n + 8))
                     for n in range(N_DESCRIPTORS)]
            found["reserved"] = [(first & ~0x3ff, last) for first, last in words
                                 if first & 0xf == RESERVED and not first & VIRTUAL]

    modules = [(program, ""), (context.built("client.elf"), "")]
    result = gdbstub.boot(context, "largest-pages", modules, watch, timeout=120)
    expect_outcome(result, "success")
    problems = list(page_problems(found["pages"], kip, found["reserved"]))
    large = [address for address, (word, level) in found["pages"].items() if level == 2 and not word & NOT_CACHED]
    if problems or not large or len(found["reserved"]) < 2:
        raise Failed("; ".join(problems) or f"large pages: {large}, ranges of the kernel: {found['reserved']}")


@job("B-29 the calls of sigma0's start, in its place")
def start_of_sigma0(context):
    modules = [(context.built("t_start_sigma0.elf"), ""), (context.built("client.elf"), "")]
    result = context.boot("start-sigma0", modules, timeout=60)
    expect_outcome(result, "success")
    expect_line(result, "tests: ", ["7 passed, 0 failed"])
