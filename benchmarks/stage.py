"""Measures the race page as a person meets it: frames a second, bytes sent, and time from a change to its answer.

    python -m benchmarks.stage

Starts the app on a free port and drives it in headless Chromium (CHROMIUM names the browser if it is not found).
Needs the packages of requirements-dev.txt.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, WebSocket, sync_playwright

ROOT = Path(__file__).parents[1]
RULES = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam")
ADDRESS = "race?surface=ravine&steps=300&" + "&".join(f"rule={rule}" for rule in RULES)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
COUNT_FRAMES = """async () => {
  const times = [];
  await new Promise((resolve) => {
    const tick = (now) => { times.push(now); now - times[0] < 4000 ? requestAnimationFrame(tick) : resolve(); };
    requestAnimationFrame(tick);
  });
  return times;
}"""


@contextlib.contextmanager
def app() -> Iterator[str]:
    """Start the app, yield its address, and end it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    process = subprocess.Popen([*command, "--server.headless", "true"], cwd=ROOT, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}_stcore/health") as answer:
                if answer.status == 200:
                    break
            time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait()


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
    browser_path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with app() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
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
        browser.close()
    print(f"{len(RULES)} rules x 300 steps, 1280 x 800, {len(seconds)} changed starts\n")
    report("frames a second while it plays", 1000 / statistics.mean(gaps), "", 55, most=False)
    report("longest 1 % of frames", sorted(gaps)[int(0.99 * len(gaps))], "ms", 50, most=True)
    report("sent per race, after the page is loaded", max(sizes) / 1000, "kB", 100, most=True)
    report("from a changed start to its whole answer", 1000 * statistics.median(seconds), "ms (50 %)", 60, most=True)
    report("", 1000 * sorted(seconds)[int(0.95 * len(seconds))], "ms (95 %)", 120, most=True)
    report("from opening Compare to its first curve point", statistics.median(first), "s (50 %)", 1, most=True)


if __name__ == "__main__":
    main()
