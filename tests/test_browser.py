"""The app in a browser: what a person does with it, from the first visit to a stopped training."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from conftest import PATIENCE, PLAYS, reader
from playwright.sync_api import Locator, Page, expect

from surfaces import SURFACES
from surfaces.own import bumps
from ui import language
from ui.page_state import LAG
from ui.pages import pages

STAGE = ".dl-stage[data-ready]"
TRAINED = 180.0  # seconds that are waited for the end of a training


def stage(page: Page) -> Locator:
    """The stage, once it is drawn."""
    found = page.locator(STAGE)
    found.wait_for()
    return found


def step(page: Page) -> int:
    return int(stage(page).get_attribute("data-step") or -1)


def stands_at(page: Page, wished: int) -> None:
    """Wait until the clock stands there: a picture follows a key with its next frame."""
    expect(page.locator(STAGE)).to_have_attribute("data-step", str(wished))


def until(page: Page, condition: Callable[[], object], what: str) -> Any:
    """Wait until something is so; playwright's own waits know the page, not what we made of it."""
    deadline = time.monotonic() + PATIENCE
    while not (result := condition()):
        assert time.monotonic() < deadline, f"it did not come true: {what}"
        page.wait_for_timeout(50)
    return result


def frames(page: Page, count: int) -> None:
    """Wait until the browser has drawn so many pictures: what moves by itself has moved by then."""
    page.evaluate(
        """(count) => new Promise((done) => {
            (function next() { count-- ? requestAnimationFrame(next) : done(); })();
        })""",
        count,
    )


def settled(page: Page) -> None:
    """Wait until the server has answered all that was asked."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def cell(page: Page, row: int, column: int) -> str:
    return page.locator(f".dl-table tbody tr:nth-child({row}) > :nth-child({column})").inner_text()


def number(text: str) -> float:
    """Read a number as the stage writes it: −1.5×10⁻³."""
    plain = text.translate(str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789"))
    return float(plain.replace("×10", "e"))


def pixels(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a point of the surface lies in the window."""
    at = page.evaluate(
        """([x, y]) => {
            const plot = document.querySelector(".dl-plot");
            const { left, top } = plot.getBoundingClientRect();
            const { xaxis, yaxis } = plot._fullLayout;
            return [left + xaxis._offset + xaxis.d2p(x), top + yaxis._offset + yaxis.d2p(y)];
        }""",
        [x, y],
    )
    return at[0], at[1]


def ranges(page: Page) -> list[float]:
    """The part of the surface that is shown."""
    layout = "document.querySelector('.dl-plot')._fullLayout"
    return page.evaluate(f"[...{layout}.xaxis.range, ...{layout}.yaxis.range]")


INK = """(panel) => {
  const canvas = document.querySelectorAll(".dl-canvas")[panel];
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let painted = 0;
  for (let i = 3; i < data.length; i += 4) painted += data[i] > 0;
  return painted;
}"""


def ink(page: Page, panel: int = 0) -> int:
    """How many pixels of a panel's moving picture are painted."""
    return page.evaluate(INK, panel)


def go(page: Page, address: str) -> None:
    """Open an address in a tab; one that shows the app already goes there as its back button would, without loading."""
    if page.url == "about:blank":
        page.goto(address)
        return
    page.locator(STAGE).evaluate_all("(stages) => stages.forEach((stage) => stage.removeAttribute('data-ready'))")
    page.evaluate("(to) => { history.pushState(null, '', to); dispatchEvent(new PopStateEvent('popstate')); }", address)


def hold(page: Page) -> None:
    """Stop the race at its start."""
    stage(page).focus()
    page.keyboard.press("Home")
    if page.get_by_role("button", name="Pause (space)").count():
        page.keyboard.press("Space")
        page.keyboard.press("Home")
    stands_at(page, 0)


def status(page: Page) -> str:
    return page.locator("[class*='-status'] [data-testid=stMarkdown]").first.inner_text()


def stop(page: Page) -> Locator:
    """The button that stops a training; Streamlit's header has a Stop of its own while the server is slow."""
    return page.get_by_test_id("stMain").get_by_role("button", name="Stop")


def epoch(page: Page) -> int:
    found = re.search(r"epoch (\d+) of", status(page), re.IGNORECASE)
    return int(found[1]) if found else -1


# -- the race


