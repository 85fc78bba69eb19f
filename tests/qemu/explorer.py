# SPDX-License-Identifier: MIT
"""The explorer's page is right: as a file, in its states, its arithmetic and its words.

What the page's scripts make of a trace is compared with tools/trace/state.py, which shares no code with them, with the
kernel's own results in the trace, and with calculations here. explorer_use.py tests how it looks and is used.
"""
import json
import os
import random
import re
import sys

from harness import TOP, Failed, job

sys.path.insert(0, os.path.join(TOP, "tests", "browser"))
from explorer_page import SCENARIOS, Shown, expect, recorded  # noqa: E402
import explore  # noqa: E402
import page  # noqa: E402
import play  # noqa: E402
import reader  # noqa: E402
import state  # noqa: E402

# ---- the page as a file ----

@job("explorer: one file that needs nothing else")
def alone(context):
    """No address of another place in it, no file named; and every rule that may be shown has its text."""
    made = recorded(context)
    with open(made["page"], encoding="utf-8") as file:
        text = file.read()
    outside = text[:text.index('id="data"')] + text[text.index("</script>"):]
    for pattern in (r"https?://(?!www\.w3\.org/2000/svg)", r"<link(?! rel=\"icon\" href=\"data:,\")", r"\bsrc=",
                    r"@import", r"url\((?!#)", r"\bimport\(", r"\bfetch\(", r"XMLHttpRequest",
                    r"%(TITLE|STYLE|SCRIPT|DATA)%"):
        if found := re.search(pattern, outside):
            raise Failed(f"in the page stands '{outside[found.start():found.start() + 60]}'")
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])
    expect(len(data["trace"].split("\n")), len(made["events"]), "events in the page")
    named = {event.texts["rule"] for event in made["events"] if "rule" in event}
    for directory in ("kernel", "arch/x86_64", "tools/explore/js"):
        for name in sorted(os.listdir(os.path.join(TOP, directory))):
            if name.endswith((".c", ".h", ".js")):
                pattern = r'"([A-Z]+-\d+)"' if name.endswith(".js") else r"rule=([A-Z]+-\d+)"
                named |= set(re.findall(pattern, page.text_of(TOP, directory, name)))
    if missing := named - set(page.rules()):
        raise Failed(f"tools/explore/rules.txt has no text for {sorted(missing)}")
    for name, lines in data["sources"].items():
        expect(lines, page.text_of(TOP, name).splitlines(), f"source {name}")
    for event in made["events"]:
        file, line = event.texts["at"].split(":")
        if not 1 <= int(line) <= len(data["sources"].get(file, ())):
            raise Failed(f"event {event.seq}: {event.texts['at']} is not in the page")


@job("explorer: lines of the script stand where they were carried out")
def script_lines(context):
    """Every command has its mark, and the changes that the playground printed for it lie behind that mark."""
    made = recorded(context)
    marks = explore.chapters(made["trace"])
    wanted = [line[2:] for line in made["console"].splitlines() if line.startswith("> ")]
    expect([mark["text"] for mark in marks if not mark["text"].startswith(("=", "("))], wanted, "commands")
    ends = [mark["seq"] for mark in marks[1:]] + [len(made["events"]) + 1]
    names = {}
    checked = 0
    for mark, end in zip(marks, ends):
        inside = [event for event in made["events"] if mark["seq"] <= event.seq < end]
        if mark["text"].startswith("task "):
            names[mark["text"].split()[1]] = [e["id"] for e in inside if e.name == "obj-new" and e["type"] == "task"]
        printed = "\n".join(mark.get("output", []))
        for sign, name, place in re.findall(r"^  ([+-]) (\w) (0x[0-9a-f]+) +4K", printed, re.MULTILINE):
            checked += 1
            if not any(e.name == "pte" and [e["space"]] == names[name] and e["va"] == int(place, 16) and
                       bool(e["new"]) == (sign == "+") for e in inside):
                raise Failed(f"'{mark['text']}' prints {sign} {name} {place}, its events do not have it")
    if checked < 6:
        raise Failed(f"only {checked} changes of pages were compared")


@job("explorer: the rule that a scenario is about is named at its steps")
def rules(context):
    """The first rule of each heading. Those of overmap and self_map differ only in what the target is to the source:
    neither may be named in the scenario of the other."""
    with Shown(context) as shown:
        named, scenario = {}, None
        for text, found in shown.run("""explorer.chapters.map((c) => [c.text, [...new Set(explorer.events.filter((e) =>
                explorer.ops[e.op].chapter === c.number && e.rule).map((e) => e.rule))]])"""):
            scenario = text[4:-5] if text.startswith("=== ") else scenario
            named.setdefault(scenario, set()).update([] if text.startswith("(") else found)
        heading = {name: re.match(r"[A-Z]+-\d+", play.title(explore.script_of(name)))[0] for name in SCENARIOS}
        for name, rule in heading.items():
            if rule not in named[name]:
                raise Failed(f"{name} is about {rule}, its steps name {sorted(named[name])}")
        expect([heading["overmap"] in named["self_map"], heading["self_map"] in named["overmap"]], [False, False],
               "rules of overmap and self_map in each other's scenario")


