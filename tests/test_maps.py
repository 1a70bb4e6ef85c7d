"""A map's cells agree with single races, and its borders, minima and budgets with their description."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from conftest import visit
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from experiments import links, maps
from experiments.descend import contenders_for, curvature, descend, suited
from experiments.maps import Map, default_map, survey
from figures import maps as figure
from optimizers import RULES
from spec import Refused
from surfaces import SURFACES, find

SGD, Momentum, Nesterov, Adam = RULES["sgd"], RULES["momentum"], RULES["nesterov"], RULES["adam"]
each_kind = pytest.mark.parametrize("kind", maps.KINDS)
each_rule = pytest.mark.parametrize("key", RULES)
each_surface = pytest.mark.parametrize("surface", SURFACES)

# NumPy takes sin, cos, exp and powers of whole vectors with other instructions than those of few numbers, and the
# results may differ in the last digit. On surfaces of +, -, * and / alone a cell is its race to the last bit.
PLAIN = ("sphere", "ravine", "ill_conditioned", "himmelblau", "booth")


def small(chart: Map, **changes: object) -> Map:
    return dataclasses.replace(chart, **{"side": 7, "steps": 30, "trials": 3} | changes)


def assert_cells_are_their_races(chart: Map, rtol: float = 0.0) -> None:
    """Hold a map's cells, all over it, against `descend`."""
    found = survey(chart)
    _rules, rows, columns = found.loss.shape
    for row in range(0, rows, 3):
        for column in range(0, columns, 2):
            run = descend(maps.race(chart, row, column))
            np.testing.assert_allclose(found.loss[:, row, column], run.loss[:, -1], rtol=rtol)
            np.testing.assert_allclose(found.end[:, row, column], run.path[:, -1], rtol=rtol)
            np.testing.assert_array_equal(found.diverged[:, row, column], run.diverged)
            np.testing.assert_array_equal(found.converged[:, row, column], run.converged)


@each_kind
@each_rule
def test_a_cell_is_its_race_for_every_rule(kind: str, key: str) -> None:
    chart = small(maps.map_of(kind, "himmelblau", contenders_for("himmelblau", (key,))))
    assert_cells_are_their_races(chart)


@each_surface
def test_a_cell_is_its_race_on_every_surface(surface: str) -> None:
    chart = small(default_map("basins", surface), steps=12)
    assert_cells_are_their_races(chart, rtol=0.0 if surface in PLAIN else 1e-12)


@pytest.mark.parametrize(("key", "field"), [(key, field) for key in RULES for field in maps.varied(RULES[key])])
def test_a_cell_is_its_race_for_every_field(key: str, field: str) -> None:
    chart = Map("settings", "sphere", contenders_for("sphere", (key,)), field, (-4.0, 2.5), steps=25, side=6)
    assert chart.vary == field
    assert_cells_are_their_races(chart)


def test_what_diverges_leaves_its_neighbours_alone() -> None:
    chart = small(default_map("settings", "ill_conditioned"), steps=400, rates=(0.01, 10.0), side=12)
    found = survey(chart)
    assert 0.2 < (found.diverged >= 0).mean() < 0.9
    assert_cells_are_their_races(chart)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    chart = small(default_map("basins", "himmelblau"), side=20)
    whole = survey(chart)
    monkeypatch.setattr(maps, "BLOCK", 37)
    for one, other in zip(whole, survey(chart), strict=True):
        np.testing.assert_array_equal(one, other)


@each_rule
def test_spread_is_stack(key: str) -> None:
    rule = RULES[key]()
    rates, rng = np.geomspace(1e-3, 1, 5), np.random.default_rng(0)
    start, gradients = rng.normal(size=(5, 2)), rng.normal(size=(9, 5, 2))
    ways = rule.spread(lr=rates), type(rule).stack([dataclasses.replace(rule, lr=float(lr)) for lr in rates])
    ends = []
    for way in ways:
        points = start.copy()
        state = way.init(points)
        for gradient in gradients:
            way.step(points, gradient, state)
        ends.append(points)
    np.testing.assert_array_equal(*ends)