@reader(**PLAYS)
def test_home_plays_and_leads_everywhere(page: Page, app: str) -> None:
    page.goto(app)
    first = step(page)
    until(page, lambda: step(page) > first + 5, "the race runs by itself")
    expect(page.get_by_role("heading", name="Descent Lab")).to_be_visible()
    for entry in pages():
        if entry.order:
            expect(page.locator(".st-key-explore").get_by_role("link", name=entry.title)).to_be_visible()
    assert query(page) == {}


@reader(**PLAYS)
def test_race_plays_and_obeys_the_keyboard(page: Page, app: str) -> None:
    page.goto(f"{app}race")
    until(page, lambda: step(page) >= 3, "the race runs by itself")
    stage(page).focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play (space)")).to_be_visible()
    page.get_by_role("slider", name="Go to a step").fill("20")
    stage(page).focus()
    page.keyboard.press("ArrowRight")
    stands_at(page, 21)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    stands_at(page, 19)
    page.keyboard.press("Shift+ArrowRight")
    stands_at(page, 29)
    page.keyboard.press("End")
    stands_at(page, SURFACES["ravine"].steps)
    drawn = ink(page)
    page.keyboard.press("Home")
    stands_at(page, 0)
    assert ink(page) < drawn / 2, "the paths are drawn as far as they have come"
    page.keyboard.press("Space")
    until(page, lambda: step(page) > 0, "it plays again")


@reader(**PLAYS)
def test_race_is_scrubbed(page: Page, app: str) -> None:
    page.goto(f"{app}race")
    hold(page)
    scrub = page.get_by_role("slider", name="Go to a step")
    start, losses = ink(page, 0), cell(page, 1, 3)
    scrub.fill("60")
    stands_at(page, 60)
    assert ink(page, 0) > start
    assert cell(page, 1, 3) != losses, "the table follows the clock"
    frames(page, 12)
    assert step(page) == 60, "scrubbing holds the race"
    page.locator(".dl-panel").nth(1).click(position={"x": 200, "y": 150})
    until(page, lambda: step(page) not in (0, 60), "a click on the loss curve goes to that step")


def test_a_click_moves_the_start(page: Page, app: str) -> None:
    page.goto(f"{app}race")
    hold(page)
    assert number(cell(page, 1, 3)) == pytest.approx(float(SURFACES["ravine"].value(np.array((-7, 2)))), rel=5e-3)
    page.mouse.click(*pixels(page, 4.0, -1.5))
    until(page, lambda: "start" in query(page), "the address says the start")
    x, y = map(float, query(page)["start"][0].split("~"))
    assert (x, y) == pytest.approx((4.0, -1.5), abs=0.05)
    height = _below(page)
    until(page, lambda: _height(page) == pytest.approx(height, rel=5e-3), "the path starts there")
    for row in range(1, 6):
        assert number(cell(page, row, 3)) == pytest.approx(height, rel=5e-3), "every path starts there"
    page.mouse.move(*pixels(page, x, y))
    tip = page.locator(".dl-tip:not([hidden])").first
    assert [float(part.replace("−", "-")) for part in re.findall(r"[−\d.]+", tip.inner_text().split("(")[1])[:2]] == (
        pytest.approx([x, y], rel=5e-3)
    )
    expect(page.get_by_role("textbox", name="Starting point")).to_have_value(f"{x:g}, {y:g}")


def test_the_ring_is_dragged(page: Page, app: str) -> None:
    page.goto(f"{app}race")
    hold(page)
    page.mouse.move(*pixels(page, *SURFACES["ravine"].start))
    page.mouse.down()
    for share in np.linspace(0.1, 1, 12):
        page.mouse.move(*pixels(page, -7 + share * 10, 2 - share * 3.5))
        frames(page, 1)
    page.mouse.up()
    until(page, lambda: "start" in query(page) and _start(page) == pytest.approx((3, -1.5), abs=0.05), "it is let go")
    settled(page)
    assert _start(page) == pytest.approx((3, -1.5), abs=0.05), "no late answer takes it back"
    until(page, lambda: _height(page) == pytest.approx(_below(page), rel=5e-3), "the path starts at the ring")


def _height(page: Page) -> float:
    """The height at which the first path starts; the last answer may still be on its way."""
    hold(page)
    return number(cell(page, 1, 3))


def _below(page: Page) -> float:
    return float(SURFACES["ravine"].value(np.array(_start(page))))


def _start(page: Page) -> tuple[float, ...]:
    return tuple(map(float, query(page)["start"][0].split("~")))


