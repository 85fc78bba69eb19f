# SPDX-License-Identifier: MIT
"""The kernel's message for a fault that nobody handles shows the names that user/tests/t_debugger.c has given."""
import re

from harness import Failed, expect_outcome, job, tail

MESSAGE = re.compile(r"^quire: fault: thread [0-9a-f]+ 'lost sheep' of task [0-9a-f]+ 'pasture': "
                     r"read of address 7654321000 at ip [0-9a-f]+: no pager, the thread is killed$", re.MULTILINE)


@job("DEBUGGER names in the kernel's fault message")
def fault_message(context):
    modules = [(context.built("sigma0.elf"), ""), (context.built("t_debugger.elf"), "")]
    result = context.boot("names", modules, timeout=60)
    expect_outcome(result, "success")
    if len(MESSAGE.findall(result.log)) != 1:
        raise Failed("the message is not there, or not once" + tail(result.log))
