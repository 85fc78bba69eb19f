#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots Quire in QEMU with the serial console on the terminal, checks the outcome and explains it: `make run`.

The variables of `make run` stand for the options here (docs/building.md). Exit status: 0 success, 3 wrong output,
4 failure reported by the root task, 5 boot refused, 6 kernel panic, 7 reset (triple fault), 8 time limit, 9 GRUB
failed, 10 QEMU failed, 2 wrong usage. Calls tools/qemu.py; with --debug, gdb as well.
"""
import argparse
import os
import shlex
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import iso  # noqa: E402
import qemu  # noqa: E402

DEMONSTRATION = os.path.join(qemu.TOP, "tools", "demonstration.txt")
COMMANDS = os.path.join(qemu.TOP, "tools", "gdb", "quire.py")
BOOT_SCRIPT = os.path.join("user", "smap", "smap.boot")


def demonstration_lines():
    """The lines the demonstration has to print, in order."""
    with open(DEMONSTRATION, encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file if line.strip() and not line.startswith("#")]


def modules_of(options):
    """Which modules are booted, and whether that is the demonstration as it stands."""
    built = lambda name: os.path.join(options.build, name)  # noqa: E731
    extra = [(path, "") for path in (options.modules or "").split()]
    first = [(options.sigma0 or built("sigma0.elf"), ""), (options.root or built("root.elf"), options.root_args or "")]
    own_script = any(path.endswith(".boot") for path, _ in extra)
    if options.root or own_script:
        return first + extra, False
    return first + [(BOOT_SCRIPT, ""), (built("server.elf"), ""), (built("client.elf"), "")] + extra, True


def parse():
    parser = argparse.ArgumentParser(prog="tools/run.py", description="Boot Quire in QEMU.")
    parser.add_argument("--build", default="build", help="directory of the built files")
    parser.add_argument("--boot", default="iso", choices=("iso", "direct", "efi"), help="way to boot (BOOT=)")
    parser.add_argument("--root", help="another root task (ROOT=)")
    parser.add_argument("--root-args", help="words on the root task's command line (ROOT_ARGS=)")
    parser.add_argument("--sigma0", help="another sigma0 (SIGMA0=)")
    parser.add_argument("--modules", help="further modules, separated by blanks (MODULES=)")
    parser.add_argument("--cmdline", default="", help="words on the kernel's command line (CMDLINE=)")
    parser.add_argument("--mem", default="128", help="memory in MiB, or with G (MEM=)")
    parser.add_argument("--cpu", default="max", help="QEMU's CPU model (CPU=)")
    parser.add_argument("--timeout", type=float, default=60, help="time limit in seconds, 0 = none (TIMEOUT=)")
    parser.add_argument("--qemu-args", default="", help="further options of QEMU (QEMU_ARGS=)")
    parser.add_argument("--debug", action="store_true", help="start halted, attach gdb")
    # From the environment, as make passes it: quotation marks in it survive.
    parser.add_argument("--gdb-args", default=os.environ.get("GDB_ARGS", ""), help="further options of gdb (GDB_ARGS=)")
    parser.add_argument("--kernel", help="another kernel than the build directory's")
    parser.add_argument("--trace", help="file for what the kernel writes to the second serial port (TRACE=1)")
    parser.add_argument("--iso-only", action="store_true", help="make the ISO image and stop")
    return parser.parse_args()


def debug(machine, options):
    """QEMU halted at its first instruction, and gdb on it. The console goes to a file."""
    socket = os.path.join(options.build, "gdb.socket")
    serial = os.path.join(options.build, "serial.log")
    args = qemu.command(machine)
    args[args.index("-serial") + 1] = "file:" + serial
    args += ["-S", "-chardev", f"socket,id=gdb,path={socket},server=on,wait=off", "-gdb", "chardev:gdb"]
    # A session of its own: Ctrl-C is for gdb, not for QEMU.
    emulator = subprocess.Popen(args, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        while not os.path.exists(socket) and emulator.poll() is None:
            time.sleep(0.05)
        gdb = ["gdb", "-q", machine.kernel]
        for path, _ in machine.modules[:2]:
            gdb += ["-ex", f"add-symbol-file {path}"]
        gdb += ["-ex", "set confirm off", "-ex", f"source {COMMANDS}", "-ex", f"target remote {socket}"]
        print(f"run: serial console in {serial}; in gdb: break kernel_main, continue, help quire", flush=True)
        return subprocess.run(gdb + shlex.split(options.gdb_args), check=False).returncode
    finally:
        emulator.terminate()
        emulator.wait()
        if os.path.exists(socket):
            os.unlink(socket)


def main():
    options = parse()
    modules, demonstration = modules_of(options)
    args = shlex.split(options.qemu_args) + (["-serial", "file:" + options.trace] if options.trace else [])
    machine = qemu.Machine(options.kernel or os.path.join(options.build, "kernel.elf"), modules, options.boot,
                           options.mem, options.cpu, options.cmdline, options.timeout, args, options.build)
    if options.iso_only:
        image = os.path.join(options.build, "quire.iso")
        iso.make(image, machine.kernel, modules, options.cmdline)
        print(f"run: wrote {image}")
        return 0
    if options.debug:
        return debug(machine, options)

    print(f"run: booting {machine.kernel} (BOOT={machine.boot} MEM={machine.mem} CPU={machine.cpu})", flush=True)
    result = qemu.run(machine, echo=sys.stdout.buffer, stdin=None)
    if result.log and not result.log.endswith("\n"):
        print()
    with open(os.path.join(options.build, "serial.log"), "w", encoding="utf-8") as file:
        file.write(result.log)
    if result.outcome == "success" and demonstration:
        missing = qemu.first_missing(result.log, demonstration_lines())
        if missing is not None:
            result.outcome = "wrong-output"
            result.why = f"the guest reported success, but this line is missing or out of order: {missing}"
    verdict = "success" if result.outcome == "success" else f"FAILED ({result.outcome})"
    what = "the demonstration printed every line in order" if verdict == "success" and demonstration else result.why
    print(f"run: {verdict}: {what} [{result.seconds:.1f} s]")
    return qemu.EXIT_STATUS[result.outcome]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (qemu.UsageError, iso.IsoError) as problem:
        print(f"run: error: {problem}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
