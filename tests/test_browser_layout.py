"""Charts fill their boxes, with all their axes, at every window width and with anything below them."""

from __future__ import annotations

import pytest
from conftest import PATIENCE
from playwright.sync_api import Page, TimeoutError
from test_browser import frames, go, settled, stage, stop

from ui.pages import pages

# What is wrong with the charts that are shown: one that is not as large as its box, a letter outside of it.
FAULTS = """() => [...document.querySelectorAll(".dl-plot")].filter((plot) => plot._fullLayout).flatMap((plot) => {
  const box = plot.closest(".dl-panel").getBoundingClientRect();
  const { width, height } = plot._fullLayout;
  const out = ({ left, right, top, bottom }) =>
    left < box.left - 1 || right > box.right + 1 || top < box.top - 1 || bottom > box.bottom + 1;
  const letters = [...plot.querySelectorAll(".xtick text, .ytick text, .xtitle, .ytitle")]
    .filter((text) => text.textContent && text.getBoundingClientRect().width);  // not a number that Plotly leaves out
  return [
    ...(Math.abs(box.width - width) > 1 || Math.abs(box.height - height) > 1
      ? [`the box is ${box.width} x ${box.height}, the chart ${width} x ${height}`] : []),
    ...(letters.length || !plot._fullLayout.xaxis?.visible ? [] : ["an axis without numbers"]),
    ...letters.filter((text) => out(text.getBoundingClientRect())).map((text) => `cut off: ${text.textContent}`),
  ];
})"""
LOSS = "document.querySelectorAll('.dl-plot')[1]._fullLayout._size.h"
TABLE = "(table) => [table.scrollWidth - table.clientWidth, table.scrollHeight - table.clientHeight, table.tabIndex]"
EIGHT = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "nadam", "adamw")


def faultless(page: Page, what: str) -> None:
    """Wait until the page has laid itself out, and look for faults."""
    fits = f"() => !({FAULTS})().length"
    try:
        page.wait_for_function(fits, timeout=PATIENCE * 200)
    except TimeoutError:
        assert page.evaluate(FAULTS) == [], what


@pytest.mark.parametrize("rules", [EIGHT[:1], (), EIGHT], ids=["1", "5", "8"])
def test_race_keeps_its_axes(page: Page, app: str, rules: tuple[str, ...]) -> None:
    page.goto(f"{app}race?{'&'.join(f'rule={rule}' for rule in rules)}")
    for width, height in ((1280, 800), (1024, 768), (1366, 768), (1920, 1080), (390, 844), (1280, 800)):
        page.set_viewport_size({"width": width, "height": height})
        for key in ("Home", "End"):  # numbers are longest at the end
            stage(page).focus()
            page.keyboard.press(key)
            frames(page, 3)
            where = f"{width} x {height}, {key}"
            faultless(page, where)
            assert page.evaluate(LOSS) >= 0.2 * height, f"{where}: the loss can be read"
            over, below, reached = page.locator(".dl-tablebox").evaluate(TABLE)
            assert over <= 0, f"{where}: all columns are seen"
            assert below <= 0 or reached == 0, f"{where}: what scrolls is reached by the keyboard"


def test_every_page_keeps_its_axes(page: Page, app: str) -> None:
    for entry in pages():
        go(page, f"{app}{entry.path if entry.order else ''}")
        stage(page)
        settled(page)
        if stop(page).count():
            stop(page).click()
        stage(page).focus()
        for key in ("Home", "End"):
            page.keyboard.press(key)
            frames(page, 3)
            faultless(page, f"{entry.path}, {key}")
