/* SPDX-License-Identifier: MIT */
/*
 * What user code may not do: privileged instructions, ports, kernel addresses, wild returns.
 *
 * Runs as root task; the code runs in ring3, a worker in a task of its own (traps.h).  Each attempt
 * must end in the exception the processor has for it, and the kernel must go on: the last case asks
 * it for its own invariants.  Cases without a rule of the ABI are named ISO.
 */
#include "memory.h"
#include "traps.h"

#include <l4/sys/task.h>
#include <quire/string.h>

int quire_syscall32(void);
extern char quire_syscall32_fault[];

enum { FLAG_NESTED = 0x4000, FLAG_ARITHMETIC = 0xd5 };
#define LAST_PAGE 0x7ffffffff000UL /* the last one of user space */

struct attempt {
    char const *what;
    unsigned char code[12];
    unsigned n;
    unsigned long trap;
};

static void attempts(struct attempt const *a, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        trap_of_code(a[i].what, a[i].code, a[i].n, a[i].trap);
}
#define ATTEMPTS(a) attempts(a, sizeof(a) / sizeof((a)[0]))

static void privileged(void)
{
    static struct attempt const a[] = {
        {"cli", {0xfa}, 1, TRAP_PROTECTION},
        {"sti", {0xfb}, 1, TRAP_PROTECTION},
        {"hlt", {0xf4}, 1, TRAP_PROTECTION},
        {"write cr0", {0x0f, 0x22, 0xc0}, 3, TRAP_PROTECTION},
        {"read cr3", {0x0f, 0x20, 0xd8}, 3, TRAP_PROTECTION},
        {"write cr4", {0x0f, 0x22, 0xe0}, 3, TRAP_PROTECTION},
        {"write dr7", {0x0f, 0x23, 0xf8}, 3, TRAP_PROTECTION},
        {"rdmsr", {0x0f, 0x32}, 2, TRAP_PROTECTION},
        {"wrmsr", {0x0f, 0x30}, 2, TRAP_PROTECTION},
        {"lgdt", {0x0f, 0x01, 0x17}, 3, TRAP_PROTECTION},
        {"lidt", {0x0f, 0x01, 0x1f}, 3, TRAP_PROTECTION},
        {"ltr", {0x0f, 0x00, 0xd8}, 3, TRAP_PROTECTION},
        {"lldt", {0x0f, 0x00, 0xd0}, 3, TRAP_PROTECTION},
        {"lmsw", {0x0f, 0x01, 0xf0}, 3, TRAP_PROTECTION},
        {"clts", {0x0f, 0x06}, 2, TRAP_PROTECTION},
        {"invlpg", {0x0f, 0x01, 0x3f}, 3, TRAP_PROTECTION},
        {"invd", {0x0f, 0x08}, 2, TRAP_PROTECTION},
        {"wbinvd", {0x0f, 0x09}, 2, TRAP_PROTECTION},
        {"swapgs", {0x0f, 0x01, 0xf8}, 3, TRAP_PROTECTION},
        {"sysret", {0x48, 0x0f, 0x07}, 3, TRAP_PROTECTION},
    };

    ATTEMPTS(a);
}

static void ports(void)
{
    static struct attempt const a[] = {
        {"in al, dx", {0xec}, 1, TRAP_PROTECTION},
        {"out 0xf4, al", {0xe6, 0xf4}, 2, TRAP_PROTECTION},
        {"in eax, 0xcf", {0xe5, 0xcf}, 2, TRAP_PROTECTION},
        {"insb", {0x6c}, 1, TRAP_PROTECTION},
        {"outsb", {0x6e}, 1, TRAP_PROTECTION},
        /* The last port there is, two bytes from it: what lies behind the CPU's bitmap? */
        {"in ax, 0xffff", {0xba, 0xff, 0xff, 0, 0, 0x66, 0xed}, 7, TRAP_PROTECTION},
        /* The most user code can do for ports: set IOPL, which popf leaves as it is. */
        {"popf with IOPL 3, out",
         {0x9c, 0x80, 0x4c, 0x24, 0x01, 0x30, 0x9d, 0xe6, 0xf4},
         9,
         TRAP_PROTECTION},
    };

    ATTEMPTS(a);
    expect("error code", pager_seen.regs.err, 0);
    expect("IOPL", pager_seen.regs.flags & FLAG_IOPL, 0);
}

