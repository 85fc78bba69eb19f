# SPDX-License-Identifier: MIT
"""Words of the kernel interface as text: flexpages, send items, receive buffers, tags. Called by quire.py; pure."""

TYPES = ("special", "memory", "ports", "objects")
LETTERS = {1: ((4, "r"), (2, "w"), (1, "x")), 2: ((4, "r"), (2, "w")), 3: ((4, "r"), (1, "w"), (2, "s"), (8, "d"))}
STATES = {"T_DEAD": "dead", "T_READY": "ready", "T_SEND": "sending", "T_RECV": "receiving", "T_XFER": "in a transfer",
          "T_BLOCKED": "blocked"}
PROTOCOLS = {0: "none", -1: "IRQ", -2: "page fault", -5: "exception", -6: "sigma0", -8: "I/O page fault",
             -10: "kobject", -11: "task", -12: "thread", -13: "log", -14: "scheduler", -15: "factory",
             -18: "IRQ sender", -20: "semaphore", -21: "meta", -23: "debugger"}


def rights(kind, bits):
    return "".join(letter if bits & bit else "-" for bit, letter in LETTERS.get(kind, ()))


def size(order):
    """4K, 2M, 8."""
    if order >= 63:
        return "everything"
    for unit, letter in ((30, "G"), (20, "M"), (10, "K")):
        if order >= unit:
            return f"{1 << (order - unit)}{letter}"
    return str(1 << order)


def fpage(word):
    kind, order = word >> 4 & 3, word >> 6 & 63
    if kind == 0:
        return "all spaces" if order == 63 else "nil"
    base = word & ~0xfff if kind == 1 else word >> 12
    base = base >> order << order if order < 63 else 0
    return f"{TYPES[kind]} from {base:#x}, order {order} ({size(order)}), rights {rights(kind, word & 15)}"


def item(first, second):
    """A send item."""
    if not first:
        return "void"
    kind = second >> 4 & 3
    text = ("grant" if first & 2 else "map") if first & 8 else "no map item:"
    text += f" {fpage(second)}, hot spot {first & ~0xfff if kind == 1 else first >> 12:#x}"
    if first & 1:
        text += ", compound"
    if kind == 3 and first & 0x10:
        text += ", weak"
    if kind == 1 and first & 0x10:
        text += ", cached" if first & 0x20 else ", buffered" if first & 0x40 else ", uncached"
    return text


def buffer(words):
    """(text, words used) of the receive buffer at the beginning of the list."""
    first = words[0]
    if not first & 8:
        return ("void" if not first else f"no map item {first:#x}"), 1
    used = 1
    text = f"slot {first >> 12:#x}"
    if not first & 2:
        text = fpage(words[1]) if len(words) > 1 else "cut off"
        used += 1
    if first & 4:
        text += ", local id"
    if first & 1:
        text += f", to the task in slot {words[used] >> 12:#x}" if len(words) > used else ", cut off"
        used += 1
    return text, used


def tag(word):
    label = word >> 16
    label -= 1 << 48 if label >> 47 else 0
    flags = [name for bit, name in ((0x1000, "fpu"), (0x2000, "schedule"), (0x8000, "error")) if word & bit]
    name = f" ({PROTOCOLS[label]})" if label in PROTOCOLS and label else ""
    return f"label {label}{name}, {word & 63} words, {word >> 6 & 63} items" + "".join(", " + one for one in flags)
