# SPDX-License-Identifier: MIT
"""Pages of 1 GiB with RAM behind them: user/tests/t_huge.c on a machine with 4 GiB.

The other boots of that program have less memory and use an address range without devices, where contents cannot be
compared. Needs a processor model with 1 GiB pages, which `max` has.
"""
import programs
from harness import RULE, Failed, job, tail


@job("guest t_huge with 4 GiB: M-13 M-15 M-17 M-33 M-40 M-41 M-46 U-10 U-11")
def with_ram(context):
    words = f"T={context.filter.upper()}" if RULE.match(context.filter) else ""
    modules = [(context.built("sigma0.elf"), ""), (context.built("t_huge.elf"), words)]
    result = context.boot("guest-t_huge-4G", modules, mem="4G", timeout=120)
    cases, complaint = programs._verdicts("t_huge, 4 GiB", result)
    if "pages of 1 GiB: yes, 1 GiB of RAM: yes" not in result.log:
        complaint = "no GiB of RAM or no pages of 1 GiB"
    if complaint or not cases:
        raise Failed((complaint or "no verdict") + tail(result.log))
    return cases
