# SPDX-License-Identifier: MIT
"""The console's input and echo: sends what user/tests/t_vcon.c asks for, and looks at every byte of what comes back.

The guest prints "vcon NAME?" when it is ready for the input of that name. CR and NL matter here, so the console is
read as it is, not as tools/qemu.py shows it.
"""
import re
import subprocess
import time

import programs
import qemu
from harness import Case, Failed, job, tail

LINE = b"a\rb\nc"
INPUT = {name: LINE for name in ("raw", "icrnl", "inlcr", "igncr", "igncr icrnl", "inlcr igncr", "inlcr icrnl",
                                 "afterwards")}
INPUT |= {"parts": b"0123456789", "overflow": b"0123456789" * 300}
# What is typed, and after that what the program writes with the same output flags, as they appear on the line.
ECHO = {
    "echo off": b"" + b"[x\ry]\r\n",
    "echo icrnl": b"p\r\nq\r\n" + b"[x\ry]\r\n",
    "echo raw": b"p\rq\r\n" + b"[x\ry]\r\n",
    "echo ocrnl": b"p\r\nq\r\n" + b"[x\r\ny]\r\n",
    "echo onlret": b"pq\r\n" + b"[xy]\r\n",
}
TYPED = b"p\rq\n"
TIME_LIMIT = 90


def question(name):
    return b"vcon %s?\r\n" % name.encode()


def converse(machine):
    """Boots the machine and answers its questions. Returns (every byte of its console, exit status of QEMU)."""
    questions = {question(name): data for name, data in (INPUT | dict.fromkeys(ECHO, TYPED)).items()}
    process = subprocess.Popen(qemu.command(machine), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    log, deadline = b"", time.monotonic() + TIME_LIMIT
    try:
        while data := qemu_output(process, deadline):
            log += data
            for text in [text for text in questions if text in log]:
                process.stdin.write(questions.pop(text))
                process.stdin.flush()
        return log, process.wait(max(deadline - time.monotonic(), 0.1))
    except subprocess.TimeoutExpired:
        return log, None
    finally:
        qemu._stop(process)


def qemu_output(process, deadline):
    """What there is; empty at the end, or when it is too late."""
    left = deadline - time.monotonic()
    if left <= 0 or not qemu.select.select([process.stdout], [], [], left)[0]:
        return b""
    return qemu.os.read(process.stdout.fileno(), 65536)


@job("LOG input and echo of the console")
def console(context):
    modules = [(context.built("sigma0.elf"), ""), (context.built("t_vcon.elf"), "input")]
    raw, status = converse(qemu.Machine(context.built("kernel.elf"), modules))
    log = raw.replace(b"\r", b"").decode(errors="replace")
    outcome, why = qemu.BY_STATUS.get(status, ("hang", f"QEMU's status is {status}"))
    cases, complaint = programs._verdicts("t_vcon", qemu.Result(outcome, why, log, 0))
    if complaint or len(cases) != 4:
        raise Failed((complaint or f"{len(cases)} cases instead of 4") + tail(log))
    wrong = [f"{name}: not {want!r} but {raw.split(asked)[-1][:40]!r}" for name, want in ECHO.items()
             if (asked := question(name)) + want not in raw]
    if wrong:
        raise Failed("".join("\n      | " + line for line in wrong))
    return cases + [Case("LOG what is echoed and written, byte by byte")]


@job("LOG the lines of two threads do not mix")
def writers(context):
    """The second thread interrupts the first one, which writes without end, twenty times."""
    result = context.boot("vcon-writers", [(context.built("sigma0.elf"), ""), (context.built("t_vcon.elf"), "")])
    lines = [line for line in result.log.splitlines() if re.search("aaa|bbb", line)]
    wrong = [line for line in lines if line not in (199 * "a", 199 * "b")]
    if wrong or lines.count(199 * "b") != 20:
        raise Failed(f"{len(lines)} lines, {len(wrong)} of them mixed" + tail("\n".join(wrong), 5))
