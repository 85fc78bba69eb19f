# SPDX-License-Identifier: MIT
"""Caching types in page-table entries: what user/tests/t_cache.c says it has mapped, against what is there.

The program touches an address for each look; there the machine is stopped and the task's page tables are read. What
the bits PCD, PWT and PAT select is set by the kernel in IA32_PAT, which QEMU does not show.
"""
import re

import gdbstub
import programs
from harness import Case, Failed, job, tail

LOOK_NOW, PAGE = 0x7e0000000000, 0x1000
PAGE_FAULT = 14
SAID = re.compile(r"^cache: (\d+) 0x([0-9a-f]+) (.*?)\s*$", re.MULTILINE)
PWT, PCD, PAT_SMALL, PAT_LARGE = 8, 0x10, 0x80, 0x1000
TYPES = {0: "cached", PCD: "buffered", PCD | PWT: "uncached"}


def describe(entry, level):
    bits = entry & (PWT | PCD | (PAT_SMALL if level == 1 else PAT_LARGE))
    return TYPES.get(bits, f"{bits:#x}") + (" large" if level > 1 else "")


@job("M-18 M-19 caching types in the page tables")
def caching(context):
    found = {}  # number of the look -> {address: type}

    def watch(stub):
        for _, registers in stub.stops([gdbstub.address_of(context, "pager_page_fault")]):
            thread = gdbstub.number(registers, gdbstub.RDI, 8)
            address = stub.word(thread + gdbstub.THREAD_CR2)
            if stub.word(thread + gdbstub.THREAD_TRAP) == PAGE_FAULT and 0 <= address - LOOK_NOW < 64 * PAGE:
                pages = stub.user_pages()
                found.setdefault((address - LOOK_NOW) // PAGE, {at: describe(*pages[at]) for at in pages})

    modules = [(context.built("sigma0.elf"), ""), (context.built("t_cache.elf"), "")]
    result = gdbstub.boot(context, "cache", modules, watch, timeout=300)
    cases, complaint = programs._verdicts("t_cache", result)
    said = SAID.findall(result.log)
    if complaint or len(cases) < 5 or len(said) < 20:
        raise Failed((complaint or f"{len(cases)} cases, {len(said)} pages") + tail(result.log))
    wrong = [f"look {look}: 0x{at} is {found.get(int(look), {}).get(int(at, 16), 'not there')}, should be {wanted}"
             for look, at, wanted in said if found.get(int(look), {}).get(int(at, 16)) != wanted]
    if wrong:
        raise Failed("".join("\n      | " + line for line in wrong))
    yield Case(f"M-18 M-19 caching types of {len(said)} pages")
