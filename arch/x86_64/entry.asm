; SPDX-License-Identifier: MIT
;
; Entering and leaving the kernel: system call, exceptions, interrupts.
;
; User state is pushed straight into the current thread's struct regs: the stack pointer loaded at
; a trap (TSS.rsp0) is its end, a system call finds the thread in pcpu.cur.  Then the CPU's one
; kernel stack is used; C returns the thread to resume.  In the kernel interrupts are off but in
; arch_irq_window and arch_idle; one taken there is only noted.
; Offsets: struct pcpu (machine.h), struct thread: cont, then regs (kernel/thread.h); asserted in
; trap.c.

        bits    64
        default rel

PCPU_USER_RSP   equ 0x00
PCPU_STACK      equ 0x10
PCPU_CUR        equ 0x18
PCPU_RESCHED    equ 0x4c
NO_ANSWER       equ -1          ; kernel/syscall.h
TRAP_SYSCALL    equ 0x100
FIRST_IRQ       equ 32
N_IRQS          equ 64
REGS_ERR_SIZE   equ 16          ; trap and err

; struct thread: cont, then struct regs
T_REGS          equ 8
T_R15           equ T_REGS
T_R14           equ T_REGS + 1 * 8
T_R13           equ T_REGS + 2 * 8
T_R12           equ T_REGS + 3 * 8
T_R10           equ T_REGS + 5 * 8
T_R9            equ T_REGS + 6 * 8
T_R8            equ T_REGS + 7 * 8
T_RDI           equ T_REGS + 8 * 8
T_RSI           equ T_REGS + 9 * 8
T_RBP           equ T_REGS + 10 * 8
T_RBX           equ T_REGS + 12 * 8
T_RDX           equ T_REGS + 13 * 8
T_RAX           equ T_REGS + 15 * 8
T_TRAP          equ T_REGS + 16 * 8
T_RIP           equ T_REGS + 18 * 8
T_RFLAGS        equ T_REGS + 20 * 8
T_RSP           equ T_REGS + 21 * 8
REGS_TRAP       equ T_TRAP - T_REGS

        extern  syscall_entry, syscall_leave, syscall_answered, exit_slowly, trap_entry, kernel_trap, arch_irq_note

; Below the trap number: the general registers in the order of the exception message.
%macro SAVE_REGS 0
        push    rax
        push    rcx
        push    rdx
        push    rbx
        push    0               ; cr2
        push    rbp
        push    rsi
        push    rdi
        push    r8
        push    r9
        push    r10
        push    r11
        push    r12
        push    r13
        push    r14
        push    r15
%endmacro

; The registers that C preserves, into the thread that the argument points to.
%macro SAVE_PRESERVED 1
        mov     [%1 + T_RBX], rbx
        mov     [%1 + T_RBP], rbp
        mov     [%1 + T_R12], r12
        mov     [%1 + T_R13], r13
        mov     [%1 + T_R14], r14
        mov     [%1 + T_R15], r15
%endmacro

        section .text

; A system call.  Only what C code may change is saved at once.  The registers that C preserves
; (rbx, rbp, r12 to r15) hold the caller's values again when syscall_entry comes back, and are
; saved then if another thread goes on or there is more to do.  So nobody may look at them in
; struct regs of the current thread before.
        global  entry_syscall
entry_syscall:
        swapgs
        mov     [gs:PCPU_USER_RSP], rsp
        mov     rsp, [gs:PCPU_CUR]
        mov     [rsp + T_RIP], rcx
        mov     [rsp + T_RFLAGS], r11
        mov     rcx, [gs:PCPU_USER_RSP]
        mov     [rsp + T_RSP], rcx
        mov     [rsp + T_RAX], rax
        mov     [rsp + T_RDX], rdx
        mov     [rsp + T_RSI], rsi
        mov     [rsp + T_RDI], rdi
        mov     [rsp + T_R8], r8
        mov     [rsp + T_R9], r9
        mov     [rsp + T_R10], r10
        mov     rdi, rsp
        mov     rsp, [gs:PCPU_STACK]
        push    rdi
        call    syscall_entry
        pop     rsp
        cmp     rax, NO_ANSWER
        je      .leave
%ifndef QUIRE_WATCHED           ; checks, trace and clock of the time in the kernel are in C
        cmp     byte [gs:PCPU_RESCHED], 0
        je      return_answered
%endif
        mov     rdi, rsp
        mov     rsi, rax
        mov     rsp, [gs:PCPU_STACK]
        call    syscall_answered
        jmp     .same
.leave: mov     rdi, rsp
        mov     rsp, [gs:PCPU_STACK]
        call    syscall_leave
.same:  mov     rsp, [gs:PCPU_CUR]
return_syscall:                 ; rsp: the thread; the preserved registers are its own
        mov     rax, [rsp + T_RAX]
return_answered:                ; and rax is the answer
        ; The CPU faults in the kernel when the address is not canonical, as it is after a system call in the
        ; last bytes of user space (I-3).
        mov     rcx, [rsp + T_RIP]
        shl     rcx, 16
        sar     rcx, 16
        mov     r11, [rsp + T_RFLAGS]
        mov     r10, [rsp + T_R10]
        mov     r9, [rsp + T_R9]
        mov     r8, [rsp + T_R8]
        mov     rdi, [rsp + T_RDI]
        mov     rsi, [rsp + T_RSI]
        mov     rdx, [rsp + T_RDX]
        mov     rsp, [rsp + T_RSP]
        swapgs
        o64 sysret

