# SPDX-License-Identifier: MIT
"""Makes a bootable ISO image of the kernel and its modules, with GRUB for BIOS and, where installed, for EFI.

Called by tools/qemu.py; calls grub-mkrescue. Module names in the image follow the order of the modules, so that two
files of one name do not collide; the command line of each begins with the file's name, as in a direct boot.
"""
import os
import shlex
import shutil
import subprocess
import tempfile

# If `boot` comes back, something before it failed (GRUB has printed what): end QEMU with a status of its own, 0x14.
CONFIG = """\
insmod all_video
serial --unit=0 --speed=115200
terminal_output serial
multiboot2 /boot/kernel.elf {kernel}
{modules}
boot
outb 0xf4 0x14
"""
# The rest of GRUB is not needed, and leaving it out makes the image in a second instead of five.
GRUB_MODULES = ("multiboot2 serial iso9660 fat normal boot iorw all_video part_gpt part_msdos part_acorn part_amiga "
                "part_apple part_bsd part_dfly part_dvh part_plan part_sun part_sunpc")


class IsoError(Exception):
    """The image could not be made; the text says why."""


def make(image, kernel, modules, cmdline=""):
    """Writes the image. modules: (path, arguments) in order; cmdline: the kernel's arguments.

    An image of that name is replaced as a whole: a machine that has it open keeps the old one.
    """
    os.makedirs(os.path.dirname(os.path.abspath(image)), exist_ok=True)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(image))) as work:
        root, made = os.path.join(work, "root"), os.path.join(work, "made.iso")
        boot = os.path.join(root, "boot")
        os.makedirs(os.path.join(boot, "grub"))
        shutil.copy(kernel, os.path.join(boot, "kernel.elf"))
        lines = []
        for number, (path, words) in enumerate(modules):
            shutil.copy(path, os.path.join(boot, f"module{number}"))
            lines.append(f"module2 /boot/module{number} {_words(os.path.basename(path), words)}")
        with open(os.path.join(boot, "grub", "grub.cfg"), "w", encoding="utf-8") as config:
            config.write(CONFIG.format(kernel=_words("kernel.elf", cmdline), modules="\n".join(lines)))
        options = ["--install-modules=" + GRUB_MODULES, "--fonts=", "--locales=", "--themes="]
        try:
            done = subprocess.run(["grub-mkrescue", *options, "-o", made, root], stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, check=False)
        except OSError as error:
            raise IsoError(f"grub-mkrescue: {error}") from error
        if done.returncode:
            raise IsoError("grub-mkrescue failed:\n" + done.stderr)
        os.replace(made, image)


def _words(*parts):
    return " ".join(shlex.quote(word) for part in parts for word in part.split())
