#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The playground (user/play): `make play` at the terminal, and its scripts for the tests.

`make play` boots it with the serial console on the terminal; scripts named by SCRIPT= are boot modules that it runs
first. `python3 tools/play.py --write-expected` stores what the scenarios print beside them (tests/scenarios/*.expect);
a line there may have a * for hexadecimal digits, and is kept as long as it fits. Called by the Makefile and by
tests/qemu/playground.py; calls tools/qemu.py.
"""
import argparse
import glob
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import qemu  # noqa: E402

SCENARIOS = os.path.join(qemu.TOP, "tests", "scenarios")
LICENCE = "# SPDX-License-Identifier: MIT"
MAX_LINE = 96  # of a script, as in user/play/parse.h


def scripts():
    """The scenarios' files, in order."""
    return sorted(glob.glob(os.path.join(SCENARIOS, "*.play")))


def title(script):
    """The scenario's heading: its second line, `# M-21 M-24: what it is about`."""
    with open(script, encoding="utf-8") as file:
        return file.readlines()[1].lstrip("# ").strip()


def expected_file(script):
    return os.path.splitext(script)[0] + ".expect"


def expected(script):
    """The lines that the scenario has to print; a * stands for hexadecimal digits."""
    if not os.path.exists(expected_file(script)):
        return []
    with open(expected_file(script), encoding="utf-8") as file:
        return file.read().splitlines()[1:]


def machine(options, names, words, **more):
    """The machine with the playground, the words on its command line, and these scripts."""
    def built(name):
        return os.path.join(options.build, name)
    modules = [(built("sigma0.elf"), ""), (built("play.elf"), words)]
    # The image does not stand where `make run` and the other way to boot write theirs: both may run beside this.
    more.setdefault("work", built(f"play-{options.boot}"))
    return qemu.Machine(more.pop("kernel", built("kernel.elf")), modules + [(name, "") for name in names],
                        boot=options.boot, mem=options.mem, cpu=options.cpu, **more)


def printed(log):
    """What each script printed: {name without directory: [lines]}."""
    found, lines = {}, None
    for line in log.splitlines():
        start = re.match(r"=== (\S+)$", line)
        if start:
            lines = found[start[1]] = []
        elif lines is not None:
            lines.append(line)
            if line.startswith("=== end of "):
                lines = None
    return found


def first_difference(want, got):
    """None, or what is wrong: the first line that is not the wanted one."""
    for number, (one, other) in enumerate(zip(want, got), 2):
        if other != one and not qemu.is_line(other, one):
            return f"line {number}: expected '{one}', printed '{other}'"
    if len(want) != len(got):
        return f"expected {len(want)} lines, printed {len(got)}"
    return None


def write_expected(options):
    """Store what the scenarios, or the scripts that are named, print now."""
    names = options.scripts or scripts()
    result = qemu.run(machine(options, names, "batch", timeout=120))
    texts = printed(result.log)
    for script in names:
        lines = texts.get(os.path.basename(script), [])
        old = expected(script)
        # Lines with a * are kept where they still fit.
        wild = {line for line in old if "*" in line}
        lines = [next((one for one in wild if qemu.is_line(line, one)), line) for line in lines]
        with open(expected_file(script), "w", encoding="utf-8") as file:
            file.write("\n".join([LICENCE, *lines]) + "\n")
    print(f"play: {len(texts)} scripts, the machine ended with '{result.outcome}'")
    return qemu.EXIT_STATUS[result.outcome]


def interactive(options):
    """The terminal is the serial console; QEMU hands every key on, Ctrl-C too ends it."""
    for name in options.scripts:
        if not os.path.isfile(name):
            raise qemu.UsageError(f"there is no script {name}")
    args = qemu.command(machine(options, options.scripts, "batch" if options.batch else ""))
    status = subprocess.run(args, check=False).returncode
    outcome, why = qemu.BY_STATUS.get(status, ("qemu", f"QEMU ended with status {status}"))
    print(f"play: {outcome}: {why}" if outcome != "success" else "play: ended; kernel and model agreed in everything")
    return qemu.EXIT_STATUS[outcome]


def parse(args=None):
    parser = argparse.ArgumentParser(prog="tools/play.py", description="Try the mapping interface by hand.")
    parser.add_argument("--build", default="build", help="directory of the built files")
    parser.add_argument("--boot", default="direct", choices=("direct", "iso", "efi"), help="way to boot (BOOT=)")
    parser.add_argument("--mem", default="128", help="memory in MiB (MEM=)")
    parser.add_argument("--cpu", default="max", help="QEMU's CPU model (CPU=)")
    parser.add_argument("--batch", action="store_true", help="end after the scripts")
    parser.add_argument("--write-expected", action="store_true", help="store what the scenarios print")
    parser.add_argument("scripts", nargs="*", help="scripts to run first (SCRIPT=)")
    return parser.parse_args(args)


def main():
    options = parse()
    return write_expected(options) if options.write_expected else interactive(options)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except qemu.UsageError as problem:
        print(f"play: error: {problem}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
