"""Formulas that are not real, or not finite, somewhere: each has a picture with holes and a valid starting point."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from conftest import visit
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Page, expect
from test_browser import STAGE, query, settled, stage, until
from test_figures import unpack

from experiments import maps, noise
from experiments.anatomy import anatomy
from experiments.descend import Race, default_race, descend, has_height, placed, suited
from experiments.divergence import diagnose
from experiments.likelihood import CoinTosses
from experiments.links import read
from figures import maps as chart
from figures import noise as cloud
from figures import race as figure
from figures import readings, step
from surfaces import SURFACES, find
from ui.stage import UNDRAWN, pack

HOLED = (
    "(ln x)^2 + y^2", "sqrt(x) + y^2", "1/x + y^2", "x^y", "x^1.5", "ln(x)", "1/x", "asin(x)", "sin(x)/x", "x^2/y",
    "ln(x^2 + y^2)", "tan(x)", "tan(1/x)", "x^-6 + y^2", "acosh(x) + y^2", "atanh(x)", "ln(ln(x)) y", "e^e^x",
    "x^99 - y^99", "(x^2 + y^2)^-9", "1/(x - y)", "sqrt(4 - x^2 - y^2) + x", "x^x + y^2", "|x|^y", "x^(1/3) + y^2",
    "ln|x| + y^2", "sqrt(x) + sqrt(y)", "x^√(y²-1)", "1/sin(x)", "sqrt(x y)",
)  # fmt: skip
"""Thirty formulas of people and of the field's own help, each with a hole, an edge or a pole in the part shown."""

EXTREME = ("sqrt(0.01 - (x - 0.3)^2) + y", "1e99x^9", "1e40x^2 + 1e40y^2", "1e-300x", "e^(-1/x^2)", "x^100 y^100")


def say(text: str) -> str:
    return text


def named(text: str) -> str:
    return f"formula~text~{text}"


def race_of(name: str, view: str) -> dict[str, Any]:
    race = default_race(name)
    run = descend(race)
    lost = {i: diagnose(race, run, i) for i, at in enumerate(run.diverged) if at >= 0}
    return figure.scene(race, run, say=say, alt=readings.raced(race, run, say), view=view, lost=lost)


def step_of(name: str) -> dict[str, Any]:
    race = dataclasses.replace(default_race(name, ("adam", "sgd")), steps=30)
    run = descend(race)
    values = [anatomy(race, run, i) for i in range(2)]
    return step.scene(race, run, values, say=say, alt=step.reading(race, values, 1, say))


def noise_of(name: str) -> dict[str, Any]:
    spec = noise.default_noisy(name)
    walks = noise.scatter(spec)
    return cloud.scene(spec, walks, say=say, alt=cloud.reading(spec, walks, say))


def map_of(kind: str, name: str) -> dict[str, Any]:
    spec = dataclasses.replace(maps.default_map(kind, name), side=12, steps=30)
    found = maps.survey(spec)
    race = maps.looked_at(spec, found)
    run = descend(race)
    return chart.scene(spec, found, race, run, say=say, alt=chart.read(spec, found, race, run, say))


