# SPDX-License-Identifier: MIT
"""The playground: its scenarios print what is stored beside them, and its line editor does what the keys say.

All scenarios run in one boot, on the release and on the debug kernel. The editor is driven through a pseudo terminal,
as `make play` is by a person; a small terminal emulator here says what stands on the screen.
"""
import os
import pty
import re
import select
import signal
import subprocess
import threading
import time

import play
import qemu
from harness import JOBS, Failed, Job, job, tail

LOCK = threading.Lock()
RESULTS = {}  # kernel: (what each script printed, result of the boot)


def boot(context, kernel, words="batch"):
    """Boots all scenarios once for each kernel; later calls get the same result."""
    with LOCK:
        if kernel not in RESULTS:
            options = play.parse(["--build", context.build])
            machine = play.machine(options, play.scripts(), words, kernel=kernel, timeout=120,
                                   work=context.scratch("play"))
            result = qemu.run(machine)
            RESULTS[kernel] = play.printed(result.log), result
        return RESULTS[kernel]


def complaint(script, printed, result, leave_out="\0"):
    """What is wrong with this scenario's text, or None; leave_out: beginning of lines that do not count."""
    if os.path.basename(script) not in printed:
        return f"did not run: {result.why}" + tail(result.log)
    want, got = play.expected(script), printed[os.path.basename(script)]
    return play.first_difference([line for line in want if not line.startswith(leave_out)],
                                 [line for line in got if not line.startswith(leave_out)])


def scenario(script):
    def run(context):
        problem = complaint(script, *boot(context, context.built("kernel.elf")))
        if problem:
            raise Failed(f"{os.path.basename(script)}: {problem}")
    name = os.path.splitext(os.path.basename(script))[0]
    return Job(f"{play.title(script)} (scenario {name})", run)


JOBS.extend(scenario(script) for script in play.scripts())


@job("playground: all scenarios on the debug kernel")
def debug_kernel(context):
    """The same text, and the kernel checks its invariants on the way; so pages are tried at the end only.

    That changes which pages have been read and written, as unmap's answers say.
    """
    printed, result = boot(context, os.path.join(context.debug_build, "kernel.elf"), "batch quick")
    problems = [f"\n      | {os.path.basename(script)}: {problem}" for script in play.scripts()
                if (problem := complaint(script, printed, result, "  answer "))]
    if problems or result.outcome != "success":
        raise Failed(f"ended with '{result.outcome}'" + "".join(problems[:10]))


@job("playground: form of the scripts")
def form(_):
    """Enough of them, each with licence, heading, a rule's number, and lines that fit."""
    problems = []
    rules = 0
    for script in play.scripts():
        with open(script, encoding="utf-8") as file:
            lines = file.read().splitlines()
        if lines[0] != play.LICENCE or not lines[1].startswith("# "):
            problems.append(f"{script}: no licence or no heading")
        rules += bool(re.search(r"\b[A-Z]+-\d+\b.*:", lines[1]))
        problems += [f"{script}: {line}" for line in lines if len(line) > play.MAX_LINE]
        if not os.path.exists(play.expected_file(script)):
            problems.append(f"{script}: no expected text")
    if problems or len(play.scripts()) < 25 or rules < len(play.scripts()) - 1:
        raise Failed("".join("\n      | " + problem for problem in problems) or "too few scenarios, or without rules")


@job("playground: the sample in its document is what it prints")
def document(_):
    """The first block of docs/playground.md and the scenario first_steps."""
    with open(os.path.join("docs", "playground.md"), encoding="utf-8") as file:
        block = re.search(r"((?:^    .*\n)+)", file.read(), re.MULTILINE)[1]
    sample = [line[4:].replace("play> ", "> ") for line in block.splitlines()]
    lines = play.expected(os.path.join(play.SCENARIOS, "first_steps.play"))
    wrong = play.first_difference(sample, [line for line in lines if line[:1] in "> "][:len(sample)])
    if wrong or len(sample) < 10:
        raise Failed(f"docs/playground.md: {wrong}")


# ---- the line editor ----

PROMPT = "play> "
UP, DOWN, RIGHT, LEFT = b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D"
HOME, END, DELETE, TAB, BACK = b"\x1b[H", b"\x1b[F", b"\x1b[3~", b"\t", b"\x7f"


