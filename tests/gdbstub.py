# SPDX-License-Identifier: MIT
"""A machine that a test stops and looks into, through QEMU's gdb stub; no gdb is needed.

Called by tests/qemu/*.py. The machine runs in this thread as always (harness.Context.boot), a second one talks to the
stub over a Unix socket.
"""
import os
import re
import socket
import tempfile
import threading
import time

from bench import ICOUNT
from harness import Failed, output_of, tail

RDI, RIP, EFLAGS, CR3 = 5 * 8, 16 * 8, 17 * 8, 204  # offsets in the register block
# Of struct thread, whose regs trap_entry and syscall_entry get (arch/x86_64/entry.asm, T_REGS ...).
THREAD_CR2, THREAD_TRAP, THREAD_RFLAGS = 8 + 11 * 8, 8 + 16 * 8, 8 + 20 * 8
PRESENT, LARGE, ADDRESS = 1, 0x80, 0x000ffffffffff000  # page-table entries
MAX_STOPS = 100000


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

    def _receive(self):
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
        self.line.sendall(f"${text}#{sum(text.encode()) % 256:02x}".encode())
        return self._receive()

    def registers(self):
        return bytes.fromhex(self.ask("g"))

    def word(self, address):
        """Eight bytes of memory as the processor sees it now."""
        return number(bytes.fromhex(self.ask(f"m{address:x},8")), 0, 8)

    def user_pages(self):
        """Page-table entries of the loaded task: {address: (entry, level)}; level 1: 4 KiB, 2: 2 MiB, 3: 1 GiB."""
        pages = {}
        if self.ask("Qqemu.PhyMemMode:1") != "OK":
            raise ValueError("the stub does not show physical memory")
        self._table(number(self.registers(), CR3, 8), 4, 0, pages)
        self.ask("Qqemu.PhyMemMode:0")
        return pages

    def _table(self, table, level, base, pages):
        table &= ADDRESS
        data = b"".join(bytes.fromhex(self.ask(f"m{table + half:x},800")) for half in (0, 0x800))
        for index in range(256 if level == 4 else 512):
            entry = number(data, 8 * index, 8)
            address = base + (index << 12 + 9 * (level - 1))
            if entry & PRESENT and (level == 1 or entry & LARGE):
                pages[address] = (entry, level)
            elif entry & PRESENT:
                self._table(entry, level - 1, address, pages)

    def stops(self, addresses):
        """Runs the machine to its end; yields at each arrival at one of the addresses: (address, register block)."""
        for address in addresses:
            if self.ask(f"Z1,{address:x},1") != "OK":
                raise ValueError("the stub takes no breakpoint")
        for _ in range(MAX_STOPS):
            stop = self.ask("c")
            if not stop or stop[0] in "WX":
                return
            registers = self.registers()
            yield number(registers, RIP, 8), registers
            self.ask("s")  # off the breakpoint, which otherwise is hit again
        raise ValueError(f"more than {MAX_STOPS} stops")


def number(data, offset, size):
    return int.from_bytes(data[offset:offset + size], "little")


def address_of(context, symbol):
    """Of a function of the kernel."""
    _, text = output_of(["nm", context.built("kernel.elf")])
    found = re.search(rf"^([0-9a-f]+) T {symbol}$", text, re.MULTILINE)
    if not found:
        raise Failed(f"the kernel has no {symbol}")
    return int(found[1], 16)


def boot(context, name, modules, watch, **options):
    """Boots the machine, calls watch(stub) meanwhile, and returns how it ended.

    Its clock counts instructions: what happens between two of them does not depend on how busy this machine is.
    """
    trouble = []

    def watcher(path):
        try:
            watch(Stub(path))
        except (OSError, ValueError, TypeError, KeyError) as error:
            trouble.append(f"{type(error).__name__}: {error}")

    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "gdb")
        thread = threading.Thread(target=watcher, args=(path,))
        thread.start()
        stub = ["-S", "-gdb", f"unix:{path},server=on,wait=off"]
        result = context.boot(name, modules, qemu_args=ICOUNT + stub, **options)
        thread.join()
    if trouble:
        raise Failed(trouble[0] + tail(result.log))
    return result
