"""Measures pages: frames per second, bytes sent, the server's time for a change, and the time to the first epoch.

    python -m benchmarks.stage

Starts the app on a free port and drives it in headless Chromium. Needs the packages of requirements-dev.txt.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page, sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from harness import browser
from harness.server import serve

RULES = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam")
LARGE = "surface=ravine&steps=300&" + "&".join(f"rule={rule}" for rule in RULES)
COUNT_FRAMES = """async () => {
  const times = [];
  await new Promise((resolve) => {
    const tick = (now) => { times.push(now); now - times[0] < 4000 ? requestAnimationFrame(tick) : resolve(); };
    requestAnimationFrame(tick);
  });
  return times;
}"""


class Answer(NamedTuple):
    """The cost of a changed setting: seconds from the request to the end of the answer, and bytes of the answer."""

    seconds: float
    size: int


def changes(address: str, query: str, times: int = 40) -> list[Answer]:
    """Request the race from different starting points, one by one, as a browser does but without drawing."""
    answers = []
    race = ""
    url = address.replace("http", "ws") + "_stcore/stream"
    with connect(url, subprotocols=[Subprotocol("streamlit")], max_size=None) as socket:
        for i in range(times):
            request = BackMsg()
            request.rerun_script.query_string = f"{query}&start={-6 + i / 10:.1f}~2"
            request.rerun_script.page_name = "race"
            request.rerun_script.page_script_hash = race
            began, size = time.perf_counter(), 0
            socket.send(request.SerializeToString())
            kind = None
            while kind != "script_finished":
                received = socket.recv()
                size += len(received)
                message = ForwardMsg.FromString(received if isinstance(received, bytes) else received.encode())
                kind = message.WhichOneof("type")
                if kind == "navigation":
                    race = next(p.page_script_hash for p in message.navigation.app_pages if p.url_pathname == "race")
            answers.append(Answer(time.perf_counter() - began, size))
            time.sleep(0.1)
    return answers[5:]  # the caches are empty for the first ones


CURVE = """(before) => {
  const stage = document.querySelector(".dl-stage");
  return stage && stage.dataset.ready !== before && Number(stage.dataset.step) >= 1;
}"""
FOLLOW = """(query) => {
  history.pushState({}, "", query);
  dispatchEvent(new PopStateEvent("popstate"));
}"""


def first_curves(page: Page, address: str, times: int = 9) -> tuple[list[float], list[float]]:
    """Return the seconds to the first drawn epoch of networks not trained before: on opening, and after a change.

    The first visit also waits for the workers' imports and is not counted.
    """
    opened, changed = [], []
    for seed in range(times + 1):
        began = time.perf_counter()
        page.goto(f"{address}compare?seed={90 - seed}")
        page.wait_for_function(CURVE, arg=None, timeout=120_000)
        opened.append(time.perf_counter() - began)
        page.wait_for_timeout(2500)  # until the run has ended
        before = page.eval_on_selector(".dl-stage", "stage => stage.dataset.ready")
        began = time.perf_counter()
        page.evaluate(FOLLOW, f"?seed={60 - seed}")
        page.wait_for_function(CURVE, arg=before, timeout=20_000)
        changed.append(time.perf_counter() - began)
    return opened[1:], changed[1:]


def report(what: str, value: float, unit: str, reach: float, *, most: bool) -> None:
    met = value <= reach if most else value >= reach
    print(f"{what:<52} {value:8.1f} {unit:<9} reach {'<=' if most else '>='} {reach:g}: {'met' if met else 'MISSED'}")


def main() -> None:
    print("1280 x 800; a race of 6 rules x 300 steps\n")
    with (
        tempfile.TemporaryDirectory() as logs,
        serve(Path(logs) / "log") as address,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=browser.find(), args=list(browser.FLAGS))
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{address}race?{LARGE}")
        page.wait_for_selector(".dl-stage[data-ready]")
        page.wait_for_timeout(1500)
        page.keyboard.press("Home")
        page.keyboard.press("Space")
        times = page.evaluate(COUNT_FRAMES)
        gaps = [b - a for a, b in itertools.pairwise(times)]
        report("frames a second while it plays", 1000 / statistics.mean(gaps), "", 55, most=False)
        report("longest 1 % of frames", sorted(gaps)[int(0.99 * len(gaps))], "ms", 50, most=True)
        opened, changed = first_curves(page, address)
        chromium.close()
        for name, query in (("", LARGE), (", default race", "surface=ravine")):
            answers = changes(address, query)
            seconds = sorted(answer.seconds for answer in answers)
            report(f"sent per race{name}", max(answer.size for answer in answers) / 1000, "kB", 100, most=True)
            report(f"server, for a changed start{name}", 1000 * statistics.median(seconds), "ms", 60, most=True)
            report("      95th percentile", 1000 * seconds[int(0.95 * len(seconds))], "ms", 120, most=True)
    report("from opening Compare to its first curve point", statistics.median(opened), "s", 1, most=True)
    report("from another setting there to its first point", statistics.median(changed), "s", 1, most=True)


if __name__ == "__main__":
    main()
