#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Converts the kernel's trace (docs/trace.md) to formats that other tools read (docs/trace-formats.md).

Called by hand and by tests/qemu/trace_formats.py; calls the module of each format. Ends with status 0, with 1 if the
trace is broken or cannot be read or the output cannot be written, with 2 if the command line is wrong. A broken trace
leaves no output.
"""
import argparse
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import ctf  # noqa: E402
import dot  # noqa: E402
import l4re_dump  # noqa: E402
import perfetto  # noqa: E402
import reader  # noqa: E402
import state  # noqa: E402

EXAMPLES = """examples:
  convert.py build/trace.txt --to perfetto           writes build/trace.pftrace
  convert.py build/trace.txt --to ctf -o build/ctf   then: babeltrace2 build/ctf
  convert.py build/trace.txt --to dot --at 813 --frame 0x2406000 | dot -Tsvg >tree.svg
  convert.py build/trace.txt --to dot --object 12    the slots that hold object 12, at the trace's end
  convert.py build/trace.txt --to l4re-dump --tag after
"""


def number(text):
    """A number from the command line, decimal or with 0x, not negative."""
    value = int(text, 0)
    if value < 0:
        raise ValueError
    return value


def tag(text):
    if not re.fullmatch(r"[A-Za-z0-9]{1,20}", text):
        raise argparse.ArgumentTypeError("a tag is 1 to 20 letters and digits")
    return text


def arguments(argv):
    parser = argparse.ArgumentParser(prog="convert.py", description="Converts the kernel's trace to other formats.",
                                     epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trace", help="the trace, e.g. build/trace.txt")
    parser.add_argument("--to", required=True, choices=("perfetto", "ctf", "dot", "l4re-dump"), help="the format")
    parser.add_argument("-o", "--output", help="file (ctf: directory) to write; else beside the trace: .pftrace, .ctf; "
                        "dot and l4re-dump: standard output")
    parser.add_argument("--at", type=number, metavar="SEQ",
                        help="dot, l4re-dump: the state behind this event (the last)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--frame", type=number, metavar="ADDRESS", help="dot: the mapping tree of this physical address")
    what.add_argument("--port", type=number, metavar="PORT", help="dot: the mapping tree of this I/O port")
    what.add_argument("--object", type=number, metavar="ID", help="dot: the object and the slots that hold it")
    parser.add_argument("--tag", type=tag, default="quire", help="l4re-dump: the dump's tag (quire)")
    options = parser.parse_args(argv)
    asked = [name for name in ("frame", "port", "object") if getattr(options, name) is not None]
    if asked and options.to != "dot":
        parser.error(f"--{asked[0]} is for --to dot")
    if options.at is not None and options.to not in ("dot", "l4re-dump"):
        parser.error("--at is for --to dot and --to l4re-dump: the other formats have the whole trace")
    return options


def drawing(options, now):
    if options.frame is not None:
        return dot.frame(now, options.frame)
    if options.port is not None:
        return dot.port(now, options.port)
    if options.object is not None:
        return dot.thing(now, options.object)
    return dot.system(now)


def write_text(options):
    now = state.at(options.trace, options.at)
    text = drawing(options, now) if options.to == "dot" else l4re_dump.dump(now, options.tag)
    if options.output:
        with open(options.output, "w", encoding="ascii", newline="\n") as file:
            file.write(text)
    else:
        sys.stdout.write(text)
        sys.stdout.flush()


def write_perfetto(options):
    """Written under another name first, so that a broken trace leaves no half file."""
    output = options.output or os.path.splitext(options.trace)[0] + ".pftrace"
    part = output + ".part"
    try:
        with open(part, "wb") as file:
            perfetto.convert(options.trace, file)
        os.replace(part, output)
    finally:
        if os.path.exists(part):
            os.remove(part)
    return output


def main(argv):
    options = arguments(argv)
    try:
        if options.to == "perfetto":
            print("wrote " + write_perfetto(options))
        elif options.to == "ctf":
            output = options.output or os.path.splitext(options.trace)[0] + ".ctf"
            ctf.convert(options.trace, output)
            print("wrote " + output)
        else:
            write_text(options)
    except reader.TraceError as wrong:
        print(f"convert: {options.trace}:{wrong.line}: {wrong.what}", file=sys.stderr)
        return 1
    except state.Impossible as wrong:
        print(f"convert: {options.trace}: {wrong}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read the output has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as wrong:
        print(f"convert: {wrong.filename or options.trace}: {wrong.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