PICTURES: dict[str, Callable[[str], dict[str, Any]]] = {
    "race": lambda name: race_of(name, "2d"),
    "space": lambda name: race_of(name, "3d"),
    "step": step_of,
    "noise": noise_of,
    **{kind: lambda name, kind=kind: map_of(kind, name) for kind in maps.KINDS},
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("text", HOLED + EXTREME)
@pytest.mark.parametrize(
    "picture", [pytest.param(name, marks=() if name == "race" else pytest.mark.heavy) for name in PICTURES]
)
def test_every_picture_of_it_can_be_sent(picture: str, text: str) -> None:
    """No number is left out in a browser, and the heights that are there fill the contours."""
    sent = unpack(pack(PICTURES[picture](named(text))))
    for panel in sent["panels"]:
        for trace in panel.get("figure", {}).get("data", ()):
            levels = trace.get("contours", {}).get("z", trace.get("contours"))
            if trace["type"] in ("contour", "surface"):
                z = np.asarray(trace["z"], float)
                assert np.isfinite(z).any()
                assert not np.isinf(z).any()
                assert levels["size"] > 0
                between = (z[np.isfinite(z)] - levels["start"]) / levels["size"]
                assert len(np.unique(np.floor(between))) >= 3, "a picture of one colour"


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("ln(x) + y^2", lambda x, y: x > 0),
        ("sqrt(4 - x^2 - y^2) + x", lambda x, y: x**2 + y**2 <= 4),
        ("1/x + y^2", lambda x, y: True | (x > y)),  # a pole is no hole
        ("sin(x)/x + y^2", lambda x, y: True | (x > y)),
    ],
)
def test_holes_are_where_the_formula_is_no_real_number(text: str, there: Callable[..., np.ndarray]) -> None:
    x, y, z = figure.heights(named(text))
    wide = x[1] - x[0]
    u, v = np.meshgrid(x, y)
    inside = np.all([there(u + a * wide, v + b * wide) for a in (-1, 0, 1) for b in (-1, 0, 1)], axis=0)
    outside = ~np.any([there(u + a * wide, v + b * wide) for a in (-1, 0, 1) for b in (-1, 0, 1)], axis=0)
    assert np.isfinite(z[inside]).all()
    assert np.isnan(z[outside]).all()
    assert outside.any() == ("ln" in text or "sqrt" in text)


def test_a_pole_does_not_use_up_the_contours() -> None:
    low, high = figure.reach(named("x^-6 + y^2~box~-5_5_-5_5"))
    bottom, top = figure.shown(named("x^-6 + y^2~box~-5_5_-5_5"))
    assert high > 1e5 > 1e3 > top
    assert bottom >= low
    for key in SURFACES:  # the house's surfaces are drawn over all of their heights
        if not SURFACES[key].log_levels:
            assert figure.shown(key) == figure.reach(key)


PLAIN = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False)
SCENES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
NONE = st.sampled_from([np.nan, np.inf, -np.inf, np.float32("nan"), np.float64("inf")])


@pytest.mark.heavy
@given(SCENES, NONE, st.lists(st.sampled_from(["list", "dictionary"]), max_size=3))
def test_no_number_that_is_none_is_sent_but_in_an_array(beside: Any, value: float, around: list[str]) -> None:
    scene: Any = value
    for kind in around:
        scene = [beside, scene] if kind == "list" else {"beside": beside, "scene": scene}
    with pytest.raises(ValueError, match="JSON"):
        pack({"scene": scene})
    assert np.isnan(unpack(pack({"scene": np.array([np.nan])}))["scene"][0])


# -- where it starts


@pytest.mark.parametrize(
    ("text", "start", "near"),
    [
        ("(ln x)^2 + y^2", (-2.0, 1.0), (0.0, 1.0)),
        ("sqrt(x) + y^2", (-0.5, 0.0), (0.0, 0.0)),
        ("1/x + y^2", (0.0, 2.0), (0.0, 2.0)),
        ("sqrt(4 - x^2 - y^2) + x", (2.0, 2.0), (2**0.5, 2**0.5)),
        ("e^e^x + y^2", (1e6, 0.0), (0.0, 0.0)),
    ],
)
def test_a_start_without_a_height_moves_to_the_nearest_that_has_one(text: str, start: Any, near: Any) -> None:
    race = dataclasses.replace(default_race(named(text)), start=start)
    surface = find(race.surface)
    assert not has_height(surface, start)
    moved, (notice,) = placed(race)
    assert has_height(surface, moved.start)
    assert np.isfinite(surface.gradient(np.array(moved.start))).all()
    if abs(start[0]) < 10:
        assert np.hypot(*np.subtract(moved.start, near)) < surface.diagonal / 60
    assert str(notice).count("(") == 2
    assert placed(moved) == (moved, [])
    assert descend(moved).diverged.min() != 0


def test_a_start_with_a_height_stays() -> None:
    for key in SURFACES:
        assert placed(default_race(key)) == (default_race(key), [])
    far = dataclasses.replace(default_race("sphere"), start=(1e4, 1e4))  # not shown, but a place
    assert placed(far) == (far, [])
    tack = CoinTosses()  # a Spec without a surface
    assert placed(tack) == (tack, [])


