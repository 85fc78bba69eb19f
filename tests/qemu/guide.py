# SPDX-License-Identifier: MIT
"""The guide (docs/guide): it says what the tree says, and its exercises print what its solutions show.

tools/guide_check.py compares text and tree; here it is also shown a text with one thing wrong at a time, and has to
notice each. The scripts of the exercises run in one boot of the playground.
"""
import glob
import os

import guide_check
import guide_source
import play
import qemu
from harness import Failed, job, tail

RULE = "M" + "-21"  # in two parts: no test of this rule is here
GOOD = f"""{guide_check.LICENCE}
# A text

[`fp_window`](../../kernel/fpage.c) is in `kernel/fpage.c`, and `map_run()` runs
`struct map_op` ({RULE}; [above](#a-text)).

<!-- lines: kernel/fpage.h in fp_order -->
```c
static inline unsigned fp_order(u64 fp) {{ return fp >> 6 & 63; }}
```
<!-- lines: tests/scenarios/self_map.expect from "> rights a" to "no page" -->
```text
> rights a 0x1000000
  a at 0x1000000: no page is there
```
```calc
a = 0x1003000 & ~0x3fff = 0x1000000  # rounded down
0x1000000 + 0x12345000 mod 0x10000 = 0x1005000
```
```sh
make play SCRIPT=tests/scenarios/self_map.play
```
<!-- figure -->
```text
A -> B
```
"""

# What is put in place of what, and words of the complaint.
DAMAGES = [
    (guide_check.LICENCE, "<!-- -->", "no licence"),
    ("`fp_window`]", "`fp_windows`]", "does not define fp_windows"),
    ("fpage.c)", "fpages.c)", "which is not there"),
    ("`kernel/fpage.c`", "`kernel/fpages.c`", "no file kernel/fpages.c"),
    ("`map_run()`", "`map_runs()`", "no file defines map_runs()"),
    ("`struct map_op`", "`struct map_ops`", "no source has the name map_ops"),
    (RULE, "M" + "-99", "no rule M" + "-99"),
    ("#a-text", "#another", "no heading #another"),
    ("fp >> 6 & 63", "fp >> 6 & 31", "not the lines of the file"),
    ("in fp_order", "in fp_orders", "does not define fp_orders"),
    ("a at 0x1000000: no", "a at 0x2000000: no", "not the lines of the file"),
    ('to "no page"', 'to "no cake"', "has 'no cake'"),
    ("= 0x1000000  #", "= 0x1000001  #", "has the values"),
    ("0x1005000\n", "0x1004000\n", "has the values"),
    ("0x1000000 + 0x1", "b + 0x1", "cannot be worked out"),
    ("make play", "make game", "no target game"),
    ("SCRIPT=tests/scenarios/self_map", "SCRIPT=tests/scenarios/self_mop", "no file tests/scenarios/self_mop.play"),
    ("```sh\nmake", "```sh\nrm", "not a command"),
    ("<!-- figure -->\n", "", "nothing checks"),
    ("\n[`fp", "\n    [`fp", "indented"),
    ("[above]", "[abo\nve]", "over two lines"),
    ("`map_run()`", "`map_run\n()", "over two lines"),
]


@job("guide: agrees with the sources, the scenarios and itself")
def agrees(_):
    found = guide_check.problems()
    if found or len(guide_check.chapters()) < 14:
        raise Failed("".join("\n      | " + problem for problem in found[:20]) or "chapters are missing")


@job("guide: its check notices each kind of mistake")
def notices(_):
    """One thing wrong at a time in a text without fault: exactly one complaint, and the right one."""
    wrong = guide_check.text_problems("docs/guide/text.md", GOOD)
    for old, new, words in DAMAGES:
        found = guide_check.text_problems("docs/guide/text.md", GOOD.replace(old, new, 1))
        if old not in GOOD or len(found) != 1 or words not in found[0]:
            wrong.append(f"'{new}' in place of '{old}': {found or 'not noticed'}")
    for old, new in (("fp >> 6", "fp >> 7"), ("fpage.c)", "map.c)"), ("fpage.h in", "map.h in")):
        if guide_check.written(GOOD.replace(old, new)) != GOOD:
            wrong.append(f"--write does not undo '{new}'")
    if wrong:
        raise Failed("".join("\n      | " + problem for problem in wrong))


@job("guide: hooks of the trace are left out of excerpts")
def hooks(_):
    code = "a();\n    TRACE(x, (1), b());\nc();\nreturn TRACE(y, \"t\"),\n       d();\n"
    shown = guide_source.without_hooks(code)
    if shown != "a();\nc();\nreturn d();\n":
        raise Failed(shown)


@job("guide: the form of a chapter is looked at")
def form(_):
    """A chapter without one of the things that each has to have."""
    name = guide_check.chapters()[3]
    text = guide_check.text_of(name)
    cuts = ["## The idea", "<!-- lines: kernel/", "make play SCRIPT=", "seL4", "**4.1**", "# 4. "]
    missed = [cut for cut in cuts if cut not in text or not guide_check.chapter_problems(name, text.replace(cut, ""))]
    if missed or guide_check.chapter_problems(name, text):
        raise Failed(f"not noticed: {missed}")


@job("guide: the exercises print what the solutions show")
def exercises(context):
    scripts = sorted(glob.glob(os.path.join(guide_check.TOP, guide_check.EXERCISES, "*.play")))
    options = play.parse(["--build", context.build])
    result = qemu.run(play.machine(options, scripts, "batch", timeout=120, work=context.scratch("guide")))
    printed = play.printed(result.log)
    problems = []
    for script in scripts:
        name = os.path.basename(script)
        wrong = play.first_difference(play.expected(script), printed[name]) if name in printed else "did not run"
        if wrong or not printed[name][-1].endswith(": 0 differences"):
            problems.append(f"\n      | {name}: {wrong}")
    if problems or not scripts or result.outcome != "success":
        raise Failed(f"ended with '{result.outcome}'" + "".join(problems) + tail(result.log))
