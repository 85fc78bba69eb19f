/* SPDX-License-Identifier: MIT */
/*
 * The end of the kernel, see panic.h.
 *
 * Called by CHECK and by trap handlers, on any stack and in any state; so it relies on nothing but
 * the console. Walks the chain of frame pointers (the kernel is compiled with them).  A fault while
 * doing that comes back here and ends the machine without another walk.
 */
#include "panic.h"

#include "arch.h"
#include "print.h"

enum { MAX_FRAMES = 32 };

/* Made by tools/ksyms.py; empty in the first link pass. */
struct ksym {
    u32 offset; /* of the function from _text_start, ascending */
    u32 name;   /* offset of the name from _ksyms_end */
};
extern const struct ksym _ksyms_start[], _ksyms_end[];
extern const char _text_start[], _text_end[], _data_start[], _data_end[];

static unsigned panic_depth;

const char *ksym_lookup(u64 addr, u64 *offset)
{
    const char *names = (const char *)_ksyms_end;
    u64 low = 0, high = (u64)(_ksyms_end - _ksyms_start), text = (u64)_text_start;

    if (addr < text || addr >= (u64)_text_end || !high || addr - text < _ksyms_start[0].offset)
        return NULL;
    while (high - low > 1) { /* entry low is at or below addr, entry high above it */
        u64 mid = (low + high) / 2;
        if (_ksyms_start[mid].offset <= addr - text)
            low = mid;
        else
            high = mid;
    }
    if (offset)
        *offset = addr - text - _ksyms_start[low].offset;
    return names + _ksyms_start[low].name;
}

void print_code_address(u64 addr)
{
    u64 offset = 0;
    const char *name = ksym_lookup(addr, &offset);

    if (name)
        kprintf("  0x%016lx %s+0x%lx\n", addr, name, offset);
    else
        kprintf("  0x%016lx\n", addr);
}

/* Only stacks within the image's data are walked: a wild frame pointer must not fault. */
static bool is_frame(u64 rbp)
{
    return rbp % 8 == 0 && rbp >= (u64)_data_start && rbp + 16 <= (u64)_data_end;
}

void backtrace_from(u64 rbp)
{
    kprintf("backtrace:\n");
    for (unsigned i = 0; i < MAX_FRAMES && is_frame(rbp); i++) {
        const u64 *frame = (const u64 *)rbp; /* [0] the caller's frame, [1] the return address */
        if (!frame[1])
            return;
        /* The call is before the return address, which may already belong to the next function. */
        print_code_address(frame[1] - 1);
        if (frame[0] <= rbp) /* frames of callers lie higher */
            return;
        rbp = frame[0];
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
