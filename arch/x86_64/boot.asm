; SPDX-License-Identifier: MIT
;
; From the boot loader to C.
;
; Two ways in: _start32, named by both Multiboot headers (32-bit protected mode, no paging), and
; _start64, the ELF entry, which L4Re's bootstrap calls in 64-bit mode with its own page tables
; (B-16).  Both load the same early page tables, enter the higher half on the kernel's boot stack and
; call boot_entry(magic, information address).  magic is 0 when bootstrap called.
;
; Early page tables: the low 4 GiB at 0 and at the direct map, the first GiB at the higher half, all
; writable and executable.  They are data of this file; kmap.c replaces them.

KERNEL_VIRT     equ 0xffffffff80000000
STACK_SIZE      equ 16384

MB1_MAGIC       equ 0x1badb002
MB1_FLAGS       equ 0x00010003          ; modules page-aligned, memory map, address fields
MB2_MAGIC       equ 0xe85250d6

SEL_CODE        equ 0x08
SEL_DATA        equ 0x10

CR0_BITS        equ 0x80010023          ; PG, WP, NE, MP, PE
CR0_EM_TS       equ 0x0000000c
CR4_BITS        equ 0x00000620          ; PAE, OSFXSR, OSXMMEXCPT
EFER            equ 0xc0000080
EFER_LME        equ 1 << 8
EFER_NXE        equ 1 << 11

COM1            equ 0x3f8
EXIT_PORT       equ 0xf4
EXIT_REFUSED    equ 0x12

extern boot_entry
extern _kernel_phys_start
extern _load_phys_end
extern _kernel_phys_end

global _start32
global _start64
global kernel_stack_guard
global kernel_stack_top

%define PHYS(symbol) ((symbol) - KERNEL_VIRT)

section .boot progbits alloc exec nowrite align=4096

; --- Multiboot headers
; ---------------------------------------------------------------------------------

align 8
mb2_header:
        dd MB2_MAGIC, 0, mb2_end - mb2_header
        dd 0x100000000 - (MB2_MAGIC + (mb2_end - mb2_header))
        align 8
        dw 3, 0                         ; entry address: the ELF entry is for bootstrap
        dd 12, _start32
        align 8
        dw 6, 0                         ; modules page-aligned
        dd 8
        align 8
        dw 0, 0
        dd 8
mb2_end:

align 8
mb1_header:
        dd MB1_MAGIC, MB1_FLAGS, -(MB1_MAGIC + MB1_FLAGS)
        dd mb1_header, _kernel_phys_start, _load_phys_end, _kernel_phys_end, _start32

; --- Shared steps; both bit sizes, 32-bit registers only
; -------------------------------------------------

; Long mode, and no-execute where the processor has it.  Clobbers eax, ebx, ecx, edx.
%macro enable_efer 0
        mov     eax, 0x80000001
        cpuid
        mov     ebx, edx
        mov     ecx, EFER
        rdmsr
        or      eax, EFER_LME
        bt      ebx, 20
        jnc     %%write
        or      eax, EFER_NXE
%%write:
        wrmsr
%endmacro

; --- Multiboot entry
; -------------------------------------------------------------------------------------

bits 32
_start32:
        cli
        cld
        mov     esp, PHYS(kernel_stack_top)
        push    ebx                     ; information address
        push    eax                     ; magic

        pushfd                          ; does CPUID exist?  (can EFLAGS.ID be changed)
        mov     eax, [esp]
        xor     dword [esp], 1 << 21
        popfd
        pushfd
        pop     ecx
        xor     eax, ecx
        test    eax, 1 << 21
        jz      no_long_mode
        mov     eax, 0x80000000
        cpuid
        cmp     eax, 0x80000001
        jb      no_long_mode
        mov     eax, 0x80000001
        cpuid
        bt      edx, 29
        jnc     no_long_mode

        mov     eax, cr4
        or      eax, CR4_BITS
        mov     cr4, eax
        mov     eax, early_pml4
        mov     cr3, eax
        enable_efer
        pop     edi                     ; magic
        pop     esi                     ; information address
        mov     eax, cr0
        and     eax, ~CR0_EM_TS
        or      eax, CR0_BITS
        mov     cr0, eax
        lgdt    [gdt_pointer_low]
        jmp     SEL_CODE:enter_high