def ctrl(letter):
    return bytes([ord(letter) & 0x1f])


class Screen:
    """As much of a terminal as the editor uses: lines, a cursor, erasing to the end of the line, the bell."""

    def __init__(self):
        self.lines, self.column, self.bells, self.rest = [""], 0, 0, ""

    def feed(self, data):
        text = self.rest + data.decode(errors="replace")
        self.rest = ""
        while text:
            escape = re.match(r"\x1b\[(\d*)([A-Za-z])", text)
            if escape:
                self.escape(int(escape[1] or 1), escape[2])
                text = text[escape.end():]
            elif text[0] == "\x1b" and len(text) < 8:
                self.rest = text
                return
            else:
                self.character(text[0])
                text = text[1:]

    def escape(self, number, letter):
        if letter == "K":
            self.lines[-1] = self.lines[-1][:self.column]
        elif letter == "D":
            self.column -= number

    def character(self, c):
        if c == "\n":
            self.lines.append("")
            self.column = 0
        elif c == "\r":
            self.column = 0
        elif c == "\a":
            self.bells += 1
        elif c >= " ":
            line = self.lines[-1].ljust(self.column)
            self.lines[-1] = line[:self.column] + c + line[self.column + 1:]
            self.column += 1


class Session:
    """The playground at a pseudo terminal."""

    def __init__(self, context, *options):
        self.screen = Screen()
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(["python3", "tools/play.py", "--build", context.build, *options], stdin=slave,
                                        stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)

    def wait(self, done, what):
        """Reads until done(screen) holds."""
        deadline = time.monotonic() + 60
        while not done(self.screen):
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([self.master], [], [], left)[0]
            try:
                data = os.read(self.master, 4096) if ready else b""
            except OSError:
                data = b""
            if not data:
                raise Failed(f"{what} did not come" + tail("\n".join(self.screen.lines)))
            self.screen.feed(data)

    def keys(self, keys, line, column=None):
        """Types; the input line has to be this, the cursor behind `column` characters of it (None: its end)."""
        os.write(self.master, keys)
        column = len(PROMPT) + (len(line) if column is None else column)
        self.wait(lambda screen: screen.lines[-1] == PROMPT + line and screen.column == column,
                  f"input line '{line}' with the cursor in column {column}")

    def enter(self, *wanted):
        """Ends the line; these texts have to come, in this order, and then the prompt."""
        start = len(self.screen.lines)
        os.write(self.master, b"\r")
        self.wait(lambda screen: len(screen.lines) > start and screen.lines[-1] == PROMPT, f"prompt after {wanted}")
        text = "\n".join(self.screen.lines[start:])
        at = 0
        for part in wanted:
            found = text.find(part, at)
            if found < 0:
                raise Failed(f"'{part}' was not printed" + tail(text))
            at = found + len(part)

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()
        os.close(self.master)


def editing(session):
    """Keys that move and delete."""
    session.keys(b"tsk a" + LEFT * 4 + b"a", "task a", 2)
    session.enter("task a: slot 0x1000")
    session.keys(b"how" + HOME + b"s" + END, "show")
    session.enter("task root", "task a")
    session.keys(b"xshow" + ctrl("a") + DELETE, "show", 0)
    session.keys(ctrl("e") + b" it", "show it")
    session.keys(ctrl("w"), "show ")
    session.keys(ctrl("u"), "")
    session.keys(b"caps of all" + ctrl("a") + RIGHT * 4, "caps of all", 4)
    session.keys(ctrl("k"), "caps")
    session.keys(LEFT + BACK, "cas", 2)
    session.keys(b"p" + ctrl("b") + ctrl("f") + ctrl("d"), "cap")
    session.keys(b"s", "caps")
    session.enter("root    slot 0x1000  rwsd  a")
    # An escape sequence in pieces, one that means nothing, and keys at the ends of the line.
    for byte in b"ab\x1b[D":
        os.write(session.master, bytes([byte]))
        time.sleep(0.02)
    session.keys(b"\x1b[5~" + LEFT * 3 + BACK, "ab", 0)
    session.keys(RIGHT * 4 + DELETE + b"\x1b[1~\x1b[4~\x1bOH\x1bOF", "ab")
    session.keys(ctrl("u"), "")


