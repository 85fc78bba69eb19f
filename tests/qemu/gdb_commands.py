# SPDX-License-Identifier: MIT
"""The gdb commands of tools/gdb against a kernel that is stopped in a known state (gdb.play beside this file).

The breakpoint is where the playground makes its last object; what the commands print is compared line by line.
"""
import os
import re
import shlex

from harness import TOP, Failed, Skipped, job, output_of, tail

SCRIPT = os.path.join("tests", "qemu", "gdb.play")
HEX = r"0x[0-9a-f]+"

# Command of gdb -> regular expressions of its lines, in order; other lines may stand between.
WANTED = {
    "quire tasks": [r"task 0 \(sigma0\): \d+ slots, threads 0, tables at " + HEX,
                    r"task 1: \d+ slots, threads 1 2 3, .*, loaded", r"task 2: 3 slots, threads 4, ",
                    r"task 3: 3 slots, threads 5, "],
    "quire threads": [r"thread 0: sigma0, priority 255, receiving from anybody, ip " + HEX,
                      r"thread 1: task 1, priority 10, ready, .*, current",
                      r"thread 2: task 1, priority 30, receiving from anybody",
                      r"thread 5: task 3, priority 20, receiving from thread 1,"],
    "quire utcb": [r"UTCB at " + HEX, r"label -15 \(factory\), 1 words, 0 items", r"words: 0xffffffffffffffee",
                   r"BR0 memory, ports, objects: slot 0x1003"],
    "quire utcb 5": [r"UTCB at 0xb3000000, error 0x0"],
    "quire page 3 0x2000000": [
        rf"entry {HEX}: frame {HEX}, 4K, r--",
        r"generations above: task 3 0x2000000 .*<- task 2 0x1000000 .*<- task 1 0x10000000 .*<- sigma0: physical 0x0,",
        r"^task 1 0x10000000 4K rwx", r"^  \+- task 2 0x1000000 4K rw-", r"^    \+- task 3 0x2000000 4K r-- .*  <--"],
    "quire page 3 0x2001000": [r"^task 1 0x40000000 2M rwx", r"^  \+- task 2 0x40000000 2M rwx",
                               r"^    \+- task 3 0x2001000 4K rw- .*  <--"],
    "quire page 3 0xb3000000": ["kernel-user memory: not in the mapping database"],
    "quire page 3 0x5000000": ["no page at 0x5000000"],
    "quire frame 0x2003000": [r"sigma0: physical 0x0, 1G", r"^  \+- task 1 0x40000000 2M",
                              r"^    \+- task 2 0x40000000 2M", r"^      \+- task 3 0x2001000 4K rw- frame 0x2003000"],
    "quire port 2 0x81": [r"sigma0 port 0x0 and all others", r"^  \+- task 1 port 0x81",
                          r"^    \+- task 2 port 0x81  <--"],
    "quire port 3 0x81": ["task 3 has no port 0x81"],
    "quire caps 2": [r"slot 0x20: rws- thread 1, id \d+", r"slot 0x21: rws- thread 2, ",
                     r"slot 0x41: rws- weak gate, id \d+, 1 counted slots"],
    "quire slot 1 0x1002": [r"slot 0x1002: rwsd control 0xe0 gate", r"in task 1 slot 0x1002: rwsd",
                            r"in task 2 slot 0x41: rws-", r"in task 3 slot 0x51: rw--"],
    "quire slot 2 0x42": ["slot 0x42 of task 2 is empty"],
    "quire fpage 0x200557": [r"memory from 0x200000, order 21 \(2M\), rights rwx"],
    "quire item 0x300a 0x5037": [r"grant objects from 0x5, order 0 \(1\), rights rws-, hot spot 0x3"],
    "quire buffer 0x9 0x3000317 0x50000": [r"memory from 0x3000000, order 12 .*, to the task in slot 0x50"],
    # What does not exist is said.
    "quire page 9 0": [r"there is no task 9; `quire tasks` lists 4"],
    "quire slot 1": [r"usage: quire slot TASK INDEX"],
    "python kernel.field(kernel.tasks()[0], 'colour')": [r"struct task has no member 'colour': the kernel has changed"],
    "python kernel.symbol('no_such_list')": [r"no symbol 'no_such_list': the kernel has changed"],
    "help quire": ["quire buffer", "quire page", "quire tasks"],
}


def missing(text, patterns):
    """The first pattern that no line, behind that of the pattern before, has; None if all are there."""
    lines = iter(text.splitlines())
    return next((one for one in patterns if not any(re.search(one, line) for line in lines)), None)


@job("gdb commands: tasks, threads, UTCB, capabilities, trees, words")
def commands(context):
    status, _ = output_of(["sh", "-c", "command -v gdb"])
    if status:
        raise Skipped("no gdb")
    gdb = ["-batch", "-ex", "hbreak irq_create", "-ex", "continue"]
    for number, one in enumerate(WANTED):
        gdb += ["-ex", f"echo \\n[[{number}]]\\n", "-ex", one]
    _, text = output_of(["python3", "tools/run.py", "--build", context.build, "--boot", "direct", "--debug",
                         "--root", context.built("play.elf"), "--root-args", "batch",
                         "--modules", SCRIPT, "--gdb-args", shlex.join(gdb)], cwd=TOP)
    parts = re.split(r"^\[\[\d+\]\]$", text, flags=re.MULTILINE)[1:]
    if len(parts) != len(WANTED):
        raise Failed("the commands did not run" + tail(text, 20))
    wrong = [f"\n      | {command}: no line '{pattern}'" + tail(part, 8)
             for (command, patterns), part in zip(WANTED.items(), parts)
             if (pattern := missing(part, patterns)) is not None]
    if wrong:
        raise Failed("".join(wrong))
