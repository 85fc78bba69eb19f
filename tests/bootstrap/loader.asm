; SPDX-License-Identifier: MIT
;
; Stands for L4Re's bootstrap: enters the kernel as that does (B-16).
;
; tests/qemu/bootstrap.py assembles it (flat binary, at address LOADER) into an image in which everything
; else is in its place already; QEMU jumps to start32 as to any Multiboot kernel.  KIP and ENTRY: where the
; kernel's information page is, and where the kernel wants to be called.

TABLES  equ LOADER + 0x1000             ; page tables: one root, one directory of directories, four directories
STACK   equ LOADER + 0x8000
LARGE   equ 0x83                        ; present, writable, 2 MiB
MAGIC   equ 0x1badb002
EFER    equ 0xc0000080

org LOADER
bits 32
        align 4
        dd MAGIC, 0, -MAGIC

start32:
        cli
        cld
        mov     esp, STACK
        mov     edi, TABLES
        mov     ecx, 6 * 1024
        xor     eax, eax
        rep stosd
        mov     dword [TABLES], TABLES + 0x1000 + 3
        xor     ecx, ecx
.next:  mov     eax, ecx                ; the low 4 GiB one to one
        shl     eax, 21
        or      eax, LARGE
        mov     [TABLES + 0x2000 + ecx * 8], eax
        inc     ecx
        cmp     ecx, 4 * 512
        jne     .next
        xor     ecx, ecx
.dir:   mov     eax, ecx
        shl     eax, 12
        add     eax, TABLES + 0x2000 + 3
        mov     [TABLES + 0x1000 + ecx * 8], eax
        inc     ecx
        cmp     ecx, 4
        jne     .dir

        mov     eax, 0xe0000            ; the firmware's ACPI root pointer
.scan:  cmp     dword [eax], "RSD "
        jne     .no
        cmp     dword [eax + 4], "PTR "
        jne     .no
        mov     [KIP + 0x30], eax
        jmp     .found
.no:    add     eax, 16
        cmp     eax, 0x100000
        jb      .scan
.found:
        mov     eax, 1 << 5             ; CR4: PAE and nothing else
        mov     cr4, eax
        mov     eax, TABLES
        mov     cr3, eax
        mov     ecx, EFER
        xor     edx, edx
        mov     eax, 1 << 8             ; LME and nothing else
        wrmsr
        mov     eax, cr0
        or      eax, 1 << 31
        mov     cr0, eax
        lgdt    [gdt_pointer]
        jmp     0x20:start64

bits 64
start64:
        mov     eax, 0x18
        mov     ds, eax
        mov     es, eax
        mov     ss, eax
        xor     eax, eax
        mov     fs, eax
        mov     gs, eax
        mov     rax, 0x5a5a5a5a5a5a5a5a ; no register has a meaning
        mov     rbx, rax
        mov     rcx, rax
        mov     rdx, rax
        mov     rsi, rax
        mov     rdi, rax
        mov     rbp, rax
        mov     r15, ENTRY
        call    r15
.halt:  hlt
        jmp     .halt

        align 8
gdt:    dq 0, 0, 0
        dq 0x00cf93000000ffff           ; 0x18 data
        dq 0x00af9b000000ffff           ; 0x20 code, 64 bits
gdt_pointer:
        dw gdt_pointer - gdt - 1
        dd gdt
