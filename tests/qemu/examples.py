# SPDX-License-Identifier: MIT
"""The example programs of user/examples, each in a machine of its own: every line they print, in this order and no
other, and their status. hello and crash are used by ends.py. docs/examples.md has to name them all."""
import glob
import os
import re

from ends import boot_script
from harness import TOP, Failed, expect_outcome, job, tail

# example -> its lines
LINES = {
    "ipc": ["7: 49", "14: 196", "21: 441", "1001: error -34", "5: error -39", "to myself: error"],
    "utcb_ipc": ["by hand: 5 words, the last is 100", "with functions: 5 words, the last is 100"],
    "exception": ["handler: trap 0, rax 42, rcx 0", "thread: 42 / 6 = 7"],
    "trace": ["add(40, 2) = 42", 'length("trapped") = 7', "call 99 = -38", "exit(4207)"],
    "singlestep": ["breakpoint before +0, eax 0",
                   "next instruction at +5, eax 0, ecx 2", "next instruction at +7, eax 0, ecx 2",
                   "next instruction at +10, eax 21, ecx 2", "next instruction at +13, eax 21, ecx 1",
                   "next instruction at +7, eax 21, ecx 1",
                   "next instruction at +10, eax 42, ecx 1", "next instruction at +13, eax 42, ecx 0",
                   "next instruction at +15, eax 42, ecx 0", "breakpoint before +16, eax 42"],
    "semaphore": ["item 0: 0, the producer is 3 ahead", "item 1: 1, the producer is 3 ahead",
                  "item 2: 4, the producer is 3 ahead", "item 3: 9, the producer is 3 ahead",
                  "item 4: 16, the producer is 3 ahead", "item 5: 25, the producer is 3 ahead",
                  "item 6: 36, the producer is 2 ahead", "item 7: 49, the producer is 1 ahead",
                  "one more: error -2003"],
    "starttask": ["create task: 0", "create thread: 0", "create gate: 0", "map stack: 0", "map gate: 0",
                  "bind thread: 0", "schedule thread: 0", "start thread: 0",
                  "asked with label 0x11: 20 + 22", "the child's answer was 42", "delete thread: 0", "delete task: 0"],
    "isr": ["attached to line 8", "16 interrupts", "32 interrupts", "48 interrupts", "64 interrupts", "detached: 0"],
}
AS_ROOT = {"isr"}  # needs what only the root task has
ELSEWHERE = {"hello", "crash"}


def run(context, name):
    """(qemu.Result, lines of the program)."""
    program = f"ex_{name}.elf"
    if name in AS_ROOT:
        modules = [(context.built("sigma0.elf"), ""), (context.built(program), "")]
        result = context.boot(f"example-{name}", modules, timeout=30)
        lines = [line for line in result.log.splitlines() if line and not re.match("quire: |sigma0: ", line)]
    else:
        result = boot_script(context, f"example-{name}", f"program {program} as example\n", [program])
        lines = [line[len("example | "):] for line in result.log.splitlines() if line.startswith("example | ")]
    return result, lines


def example(name, wanted):
    @job(f"example {name} prints what it should")
    def printed(context):
        result, lines = run(context, name)
        if lines != wanted:
            raise Failed(f"other lines than {wanted}" + tail(result.log, 30))
        expect_outcome(result, "success")


for _name, _lines in LINES.items():
    example(_name, _lines)


@job("every example has a test and is in docs/examples.md")
def complete(_):
    with open(os.path.join(TOP, "docs", "examples.md"), encoding="utf-8") as file:
        named = set(re.findall(r"^\| `user/examples/(\w+)\.c`", file.read(), re.MULTILINE))
    files = {os.path.basename(path)[:-2] for path in glob.glob(os.path.join(TOP, "user", "examples", "*.c"))}
    if not files == named == set(LINES) | ELSEWHERE:
        raise Failed(f"files {sorted(files)}, named {sorted(named)}, tested {sorted(set(LINES) | ELSEWHERE)}")