# -- theory


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("rule", "field", "values"),
    [
        (SGD(), "weight_decay", (0.0, 10.0)),
        (Momentum(), "momentum", (0.0, 0.95)),
        (Momentum(momentum=0.5, weight_decay=3.0), "dampening", (0.0, 0.9)),
        (Nesterov(), "momentum", (0.05, 0.95)),
        (Nesterov(momentum=0.6), "weight_decay", (0.0, 5.0)),
    ],
    ids=lambda part: getattr(part, "key", str(part)),
)
def test_what_lies_beyond_the_border_diverges_and_nothing_before_it(rule, field, values) -> None:
    for share, lost in ((0.97, False), (1.03, True)):
        for row in range(5):
            chart = Map("settings", "rotated", (rule,), field, (-4.2, -2.1), 2000, side=5, values=values)
            rate = float(maps.border(chart)[row]) * share
            value = float(maps.axes(chart)[1][row])
            race = dataclasses.replace(
                maps.race(chart, row, 0), contenders=(dataclasses.replace(rule, lr=rate, **{field: value}),)
            )
            assert (descend(race).diverged[0] >= 0) == lost, (share, value)


@each_surface
def test_a_bowl_is_known_by_its_gradient(surface: str) -> None:
    steepest = maps.bowl(surface)
    points = np.random.default_rng(0).uniform(*np.transpose(find(surface).domain), size=(20, 2))
    eigenvalues = curvature(find(surface), points)
    same = np.ptp(eigenvalues, axis=0).max() < 1e-6 * np.abs(eigenvalues).max()
    assert (steepest is not None) == bool(same and eigenvalues.min() > -1e-6)
    if steepest is not None:
        np.testing.assert_allclose(eigenvalues[:, 1], steepest, rtol=1e-6)


def test_no_border_is_claimed_where_none_is_known() -> None:
    chart = default_map("settings", "ill_conditioned")
    assert maps.border(chart).size == chart.side
    for other in (
        default_map("settings", "rosenbrock"),
        maps.map_of("settings", "ill_conditioned", (Adam(),)),
        default_map("basins", "ill_conditioned"),
    ):
        assert maps.border(other).size == 0
    rule = chart.rule
    for name in (name for name in vars(rule) if isinstance(getattr(rule, name), bool)):
        assert maps.border(dataclasses.replace(chart, rules=(dataclasses.replace(rule, **{name: True}),))).size == 0


# -- minima


@each_surface
def test_wells_are_minima(surface: str) -> None:
    entry, (points, heights) = find(surface), maps.wells(surface)
    known = len(entry.minima)
    np.testing.assert_array_equal(points[:known], np.array(entry.minima, float).reshape(-1, 2))
    np.testing.assert_array_equal(heights, entry.value(points))
    rng = np.random.default_rng(0)
    radius = 1e-5 * entry.diagonal
    for point, height in zip(points[known:], heights[known:], strict=True):
        around = point + radius * rng.normal(size=(200, 2))
        assert entry.value(around).min() > height
    apart = np.hypot(*(points[:, None] - points[None]).T) + np.eye(len(points)) * entry.diagonal
    assert apart.min(initial=np.inf) > 1e-4 * entry.diagonal


@pytest.mark.parametrize(("surface", "count"), [("six_hump_camel", 6), ("himmelblau", 4), ("styblinski_tang", 4)])
def test_all_minima_of_the_books_are_found(surface: str, count: int) -> None:
    assert len(maps.wells(surface).points) == count


def test_starts_beside_a_minimum_end_in_it() -> None:
    chart = small(maps.map_of("basins", "himmelblau", (SGD(lr=0.01),)), steps=200, side=60)
    basin = maps.settled(chart, survey(chart))[0]
    x, y = maps.axes(chart)
    for number, point in enumerate(find("himmelblau").minima):
        row, column = np.abs(y - point[1]).argmin(), np.abs(x - point[0]).argmin()
        assert basin[row, column] == number
    assert set(np.unique(basin)) <= {*range(4), maps.UNSETTLED}


