# SPDX-License-Identifier: MIT
"""The processor's flags where the kernel's C code begins, after entries from user code that had set what it can.

The direction flag decides which way string instructions go, which compilers use in C code; so it must be clear there,
and the alignment flag too, which switches off the protection against access to user memory.
What a guest program sees need not depend on it: whether it does is up to the compiler. This test stops the machine at
each call of trap_entry and syscall_entry while user/tests/t_ring3.c runs its cases on flags, and compares the flags of
the processor with those that the user code had.
"""
import gdbstub
from harness import Case, Failed, expect_outcome, job

DIRECTION, INTERRUPTS, ALIGNMENT = 0x400, 0x200, 0x40000
FLAGS = {"direction": DIRECTION, "alignment": ALIGNMENT}  # the latter is AC: set in the kernel it switches SMAP off


@job("ISO direction and alignment flag where C code begins")
def direction(context):
    names = {gdbstub.address_of(context, name): name for name in ("trap_entry", "syscall_entry")}
    seen = {address: [] for address in names}  # [(user's flags, flags in the kernel)]

    def watch(stub):
        for address, registers in stub.stops(names):
            thread = gdbstub.number(registers, gdbstub.RDI, 8)
            seen[address].append((stub.word(thread + gdbstub.THREAD_RFLAGS),
                                  gdbstub.number(registers, gdbstub.EFLAGS, 4)))

    modules = [(context.built("sigma0.elf"), ""), (context.built("t_ring3.elf"), "T=ISO")]
    result = gdbstub.boot(context, "entry-flags", modules, watch, timeout=300)
    expect_outcome(result, "success")
    for address, name in names.items():
        for flag, bit in FLAGS.items():
            with_flag = [kernel for user, kernel in seen[address] if user & bit]
            if not with_flag:
                raise Failed(f"{name}: none of {len(seen[address])} entries came with the {flag} flag set")
            bad = [f"{kernel:#x}" for kernel in with_flag if kernel & (bit | INTERRUPTS)]
            if bad:
                raise Failed(f"{name}: flags in the kernel are {bad[0]}, when user code had set the {flag} flag")
            yield Case(f"ISO {flag} flag clear in {name}")
