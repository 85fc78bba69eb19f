; SPDX-License-Identifier: MIT
;
; Entering and leaving the kernel: system call, exceptions, interrupts.
;
; User state is pushed straight into the current thread's struct regs: the stack pointer loaded on entry (TSS.rsp0,
; pcpu.regs_top) is its end.  Then the CPU's one kernel stack is used; C returns the thread to resume.
; In the kernel interrupts are off but in arch_irq_window and arch_idle; one taken there is only noted.
; Offsets: struct pcpu (machine.h), struct thread: cont, then regs (kernel/thread.h); asserted in trap.c.

        bits    64
        default rel

PCPU_USER_RSP   equ 0x08
PCPU_REGS_TOP   equ 0x10
PCPU_STACK      equ 0x18
USER_SS         equ 0x23
USER_CS         equ 0x2b
TRAP_SYSCALL    equ 0x100
REGS_OFFSET     equ 8           ; of regs in struct thread
REGS_TRAP       equ 16 * 8      ; of trap in struct regs
REGS_ERR_SIZE   equ 16          ; trap and err
FIRST_IRQ       equ 32
N_IRQS          equ 64

        extern  syscall_entry, trap_entry, kernel_trap, arch_irq_note

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

%macro CALL_C 1
        lea     rdi, [rsp - REGS_OFFSET]
        mov     rsp, [gs:PCPU_STACK]
        call    %1
%endmacro

        section .text

        global  entry_syscall
entry_syscall:
        swapgs
        mov     [gs:PCPU_USER_RSP], rsp
        mov     rsp, [gs:PCPU_REGS_TOP]
        push    USER_SS
        push    qword [gs:PCPU_USER_RSP]
        push    r11             ; rflags
        push    USER_CS
        push    rcx             ; rip
        push    0
        push    TRAP_SYSCALL
        SAVE_REGS
        CALL_C  syscall_entry
        ; falls through

; rax: the thread to resume
resume:
        lea     rsp, [rax + REGS_OFFSET]
        cmp     qword [rsp + REGS_TRAP], TRAP_SYSCALL
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
        lea     rsp, [rsp + 8]  ; cr2; the flags of the comparison stay
        pop     rbx
        pop     rdx
        pop     rcx
        pop     rax
        lea     rsp, [rsp + REGS_ERR_SIZE]
        jne     .iret
        ; A system call: rcx and r11 are the CPU's to use.  The CPU faults in the kernel when the address is not
        ; canonical, as after a system call in the last bytes of user space (I-3).
        mov     rcx, [rsp]
        shl     rcx, 16
        sar     rcx, 16
        mov     r11, [rsp + 16]
        mov     rsp, [rsp + 24]
        swapgs
        o64 sysret
.iret:
        swapgs
        global  entry_iret
entry_iret:
        iretq

        global  arch_user_return
arch_user_return:
        mov     rax, rdi
        jmp     resume

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
.go:    cld
        CALL_C  trap_entry
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
