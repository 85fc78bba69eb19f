; SPDX-License-Identifier: MIT
;
; A system call with all registers given, and the first instructions of the callers' threads, see calls.h.
; The stack pointer alone is not random: the kernel never looks at it.

bits 64
default rel

SPOILT equ 13 * 8                       ; behind the registers

section .text align=4096

; The exclusive or of the registers that are to be kept, without r14.
%macro mix 1
    mov     %1, r8
    xor     %1, r9
    xor     %1, r10
    xor     %1, rbx
    xor     %1, rbp
    xor     %1, r12
    xor     %1, r13
%endmacro

; void call_enter(struct call_regs *regs)
; No memory is needed to tell whether registers were kept: callers may come to share their arenas.
global call_enter
call_enter:
    push    rbx
    push    rbp
    push    r12
    push    r13
    push    r14
    push    r15
    push    rdi
    mov     rax, [rdi]
    mov     rdx, [rdi + 8]
    mov     rsi, [rdi + 16]
    mov     r8, [rdi + 32]
    mov     r9, [rdi + 40]
    mov     r10, [rdi + 48]
    mov     rbx, [rdi + 56]
    mov     rbp, [rdi + 64]
    mov     r12, [rdi + 72]
    mov     r13, [rdi + 80]
    mov     r15, [rdi + 96]
    mov     rdi, [rdi + 24]
    mix     r14
    syscall
    mix     rcx
    pop     rdi
    mov     [rdi], rax
    mov     [rdi + 8], rdx
    cmp     rcx, r14
    je      .kept
    inc     qword [rdi + SPOILT]
.kept:
    pop     r15
    pop     r14
    pop     r13
    pop     r12
    pop     rbp
    pop     rbx
    ret

; The arena is the page below the stack pointer.  Alone in its page: ex_regs with one wrong bit of this address
; should not go on in the middle of call_enter, which would look like registers that were not kept.
align 4096, int3
global caller_entry
extern caller_loop
caller_entry:
    cld
    lea     rdi, [rsp - 1]
    and     rdi, -4096
    and     rsp, -16
    xor     ebp, ebp
    call    caller_loop
    ud2
align 4096, int3

section .note.GNU-stack noalloc noexec nowrite progbits
