"""Why contenders diverge: the bounds on bowls are exact, and the learning rate called stable is stable."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from experiments.descend import Race, default_race, descend
from experiments.divergence import diagnose, largest_rate
from figures import race as figure
from figures import readings
from figures.scene import number
from optimizers import RULES, SCHEDULES, Optimizer
from ui.stage import pack


def lone(surface: str, rule: Optimizer, **fields: Any) -> Race:
    """A race of one, on a surface's own start."""
    return dataclasses.replace(default_race(surface, ["sgd"]), contenders=(rule,), **fields)


@pytest.mark.heavy
@hypothesis_settings(max_examples=12)
@given(kappa=st.floats(2, 500), angle=st.floats(0, 90), momentum=st.floats(0.05, 0.9))
def test_the_bounds_of_a_bowl(kappa: float, angle: float, momentum: float) -> None:
    """Gradient descent holds below 2/λmax, momentum below 2(1 + μ)/λmax: both the bound said and the rate found."""
    surface = f"rotated~kappa~{kappa!r}~angle~{angle!r}"
    for rule, bound in (
        (RULES["sgd"](lr=3 / kappa), 2 / kappa),
        (RULES["momentum"](lr=2.6 * (1 + momentum) / kappa, **{"momentum": momentum}), 2 * (1 + momentum) / kappa),
        (
            RULES["nesterov"](lr=3 / kappa, **{"momentum": momentum}),
            2 * (1 + momentum) / ((1 + 2 * momentum) * kappa),
        ),
    ):
        race = lone(surface, rule, steps=400, start=(-4.0, 1.7))
        run = descend(race)
        why = diagnose(race, run, 0)
        assert (why.step, why.where) == (run.diverged[0], 0)
        assert why.steepest == pytest.approx(kappa, rel=1e-6)
        assert why.bound == pytest.approx(bound, rel=1e-6)
        assert why.holds == pytest.approx(bound, rel=0.02)


RATES = (1e-12, 1e-6, 1e-2, 1.0, 1e3, 1e12, 1e100, 1e300)


@pytest.mark.heavy
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(
    "surface", ["ravine", "rosenbrock", "monkey_saddle", "formula~text~-exp(x)", "ackley", "formula~text~abs(x)+y^2"]
)
def test_every_rate_of_every_optimizer_is_told_of(surface: str, rate: float) -> None:
    """All sentences and cards of Race, with rates from one that moves nothing to one that leaves the floats."""
    race = dataclasses.replace(
        default_race(surface, ["sgd"]), contenders=tuple(rule(lr=rate) for rule in RULES.values()), steps=60
    )
    run = descend(race)
    lost = {i: diagnose(race, run, i) for i, step in enumerate(run.diverged) if step >= 0}
    sentence = readings.raced(race, run, str)
    for view in ("2d", "3d"):
        assert pack(figure.scene(race, run, say=str, alt=sentence, view=view, lost=lost))
    assert not re.search(r"\bnan\b|\binf\b", sentence), sentence
    assert all(why.holds < rate for why in lost.values())


@pytest.mark.heavy
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_nadam_that_diverges_has_a_card_without_a_bound(schedule: str) -> None:
    """Its momentum grows from step to step; no bound of a bowl is known for it."""
    rule = RULES["nadam"](lr=1e3, schedule=SCHEDULES[schedule]())
    race = lone("monkey_saddle", rule, steps=2000)
    run = descend(race)
    assert run.diverged[0] >= 0
    assert math.isnan(diagnose(race, run, 0).bound)


@pytest.mark.heavy
@pytest.mark.parametrize(
    "surface", ["ravine", "rosenbrock", "beale", "styblinski_tang", "zakharov", "hyperbolic_saddle"]
)
@pytest.mark.parametrize("rule", ["sgd", "momentum", "adagrad", "adam"])
def test_the_rate_that_holds_holds(surface: str, rule: str) -> None:
    usual = default_race(surface, [rule]).contenders[0]
    race = lone(surface, dataclasses.replace(usual, lr=1e9 * usual.lr))
    run = descend(race)
    assert run.diverged[0] >= 0
    why = diagnose(race, run, 0)
    assert 0 < why.holds < race.contenders[0].lr
    again = descend(lone(surface, dataclasses.replace(usual, lr=why.holds)))
    assert again.diverged[0] == -1
    assert again.loss[0, -1] < again.loss[0, 0]


def test_a_rate_that_holds_already_is_kept() -> None:
    race = default_race("ravine", ["sgd"])
    assert largest_rate(race, race.contenders[0]) == race.contenders[0].lr