@job("explorer: broken traces are refused with a reason")
def refused(context):
    made = recorded(context)
    path = os.path.join(context.scratch("explorer-refused"), "broken.trace")
    with open(made["trace"], encoding="ascii") as file:
        lines = file.read().splitlines(True)[:50]
    for change, reason in ((lambda l: l[1:], "a trace begins with"), (lambda l: l[:10] + l[11:], "lines are missing"),
                           (lambda l: l[:20] + ["x y z\n"] + l[20:], "line 21"), (lambda l: l[:1], "no event")):
        with open(path, "w", encoding="ascii") as file:
            file.write("".join(change(lines)))
        try:
            page.lines_of(path)
        except (page.PageError, reader.TraceError) as problem:
            if reason not in str(problem):
                raise Failed(f"the reason is '{problem}', expected '{reason}'") from None
        else:
            raise Failed(f"a trace was taken that should be refused with '{reason}'")


# ---- states ----

def state_text(now):
    """The state as the page's State.text() writes it."""
    lines = [f"node {n.addr:#x} {n.parent:#x} {n.space} {n.kind} {n.va:#x} {n.order}" for n in now.nodes.values()]
    lines += [f"page {space} {va:#x} {order} {entry:#x}" for (space, va), (order, entry) in now.ptes.items()]
    lines += [f"slot {space} {index:#x} {slot.object} {slot.rights:#x}" for (space, index), slot in now.slots.items()]
    lines += [f"object {one.id} {one.type}{' dead' if one.killed else ''}" for one in now.objects.values()]
    lines += [f"quota {factory} {used} {limit}" for factory, (used, limit) in now.quota.items()]
    for space, ports in now.ports.items():
        firsts = sorted(p for p in ports if p - 1 not in ports)
        lasts = sorted(p for p in ports if p + 1 not in ports)
        lines += [f"port {space} {first:#x} {last - first + 1:#x}" for first, last in zip(firsts, lasts)]
    return sorted(lines)


@job("explorer: forward, backward and by jumps the state is the trace's")
def states(context):
    with Shown(context) as shown:
        events = shown.made["events"]
        choice = random.Random(1)
        last = {event.name: number for number, event in enumerate(events, 1)}  # also what is soon undone
        steps = sorted({0, 1, len(events), *last.values(), *choice.sample(range(len(events)), 25)})
        wanted, now = {}, state.State()
        for count in range(len(events) + 1):
            if count:
                now.apply(events[count - 1])
            if count in steps:
                wanted[count] = state_text(now)
        order = steps + steps[::-1] + choice.sample(steps, len(steps))
        for step in order:
            got = shown.run(f"explorer.state.go({step}), explorer.state.text()").split("\n")
            if sorted(line for line in got if line) != wanted[step]:
                differ = sorted(set(got) ^ set(wanted[step]))
                raise Failed(f"step {step}: {differ[:4]}")
            lost = shown.run("""[...explorer.state.table("nodes").values()].filter(
                (n) => [n.va, n.va + 2 ** n.order - 1].some(
                    (at) => explorer.state.nodeAt(n.space, n.kind, at)?.id !== n.id)).map((n) => n.id)""")
            expect(lost, [], f"step {step}: nodes that are not found by their first and last address")
        if not any(line.startswith("port ") for line in wanted[len(events)]) or len(wanted[len(events)]) < 150:
            raise Failed("the last state has too little in it to say something")


# ---- words and arithmetic ----

def window(send, win, spot):
    """Window arithmetic as docs and rules have it: (source, target, length); None: the types differ."""
    kind = send >> 4 & 3

    def parts(word):
        order = word >> 6 & 63
        base = (word & ~0xfff) if word >> 4 & 3 == 1 else word >> 12
        return order, (base >> order << order if order < 63 else 0)
    s, a = parts(send)
    h = spot & ~0xfff if kind == 1 else spot >> 12
    if win & 0xff0 == 0xfc0:
        return a, h >> s << s, 1 << s
    r, b = parts(win)
    if win >> 4 & 3 != kind:
        return None
    if r >= s:
        return a, b + (h % (1 << r) >> s << s), 1 << s
    return a + (h % (1 << s) >> r << r), b, 1 << r