static void interrupts(void)
{
    static struct attempt const a[] = {
        {"int 0", {0xcd, 0x00}, 2, TRAP_PROTECTION},
        {"int 2", {0xcd, 0x02}, 2, TRAP_PROTECTION},
        {"int 4", {0xcd, 0x04}, 2, TRAP_PROTECTION},
        {"int 8", {0xcd, 0x08}, 2, TRAP_PROTECTION},
        {"int 14", {0xcd, 0x0e}, 2, TRAP_PROTECTION},
        {"int 32", {0xcd, 0x20}, 2, TRAP_PROTECTION},
        {"int 48", {0xcd, 0x30}, 2, TRAP_PROTECTION},
        {"int 128", {0xcd, 0x80}, 2, TRAP_PROTECTION},
        {"int3", {0xcc}, 1, TRAP_BREAK},
        {"int 255", {0xcd, 0xff}, 2, TRAP_PROTECTION},
    };

    ATTEMPTS(a);
}

static void segments(void)
{
    static struct attempt const a[] = {
        {"kernel code in ds", {0xb8, 8, 0, 0, 0, 0x8e, 0xd8}, 7, TRAP_PROTECTION},
        {"kernel data in ss", {0xb8, 16, 0, 0, 0, 0x8e, 0xd0}, 7, TRAP_PROTECTION},
        {"task segment in gs", {0xb8, 0x7b, 0, 0, 0, 0x8e, 0xe8}, 7, TRAP_PROTECTION},
        {"beyond the table in es", {0xb8, 0xfb, 0xff, 0, 0, 0x8e, 0xc0}, 7, TRAP_PROTECTION},
    };
    /* jmp far [rip+0] to selector 8, the kernel's code */
    static unsigned char const far[] = {0xff, 0x2d, 0, 0, 0, 0, 0, 0, 0, 0x60, 8, 0};
    /*
     * The user's data selector in gs and a null one in ds, then a sleep of 1 ms; what the sleep left goes to r9 and
     * r10.  Null in gs again: the UTCB is found through it.
     */
    static unsigned char const load[] = {
        0xb8, 0x23, 0,    0,    0,    0x8e, 0xe8, 0x31, 0xc0, 0x8e, 0xd8, /* gs, ds */
        0x48, 0xc7, 0xc2, 0x02, 0xf8, 0xff, 0xff, 0x41, 0xb8, 0xe8, 3,
        0,    0,    0x0f, 0x05, /* sleep */
        0x41, 0x8c, 0xe9, 0x41, 0x8c, 0xda, 0x31, 0xc0, 0x8e, 0xe8};

    ATTEMPTS(a);
    trap_of_code("far jump to the kernel", far, sizeof(far), TRAP_PROTECTION);
    start_code(load, sizeof(load));
    l4_ipc_sleep_ms(4);
    expect("done", (unsigned long)ring3->done, 1);
    expect("trap", pager_seen.regs.trapno, TRAP_OPCODE);
    expect("gs", pager_seen.regs.r9, 0x23);
    expect("ds", pager_seen.regs.r10, 0);
}

static void kernel_addresses(void)
{
    static l4_addr_t const addresses[] = {
        0xffff800000000000UL, 0xffff800000100000UL, 0xffff888000000000UL, 0xffffc00000000000UL,
        0xffffffff80000000UL, 0xffffffff80400000UL, 0xffffffffc0000000UL, 0xfffffffffffff000UL,
    };

    for (unsigned i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        pager_reset();
        expect("read", (unsigned long)worker_read(ring3, addresses[i], 0), 0);
        expect("read: user mode", pager_seen.regs.err & 6, 4);
        expect("write", (unsigned long)worker_write(ring3, addresses[i], 0x41), 0);
        expect("write: user mode", pager_seen.regs.err & 6, 6);
        expect("address", pager_seen.regs.pfa, addresses[i]);
        expect("call", (unsigned long)worker_exec(ring3, addresses[i]), 0);
        expect("ip", pager_seen.regs.ip, addresses[i]);
        expect("exceptions", pager_seen.exceptions, 3);
        expect("page-fault messages", pager_seen.faults, 0);
    }
}

