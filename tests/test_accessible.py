"""Accessibility: axe-core on every page, keyboard only, contrast, colour blindness, and reduced motion."""

from __future__ import annotations

import importlib.resources
import itertools
import json
import re
import tomllib
from typing import Any

import numpy as np
import pytest
from conftest import PLAYS, reader
from playwright.sync_api import Page
from test_browser import STAGE, frames, go, hold, query, stage, stands_at, step, until
from test_present import rest

import lessons
from experiments.descend import LECTURE
from figures import theme
from harness.server import ROOT
from optimizers import RULES
from surfaces import SURFACES
from ui.pages import pages

AXE = (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text()
RULES_OF_AXE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
SERIOUS = ("serious", "critical")

LESSON = next(told for told in lessons.lessons().values() if told.page == "race")
ADDRESSES = [
    *(page.path if page.order else "" for page in pages()),
    f"race?lesson={LESSON.key}",  # covered
    f"race?lesson={LESSON.key}&present=1",
    f"race?lesson={LESSON.key}&present=1&step=3",
    "overfitting?present=1&epochs=10",
]
LOOKS = list(itertools.product(("light", "dark"), ("en", "ko")))

# What stands on paper as letters: these as they are, tracks and the like as `ink` of draw.js makes them.
PLAIN = ("text", "quiet", "star", "pull", "memory", "spread")
INKED = re.compile(r"[cr]\d[bc]?|class\d")
AA = 4.5

# Machado, Oliveira & Fernandes 2009, "A Physiologically-based Model for Simulation of Color Vision Deficiency",
# table 1: a full deficiency, on linear RGB.
BLINDNESS = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
# Ottosson 2020, "A perceptual color space for image processing": linear RGB to cone responses, their cube roots to Lab.
CONES = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
         [0.0883024619, 0.2817188376, 0.6299787005]]  # fmt: skip
LAB = [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
       [0.0259040371, 0.7827717662, -0.8086757660]]  # fmt: skip
APART = 0.06  # in OKLab: three times what is just noticed side by side


def violations(page: Page) -> list[str]:
    """What axe-core finds serious or critical: rule, place and reason."""
    page.evaluate(AXE)
    found = page.evaluate(
        "(tags) => axe.run(document, { runOnly: tags, resultTypes: ['violations'] })", RULES_OF_AXE
    )["violations"]  # fmt: skip
    return [
        f"{rule['id']} {json.dumps(node['target'])}: {node['failureSummary']}"
        for rule in found if rule["impact"] in SERIOUS for node in rule["nodes"]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("page", "lang", "addresses"),
    [({"color_scheme": mode}, lang, ADDRESSES[turn :: len(LOOKS)]) for turn, (mode, lang) in enumerate(LOOKS)],
    indirect=["page"], ids=[" ".join(look) for look in LOOKS],
)  # fmt: skip
def test_axe_finds_no_serious_fault(page: Page, app: str, lang: str, addresses: list[str]) -> None:
    """Every page, in one of the looks; a tab that goes on to the next page need not load the app anew."""
    found = {}
    for address in addresses:
        go(page, f"{app}{address}{'&' if '?' in address else '?'}lang={lang}")
        page.locator(STAGE).wait_for(state="attached")  # under a lesson's cover it cannot be seen
        slide = "present=1" in address
        page.locator("html[data-slide]" if slide else "html:not([data-slide])").wait_for(state="attached")
        rest(page)
        assert page.evaluate("document.documentElement.lang") == lang
        found[address] = violations(page)
    assert found == {address: [] for address in addresses}


# -- the keyboard


FOCUSED = """() => {
  const at = document.activeElement;
  const { outlineStyle, outlineWidth, boxShadow, borderColor } = getComputedStyle(at);
  const seen = (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
  return { name: at.getAttribute("aria-label") || at.textContent,
    stage: Boolean(at.closest(".dl-stage")), seen };
}"""


def tab(page: Page, wished: str, most: int = 60) -> dict[str, Any]:
    """Press Tab until the focus stands on something of this name; every stop on the stage must be seen."""
    for _ in range(most):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        assert at["seen"] or not at["stage"], f"the focus cannot be seen: {at}"
        if re.search(wished, at["name"]):
            return at
    raise AssertionError(f"Tab does not come to {wished}")


