; SPDX-License-Identifier: MIT
;
; A system call in 32-bit mode: int quire_syscall32(void).
;
; Decides nothing for programs: the ABI knows no 32-bit system calls, but the code selector 0x1b is
; there for everyone, so a test has to see what the processor and the kernel make of it.  Returns 1
; if the instruction came back in 32-bit mode, 2 if an exception handler had the thread go on at
; quire_syscall32_fault.  Needs code and stack below 4 GiB.  Called by tests, calls nothing.

USER_CS32       equ 0x1b
USER_CS         equ 0x2b

        section .text
        bits    64
        default rel
        global  quire_syscall32, quire_syscall32_fault
quire_syscall32:
        push    rbx
        push    rbp
        push    r12
        push    r13
        push    r14
        push    r15
        mov     [saved_rsp], rsp
        jmp     far dword [to_in32] ; 64-bit mode has no far jump with an immediate address
        bits    32
in32:
        xor     eax, eax        ; all that a system call could take as arguments
        mov     edx, 0xfffff802 ; a receive from the invoking thread ...
        mov     esi, eax
        mov     edi, eax
        syscall
        mov     eax, 1
        jmp     back
quire_syscall32_fault:
        mov     eax, 2
back:
        jmp     USER_CS:in64
        bits    64
in64:
        mov     rsp, [saved_rsp]
        pop     r15
        pop     r14
        pop     r13
        pop     r12
        pop     rbp
        pop     rbx
        ret

        section .rodata
to_in32:
        dd      in32
        dw      USER_CS32

        section .bss nobits alloc noexec write align=8
saved_rsp:
        resq    1

        section .note.GNU-stack noalloc noexec nowrite progbits