def test_the_zoom_survives_another_rate(page: Page, app: str) -> None:
    page.goto(f"{app}race")
    whole = until(page, lambda: stage(page) and ranges(page), "the surface is drawn")
    page.get_by_role("button", name="Zoom in").click()
    until(page, lambda: ranges(page) != whole, "it is nearer")
    nearer = ranges(page)
    page.evaluate("document.querySelector('.dl-plot').dataset.same = 'yes'")
    page.get_by_role("slider", name="Learning rate of SGD").press("ArrowLeft")
    until(page, lambda: "rule" in query(page), "another rate")
    settled(page)
    assert ranges(page) == nearer
    assert page.locator(".dl-plot").first.get_attribute("data-same") == "yes", "nothing is built anew"
    page.get_by_role("button", name="Show all").click()
    until(page, lambda: ranges(page) == whole, "the whole again")


@reader(viewport={"width": 1000, "height": 640})  # WebGL without a graphics card takes its time
def test_the_surface_in_space(page: Page, app: str) -> None:
    page.goto(f"{app}race")
    stage(page)
    page.get_by_text("3-D view").click()
    until(page, lambda: query(page) == {"view": ["3d"]}, "the address says the view")
    page.locator(".dl-plot .gl-container canvas").first.wait_for()
    stage(page).focus()
    page.keyboard.press("End")
    points = "document.querySelector('.dl-plot').data.filter((t) => t.mode === 'lines').map((t) => t.x.length)"
    until(page, lambda: page.evaluate(points) == [101] * 5, "the whole paths are drawn")
    page.get_by_text("3-D view").click()
    until(page, lambda: query(page) == {}, "from above again")
    page.locator(".dl-plot .cartesianlayer").first.wait_for()


def test_divergence_is_told_and_cured(page: Page, app: str) -> None:
    page.goto(f"{app}race?rule=sgd~lr~3&rule=adam")
    expect(page.get_by_test_id("stMain")).to_contain_text("SGD diverges at step")
    card = page.locator(".dl-card")
    hold(page)
    expect(card).to_be_hidden()
    page.keyboard.press("End")
    until(page, lambda: re.fullmatch(r"diverged at \d+", cell(page, 1, 4)), "the table says it too")
    assert re.search(r"SGD.* diverges at step \d+", stage(page).get_attribute("aria-label") or "")
    expect(card).to_contain_text("η = 3 > 2/λmax = 1 (λmax = 2 at the start)")
    cure = card.get_by_role("button")
    rate = cure.inner_text().removeprefix("η = ")
    cure.click()
    until(page, lambda: query(page)["rule"] == [f"sgd~lr~{rate}", "adam"], "the rate on the card is taken")
    expect(card).to_have_count(0)
    expect(page.get_by_test_id("stMain")).not_to_contain_text("diverged")


def test_a_formula_takes_effect_while_it_is_typed(page: Page, app: str) -> None:
    page.goto(f"{app}race?surface=formula&rule=sgd")
    stage(page)
    field = page.get_by_role("textbox", name="Formula")
    field.fill("x^2 + (y")
    expect(page.get_by_test_id("stSidebar")).to_contain_text("is never closed")
    assert "surface" in query(page)
    field.press_sequentially(" - 1)^2")
    until(page, lambda: query(page)["surface"] == ["formula~text~x^2 + (y - 1)^2"], "the address has the formula")
    expect(page.get_by_test_id("stSidebar")).not_to_contain_text("is never closed")
    expect(field).to_have_value("x^2 + (y - 1)^2")
    expect(page.get_by_test_id("stMain")).to_contain_text("SGD reaches the minimum first")


def test_pits_are_painted(page: Page, app: str) -> None:
    page.goto(f"{app}race?surface=drawing~strokes~&rule=sgd")
    stage(page)
    hold(page)
    page.get_by_role("button", name="Paint pits").click()
    page.mouse.move(*pixels(page, -3, 2))
    page.mouse.down()
    page.mouse.move(*pixels(page, -1, 2), steps=8)
    page.mouse.up()
    until(page, lambda: len(query(page)["surface"][0]) > len("drawing~strokes~"), "the address has the drawing")
    painted = bumps(query(page)["surface"][0].removeprefix("drawing~strokes~"))
    assert (painted[:, 2] < 0).all(), "pits, not hills"
    assert painted[:, 0].min() < -2.7
    assert painted[:, 0].max() > -1.5
    assert np.allclose(painted[:, 1], 2, atol=0.1)


# -- settings, address, history