@reader(**PLAYS)
def test_race_by_keyboard_alone(page: Page, app: str) -> None:
    page.goto(f"{app}race")
    stage(page)
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["name"] == "Skip to the picture", "before menus and settings"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.className") == "dl-stage"
    hold(page)
    page.keyboard.press("ArrowRight")
    stands_at(page, 1)

    tab(page, r"^Starting point; the arrow keys move it")
    before = stage(page).get_attribute("aria-label")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    (x, y), ((left, right), (low, high)) = SURFACES["ravine"].start, SURFACES["ravine"].domain
    wished = (x + 0.02 * (right - left), y - 0.02 * (high - low))
    until(page, lambda: _asked(page) == pytest.approx(wished, abs=0.01), "the start has moved by 2 % each way")
    until(page, lambda: stage(page).get_attribute("aria-label") != before, "other paths")
    spoken = page.locator(".dl-stage [role=status].dl-unseen")
    until(page, lambda: spoken.inner_text() == stage(page).get_attribute("aria-label"), "what came of it is said")

    tab(page, r"^Play \(space\)")
    now = step(page)
    page.keyboard.press("Enter")
    until(page, lambda: step(page) != now, "it plays")
    page.keyboard.press("Enter")
    tab(page, "Go to a step")
    page.keyboard.press("Home")
    stands_at(page, 0)
    page.keyboard.press("ArrowRight")
    stands_at(page, 1)

    for _ in range(60):  # the settings stand before the picture
        page.keyboard.press("Shift+Tab")
        if page.evaluate(FOCUSED)["name"] == "Learning rate of SGD":
            break
    page.keyboard.press("ArrowLeft")
    until(page, lambda: "rule" in query(page), "a slider obeys the arrow keys")
    assert page.evaluate(FOCUSED)["name"] == "Learning rate of SGD", "and keeps the focus"


def _asked(page: Page) -> tuple[float, ...]:
    return tuple(map(float, query(page).get("start", ["0~0"])[0].split("~")))


# -- motion


@pytest.mark.parametrize("name", ["", "race", "step", "likelihood"])
def test_nothing_moves_unasked(page: Page, app: str, name: str) -> None:
    page.goto(app + name)
    stage(page)
    rest(page)
    clock, moving = step(page), "document.getAnimations().filter((each) => each.playState === 'running').length"
    frames(page, 36)
    assert step(page) == clock
    assert page.evaluate(moving) == 0


# -- colours


def linear(colour: str) -> np.ndarray:
    """A colour #rrggbb as linear RGB."""
    values = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.1: the contrast of two colours, from 1 to 21."""
    dark, bright = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (bright + 0.05) / (dark + 0.05)


def test_letters_stand_out_from_paper(page: Page, app: str) -> None:
    page.goto(app)
    stage(page)
    told = [
        (mode, name, colour)
        for mode, palette in theme.PALETTES.items() for name, colour in palette.items()
        if name in PLAIN or INKED.fullmatch(name)
    ]  # fmt: skip
    assert len(told) > 60
    drawn = page.evaluate(
        """async ([told, palettes]) => {
            const sheet = document.querySelector('link[href*="stage.css"]').href;
            const { ink } = await import(sheet.replace("stage.css", "draw.js"));
            return told.map(([mode, , colour]) => ink(colour, palettes[mode]));
        }""",
        [told, theme.PALETTES],
    )
    for (mode, name, colour), inked in zip(told, drawn, strict=True):
        written = colour if name in PLAIN else inked
        assert contrast(written, theme.PALETTES[mode]["paper"]) >= AA, (mode, name, written)
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
    for mode in ("light", "dark"):
        for sheet in (config[mode], config[mode] | config[mode]["sidebar"]):
            for letters in ("primaryColor", "textColor"):
                for paper in ("backgroundColor", "secondaryBackgroundColor"):
                    assert contrast(sheet[letters], sheet[paper]) >= AA, (mode, letters, paper)


def seen(colour: str, blindness: str | None) -> np.ndarray:
    """A colour in OKLab, as it is seen with a colour blindness."""
    light = linear(colour)
    if blindness:
        light = np.clip(np.array(BLINDNESS[blindness]) @ light, 0, 1)
    return np.array(LAB) @ np.cbrt(np.array(CONES) @ light)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_ten_classes_have_colours_that_are_easy_to_distinguish(mode: str) -> None:
    palette = theme.PALETTES[mode]
    (number,) = re.findall(r"CLASSES = (\d+);", (ROOT / "ui" / "stage" / "browser" / "draw.js").read_text())
    for name, apart in (("class", 0.12), ("tint", 0.045)):
        colours = [palette[key] for key in palette if re.fullmatch(rf"{name}\d+", key)]
        assert len(colours) == int(number) >= 10
        for one, other in itertools.combinations(colours, 2):
            assert np.linalg.norm(seen(one, None) - seen(other, None)) >= apart, (one, other)
    for i in range(int(number)):
        assert contrast(palette[f"class{i}"], palette["paper"]) >= 3


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_tracks_are_told_apart_without_colour(mode: str) -> None:
    looks = theme.styles([rule() for rule in RULES.values()])
    for one, other in itertools.combinations(looks, 2):
        assert (one["dash"], one["marker"]) != (other["dash"], other["marker"])
    palette = theme.PALETTES[mode]
    first = [palette[look["color"][1:]] for look in theme.styles([RULES[key]() for key in LECTURE])]
    for blindness in (None, *BLINDNESS):
        for one, other in itertools.combinations(first, 2):
            assert np.linalg.norm(seen(one, blindness) - seen(other, blindness)) >= APART, (blindness, one, other)
