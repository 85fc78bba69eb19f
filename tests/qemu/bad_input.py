# SPDX-License-Identifier: MIT
"""Bad input: each gives one clear line that names the thing and the reason, and the right kind of failing end.

Three who refuse: the kernel (sigma0, root task, memory), the root task (programs, boot script).
"""
import os

import elf
from harness import expect_line, expect_outcome, job

KERNEL_BASE = 0x400000
ROOT_BASE = 0x200000
TASK_BASE = 0x1000000
PHDR = elf.EHDR_SIZE  # first program header
PHDR_FILESZ = PHDR + 32


def segment(address=ROOT_BASE, **options):
    return elf.Segment(address, **options)


def good_image(address):
    return elf.Image([segment(address)])


# What a loader has to refuse, wherever the file is loaded to: name -> (image at an address, the kernel's reason).
BAD_IMAGES = {
    "empty file": (lambda _: b"", "empty"),
    "text file": (lambda _: b"This is a text and no program.\n" * 40, "not an ELF file"),
    "cut within the header": (lambda at: good_image(at).bytes()[:40], "truncated"),
    "cut within the program headers": (lambda at: good_image(at).bytes()[:80], "program headers"),
    "cut within a segment": (lambda at: good_image(at).bytes()[:0x1008], "truncated"),
    "32-bit": (lambda at: elf.Image([segment(at)], bits=1).bytes(), "64-bit"),
    "big endian": (lambda at: elf.Image([segment(at)], order=2).bytes(), "little-endian"),
    "for another machine": (lambda at: elf.Image([segment(at)], machine=elf.AARCH64).bytes(), "x86-64"),
    "an object file": (lambda at: elf.Image([segment(at)], kind=elf.RELOCATABLE).bytes(), "executable"),
    "without segments": (lambda at: elf.Image([], entry=at).bytes(), "no program headers"),
    "program headers far outside": (lambda at: elf.Image([segment(at)], phoff=1 << 62).bytes(), "program headers"),
    "too many program headers": (lambda at: elf.Image([segment(at)], phnum=0xffff).bytes(), "program headers"),
    "segment size overflow": (lambda at: elf.Image([segment(at, memsz=(1 << 64) - 1)]).bytes(), "wraps"),
    "file size above memory size": (lambda at: elf.Image([segment(at, filesz=16, memsz=8)]).bytes(), "larger"),
    "overlapping segments": (lambda at: elf.Image([segment(at, memsz=0x3000), segment(at + 0x2000)]).bytes(),
                             "overlap"),
    "entry outside its segments": (lambda at: elf.Image([segment(at)], entry=at + 0x100000).bytes(), "entry"),
}

# Only for those that the kernel loads to physical memory.
BAD_PLACES = {
    "overlaps the kernel": (lambda: elf.Image([segment(KERNEL_BASE)]).bytes(), "overlaps the kernel"),
    "reaches into the kernel": (lambda: elf.Image([segment(KERNEL_BASE - 0x1000, memsz=0x2000)]).bytes(),
                                "overlaps the kernel"),
    "outside memory": (lambda: elf.Image([segment(0x40000000)]).bytes(), "outside of the RAM"),
    "in a hole of the memory map": (lambda: elf.Image([segment(0xa0000)]).bytes(), "outside of the RAM"),
    "wraps around": (lambda: elf.Image([segment(ROOT_BASE, paddr=(1 << 64) - 0x1000, memsz=0x2000)]).bytes(),
                     "wraps"),
}


def write(context, directory, name, content):
    path = os.path.join(context.scratch(directory), name)
    with open(path, "wb") as file:
        file.write(content)
    return path


def kernel_refuses(context, name, modules, parts, **options):
    """The kernel ends the boot with one line that contains the parts."""
    result = context.boot(name, modules, timeout=20, **options)
    expect_outcome(result, "boot-refused")
    expect_line(result, "quire: error: ", parts)


def root_refuses(context, name, modules, parts):
    """The root task ends the run with one line that contains the parts."""
    result = context.boot(name, modules, timeout=20)
    expect_outcome(result, "root-failure")
    expect_line(result, "root: error: ", parts)