def test_a_deep_link_as_the_first_request(fresh: str, page: Page) -> None:
    page.goto(f"{fresh}race?surface=rosenbrock&rule=sgd~lr~0.0005&rule=adam")
    stage(page)
    expect(page.get_by_role("heading", name="Race")).to_be_visible()
    for section in {entry.section for entry in pages() if entry.section}:
        expect(page.get_by_test_id("stTopNavSection").filter(has_text=section)).to_be_visible()
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_role("combobox", name="Surface")).to_have_value(SURFACES["rosenbrock"].title)
    expect(sidebar.get_by_role("slider", name="Learning rate of SGD")).to_have_attribute("aria-valuetext", "0.0005")
    assert page.locator(".dl-table tbody tr").count() == 2
    assert query(page) == {"surface": ["rosenbrock"], "rule": ["sgd~lr~0.0005", "adam"]}


def choose(page: Page, name: str, option: str) -> None:
    page.get_by_test_id("stSidebar").get_by_role("combobox", name=name).click()
    page.get_by_role("option", name=option, exact=True).click()


def shown(page: Page) -> dict[str, Any]:
    """The settings as address, widgets and picture show them."""
    settled(page)
    return {
        "address": query(page),
        "surface": page.get_by_role("combobox", name="Surface").input_value(),
        "start": page.get_by_role("textbox", name="Starting point").input_value(),
        "picture": stage(page).get_attribute("data-ready"),
        "rows": page.locator(".dl-table tbody tr").count(),
    }


def test_back_reload_and_the_menu_keep_the_settings(page: Page, app: str) -> None:
    page.goto(f"{app}race")
    first = (stage(page), shown(page))[1]
    choose(page, "Surface", SURFACES["booth"].title)
    until(page, lambda: query(page) == {"surface": ["booth"]}, "the address follows")
    until(page, lambda: "booth" in (stage(page).get_attribute("data-ready") or ""), "the picture follows")
    second = shown(page)
    page.get_by_role("button", name="Add an optimizer").click()
    until(page, lambda: "rule" in query(page), "the address follows")
    until(page, lambda: page.locator(".dl-table tbody tr").count() == 6, "the picture follows")
    third = shown(page)

    page.reload()
    stage(page)
    until(page, lambda: shown(page) == third, "a reload keeps all")
    later = 1200 * LAG  # milliseconds: later than the browser may report an address that the server has just replaced
    page.wait_for_timeout(later)
    page.go_back()
    until(page, lambda: shown(page) == second, "one step back")
    page.wait_for_timeout(later)
    page.go_back()
    until(page, lambda: shown(page) == first, "two steps back")
    page.wait_for_timeout(later)
    page.go_forward()
    until(page, lambda: shown(page) == second, "and forward")

    to(page, "Compare")
    to(page, "Race")
    stage(page)
    until(page, lambda: shown(page) == second, "the menu finds the page as it was left")


def to(page: Page, title: str) -> None:
    """Go to another page by the menu."""
    entry = next(entry for entry in pages() if entry.title == title)
    page.get_by_test_id("stTopNavSection").filter(has_text=entry.section).click()
    page.get_by_role("menuitem", name=title).or_(
        page.get_by_test_id("stTopNavDropdownLink").filter(has_text=title)
    ).first.click()
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()


@pytest.mark.parametrize("name", ["race", "compare"])  # one that computes, one that trains; test_pages.py knows all
def test_a_broken_link_shows_a_notice_and_the_page(page: Page, app: str, name: str) -> None:
    page.goto(f"{app}{name}?rule=sgd~lr~nan&seed=%00&colour=%3Cb%3Ered%3C%2Fb%3E&view=~~~&start=1")
    stage(page)
    notices = page.get_by_test_id("stAlert")
    expect(notices.first).to_be_visible()
    expect(notices.filter(has_text="<b>red</b>").or_(notices.filter(has_text="colour")).first).to_be_visible()


# -- training

# Once the curves have begun: the step, the ink of the first panel and the scores of the first row, all at one moment.
BEGUN = f"""() => {{
  const step = Number(document.querySelector("{STAGE}")?.dataset.step);
  const scores = [5, 6].map((i) => document.querySelector(`.dl-table tbody tr > :nth-child(${{i}})`)?.innerText);
  return step >= 5 && [step, ({INK})(0), ...scores];
}}"""