@job("explorer: window arithmetic agrees with the rules and with the kernel")
def arithmetic(context):
    """2,000 random items against a calculation here, and every item of the trace against what the kernel computed."""
    choice = random.Random(2)
    cases, wanted = [], []
    for _ in range(2000):
        kind = choice.choice((1, 3))
        low, high = (12, 30) if kind == 1 else (0, 16)
        send = choice.getrandbits(36) << 12 | choice.randint(low, high) << 6 | kind << 4 | choice.getrandbits(4)
        win = choice.getrandbits(36) << 12 | choice.randint(low, high) << 6 | choice.choice((1, 3, kind, kind)) << 4
        win = choice.choice((0xfc0, win, win))
        spot = choice.getrandbits(48) & ~0xfff | 8
        cases.append([hex(spot), hex(send), hex(win)])
        result = window(send, win, spot)
        wanted.append([hex(one) for one in result] if result else None)
    script = """(cases) => cases.map(([spot, send, win]) => {
      const m = arithmetic(BigInt(spot), BigInt(send), BigInt(win));
      return m.ok ? [hex(m.src), hex(m.dst), hex(m.len)] : null; })"""
    with Shown(context) as shown:
        for case, got, want in zip(cases, shown.run(f"({script})({json.dumps(cases)})"), wanted):
            expect(got, want, f"item {case}")
        begun, cases, wanted = {}, [], []
        for event in shown.made["events"]:
            if event.name == "item-begin":
                begun[event.thread] = event.texts
            elif event.name == "item-range" and event["size"]:
                item = begun[event.thread]
                if item["kind"] != "io":
                    cases.append([item["w0"], item["w1"], item.get("window", "0xfc0")])
                    wanted.append([hex(event[key]) for key in ("src", "dst", "size")])
        for case, got, want in zip(cases, shown.run(f"({script})({json.dumps(cases)})"), wanted):
            expect(got, want, f"item {case} of the trace")
        if len(wanted) < 50:
            raise Failed(f"only {len(wanted)} items in the trace")


@job("explorer: the bits of a source or target address have one origin each, and the right one")
def bit_origins(context):
    """A bit of the hot spot that is changed changes just the address bits that are drawn as coming from it."""
    script = """(() => {
      const problems = [];
      const cases = [[0x12345008n, 0x1000316n, 0x3000417n], [0x12346008n, 0x1000397n, 0x3000317n],
                     [0x5008n, 0x1000316n, 0xfc0n], [0x3008n, 0x200b4n, 0x550b4n], [0x1005008n, 0x23034n, 0x100234n],
                     [0x7008n, 0x8394n, 0x40414n], [0x3008n, 0x20134n, 0x55034n]];
      for (const [w0, w1, win] of cases) {
        const m = arithmetic(w0, w1, win);
        for (const side of ["source", "target"]) {
          const parts = origins(m, side);
          const value = side === "source" ? m.src : m.dst;
          let next = m.type === 1 ? 47 : 15;
          for (const part of parts) {
            if (part.hi !== next || cut(value, part.hi, part.lo) !== part.value)
              problems.push(side + " " + w0 + ": bits " + part.hi);
            next = part.lo - 1;
          }
          if (next !== -1) problems.push(side + " " + w0 + ": ends at bit " + next);
          for (let bit = m.type === 1 ? 12 : 0; bit < (m.type === 1 ? 48 : 16); bit++) {
            const other = arithmetic(w0 ^ (1n << BigInt(m.type === 1 ? bit : bit + 12)), w1, win);
            const moved = (side === "source" ? other.src : other.dst) !== value;
            const drawn = parts.find((part) => part.hi >= bit && part.lo <= bit).from === "spot";
            if (moved !== drawn) problems.push(side + " of " + hex(w0) + ": " + bit + (moved ? " moves" : " stays"));
          }
        }
      }
      return problems;
    })()"""
    with Shown(context) as shown:
        expect(shown.run(script), [], "origins")


@job("explorer: boxes of a word cover its 64 bits, each once")
def word_fields(context):
    script = """(() => {
      const problems = [];
      const words = [0n, (1n << 64n) - 1n, 0x12345008n, 0x1000316n, 0x8000000002406025n, 0xfffffffffff50003n];
      for (const kind of Object.keys(DECODE)) for (const word of words) for (const type of [0, 1, 2, 3]) {
        let next = 63, sum = 0n;
        for (const f of DECODE[kind](word, type)) {
          if (f.hi !== next || f.lo > f.hi) problems.push(kind + ": after bit " + next + " comes " + f.hi);
          if (typeof f.value !== "string" || (f.name && !f.note)) problems.push(kind + ": field " + f.name);
          if (f.group === "flag" && f.value !== String(cut(word, f.hi, f.lo)))
            problems.push(kind + ": flag " + f.name);
          next = f.lo - 1;
        }
        if (next !== -1) problems.push(kind + " ends at bit " + (next + 1));
      }
      const box = wordBoxes("x", "fpage", 0x10000317n);
      const texts = [...box.querySelectorAll(".field")].map((f) => f.textContent).join("|").replace(/\\u2013/g, "-");
      if (texts !== "63-12address0x10000000|11-6order12|5-4type1|3-0rightsrwx") problems.push(texts);
      return problems;
    })()"""
    with Shown(context) as shown:
        expect(shown.run(script), [], "fields")
