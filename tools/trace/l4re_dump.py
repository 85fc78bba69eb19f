# SPDX-License-Identifier: MIT
"""Writes the objects and capabilities at one event as the kernel-object dump that L4Re's test tools read.

The form: a block between `@@ KernelObjects @< BLOCK` and `@@ KernelObjects BLOCK >@`; in it the version, a tag, a line
for each object and, with a tab in front, one for each slot that holds it:

    ID ADDRESS [TYPE] {NAME} ATTRIBUTE=VALUE ... ref_cnt=COUNTED
    <tab>ADDRESS[C:INDEX]: space=D:TASK(NAME) rights=R flags=F obj=0xADDRESS

All numbers are hexadecimal without 0x, but ref_cnt, c, l. What a trace does not tell is left out (reference counts of
tasks and threads, run time) or stands for another number: without kernel addresses in the trace an object's address is
its id, and a slot's address is its task's id << 32 plus its index.
Called by convert.py; calls state.py.
"""
VERSION = 0
TYPES = {"task": "Task", "thread": "Thread", "gate": "Gate", "factory": "Factory", "irq": "IRQ ipc",
         "semaphore": "IRQ sem", "scheduler": "Sched", "log": "Vlog", "vcon": "Vlog", "icu": "Icu/Pfc",
         "debugger": "Jdb"}
READ, WEAK = 4, 0x10
NOT_IN_NAMES = str.maketrans("(){}", "____")  # they end a name for those who read the dump


def attributes(now, known):
    """What the dump says of an object besides its name, as far as the trace knows it."""
    if known.type == "thread":
        return f" C=0 S=D:{known.space:x}" if known.space else " C=0"
    if known.type == "gate":
        return f" L={known.label:08x} D={known.thread:x}"
    if known.type == "factory" and known.id in now.quota:
        return " c={} l={}".format(*now.quota[known.id])
    return ""


def name_of(known):
    return known.name.translate(NOT_IN_NAMES)


def dump(now, tag):
    """The block, as text. tag: letters and digits that tell this dump from others."""
    lines = ["@@ KernelObjects @< BLOCK", f"dump format version number: {VERSION}", f"user space tag: {tag}"]
    for identity, known in sorted(now.objects.items()):
        holders = [] if known.killed else now.holders(identity)
        address = known.addr or identity
        counted = sum(not slot.rights & WEAK for _, _, slot in holders)
        name = f" {{{name_of(known)}}}" if known.name else ""
        lines.append(f"{identity:x} {address:x} [{TYPES.get(known.type, known.type)}]{name}{attributes(now, known)}"
                     f" ref_cnt={counted}")
        for space, index, slot in holders:
            task = now.objects.get(space)
            title = f"({name_of(task)})" if task and task.name else ""
            rights = slot.rights ^ WEAK | READ  # there the bit says that the slot is counted
            lines.append(f"\t{slot.addr or space << 32 | index:x}[C:{index:x}]: space=D:{space:x}{title} "
                         f"rights={rights:x} flags={rights & 0xf8:x} obj=0x{address:x}")
    return "\n".join(lines + ["@@ KernelObjects BLOCK >@", ""])
