"""What readers' browsers change on a page or do not allow: translation, themes, touch, storage, full screen."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from conftest import Readers, reader
from playwright.sync_api import Page, expect
from test_browser import _start, choose, frames, go, hold, pixels, query, settled, stage, until

from harness.server import serve
from surfaces import SURFACES

# Each text that may be translated into <font><font>: another text in its place, inserted before it, or around it.
TRANSLATE = """(way) => {
  const kept = "script, style, [translate=no], .notranslate, font, textarea";
  const mine = (node) => (node.data.trim() && !node.parentElement.closest(kept) ? 1 : 2);
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT, mine);
  const texts = [];
  while (walk.nextNode()) texts.push(walk.currentNode);
  for (const text of texts) {
    const [outer, inner] = [document.createElement("font"), document.createElement("font")];
    outer.append(inner);
    if (way !== "around") inner.textContent = `«${text.data}»`;
    if (way === "insert") {
      text.parentNode.insertBefore(outer, text);
      text.parentNode.removeChild(text);
    } else text.replaceWith(outer);
    if (way === "around") inner.append(text);
  }
}"""


def sentence(page: Page) -> str:
    return page.locator("[data-testid=stMain] [data-testid=stMarkdown]:visible").nth(1).inner_text()


@pytest.mark.parametrize("way", ["replace", "insert", "around"])
def test_a_translated_page_goes_on(page: Page, app: str, way: str) -> None:
    go(page, f"{app}race?steps=30")
    stage(page)
    before = sentence(page)
    page.evaluate(TRANSLATE, way)
    choose(page, "Surface", SURFACES["booth"].title)
    until(page, lambda: query(page).get("surface") == ["booth"], "the change is made")
    settled(page)
    translated = sentence(page)
    page.reload()
    stage(page)
    assert sentence(page) != before, "another surface has another sentence"
    assert re.sub("[«»]", "", translated) == sentence(page), "no old sentence stays"

    for name in ("signals?epochs=2", "overfitting?epochs=3"):
        go(page, f"{app}{name}")
        stage(page)
        page.evaluate(TRANSLATE, way)
        slider = page.get_by_test_id("stSidebar").locator("[role=slider], input[type=range]").first
        slider.press("ArrowLeft")
        expect(page.get_by_text("Trained for")).to_be_visible()
        assert not page.get_by_text("NotFoundError").count(), name


PAINTED = """() =>
  [...document.querySelectorAll("[data-testid=stHtml] [style*=background]")].map((node) => node.style.background)"""


def test_the_theme_menu_repaints_what_the_server_painted(page: Page, app: str) -> None:
    page.goto(app)
    stage(page)
    small = page.locator("[class*='st-key-cards-lessons'] img").first
    expect(small).to_have_attribute("src", re.compile("-light"))
    dark(page)
    expect(small).to_have_attribute("src", re.compile("-dark"))
    page.goto(f"{app}overfitting?epochs=2")
    expect(page.get_by_text("Trained for")).to_be_visible()
    page.get_by_text("Look at the data").click()
    page.get_by_text("Predictions", exact=True).click()
    chart = page.locator(".stPlotlyChart .js-plotly-plot").first
    chart.wait_for()
    before = until(page, lambda: page.evaluate(PAINTED), "the bars are drawn")
    written = "(chart) => chart._fullLayout.font.color"
    ink = chart.evaluate(written)
    dark(page)  # Streamlit keeps the choice by address
    until(page, lambda: page.evaluate(PAINTED) not in ([], before), "the bars follow")
    until(page, lambda: chart.evaluate(written) != ink, "the charts follow")


def dark(page: Page) -> None:
    settled(page)
    page.get_by_test_id("stMainMenu").click()
    page.get_by_test_id("stMainMenuPopover").get_by_text("Dark").first.click()
    page.keyboard.press("Escape")


NO_FULL_SCREEN = {
    "an iPhone": "delete Element.prototype.requestFullscreen",
    "a frame": "Element.prototype.requestFullscreen = async () => { throw new TypeError('Disallowed'); }",
}


@pytest.mark.parametrize("where", NO_FULL_SCREEN)
def test_where_there_is_no_full_screen_it_fills_the_window(page: Page, app: str, where: str) -> None:
    page.add_init_script(NO_FULL_SCREEN[where])
    page.goto(f"{app}race")
    box = stage(page)
    size = box.bounding_box()
    page.get_by_role("button", name=re.compile("[Ff]ull screen")).click()
    until(page, lambda: box.bounding_box() == {"x": 0, "y": 0, "width": 1280, "height": 800}, "it fills the window")
    expect(page.get_by_role("heading", level=1)).to_be_hidden()
    page.get_by_role("button", name=re.compile("Save")).click()
    expect(page.locator(".dl-save")).to_be_visible()
    page.keyboard.press("Escape")
    box.focus()
    page.keyboard.press("Escape")
    until(page, lambda: box.bounding_box() == size, "Escape leaves it")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


BLOCKED = """Object.defineProperty(window, "localStorage", {
  get() { throw new DOMException("denied", "SecurityError"); },
})"""


def test_save_works_where_storage_is_blocked(page: Page, app: str) -> None:
    page.add_init_script(BLOCKED)
    page.goto(f"{app}race")
    stage(page)
    page.get_by_role("button", name=re.compile("Save")).click()
    page.locator(".dl-ask select").first.select_option("svg")
    page.locator(".dl-save").get_by_role("button", name="Close").click()
    page.get_by_role("button", name=re.compile("Save")).click()
    expect(page.locator(".dl-ask select").first).to_have_value("svg")
    with page.expect_download() as saved:
        page.locator(".dl-save .dl-first").click()
    assert saved.value.suggested_filename.endswith(".svg")


def test_what_cannot_be_copied_is_not_offered(page: Page, app: str) -> None:
    page.add_init_script("Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => undefined })")
    page.goto(f"{app}race")
    stage(page)
    page.get_by_role("button", name=re.compile("Save")).click()
    expect(page.locator(".dl-save .dl-first")).to_be_visible()
    expect(page.get_by_role("button", name="Copy picture")).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("Link for a class")).click()
    code = page.get_by_test_id("stCode")
    code.hover()
    expect(code).to_be_visible()
    expect(code.get_by_role("button")).to_have_count(0)


def test_a_forbidden_copy_says_what_to_do(page: Page, app: str) -> None:
    page.add_init_script("navigator.clipboard.write = async () => { throw new DOMException('no', 'NotAllowedError'); }")
    page.goto(f"{app}race")
    stage(page)
    page.get_by_role("button", name=re.compile("Save")).click()
    page.get_by_role("button", name="Copy picture").click()
    expect(page.locator(".dl-told")).to_contain_text("Save the picture as a file")


def test_back_at_once_is_obeyed(page: Page, app: str) -> None:
    page.goto(f"{app}race")
    starts: list[Any] = [None]
    for place in ((4.0, -1.5), (-3.0, 1.0), (2.0, 2.0)):
        hold(page)
        page.mouse.click(*pixels(page, *place))
        until(page, lambda: query(page).get("start") not in starts, "the address follows")
        starts.append(query(page)["start"])
    for wished in reversed(starts[:-1]):  # each as soon as the address has changed
        page.go_back()
        settled(page)
        frames(page, 10)
        until(page, lambda wished=wished: query(page).get("start") == wished, "one start back")
    field = page.get_by_role("textbox", name="Starting point")
    expect(field).to_have_value(", ".join(f"{value:g}" for value in SURFACES["ravine"].start))


@reader(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
def test_the_ring_follows_a_finger(page: Page, app: str) -> None:
    page.goto(f"{app}race?start=0~2")
    hold(page)
    x, y = pixels(page, 0, 2)
    far = (x + 60, y + 40)
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for share in range(1, 13):
        at = {"x": x + 5 * share, "y": y + 40 * share / 12}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [at]})
        frames(page, 1)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    until(page, lambda: query(page).get("start") != ["0~2"], "it has moved")
    settled(page)
    until(page, lambda: pixels(page, *_start(page)) == pytest.approx(far, abs=3), "as far as the finger")


def test_a_tab_survives_a_restart_of_the_server(readers: Readers, tmp_path: Path) -> None:
    """Its next change counts, and its lesson stays uncovered, though the new server has never heard of it."""
    page = readers.tab({"locale": "en-US", "viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"})
    with serve(tmp_path / "first") as address:
        page.goto(f"{address}race?lesson=zigzag")
        page.get_by_role("button", name="Show me").click()
        stage(page)
        settled(page)
    with page.expect_websocket(), ExitStack() as stack:
        stack.enter_context(serve(tmp_path / "second", urlsplit(address).port or 0))
        again = stack.pop_all()
    with again:
        slider = page.get_by_test_id("stSidebar").get_by_role("slider", name=re.compile("Steps"))
        before = slider.input_value()
        slider.press("ArrowRight")
        until(page, lambda: "steps" in query(page), "the address follows")
        settled(page)
        assert slider.input_value() != before
        expect(page.get_by_role("button", name="Show me")).to_have_count(0)
    page.close()
    assert "Traceback" not in (tmp_path / "second").read_text()
