# SPDX-License-Identifier: MIT
"""Starts Quire in QEMU and says how it ended.

Decides: the QEMU command line of a machine, the time limit, and what each way to end means.
Called by tools/run.py (for people) and tests/ (for the tests); calls tools/iso.py for the boot image.

A run always ends by itself: the guest writes a value v to the isa-debug-exit device, which ends QEMU with status
(v << 1) | 1; a triple fault ends it with 0, because of -no-reboot; everything else meets the time limit.
"""
import os
import re
import select
import subprocess
import sys
import termios
import time
from dataclasses import dataclass, field

import iso

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EFI_FIRMWARE = ("/usr/share/ovmf/OVMF.fd", "/usr/share/OVMF/OVMF_CODE.fd")

# QEMU status -> (name of the outcome, explanation). The values are those of kernel/panic.h and the root task.
BY_STATUS = {
    33: ("success", "the guest reported success"),
    35: ("root-failure", "the root task reported failure"),
    37: ("boot-refused", "the kernel refused to boot: bad input, see the line `quire: error:` above"),
    39: ("panic", "kernel panic, see the line `quire: panic:` above"),
    41: ("loader", "GRUB could not load the kernel or a module"),
    0: ("reset", "the machine reset: a triple fault, or the guest switched it off"),
}
# Name of the outcome -> exit status of tools/run.py.
EXIT_STATUS = {
    "success": 0,
    "wrong-output": 3,
    "root-failure": 4,
    "boot-refused": 5,
    "panic": 6,
    "reset": 7,
    "hang": 8,
    "loader": 9,
    "qemu": 10,
}


@dataclass
class Machine:
    """What is booted, and on what. Modules are (path, arguments), in order: sigma0, root task, others."""

    kernel: str
    modules: list
    boot: str = "direct"  # direct (Multiboot 1 by QEMU), iso (GRUB on BIOS), efi (GRUB on OVMF)
    mem: str = "128"  # in MiB, or with QEMU's suffix: 6G
    cpu: str = "max"
    cmdline: str = ""  # of the kernel
    timeout: float = 60  # seconds, 0 = none
    qemu_args: list = field(default_factory=list)
    work: str = os.path.join(TOP, "build")  # where the ISO image is written


@dataclass
class Result:
    outcome: str  # a key of EXIT_STATUS
    why: str  # one line
    log: str  # the serial console, line ends as \n, without escape sequences
    seconds: float


class UsageError(Exception):
    """Something that the caller named is wrong; the text says what."""


def command(machine):
    """The QEMU command line for this machine; makes the ISO image if the boot way needs one."""
    for path in [machine.kernel] + [path for path, _ in machine.modules]:
        if not os.path.isfile(path):
            raise UsageError(f"there is no file {path}")
    args = ["qemu-system-x86_64", "-accel", "tcg", "-m", str(machine.mem), "-cpu", machine.cpu]
    args += ["-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot"]
    args += ["-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-serial", "stdio"]
    if machine.boot == "direct":
        args += ["-kernel", machine.kernel]
        if machine.cmdline:
            args += ["-append", machine.cmdline]
        if machine.modules:
            # A comma separates modules here, a doubled one stands for itself.
            names = [f"{path} {words}".strip().replace(",", ",,") for path, words in machine.modules]
            args += ["-initrd", ",".join(names)]
    elif machine.boot in ("iso", "efi"):
        image = os.path.join(machine.work, "quire.iso")
        iso.make(image, machine.kernel, machine.modules, machine.cmdline)
        args += ["-cdrom", image, "-boot", "d"]
    else:
        raise UsageError(f"boot way '{machine.boot}' is none of direct, iso, efi")
    if machine.boot == "efi":
        firmware = [path for path in EFI_FIRMWARE if os.path.exists(path)]
        if not firmware:
            raise UsageError(f"no EFI firmware found (looked for {', '.join(EFI_FIRMWARE)})")
        args += ["-bios", firmware[0]]
    return args + machine.qemu_args


class Cleaner:
    """Takes terminal control out of a byte stream, so that firmware and GRUB do not clear the user's screen."""

    ESCAPE = re.compile(rb"\x1b(?:\[[0-9;?=]*[@-~]|[()][0-9A-Z]|[=>cDEHM78])|[\r\x00]")
    PARTIAL = re.compile(rb"\x1b(?:\[[0-9;?=]*|[()])?$")

    def __init__(self):
        self.rest = b""

    def feed(self, data):
        data = self.rest + data
        partial = self.PARTIAL.search(data)
        cut = partial.start() if partial else len(data)
        self.rest = data[cut:]
        return self.ESCAPE.sub(b"", data[:cut])


def run(machine, echo=None, stdin=subprocess.DEVNULL, when=None):
    """Boots the machine and waits for its end.

    echo: binary file that gets the console as it comes. stdin: passed to the guest's serial port; None inherits it.
    when: {text: bytes}, sent to the serial port as soon as the text has appeared (needs stdin=subprocess.PIPE).
    """
    start = time.monotonic()
    try:
        process = subprocess.Popen(command(machine), stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except (OSError, iso.IsoError) as error:
        return Result("qemu", str(error), "", 0)
    terminal = None
    if stdin is None and sys.stdin is not None and sys.stdin.isatty():
        terminal = termios.tcgetattr(sys.stdin)
    try:
        log, in_time = _follow(process, start + machine.timeout if machine.timeout else None, echo, dict(when or {}))
        seconds = time.monotonic() - start
        if not in_time:
            why = f"time limit of {machine.timeout:g} s reached: the guest hangs or waits"
            return Result("hang", why, log, seconds)
        errors = process.stderr.read().decode(errors="replace").strip()
        status = process.wait()
        outcome, why = BY_STATUS.get(status, ("qemu", f"QEMU ended with status {status}"))
        if outcome == "qemu" and errors:
            why += ": " + errors.splitlines()[-1]
        return Result(outcome, why, log, seconds)
    finally:
        _stop(process)
        if terminal is not None:
            termios.tcsetattr(sys.stdin, termios.TCSANOW, terminal)


def _follow(process, deadline, echo, when):
    """Reads the console until QEMU closes it. Returns (log, False if the deadline came first)."""
    cleaner, log = Cleaner(), bytearray()
    while True:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            return log.decode(errors="replace"), False
        if not select.select([process.stdout], [], [], left)[0]:
            continue
        data = os.read(process.stdout.fileno(), 65536)
        if not data:
            return log.decode(errors="replace"), True
        data = cleaner.feed(data)
        log += data
        if echo:
            echo.write(data)
            echo.flush()
        for text in [text for text in when if text.encode() in log]:
            process.stdin.write(when.pop(text))
            process.stdin.flush()


def _stop(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            stream.close()


def is_line(line, wanted):
    """True if the line is the wanted one; a * in that stands for some hexadecimal digits."""
    return re.fullmatch(re.escape(wanted).replace(r"\*", "[0-9a-f]+"), line.rstrip()) is not None


def first_missing(log, wanted):
    """Looks for whole lines in order, others may stand between them. Returns the first not found, or None."""
    lines = iter(log.splitlines())
    for want in wanted:
        if not any(is_line(line, want) for line in lines):
            return want
    return None
