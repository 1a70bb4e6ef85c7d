"""Measures the race page as a person meets it: frames a second, bytes sent, and time from a change to its answer.

    python -m benchmarks.stage

Starts the app on a free port and drives it in headless Chromium. Needs the packages of requirements-dev.txt.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, WebSocket, sync_playwright

from tools import browser
from tools.server import serve

RULES = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam")
ADDRESS = "race?surface=ravine&steps=300&" + "&".join(f"rule={rule}" for rule in RULES)
COUNT_FRAMES = """async () => {
  const times = [];
  await new Promise((resolve) => {
    const tick = (now) => { times.push(now); now - times[0] < 4000 ? requestAnimationFrame(tick) : resolve(); };
    requestAnimationFrame(tick);
  });
  return times;
}"""


class Wire:
    """Listens to the page's web socket: when a change left, and when what came back was complete, and its bytes."""

    def __init__(self, page: Page) -> None:
        self.left = self.came = 0.0
        self.bytes = 0
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: self._sent())
        socket.on("framereceived", self._received)

    def _sent(self) -> None:
        if not self.left:
            self.left = time.perf_counter()

    def _received(self, frame: bytes | str) -> None:
        self.came = time.perf_counter()
        self.bytes += len(frame)

    def clear(self) -> None:
        self.left = self.came = 0.0
        self.bytes = 0


def changes(page: Page, wire: Wire, times: int = 30) -> tuple[list[float], list[int]]:
    """Click on other starts; return the seconds from each request to the last byte of its answer, and the bytes."""
    box = page.locator(".dl-panel").first.bounding_box()
    assert box is not None
    seconds, sizes = [], []
    for i in range(times):
        wire.clear()
        x = box["x"] + box["width"] * (0.25 + 0.5 * (i * 7 % times) / times)
        y = box["y"] + box["height"] * (0.25 + 0.5 * (i * 11 % times) / times)
        page.mouse.click(x, y)
        page.wait_for_timeout(400)
        seconds.append(wire.came - wire.left)
        sizes.append(wire.bytes)
    return seconds, sizes


def first_curves(page: Page, address: str, times: int = 7) -> list[float]:
    """Open Compare anew, each time with networks nobody has trained; return the seconds to the first drawn epoch.

    The first visit waits until the workers have imported what they need and is not counted.
    """
    seconds = []
    for seed in range(times + 1):
        began = time.perf_counter()
        page.goto(f"{address}compare?seed={90 - seed}")
        page.wait_for_function("Number(document.querySelector('.dl-stage')?.dataset.step) >= 1", timeout=120_000)
        seconds.append(time.perf_counter() - began)
        page.wait_for_timeout(500)
    return seconds[1:]


def report(what: str, value: float, unit: str, reach: float, *, most: bool) -> None:
    met = value <= reach if most else value >= reach
    print(f"{what:<46} {value:8.1f} {unit:<9} reach {'<=' if most else '>='} {reach:g}: {'met' if met else 'MISSED'}")


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as logs,
        serve(Path(logs) / "log") as address,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=browser.find(), args=list(browser.FLAGS))
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        wire = Wire(page)
        page.goto(address + ADDRESS)
        page.wait_for_selector(".dl-stage[data-ready]")
        page.wait_for_timeout(1500)
        seconds, sizes = changes(page, wire)
        page.keyboard.press("Home")
        page.keyboard.press("Space")
        times = page.evaluate(COUNT_FRAMES)
        gaps = [b - a for a, b in itertools.pairwise(times)]
        first = first_curves(page, address)
        chromium.close()
    print(f"{len(RULES)} rules x 300 steps, 1280 x 800, {len(seconds)} changed starts\n")
    report("frames a second while it plays", 1000 / statistics.mean(gaps), "", 55, most=False)
    report("longest 1 % of frames", sorted(gaps)[int(0.99 * len(gaps))], "ms", 50, most=True)
    report("sent per race, after the page is loaded", max(sizes) / 1000, "kB", 100, most=True)
    report("from a changed start to its whole answer", 1000 * statistics.median(seconds), "ms (50 %)", 60, most=True)
    report("", 1000 * sorted(seconds)[int(0.95 * len(seconds))], "ms (95 %)", 120, most=True)
    report("from opening Compare to its first curve point", statistics.median(first), "s (50 %)", 1, most=True)


if __name__ == "__main__":
    main()