@pytest.mark.parametrize("lr", [0.09, 1e12])
def test_the_card_says_step_size_cause_and_cure(lr: float) -> None:
    race = lone("ill_conditioned", RULES["sgd"](lr=lr))
    run = descend(race)
    why = diagnose(race, run, 0)
    (card,) = figure.scene(race, run, say=str, alt="", lost={0: why})["panels"][0]["cards"]
    assert card["at"] == run.diverged[0]
    assert card["title"] == f"SGD diverges at step {run.diverged[0]}"
    said = " ".join(card["lines"])
    assert f"f = {number(run.loss[0, why.step - 1])}" in said
    assert "2/λmax = 0.08 (λmax = 25 at the start)" in said
    assert card["act"] == f"η = {why.holds:g}"
    assert card["wish"] == {"contender": 0}


def test_the_rate_said_is_that_of_the_schedule() -> None:
    """A warm-up that ends above the bound 2/λmax = 0.08 is at fault from the step on at which it passes it."""
    warm = RULES["sgd"](lr=0.2, schedule=SCHEDULES["warmup"](over=50, start=0.1))
    race = lone("ill_conditioned", warm, steps=300)
    run = descend(race)
    why = diagnose(race, run, 0)
    assert 0.2 * (0.1 + 0.9 * (why.where - 1) / 50) <= why.bound < why.rate
    assert why.rate == run.rate[0, why.where] == pytest.approx(0.2 * (0.1 + 0.9 * why.where / 50))
    (card,) = figure.scene(race, run, say=str, alt="", lost={0: why})["panels"][0]["cards"]
    assert f"η = {why.rate:.4g} > 2/λmax = 0.08 (λmax = 25 at step {why.where})" in " ".join(card["lines"])


def test_nobody_lost_no_card() -> None:
    race = default_race("ravine")
    assert figure.scene(race, descend(race), say=str, alt="")["panels"][0]["cards"] == []


def test_numbers_as_on_paper() -> None:
    values = [0, 1.5, 0.0796, -1999, 2.486e9, -3e-7, float("inf"), float("nan")]
    assert [number(value) for value in values] == ["0", "1.5", "0.0796", "−1999", "2.49×10⁹", "−3×10⁻⁷", "∞", "–"]


@pytest.mark.parametrize("rule", ["adam", "adagrad", "rmsprop"])
def test_an_epsilon_of_0_gives_0_by_0_and_the_card_says_so(rule: str) -> None:
    race = lone("formula~text~x^2+y^2", RULES[rule](lr=0.1, **{"eps": 0.0}), start=(0.0, 1.0), steps=10)
    run = descend(race)
    why = diagnose(race, run, 0)
    assert (why.step, why.cause.kind, why.cause.axis) == (1, "zero", "x")
    told = " ".join(figure.card(race, why, 0, "Adam", {"color": "@c1"}, lambda text: text)["lines"])
    assert "0/0" in told
    assert "longer than the picture" not in told
    assert "0/0" in readings.raced(race, run, lambda text: text)


@pytest.mark.parametrize(
    ("text", "start", "lr", "kind", "step"),
    [
        ("cbrt(x) + y^2", (0.0, 1.0), 0.1, "slope", 0),  # finite there, but its slope is not
        ("sqrt(x) + y^2", (0.01, 1.0), 0.1, "hole", 1),
        ("x^2 + y^2", (1.0, 1.0), 30.0, "far", 3),
    ],
)
def test_what_ended_a_path_is_told_rightly(
    text: str, start: tuple[float, float], lr: float, kind: str, step: int
) -> None:
    race = lone(f"formula~text~{text}", RULES["sgd"](lr=lr), start=start, steps=10)
    run = descend(race)
    why = diagnose(race, run, 0)
    assert (why.cause.kind, why.step) == (kind, step)
    told = readings.raced(race, run, lambda word: word)
    assert ("cannot start" in told) == (step == 0)
    assert ("no finite height" in told) == (kind == "hole")
    assert ("gradient is not finite" in told and "f = 1" in told) == (kind == "slope")
    assert ("learning rate" in told) == (kind == "far")


@pytest.mark.parametrize("text", ["exp(-x^2-y^2)", "exp(x) + y^2", "(x y)^2"])
def test_a_formula_with_a_floor_is_not_called_unbounded(text: str) -> None:
    race = default_race(f"formula~text~{text}", ["sgd"])
    assert "unbounded" not in readings.raced(race, descend(race), lambda word: word)
