# SPDX-License-Identifier: MIT
"""Draws the state at one event of a trace in Graphviz's language: `dot -Tsvg` makes a picture of it.

frame(), port(): the mapping tree of a frame or port, from sigma0's root downwards. thing(): an object and the slots
that hold it (capabilities have no tree: M-58). system(): all tasks, threads and objects, who holds and who pays for
what. Each returns the text of a `digraph`, or raises state.Impossible if what was asked for is not there.
Called by convert.py; calls state.py.
"""
import state

RIGHTS = ((4, "r"), (1, "w"), (2, "s"), (8, "d"), (0x10, " weak"))
WRITE, NOT_EXECUTABLE = 2, 1 << 63
SHAPES = {"task": "box3d", "thread": "ellipse", "gate": "diamond", "factory": "folder", "irq": "house",
          "semaphore": "invhouse"}


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def size_name(order, kind):
    """A piece's size for people: 4K, 2M; of ports their number."""
    if kind != "mem":
        return f"{1 << order} port" + ("s" if order else "")
    unit, letter = max((one for one in ((0, "B"), (10, "K"), (20, "M"), (30, "G"), (40, "T")) if one[0] <= order))
    return f"{1 << order - unit}{letter}"


def cap_rights(rights):
    return "".join(letter for bit, letter in RIGHTS if rights & bit) or "-"


def page_rights(now, node):
    """What the page table of the node's task allows; a note if it has no entry for it."""
    order, entry = now.ptes.get((node.space, node.va), (None, 0))
    if order != node.order:
        return "no entry"
    return "r" + ("w" if entry & WRITE else "-") + ("-" if entry & NOT_EXECUTABLE else "x")


def graph(title, lines, direction="TB"):
    head = ["digraph quire {", f"    label={quoted(title)}; labelloc=t; rankdir={direction};",
            '    node [fontname="monospace", fontsize=10]; edge [fontname="monospace", fontsize=9];']
    return "\n".join(head + ["    " + line for line in lines] + ["}", ""])


def tree(now, kind, unit):
    """Lines that draw the nodes of a kind over one unit (a physical address, a port), with all their ancestors."""
    roots = now.roots.get(kind)
    number = unit >> roots.order if roots else 0
    if roots is None or number >= roots.count:
        raise state.Impossible(f"at event {now.seq} no root of sigma0's covers {unit:#x}")
    top = roots.first + number * roots.stride
    lines = [f"{quoted(f'{top:#x}')} [shape=box, style=bold, label="
             + quoted(f"{now.name_of(roots.space)}\nroot {number}: {number << roots.order:#x}, "
                      f"{size_name(roots.order, kind)}") + "];"]
    children = now.children()
    waiting = [top]
    while waiting:
        parent = waiting.pop()
        for node in children.get(parent, []):
            start = node.phys if kind == "mem" else node.va
            if not start <= unit < start + (1 << node.order):
                continue
            what = page_rights(now, node) + f", frame {node.phys:#x}" if kind == "mem" else ""
            label = f"{now.name_of(node.space)}\n{node.va:#x}, {size_name(node.order, kind)}" + f"\n{what}" * bool(what)
            lines.append(f"{quoted(f'{node.addr:#x}')} [shape=box, label={quoted(label)}];")
            lines.append(f"{quoted(f'{parent:#x}')} -> {quoted(f'{node.addr:#x}')};")
            waiting.append(node.addr)
    return lines


def frame(now, address):
    return graph(f"mapping tree of the frame {address:#x} at event {now.seq}", tree(now, "mem", address))


def port(now, number):
    return graph(f"mapping tree of the port {number:#x} at event {now.seq}", tree(now, "io", number))


def object_line(now, identity):
    known = now.objects.get(identity)
    kind = known.type if known else ""
    dying = ", style=dashed" if known and known.killed else ""
    return f'o{identity} [shape={SHAPES.get(kind, "note")}{dying}, label={quoted(now.name_of(identity))}];'


def thing(now, identity):
    """An object, and each slot that holds it."""
    if identity not in now.objects:
        raise state.Impossible(f"at event {now.seq} there is no object {identity}")
    lines = [object_line(now, identity)]
    for space, index, slot in now.holders(identity):
        name = quoted(f"{space}:{index:#x}")
        lines.append(f"{name} [shape=box, label=" + quoted(f"{now.name_of(space)}\nslot {index:#x}") + "];")
        lines.append(f"{name} -> o{identity} [label={quoted(cap_rights(slot.rights))}];")
    return graph(f"slots that hold {now.name_of(identity)} at event {now.seq}", lines, "LR")


def system(now):
    """Tasks and all other objects. Solid: holds in slots; bold: maps to; dotted: belongs to; dashed: pays for."""
    lines = [object_line(now, identity) for identity in sorted(now.objects)]
    held = {}
    for (space, index), slot in sorted(now.slots.items()):
        held.setdefault((space, slot.object), []).append(f"{index:#x} {cap_rights(slot.rights)}")
    for (space, identity), slots in held.items():
        if identity in now.objects and space in now.objects:
            label = "\n".join(slots[:4]) + (f"\nand {len(slots) - 4} more" if len(slots) > 4 else "")
            lines.append(f"o{space} -> o{identity} [label={quoted(label)}];")
    for known in now.objects.values():
        if known.space in now.objects:
            lines.append(f'o{known.id} -> o{known.space} [style=dotted, label="runs in"];')
        if known.thread in now.objects:
            lines.append(f"o{known.id} -> o{known.thread} [style=dotted, label={quoted(f'label {known.label:#x}')}];")
        if known.factory in now.objects:
            lines.append(f'o{known.factory} -> o{known.id} [style=dashed, color=gray, label="pays"];')
    for (giver, taker), count in sorted(mappings(now).items()):
        label = f"{count} mapping" + ("s" if count > 1 else "")
        lines.append(f"o{giver} -> o{taker} [style=bold, color=blue, label={quoted(label)}];")
    return graph(f"tasks and objects at event {now.seq}", lines, "LR")


def mappings(now):
    """{(task of the parent, task of the child): how many mappings}."""
    counts = {}
    for node in now.nodes.values():
        parent = now.nodes.get(node.parent) or now.roots[node.kind]
        counts[parent.space, node.space] = counts.get((parent.space, node.space), 0) + 1
    return counts
