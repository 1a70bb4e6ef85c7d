"""The studio: a headless browser that opens pages of a running app and exports the picture of their stage."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urljoin

from playwright.sync_api import BrowserContext, Error, Page, sync_playwright

from harness import browser as chromium
from slides.addresses import Address
from spec import Refused

ENOUGH = 300_000  # milliseconds for a page to be finished, training included
PATIENCE = 120_000  # milliseconds for anything else
WINDOW = {"width": 1280, "height": 800}

# A page is finished when its one stage is drawn; the readout ("60 / 60") has as many steps left as the slider, so none
# is still to be computed; no run is in progress (its Stop button is gone); and Streamlit is idle.
FINISHED = """() => {
  const stages = document.querySelectorAll(".dl-stage");
  if (stages.length !== 1 || !stages[0].dataset.ready) return false;
  const [at, last] = stages[0].querySelector(".dl-readout").textContent.replace(/,/g, "").match(/\\d+/g) ?? [0, 1];
  const scrub = stages[0].querySelector(".dl-scrub");
  return last - at === scrub.max - scrub.value
    && !document.querySelector('[class*="-status"] button')
    && document.querySelector('[data-testid="stApp"]').dataset.testScriptState === "notRunning";
}"""
SHOW_ME = ".st-key-choice-0 button"  # a lesson first waits for a prediction, which a picture skips
SETTLED = '[data-testid="stApp"][data-test-script-state="notRunning"]'
RENDER = "(options) => window.descentLab.render(options)"
OPEN = "(options) => window.descentLab.open(options)"
TIMES = "(film) => window.descentLab.times(film)"
FRAME = """async (slide, time) => {
  slide.at(time);
  const blob = await new Promise((done) => slide.canvas().toBlob(done));
  return new Uint8Array(await blob.arrayBuffer()).toBase64();
}"""


class Opened(NamedTuple):
    """A finished page in the studio's browser."""

    page: Page
    notices: list[str]

    def save(self, options: dict[str, Any]) -> bytes:
        """Return the file from the page's own exporter; see `render` in ui/stage/browser/save/save.js."""
        return base64.b64decode(self.page.evaluate(RENDER, options))

    def frames(self, options: dict[str, Any], film: dict[str, Any]) -> Iterator[bytes]:
        """Yield the pictures of a film as PNG; the options in `film` are those of ui/stage/browser/save/film.js."""
        slide = self.page.evaluate_handle(OPEN, options)
        shown, picture = None, b""
        for time in self.page.evaluate(TIMES, film):
            if time != shown:
                shown, picture = time, base64.b64decode(slide.evaluate(FRAME, time))
            yield picture
        slide.evaluate("(slide) => slide.leave()")


class Studio:
    """A browser context, and the address of the app that it opens."""

    def __init__(self, context: BrowserContext, server: str) -> None:
        self.context = context
        self.server = server if server.endswith("/") else f"{server}/"

    @contextmanager
    def opened(self, address: Address) -> Iterator[Opened]:
        """Open a page with reduced motion, and wait until it is finished, training included.

        Raises Refused if it cannot be opened.
        """
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE)
        page.set_viewport_size(WINDOW)  # type: ignore[arg-type]
        page.emulate_media(reduced_motion="reduce")
        try:
            page.goto(urljoin(self.server, str(address)))
            page.locator(SETTLED).wait_for()
            page.locator(".dl-stage[data-ready]").wait_for(state="attached")
            if (button := page.locator(SHOW_ME)).count():
                button.click()
                button.wait_for(state="detached")
            page.wait_for_function(FINISHED, timeout=ENOUGH)
            yield Opened(page, page.locator("[data-testid=stAlert]").all_inner_texts())
        except Error as error:
            reason = re.sub(r"\s+", " ", error.message.partition("Call log:")[0]).strip()
            raise Refused("{address} could not be rendered: {reason}", address=str(address), reason=reason) from error
        finally:
            page.close()


@contextmanager
def studio(server: str) -> Iterator[Studio]:
    """Start the browser. Raises Refused if there is none.

    Its profile is a folder on disk, since only there does it cache the code it has compiled: each page after the first
    two opens in half the time.
    """
    program = chromium.find()
    if program is None:
        raise Refused("There is no browser; `python -m harness.browser` finds or installs one.")
    with sync_playwright() as playwright, TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=program, args=list(chromium.FLAGS), locale="en-US"
        )
        try:
            yield Studio(context, server)
        finally:
            context.close()
