# SPDX-License-Identifier: MIT
"""The explorer in use: the drawing, keys, list, search, links, light and dark, what a screen reader is told, pictures.

Called by tests/run.py; tests/browser/explorer_page.py opens the page.
"""
import os
import random
import struct
import sys
import zlib

from harness import TOP, Failed, job

sys.path.insert(0, os.path.join(TOP, "tests", "browser"))
from explorer_page import Shown, expect  # noqa: E402
import state  # noqa: E402

KEYS = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "PageUp": 33, "PageDown": 34, "Home": 36,
        "End": 35}
SEND = "send a b 0x1000000/4K/rw@0x12345000"
GRANT = "grant a 0x1000000/4K/r@0x3000000 c"
UNMAP = "unmap root P0/4K/rwx"
OVERMAP = "map root P0/4K@0x40100000 a"


def at_line(shown, line):
    """Go to the main operation of a line of the script."""
    shown.run(f"explorer.go(explorer.chapters.find((c) => c.text === '{line}').main.to + 1), explorer.flush()")


def of_all(shown, selector, what):
    """What an expression says of each element e that is selected."""
    return shown.run(f"[...document.querySelectorAll('{selector}')].map((e) => {what})")


def value(shown, name, what):
    """A property of the element with this id."""
    return shown.run(f"document.getElementById('{name}').{what}")


def press(shown, key, **more):
    shown.browser.key(key, KEYS.get(key, 0), **more)
    return shown.run("explorer.flush(), explorer.at")


def at_step(events, step):
    now = state.State()
    for event in events[:step]:
        now.apply(event)
    return now


def tree_of(now, first, size):
    """(titles with texts of the nodes, number of edges) that a drawing of these frames must have."""
    roots = now.roots["mem"]
    inside = [n for n in now.nodes.values()
              if n.kind == "mem" and n.phys < first + size and n.phys + (1 << n.order) > first]
    above = {n.parent for n in inside} - {n.addr for n in inside}
    outside = [addr for addr in above if addr not in now.nodes]
    for addr in outside:
        if roots.piece(addr) is None:
            raise Failed(f"{addr:#x} is no node")
    return sorted(f"{n.addr:#x}" for n in inside) + sorted(f"{addr:#x}" for addr in outside), len(inside)


