# SPDX-License-Identifier: MIT
"""The demonstration, line by line, and again for each boot way, memory size, CPU model and build."""
import os

import qemu
import run
from harness import TOP, Case, Failed, Skipped, expect_outcome, job, output_of, tail


@job("demonstration")
def demonstration(context):
    """Each line is a case of its own: it has to come after the one before it."""
    result = context.boot("demonstration", context.demonstration())
    lines = result.log.splitlines()
    position = 0
    for wanted in run.demonstration_lines():
        places = [place for place, line in enumerate(lines) if qemu.is_line(line, wanted)]
        in_order = [place for place in places if place >= position]
        if in_order:
            position = in_order[0] + 1
            yield Case(f"demonstration line: {wanted}")
        else:
            why = "printed, but out of order" if places else "not printed"
            yield Case(f"demonstration line: {wanted}", "FAIL", why + tail(result.log))
    succeeded = result.outcome == "success"
    yield Case("demonstration ends with success", "ok" if succeeded else "FAIL", "" if succeeded else result.why)


def expect_demonstration(result):
    expect_outcome(result, "success")
    missing = qemu.first_missing(result.log, run.demonstration_lines())
    if missing is not None:
        raise Failed(f"line missing or out of order: {missing}" + tail(result.log))


def variant(name, **options):
    """Registers: the demonstration succeeds on this machine."""
    @job(f"demonstration with {name}")
    def boots(context):
        if options.get("boot") == "efi" and not any(map(os.path.exists, qemu.EFI_FIRMWARE)):
            raise Skipped("no EFI firmware (package ovmf)")
        expect_demonstration(context.boot(f"demonstration-{name}", context.demonstration(), **options))


variant("GRUB on BIOS", boot="iso")
variant("GRUB on EFI", boot="efi")
variant("GRUB on BIOS and 6 GiB", boot="iso", mem="6G")
variant("32 MiB", mem="32")
variant("512 MiB", mem="512")
variant("4 GiB", mem="4G")
variant("6 GiB", mem="6G")
variant("CPU qemu64", cpu="qemu64")
variant("CPU qemu64, GRUB, 32 MiB", cpu="qemu64", boot="iso", mem="32")


@job("demonstration with the debug build")
def debug_build(context):
    """All of it built with QUIRE_DEBUG: the checks inside the kernel are on."""
    expect_demonstration(boot_variant(context, "debug", context.debug_build))


@job("demonstration built by clang and lld")
def llvm_build(context):
    status, _ = output_of(["sh", "-c", "command -v clang && command -v ld.lld"])
    if status:
        raise Skipped("no clang or no lld")
    status, text = output_of(["make", "all", "LLVM=1", "BUILD=build/llvm"], cwd=TOP)
    if status:
        raise Failed("does not build" + tail(text, 30))
    expect_demonstration(boot_variant(context, "llvm", "build/llvm"))


def boot_variant(context, name, directory):
    """Boots the demonstration with everything from another build directory."""
    modules = [(path.replace(context.build, directory, 1), words) for path, words in context.demonstration()]
    return context.boot(f"demonstration-{name}", modules, kernel=os.path.join(directory, "kernel.elf"))
