# SPDX-License-Identifier: MIT
"""All memory of the machine is usable: a guest program takes everything sigma0 has, writes and reads it and says how
much it was. The rest is the kernel's: its heap is an eighth of the RAM (at least 4 MiB, at most 1 GiB)."""
import re

from harness import Failed, expect_outcome, job, tail

# MiB of the machine -> least share that user programs get. In 32 MiB the smallest heap and the image weigh more.
SHARES = {32: 0.80, 128: 0.85, 512: 0.85, 4096: 0.85, 6144: 0.85}


def all_memory(size, share):
    @job(f"B-6 all RAM usable: {size} MiB")
    def usable(context):
        modules = [(context.built("sigma0.elf"), ""), (context.built("t_ram.elf"), "")]
        result = context.boot(f"ram-{size}", modules, mem=str(size), timeout=120)
        expect_outcome(result, "success")
        found = re.search(r"^ram: (\d+) KiB in \d+ blocks$", result.log, re.MULTILINE)
        if not found:
            raise Failed("does not say how much it got" + tail(result.log))
        got = int(found.group(1)) / 1024
        if not share * size <= got <= size:
            raise Failed(f"{got:.0f} MiB of {size} MiB: {got / size:.1%}, at least {share:.0%} are expected")


for _size, _share in SHARES.items():
    all_memory(_size, _share)
