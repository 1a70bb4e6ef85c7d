"""Pictures for slides: what the browser makes of a stage, the codes below them, and the words of their captions."""

from __future__ import annotations

import base64
import re
import struct
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
import qrcode
from playwright.sync_api import Page, expect
from qrcode.util import MODE_8BIT_BYTE, QRData

from experiments.descend import Race, default_race, suited
from figures import caption
from optimizers import Adam

STAGE = ".dl-stage[data-ready]"
SVG = "{http://www.w3.org/2000/svg}"
SIZES = [(1920, 1080), (1440, 1080), (1080, 1080)]
LINK = "race?surface=rosenbrock&rule=sgd~lr~0.0005&rule=adam&steps=60"


def opened(page: Page, address: str) -> Page:
    page.goto(address)
    page.locator(STAGE).wait_for()
    return page


def render(page: Page, **options: Any) -> bytes:
    return base64.b64decode(page.evaluate("(options) => window.descentLab.render(options)", options))


def test_a_picture_has_its_size_in_every_format_and_type_that_is_read_from_afar(page: Page, app: str) -> None:
    opened(page, app + LINK)
    for width, height in SIZES:
        size = {"width": width, "height": height, "step": 40}
        png = render(page, format="png", **size)
        assert struct.unpack(">II", png[16:24]) == (width, height)
        drawing = ElementTree.fromstring(render(page, format="svg", qr=True, sentence=True, **size))
        assert [drawing.get("width"), drawing.get("height")] == [str(width), str(height)]
        texts = [text for text in drawing.iter(f"{SVG}text") if not re.fullmatch(r"[−\d]+", text.text or "")]
        assert len(texts) > 10
        assert [(text.text, text.get("font-size")) for text in texts if float(text.get("font-size", 0)) < 24] == []
    pdf = render(page, format="pdf", width=1440, height=1080)
    assert pdf.startswith(b"%PDF-1.5")
    assert b"/MediaBox [0 0 960.00 720.00]" in pdf
    assert pdf[int(re.findall(rb"startxref\n(\d+)", pdf)[0]) :].startswith(b"xref")


# How far two pictures of one size are apart: the share of pixels that differ by more than a quarter.
APART = """async ([a, b]) => {
  const [one, other] = await Promise.all([a, b].map(async (address) => {
    const image = new Image();
    image.src = address;
    await image.decode();
    const ctx = Object.assign(document.createElement("canvas"), { width: 1920, height: 1080 }).getContext("2d");
    ctx.drawImage(image, 0, 0);
    return ctx.getImageData(0, 0, 1920, 1080).data;
  }));
  let apart = 0;
  let clear = 0;
  for (let i = 0; i < one.length; i += 4) {
    apart += [0, 1, 2, 3].some((c) => Math.abs(one[i + c] - other[i + c]) > 64);
    clear += one[i + 3] === 0;
  }
  return [apart, clear].map((n) => (4 * n) / one.length);
}"""


@pytest.mark.parametrize("address", [LINK, "step?start=-7~2", "maps?side=20"])
def test_the_drawing_is_the_picture(page: Page, app: str, address: str) -> None:
    opened(page, app + address)
    looks = {"mode": "dark", "clear": True, "step": 20}
    png, svg = (base64.b64encode(render(page, format=format, **looks)).decode() for format in ("png", "svg"))
    pictures = [f"data:image/png;base64,{png}", f"data:image/svg+xml;base64,{svg}"]
    apart, clear = page.evaluate(APART, pictures)
    assert apart < 0.003
    assert 0.1 < clear < 0.9


def test_a_code_is_what_another_encoder_makes(page: Page, app: str) -> None:
    opened(page, app + LINK)
    texts = ["x", "http://127.0.0.1:8501/race", "한글 제목", *("y" * n for n in (100, 300, 1000, 2331))]
    made = page.evaluate(
        """async (texts) => {
            const sheet = document.querySelector("link[href$='save/save.css']").href;
            const { qr } = await import(sheet.replace("save.css", "qr.js"));
            return texts.map((text) => qr(text).map((row) => row.map(Number)));
        }""",
        texts,
    )
    for text, rows in zip(texts, made, strict=True):
        assert rows in [reference(text, mask) for mask in range(8)]


def reference(text: str, mask: int) -> list[list[int]]:
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=0, mask_pattern=mask)
    code.add_data(QRData(text.encode(), mode=MODE_8BIT_BYTE))
    code.make()
    return [[int(dark) for dark in row] for row in code.get_matrix()]


def test_the_dialog_saves_by_keyboard_and_remembers(page: Page, app: str) -> None:
    opened(page, app + LINK)
    page.get_by_role("button", name="Save as picture, video or web page").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Save as picture, video or web page")
    expect(dialog.get_by_label("Save as")).to_be_focused()
    dialog.get_by_label("Save as").select_option("svg")
    dialog.get_by_label("QR code").check()
    with page.expect_download() as saved:
        dialog.get_by_role("button", name="Save", exact=True).press("Enter")
    assert saved.value.suggested_filename == "descent-lab-race-rosenbrock.svg"
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert page.locator(".dl-slide").count() == 0
    opened(page, app + LINK).get_by_role("button", name="Save as picture, video or web page").click()
    again = page.get_by_role("dialog")
    expect(again.get_by_label("Save as")).to_have_value("svg")
    expect(again.get_by_label("QR code")).to_be_checked()


def plain(text: str) -> str:
    return text


@pytest.mark.parametrize(
    ("race", "told"),
    [
        (default_race("ravine"), ["Elongated bowl"]),
        (replace(default_race("ravine"), steps=120, noise=0.5), ["Elongated bowl", "Steps 120", "σ 0.5"]),
        (
            replace(default_race("ravine"), contenders=(Adam(lr=0.3, beta1=0.5),)),
            ["Elongated bowl", "Adam η 0.3 β₁ 0.5"],
        ),
    ],
)
def test_a_caption_names_what_is_not_usual(race: Race, told: list[str]) -> None:
    assert caption.words(race, default_race("ravine"), suited(race.surface), plain) == told