; void arch_leave(from, to), called last by syscall_entry: `to` is in a system call too.
        global  arch_leave
arch_leave:
        SAVE_PRESERVED rdi
        mov     rax, rsi
resume_syscall:
        mov     rbx, [rax + T_RBX]
        mov     rbp, [rax + T_RBP]
        mov     r12, [rax + T_R12]
        mov     r13, [rax + T_R13]
        mov     r14, [rax + T_R14]
        mov     r15, [rax + T_R15]
        mov     rsp, rax
        jmp     return_syscall

; void arch_leave_slowly(from, to): any thread, or 0: exit_slowly chooses.
        global  arch_leave_slowly
arch_leave_slowly:
        SAVE_PRESERVED rdi
        mov     rax, rsi
        test    rax, rax
        jnz     resume
        mov     rsp, [gs:PCPU_STACK]
        call    exit_slowly
resume:                         ; rax: the thread
        cmp     qword [rax + T_TRAP], TRAP_SYSCALL
        je      resume_syscall
resume_trap:
        lea     rsp, [rax + T_REGS]
        pop     r15
        pop     r14
        pop     r13
        pop     r12
        pop     r11
        pop     r10
        pop     r9
        pop     r8
        pop     rdi
        pop     rsi
        pop     rbp
        add     rsp, 8          ; cr2
        pop     rbx
        pop     rdx
        pop     rcx
        pop     rax
        mov     qword [rsp], TRAP_SYSCALL
        add     rsp, REGS_ERR_SIZE
        swapgs
        iretq

        global  arch_user_return
arch_user_return:
        mov     rax, rdi
        jmp     resume

; A system call by 32-bit code: there is no such ABI, so nothing happens.  The entry must exist:
; without it the CPU would go to address 0 with kernel rights.
        global  entry_syscall32
entry_syscall32:
        o32 sysret

; Exceptions.  The stubs push what the CPU does not, so that all frames look alike.
%macro STUB_NOERR 1
stub%1: push    0
        push    %1
        jmp     trap_common
%endmacro
%macro STUB_ERR 1
stub%1: push    %1
        jmp     trap_common
%endmacro

; NMI, double fault and machine check have stacks of their own and mean the end, whoever was running.
%macro STUB_FATAL 2
stub%1:
%if %2
        push    0
%endif
        push    %1
        jmp     kernel_trap_common
%endmacro

%assign v 0
%rep 32
%if v = 2 || v = 18
        STUB_FATAL v, 1
%elif v = 8
        STUB_FATAL v, 0
%elif (v >= 10 && v <= 14) || v = 17 || v = 21 || v = 29 || v = 30
        STUB_ERR v
%else
        STUB_NOERR v
%endif
%assign v v + 1
%endrep

%assign v FIRST_IRQ
%rep N_IRQS
irq_stub%+v:
        push    0
        push    v
        jmp     irq_common
%assign v v + 1
%endrep

trap_common:                    ; rsp: trap, err, rip, cs, rflags, rsp, ss
        test    byte [rsp + 24], 3
        jz      kernel_trap_common
        swapgs
user_common:
        SAVE_REGS
        cmp     dword [rsp + REGS_TRAP], 14
        jne     .go
        mov     rax, cr2
        mov     [rsp + 11 * 8], rax
.go:    lea     rdi, [rsp - T_REGS]
        mov     rsp, [gs:PCPU_STACK]
        push    2               ; the user's DF and AC (which would turn SMAP off) are not for the kernel
        popfq
        call    trap_entry
        jmp     resume

irq_common:
        test    byte [rsp + 24], 3
        jz      .kernel
        swapgs
        jmp     user_common
.kernel:                        ; only noted; the kernel looks at its next preemption point
        push    rax
        push    rcx
        push    rdx
        push    rsi
        push    rdi
        push    r8
        push    r9
        push    r10
        push    r11
        mov     edi, [rsp + 9 * 8]
        cld
        call    arch_irq_note
        pop     r11
        pop     r10
        pop     r9
        pop     r8
        pop     rdi
        pop     rsi
        pop     rdx
        pop     rcx
        pop     rax
        add     rsp, REGS_ERR_SIZE
        iretq

; A fault of the kernel itself: the registers on the stack, then the end.
kernel_trap_common:
        SAVE_REGS
        mov     rax, cr2
        mov     [rsp + 11 * 8], rax
        mov     rdi, rsp
        and     rsp, -16
        cld
        call    kernel_trap

        global  entry_spurious
entry_spurious:
        iretq

        section .rodata
        global  trap_stubs, irq_stubs
trap_stubs:
%assign v 0
%rep 32
        dq      stub%+v
%assign v v + 1
%endrep
irq_stubs:
%assign v FIRST_IRQ
%rep N_IRQS
        dq      irq_stub%+v
%assign v v + 1
%endrep
