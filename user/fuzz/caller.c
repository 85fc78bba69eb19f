/* SPDX-License-Identifier: MIT */
/* One caller, see calls.h: makes random system calls for ever.  Writes only its arena and its UTCB. */
#include "calls.h"

void caller_loop(struct arena *a)
{
    for (;;) {
        l4_msgtag_t tag;

        call_generate(a, a->utcb);
        a->calls++;
        call_enter(&a->regs);
        tag.raw = (l4_mword_t)a->regs.rax;
        if (l4_msgtag_has_error(tag))
            a->errors++;
        else if (l4_msgtag_label(tag) >= 0)
            a->done++;
    }
}
