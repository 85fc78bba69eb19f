# SPDX-License-Identifier: MIT
"""The kernel's trace (docs/trace.md): every line follows the grammar, and the events add up to what the kernel has.

A kernel built with TRACE=1 runs the demonstration and some scenarios of the playground. Nothing of the trace may show
on the console, nor be in a kernel built without it. traced() is for other tests that need a trace.
"""
import collections
import glob
import os
import re
import shlex
import sys
import threading

import play
import qemu
from harness import TOP, Failed, job, output_of, tail

sys.path.insert(0, os.path.join(TOP, "tools", "trace"))
import compare  # noqa: E402
import reader  # noqa: E402

SCENARIOS = ("depth", "grant", "local_id", "memory_rights", "mismatch", "no_buffer", "object_rights", "overmap",
             "ports", "quota", "small_orders", "superpage_unmap", "own_task", "upgrade", "utcb", "void_item")
# What these scenarios make the kernel say: reasons of items and steps, with the rule that decided.
REASONS = """beyond-space:F-4 depth:M-8 dying:M-82 ku-mem:M-22 no-buffer:F-11 no-memory:M-29 no-rights:F-6
    no-rights:M-12 no-source:M-10 no-source:M-62 not-aligned:F-2 own-gate:F-17 same-task:F-16 type-mismatch:F-12
    void:F-14""".split()
STEPS = {("replace", "M-20"), ("replace", "M-63"), ("upgrade", "M-19"), ("grant", None), ("map", None)}
LOCKS = collections.defaultdict(threading.Lock)  # name: one boot of it at a time
DONE = {}  # name: result and path of a boot that was traced already
DEMONSTRATION_EVENTS = """boot bind exception fault fault-end gate-bind ipc-begin ipc-block ipc-done ipc-transfer
    item-begin item-end item-range item-return node-add node-del node-move node-roots obj-del obj-kill obj-new
    port pte quota slot start step switch syscall syscall-end table tlb tlb-all unmap-begin unmap-end console dump-begin
    dump-end dump-node dump-obj dump-port dump-pte dump-quota dump-slot""".split()


def traced(context, name, modules, **options):
    """Boots the kernel that traces. Returns (qemu.Result, path of the trace); once for each name."""
    with LOCKS[name]:
        if name not in DONE:
            path = os.path.join(context.scratch(name), "trace.txt")
            result = context.boot(name, modules, kernel=os.path.join(context.trace_build, "kernel.elf"), timeout=240,
                                  qemu_args=["-serial", "file:" + path], **options)
            DONE[name] = result, path
        return DONE[name]


def traced_demonstration(context):
    return traced(context, "trace-demonstration", context.demonstration())


def traced_scenarios(context):
    """Those of SCENARIOS, run by the playground."""
    scripts = [os.path.join(play.SCENARIOS, name + ".play") for name in SCENARIOS]
    options = play.parse(["--build", context.build])
    modules = play.machine(options, scripts, "batch quick").modules
    return scripts, *traced(context, "trace-scenarios", modules)


def check_sum(path, result):
    """The trace is whole and its events add up; returns how often each event stands in it."""
    try:
        found, counts = compare.differences(path)
    except reader.TraceError as wrong:
        raise Failed(f"{path}: {wrong}" + tail(result.log))
    if found:
        raise Failed(f"{len(found)} differences between the events and the kernel's state"
                     + "".join("\n      | " + line for line in found[:10]))
    return counts


def documented():
    """{event: (keys that are always there, all keys)} as the tables of docs/trace.md say."""
    with open(os.path.join(TOP, "docs", "trace.md"), encoding="utf-8") as file:
        rows = re.findall(r"^\| `([a-z-]+)` \| (?:`([^`]*)`)? ?\|", file.read(), re.MULTILINE)
    found = {}
    for name, keys in rows:
        optional = " ".join(re.findall(r"\[([^]]*)\]", keys)).split()
        always = re.sub(r"\[[^]]*\]", "", keys).split()
        found[name] = set(always) | {"at"}, set(always) | set(optional) | {"at"}
    return found