def replaced(modules, number, path):
    return modules[:number] + [(path, "")] + modules[number + 1:]


def bad_boot_module(number, module, what, make, reason):
    """sigma0 or the root task is a bad file: the kernel says so."""
    name = f"bad input: {module} {what}"

    @job(name)
    def refused(context):
        path = write(context, name, module + ".elf", make())
        modules = replaced(context.demonstration(), number, path)
        kernel_refuses(context, name, modules, [module + ".elf", reason])


for _what, (_make, _reason) in BAD_IMAGES.items():
    bad_boot_module(1, "root", _what, lambda _make=_make: _make(ROOT_BASE), _reason)
for _what, (_make, _reason) in BAD_PLACES.items():
    bad_boot_module(1, "root", _what, _make, _reason)
bad_boot_module(0, "sigma0", "text file", lambda: b"no program\n" * 99, "not an ELF file")
bad_boot_module(0, "sigma0", "overlaps the kernel", lambda: elf.Image([segment(KERNEL_BASE)]).bytes(),
                "overlaps the kernel")
bad_boot_module(1, "root", "overlaps sigma0", lambda: elf.Image([segment(0x100000)]).bytes(), "overlaps sigma0")


@job("bad input: no modules")
def no_modules(context):
    kernel_refuses(context, "no-modules", [], ["sigma0"])


@job("bad input: no root task")
def no_root(context):
    kernel_refuses(context, "no-root", context.demonstration()[:1], ["root"])


@job("bad input: no modules, by GRUB")
def no_modules_grub(context):
    kernel_refuses(context, "no-modules-grub", [], ["sigma0"], boot="iso")


@job("bad input: root text file, by GRUB")
def not_elf_grub(context):
    path = write(context, "not-elf-grub", "root.elf", b"no program\n" * 99)
    kernel_refuses(context, "not-elf-grub", replaced(context.demonstration(), 1, path), ["root.elf", "ELF"], boot="iso")


@job("bad input: too little memory")
def little_memory(context):
    kernel_refuses(context, "little-memory", context.demonstration(), ["memory"], mem="8")


@job("bad input: modules do not fit into memory")
def big_module(context):
    path = write(context, "big-module", "big.bin", bytes(27 << 20))
    modules = context.demonstration() + [(path, "")]
    kernel_refuses(context, "big-module", modules, ["memory"], mem="32")


def bad_program(what, make, reason):
    """A program that the boot script starts is a bad file: the root task says so."""
    name = f"bad input: program {what}"

    @job(name)
    def refused(context):
        path = write(context, name, "server.elf", make(TASK_BASE))
        root_refuses(context, name, replaced(context.demonstration(), 3, path), ["server.elf", reason])


for _what, (_make, _reason) in BAD_IMAGES.items():
    bad_program(_what, _make, _reason)


@job("bad input: program missing")
def program_missing(context):
    modules = context.demonstration()
    root_refuses(context, "program-missing", modules[:3] + modules[4:], ["server.elf"])


@job("bad input: no boot script")
def no_script(context):
    modules = context.demonstration()
    root_refuses(context, "no-script", modules[:2] + modules[3:], ["boot"])


@job("bad input: unknown word in the boot script")
def unknown_word(context):
    modules = context.demonstration()
    with open(modules[2][0], "rb") as file:
        good = file.read()
    path = write(context, "unknown-word", "smap.boot", good + b"\nfrobnicate the server\n")
    line = good.count(b"\n") + 2
    root_refuses(context, "unknown-word", replaced(modules, 2, path), [f"smap.boot:{line}:", "frobnicate"])


@job("bad input: boot script is no text")
def binary_script(context):
    path = write(context, "binary-script", "smap.boot", bytes(range(256)) * 8)
    root_refuses(context, "binary-script", replaced(context.demonstration(), 2, path), ["smap.boot:1:"])


@job("bad input: empty boot script")
def empty_script(context):
    path = write(context, "empty-script", "smap.boot", b"")
    root_refuses(context, "empty-script", replaced(context.demonstration(), 2, path), ["smap.boot"])
