# SPDX-License-Identifier: MIT
"""A headless Chromium, driven through its DevTools protocol over a pair of pipes: no further library is needed.

Decides how the browser is started and when a page counts as loaded. Collects what the page writes to its console and
every exception. Called by explorer_page.py; calls the chromium command.
"""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class BrowserError(Exception):
    """The browser or the page did not do what it was asked; the text says what."""


def find():
    """Path of the browser, None if there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One browser with one page. Use it in a with statement."""

    def __init__(self, width=1366, height=768, timeout=60):
        self.timeout = timeout
        self.last = 0
        self.events = []
        self.buffer = b""
        self.directory = tempfile.mkdtemp(prefix="quire-browser-")
        to_browser, self.out = os.pipe()
        self.input, from_browser = os.pipe()
        command = [find(), "--headless", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu", "--no-sandbox",
                   "--disable-extensions", "--disable-background-networking", "--disable-sync", "--hide-scrollbars",
                   "--disable-component-update", "--proxy-server=127.0.0.1:9", "--user-data-dir=" + self.directory]

        # The protocol is spoken on descriptors 3 and 4.
        def descriptors():
            saved = os.dup(to_browser), os.dup(from_browser)
            os.dup2(saved[0], 3)
            os.dup2(saved[1], 4)

        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, close_fds=False, preexec_fn=descriptors)
        os.close(to_browser)
        os.close(from_browser)
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = None
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(domain + ".enable")
        self.size(width, height)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.out)
        os.close(self.input)
        shutil.rmtree(self.directory, ignore_errors=True)

    # ---- the protocol ----

    def send(self, method, **params):
        """A command and its answer."""
        self.last += 1
        number = self.last
        message = {"id": number, "method": method, "params": params}
        if getattr(self, "session", None):
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error'].get('message')}")
                return answer["result"]
            self.events.append(answer)

    def receive(self):
        deadline = time.monotonic() + self.timeout
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.input], [], [], left)[0]:
                raise BrowserError(f"the browser did not answer in {self.timeout} s")
            data = os.read(self.input, 1 << 16)
            if not data:
                raise BrowserError("the browser ended")
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    # ---- what a test does ----

    def open(self, path, anchor=""):
        """Loads a file and waits until it is there."""
        # By way of an empty page: with another anchor alone the page would not be loaded again.
        for url in ("about:blank", "file://" + os.path.abspath(path) + anchor):
            self.events.clear()
            self.send("Page.navigate", url=url)
            while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
                self.events.append(self.receive())

    def run(self, script):
        """The value of a JavaScript expression."""
        result = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            what = details.get("exception", {}).get("description", details.get("text"))
            raise BrowserError(f"{what}\nin {script[:200]}")
        return result["result"].get("value")

    def key(self, key, code=0, text="", shift=False):
        """Presses a key; text: what it types."""
        common = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        down = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
        self.send("Input.dispatchKeyEvent", **down, **common)
        self.send("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text):
        """Types into the input element that has the focus, over what is selected there; returns when it has arrived."""
        self.send("Input.insertText", text=text)
        deadline = time.monotonic() + self.timeout
        while not self.run(f"document.activeElement.value.includes({json.dumps(text)})"):
            if time.monotonic() > deadline:
                raise BrowserError(f"'{text}' was typed, but did not arrive")

    def click(self, selector):
        """A real click in the middle of an element."""
        box = self.run(f"""(() => {{ const e = document.querySelector({json.dumps(selector)});
            e.scrollIntoView({{block: 'nearest'}});
            const r = e.getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2]; }})()""")
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def size(self, width, height):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def scheme(self, dark):
        """What the user's system prefers."""
        wanted = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[wanted])

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"]))

    def complaints(self):
        """Exceptions, console errors and warnings, every request that is not for a file: since the page was opened."""
        self.run("0")  # what came before is here now
        found = []
        for event in self.events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                found.append(details.get("exception", {}).get("description", details.get("text")))
            elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
                found.append(f"console.{params['type']}: {[one.get('value') for one in params['args']]}")
            elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                found.append(params["entry"]["text"])
            elif method == "Network.requestWillBeSent":
                url = params["request"]["url"]
                found += [] if url.startswith(("file:", "data:", "about:")) else ["request for " + url]
        return found