@job("trace of the demonstration: the events add up to the kernel's state, the console stays free")
def demonstration(context):
    result, path = traced_demonstration(context)
    with open(os.path.join(TOP, "tools", "demonstration.txt"), encoding="utf-8") as file:
        wanted = [line.rstrip("\n") for line in file if line.strip() and not line.startswith("#")]
    missing = qemu.first_missing(result.log, wanted)
    if result.outcome != "success" or missing is not None:
        raise Failed(f"{result.why}; missing line: {missing}" + tail(result.log))
    if " at=kernel/" in result.log:
        raise Failed("events stand on the console" + tail(result.log))
    counts = check_sum(path, result)
    absent = [name for name in DEMONSTRATION_EVENTS if name not in counts]
    if absent:
        raise Failed("events that the demonstration must cause are not there: " + " ".join(absent))


@job("trace of the demonstration: events and keys are those of docs/trace.md, the places are in the source")
def grammar(context):
    _, path = traced_demonstration(context)
    known, wrong = documented(), set()
    for event in list(reader.events(path)) + list(reader.events(traced_scenarios(context)[2])):
        always, all_keys = known.get(event.name, (set(), set()))
        wrong |= {f"{event.name}: no key {key}" for key in always - set(event.texts)}
        wrong |= {f"{event.name}: {key} is not documented" for key in set(event.texts) - all_keys}
        name, _, line = event.texts.get("at", ":").partition(":")
        place = re.fullmatch(r"(kernel|arch/\w+)/\w+\.[ch]", name) and line.isdigit()
        if list(event.texts)[-1] != "at" or not place:
            wrong.add(f"{event.name}: at={event.texts.get('at')} is no place")
    if wrong:
        raise Failed("".join("\n      | " + line for line in sorted(wrong)[:12]))


@job("trace of the demonstration: the example in docs/trace.md is what the kernel writes")
def example(context):
    """Parts of the example without a gap are so in the trace: events and keys are the same, numbers may differ."""
    _, path = traced_demonstration(context)

    def form(texts):
        return tuple(f"{key}={value}" if key in ("kind", "did", "result", "via", "phase", "type") else key
                     for key, value in texts.items())
    have = [(event.name, form(event.texts)) for event in reader.events(path)]
    with open(os.path.join(TOP, "docs", "trace.md"), encoding="utf-8") as file:
        block = file.read().partition("    quire-trace 1\n")[2].partition("\n\n")[0]
    parts = [[reader.parse(row.strip(), 0) for row in part.splitlines() if row.strip()] for part in block.split("...")]
    for part in parts:
        want = [(event.name, form(event.texts)) for event in part]
        if not any(have[at:at + len(want)] == want for at in range(len(have))):
            raise Failed(f"the trace has no such events as those from number {part[0].seq} of the example")
    if len(parts) < 3 or sum(map(len, parts)) < 20:
        raise Failed("docs/trace.md has no example")


@job("trace of scenarios: the events add up, every reason and rule is told")
def scenarios(context):
    scripts, result, path = traced_scenarios(context)
    texts = play.printed(result.log)
    for script in scripts:  # what was used ("answer") depends on when the playground tries pages
        want, got = ([line for line in lines if not line.startswith("  answer ")] for lines in
                     (play.expected(script), texts.get(os.path.basename(script), [])))
        problem = play.first_difference(want, got)
        if problem:
            raise Failed(f"{os.path.basename(script)}: {problem}" + tail(result.log))
    check_sum(path, result)
    events = list(reader.events(path))
    steps = {(event.texts["did"], event.get("rule")) for event in events if event.name == "step"}
    said = {f"{event.get('why')}:{event.get('rule')}" for event in events if event.name in ("step", "item-end")}
    missing = sorted(STEPS - steps) + [reason for reason in REASONS if reason not in said]
    if missing:
        raise Failed(f"{path} does not say: {missing}")


@job("trace of random system calls of many threads: the events add up")
def random_calls(context):
    """The fuzzer of tests/qemu/fuzz.py, a few calls for each thread: operations that end in all kinds of ways."""
    modules = [(context.built("sigma0.elf"), ""), (context.built("fuzz_calls.elf"), "calls=60 seed=3")]
    result, path = traced(context, "trace-fuzz", modules)
    if result.outcome != "success" or "fuzz_calls: ok" not in result.log:
        raise Failed(result.why + tail(result.log))
    if sum(check_sum(path, result).values()) < 10000:
        raise Failed(f"{path} is too short")


