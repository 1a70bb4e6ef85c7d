"""Take the screenshots for README and docs from the app: `python -m tools.screenshots [directory]`.

The app runs on a free port, and a headless browser opens it as a reader would. With reduced motion, a race opens at its
last step and a training run shows its newest epoch, so every screenshot is of a finished page.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from harness import browser
from harness.server import ROOT, serve
from slides.studio import FINISHED

PICTURES = ROOT / "docs" / "pictures"
SIZE = (1280, 800)
ENOUGH = 120_000  # milliseconds for a page to be finished, training included


class Picture(NamedTuple):
    """One file: `name`.png shows a page in the light or dark theme, in the language that the browser asks for."""

    name: str
    address: str
    paper: Literal["light", "dark"]
    language: str = "en-US"


PAPERS: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PAGES = ("race", "maps", "compare", "overfitting", "signals", "scaling")
ALL = [
    *(Picture(f"{page}-{paper}", page, paper) for page in PAGES for paper in PAPERS),
    *(Picture(f"step-{paper}", "step?at=3", paper) for paper in PAPERS),
    *(Picture(f"race-ko-{paper}", "race", paper, "ko-KR") for paper in PAPERS),
]

DRAWN = (
    "document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))"
)


def take(chromium: Browser, server: str, picture: Picture) -> bytes:
    """Return the screenshot of a finished page as PNG."""
    context = chromium.new_context(
        viewport={"width": SIZE[0], "height": SIZE[1]}, color_scheme=picture.paper, locale=picture.language,
        reduced_motion="reduce",
    )  # fmt: skip
    page = context.new_page()
    page.goto(server + picture.address)
    page.wait_for_function(FINISHED, timeout=ENOUGH)
    page.evaluate(DRAWN)
    png = page.screenshot()
    context.close()
    return png


def compressed(png: bytes) -> bytes:
    """Return a PNG with a palette of 256 colours: a third of the size, with no visible difference on these pages."""
    file = io.BytesIO()
    image = Image.open(io.BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def main() -> None:
    """Take every screenshot and print its size."""
    program = browser.find()
    if program is None:
        sys.exit("There is no browser; `python -m harness.browser` helps.")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as logs,
        serve(Path(logs) / "log") as server,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=program, args=list(browser.FLAGS))
        for picture in ALL:
            png = compressed(take(chromium, server, picture))
            file = folder / f"{picture.name}.png"
            file.write_bytes(png)
            print(f"{file.name:28} {len(png) / 1000:6.0f} kB")
        chromium.close()


if __name__ == "__main__":
    main()