def test_what_has_not_settled_is_not_counted() -> None:
    chart = small(maps.map_of("basins", "himmelblau", (SGD(lr=1e-6), SGD(lr=10.0))))
    slow, wild = maps.settled(chart, survey(chart))
    assert (slow == maps.UNSETTLED).mean() > 0.9
    assert (wild == maps.LOST_CELL).all()


# -- the fair race


def test_every_rule_is_tuned_with_the_same_trials() -> None:
    chart = default_map("rates", "rosenbrock")
    found = survey(chart)
    bought = maps.trials(chart, found)
    assert bought.loss.shape == (len(chart.rules), 1, chart.trials)
    np.testing.assert_allclose(bought.x, np.geomspace(*maps.rates(chart), chart.trials), rtol=1e-3)
    run = descend(maps.tuned(chart, found))
    for i, rule in enumerate(maps.tuned(chart, found).contenders):
        assert rule.lr in bought.x
        assert run.loss[i, -1] == pytest.approx(np.nanmin(bought.loss[i]), rel=1e-9)


def test_a_rule_that_always_diverges_is_told() -> None:
    chart = small(default_map("rates", "sphere"), rules=(SGD(), Adam()), rates=(1e4, 1e5), steps=400)
    found = survey(chart)
    np.testing.assert_array_equal(maps.best(found)[0], [-1, -1])
    race = maps.looked_at(chart, found)
    assert descend(race).diverged[0] >= 0
    assert figure.read(chart, found, race, descend(race), str)


# -- the Spec


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "atlas"}, {"rules": ()}, {"rules": (SGD(), Adam())}, {"kind": "basins", "rules": (SGD(),) * 3},
        {"vary": "colour"}, {"side": 3}, {"side": 20.5}, {"trials": 1}, {"rates": (1.0,)}, {"rates": (1.0, 0.1)},
        {"rates": (0.0, 1.0)}, {"values": (0.5, 0.5)}, {"values": (-1.0, 0.5)}, {"pick": (0.1,)},
        {"pick": (0.1, float("nan"))}, {"side": 200, "steps": 2000}, {"start": (1.0,)}, {"surface": "nowhere"},
        {"kind": "rates", "pick": (0.1, 0.2)},
    ],
    ids=str,
)  # fmt: skip
def test_what_makes_no_map_is_refused(changes: dict) -> None:
    with pytest.raises(Refused):
        dataclasses.replace(default_map("settings", "sphere"), **changes)


@each_kind
@each_surface
def test_there_is_a_map_of_every_kind_on_every_surface(kind: str, surface: str) -> None:
    chart = default_map(kind, surface)
    assert maps.steps_taken(chart) <= maps.SOON
    chart = small(chart)
    found = survey(chart)
    for looked in (chart, maps.picked(chart, (0.01, 0.5))):
        race = maps.looked_at(looked, found)
        run = descend(race)
        assert figure.read(looked, found, race, run, str)
        for measure in ("loss", "steps"):
            scene = figure.scene(looked, found, race, run, say=str, alt="", measure=measure)
            assert len(scene["panels"]) == 2
    assert len(figure.numbers(chart, found, str)) > 3


@given(
    st.sampled_from(maps.KINDS), st.sampled_from(list(SURFACES)), st.sampled_from(list(RULES)),
    st.floats(1e-5, 1e3), st.floats(-20, 20),
)  # fmt: skip
@settings(max_examples=150)
def test_a_map_survives_as_a_link(kind: str, surface: str, key: str, x: float, y: float) -> None:
    usual = default_map(kind, surface)
    chart = maps.picked(dataclasses.replace(usual, rules=contenders_for(surface, (key,)), steps=17, side=11), (x, y))
    assert maps.picked(chart, chart.pick) == chart, "a cell picked stays picked"
    suggest = suited(surface)
    assert links.read(links.write(chart, usual, suggest), usual, suggest) == (chart, [])


