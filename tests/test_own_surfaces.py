"""The reader's own surfaces: the analysis of a formula or a drawing is correct, and their names contain them."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
from conftest import visit
from hypothesis import example, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from experiments import maps, noise
from experiments.anatomy import anatomy
from experiments.descend import default_race, descend
from figures import maps as chart
from figures import noise as cloud
from figures import race as figure
from figures import readings, step
from optimizers import RULES, SCHEDULES
from spec import Refused
from spec import settings as facts
from spec.text import brief, read_value, write_value
from surfaces import FAMILIES, SURFACES, find
from surfaces.own import LENGTH, LETTERS, MOST_BUMPS, Drawing, Formula, bumps, with_bump
from surfaces.survey import MOST_MINIMA
from ui import controls

BOWL = ((0.0, 0.0),)

KNOWN: dict[str, tuple[tuple[tuple[float, float], ...], float | None]] = {
    "x^2/20 + y^2": (BOWL, 0),
    "x^2 - 14x + y^2": (((7.0, 0.0),), -49),
    "(x-1/3)^2 + y^2 + 1e6": (((1 / 3, 0.0),), 1e6),
    "10^20(x^2+y^2)": (BOWL, 0),
    "x^4 + y^4": (BOWL, 0),
    "|x-1| + 2|y+2|": (((1.0, -2.0),), 0),
    "max(|x|, |y|) - 1": (BOWL, -1),
    "sqrt(x^2 + y^2)": (BOWL, 0),
    "|x|^0.5 + y^2": (BOWL, 0),
    "min(x^2 + y^2, (x-3)^2 + (y-1)^2 - 1)": (((3.0, 1.0),), -1),
    "x^2 + y^2 + sin(x)/x": (((0.0, 0.0),), 1),
    "sin x + sin y": (tuple(itertools.product((-np.pi / 2, 3 * np.pi / 2), repeat=2)), -2),
    "-20exp(-0.2√(0.5(x²+y²))) - exp(0.5(cos 2πx + cos 2πy)) + e + 20": (BOWL, 0),
    "x^2 - y^2": ((), None),
    "x + y": ((), None),
    "exp(-x^2-y^2)": ((), None),
    "ln(x^2 + y^2)": ((), None),
    "ln|x - 1/3| + y^2": ((), None),
    "-1/(x^2+y^2)": ((), None),
}
LIKE = {
    "himmelblau": "(x^2+y-11)^2 + (x+y^2-7)^2",
    "styblinski_tang": "0.5(x^4-16x^2+5x + y^4-16y^2+5y)",
    "rosenbrock": "(1-x)^2 + 100(y-x^2)^2",
    "beale": "(1.5-x+xy)^2 + (2.25-x+xy^2)^2 + (2.625-x+xy^3)^2",
    "six_hump_camel": "(4-2.1x^2+x^4/3)x^2 + xy + (-4+4y^2)y^2",
    "goldstein_price": (
        "(1+(x+y+1)^2(19-14x+3x^2-14y+6xy+3y^2))(30+(2x-3y)^2(18-32x+12x^2+48y-36xy+27y^2))"
    ),
    "easom": "-cos x cos y exp(-(x-π)^2-(y-π)^2)",
    "cross_in_tray": "-1e-4(|sin x sin y e^|100-√(x^2+y^2)/π||+1)^0.1",
}  # fmt: skip


def near(found: tuple[tuple[float, float], ...], known: tuple[tuple[float, float], ...], far: float) -> bool:
    """Whether each point of one set lies near one of the other, and as many are in both."""
    return len(found) == len(known) and all(
        min(np.hypot(x - a, y - b) for a, b in known) <= far and min(np.hypot(x - a, y - b) for x, y in found) <= far
        for (x, y), (a, b) in zip(found, known, strict=True)
    )


@pytest.mark.parametrize("text", KNOWN)
def test_minima_of_formulas_worked_out_by_hand(text):
    surface, (minima, minimum) = Formula(text), KNOWN[text]
    assert surface.minimum == (None if minimum is None else pytest.approx(minimum, rel=1e-14, abs=1e-14))
    assert near(surface.minima, minima, 1e-8)


@pytest.mark.parametrize("key", LIKE)
def test_a_typed_surface_of_the_house_is_found_out_as_its_entry_says(key):
    entry = SURFACES[key]
    (x0, x1), (y0, y1) = entry.domain
    typed = Formula(LIKE[key], (float(x0), float(x1), float(y0), float(y1)))
    assert typed.minimum == pytest.approx(entry.minimum, rel=1e-12, abs=1e-12)
    assert near(typed.minima, entry.minima, 1e-7)
    assert typed.log_levels == entry.log_levels
    points = np.random.default_rng(1).uniform(*np.transpose(entry.domain), (200, 2))
    np.testing.assert_allclose(typed.value(points), entry.value(points), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(typed.gradient(points), entry.gradient(points), rtol=1e-7, atol=1e-7)


def test_of_endlessly_many_minima_some_are_shown():
    for text in ("(x-y)^2", "(x^2+y^2-9)^2", "x^2", "relu(x^2+y^2-4)"):
        surface = Formula(text)
        assert surface.minimum == pytest.approx(0, abs=1e-20)
        assert len(surface.minima) == MOST_MINIMA
        np.testing.assert_allclose(surface.value(np.array(surface.minima)), 0, atol=1e-20)


LINES = {
    "x^2": lambda x, y: x,
    "(y+1)^4": lambda x, y: y + 1,
    "(x-y)^2": lambda x, y: x - y,
    "|x - 2y|": lambda x, y: x - 2 * y,
    "(x*y)^2": lambda x, y: x * y,
    "x^2*y^2": lambda x, y: x * y,
    "(x*y)^4": lambda x, y: x * y,
    "x^4 y^2 + 3": lambda x, y: x * y,
    "x^2 (y-1)^2": lambda x, y: x * (y - 1),
    "(x^2+y^2-9)^2": lambda x, y: np.hypot(x, y) - 3,
    "(y-sin(x))^2": lambda x, y: y - np.sin(x),
    "1e-20(x+y)^2": lambda x, y: x + y,
    "sin(x)^2": lambda x, y: np.sin(x),
}


@pytest.mark.parametrize("text", LINES)
def test_a_line_of_minima_is_a_line(text):
    """Every end of a segment lies on the line, the segments are as short as a cell, and reach across the picture."""
    surface = Formula(text)
    ends = np.array(surface.level_lines)
    assert surface.minimum == pytest.approx(3 if "3" in text.split()[-1] else 0, abs=1e-12)
    assert np.abs(LINES[text](*np.moveaxis(ends, -1, 0))).max() < 1e-6
    assert np.hypot(*(ends[:, 0] - ends[:, 1]).T).max() < 1.5 * surface.diagonal / 120
    assert (np.ptp(ends.reshape(-1, 2), axis=0) / np.ptp(surface.domain, axis=1)).max() > 0.55
    race = default_race(surface.name, ("sgd",))
    run = descend(race)
    panel = figure.scene(race, run, say=str, alt="")["panels"][0]
    assert panel["stars"] == []
    x = panel["figure"]["data"][1]["x"]
    assert np.isnan(x[2::3]).all()
    np.testing.assert_array_equal(x[::3], ends[:, 0, 0])
    assert "unbounded" not in readings.raced(race, run, str)
    assert "No minimum is known" not in readings.raced(race, run, str)


NO_LINES = ("x^2 + y^2", "x^8 + y^8", "(1-x)^2 + 100(y-x^2)^2", "x^2/1000 + y^2", "x^2 - y^2", "x y")


@pytest.mark.parametrize("text", NO_LINES)
def test_what_has_no_line_of_minima_has_none(text):
    surface = Formula(text)
    assert surface.level_lines == ()
    assert figure.stars(surface) == [list(point) for point in surface.minima]


def test_all_of_a_line_is_one_minimum_on_a_map_of_starts():
    spec = dataclasses.replace(maps.default_map("basins", "formula~text~(x-y)^2"), side=8, steps=60)
    basin = maps.settled(spec, maps.survey(spec))
    assert basin.max() == 0
    assert (basin == 0).mean() > 0.4


@pytest.mark.parametrize(("text", "rule"), [("1e-20(x^2+y^2)", "adam"), ("x^2 y^2", "sgd")])
def test_where_nothing_can_move_it_is_said(text, rule):
    race = default_race(f"formula~text~{text}", (rule,))
    if rule == "adam":
        assert "Nothing can move here" in readings.raced(race, descend(race), str)
    else:
        assert "Nothing can move" not in readings.raced(race, descend(race), str)


STRANGE = (
    "x^√(y²-1)", "sqrt(x-4.99) + y", "1/(x-y)", "tan(x) tan(y)", "x^y^x", "e^e^x", "ln(ln(x)) y", "x^100 y^100",
    "1e99x^9", "1e-99x^2 + y", "1e-300x", "sign(x)", "asin(x+y)", "acosh(x) acosh(y)", "sin(1e9x)", "x/|x| + y/|y|",
    "y^0.1 ln x", "max(1/x, 1/y)", "e^(-1/x^2)", "(x^2+y^2)^-9", "|x|^|y|", "sin(1/x) sin(1/y)",
    "x^-x", "relu(x) - relu(x-1)",
)  # fmt: skip


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("text", STRANGE)
def test_of_strange_formulas_too_what_is_said_is_so(text):
    surface = Formula(text)
    (x0, x1), (y0, y1) = surface.domain
    assert x0 <= surface.start[0] <= x1
    assert y0 <= surface.start[1] <= y1
    assert np.isfinite(surface.value(np.array(surface.start)))
    assert all(0 < surface.rate(family) < np.inf for family in FAMILIES)
    assert (surface.minimum is None) == (not surface.minima)
    if surface.minimum is not None:
        x, y = np.meshgrid(np.linspace(x0, x1, 97), np.linspace(y0, y1, 97))
        heights = surface.value(np.stack([x, y], -1))
        heights = heights[np.isfinite(heights)]
        assert heights.min() >= surface.minimum - 1e-9 * max(abs(surface.minimum), np.ptp(heights))


RACED = [*list(KNOWN)[:14], *LIKE.values(), "x sin y", "tanh(10x) + x^2/10 + y^2", "e^(x^2+y^2)", "sqrt(x) + sqrt(y)"]


@pytest.mark.heavy
@pytest.mark.parametrize("text", RACED)
def test_found_rates_lead_down_and_do_not_diverge(text):
    surface = Formula(text)
    assert np.isfinite(surface.value(np.array(surface.start)))
    assert np.linalg.norm(surface.gradient(np.array(surface.start))) > 0
    assert all(surface.rate(family) > 0 for family in FAMILIES)
    run = descend(
        default_race(surface.name, [key for key, rule in RULES.items() if not getattr(rule(), "weight_decay", 0)])
    )
    real = run.diverged == -1
    assert real.all() or "sqrt(x)" in text  # where the formula ends, so does a path
    last = np.where(np.isnan(run.loss), np.inf, run.loss).min(-1)
    assert (last < run.loss[:, 0]).all()


@pytest.mark.parametrize(
    ("text", "half"),
    [
        ("x^2/20 + y^2", 5),
        ("exp(-x^2-y^2)", 2),
        ("x^2 - 14x + y^2", 10),
        ("(x-30)^2 + (y+30)^2", 50),
        ("e^(20x) + e^(-20x) + y^2", 1),
        ("sqrt(4-x^2-y^2) + x", 2),
        ("x^2 - y^2", 5),
    ],
)
def test_a_proposed_part_has_something_to_see(text, half):
    assert Formula(text).domain == ((-half, half), (-half, half))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("3 + 4", "neither x nor y"),
        ("x - x", "flat"),
        ("sqrt(-1 - x^2)", "no finite real number"),
        ("(-2)^(x+1/2) y", "no finite real number"),
        ("x +", "character 3"),
    ],
)
def test_formulas_without_a_picture_are_refused(text, says):
    with pytest.raises(Refused, match=says):
        Formula(text)


@pytest.mark.parametrize("box", [(1, 1, 0, 1), (2, 1, 0, 1), (0, 1, 5, -5), (np.nan, 1, 0, 1), (0, 2e6, 0, 1)])
def test_a_part_without_an_inside_is_refused(box):
    with pytest.raises(Refused):
        Formula("x^2 + y^2", box)


def test_names_of_formulas():
    surface = find("formula~text~x^2/20+y^2~box~-10_10_-5_5")
    assert surface == Formula("x^2/20+y^2", (-10.0, 10.0, -5.0, 5.0))
    assert surface.domain == ((-10, 10), (-5, 5))
    assert surface.name == "formula~text~x^2/20+y^2~box~-10_10_-5_5"
    assert find(surface.name) is surface
    assert find("formula").name == "formula"
    assert Formula("|x|+|y|").kinks
    assert not Formula("x^2+y^2").kinks
    for name in ("formula~text~x+", "formula~box~1_2", "drawing~strokes~abc", "formula~title~x"):
        with pytest.raises(Refused):
            find(name)


def test_the_letters_of_a_formula_name_the_axes_wherever_they_are_shown():
    name = "formula~text~f(w, b) = w^2 + 3b^2"
    surface = find(name)
    assert surface.axes == ("w", "b")
    assert surface.equation == "f(w, b) = w^{2} + 3 b^{2}"
    assert find("sphere").equation.startswith("f(x, y) = ")
    race = default_race(name, ("adam", "sgd"))
    run = descend(race)

    def titles(layout: dict[str, Any]) -> tuple[str, str]:
        return layout["xaxis"]["title"]["text"], layout["yaxis"]["title"]["text"]

    for view in ("2d", "3d"):
        layout = figure.scene(race, run, say=str, alt="", view=view)["panels"][0]["figure"]["layout"]
        assert titles(layout.get("scene", layout)) == ("w", "b")
    columns = figure.numbers(race, run, str)
    np.testing.assert_array_equal(columns["1 Adam b"], run.path[0, :, 1])
    spec = dataclasses.replace(maps.default_map("basins", name), side=8, steps=20)
    found = maps.survey(spec)
    looked = maps.looked_at(spec, found)
    basins = chart.scene(spec, found, looked, descend(looked), say=str, alt="")["panels"][0]
    assert titles(basins["figure"]["layout"]) == ("w", "b") == tuple(basins["names"])
    assert list(chart.numbers(spec, found, str))[:2] == ["w", "b"]
    values = [anatomy(race, run, i) for i in range(2)]
    arrows, equation = step.scene(race, run, values, say=str, alt="")["panels"]
    assert titles(arrows["figure"]["layout"]) == ("w", "b") == tuple(equation["axes"])
    assert "w and b" in step.reading(race, values, 1, str)
    assert "1 Adam g b" in step.numbers(race, values, str)
    spec = noise.default_noisy(name)
    assert titles(cloud.scene(spec, noise.scatter(spec), say=str, alt="")["panels"][0]["figure"]["layout"]) == (
        "w",
        "b",
    )


def test_a_learning_rate_has_a_column_of_its_own_where_an_axis_is_called_so():
    race = default_race("formula~text~η^2 + y^2", ("sgd",))
    (rule,) = race.contenders
    race = dataclasses.replace(race, contenders=(dataclasses.replace(rule, schedule=SCHEDULES["step"]()),))
    run = descend(race)
    columns = figure.numbers(race, run, str)
    assert len(columns) == 5
    np.testing.assert_array_equal(columns["1 SGD η"], run.path[0, :, 0])


# -- what is refused stays where it can be mended


def field(tested: AppTest, name: str) -> Any:
    return next(one for one in tested.text_input if one.label.startswith(name))


def reasons(tested: AppTest) -> str:
    return " ".join(one.value for one in tested.caption if one.value.startswith(":red["))


@pytest.mark.parametrize("page", ["race", "maps"])
def test_a_refused_formula_of_a_link_stands_in_its_field_and_the_rest_is_kept(page):
    bad = "x^2 + gamma(y)"
    query = {"surface": [f"formula~text~{bad}~box~-3_3_-2_2"], "rule": ["sgd~lr~0.05"], "steps": ["17"]}
    tested = visit(page, query=query)
    spec = tested.session_state[f"state {page}"]["spec"]
    assert find(spec.surface) == Formula(box=(-3.0, 3.0, -2.0, 2.0))
    assert spec.steps == 17
    assert (spec.contenders if page == "race" else spec.rules)[0].lr == 0.05
    assert field(tested, "Formula").value == bad
    assert "gamma" in reasons(tested)
    assert any("gamma" in warning.value for warning in tested.warning)
    tested = field(tested, "Formula").set_value("x^2 + y^4").run()
    assert find(tested.session_state[f"state {page}"]["spec"].surface) == Formula("x^2 + y^4", (-3.0, 3.0, -2.0, 2.0))
    assert not reasons(tested)
    assert not tested.warning


def test_a_refused_plot_range_of_a_link_stands_in_its_field():
    tested = visit("race", query={"surface": ["formula~text~x^2 + y^4~box~3_1_0_1"]})
    assert find(tested.session_state["state race"]["spec"].surface).text == "x^2 + y^4"
    assert field(tested, "Plot range").value == "3_1_0_1"
    assert "minimum of x" in reasons(tested)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("1,5, 2,5", "decimal point"),
        ("1e400, 0", "too large"),
        ("1e-400, 0", "too small"),
        ("one, 2", "must be numbers"),
        ("1", "needs 2 numbers"),
    ],
)
def test_a_refused_number_stays_in_its_field_until_a_good_one_comes(typed, says):
    tested = visit("race")
    before = tested.session_state["state race"]["spec"]
    tested = field(tested, "Starting point").set_value(typed).run()
    assert tested.session_state["state race"]["spec"] == before
    assert field(tested, "Starting point").value == typed
    assert says in reasons(tested)
    tested = field(tested, "Starting point").set_value("3e-9, 1e-7").run()
    assert tested.session_state["state race"]["spec"].start == (3e-9, 1e-7)
    assert field(tested, "Starting point").value == "3e-9, 1e-7"
    assert not reasons(tested)
    assert not tested.warning


@pytest.mark.parametrize(
    ("text", "says"),
    [("1,5e-3", "decimal point"), ("1e-400", "too small"), ("1e400", "too large"), ("1 2", "one number")],
)
def test_a_single_number_is_refused_with_its_reason(text, says):
    with pytest.raises(Refused, match=says):
        controls._numbers(text, tuple[float], facts(RULES["sgd"]())["lr"])


@pytest.mark.parametrize("number", [3e-9, 1e-7, -2.5e-12, 1e20, 0.1, 0.0, 12.0, 1 / 3, 5e-324])
def test_numbers_are_written_as_people_write_them_and_read_back(number):
    text = write_value(number)
    assert "e-0" not in text
    assert "e+" not in text
    assert read_value(float, text, "lr") == number
    assert float(brief(number)) == pytest.approx(number, rel=1e-11, abs=0)


@pytest.mark.parametrize("text", ["1e-400", "1e400", "-0.001e-321"])
def test_numbers_of_a_link_beyond_all_floats_are_told(text):
    with pytest.raises(Refused, match="floating-point"):
        read_value(float, text, "lr")


# -- drawings

strokes = st.lists(
    st.tuples(st.floats(-6, 6), st.floats(-6, 6), st.floats(-9, 9), st.floats(0, 5)), max_size=12
)  # fmt: skip


def painted(touches: list[tuple[float, float, float, float]]) -> str:
    text = ""
    for touch in touches:
        text = with_bump(text, *touch)
    return text


@given(strokes)
@settings(deadline=None)
def test_a_drawing_is_told_in_letters_that_an_address_can_hold(touches):
    text = painted(touches)
    assert set(text) <= set(LETTERS)
    assert not text.endswith((".", "-"))  # what follows a link in a message is often cut off
    told = bumps(text)
    assert told.shape == (len(text) // LENGTH, 4)
    assert len(told) <= len(touches)
    assert (np.abs(told[:, :2]) <= 5).all()
    assert (np.abs(told[:, 2]) <= 8).all()
    assert ((told[:, 3] >= 0.2) & (told[:, 3] <= 4)).all()


@given(st.floats(-5, 4.9), st.floats(-5, 4.9), st.floats(0.01, 8), st.booleans(), st.floats(0.2, 4))
def test_a_touch_is_where_it_was_painted(x, y, size, up, width):
    height = size if up else -size
    np.testing.assert_allclose(bumps(with_bump("", x, y, height, width))[0], (x, y, height, width), atol=0.07, rtol=0)


def test_painting_over_a_place_deepens_it_and_painting_back_clears_it():
    once = with_bump("", 1, 1, -0.5, 0.7)
    twice = with_bump(once, 1.1, 0.9, -0.5, 0.7)
    assert len(bumps(twice)) == 1
    assert bumps(twice)[0, 2] == pytest.approx(2 * bumps(once)[0, 2])
    assert with_bump(once, 1, 1, 0.5, 0.7) == ""
    deep = painted([(1, 1, -0.5, 0.7)] * 40)
    assert bumps(deep)[0, 2] == -8
    assert len(bumps(with_bump(once, 1, 1, -0.5, 3))) == 2  # a broad one is another
    assert len(bumps(with_bump(once, 2, 1, -0.5, 0.7))) == 2


def test_a_full_drawing_says_so():
    places = [(x, y, 0.5, 0.2) for x, y in itertools.product(np.linspace(-5, 4.9, 12), repeat=2)]
    full = painted(places[:MOST_BUMPS])
    assert len(full) == LENGTH * MOST_BUMPS
    with pytest.raises(Refused, match="120"):
        with_bump(full, *places[MOST_BUMPS])
    assert len(with_bump(full, *places[0])) == len(full)


@given(st.text(alphabet=LETTERS + "~_ é\x00", max_size=30))
@settings(deadline=None)
def test_broken_drawings_are_refused(text):
    try:
        told = bumps(text)
    except Refused:
        return
    assert len(told) * LENGTH == len(text)
    assert painted([tuple(bump) for bump in told[:1]]) == text[:LENGTH]


def test_numbers_that_are_none_cannot_be_painted():
    for touch in itertools.permutations((0.0, 1.0, 1.0, np.nan)):
        with pytest.raises(Refused):
            with_bump("", *touch)


def test_a_drawing_is_the_sum_of_its_bumps():
    """Value and gradient for a cloud that is computed in several blocks, against the formula written out."""
    random = np.random.default_rng(4)
    text = painted([tuple(touch) for touch in random.uniform((-5, -5, -3, 0.3), (5, 5, 3, 2), (40, 4))])
    drawing, told = Drawing(text), bumps(text)
    points = random.uniform(-6, 6, (3000, 2))
    value, gradient = (points**2).sum(-1) / 20, points / 10
    for x, y, height, width in told:
        away = points - (x, y)
        bump = height * np.exp(-(away**2).sum(-1) / (2 * width**2))
        value += bump
        gradient -= bump[:, None] * away / width**2
    np.testing.assert_allclose(drawing.value(points), value, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(drawing.gradient(points), gradient, rtol=1e-12, atol=1e-12)


def sides(places: np.ndarray) -> list[np.ndarray]:
    """Return the points at these places along each of the four sides of a drawing."""
    ends = [np.full_like(places, end) for end in (-5.0, 5.0)]
    return [np.stack(pair, -1) for end in ends for pair in ((places, end), (end, places))]


@given(strokes)
@example([(2.0, 0.0, -3.5, 0.0), (-5.0, 0.0, -6.75, 0.0), (-2.25, 0.0, 7.0, 2.0)])  # a narrow pit on the border
@settings(max_examples=25, deadline=None)
def test_every_drawing_has_a_lowest_place(touches):
    """The bowl holds whatever is painted; nothing on a fine grid lies lower than the minima that are found."""
    drawing = Drawing(painted(touches))
    side, finer = np.linspace(-5, 5, 201), np.linspace(-5, 5, 4001)
    heights = drawing.value(np.stack(np.meshgrid(side, side), -1))
    if drawing.minimum is None:  # the lowest place is at the border
        border = min(drawing.value(points).min() for points in sides(finer))
        assert border <= heights[1:-1, 1:-1].min() + 1e-3 * np.ptp(heights)
    else:
        assert heights.min() >= drawing.minimum - 1e-9 * max(1, abs(drawing.minimum))
        assert np.abs(drawing.gradient(np.array(drawing.minima))).max() < 1e-9


def test_an_empty_drawing_is_the_bowl():
    bowl = Drawing("")
    assert bowl.minima == BOWL
    assert bowl.value(np.array([3.0, 4.0])) == pytest.approx(1.25)
    assert find("drawing~strokes~") == bowl
