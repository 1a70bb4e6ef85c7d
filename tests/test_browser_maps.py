"""Maps in a browser: cells are painted at their positions, have tooltips, and play their race when clicked."""

from __future__ import annotations

import re

import numpy as np
from conftest import PLAYS, reader
from playwright.sync_api import Page, expect
from test_browser import number, pixels, query, settled, stage, step, until

from experiments import maps
from experiments.descend import descend
from experiments.maps import default_map, survey
from figures import theme

COLOUR = """([x, y]) => {
  const canvas = document.querySelector(".dl-canvas"); // the first lies below the axes and holds the cells
  const { left, top } = canvas.getBoundingClientRect();
  const ratio = canvas.width / canvas.clientWidth;
  return [...canvas.getContext("2d").getImageData((x - left) * ratio, (y - top) * ratio, 1, 1).data];
}"""


def middle(chart: maps.Map, row: int, column: int) -> tuple[float, float]:
    x, y = maps.axes(chart)
    return float(x[column]), float(y[row])


@reader(color_scheme="light", **PLAYS)
def test_a_map_is_what_was_computed_and_a_click_plays_the_cell(page: Page, app: str) -> None:
    chart = default_map("settings", "ill_conditioned")
    found = survey(chart)
    page.goto(f"{app}maps")
    stage(page)
    row, column = maps.best(found)[0]
    x, y = pixels(page, *middle(chart, row, column))
    lowest = [int(theme.PALETTES["light"]["heat0"][i : i + 2], 16) for i in (1, 3, 5)]
    until(page, lambda: page.evaluate(COLOUR, [x + 14, y])[:3] != [0, 0, 0], "the map is painted")
    deep = np.argwhere(found.loss[0] < np.nanmin(found.loss) * 1e3)[0]
    np.testing.assert_allclose(page.evaluate(COLOUR, pixels(page, *middle(chart, *deep)))[:3], lowest, atol=3)

    row, column = 40, 35
    at = pixels(page, *middle(chart, row, column))
    page.mouse.move(*at)
    tip = page.locator(".dl-tip").first
    expect(tip).to_be_visible()
    said = re.search(r"f − f\* (\S+)", tip.inner_text())
    assert said
    assert abs(number(said[1]) / found.loss[0, row, column] - 1) < 0.01

    page.mouse.click(*at)
    page.wait_for_url("**pick=**")
    settled(page)
    picked = maps.picked(chart, middle(chart, row, column))
    assert query(page)["pick"] == ["~".join(f"{part:g}" for part in picked.pick)]
    race = maps.looked_at(picked, found)
    assert descend(race).loss[0, -1] == found.loss[0, row, column]
    expect(page.get_by_text(f"At the ring, η = {race.contenders[0].lr:.3g}").first).to_be_visible()
    until(page, lambda: step(page) > 2, "the race of the cell plays")


def test_starts_and_rates_can_be_clicked_too(page: Page, app: str) -> None:
    page.goto(f"{app}maps?kind=basins&surface=himmelblau&side=20")
    stage(page)
    page.mouse.click(*pixels(page, -2.1, -2.1))
    page.wait_for_url("**pick=**")
    expect(page.get_by_test_id("stMarkdown").get_by_text("From (−2.1, −2.1)")).to_be_visible()
    page.goto(f"{app}maps?kind=rates&surface=rosenbrock")
    stage(page)
    page.mouse.click(*pixels(page, 0.1, 1.0))
    page.wait_for_url("**pick=**")
    expect(page.get_by_text("All at η =").first).to_be_visible()
