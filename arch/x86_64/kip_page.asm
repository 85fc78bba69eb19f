; SPDX-License-Identifier: MIT
;
; The kernel information page (KIP) and the kernel options block as they stand in the image.
;
; Constant parts are here; boot code (kernel/kip.c), or L4Re's bootstrap before it, fills in the
; rest.  User programs map this page read-execute and call the two clock functions in it (B-1), so
; that code must be position independent and needs only what the page itself holds.

KIP_MAGIC       equ 0x4be6344c
KIP_VERSION     equ 0x87034444          ; API 0x87, ABI version 3 (B-4)
N_DESCRIPTORS   equ 64
OPTIONS_MAGIC   equ 0x4c344b43

global kip_page

; Pads with zeros up to an offset in the page; an overlong predecessor is an assembly error.
%macro at_offset 1
        times %1 - ($ - kip_page) db 0
%endmacro

section .kip progbits alloc noexec write align=4096
bits 64
kip_page:
        dd KIP_MAGIC, KIP_VERSION
        db 0x490 / 16                   ; where the strings start
        at_offset 0x50
        dd 1000                         ; scheduling granularity in us
        dd 0x90, N_DESCRIPTORS          ; offset and number of memory descriptors
        at_offset 0x70
        db "pc", 0
        at_offset 0x80
        dd 0                            ; one processor
        at_offset 0x490
        db "Quire 0.1 microkernel (x86-64)", 0
        db "segments", 0, "abiver:3", 0, "mapdb", 0     ; B-3
        db 0
        at_offset 0x900

; Microseconds: upper half of TSC * (2^64 * 1000 / kHz).  Before the scaler is known: the clock
; word.
clock_us:
        mov     rcx, [rel scaler_us]
        test    rcx, rcx
        jz      .word
        rdtsc
        shl     rdx, 32
        or      rax, rdx
        mul     rcx
        mov     rax, rdx
        ret
.word:  mov     rax, [rel kip_page + 0x20]
        ret
        at_offset 0x980

; Nanoseconds: TSC * (2^32 * 10^6 / kHz) >> 32 with a 96-bit intermediate.
clock_ns:
        mov     rcx, [rel scaler_ns]
        test    rcx, rcx
        jz      .word
        rdtsc
        shl     rdx, 32
        or      rax, rdx
        mul     rcx
        shrd    rax, rdx, 32
        ret
.word:  imul    rax, [rel kip_page + 0x20], 1000
        ret
        at_offset 0x9f0
scaler_us:
        dq 0
scaler_ns:
        dq 0
        at_offset 0x1000

section .options progbits alloc noexec write align=4096
options:
        dd OPTIONS_MAGIC, 5             ; magic and version are checked by bootstrap (B-14)
        times 0xd8 - ($ - options) db 0 ; flags, UART, ...: Quire does not use them

section .note.GNU-stack noalloc noexec nowrite progbits
