"""One step in a browser: the equation's numbers are those of the step shown, forwards and backwards."""

from __future__ import annotations

import dataclasses

from conftest import reader
from playwright.sync_api import Page, expect
from test_browser import number, query, settled, stage, stands_at, until

from experiments.anatomy import anatomy
from experiments.descend import default_race, descend

ADAM = dataclasses.replace(default_race("ravine", ("adam",)), steps=60)
VALUES = anatomy(ADAM, descend(ADAM), 0)
NAMES = ("g", "m", "v", "mhat", "vhat", "rate", "step")


def shown(page: Page) -> dict[str, list[float]]:
    """The numbers at the ends of the equation's lines, for x and y."""
    ends = page.evaluate(
        """() => [...document.querySelectorAll(".dl-line")].map(line => [...line.querySelectorAll(".dl-numbers")]
            .map(row => [...row.querySelectorAll(".q")].at(-1).textContent))"""
    )
    return {name: [number(text) for text in texts] for name, texts in zip(NAMES, ends, strict=True)}


def is_step(page: Page, t: int) -> None:
    """Every line ends in the numbers of step t, in the three digits that are shown."""
    for name, numbers in shown(page).items():
        for axis, value in enumerate(numbers):
            true = float(VALUES[name][t - 1, axis])
            assert abs(value - true) <= 0.0051 * abs(true), f"{name} at {t}: {value}, not {true}"


def test_the_equation_is_that_of_the_step_shown(page: Page, app: str) -> None:
    page.goto(f"{app}step")
    stage(page)
    stands_at(page, 0)
    expect(page.locator(".dl-readout")).to_have_text("step 1 / 60")
    row = page.locator(".dl-line").nth(1).locator(".dl-numbers").first
    assert "".join(row.inner_text().split()) == "0.9·0+(1−0.9)·(−0.7)=−0.07"
    is_step(page, 1)
    for t in (2, 3, 4):
        page.keyboard.press("ArrowRight")
        stands_at(page, t - 1)
        is_step(page, t)
    until(page, lambda: query(page) == {"at": ["4"]}, "the address says the step")
    settled(page)
    expect(page.get_by_text("Step 4: Adam moves").first).to_be_visible()
    page.keyboard.press("ArrowLeft")
    stands_at(page, 2)
    is_step(page, 3)


@reader(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
def test_on_a_phone_a_link_opens_at_its_step_and_contenders_take_turns(page: Page, app: str) -> None:
    page.goto(f"{app}step?at=3&rule=adam&rule=momentum")
    stage(page)
    stands_at(page, 2)
    is_step(page, 3)
    picture, equation = (page.locator(f".dl-panel{kind}").bounding_box() for kind in (":has(.dl-plot)", ".dl-equation"))
    assert picture
    assert equation
    assert equation["y"] >= picture["y"] + picture["height"], "the equation stands below the picture"
    assert equation["x"] + equation["width"] <= 390
    page.get_by_role("button", name="Momentum", exact=True).click()
    expect(page.locator(".dl-line")).to_have_count(3)
    stands_at(page, 2)
    page.locator(".dl-plot .nsewdrag").click(position={"x": 60, "y": 90})
    until(page, lambda: "start" in query(page), "a click is the new start")
    settled(page)
    stands_at(page, 2)