@pytest.mark.parametrize("page", ["race", "step", "noise", "maps"])
def test_a_link_to_such_a_start_opens_with_a_word(page: str) -> None:
    tested = visit(page, query={"surface": [named("(ln x)^2 + y^2")], "start": ["-2~1"]})
    assert not tested.exception
    assert not tested.error
    said = " ".join(warning.value for warning in tested.warning)
    assert "was moved to" in said
    spec = tested.session_state[f"state {page}"]["spec"]
    assert has_height(find(spec.surface), spec.start)
    race, notices = read({"start": ["-2~1"]}, default_race(named("(ln x)^2 + y^2")), suited("sphere"))
    assert isinstance(race, Race)
    assert not notices  # what is no mistake of the link is no notice of the link


# -- in a browser


@pytest.mark.heavy
def test_thirty_such_formulas_typed_one_after_another_are_each_drawn(page: Page, app: str) -> None:
    page.goto(f"{app}race?surface=formula&rule=sgd")
    stage(page)
    field = page.get_by_role("textbox", name="Formula")
    for text in HOLED:
        field.fill(text)
        until(page, lambda text=text: query(page)["surface"] == [named(text)], f"the address has {text}")
        page.locator(f"{STAGE}[data-ready*={named(text)!r}]").wait_for()
        settled(page)
        drawn = page.evaluate(
            """() => {
              const plot = document.querySelector(".dl-plot");
              const lines = plot.querySelectorAll(".contourlayer .contourlines path").length;
              const all = descentLab.stage.scene.panels[0].figure.data[0].z;
              return {
                lines, name: descentLab.stage.scene.id, first: descentLab.stage.scene.table.rows[0].cells[1].values[0],
                holes: all.reduce((sum, row) => sum + row.filter(Number.isNaN).length, 0),
              };
            }"""
        )
        assert named(text) in drawn["name"]
        assert drawn["lines"] >= 5, text
        z = figure.heights(named(text))[2]
        assert drawn["holes"] == np.isnan(z).sum(), text
        started = float(find(named(text)).value(np.array(find(named(text)).start)))
        with np.errstate(over="ignore"):  # the picture's numbers have eight digits, up to 1e38
            started = float(np.float32(started))
        assert drawn["first"] == pytest.approx(started, rel=1e-5), text


def test_a_start_in_a_hole_is_seen_beside_it_with_a_word(page: Page, app: str) -> None:
    page.goto(f"{app}race?surface={named('(ln x)^2+y^2')}&rule=sgd&start=-2~1".replace("+", "%2B"))
    stage(page)
    expect(page.get_by_test_id("stMain")).to_contain_text("was moved to")
    x, y = map(float, query(page)["start"][0].split("~"))
    assert 0 < x < 0.2
    assert abs(y - 1) < 0.1


def test_a_scene_that_cannot_be_drawn_leaves_no_older_picture(page: Page, app: str) -> None:
    page.goto(f"{app}race")
    stage(page)
    failed = page.locator(".dl-failed")
    page.evaluate("() => { console.error = (error) => (window.heard ??= []).push(String(error)); }")
    for breaks in ("take = async () => { throw Error('t') }", "panels[0].draw = () => { throw Error('d') }"):
        page.evaluate(
            f"() => {{ const s = descentLab.stage; s.{breaks}; s.update(s.scene, s.send); if (s.scene) s.redraw(); }}"
        )
        failed.wait_for()
        expect(failed).to_have_text(UNDRAWN)
        expect(page.locator(".dl-plot")).to_have_count(0)
        expect(page.locator(".dl-table")).to_have_count(0)
        expect(page.locator(".dl-bar")).to_be_hidden()
        page.evaluate("() => { delete descentLab.stage.take; }")
        page.get_by_role("slider", name="Steps").focus()
        page.keyboard.press("ArrowRight")
        stage(page)  # the next scene is drawn again
        expect(failed).to_have_count(0)
        expect(page.locator(".dl-bar")).to_be_visible()
    assert {error[-1] for error in page.evaluate("window.heard")} == {"t", "d"}