def history(session):
    session.keys(UP, "caps")
    session.keys(UP + UP, "task a")
    session.keys(BACK + b"b", "task b")
    session.enter("task b: slot 0x1001")
    session.keys(UP + ctrl("p"), "caps")
    session.keys(DOWN + ctrl("n"), "")
    bells = session.screen.bells
    session.keys(DOWN + UP * 9 + b"!", "task a!")  # the oldest one stays
    session.wait(lambda screen: screen.bells == bells + 6, "a bell for each step beyond the history's ends")
    session.keys(ctrl("u"), "")


def completion(session):
    session.keys(b"ta" + TAB, "task ")
    session.keys(b"gate2", "task gate2")
    session.enter("task gate2: slot 0x1002")
    session.keys(b"de" + TAB, "de")
    os.write(session.master, TAB)
    session.wait(lambda screen: "delete  decode" in screen.lines[-2] and screen.lines[-1] == PROMPT + "de",
                 "list of what can be completed")
    session.keys(b"l" + TAB + b"gat" + TAB, "delete gate2")
    session.enter("task gate2 is destroyed")
    session.keys(b"map root P0@0x1000000,comp" + TAB, "map root P0@0x1000000,compound")
    session.keys(ctrl("u"), "")
    session.keys(b"help whe" + TAB + BACK * 2, "help w")
    session.keys(TAB, "help w")
    session.keys(b"in" + TAB, "help window ")
    session.enter("window TASK", "example: window b")
    session.keys(b"repeat 2 sho" + TAB, "repeat 2 show ")
    session.enter("2 rounds done")


def commands(session):
    session.keys(b"map root P3/4K/r@0x1000000 a", "map root P3/4K/r@0x1000000 a")
    session.enter("item 0x1000008: map", "+ a 0x1000000", "r--  P3  from root 0x10003000")
    session.keys(b"write a 0x1000000 1", "write a 0x1000000 1")
    session.enter("page fault: write at 0x1000000, the page does not allow it")
    session.keys(b"mup", "mup")
    session.enter("error: 'mup': no such command", "hint:  is it `map`?")
    bells = session.screen.bells
    session.keys(b"y" * 120, "y" * play.MAX_LINE)
    session.wait(lambda screen: screen.bells == bells + 120 - play.MAX_LINE,
                 "a bell for each character that the line cannot hold")
    session.enter("no such command")
    session.keys(b"check", "check")
    session.enter("all as expected")


@job("playground: keys, history and completion at a terminal")
def terminal(context):
    session = Session(context)
    try:
        session.wait(lambda screen: screen.lines[-1] == PROMPT, "the prompt")
        editing(session)
        history(session)
        completion(session)
        commands(session)
        os.write(session.master, b"quit\r")
        session.wait(lambda screen: any("kernel and model agreed" in line for line in screen.lines), "the end")
        if session.process.wait(20):
            raise Failed("exit status is not 0")
        long = [line for line in session.screen.lines if len(line) > len(PROMPT) + play.MAX_LINE]
        if long:
            raise Failed(f"lines of more than {len(PROMPT) + play.MAX_LINE} columns: {long[:3]}")
    finally:
        session.close()


def through_grub(boot):
    """GRUB's menu is on the same serial line before; the scripts are modules that GRUB loads."""
    def run(context):
        script = os.path.join(play.SCENARIOS, "first_steps.play")
        session = Session(context, "--boot", boot, script)
        try:
            session.wait(lambda screen: screen.lines[-1] == PROMPT, "the prompt")
            got = play.printed("\n".join(session.screen.lines)).get("first_steps.play", [])
            wrong = play.first_difference(play.expected(script), [line.rstrip() for line in got])
            if wrong:
                raise Failed(f"first_steps.play: {wrong}" + tail("\n".join(session.screen.lines)))
            session.keys(b"tsk late" + LEFT * 7 + b"a", "task late", 2)
            session.enter("task late: slot")
            os.write(session.master, b"quit\r")
            session.wait(lambda screen: any("kernel and model agreed" in line for line in screen.lines), "the end")
            if session.process.wait(20):
                raise Failed("exit status is not 0")
        finally:
            session.close()
    return Job(f"playground: script and keys through GRUB (BOOT={boot})", run)


JOBS.extend(through_grub(boot) for boot in ("iso", "efi"))