no_long_mode:
        mov     esi, serial_setup
        mov     ecx, (serial_setup_end - serial_setup) / 2
.setup: mov     dx, COM1
        movzx   eax, byte [esi]
        add     edx, eax
        mov     al, [esi + 1]
        out     dx, al
        add     esi, 2
        loop    .setup
        mov     esi, no_long_mode_text
.next:  mov     ecx, 100000             ; bounded: there may be no serial port
        mov     dx, COM1 + 5
.wait:  in      al, dx
        test    al, 0x20
        jnz     .ready
        loop    .wait
.ready: mov     dx, COM1
        mov     al, [esi]
        inc     esi
        test    al, al
        jz      .exit
        out     dx, al
        jmp     .next
.exit:  mov     al, EXIT_REFUSED
        out     EXIT_PORT, al
.halt:  cli
        hlt
        jmp     .halt

serial_setup:                           ; (register, value): 115200 baud, 8N1, FIFO on
        db 1, 0, 3, 0x80, 0, 1, 1, 0, 3, 3, 2, 7
serial_setup_end:
no_long_mode_text:
        db "quire: error: this processor has no 64-bit mode (long mode); "
        db "an x86-64 processor is needed", 13, 10, 0

; --- bootstrap's entry
; -----------------------------------------------------------------------------------

bits 64
_start64:
        cli
        cld
        mov     esp, PHYS(kernel_stack_top)
        mov     rax, cr4
        or      eax, CR4_BITS
        mov     cr4, rax
        enable_efer
        mov     rax, cr0
        and     eax, ~CR0_EM_TS
        or      eax, CR0_BITS
        mov     cr0, rax
        mov     eax, early_pml4
        mov     cr3, rax
        xor     edi, edi                ; magic 0: modules are loaded and the KIP is filled
        xor     esi, esi
        lgdt    [gdt_pointer_low]
        push    SEL_CODE
        push    enter_high
        retfq

enter_high:
        mov     rax, in_high_half
        jmp     rax

align 8
gdt_pointer_low:
        dw boot_gdt_end - boot_gdt - 1
        dq PHYS(boot_gdt)

; --- Early page tables
; -----------------------------------------------------------------------------------

PRESENT_WRITABLE equ 3
LARGE_PAGE      equ 0x80                ; 2 MiB

align 4096
early_pml4:
        dq early_pdpt + PRESENT_WRITABLE
        times 255 dq 0
        dq early_pdpt + PRESENT_WRITABLE        ; the direct map
        times 254 dq 0
        dq early_pdpt_high + PRESENT_WRITABLE   ; the higher half
early_pdpt:
        dq early_pd + PRESENT_WRITABLE, early_pd + 0x1000 + PRESENT_WRITABLE
        dq early_pd + 0x2000 + PRESENT_WRITABLE, early_pd + 0x3000 + PRESENT_WRITABLE
        times 508 dq 0
early_pdpt_high:
        times 510 dq 0
        dq early_pd + PRESENT_WRITABLE, 0
early_pd:
%assign page 0
%rep 4 * 512
        dq page + LARGE_PAGE + PRESENT_WRITABLE
%assign page page + 0x200000
%endrep

; --- Higher half
; -----------------------------------------------------------------------------------------

section .text
in_high_half:
        lgdt    [rel gdt_pointer]       ; its low alias vanishes with the early page tables
        mov     eax, SEL_DATA
        mov     ds, eax
        mov     es, eax
        mov     ss, eax
        xor     eax, eax
        mov     fs, eax
        mov     gs, eax
        lldt    ax
        mov     rsp, kernel_stack_top
        xor     ebp, ebp                ; end of every backtrace
        mov     edi, edi                ; the arguments are 32 bits wide
        mov     esi, esi
        call    boot_entry
        ud2

section .rodata
align 8
boot_gdt:
        dq 0
        dq 0x00af9b000000ffff           ; 64-bit code, ring 0; accessed bits set: no writes
        dq 0x00cf93000000ffff           ; data
boot_gdt_end:
align 8
gdt_pointer:
        dw boot_gdt_end - boot_gdt - 1
        dq boot_gdt

section .bss nobits alloc noexec write align=4096
kernel_stack_guard:
        resb 4096                       ; kmap.c leaves it unmapped
        resb STACK_SIZE
kernel_stack_top:

section .note.GNU-stack noalloc noexec nowrite progbits
