# SPDX-License-Identifier: MIT
"""A user task drives a real device: the second serial port, with ports it was given (user/tests/t_serial2.c).

QEMU connects the port with a Unix socket; this side waits until the driver says that it is ready, sends every byte
value, and wants each back. The guest prints how many bytes it saw and a sum over them, so that it was not QEMU or the
UART that echoed.
"""
import os
import re
import socket
import tempfile
import threading
import time

import programs
from harness import Case, Failed, job, tail

END = 4
BYTES = bytes(value for value in range(256) if value != END) + bytes([END])
READY = b"ready\n"


def checksum(data):
    total = 0
    for value in data:
        total = (total * 31 + value) & 0xffffffff
    return total


def connect(path, deadline):
    while True:
        line = socket.socket(socket.AF_UNIX)
        try:
            line.connect(path)
            return line
        except OSError:
            line.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def receive(line, size):
    """That many bytes, or fewer if the other side ends or is silent for too long."""
    data = b""
    while len(data) < size:
        try:
            part = line.recv(size - len(data))
        except OSError:
            break
        if not part:
            break
        data += part
    return data


def talk(path, heard):
    """The far end of the serial line. heard: gets what came back, or the exception."""
    try:
        line = connect(path, time.monotonic() + 20)
        with line:
            line.settimeout(40)
            greeting = receive(line, len(READY))
            if greeting != READY:
                raise ValueError(f"the driver said {greeting!r} instead of {READY!r}")
            line.sendall(BYTES)
            heard["bytes"] = receive(line, len(BYTES))
            receive(line, 1)  # stays open until the machine has ended
    except (OSError, ValueError) as error:
        heard["error"] = error


@job("M-56 second serial port echoes")
def echo(context):
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "serial2")
        heard = {}
        partner = threading.Thread(target=talk, args=(path, heard))
        partner.start()
        modules = [(context.built("sigma0.elf"), ""), (context.built("t_serial2.elf"), "")]
        result = context.boot("serial2", modules, timeout=90,
                              qemu_args=["-serial", f"unix:{path},server=on,wait=on"])
        partner.join()
    if "error" in heard:
        raise Failed(f"{heard['error']}" + tail(result.log))
    if heard["bytes"] != BYTES:
        raise Failed(f"sent {len(BYTES)} bytes, {len(heard['bytes'])} came back: {heard['bytes'][:40]!r}..."
                     + tail(result.log))
    counted = re.search(r"serial2: (\d+) bytes, sum 0x([0-9a-f]+)", result.log)
    if not counted or (int(counted[1]), int(counted[2], 16)) != (len(BYTES), checksum(BYTES)):
        raise Failed("the guest did not see these bytes" + tail(result.log))
    cases, complaint = programs._verdicts("t_serial2", result)
    if complaint or len(cases) != 2:
        raise Failed((complaint or f"{len(cases)} cases instead of 2") + tail(result.log))
    return cases + [Case("M-56 second serial port echoes every byte value")]
