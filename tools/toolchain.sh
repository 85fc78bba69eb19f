#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds an x86_64-elf cross compiler (binutils and gcc 12, C only) from the distribution's source packages.
#
# Usage: tools/toolchain.sh PREFIX        normally build/toolchain; JOBS=n for more than one process
# Called by `make toolchain`, after tools/setup.sh has installed the packages binutils-source and gcc-12-source. Each
# step leaves a mark in PREFIX-work, so that an interrupted build goes on where it stopped. All output is in
# PREFIX-work/log; the terminal shows the step and a line that counts the files compiled so far.
set -eu

prefix=${1:?usage: tools/toolchain.sh PREFIX}
mkdir -p "$prefix" "$prefix-work"
prefix=$(cd "$prefix" && pwd)
work=$prefix-work
log=$work/log
target=x86_64-elf
jobs=${JOBS:-$(nproc 2>/dev/null || echo 1)}
step=0
steps=7
started=$(date +%s)

# run TEXT COMMAND...: one step, with a moving count while it runs; stops with the end of the log if it fails.
run() {
    text=$1
    shift
    step=$((step + 1))
    mark=$work/done-$step
    if [ -e "$mark" ]; then
        echo "[$step/$steps] $text: done before"
        return
    fi
    echo "[$step/$steps] $text"
    echo "==== $text" >>"$log"
    ("$@") >>"$log" 2>&1 &
    child=$!
    trap 'kill $child 2>/dev/null' INT TERM
    ticks=0
    while kill -0 "$child" 2>/dev/null; do
        sleep 1
        ticks=$((ticks + 1))
        # On a terminal every second, else (a log) every half minute.
        if [ -t 1 ]; then
            printf '\r      %s  ' "$(progress)"
        elif [ $((ticks % 30)) = 0 ]; then
            echo "      $(progress)"
        fi
    done
    if [ -t 1 ]; then printf '\r      %s\n' "$(progress)"; fi
    if ! wait "$child"; then
        echo "toolchain: '$text' failed; the end of $log:" >&2
        tail -n 25 "$log" >&2
        exit 1
    fi
    touch "$mark"
}

progress() {
    printf '%s s, %s files compiled' "$(($(date +%s) - started))" "$(find "$work" -name '*.o' 2>/dev/null | wc -l)"
}

unpack() { # ARCHIVE DIRECTORY
    rm -rf "$2" && mkdir -p "$2" && tar -xf "$1" -C "$2" --strip-components=1
}

configure_binutils() {
    rm -rf "$work/binutils-build" && mkdir "$work/binutils-build" && cd "$work/binutils-build"
    ../binutils/configure --target=$target --prefix="$prefix" --disable-nls --disable-werror --disable-gdb \
        --disable-gprofng --disable-gdbserver --disable-sim --disable-libdecnumber --disable-readline
}

build_binutils() {
    cd "$work/binutils-build"
    make -j"$jobs" MAKEINFO=true
    make install MAKEINFO=true
}

configure_gcc() {
    rm -rf "$work/gcc-build" && mkdir "$work/gcc-build" && cd "$work/gcc-build"
    PATH=$prefix/bin:$PATH ../gcc/configure --target=$target --prefix="$prefix" --without-headers \
        --enable-languages=c --disable-nls --disable-shared --disable-threads --disable-lto --disable-libssp \
        --disable-libquadmath --disable-libgomp --disable-libatomic --disable-bootstrap --disable-multilib
}

build_gcc() {
    cd "$work/gcc-build"
    PATH=$prefix/bin:$PATH
    # The distribution takes the manuals out of the source, and one header is generated from them: it is up to date.
    mkdir -p gcc
    make -j"$jobs" MAKEINFO=true configure-gcc
    touch gcc/s-tm-texi
    make -j"$jobs" MAKEINFO=true all-gcc
    touch gcc/s-tm-texi
    make MAKEINFO=true install-gcc
}

build_libgcc() {
    cd "$work/gcc-build"
    PATH=$prefix/bin:$PATH
    touch gcc/s-tm-texi
    make -j"$jobs" MAKEINFO=true all-target-libgcc
    make MAKEINFO=true install-target-libgcc
}

first() { # the first of the files that exists
    for file; do [ -e "$file" ] && echo "$file" && return; done
    echo "toolchain: none of these is there: $*" >&2
    exit 1
}

binutils_source=$(first /usr/src/binutils/binutils-*.tar.xz)
gcc_source=$(first /usr/src/gcc-12/gcc-*.tar.xz)
echo "toolchain: $target into $prefix, $jobs at a time; all output in $log"
run "unpack $(basename "$binutils_source")" unpack "$binutils_source" "$work/binutils"
run "configure binutils" configure_binutils
run "build binutils" build_binutils
run "unpack $(basename "$gcc_source")" unpack "$gcc_source" "$work/gcc"
run "configure gcc" configure_gcc
run "build gcc" build_gcc
run "build libgcc" build_libgcc
rm -rf "$work/binutils" "$work/binutils-build" "$work/gcc" "$work/gcc-build"
echo "toolchain: $("$prefix/bin/$target-gcc" --version | head -n 1) in $prefix/bin; make uses it from now on"