def test_another_surface_keeps_the_rules_and_their_proportion() -> None:
    chart = small(maps.map_of("settings", "sphere", (Momentum(lr=0.04, momentum=0.5),)), vary="dampening")
    moved = maps.on_surface(chart, "ravine")
    assert moved.vary == "dampening"
    assert (moved.rule.momentum, moved.rule.lr) == (0.5, 0.04 / 0.02 * 0.1)


# -- the picture


def test_what_diverged_has_no_shade_of_the_scale() -> None:
    chart = small(default_map("settings", "ill_conditioned"), side=20, steps=200)
    found = survey(chart)
    race = maps.looked_at(chart, found)
    for measure in ("loss", "steps"):
        heat = figure.scene(chart, found, race, descend(race), say=str, alt="", measure=measure)["panels"][0]
        np.testing.assert_array_equal(heat["cells"] == heat["hatch"], found.diverged[0] >= 0)
    loss, shade = found.loss[0], heat_of(chart, found)
    order = np.argsort(loss[np.isfinite(loss)])
    assert (np.diff(shade[np.isfinite(loss)][order].astype(int)) >= 0).all(), "a higher loss has no lower shade"


def heat_of(chart: Map, found: maps.Survey) -> np.ndarray:
    race = maps.looked_at(chart, found)
    return figure.scene(chart, found, race, descend(race), say=str, alt="")["panels"][0]["cells"]


# -- the page


def shown(tested: AppTest) -> Map:
    assert [error.message for error in tested.exception] == []
    assert len([part for part in tested.get("bidi_component") if part.key.endswith("stage")]) == 1
    return tested.session_state["state maps"]["spec"]


@each_kind
def test_the_page_turns_to_every_kind(kind: str) -> None:
    tested = visit("maps")
    tested.get("button_group")[0].set_value(kind)
    tested.run()
    assert shown(tested) == default_map(kind, maps.TELLING[kind])
    mirror = visit("maps", query=dict(tested.query_params))
    assert shown(mirror) == shown(tested)
    assert not mirror.warning


def test_turning_keeps_the_surface_that_was_chosen() -> None:
    tested = visit("maps", query={"surface": ["booth"]})
    tested.get("button_group")[0].set_value("rates")
    tested.run()
    assert shown(tested) == default_map("rates", "booth")


def test_rules_are_chosen_for_the_fair_race() -> None:
    tested = visit("maps", query={"kind": ["rates"], "rule": ["sgd", "adam~beta1~0.5"]})
    tested.multiselect[0].set_value(["adam", "sgd", "lion"])
    tested.run()
    rules = shown(tested).rules
    assert [rule.key for rule in rules] == ["adam", "sgd", "lion"]
    assert rules[0] == dataclasses.replace(suited(maps.TELLING["rates"])(Adam), beta1=0.5)
    tested.multiselect[0].set_value([])
    tested.run()
    assert tested.warning
    assert shown(tested).rules == rules, "one rule must stay"


def test_a_large_map_is_drawn_in_the_end() -> None:
    tested = visit("maps", query={"kind": ["basins"], "surface": ["himmelblau"], "side": ["130"]})
    assert maps.steps_taken(shown(tested)) > maps.SOON
    assert tested.session_state["maps seen"]
    fine = figure.read(shown(tested), survey(shown(tested)), *looked(shown(tested)), str)
    assert tested.markdown[0].value == fine, "not the coarse map that stood there first"


def looked(chart: Map) -> tuple:
    race = maps.looked_at(chart, survey(chart))
    return race, descend(race)


def test_the_cell_in_a_link_is_looked_at_and_left() -> None:
    tested = visit("maps", query={"pick": ["0.1~0.5"]})
    assert shown(tested).pick == (0.1, 0.5)
    assert "At the ring" in tested.markdown[0].value
    next(found for found in tested.sidebar.button if found.key.endswith(" leave")).click()
    tested.run()
    assert shown(tested).pick == ()
    assert dict(tested.query_params) == {}
