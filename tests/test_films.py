"""What can be saved from a page: its numbers as files, its picture as a film, and the page as a live copy."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import pytest
from conftest import PATIENCE
from PIL import Image, ImageSequence
from playwright.sync_api import Browser, Page, expect

from harness.server import ROOT
from ui import panels, static

STAGE = ".dl-stage[data-ready]"
RENDER = "(options) => window.descentLab.render(options)"

# -- numbers

COLUMNS: dict[str, Any] = {
    "단계": np.arange(3),
    "1 Adam η": np.array([1 / 3, np.nan, np.inf]),
    "1 Adam β₁": np.array([0.1, 0.2, 0.3]),
    "2 Adam, “quoted”": [True, False, True],
    "은닉층": [(16,), (32, 32), None],
    "names": ["하나", "둘, 셋", "넷"],
}


def test_numbers_as_csv_are_read_back() -> None:
    file = panels.table(COLUMNS)
    assert file.startswith(b"\xef\xbb\xbf"), "Excel knows UTF-8 by its mark"
    read = pd.read_csv(io.BytesIO(file))
    assert list(read) == list(COLUMNS)
    np.testing.assert_array_equal(read["1 Adam η"], COLUMNS["1 Adam η"])
    assert list(read["names"]) == COLUMNS["names"]


def test_numbers_as_npz_are_read_back() -> None:
    read = np.load(io.BytesIO(panels.arrays(COLUMNS)), allow_pickle=False)
    assert list(read["names"]) == list(COLUMNS)
    names = [name for name in read.files if name != "names"]
    assert names == ["column_0", "n1_Adam_eta", "n1_Adam_beta_1", "n2_Adam_quoted", "column_4", "names_5"]
    for name, column in zip(names, COLUMNS.values(), strict=True):
        known = name != "column_4"
        np.testing.assert_array_equal(read[name], column if known else list(map(str, column)))


# -- films


def test_numbers_are_downloaded(page: Page, app: str) -> None:
    page.goto(f"{app}race")
    page.get_by_text("Numbers", exact=True).click()
    buttons = page.get_by_test_id("stDownloadButton")
    with page.expect_download() as csv:
        buttons.filter(has_text="CSV").get_by_role("button").click()
    assert csv.value.suggested_filename == "race-numbers.csv"
    with page.expect_download() as npz:
        buttons.filter(has_text="NPZ").get_by_role("button").click()
    table, arrays = pd.read_csv(csv.value.path()), np.load(io.BytesIO(npz.value.path().read_bytes()))
    assert list(table) == list(arrays["names"])
    np.testing.assert_array_equal(table["1 SGD f"], arrays["n1_SGD_f"])


PAINTED = """async ([folder, width, height]) => {
  // A disc that moves over bands of colour, then noise (which fills LZW's table many times over), then the same again.
  const { Colours, Gif } = await import(`${folder}/save/gif.js`);
  const ctx = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  let seed = 1;
  const pictures = [0, 1, 2].map((place) => {
    ["#0072b2", "#e69f00", "#ffffff", "#1b2430"].forEach((color, i) => {
      ctx.fillStyle = color;
      ctx.fillRect((i * width) / 4, 0, width / 4, height);
    });
    ctx.fillStyle = "#d55e00";
    ctx.beginPath();
    ctx.arc(20 + 30 * place, 30, 15, 0, 7);
    ctx.fill();
    const { data } = ctx.getImageData(0, 0, width, height);
    const pixels = new Uint32Array(data.buffer);
    for (let i = 60 * width; place === 2 && i < pixels.length; i++) {
      seed = (seed * 48271) % 2147483647;
      pixels[i] = (seed & 0x707070) - 0x1000000; // opaque
    }
    return pixels;
  });
  pictures.push(pictures.at(-1));
  const seen = new Colours();
  pictures.forEach((pixels) => seen.add(pixels));
  const files = [true, false].map((loop) => {
    const gif = new Gif(width, height, seen.palette(), { loop });
    pictures.forEach((pixels, i) => gif.add(pixels, 7 + i));
    return gif.blob();
  });
  const bytes = async (blob) => new Uint8Array(await blob.arrayBuffer()).toBase64();
  return [await Promise.all(files.map(bytes)), await Promise.all(pictures.map((p) => bytes(new Blob([p]))))];
}"""


def test_a_gif_is_read_back(page: Page, app: str) -> None:
    width, height = 200, 150
    page.goto(f"{app}_stcore/health")
    folder = static.publish(ROOT / "ui/stage/browser", "stage")
    (forever, once), pictures = page.evaluate(PAINTED, [f"{app}{folder}", width, height])
    with Image.open(io.BytesIO(base64.b64decode(once))) as gif:
        assert "loop" not in gif.info
    with Image.open(io.BytesIO(base64.b64decode(forever))) as gif:
        assert gif.info["loop"] == 0
        read = [(frame.info["duration"], np.array(frame.convert("RGB"), int)) for frame in ImageSequence.Iterator(gif)]
    assert [duration for duration, _frame in read] == [70, 80, 90 + 100], "what stands still is one picture"
    for (_duration, frame), painted in zip(read, pictures, strict=False):
        pixels = np.frombuffer(base64.b64decode(painted), np.uint8).reshape(height, width, 4)[:, :, :3].astype(int)
        assert np.abs(frame - pixels)[:60].max() <= 24, "edges have colours near to theirs"
        assert (frame == pixels)[:5].all(), "a flat ground keeps its colour"
        assert np.abs(frame - pixels).max() <= 40, "so has noise, of 512 colours"


def test_films_show_the_clock_and_then_its_end(page: Page, app: str) -> None:
    page.goto(f"{app}race")
    page.locator(STAGE).wait_for()
    seconds, look = 1.5, {"width": 640, "height": 360, "mode": "dark", "caption": False}
    ends = [_picture(page, {**look, "format": "png", "step": step}) for step in (0, 100)]
    for format, fps in (("mp4", 12), ("webm", 10), ("gif", 5)):
        film = base64.b64decode(page.evaluate(RENDER, {**look, "format": format, "seconds": seconds, "fps": fps}))
        with av.open(io.BytesIO(film), "r") as file:
            lasts = file.duration
            frames = list(file.decode(video=0))
        if format != "gif":  # of a GIF there are only the pictures that differ
            times = [frame.time for frame in frames]
            np.testing.assert_allclose(times, np.arange(round(seconds * fps)) / fps, atol=6e-4)
            assert lasts == pytest.approx(seconds * av.time_base, rel=1e-6)
        first, last = (frames[i].to_ndarray(format="rgb24").astype(int) for i in (0, -1))
        assert np.abs(first - ends[0]).mean() < 3
        assert np.abs(last - ends[1]).mean() < 3
        assert np.abs(first - last).mean() > 3, "something has moved"
        assert np.abs(np.median(last, (0, 1)) - np.median(ends[1], (0, 1))).max() <= 2, "the paper's colour is right"


def _picture(page: Page, options: dict[str, Any]) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(page.evaluate(RENDER, options)))) as picture:
        return np.array(picture.convert("RGB"), int)


# -- the live copy


def test_a_live_copy_needs_no_server(page: Page, app: str, browser: Browser, tmp_path: Path) -> None:
    page.goto(f"{app}race?title=A+%3Ccopy%3E")
    page.locator(STAGE).wait_for()
    file = tmp_path / "copy.html"
    file.write_bytes(base64.b64decode(page.evaluate(RENDER, {"format": "html", "mode": "dark"})))
    assert file.stat().st_size < 3e6
    page.close()

    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(1000 * PATIENCE)
    copy = context.new_page()
    said: list[str] = []
    copy.on("console", lambda message: said.append(message.text))
    copy.on("pageerror", lambda error: said.append(str(error)))
    copy.on("request", lambda request: said.append(request.url) if request.url[:5] not in ("file:", "data:") else None)
    copy.goto(file.as_uri())
    shown = copy.locator(STAGE)
    shown.wait_for()
    expect(copy.get_by_role("heading", name="A <copy>")).to_be_visible()
    expect(shown).to_have_css("background-color", "rgb(15, 20, 27)")
    copy.keyboard.press("End")
    expect(shown).to_have_attribute("data-step", "100")
    copy.get_by_role("slider").fill("40")
    expect(shown).to_have_attribute("data-step", "40")
    ranges = "[...document.querySelector('.dl-plot')._fullLayout.xaxis.range]"
    before = copy.evaluate(ranges)
    copy.get_by_role("button", name="Zoom in").click()
    copy.wait_for_function(f"(before) => {ranges}[0] > before", arg=before[0])
    copy.locator(".dl-panel").first.click(position={"x": 200, "y": 200})  # a start that only the server can compute
    expect(shown).to_have_attribute("data-step", "40")
    context.close()
    assert not said
