# SPDX-License-Identifier: MIT
"""The processor's flags where the kernel's C code begins, after entries from user code that had set what it can.

The direction flag decides which way string instructions go, which compilers use in C code; so it must be clear there.
Nothing a guest program sees depends on it reliably. This test stops the machine through QEMU's gdb stub at each call of
trap_entry and syscall_entry while user/tests/t_ring3.c runs its cases on flags, and compares the flags of the processor
with those that the user code had.
"""
import os
import re
import socket
import tempfile
import threading
import time

from harness import Case, Failed, expect_outcome, job, output_of, tail

RDI, EFLAGS = 5 * 8, 17 * 8  # offsets in the stub's register block
USER_FLAGS = 8 + 20 * 8  # of struct thread: regs.rflags (arch/x86_64/entry.asm, T_RFLAGS)
DIRECTION, INTERRUPTS = 0x400, 0x200
STOPS = 100000


class Stub:
    """As much of gdb's remote protocol as is needed: packets `$text#sum`, each acknowledged."""

    def __init__(self, path):
        deadline = time.monotonic() + 20
        while True:
            self.line = socket.socket(socket.AF_UNIX)
            try:
                self.line.connect(path)
                break
            except OSError:
                self.line.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        self.line.settimeout(60)
        self.rest = b""

    def send(self, text):
        self.line.sendall(f"${text}#{sum(text.encode()) % 256:02x}".encode())

    def receive(self):
        """The next packet's text, or None if the machine has ended."""
        while True:
            found = re.search(rb"\$([^#]*)#..", self.rest)
            if found:
                self.rest = self.rest[found.end():]
                self.line.sendall(b"+")
                return found[1].decode()
            data = self.line.recv(65536)
            if not data:
                return None
            self.rest += data

    def ask(self, text):
        self.send(text)
        return self.receive()


def number(data, offset, size):
    return int.from_bytes(data[offset:offset + size], "little")


def watch(path, places, seen):
    """Runs the machine to its end. seen: {place: [(user's flags, flags in the kernel)]}, or the exception."""
    try:
        stub = Stub(path)
        for address in places:
            if stub.ask(f"Z1,{address:x},1") != "OK":
                raise ValueError("the stub takes no breakpoint")
        for _ in range(STOPS):
            stop = stub.ask("c")
            if not stop or stop[0] in "WX":
                return
            registers = bytes.fromhex(stub.ask("g"))
            place = number(registers, 16 * 8, 8)
            user = bytes.fromhex(stub.ask(f"m{number(registers, RDI, 8) + USER_FLAGS:x},8"))
            seen[place].append((number(user, 0, 8), number(registers, EFLAGS, 4)))
            stub.ask("s")  # off the breakpoint, which otherwise is hit again
        raise ValueError(f"more than {STOPS} stops")
    except (OSError, ValueError, TypeError, KeyError) as error:
        seen["error"] = f"{type(error).__name__}: {error}"


def address_of(context, symbol):
    _, text = output_of(["nm", context.built("kernel.elf")])
    found = re.search(rf"^([0-9a-f]+) T {symbol}$", text, re.MULTILINE)
    if not found:
        raise Failed(f"the kernel has no {symbol}")
    return int(found[1], 16)


@job("ISO direction flag where C code begins")
def direction(context):
    names = {address_of(context, name): name for name in ("trap_entry", "syscall_entry")}
    seen = {address: [] for address in names}
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "gdb")
        watcher = threading.Thread(target=watch, args=(path, list(names), seen))
        watcher.start()
        modules = [(context.built("sigma0.elf"), ""), (context.built("t_ring3.elf"), "T=ISO")]
        result = context.boot("entry-flags", modules, timeout=120,
                              qemu_args=["-S", "-gdb", f"unix:{path},server=on,wait=off"])
        watcher.join()
    if "error" in seen:
        raise Failed(seen["error"] + tail(result.log))
    expect_outcome(result, "success")
    for address, name in names.items():
        with_flag = [kernel for user, kernel in seen[address] if user & DIRECTION]
        if not with_flag:
            raise Failed(f"{name}: none of {len(seen[address])} entries came with the direction flag set")
        bad = [f"{kernel:#x}" for kernel in with_flag if kernel & (DIRECTION | INTERRUPTS)]
        if bad:
            raise Failed(f"{name}: flags in the kernel are {bad[0]}, when user code had set the direction flag")
        yield Case(f"ISO direction flag clear in {name}")