def without(rows, number):
    """The trace without one event, the numbers of those behind it made whole again."""
    head, body = rows[0], rows[1:number] + rows[number + 1:]
    return [head] + [f"{seq} " + row.split(" ", 1)[1] for seq, row in enumerate(body, 1)]


@job("trace: an event that is left out is noticed")
def lost_events(context):
    result, path = traced_demonstration(context)
    check_sum(path, result)
    with open(path, encoding="ascii") as file:
        rows = file.readlines()
    changed = os.path.join(context.scratch("trace-demonstration"), "changed.txt")
    for name in ("pte", "node-add", "node-del", "node-move", "slot", "port", "quota", "obj-new", "obj-del",
                 "node-roots", "dump-node", "dump-pte", "dump-slot", "dump-port"):
        places = [number for number, row in enumerate(rows) if row.split(" ")[3:4] == [name]]
        for number in {places[0], places[len(places) // 2], places[-1]}:
            with open(changed, "w", encoding="ascii") as file:
                file.writelines(without(rows, number))
            try:
                found = compare.differences(changed)[0]
            except reader.TraceError:
                found = [True]
            if not found:
                raise Failed(f"nobody misses this event: {rows[number]}")
    with open(changed, "w", encoding="ascii") as file:
        file.writelines(rows[:100] + rows[101:])
    try:
        compare.differences(changed)
    except reader.TraceError as wrong:
        if "missing" in str(wrong):
            return
    raise Failed("a gap in the numbers was not noticed")


def without_hooks(text):
    """A source text without its TRACE() hooks, all else in its line."""
    parts, end = [], 0
    for hook in re.finditer(r"\bTRACE\(", text):
        depth, at = 1, hook.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
        at += text[at] in ";,"
        parts += [text[end:hook.start()], "\n" * text.count("\n", hook.start(), at)]
        end = at
    return "".join(parts) + text[end:]


@job("trace: the hooks leave nothing in the code of a kernel built without")
def no_code(context):
    """Each file that has hooks is compiled without them, too: the instructions are the same, byte by byte."""
    scratch, hooks = os.path.join(context.scratch("trace-hooks")), []
    for name in sorted(glob.glob("kernel/*.[ch]") + glob.glob("arch/*/*.[ch]")):
        with open(name, encoding="utf-8") as file:
            text = file.read()
        os.makedirs(os.path.join(scratch, os.path.dirname(name)), exist_ok=True)
        own = not name.startswith("kernel/trace")
        with open(os.path.join(scratch, name), "w", encoding="utf-8") as file:
            file.write(without_hooks(text) if own else text)
        hooks += [name] if own and name.endswith(".c") and "TRACE(" in text else []
    command = output_of(["make", "-s", "print-compile-kernel"], cwd=TOP)[1].replace("-Iinclude", f"-I{TOP}/include")
    differ = []
    for name in hooks:
        status, text = output_of([*shlex.split(command), "-c", "-o", "one.o", name], cwd=scratch)
        if status:
            raise Failed(f"{name} without its hooks cannot be compiled" + tail(text))
        for source, code in ((os.path.join(scratch, "one.o"), "new.bin"),
                             (os.path.join(TOP, context.built(f"obj/{name}.o")), "old.bin")):
            output_of(["objcopy", "-O", "binary", "--only-section=.text", source, os.path.join(scratch, code)])
        with open(os.path.join(scratch, "new.bin"), "rb") as new, open(os.path.join(scratch, "old.bin"), "rb") as old:
            differ += [name] if (code := new.read()) != old.read() or not code else []
    if differ or len(hooks) < 15:
        raise Failed(f"{len(hooks)} files with hooks; other code without them: {' '.join(differ)}")


@job("trace: nothing of it is in a kernel built without")
def no_cost(context):
    for directory, there in ((context.build, False), (context.trace_build, True)):
        kernel = os.path.join(directory, "kernel.elf")
        status, symbols = output_of(["nm", kernel], cwd=TOP)
        with open(kernel, "rb") as file:
            text = b"item-begin" in file.read()
        names = len(re.findall(r"\btrace_\w+$", symbols, re.MULTILINE))
        if status or (names > 0) != there or text != there:
            raise Failed(f"{kernel}: {names} functions of the trace, its texts are {'' if text else 'not '}there")