@job("explorer: the drawing has the tree's nodes and edges")
def drawing(context):
    """Of many frames at many steps; nodes drawn once more because the step removed them do not count."""
    box = "((b) => [b.left, b.top, b.right, b.bottom])(e.querySelector('rect').getBoundingClientRect())"
    with Shown(context) as shown:
        events = shown.made["events"]
        choice = random.Random(3)
        most = compared = pieces = 0
        added = [(n, e) for n, e in enumerate(events, 1) if e.name == "node-add" and e.texts["kind"] == "mem"]
        large = {e["node"] for _, e in added if e["order"] == 21}
        piece = next(n for n, e in added if e["order"] == 12 and e["parent"] in large)
        for step in sorted([piece, *choice.sample(range(len(events) // 4, len(events)), 6)]):
            now = at_step(events, step)
            shown.go(step)
            deep = [n for n in now.nodes.values() if n.kind == "mem" and n.parent in now.nodes] or [*now.nodes.values()]
            small = [n for n in deep if now.nodes.get(n.parent, n).order > n.order]
            pieces += len(small)
            for node in small + choice.sample(deep, min(5, len(deep))):
                size = 1 << node.order
                shown.run(f"explorer.pin({{kind: 'mem', first: {node.phys}, size: {size}}}), 0")
                ids, edges = tree_of(now, node.phys, size)
                where = f"of frame {node.phys:#x} at step {step}"
                drawn = of_all(shown, "#drawing .node:not(.gone)", "e.dataset.id")
                expect(sorted(drawn), sorted(ids), "nodes " + where)
                expect(len(of_all(shown, "#drawing path.edge:not(.gone)", "0")), edges, "edges " + where)
                boxes = of_all(shown, "#drawing .node", box)
                for i, (left, top, right, bottom) in enumerate(boxes):
                    for other in boxes[:i]:
                        if left < other[2] and other[0] < right and top < other[3] and other[1] < bottom:
                            raise Failed("two boxes lie over each other " + where)
                compared += 1
                most = max(most, len(ids))
        if compared < 15 or most < 4 or not pieces:
            raise Failed(f"only {compared} drawings, the largest with {most} nodes, {pieces} of pieces of large pages")


@job("explorer: marks show what an operation added, moved and removed")
def marks(context):
    """A grant: one node moved, one page gone, one new; an unmap: two nodes gone; an overmap: two gone, one new."""
    with Shown(context) as shown:
        at_line(shown, GRANT)
        texts = "[...e.querySelectorAll('text')].map((t) => t.textContent).join(' ') + '/' + e.classList[1]"
        expect(of_all(shown, "#drawing .node:not(.root)", texts),
               ["root 0x10000000 4K rwx/undefined", "c 0x3000000 4K r-- moved/moved", "b 0x2000000 4K rw-/undefined"],
               "nodes")
        rows = of_all(shown, "#tasks li.new, #tasks li.gone", "e.className + ' ' + e.querySelector('code').textContent")
        expect(sorted(rows), ["gone 0x1000000", "new 0x3000000"], "rows of the tasks")
        expect(of_all(shown, "#explain .chip", "e.textContent.slice(2)"), ["31"], "rules")
        at_line(shown, UNMAP)
        expect(sorted(of_all(shown, "#drawing .node.gone", "e.querySelector('text').textContent")), ["b", "c"],
               "nodes drawn as removed")
        at_line(shown, OVERMAP)
        expect(sorted(of_all(shown, "#drawing .node:not(.root)", texts)),
               ["a 0x40000000 2M removed/gone", "a 0x40100000 4K rwx new/new", "b 0x2000000 4K removed/gone",
                "root 0x10000000 4K rwx/undefined", "root 0x40000000 2M rwx/undefined"], "nodes of both frames")
        expect(len(of_all(shown, "#drawing path.edge", "0")), 5, "edges of both frames")


@job("explorer: keys")
def keys(context):
    with Shown(context) as shown:
        last = len(shown.made["events"])
        start = shown.run("explorer.at")
        expect(value(shown, "explain", "querySelector('.line').textContent"), SEND, "the line the page opens at")
        expect(press(shown, "ArrowRight"), start + 1, "right")
        expect(press(shown, "ArrowLeft"), start, "left")
        expect(press(shown, "Home"), 0, "Home")
        expect(press(shown, "ArrowLeft"), 0, "left at the beginning")
        expect(press(shown, "End"), last, "End")
        expect(press(shown, "ArrowRight"), last, "right at the end")
        shown.go(start)
        ends = shown.run("explorer.ops.filter((op) => explorer.timeline.shows(op)).map((op) => op.to + 1)")
        expect(press(shown, "ArrowDown"), next(end for end in ends if end > start), "down")
        expect(press(shown, "ArrowUp"), start, "up")
        expect(press(shown, "ArrowUp"), [end for end in ends if end < start][-1], "up again")
        shown.go(start)
        marks = shown.run("explorer.chapters.filter((c) => c.main).map((c) => c.main.to + 1)")
        expect(press(shown, "PageDown"), next(end for end in marks if end > start), "page down")
        expect(press(shown, "PageUp"), start, "page up")
        press(shown, " ", text=" ")
        expect(value(shown, "play", "getAttribute('aria-pressed')"), "true", "space")
        press(shown, " ", text=" ")
        expect(shown.run("explorer.timer"), 0, "space again")
        press(shown, "?", text="?")
        expect(value(shown, "help", "open"), True, "help")
        shown.browser.key("Escape", 27)
        expect(value(shown, "help", "open"), False, "help after Escape")
        value(shown, "slider", "focus()")
        before = shown.run("explorer.at")
        expect(press(shown, "ArrowRight"), before + 1, "step with the slider in focus")
        expect(value(shown, "slider", "value"), str(before + 1), "the slider")
        for button, wanted in (("first", 0), ("right", 1), ("left", 0), ("last", last)):
            shown.browser.click("#" + button)
            expect(shown.run("explorer.flush(), explorer.at"), wanted, f"button {button}")


@job("explorer: search finds what is in the trace")
def search(context):
    with Shown(context) as shown:
        events = shown.made["events"]
        press(shown, "/", text="/")
        expect(shown.run("document.activeElement.id"), "search", "focus after /")
        def having(key, text):
            return [e.seq for e in events if e.texts.get(key) == text]
        for text, wanted in (("node-add", [e.seq for e in events if e.name == "node-add"]), ("no such text", []),
                             ("step did=grant", having("did", "grant")),
                             ("KIND=page-fault", having("kind", "page-fault"))):
            value(shown, "search", "select()")
            shown.browser.type(text)
            found = shown.run("[...explorer.timeline.matches].map((i) => explorer.events[i].seq)")
            expect(found, wanted, f"search for '{text}'")
            number = f"{len(found)} event{'' if len(found) == 1 else 's'}"
            expect(value(shown, "found", "textContent"), number, "number of matches")
        value(shown, "search", "select()")
        shown.browser.type("step did=grant")
        shown.go(0)
        shown.browser.key("Enter", 13)
        grants = having("did", "grant")
        expect(shown.run("explorer.flush(), explorer.at"), grants[0], "first match")
        if grants[0] not in of_all(shown, ".row.event .seq", "Number(e.textContent)"):
            raise Failed("the match is not in the list")
        shown.browser.key("Escape", 27)
        expect([shown.run("explorer.timeline.matches"), value(shown, "search", "value")], [None, ""], "after Escape")
        # A filter: only this thread's operations.
        thread = int(value(shown, "thread", "options[2].value"))
        value(shown, "thread", f"value = {thread}")
        value(shown, "level", "value = 'events'")
        shown.run("explorer.filter()")
        threads = shown.run("[...new Set(explorer.timeline.fixed.filter((row) => row.op).map((row) => row.op.thread))]")
        expect(threads, [thread], "threads in the list")


@job("explorer: a long trace is no burden: few elements, whatever the step")
def size(context):
    """More than 10,000 events; the list has only the rows in sight, and a step changes a bounded part of the page."""
    with Shown(context) as shown:
        count = len(shown.made["events"])
        if count < 10000:
            raise Failed(f"the trace has only {count} events")
        value(shown, "level", "value = 'events'")
        shown.run("explorer.filter()")
        rows = shown.run("explorer.timeline.rows.length")
        if rows < count:
            raise Failed(f"the list has {rows} rows for {count} events")
        for part in (0, 0.3, 0.7, 1):
            value(shown, "list", f"scrollTop = {part} * document.getElementById('list').scrollHeight")
            shown.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            top, height = value(shown, "list", "scrollTop"), value(shown, "list", "clientHeight")
            places = of_all(shown, "#list .row", "parseFloat(e.style.top)")
            seen = sum(top <= place <= top + height - 24 for place in places)
            elements = shown.run("document.querySelectorAll('*').length")
            if len(places) > 80 or seen < height // 24 - 1 or elements > 4000:
                raise Failed(f"at {part}: {len(places)} rows in the document, {seen} in sight, {elements} elements")
        for step in (count // 2, count - 1, count):
            shown.go(step)
            expect(of_all(shown, ".row.event.here .seq", "e.textContent"), [str(shown.made["events"][step - 1].seq)],
                   "row of the step")
        # A step reads and writes the changes of its own event, not the whole state.
        writes = shown.run("""(() => {
            let n = 0;
            const write = State.prototype.write;
            explorer.state.go(5000);
            State.prototype.write = function (...a) { n++; write.apply(this, a); };
            for (let i = 0; i < 200; i++) explorer.state.go(5001 + i);
            for (let i = 0; i < 200; i++) explorer.state.go(5200 - i);
            State.prototype.write = write;
            return n;
        })()""")
        if not 0 < writes < 4000:
            raise Failed(f"400 steps write {writes} values")


@job("explorer: links name the step and the drawing")
def links(context):
    with Shown(context) as shown:
        shown.go(1234)
        shown.run("explorer.pin({kind: 'mem', first: 0x2400000, size: 4096}), explorer.writeHashNow()")
        link = shown.run("location.hash")
        expect(link, "#step=1234&show=mem:0x2400000:0x1000", "link")
        shown.browser.open(shown.made["page"], link)
        expect(shown.run("[explorer.at, explorer.pinned.first, document.getElementById('position').textContent]"),
               [1234, 0x2400000, f"1234 / {len(shown.made['events'])}"], "after opening the link")
        shown.run("location.hash = '#step=77'")
        shown.run("""new Promise((done) => {
            const look = () => (explorer.at === 1234 ? setTimeout(look, 20) : done());
            look(); })""")
        expect(shown.run("explorer.flush(), [explorer.at, explorer.pinned]"), [77, None], "after a new address")


@job("explorer: light and dark, as the system wants or as chosen; text is readable in both")
def themes(context):
    paper = "getComputedStyle(document.getElementById('list')).backgroundColor"
    with open(os.path.join(TOP, "tests", "browser", "contrast.js"), encoding="utf-8") as file:
        contrast = file.read()
    with Shown(context) as shown:
        light, dark = "rgb(255, 255, 255)", "rgb(18, 22, 29)"
        expect(shown.run(paper), light, "light by the system")
        shown.browser.scheme(True)
        expect(shown.run(paper), dark, "dark by the system")
        for name, wanted in (("light", light), ("dark", dark)):
            shown.browser.click("#theme")
            chosen = shown.run("document.documentElement.dataset.theme")
            expect([chosen, shown.run(paper)], [name, wanted], "after a click")
        shown.browser.open(shown.made["page"])
        expect(shown.run("document.documentElement.dataset.theme"), "dark", "choice after opening it again")
        for name in ("light", "dark"):
            shown.run(f"explorer.theme('{name}')")
            for text in (SEND, GRANT, UNMAP):
                at_line(shown, text)
                seen, bad = shown.run(contrast)
                if bad or seen < 150:
                    raise Failed(f"{name}, '{text}': of {seen} texts have too little contrast: {bad[:6]}")
        shown.run("explorer.theme('auto')")


@job("explorer: fits a small screen; everything has a name and can be reached by keys")
def reach(context):
    with Shown(context) as shown:
        for width, height in ((1366, 768), (1366, 600), (1920, 1080), (1100, 700)):
            shown.browser.size(width, height)
            expect(shown.run("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"),
                   [width, height], "size of the document")
            places = of_all(shown, "#item, #source, #drawing, #tasks, #list, #explain",
                            "[e.id, e.getBoundingClientRect().toJSON()]")
            for name, at in places:
                if at["right"] > width + 1 or at["bottom"] > height or at["height"] < 60 or at["width"] < 200:
                    raise Failed(f"{name} at {width}x{height}: {at}")
        shown.browser.size(1366, 768)
        named = "Boolean(e.getAttribute('aria-label') || e.textContent.trim() || [...(e.labels || [])].length)"
        found = of_all(shown, "button, input, select, [tabindex], [role=img]", f"[{named}, e.outerHTML.slice(0, 80)]")
        expect([text for has_name, text in found if not has_name], [], "elements without a name")
        reached = set()
        shown.run("document.activeElement.blur()")
        for _ in range(60):
            shown.browser.key("Tab", 9)
            reached.add(shown.run("document.activeElement.id"))
        wanted = {"search", "level", "thread", "theme", "help_button", "list", "drawing", "tasks", "item", "source",
                  "first", "play", "last", "slider"}
        expect(sorted(wanted - reached), [], "elements that the tab key does not reach")


def colours(path):
    """The number of different colours in a PNG file as Chromium writes it (8 bits, RGB or RGBA)."""
    with open(path, "rb") as file:
        data = file.read()
    width, height, _, kind = struct.unpack(">IIBB", data[16:26])
    at, packed = 8, b""
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at:at + 8])
        packed += data[at + 8:at + 8 + length] if name == b"IDAT" else b""
        at += 12 + length
    size, raw = {2: 3, 6: 4}[kind], zlib.decompress(packed)
    if len(raw) != height * (width * size + 1):
        raise Failed(f"{path} is no picture of {width}x{height}")
    rows = raw[::width * size + 1]
    return width, height, len(set(rows)) + len(set(raw[i:i + size] for i in range(1, len(raw) - size, 997)))


@job("explorer: pictures of the page")
def pictures(context):
    """For people to look at: build/tests/explorer-pictures. That something is on them is all that is tested here."""
    directory = context.scratch("explorer-pictures")
    with Shown(context) as shown:
        for name, theme, text in (("hotspot", "light", SEND), ("grant", "dark", GRANT), ("unmap", "light", UNMAP)):
            shown.run(f"explorer.theme('{theme}')")
            at_line(shown, text)
            shown.run("new Promise((done) => setTimeout(done, 100))")
            path = os.path.join(directory, name + ".png")
            shown.browser.screenshot(path)
            width, height, different = colours(path)
            if (width, height) != (1366, 768) or different < 20:
                raise Failed(f"{path}: {width}x{height}, {different} kinds of pixels")
        shown.run("explorer.theme('auto')")