@reader(**PLAYS)
def test_compare_trains_to_its_end(page: Page, app: str) -> None:
    page.goto(f"{app}compare?epochs=600")  # long enough to be met on its way, on a fast machine too
    stage(page)
    page.evaluate("document.querySelector('.dl-stage').dataset.same = 'yes'")
    early, drawn, *scores = page.wait_for_function(BEGUN).json_value()
    assert scores == ["–", "–"], "no test score before the end"
    until(page, lambda: step(page) >= early + 150, "the curves grow")
    assert ink(page) > drawn
    expect(page.locator("[class*='-status']")).to_contain_text("Trained for 600 epochs.", timeout=1000 * TRAINED)
    until(page, lambda: step(page) == 600, "the clock is at the end")
    assert page.locator(".dl-stage").get_attribute("data-same") == "yes", "it is the same stage all along"
    for row in range(1, 6):
        assert 0.5 < float(cell(page, row, 5).split(" ± ")[0]) <= 1
        assert 0.5 < float(cell(page, row, 6).split(" ± ")[0]) <= 1
    assert stop(page).count() == 0


def test_a_run_that_is_over_is_shown_whole(page: Page, app: str) -> None:
    for _ in range(2):
        page.goto(f"{app}compare?epochs=15&seed=5")
        expect(page.locator("[class*='-status']")).to_contain_text("Trained for 15 epochs.", timeout=1000 * TRAINED)
        until(page, lambda: step(page) == 15, "the curves are there, now and for the next visitor")


def test_a_training_stops_and_goes_on(page: Page, app: str) -> None:
    page.goto(f"{app}compare?epochs=3000")
    until(page, lambda: epoch(page) > 20, "it trains")
    stop(page).click()
    expect(page.locator("[class*='-status']")).to_contain_text("Stopped at epoch")
    stopped = epoch(page)
    page.get_by_role("button", name="Resume").click()
    expect(stop(page)).to_be_visible()

    def went_on() -> bool:
        now = epoch(page)
        assert now == -1 or now >= stopped, "it does not begin anew"
        return now > stopped + 20

    until(page, went_on, "it goes on from there")
    stop(page).click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()


def test_another_setting_starts_the_new_run_at_once(page: Page, app: str) -> None:
    page.goto(f"{app}compare?epochs=4000")
    until(page, lambda: epoch(page) > 20, "it trains")
    choose(page, "Data set", "Iris")
    until(page, lambda: query(page).get("dataset") == ["iris"], "the address follows")
    until(page, lambda: 0 <= epoch(page) < 4000 and "4000" in status(page), "the new run has begun")
    before = stage(page).get_attribute("data-ready")
    choose(page, "Data set", "Two moons")
    until(page, lambda: stage(page).get_attribute("data-ready") != before, "another run")
    page.locator(".dl-field canvas").first.wait_for()
    assert page.locator(".dl-field").count() == 5, "the boundary of every rule"
    stop(page).click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()


def test_patience_reads_and_does_not_train(page: Page, app: str) -> None:
    page.goto(f"{app}overfitting?epochs=100")
    expect(page.locator("[class*='-status']")).to_contain_text("Trained for 100 epochs.", timeout=1000 * TRAINED)
    before = status(page)
    assert "Without regularization validation loss is lowest at epoch" in before
    early = cell(page, 1, 5)
    assert "→" in early, "without a remedy early stopping has something to do"
    page.get_by_role("slider", name="Patience").press("Home")

    def read_anew() -> bool:
        assert "Trained for 100 epochs." in status(page), "it is not trained again"
        return cell(page, 1, 5) != early

    until(page, read_anew, "the table follows")
    assert int(cell(page, 1, 5).split()[0]) < int(early.split()[0]), "the impatient stop earlier"
    assert status(page) != before
    expect(page.locator(".dl-countdown")).to_contain_text("stopped after epoch")
    boundary = "document.querySelector('.dl-field canvas').toDataURL()"
    trained = page.evaluate(boundary)
    page.locator(".dl-stage").press("Home")
    expect(page.locator(".dl-moment")).to_contain_text("Epoch 0")
    expect(page.locator(".dl-countdown")).to_contain_text("0 of 1 epoch without improvement")
    assert page.evaluate(boundary) != trained, "the clock turns the boundaries back too"


