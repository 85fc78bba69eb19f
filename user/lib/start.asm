; SPDX-License-Identifier: MIT
;
; First instructions of every program and of every thread.
;
; Decides: where the first stack is.  The kernel starts sigma0 and the root task with rsp = 0
; (abi: boot section 5): they use the stack below.  Programs started by the root task have a stack
; with arguments, environment and auxiliary vector on it.  Calls quire_start (start.c).

bits 64
default rel

BOOT_STACK_SIZE equ 32768

section .text.start progbits alloc exec nowrite align=16
global _start
extern quire_start
_start:
    mov     rsi, rdi                ; sigma0: address of the KIP; else 0
    mov     rdi, rsp                ; initial stack, 0 if there is none
    test    rsp, rsp
    jnz     .have_stack
    lea     rsp, [boot_stack_top]
.have_stack:
    and     rsp, -16
    xor     ebp, ebp
    call    quire_start
    ud2

section .text
; Entry of threads: quire_thread_create leaves argument and function on the stack.
global quire_thread_entry
quire_thread_entry:
    pop     rdi
    pop     rax
    and     rsp, -16
    xor     ebp, ebp
    call    rax
    ud2

; Guarded accesses (guard.c): quire_probe_read(address, unsigned long *value),
; quire_probe_write(address, value), quire_probe_exec(address); 1 = done.  After a fault the
; exception handler lets the thread continue at quire_probe_fault, which returns 0 to the caller of
; the probe; so the access happens with the stack pointer of the function's entry.
global quire_probe_start, quire_probe_end, quire_probe_fault
global quire_probe_read, quire_probe_write, quire_probe_exec, quire_probe_exec_return
quire_probe_start:
quire_probe_read:
    mov     rax, [rdi]
    mov     [rsi], rax
    mov     eax, 1
    ret
quire_probe_write:
    mov     [rdi], rsi
    mov     eax, 1
    ret
quire_probe_end:
; A fault of the called code has its own rip; the handler knows it by the return address below.
quire_probe_exec:
    call    rdi
quire_probe_exec_return:
    mov     eax, 1
    ret
quire_probe_fault:
    xor     eax, eax
    ret

section .bss nobits alloc noexec write align=16
boot_stack:
    resb    BOOT_STACK_SIZE
boot_stack_top:

section .note.GNU-stack noalloc noexec nowrite progbits
