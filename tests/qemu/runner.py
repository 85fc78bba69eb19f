# SPDX-License-Identifier: MIT
"""`make run` itself: each way to fail is told apart and explained. The guests here are a few bytes of machine code.

They do not need Quire's kernel, so they say whether the runner judges right even when the kernel does not boot.
"""
import dataclasses
import os
import re
import struct

import harness
import iso
import play
import programs
import qemu
import run
from harness import RULE, Failed, Skipped, job, matches, output_of, tail

RUN = ["python3", "tools/run.py"]
BASE = 0x100000
EXIT = 0xf4


def multiboot_image(text, code):
    """A file that QEMU takes as a Multiboot 1 kernel: prints the text on the serial port, then runs the code."""
    head = 32
    # mov esi, text; next: lodsb; test al, al; jz end; mov dx, 0x3f8; out dx, al; jmp next; end:
    loop = bytes.fromhex("ac 84c0 7407 66baf803 ee ebf4")
    address = BASE + head + 5 + len(loop) + len(code)
    body = b"\xbe" + struct.pack("<I", address) + loop + code + text.encode() + b"\0"
    flags = 1 << 16
    size = head + len(body)
    header = struct.pack("<8I", 0x1badb002, flags, -(0x1badb002 + flags) & 0xffffffff, BASE, BASE, BASE + size,
                         BASE + size, BASE + head)
    return header + body


def leave(value):
    return bytes([0xb0, value, 0xe6, EXIT]) + b"\xeb\xfe"  # mov al, value; out EXIT, al; jmp here


HANG = b"\xeb\xfe"
# lidt [0x80000]: an empty table there; int3: no handler, twice
TRIPLE_FAULT = b"\x0f\x01\x1d" + struct.pack("<I", 0x80000) + b"\xcc\xeb\xfe"
LINES = [line.replace("*", "40a5c0") for line in run.demonstration_lines()]
GOOD = "\n".join(LINES) + "\n"
SWAPPED = "\n".join(reversed(LINES)) + "\n"

# name -> (console text, code, exit status of tools/run.py, words it has to say)
GUESTS = {
    "success": (GOOD, leave(0x10), 0, "run: success"),
    "wrong output": ("nothing of it\n", leave(0x10), 3, "(wrong-output)"),
    "output out of order": (SWAPPED, leave(0x10), 3, "(wrong-output)"),
    "first line missing": ("\n".join(LINES[1:]), leave(0x10), 3, "(wrong-output)"),
    "last line missing": ("\n".join(LINES[:-1]), leave(0x10), 3, "(wrong-output)"),
    "no number in a line": (GOOD.replace("40a5c0", ""), leave(0x10), 3, "(wrong-output)"),
    "root task reports failure": (GOOD, leave(0x11), 4, "(root-failure)"),
    "boot refused": (GOOD, leave(0x12), 5, "(boot-refused)"),
    "kernel panic": (GOOD, leave(0x13), 6, "(panic)"),
    "triple fault": (GOOD, TRIPLE_FAULT, 7, "(reset)"),
    "hang": (GOOD, HANG, 8, "(hang)"),
}


def build_directory(context, name, kernel):
    """A directory that looks like build/ to tools/run.py and tools/play.py."""
    directory = context.scratch(name)
    for file in ("kernel", "sigma0", "root", "server", "client", "play"):
        with open(os.path.join(directory, file + ".elf"), "wb") as module:
            module.write(kernel if file == "kernel" else b"-")
    return directory


def image_of(machine):
    """The ISO image that the machine would be started with."""
    try:
        args = qemu.command(machine)
    except iso.IsoError as error:
        raise Failed(str(error)) from error
    return args[args.index("-cdrom") + 1]


@job("machines that run beside each other have boot images of their own")
def own_images(context):
    """`make run` and `make play` by both ways through GRUB; and the same once more, while the first has it open."""
    directory = build_directory(context, "own-images", b"kernel")
    machine = qemu.Machine(os.path.join(directory, "kernel.elf"), [], "iso", work=directory)
    names = [image_of(machine)]
    for boot in ("iso", "efi"):
        options = play.parse(["--build", directory, "--boot", boot])
        names.append(image_of(play.machine(options, [], "batch")))
    if len(set(names)) != len(names):
        raise Failed(f"two machines have the same image: {names}")
    with open(names[0], "rb") as image:
        size = os.fstat(image.fileno()).st_size
        head = image.read()
        image_of(dataclasses.replace(machine, cmdline="other"))
        image.seek(0)
        if os.fstat(image.fileno()).st_size != size or image.read() != head:
            raise Failed("the image changed while it was open")
    with open(names[0], "rb") as image:
        if image.read() == head:
            raise Failed("the second image did not take the place of the first")