def test_a_long_training_shows_right_epochs(page: Page, app: str) -> None:
    """Of 3,001 epochs every third is sent: the clock, the table and the curves know which ones these are."""
    page.goto(f"{app}compare?dataset=softmax&hidden=4&rule=sgd&batch_size=none&epochs=3000&test_size=0&val_size=0")
    expect(page.locator("[class*='-status']")).to_contain_text("Trained for 3000 epochs.", timeout=1000 * TRAINED)
    page.wait_for_function("descentLab.stage.scene.clock.steps.at(-1) === 3000")  # the picture follows the sentence
    sent = page.evaluate("[...descentLab.stage.scene.clock.steps]")
    assert 1000 < len(sent) < 1600
    places = page.evaluate("[...descentLab.stage.panels[0].tracks[0].points].filter((_, i) => i % 2 === 0)")
    offset, length = page.evaluate("(([x]) => [x._offset, x._length])(descentLab.stage.panels[0].axes())")
    for place, epoch in zip(places, sent, strict=True):
        assert abs(place - offset - length * epoch / 3000) < 0.6
    losses = page.evaluate("[...descentLab.stage.scene.panels[0].tracks[0].y]")
    page.locator(".dl-stage").press("Home")
    for key, at in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1)):
        page.locator(".dl-stage").press(key)
        until(page, lambda at=at: step(page) == sent[at], "one epoch that was sent after the other")
        assert float(cell(page, 1, 2)) == pytest.approx(losses[at], rel=6e-3)
    page.locator(".dl-scrub").fill("1000")
    until(page, lambda: step(page) in sent, "between two the nearest")
    assert abs(step(page) - 1000) < 3
    assert float(cell(page, 1, 2)) == pytest.approx(losses[sent.index(step(page))], rel=6e-3)


# -- every reader


@reader(locale="ko-KR")
def test_a_korean_browser_reads_korean(page: Page, app: str) -> None:
    page.goto(f"{app}race")
    stage(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(language.catalogue("ko").gettext("Race"))
    assert query(page) == {}, "what the browser asks for need not stand in the address"
    page.get_by_test_id("stSidebar").get_by_text("English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Race")
    until(page, lambda: query(page) == {"lang": ["en"]}, "a choice stands in the address")


def test_a_link_brings_its_language(page: Page, app: str) -> None:
    page.goto(f"{app}race?lang=ko")
    title = language.catalogue("ko").gettext("Race")
    assert title != "Race"
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    stage(page)
    page.get_by_test_id("stSidebar").get_by_text("English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Race")
    assert not page.get_by_test_id("stAlert").count()
    page.get_by_test_id("stSidebar").get_by_text("한국어").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    until(page, lambda: query(page) == {"lang": ["ko"]}, "the address follows")


def test_another_language_changes_no_setting(page: Page, app: str) -> None:
    page.goto(f"{app}overfitting?rows=none&batch_size=16&epochs=10&rule=sgd&lang=ko")
    wished = {"rows": ["none"], "batch_size": ["16"], "epochs": ["10"]}
    for name, code in (("English", "en"), ("한국어", "ko"), ("English", "en")):
        stage(page)
        settled(page)
        page.get_by_test_id("stSidebar").get_by_text(name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(language.catalogue(code).gettext("Overfitting"))
        settled(page)
        assert {key: query(page).get(key) for key in wished} == wished


@pytest.mark.parametrize("page", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True, ids=str)
def test_light_and_dark(page: Page, app: str) -> None:
    bright = page.evaluate("matchMedia('(prefers-color-scheme: light)').matches")
    page.goto(f"{app}race")
    stage(page)
    for selector in ("[data-testid=stApp]", ".dl-stage"):
        colour = page.evaluate(f"getComputedStyle(document.querySelector('{selector}')).backgroundColor")
        assert (int(re.findall(r"\d+", colour)[0]) > 128) == bright, (selector, colour)
    text = page.evaluate("document.querySelector('.dl-plot')._fullLayout.font.color")
    assert (int(text[1:3], 16) < 128) == bright, "the axes are written in the other shade"


@reader(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
def test_a_telephone_shows_the_picture_first(page: Page, app: str) -> None:
    for entry in pages():
        go(page, f"{app}{entry.path if entry.order else ''}")
        if entry.order:
            expect(page.get_by_role("heading", name=entry.title, exact=True)).to_be_visible()
        box = stage(page).bounding_box()
        assert box is not None, entry.path
        assert box["y"] < 844 / 2, f"{entry.path}: the picture is seen at once"
        assert box["width"] > 350, entry.path
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, entry.path
        wider = "({ scrollWidth, clientWidth }) => scrollWidth - clientWidth"
        assert page.get_by_test_id("stMain").evaluate(wider) <= 0, f"{entry.path}: nothing scrolls sideways"
        expect(page.get_by_test_id("stSidebar")).not_to_be_in_viewport()
