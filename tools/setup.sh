#!/bin/sh
# SPDX-License-Identifier: MIT
# Finds what the build, the emulator and the tests need, and installs what is missing.
#
# Usage: tools/setup.sh PART...      parts: build run-direct run-iso run-efi test browser debug fmt check toolchain
# Called by the Makefile before it builds anything. Decides which packages are missing (by looking for the files and
# commands themselves, so a tool from another source counts too), then installs them through apt-get if this is root or
# sudo can be used, else prints the command to type and fails. Environment: LLVM=1 wants clang and lld in place of gcc;
# CROSS_COMPILE=prefix- is the user's own compiler, which is checked, never installed; QUIRE_NO_INSTALL=1 only reports.
#
# Plain POSIX shell, since at this moment there may be neither a compiler nor Python. Quick when nothing is missing:
# it starts no process then.
set -u

missing=''  # packages
reasons=''  # lines to show

# want PACKAGE WHAT: note that WHAT is not there and comes with PACKAGE.
want() {
    reasons="$reasons
  $2 (package $1)"
    case " $missing " in
    *" $1 "*) ;;
    *) missing="$missing $1" ;;
    esac
}

have() { command -v "$1" >/dev/null 2>&1; }
need_command() { have "$1" || want "$2" "$1"; }

# need_file PACKAGE WHAT FILE...: one of the files has to be there.
need_file() {
    package=$1 what=$2
    shift 2
    for file; do [ -e "$file" ] && return; done
    want "$package" "$what"
}

need_compiler() {
    if [ "${LLVM:-}" = 1 ]; then
        need_command clang clang
        need_command ld.lld lld
        have llvm-ar || need_command ar binutils
    elif [ -n "${CROSS_COMPILE:-}" ]; then
        have "${CROSS_COMPILE}gcc" || {
            echo "setup: there is no compiler ${CROSS_COMPILE}gcc (CROSS_COMPILE=$CROSS_COMPILE)" >&2
            exit 1
        }
    else
        need_command gcc gcc
        need_command ld binutils
    fi
}

need_grub() {
    need_command grub-mkrescue grub-common
    need_command xorriso xorriso
    need_command mformat mtools
}

check_part() {
    case $1 in
    build)
        need_compiler
        need_command nasm nasm
        need_command python3 python3
        ;;
    run-direct)
        need_command qemu-system-x86_64 qemu-system-x86
        ;;
    run-iso)
        check_part run-direct
        need_grub
        need_file grub-pc-bin "GRUB for BIOS" /usr/lib/grub/i386-pc/multiboot2.mod
        ;;
    run-efi)
        check_part run-direct
        need_grub
        need_file grub-efi-amd64-bin "GRUB for EFI" /usr/lib/grub/x86_64-efi/multiboot2.mod
        need_file ovmf "EFI firmware for QEMU" /usr/share/OVMF/OVMF_CODE_4M.fd /usr/share/OVMF/OVMF_CODE.fd \
            /usr/share/ovmf/OVMF.fd
        ;;
    test) # The host tests are ordinary programs, built by the ordinary compiler.
        need_command gcc gcc
        need_file libc6-dev "C library headers" /usr/include/stdio.h
        need_command babeltrace2 babeltrace2 # both read what tools/trace writes
        need_command dot graphviz
        ;;
    browser) # 120 MB to load, 400 MB installed; without it the tests of the explorer are skipped
        have chromium-browser || have google-chrome || need_command chromium chromium
        need_file fonts-dejavu-core "a font" /usr/share/fonts/*/*
        ;;
    debug)
        need_command gdb gdb
        ;;
    fmt)
        need_command clang-format clang-format
        ;;
    check)
        need_command clang-format clang-format
        need_command clang-tidy clang-tidy
        need_command clang clang
        ;;
    toolchain)
        need_command gcc gcc
        need_command g++ g++
        need_command make make
        need_command xz xz-utils
        need_command flex flex
        need_command bison bison
        need_file binutils-source "source of binutils" /usr/src/binutils/binutils-*.tar.xz
        need_file gcc-12-source "source of gcc 12" /usr/src/gcc-12/gcc-*.tar.xz
        need_file libgmp-dev "GMP headers" /usr/include/*/gmp.h /usr/include/gmp.h
        need_file libmpfr-dev "MPFR headers" /usr/include/mpfr.h
        need_file libmpc-dev "MPC headers" /usr/include/mpc.h
        need_file libc6-dev "C library headers" /usr/include/stdio.h
        ;;
    *)
        echo "setup: unknown part '$1'" >&2
        exit 2
        ;;
    esac
}

for part; do check_part "$part"; done
[ -z "$missing" ] && exit 0

echo "setup: not found on this machine:$reasons"
install="apt-get install -y --no-install-recommends$missing"

if ! have apt-get; then
    echo "setup: there is no apt-get here; please install the above (Debian's package names are given)" >&2
    exit 1
fi
# sudo may ask for a password only where somebody can type it.
if [ "$(id -u)" = 0 ]; then
    as_root='env'
elif have sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    as_root='sudo env'
else
    as_root=''
fi
if [ -z "$as_root" ] || [ -n "${QUIRE_NO_INSTALL:-}" ]; then
    echo "setup: please type this as root, then try again:"
    echo "  apt-get update && $install"
    exit 1
fi

echo "setup: installing with apt-get:$missing"
# The lists may be missing or old; where they are not, an update that fails (no network) is no reason to stop.
$as_root apt-get -q update || echo "setup: apt-get update failed, trying with the lists that are there"
# shellcheck disable=SC2086 # words are wanted
if ! $as_root DEBIAN_FRONTEND=noninteractive $install -o Dpkg::Use-Pty=0 </dev/null; then
    echo "setup: apt-get could not install:$missing" >&2
    exit 1
fi

missing='' reasons=''
for part; do check_part "$part"; done
if [ -n "$missing" ]; then
    echo "setup: still not found after installing:$reasons" >&2
    exit 1
fi
echo "setup: done"
