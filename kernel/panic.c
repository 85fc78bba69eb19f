/* SPDX-License-Identifier: MIT */
/*
 * The end of the kernel, see panic.h.
 *
 * Called by CHECK and by trap handlers, on any stack and in any state; so it relies on nothing but
 * the console. Looks through the stack for return addresses, because the kernel keeps no frame pointers: now and then
 * one is shown that an earlier call has left in a hole of a frame.  A fault while doing that comes back here and ends
 * the machine without another look.
 */
#include "panic.h"

#include "arch.h"
#include "print.h"

enum { MAX_FRAMES = 32, CALL = 0xe8, CALL_INDIRECT = 0xff, KERNEL_STACK = 4 * PAGE_SIZE };

/* Made by tools/ksyms.py; empty in the first link pass. */
struct ksym {
    u32 offset; /* of the function from _text_start, ascending */
    u32 name;   /* offset of the name from _ksyms_end */
};
extern const struct ksym _ksyms_start[], _ksyms_end[];
extern const char _text_start[], _text_end[], _data_start[], _data_end[], kernel_stack_top[];

static unsigned panic_depth;

/* The function that holds addr; NULL: addr is not in kernel text, or the image has no symbols. */
static const struct ksym *function_at(u64 addr)
{
    const struct ksym *low = _ksyms_start, *high = _ksyms_end;
    u64 offset = addr - (u64)_text_start;

    if (offset >= (u64)(_text_end - _text_start) || low == high || offset < low->offset)
        return NULL;
    while (high - low > 1) { /* low is at or below addr, high above it */
        const struct ksym *mid = low + (high - low) / 2;
        if (mid->offset <= offset)
            low = mid;
        else
            high = mid;
    }
    return low;
}

void print_code_address(u64 addr)
{
    const struct ksym *s = function_at(addr);

    kprintf("  0x%016lx", addr);
    if (s)
        kprintf(" %s+0x%lx", (const char *)_ksyms_end + s->name,
                addr - (u64)_text_start - s->offset);
    kprintf("\n");
}

/* Is this where a call comes back to?  Behind a direct call, or one through memory or a register. */
static bool is_return_address(u64 addr)
{
    const u8 *code = (const u8 *)addr;

    if (addr < (u64)_text_start + 7 || addr >= (u64)_text_end)
        return false;
    return code[-5] == CALL || code[-2] == CALL_INDIRECT || code[-3] == CALL_INDIRECT ||
           code[-6] == CALL_INDIRECT || code[-7] == CALL_INDIRECT;
}

void backtrace_from(u64 rsp)
{
    /* Only stacks within the image's data are read: a wild pointer must not fault. */
    u64 end = (u64)kernel_stack_top;
    unsigned n = 0;

    kprintf("backtrace:\n");
    if (rsp % 8 || rsp < (u64)_data_start || rsp >= (u64)_data_end)
        return;
    if (rsp >= end || end - rsp > KERNEL_STACK)
        end = ALIGN_UP(rsp + 1, PAGE_SIZE); /* the stack of a fatal trap */
    for (; rsp + 8 <= end && n < MAX_FRAMES; rsp += 8) {
        u64 addr = *(const u64 *)rsp;
        if (is_return_address(addr)) {
            /* The call is before the return address, which may already belong to the next function. */
            print_code_address(addr - 1);
            n++;
        }
    }
}

void panic_begin(void)
{
    if (panic_depth++) {
        kprintf("\nquire: panic: another fault while reporting the first one\n");
        arch_exit(EXIT_PANIC);
    }
}

void panic_end(void) { arch_exit(EXIT_PANIC); }

void panic(const char *fmt, ...)
{
    va_list args;

    panic_begin();
    kprintf("quire: panic: ");
    va_start(args, fmt);
    kvprintf(fmt, args);
    va_end(args);
    kprintf("\n");
    backtrace_from((u64)__builtin_frame_address(0));
    panic_end();
}
