# SPDX-License-Identifier: MIT
"""The explorer's page for its tests: one trace and one browser for all of them.

Without a browser (tools/setup.sh browser) the tests that need one are skipped. Called by tests/qemu/explorer.py and
explorer_use.py; calls tools/explore and chromium.py.
"""
import atexit
import os
import sys
import threading

from harness import TOP, Failed, Skipped, expect_outcome

sys.path[:0] = [os.path.join(TOP, "tests", "browser"), os.path.join(TOP, "tools", "explore")]
import chromium  # noqa: E402
import explore  # noqa: E402
import reader  # noqa: E402

SCENARIOS = ["hotspot_place", "hotspot_piece", "overmap", "self_map", "grant"]
LOCK = threading.RLock()
MADE = {}


def recorded(context):
    """(path of the trace, path of the page), made once."""
    with LOCK:
        if not MADE:
            directory = context.scratch("explorer")
            trace, output = os.path.join(directory, "explore.trace"), os.path.join(directory, "explore.html")
            result = explore.record(context.build, SCENARIOS, trace, timeout=300)
            expect_outcome(result, "success")
            explore.write(trace, explore.title_of(SCENARIOS), output)
            events = list(reader.events(trace))
            MADE.update(trace=trace, page=output, console=result.log,
                        events=[event for event in events if not event.name.startswith("dump-")])
        return MADE


class Shown:
    """A browser with the page open; the tests share it, one at a time."""

    def __init__(self, context):
        if chromium.find() is None:
            raise Skipped("there is no Chromium (tools/setup.sh browser)")
        self.made = recorded(context)

    def __enter__(self):
        LOCK.acquire()
        try:
            if "browser" not in MADE:
                MADE["browser"] = chromium.Browser()
                atexit.register(MADE["browser"].__exit__)
            self.browser = MADE["browser"]
            self.browser.size(1366, 768)
            self.browser.scheme(False)
            self.browser.open(self.made["page"])
            self.run("explorer.theme('auto')")
        except BaseException:
            LOCK.release()
            raise
        return self

    def __exit__(self, kind, problem, _):
        try:
            complaints = [] if kind else self.browser.complaints()
        finally:
            LOCK.release()
        if kind in (chromium.BrowserError, StopIteration, TypeError):  # the page is not as the test takes it to be
            raise Failed(f"{kind.__name__}: {problem}") from problem
        if complaints:
            raise Failed("the page complains: " + "; ".join(complaints[:3]))

    def run(self, script):
        return self.browser.run(script)

    def go(self, step):
        self.run(f"explorer.go({step}), explorer.flush()")


def expect(got, wanted, what):
    if got != wanted:
        raise Failed(f"{what}: {str(got)[:300]}, expected {str(wanted)[:300]}")