static void hole_in_the_middle(void)
{
    static l4_addr_t const addresses[] = {0x800000000000UL, 0x7fffffffffffffffUL & ~7UL,
                                          0x8000000000000000UL, 0xffff7ffffffffff8UL};

    for (unsigned i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        expect("read", (unsigned long)worker_read(ring3, addresses[i], 0), 0);
        expect("trap", pager_seen.regs.trapno, TRAP_PROTECTION);
        expect("call", (unsigned long)worker_exec(ring3, addresses[i]), 0);
        expect("trap", pager_seen.regs.trapno, TRAP_PROTECTION);
    }
}

/* The instruction behind the system call is the first address that is not the user's. */
static void return_beyond_user_space(void)
{
    l4_fpage_t fp = l4_fpage(CODE_POOL, L4_PAGESHIFT, L4_FPAGE_RX);

    ((volatile unsigned char *)CODE_POOL)[L4_PAGESIZE - 2] = 0x0f;
    ((volatile unsigned char *)CODE_POOL)[L4_PAGESIZE - 1] = 0x05;
    expect_label("map", l4_error(l4_task_map(ring3->task, L4_BASE_TASK_CAP, fp, LAST_PAGE)), 0);
    expect("returned", (unsigned long)worker_exec(ring3, LAST_PAGE + L4_PAGESIZE - 2), 0);
    expect("trap", pager_seen.regs.trapno, TRAP_PF);
    expect("ip", pager_seen.regs.ip, 0xffff800000000000UL);
    expect("fault address", pager_seen.regs.pfa, 0xffff800000000000UL);
    l4_task_unmap(ring3->task, l4_fpage(LAST_PAGE, L4_PAGESHIFT, L4_FPAGE_RWX), L4_FP_ALL_SPACES);
}

static void wild_stack(void)
{
    /* mov r8, rsp; mov rsp, imm64; ud2 */
    unsigned char code[] = {0x49, 0x89, 0xe0, 0x48, 0xbc, 0, 0, 0, 0, 0, 0, 0, 0, 0x0f, 0x0b};
    static l4_addr_t const stacks[] = {0, 0xffffffff80400000UL, 0x800000000000UL, 7};

    for (unsigned i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
        memcpy(code + 5, &stacks[i], sizeof(stacks[i]));
        trap_of_code("ud2", code, sizeof(code), TRAP_OPCODE);
        expect("sp", pager_seen.regs.sp, stacks[i]);
    }
}

static void flags(void)
{
    static unsigned char const direction[] = {0xfd, 0x0f, 0x0b}; /* std; ud2 */
    /* pushfq; or dword [rsp], imm32; popfq; ud2 */
    static unsigned char const align[] = {0x9c, 0x81, 0x0c, 0x24, 0, 0, 4, 0, 0x9d, 0x0f, 0x0b};
    static unsigned char const nested[] = {0x9c, 0x81, 0x0c, 0x24, 0, 0x40, 0, 0, 0x9d, 0x0f, 0x0b};
    /* pushfq; or dword [rsp], 0x100; popfq; nop */
    static unsigned char const trace[] = {0x9c, 0x81, 0x0c, 0x24, 0, 1, 0, 0, 0x9d, 0x90};

    trap_of_code("direction flag", direction, sizeof(direction), TRAP_OPCODE);
    expect("direction flag kept", pager_seen.regs.flags & FLAG_DIRECTION, FLAG_DIRECTION);
    expect("registers in order", pager_seen.regs.rdi, CODE);
    expect("code selector", pager_seen.regs.dummy1, 0x2b);
    trap_of_code("alignment flag", align, sizeof(align), TRAP_OPCODE);
    trap_of_code("nested task flag", nested, sizeof(nested), TRAP_OPCODE);
    trap_of_code("trace flag", trace, sizeof(trace), TRAP_DEBUG);
}

