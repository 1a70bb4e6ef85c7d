"""A race: each contender runs as if alone, the result is the same in any process, and failures are reported."""

from __future__ import annotations

import dataclasses
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.descend import (
    LECTURE,
    MOST_CONTENDERS,
    Race,
    Team,
    contenders_for,
    curvature,
    default_race,
    descend,
    line_up,
    tolerance,
    walk,
)
from optimizers import RULES, SCHEDULES, Constant
from spec import Refused, digest
from surfaces import SURFACES

SGD, Momentum, Adam, AdamW = RULES["sgd"], RULES["momentum"], RULES["adam"], RULES["adamw"]
Cosine, Plateau, Step, WarmUp = (SCHEDULES[key] for key in ("cosine", "plateau", "step", "warmup"))
FIELDS = ("path", "loss", "gradient", "diverged", "converged", "rate")


def assert_same(one, other, row=0, other_row=0):
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(one, name)[row], getattr(other, name)[other_row], err_msg=name)
    assert one.slots[row].keys() == other.slots[other_row].keys()
    for slot, history in one.slots[row].items():
        np.testing.assert_array_equal(history, other.slots[other_row][slot], err_msg=slot)


@pytest.mark.parametrize(("surface", "noise"), [(key, 0.0) for key in SURFACES] + [("ravine", 0.3), ("ackley", 0.3)])
def test_every_contender_runs_as_if_alone(surface, noise):
    race = dataclasses.replace(default_race(surface, RULES), noise=noise, steps=40)
    # Several optimizers, one of them more than once, so that the contenders and their order differ.
    shuffled = (*race.contenders[::-1], *(Adam(lr=lr) for lr in (0.5, 0.01)), SGD(lr=1e-4))
    race = dataclasses.replace(race, contenders=shuffled)
    together = descend(race)
    for row, contender in enumerate(shuffled):
        assert_same(descend(dataclasses.replace(race, contenders=(contender,))), together, 0, row)


@pytest.mark.parametrize(("surface", "noise"), [("ravine", 0.3), ("rosenbrock", 0.0), ("ackley", 0.0), ("saddle", 0.0)])
def test_every_contender_with_a_schedule_runs_as_if_alone(surface, noise):
    """Several schedules among the contenders of one optimizer, of which one diverges on the steeper surfaces."""
    adams = [Adam(lr=0.3 / (1 + i), schedule=schedule()) for i, schedule in enumerate(SCHEDULES.values())]
    sgds = [SGD(lr=0.01), SGD(lr=0.02, schedule=Plateau(patience=1)), SGD(lr=1.0, schedule=Plateau(patience=1))]
    contenders = (sgds[0], *adams, Momentum(lr=0.002, schedule=Step(every=3, decay=0.5)), *sgds[1:])
    race = dataclasses.replace(default_race(surface), contenders=contenders, noise=noise, steps=40)
    together = descend(race)
    for row, contender in enumerate(contenders):
        assert_same(descend(dataclasses.replace(race, contenders=(contender,))), together, 0, row)


def test_shapes_and_start():
    race = default_race("himmelblau", RULES)
    result = descend(race)
    k, steps = len(RULES), race.steps
    assert result.path.shape == result.gradient.shape == (k, steps + 1, 2)
    assert result.loss.shape == (k, steps + 1)
    assert result.diverged.shape == result.converged.shape == (k,)
    for slots, rule in zip(result.slots, RULES.values(), strict=True):
        assert tuple(slots) == rule.slots
        assert all(history.shape == (steps + 1, 2) for history in slots.values())
    np.testing.assert_array_equal(result.path[:, 0], np.tile(race.start, (k, 1)))
    np.testing.assert_array_equal(result.gradient, SURFACES["himmelblau"].gradient(result.path))
    np.testing.assert_array_equal(result.loss, SURFACES["himmelblau"].value(result.path))


def test_one_line_for_each_rule_of_the_lecture():
    assert [c.key for c in Race().contenders] == list(LECTURE)
    assert Race() == default_race("ravine")


