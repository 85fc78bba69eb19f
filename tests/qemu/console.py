# SPDX-License-Identifier: MIT
"""The kernel's console key (kernel/console.c): its commands print what those for gdb do, and all goes on after it.

The playground runs the script of the gdb test on the debug kernel; then Esc is typed at its prompt, the commands, and
`g`; at last a command for the playground shows that it lives. The lines wanted are those of gdb_commands.py.
"""
import re
import subprocess

import play
import qemu
from gdb_commands import SCRIPT, WANTED, missing
from harness import Failed, job, tail

LETTERS = {"page": "p", "frame": "f", "port": "i", "caps": "c", "slot": "s"}
# Command of the console -> regular expressions of its lines.
COMMANDS = {
    "t": WANTED["quire tasks"],
    "h": [r"thread 0: sigma0, priority 255, receiving from anybody, ip 0x[0-9a-f]+ sp 0x[0-9a-f]+$",
          r"thread 3: task 1, priority 20, .* thread 1,"],
    "o": [r"object \d+: irq .*, 1 counted slots, ", r"object \d+: gate .* factory 1$",
          r"object 1: factory , 3 counted slots, \d+ references, factory 0$"],
    "?": [r"^t tasks, ", r" g go on$"],
    "x": [r"^t tasks, "],
    "p 9 0": ["^there is no task 9$"],
    "p 0 0x200000": ["^no page at 0x200000$|no node: sigma0's own view of memory"],
    "f 0x201000": [r"^sigma0: physical 0x0, 1G$", r"^  \+- task 1 0x201000 4K r.. frame 0x201000$"],
    "f 0xfffffffffff000": ["^there is no memory at 0xfffffffffff000$"],
    "s 1 0x10000": ["^slot 0x10000 of task 1 is empty$"],
    "i 1 0x10000": ["^task 1 has no port 0x10000$"],
    "q\bt": ["^task 0 "],
}
COMMANDS |= {f"{LETTERS[words[1]]} {' '.join(words[2:])}": lines for command, lines in WANTED.items()
             if (words := command.split())[1] in LETTERS and words[2:3] != ["9"] and lines[0][:5] != "usage"}


def boot(context, name, cmdline, when):
    options = play.parse(["--build", context.build])
    machine = play.machine(options, [SCRIPT], "", kernel=f"{context.debug_build}/kernel.elf", timeout=120,
                           cmdline=cmdline, work=context.scratch(name))
    return qemu.run(machine, stdin=subprocess.PIPE, when=when)


@job("console key: commands print what gdb's do, then everything goes on")
def commands(context):
    keys = b"\x1b" + b"".join(command.encode() + b"\r" for command in COMMANDS)
    result = boot(context, "console", "other -esc", {"play> ": keys + b"g\r", "quire: goes on": b"tree P0\r",
                                                     "play> tree P0": b"quit\r"})
    _, _, text = result.log.partition("quire: stopped")
    parts = re.split(r"^quire> ", text, flags=re.MULTILINE)[1:]
    if result.outcome != "success" or len(parts) != len(COMMANDS) + 1 or "quire: goes on" not in parts[-1]:
        raise Failed(f"{len(parts)} prompts, {result.why}" + tail(result.log, 20))
    if "b 0x2000000" not in parts[-1]:
        raise Failed("the playground did not go on" + tail(parts[-1]))
    wrong = [f"\n      | {command}: no line '{pattern}'" + tail(part, 8)
             for (command, patterns), part in zip(COMMANDS.items(), parts)
             if (pattern := missing(part.partition("\n")[2], patterns)) is not None]
    if wrong:
        raise Failed("".join(wrong))


@job("console key: without the option Esc is a key as any")
def without_option(context):
    result = boot(context, "console-off", "-escape", {"play> ": b"\x1b[A\x15quit\r"})
    if result.outcome != "success" or "quire: stopped" in result.log:
        raise Failed(result.why + tail(result.log))
