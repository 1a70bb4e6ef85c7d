"""Slide mode: a presenter's keys, large type, and a picture that does not move."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from conftest import PLAYS, reader
from playwright.sync_api import Page, expect
from test_browser import hold, query, stage, stands_at, step, until

import lessons
from lessons import PARTS
from ui import lesson
from ui.pages import pages

SLIDE = {"width": 1280, "height": 720}
COURSE = list(lessons.lessons().values())
RACES = [lesson for lesson in COURSE if lesson.page == "race"]
HIDDEN = "[data-testid=stHeader], [data-testid=stSidebar], [data-testid=stExpander], [data-testid=stCaptionContainer]"

# Every text of the slide that is smaller than 24 px; a raised or lowered index is set smaller, and may be.
SMALL = """() => {
  const small = [...(window.small ?? [])];
  const texts = document.createTreeWalker(document.querySelector(".dl-stage"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { data, parentElement: at } = texts.currentNode;
    const { visibility, fontSize } = getComputedStyle(at);
    const seen = data.trim() && visibility === "visible" && at.getBoundingClientRect().width > 1;
    if (seen && parseFloat(fontSize) < 23.99 && !at.closest("tspan, math")) small.push([data, fontSize]);
  }
  return small;
}"""
# What is written on canvases: type below 24 px is noted.
WRITTEN = """
const fillText = CanvasRenderingContext2D.prototype.fillText;
window.small = [];
CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
  const pixels = Number(/([\\d.]+)px/.exec(this.font)[1]);
  if (document.documentElement.hasAttribute("data-slide") && pixels < 23.99) window.small.push([text, pixels]);
  return fillText.call(this, text, ...rest);
};
"""


def rest(page: Page) -> None:
    """Wait until the server has answered all that was asked; the page around the stage cannot be seen."""
    page.locator("[data-test-script-state=notRunning]").wait_for(state="attached")


def shown(page: Page) -> str:
    """What the band says."""
    return page.locator(".dl-band > [data-now]").inner_text()


def place(page: Page) -> str:
    return page.locator(".dl-steps output").inner_text()


def picture(page: Page) -> Any:
    """Where the panels stand."""
    return page.locator(".dl-panels").bounding_box()


@reader(viewport=SLIDE, **PLAYS)
def test_p_turns_slide_mode_on_and_off(page: Page, app: str) -> None:
    page.goto(f"{app}race")
    hold(page)
    page.keyboard.press("ArrowRight")
    page.evaluate("document.querySelector('.dl-plot').dataset.same = 'yes'")
    page.get_by_role("textbox", name="Starting point").press("p")
    assert not page.locator("html[data-slide]").count(), "a letter that is typed is a letter"
    page.keyboard.press("Backspace")
    stage(page).focus()
    page.keyboard.press("p")
    page.locator("html[data-slide]").wait_for(state="attached")
    until(page, lambda: query(page).get("present") == ["1"], "the address says it")
    for part in page.locator(HIDDEN).all():
        assert not part.is_visible()
    box = stage(page).bounding_box()
    assert box == {"x": 0, "y": 0, **SLIDE}, "the stage is all there is"
    expect(page.locator(".dl-talk h1")).to_have_text("Race")
    assert shown(page) == stage(page).get_attribute("aria-label")
    assert page.evaluate("document.fullscreenElement !== null")
    assert step(page) == 1, "nothing starts anew"
    page.keyboard.press("PageDown")
    until(page, lambda: step(page) > 3, "a clicker plays it")
    page.keyboard.press("PageDown")
    stands_at(page, 100)
    page.keyboard.press("PageUp")
    stands_at(page, 0)
    page.keyboard.press("b")
    expect(page.locator(".dl-blank")).to_be_visible()
    page.keyboard.press("b")
    expect(page.locator(".dl-blank")).to_be_hidden()
    page.keyboard.press("p")
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
    until(page, lambda: query(page) == {}, "the address forgets it")
    assert page.locator(".dl-plot").first.get_attribute("data-same") == "yes", "nothing is built anew"
    assert page.evaluate("document.fullscreenElement === null")
    page.get_by_role("button", name="Slide mode (P)").click()
    page.locator("html[data-slide]").wait_for(state="attached")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stSidebar")).to_be_visible()


@reader(viewport=SLIDE)
@pytest.mark.parametrize("name", ["race", "maps", "signals"])
def test_a_slide_is_read_from_the_last_row(page: Page, app: str, name: str) -> None:
    page.add_init_script(WRITTEN)
    page.goto(f"{app}{name}?present=1")
    stage(page)
    page.locator("html[data-slide]").wait_for(state="attached")
    rest(page)
    until(page, lambda: len(page.locator(".dl-stage text, .dl-stage td").all()) > 0, "it is drawn")
    assert page.evaluate(SMALL) == []
    scrolls = "document.documentElement.scrollHeight > innerHeight || document.documentElement.scrollWidth > innerWidth"
    assert not page.evaluate(scrolls)
    outside = """[...document.querySelectorAll(".dl-talk, .dl-panels, .dl-bar")].some((part) => {
        const { left, right, top, bottom } = part.getBoundingClientRect();
        const cut = part.scrollHeight > part.clientHeight + 1;
        return left < 0 || top < 0 || right > innerWidth || bottom > innerHeight || cut;
    })"""
    assert not page.evaluate(outside)


@reader(viewport=SLIDE, **PLAYS)
def test_a_lesson_is_told_step_by_step(page: Page, app: str) -> None:
    told = RACES[0]
    text = told.text("en")
    page.goto(f"{app}race?lesson={told.key}&present=1")
    page.locator("html[data-slide]").wait_for(state="attached")
    choices = page.locator(".dl-choices li")
    expect(choices).to_have_count(len(text.choices))
    assert shown(page) == text.question
    expect(page.locator(".dl-panels")).to_be_hidden()
    assert stage(page).get_attribute("aria-label") == "The picture is hidden until you choose what you expect."
    wrong = next(i for i in range(1, len(text.choices) + 1) if i != told.answer)
    page.keyboard.press(str(wrong))
    until(page, lambda: step(page) > 2, "it is uncovered, and plays")
    assert shown(page) == stage(page).get_attribute("aria-label")
    here = picture(page)
    for line in text.look:
        page.keyboard.press("PageDown")
        assert shown(page) == line, "without waiting for the server"
        assert picture(page) == here, "the picture does not move"
    page.keyboard.press("ArrowRight")
    assert text.because in shown(page)
    until(page, lambda: shown(page).startswith("Not quite."), "it knows what was expected")
    assert picture(page) == here
    at = 3 + len(text.look)
    assert place(page).startswith(f"{at} /")
    until(page, lambda: query(page).get("step") == [str(at)], "the address says where")
    page.keyboard.press("ArrowLeft")
    assert shown(page) == text.look[-1]
    until(page, lambda: query(page).get("step") == [str(at - 1)], "back")
    rest(page)
    page.reload()
    page.locator("html[data-slide]").wait_for(state="attached")
    until(page, lambda: shown(page) == text.look[-1], "a reload stays")
    until(page, lambda: page.locator(".dl-panels").is_visible(), "and shows the picture, as the step does")


@reader(viewport=SLIDE)
def test_the_course_goes_on_from_lesson_to_lesson(page: Page, app: str) -> None:
    first, then = next((a, b) for a, b in itertools.pairwise(COURSE) if a.page == b.page == "race")
    page.goto(f"{app}race?lesson={first.key}&present=1&step=99")
    page.locator("html[data-slide]").wait_for(state="attached")
    last = place(page).split(" / ")
    assert last[0] == last[1]
    rest(page)
    page.keyboard.press("PageDown")
    expect(page.locator(".dl-talk h1")).to_have_text(then.text("en").title)
    assert query(page)["lesson"] == [then.key]
    assert place(page).startswith("1 /")
    rest(page)
    page.keyboard.press("PageUp")
    expect(page.locator(".dl-talk h1")).to_have_text(first.text("en").title)
    until(page, lambda: place(page).split(" / ") == last, "back to where it came from")


def test_the_course_is_complete() -> None:
    """From the first lesson one comes to every other, and the pages of all are there."""
    assert {told.page for told in COURSE} <= {page.path for page in pages()}
    assert {told.part for told in COURSE} <= set(PARTS)
    assert lesson.way(COURSE[0], "steps=7") == (COURSE[0].page, {"lesson": [COURSE[0].key], "steps": ["7"]})