def guest(name, text, code, status, words):
    @job(f"run tells {name}")
    def told(context):
        directory = build_directory(context, f"run-{name}", multiboot_image(text, code))
        got, printed = output_of([*RUN, "--build", directory, "--boot", "direct", "--timeout", "3"])
        if got != status or words not in printed:
            raise Failed(f"exit status {got}, expected {status} and '{words}'" + tail(printed))


for _name, _guest in GUESTS.items():
    guest(_name, *_guest)


@job("run tells a missing file")
def missing_file(context):
    directory = build_directory(context, "run-missing-file", multiboot_image(GOOD, leave(0x10)))
    got, printed = output_of([*RUN, "--build", directory, "--boot", "direct", "--root", "no/such.elf"])
    if got != 2 or "no/such.elf" not in printed:
        raise Failed(f"exit status {got}, expected 2 and the file's name" + tail(printed))


@job("run takes options from make")
def make_variables(_):
    """The variables of `make run` arrive at tools/run.py."""
    got, printed = output_of(["make", "-s", "print-flags-run", "BOOT=direct", "ROOT=a.elf", "SIGMA0=b.elf",
                              "MODULES=c d", "MEM=77", "CPU=qemu64", "TIMEOUT=5", "QEMU_ARGS=-d int", "CMDLINE=x y",
                              "ROOT_ARGS=T=M-21", "ARGS=--help"])
    wanted = ["--boot direct", "--root 'a.elf'", "--sigma0 'b.elf'", "--modules 'c d'", "--mem '77'", "--cpu 'qemu64'",
              "--timeout '5'", "--qemu-args='-d int'", "--cmdline 'x y'", "--root-args 'T=M-21'", "--help"]
    absent = [text for text in wanted if text not in printed]
    if got or absent:
        raise Failed(f"exit status {got}, not passed on: {absent}" + tail(printed))


@job("tests of one rule are selected exactly")
def selection(_):
    right = [("M-2 map", "M-2", True), ("M-21 map", "M-2", False), ("M-21 map (t_map)", "m-21", True),
             ("XM-21 map", "M-21", False), ("bad input: text", "BAD", True), ("M-21: x", "M-21", True)]
    wrong = [row for row in right if matches(row[0], row[1]) is not row[2]]
    if wrong or not RULE.match("I-32") or RULE.match("demonstration"):
        raise Failed(f"wrongly judged: {wrong}")


@job("T= runs the cases of one rule and no others")
def filtered(context):
    """The guest gets the rule on its command line: what else is in its table must not run."""
    for rule, least in (("I-35", 1), ("I-31", 2)):
        one = [job for job in programs.guest_jobs() if job.name == "guest t_pair"]
        cases = harness.execute(one[0], harness.Context(context.build, rule))
        wrong = [case.name for case in cases if not case.name.startswith(rule + " ") or case.status != "ok"]
        with open(os.path.join(context.scratch(f"guest-t_pair-{{}}T={rule}"), "serial.log"), encoding="utf-8") as file:
            verdicts = re.findall(r"^TEST (\S+)", file.read(), re.MULTILINE)
        if wrong or len(cases) < least or set(verdicts) != {rule} or len(verdicts) != len(cases):
            raise Failed(f"T={rule}: {len(cases)} cases, wrong ones: {wrong}, the guest ran {verdicts}")
    if len(harness.selected(harness.JOBS, "no such test")) != 0:
        raise Failed("a filter that matches nothing selects something")


@job("gdb attaches and finds the kernel's symbols")
def debugger(_):
    status, _text = output_of(["sh", "-c", "command -v gdb"])
    if status:
        raise Skipped("no gdb")
    commands = "-batch -ex 'hbreak kernel_main' -ex continue -ex 'info symbol $pc'"
    got, printed = output_of([*RUN, "--boot", "direct", "--debug", "--gdb-args", commands])
    if got or "kernel_main in section" not in printed:
        raise Failed(f"exit status {got}" + tail(printed))
