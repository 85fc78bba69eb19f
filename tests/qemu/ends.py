# SPDX-License-Identifier: MIT
"""How programs end: each fault nobody handles is reported in one line, the other programs go on, and the root task's
result is that of all. And how sigma0 ends: with it the kernel panics, readably."""
import re

import elf
from harness import Failed, expect_line, expect_outcome, job, tail

SIGMA0_BASE = 0x100000
UD2 = b"\x0f\x0b"


def boot_script(context, name, text, programs):
    """Boots the root task with a boot script and these programs. Returns qemu.Result."""
    path = f"{context.scratch(name)}/{name}.boot"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    modules = [(context.built("sigma0.elf"), ""), (context.built("root.elf"), ""), (path, "")]
    return context.boot(name, modules + [(context.built(program), "") for program in programs], timeout=30)


def lines_in_order(result, patterns):
    """Fails unless a line matches each pattern as a whole, in this order; others may stand between them."""
    rest = iter(result.log.splitlines())
    for pattern in patterns:
        if not any(re.fullmatch(pattern, line) for line in rest):
            raise Failed(f"no line, or not in this order: {pattern}" + tail(result.log))


@job("program arguments arrive")
def arguments(context):
    text = "program ex_hello.elf as first args one two=2\nprogram ex_hello.elf as second # no arguments\n"
    result = boot_script(context, "arguments", text, ["ex_hello.elf"])
    expect_outcome(result, "success")
    lines_in_order(result, [r"first   \| argument 0: first", r"first   \| argument 1: one",
                            r"first   \| argument 2: two=2", r"root: 2 of 2 programs ended with success"])
    lines_in_order(result, [r"second  \| argument 0: second"])
    if "argument 3" in result.log or "second  | argument 1" in result.log:
        raise Failed("more arguments than in the script" + tail(result.log))


# arguments of the program -> what the report says after its task and thread
FAULTS = {
    "read 0x1000": r"read at address 0x1000, ip 0x[0-9a-f]+, sp 0x[0-9a-f]+ \(no page\)",
    "read ffffffff80400000": r"read at address 0xffffffff80400000, ip 0x[0-9a-f]+, sp 0x[0-9a-f]+ \(.*\)",
    "write 0x10": r"write at address 0x10, ip 0x[0-9a-f]+, sp 0x[0-9a-f]+ \(no page\)",
    "execute 0x2000": r"execute at address 0x2000, ip 0x2000, sp 0x[0-9a-f]+ \(no page\)",
    "text": r"write at address 0x1[0-9a-f]+, ip 0x[0-9a-f]+, sp 0x[0-9a-f]+ \(no right\)",
    "opcode": r"trap 6 invalid opcode, error 0x0, ip 0x[0-9a-f]+, sp 0x[0-9a-f]+",
    "divide": r"trap 0 division by zero, error 0x0, ip 0x[0-9a-f]+, sp 0x[0-9a-f]+",
}


def fault(what, report, thread=0):
    @job(f"fault is reported: {what}")
    def reported(context):
        """The bad program is the first; the one after it runs all the same."""
        name = "fault-" + what.replace(" ", "-")
        text = f"program ex_crash.elf as bad prio 5 args {what}\nprogram ex_hello.elf as good\n"
        result = boot_script(context, name, text, ["ex_crash.elf", "ex_hello.elf"])
        expect_outcome(result, "root-failure")
        lines_in_order(result, [r"bad     \| about to end by: .*", f"quire: fault: task bad thread {thread}: " + report,
                                r"good    \| argument 0: good", r"root: bad ended by a fault",
                                r"root: 1 of 2 programs ended with success"])


for _what, _report in FAULTS.items():
    fault(_what, _report)
fault("thread", r"write at address 0x40, ip 0x[0-9a-f]+, sp 0x[0-9a-f]+ \(no page\)", thread=1)


@job("program's status is the run's")
def status(context):
    text = "program ex_crash.elf as bad args status 7\nprogram ex_hello.elf as good\n"
    result = boot_script(context, "status", text, ["ex_crash.elf", "ex_hello.elf"])
    expect_outcome(result, "root-failure")
    lines_in_order(result, [r"root: bad ended with status 7", r"root: 1 of 2 programs ended with success"])


@job("many programs at once")
def many(context):
    """As many as a script may have; all share one processor and end."""
    text = "".join(f"program ex_hello.elf as p{number} args x\n" for number in range(16))
    result = boot_script(context, "many", text, ["ex_hello.elf"])
    expect_outcome(result, "success")
    lines_in_order(result, [r"root: 16 of 16 programs ended with success"])


@job("sigma0's failure is a panic that says where")
def panic(context):
    path = f"{context.scratch('panic')}/sigma0.elf"
    with open(path, "wb") as file:
        file.write(elf.Image([elf.Segment(SIGMA0_BASE, data=UD2)]).bytes())
    for name, kernel in (("release", context.built("kernel.elf")), ("debug", context.debug_build + "/kernel.elf")):
        result = context.boot(f"panic-{name}", [(path, "")] + context.demonstration()[1:], kernel=kernel, timeout=20)
        expect_outcome(result, "panic")
        expect_line(result, "quire: fault: ", ["trap 6", "100000"])
        expect_line(result, "quire: panic: ", ["sigma0"])
        lines_in_order(result, ["backtrace:", r"  0x[0-9a-f]{16} \w+.*\+0x[0-9a-f]+"])


@job("I-59 sigma0's own page faults, and what it gets from the kernel")
def as_sigma0(context):
    """A test program in the place of sigma0."""
    modules = [(context.built("t_boot.elf"), ""), (context.built("client.elf"), "")]
    result = context.boot("as-sigma0", modules, timeout=30)
    if "TEST I-59" not in result.log or ": FAIL" in result.log:
        raise Failed("a case fails or is missing" + tail(result.log))
    expect_outcome(result, "success")
    expect_line(result, "tests: ", ["8 passed", "0 failed"])


@job("I-48 a thread killed by its own fault does not run on")
def does_not_run_on(context):
    """Many threads wait to send to it when it dies; if it ran on, it would fault again, and that would be reported."""
    modules = [(context.built("sigma0.elf"), ""), (context.built("t_dying.elf"), "")]
    result = context.boot("does-not-run-on", modules, timeout=60)
    expect_outcome(result, "success")
    lines = [line for line in result.log.splitlines() if line.endswith("no pager, the thread is killed")]
    if len(lines) < 2 or len(set(lines)) != len(lines):
        raise Failed(f"{len(lines)} reports, {len(set(lines))} of them different" + tail(result.log))