/* All flags set that user code can set, then a system call: a receive that times out at once. */
static void flags_in_system_call(void)
{
    /* mov rdx, -2046; mov r8d, 0x04000400; xor eax, eax; pushfq; or dword [rsp], flags; popfq; syscall */
    unsigned char code[] = {0x48, 0xc7, 0xc2, 0x02, 0xf8, 0xff, 0xff, 0x41, 0xb8,
                            0,    4,    0,    4,    0x31, 0xc0, 0x9c, 0x81, 0x0c,
                            0x24, 0,    0,    0,    0,    0x9d, 0x0f, 0x05};
    unsigned const set[] = {FLAG_DIRECTION | FLAG_ALIGN | FLAG_NESTED | FLAG_ARITHMETIC,
                            FLAG_TRACE};
    static unsigned long const trap[] = {TRAP_OPCODE, TRAP_DEBUG};

    for (unsigned i = 0; i < 2; i++) {
        memcpy(code + 19, &set[i], sizeof(set[i]));
        trap_of_code("behind the system call", code, sizeof(code), trap[i]);
        expect("ip", pager_seen.regs.ip, CODE + sizeof(code));
        expect("result", pager_seen.regs.rax, L4_MSGTAG_ERROR);
        expect("flags", pager_seen.regs.flags & set[i], set[i]);
    }
}

static void forge_selectors(void *arg)
{
    unsigned long *failures = arg;
    struct ipc x;

    for (unsigned bit = 12; bit < 64; bit++)
        for (unsigned low = 0; low < 16; low++)
            for (unsigned slot = 0x31; slot < 0x34; slot++) {
                l4_cap_idx_t cap = ((l4_cap_idx_t)slot << L4_CAP_SHIFT) | 1UL << bit;

                if (low & L4_SYSF_REPLY || cap >> L4_CAP_SHIFT == CHILD_MAIN >> L4_CAP_SHIFT ||
                    cap >> L4_CAP_SHIFT == CHILD_PAGER >> L4_CAP_SHIFT)
                    continue;
                ipc_init(&x, cap, low, tag(L4_PROTO_TASK, 3), L4_IPC_BOTH_TIMEOUT_0);
                ipc_do(&x);
                *failures += x.error != L4_IPC_ENOT_EXISTENT;
            }
}

static void forged_selectors(void)
{
    static unsigned long failures;

    failures = 0;
    worker_run(ring3, forge_selectors, &failures);
    expect("done", (unsigned long)ring3->done, 1);
    expect("failures", failures, 0);
}

static void system_call_in_32_bit_mode(void *arg) { *(int *)arg = quire_syscall32(); }

static void mode32(void)
{
    static int result;

    result = 0;
    pager_seen.resume = (l4_addr_t)quire_syscall32_fault;
    worker_run(ring3, system_call_in_32_bit_mode, &result);
    /* AMD's processors come back, Intel's have an invalid opcode there. */
    expect("back in 64-bit mode", (unsigned long)ring3->done, 1);
    if (result == 2)
        expect("trap", pager_seen.regs.trapno, TRAP_OPCODE);
    else
        expect("result", (unsigned long)result, 1);
}

static void invariants(void) { expect_label("check", kernel_check(), 0); }

static struct test_case const cases[] = {
    {"I-65", "privileged instructions", privileged},
    {"I-65", "ports without permission", ports},
    {"I-65", "software interrupts", interrupts},
    {"I-65", "segment selectors", segments},
    {"I-57", "reading, writing and calling kernel addresses", kernel_addresses},
    {"I-65", "addresses in the hole between user and kernel", hole_in_the_middle},
    {"I-3", "system call in the last bytes of user space", return_beyond_user_space},
    {"ISO", "stack pointers that lead nowhere", wild_stack},
    {"ISO", "direction, alignment, nested task and trace flag at a trap", flags},
    {"ISO", "the same flags at a system call", flags_in_system_call},
    {"I-10", "forged capability selectors", forged_selectors},
    {"ISO", "system call in 32-bit mode", mode32},
    {"ISO", "the kernel's invariants hold after all that", invariants},
};

int main(void)
{
    traps_init();
    return TEST_RUN(cases);
}
