"""A headless Chromium, driven over a pipe with the DevTools protocol: no package, no port, no network.

`Browser()` starts one with an empty profile; `page(path)` opens a file in a tab. Messages are JSON with a zero byte
behind, the browser's file descriptors 3 (it reads) and 4 (it writes). Whatever a page writes to its console and
whatever it asks a network for is kept.
"""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--hide-scrollbars", "--mute-audio",
         "--force-color-profile=srgb", "--remote-debugging-pipe")
SECONDS = 60.0
"""How long one answer may take on a busy machine."""


def find() -> str | None:
    """The browser of this machine, if it has one."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Browser:
    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="chromium-")
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        wiring = f"exec \"$@\" 3<&{to_browser} 4>&{from_browser}"  # the numbers that the browser expects
        self._process = subprocess.Popen(
            ["bash", "-c", wiring, "chromium", str(find()), *FLAGS, f"--user-data-dir={self._folder}", "about:blank"],
            pass_fds=(to_browser, from_browser), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        os.set_blocking(self._read, False)
        self._rest = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError, AssertionError):
            self.call("Browser.close")
        self._process.terminate()
        self._process.wait(SECONDS)
        os.close(self._read)
        os.close(self._write)
        shutil.rmtree(self._folder, ignore_errors=True)

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer; events on the way are kept."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        os.write(self._write, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            for answer in self._messages():
                if answer.get("id") != number:
                    self.events.append(answer)
                    continue
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result
        raise AssertionError(f"{method}: no answer within {SECONDS:g} s")

    def _messages(self) -> list[dict[str, Any]]:
        """What has come in whole. (At most one answer is awaited at a time, so none is lost behind it.)"""
        try:
            self._rest += os.read(self._read, 1 << 20)
        except BlockingIOError:
            time.sleep(0.005)
        *whole, self._rest = self._rest.split(b"\0")
        return sorted((json.loads(message) for message in whole), key=lambda message: "id" in message)

    def page(self, path: Path, width: int = 1280, height: int = 900, media: Mapping[str, str] | None = None) -> "Page":
        return Page(self, path, width, height, media or {})


class Page:
    """One tab; `media` as in {"prefers-color-scheme": "dark"}."""

    def __init__(self, browser: Browser, path: Path, width: int, height: int, media: Mapping[str, str]) -> None:
        self._browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": name, "value": value} for name, value in media.items()])
        self.call("Page.navigate", url=path.resolve().as_uri())
        self._wait_for_load()

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **parameters)

    def reload(self) -> None:
        self.js("window.before = true; 0")
        self.call("Page.reload")
        self._wait_for_load()

    def _wait_for_load(self) -> None:
        """Until another document than before is there, whole."""
        end = time.monotonic() + SECONDS
        while not self.js("document.readyState === 'complete' && location.protocol === 'file:' && !window.before"):
            assert time.monotonic() < end, f"not loaded within {SECONDS:g} s"

    def js(self, expression: str) -> Any:
        """The value of an expression (a promise's, when it is there)."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def key(self, name: str, code: int, text: str = "", shift: bool = False) -> None:
        """Press and release a key, as a person does."""
        common = {"key": name, "code": name, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **common,
                  **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def tab(self, shift: bool = False) -> None:
        self.key("Tab", 9, shift=shift)

    def enter(self) -> None:
        self.key("Enter", 13, "\r")

    def hover(self, selector: str) -> None:
        """Bring an element into view and the pointer onto its middle."""
        x, y = self.js(f"(() => {{ const e = document.querySelector({json.dumps(selector)}); "
                       "e.scrollIntoView({block: 'center', behavior: 'instant'}); const b = e.getBoundingClientRect(); "
                       "return [b.x + b.width / 2, b.y + b.height / 2]; })()")
        self.js("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def screenshot(self, target: Path, whole: bool = False) -> None:
        content = self.call("Page.captureScreenshot", captureBeyondViewport=whole,
                            **({"clip": {**self._size(), "x": 0, "y": 0, "scale": 1}} if whole else {}))["data"]
        target.write_bytes(base64.b64decode(content))

    def pdf(self) -> bytes:
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])

    def _size(self) -> dict[str, float]:
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        return {"width": size["width"], "height": size["height"]}

    @property
    def complaints(self) -> list[str]:
        """Errors and warnings of this tab's console, and exceptions that nobody caught."""
        self.js("new Promise(done => setTimeout(done, 50))")  # whatever is still on its way
        said = []
        for event in self._own:
            content = event.get("params", {})
            if event["method"] == "Runtime.exceptionThrown":
                said.append(json.dumps(content["exceptionDetails"]))
            elif event["method"] == "Runtime.consoleAPICalled" and content["type"] in ("error", "warning", "assert"):
                said.append(json.dumps(content["args"]))
            elif event["method"] == "Log.entryAdded" and content["entry"]["level"] in ("error", "warning"):
                said.append(json.dumps(content["entry"]))
        return said

    @property
    def requests(self) -> list[str]:
        """Everything that was asked for by address, data URIs not counted."""
        urls = [event["params"]["request"]["url"] for event in self._own
                if event["method"] == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith("data:")]

    @property
    def _own(self) -> list[dict[str, Any]]:
        return [event for event in self._browser.events if event.get("sessionId") == self._session]