def test_sgd_by_hand():
    """On x²/20 + y², SGD multiplies x by 1 - lr/10 and y by 1 - 2 lr at every step."""
    result = descend(Race("ravine", (SGD(lr=0.9),), (-7.0, 2.0), 40))
    t = np.arange(41)
    np.testing.assert_allclose(result.path[0], np.stack([-7 * 0.91**t, 2 * (-0.8) ** t], -1), rtol=1e-12)


@pytest.mark.parametrize(
    ("rule", "reference"),
    [
        (SGD(lr=0.9), lambda w: torch.optim.SGD(w, lr=0.9)),
        (Momentum(lr=0.1, momentum=0.8), lambda w: torch.optim.SGD(w, lr=0.1, momentum=0.8)),
        (Adam(lr=0.3), lambda w: torch.optim.Adam(w, lr=0.3)),
    ],
    ids=["sgd", "momentum", "adam"],
)
def test_path_equals_torch_with_autograd(rule, reference):
    start, steps = (-7.0, 2.0), 80
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = reference([w])
    path, loss = [w.detach().numpy().copy()], []
    for _ in range(steps):
        optimizer.zero_grad()
        f = w[0] ** 2 / 20 + w[1] ** 2
        f.backward()
        optimizer.step()
        path.append(w.detach().numpy().copy())
        loss.append(f.item())
    result = descend(Race("ravine", (SGD(), rule), start, steps))
    np.testing.assert_allclose(result.path[1], path, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(result.loss[1, :-1], loss, rtol=1e-10, atol=1e-12)


def test_sgd_by_hand_with_a_schedule():
    """Each step multiplies x by 1 - rate/10 and y by 1 - 2 rate; the rate is told where the step begins."""
    result = descend(Race("ravine", (SGD(lr=0.9), SGD(lr=0.9, schedule=Cosine(end=0.1))), (-7.0, 2.0), 40))
    rate = 0.9 * (0.1 + 0.9 * (1 + np.cos(np.pi * np.arange(40) / 40)) / 2)
    np.testing.assert_allclose(result.rate[1], [*rate, rate[-1]], rtol=1e-12)
    np.testing.assert_array_equal(result.rate[0], 0.9)
    factors = np.stack([1 - rate / 10, 1 - 2 * rate], -1)
    path = np.array([-7.0, 2.0]) * np.cumprod(np.concatenate([np.ones((1, 2)), factors]), axis=0)
    np.testing.assert_allclose(result.path[1], path, rtol=1e-11)


def test_plateau_sees_the_height_before_each_step():
    """Too large a rate jumps from wall to wall at one height, until patience is over; then it goes down."""
    result = descend(Race("sphere", (SGD(lr=1.0, schedule=Plateau(decay=0.5, patience=3)),), (1.0, 0.0), 12))
    np.testing.assert_array_equal(result.loss[0], [1.0] * 6 + [0.0] * 7)
    # The first height is the best so far, the fifth the fourth that is no fall; likewise from the first 0 on.
    np.testing.assert_array_equal(result.rate[0], [1.0] * 5 + [0.5] * 6 + [0.25] * 2)


def test_the_rate_of_one_who_is_lost_ends_with_its_path():
    result = descend(Race("rosenbrock", (SGD(lr=1.0, schedule=WarmUp(over=3)), SGD(lr=1.0)), (-1.5, 2.0), 60))
    for row, first in enumerate(result.diverged):
        assert first > 0
        np.testing.assert_array_equal(np.isnan(result.rate[row]), np.arange(61) >= first)


def test_slots_are_what_the_rule_remembers():
    result = descend(Race("ravine", (Momentum(lr=0.1),), (-7.0, 2.0), 30))
    velocity = result.slots[0]["momentum_buffer"]
    np.testing.assert_array_equal(velocity[0], 0)
    np.testing.assert_allclose(result.path[0, 1:], result.path[0, :-1] - 0.1 * velocity[1:], rtol=1e-13, atol=1e-15)


@pytest.mark.heavy
def test_same_race_same_numbers_in_another_process():
    race = dataclasses.replace(default_race("ackley", RULES), noise=0.5, seed=3)
    result = descend(race)
    for row in range(len(RULES)):
        assert_same(result, descend(race), row, row)
    code = (
        "import pickle, sys; from experiments.descend import descend; from spec import digest;"
        "race = pickle.load(sys.stdin.buffer); result = descend(race);"
        "pickle.dump((digest(race), tuple(result)), sys.stdout.buffer)"
    )
    root = Path(__file__).parent.parent
    command = [sys.executable, "-W", "error", "-c", code]
    fresh = subprocess.run(command, input=pickle.dumps(race), capture_output=True, cwd=root, check=True)
    name, other = pickle.loads(fresh.stdout)
    assert name == digest(race)
    for row in range(len(RULES)):
        assert_same(result, type(result)(*other), row, row)


def test_a_race_is_a_value():
    race = default_race("ravine")
    assert pickle.loads(pickle.dumps(race)) == race
    assert hash(race) == hash(default_race("ravine"))
    alike = [
        Race("ravine", race.contenders, (-7, 2), race.steps, 0),
        Race("ravine", race.contenders, (np.float64(-7), np.int64(2)), race.steps, np.float64(0)),
        Race("ravine", list(race.contenders), [-7.0, 2.0], race.steps),
    ]
    for other in alike:
        assert other == race
        assert digest(other) == digest(race)
    assert digest(dataclasses.replace(race, seed=1)) != digest(race)


def test_noise_is_the_same_for_every_contender():
    race = Race("sphere", (SGD(lr=0.1), Adam(lr=0.1), SGD(lr=0.1), SGD(lr=0.01)), (1.0, 1.0), 50, noise=0.7, seed=5)
    result = descend(race)
    np.testing.assert_array_equal(result.path[0], result.path[2])

    def noise(row, lr):
        return (result.path[row, :-1] - result.path[row, 1:]) / lr - result.gradient[row, :-1]

    np.testing.assert_allclose(noise(0, 0.1), noise(3, 0.01), atol=1e-11)
    drawn = noise(0, 0.1)
    assert (np.abs(drawn.std(0) - 0.7) < 0.2).all()
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.4
    longer = descend(dataclasses.replace(race, steps=80))
    np.testing.assert_array_equal(longer.path[:, :51], result.path)
    other = descend(dataclasses.replace(race, seed=6))
    assert (other.path[0, 1] != result.path[0, 1]).all()
    np.testing.assert_array_equal(result.gradient, SURFACES["sphere"].gradient(result.path))


def test_divergence_begins_just_above_two_over_the_largest_curvature():
    steepest = curvature(SURFACES["ill_conditioned"], (1.0, 1.0))[-1]
    assert steepest == pytest.approx(25, rel=1e-8)
    limit = 2 / steepest
    race = Race("ill_conditioned", (SGD(lr=0.99 * limit), SGD(lr=1.02 * limit)), (-4.0, 1.0), 300)
    below, above = descend(race).diverged
    assert below == -1
    # Above, y is multiplied by 1 - 1.02 · 2 = -1.04 at every step.
    far = 1000 * np.hypot(10, 10)
    x, y, step = -4.0, 1.0, 0
    while np.hypot(x, y) <= far:
        x, y, step = x * (1 - 1.02 * limit), y * -1.04, step + 1
    assert above == step


def test_rows_end_in_nan_where_a_contender_is_lost():
    result = descend(Race("rosenbrock", (SGD(lr=1.0), Momentum(lr=0.1), Adam(lr=0.1)), (-1.5, 2.0), 60))
    assert 0 < result.diverged[0] < 10
    assert result.diverged[1] > 0
    assert result.diverged[2] == -1
    for row, first in enumerate(result.diverged):
        ended = np.arange(61) >= (first if first >= 0 else 61)
        histories = (result.path, result.gradient, result.loss[..., None])
        for history in (*(h[row] for h in histories), *result.slots[row].values()):
            np.testing.assert_array_equal(np.isnan(history).any(-1), ended)
    # Nothing is clipped before: the last point told is where the first steps of the formula lead.
    point = np.array([-1.5, 2.0])
    for told in result.path[0, : result.diverged[0]]:
        np.testing.assert_array_equal(told, point)
        point = point - SURFACES["rosenbrock"].gradient(point)


def test_a_start_out_of_all_bounds_is_lost_at_once():
    result = descend(Race("sphere", (SGD(), Adam()), (1e300, 0.0), 5))
    np.testing.assert_array_equal(result.diverged, 0)
    assert np.isnan(result.path).all()


@pytest.mark.parametrize("surface", ["ravine", "himmelblau", "rosenbrock", "trid", "rastrigin", "two_wells"])
def test_converged_is_the_first_step_near_the_minimum_s_height(surface):
    result = descend(default_race(surface, RULES))
    entry = SURFACES[surface]
    assert result.tolerance == tolerance(entry) > 0
    for row, losses in enumerate(result.loss):
        expected = -1
        for step, loss in enumerate(losses):
            if abs(loss - entry.minimum) < result.tolerance:
                expected = step
                break
        assert result.converged[row] == expected


def test_tolerance_is_a_share_of_the_surface_s_own_drop():
    assert tolerance(SURFACES["ravine"]) == pytest.approx(1e-3 * (49 / 20 + 4))
    rosenbrock = SURFACES["rosenbrock"]
    assert tolerance(rosenbrock) == pytest.approx(1e-4 * rosenbrock.value(np.array(rosenbrock.start)))
    nowhere = descend(default_race("hyperbolic_saddle"))
    assert np.isnan(nowhere.tolerance)
    np.testing.assert_array_equal(nowhere.converged, -1)


@pytest.mark.parametrize("surface", SURFACES)
def test_curvature_of_a_quadratic_and_of_all_others(surface):
    points = np.random.default_rng(1).uniform(*np.transpose(SURFACES[surface].domain), (3, 5, 2))
    eigenvalues = curvature(SURFACES[surface], points)
    assert eigenvalues.shape == (3, 5, 2)
    assert (eigenvalues[..., 0] <= eigenvalues[..., 1]).all()
    known = {"sphere": (2, 2), "ravine": (0.1, 2), "ill_conditioned": (1, 25), "rotated": (1, 25), "booth": (2, 18)}
    if surface in known:
        np.testing.assert_allclose(eigenvalues, np.broadcast_to(known[surface], (3, 5, 2)), rtol=1e-8)


def test_curvature_at_a_saddle_and_out_of_bounds():
    np.testing.assert_allclose(curvature(SURFACES["saddle"], (0.0, 0.0)), [-2, 2], rtol=1e-8)
    assert np.isnan(curvature(SURFACES["rosenbrock"], [(np.nan, 0.0), (1e200, 0.0), (np.inf, 1.0)])).all()


def test_a_cloud_of_starts_walks_as_single_points_do():
    surface, steps = SURFACES["himmelblau"], 40
    starts = np.random.default_rng(2).uniform(-6, 6, (64, 2))
    cloud = np.asfortranarray(starts)
    for _ in walk(surface, [Team(Adam(lr=0.1), slice(None))], cloud, steps):
        pass
    for start, end in zip(starts[::8], cloud[::8], strict=True):
        alone = descend(Race("himmelblau", (Adam(lr=0.1),), tuple(start), steps))
        np.testing.assert_allclose(end, alone.path[0, -1], rtol=1e-12)


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
def test_a_cloud_of_starts_walks_a_schedule_as_single_points_do(schedule):
    surface, steps, rule = SURFACES["himmelblau"], 40, Adam(lr=0.5, schedule=schedule())
    starts = np.random.default_rng(2).uniform(-6, 6, (64, 2))
    cloud = np.asfortranarray(starts)
    team = Team(rule, slice(None))
    for _ in range(2):  # the workers can be used again after a run
        cloud[:] = starts
        for _ in walk(surface, [team], cloud, steps):
            pass
    for start, end in zip(starts[::8], cloud[::8], strict=True):
        alone = descend(Race("himmelblau", (rule,), tuple(start), steps))
        np.testing.assert_allclose(end, alone.path[0, -1], rtol=1e-12)


def test_line_up_stands_equal_rules_together():
    contenders = (SGD(lr=1.0), Adam(lr=2.0), SGD(lr=3.0), Momentum(lr=4.0), Adam(lr=5.0))
    teams, row_of = line_up(contenders)
    assert [type(team.rule) for team in teams] == [SGD, Adam, Momentum]
    rates = np.concatenate([team.rule.lr[:, 0] for team in teams])
    np.testing.assert_array_equal(rates[row_of], [1, 2, 3, 4, 5])


@pytest.mark.parametrize(
    "wrong",
    [
        {"surface": "nowhere"},
        {"surface": None},
        {"contenders": ()},
        {"contenders": (SGD(),) * (MOST_CONTENDERS + 1)},
        {"contenders": ("sgd",)},
        {"contenders": None},
        {"contenders": SGD()},
        {"start": (np.nan, 0.0)},
        {"start": (0.0, np.inf)},
        {"start": (0.0,)},
        {"start": (0.0, 1.0, 2.0)},
        {"start": ("0", "1")},
        {"start": "01"},
        {"start": None},
        {"start": 1.0},
        {"steps": 0},
        {"steps": 2001},
        {"steps": 10.5},
        {"steps": None},
        {"steps": True},
        {"noise": -1.0},
        {"noise": np.nan},
        {"noise": "loud"},
        {"seed": -1},
        {"seed": 0.5},
        {"seed": "x"},
    ],
    ids=str,
)
def test_what_makes_no_race_is_refused(wrong):
    with pytest.raises(Refused) as refusal:
        Race(**wrong)
    assert str(refusal.value).endswith(".")
    assert "{" not in str(refusal.value)


def test_unknown_keys_have_no_default_race():
    with pytest.raises(Refused):
        default_race("nowhere")


finite = st.floats(allow_nan=False, allow_infinity=False)
rates = st.floats(1e-6, 1e6) | st.floats(0.01, 1)
races = st.builds(
    Race,
    surface=st.sampled_from(list(SURFACES)),
    contenders=st.lists(
        st.builds(
            lambda rule, lr, schedule: RULES[rule](lr=lr, schedule=schedule),
            st.sampled_from(list(RULES)),
            rates,
            st.just(Constant()) | st.sampled_from([schedule() for schedule in SCHEDULES.values()]),
        ),
        min_size=1,
        max_size=12,
    ).map(tuple),
    start=st.tuples(finite, finite) | st.tuples(st.floats(-5, 5), st.floats(-5, 5)),
    steps=st.integers(1, 40),
    noise=st.floats(0, 10) | st.floats(0, allow_infinity=False, allow_nan=False),
    seed=st.integers(0, 2**31 - 1),
)


@settings(deadline=None, max_examples=200)
@given(races)
def test_any_race_gives_finite_numbers_or_nan_without_a_warning(race):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = descend(race)
    k, steps = len(race.contenders), race.steps
    assert result.path.shape == result.gradient.shape == (k, steps + 1, 2)
    assert result.loss.shape == (k, steps + 1)
    for array in (result.path, result.loss, result.gradient, *(h for slots in result.slots for h in slots.values())):
        assert array.dtype == np.float64
        assert not np.isinf(array).any()
    told = np.isfinite(result.loss).sum(1)
    np.testing.assert_array_equal(np.where(result.diverged < 0, steps + 1, result.diverged), told)
    arrived = result.converged >= 0
    assert (result.converged[arrived] < told[arrived]).all()
    assert contenders_for(race.surface)
