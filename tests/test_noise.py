"""Noise: the runs settle where the closed form says, and each method against noise has its effect."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_figures import unpack

from experiments.descend import Race, descend
from experiments.noise import (
    DECAYS,
    MOST,
    Noisy,
    bowl,
    default_noisy,
    heights,
    last_half,
    noise_floor,
    scatter,
    suggested,
)
from figures import noise as figure
from optimizers import RULES, SCHEDULES
from spec import Refused
from surfaces import SURFACES, find
from ui.stage import pack

SGD = RULES["sgd"]
BOWLS = {"sphere", "ravine", "ill_conditioned", "rotated", "booth", "least_squares", "matyas", "trid"}


def say(text: str) -> str:
    return text


def plain(surface: str = "ravine", **fields) -> Noisy:
    alone = {"batching": False, "decaying": False, "averaging": False}
    return dataclasses.replace(default_noisy(surface), **{**alone, **fields})


# -- the runs


@pytest.mark.parametrize("key", RULES)
def test_without_noise_every_walk_is_the_race(key):
    spec = dataclasses.replace(default_noisy("rosenbrock", key), noise=0.0, walks=3, steps=60)
    cloud = scatter(spec)
    run = descend(Race(spec.surface, (spec.rule,), spec.start, spec.steps))
    for walk in range(3):
        np.testing.assert_array_equal(cloud.path[0, :, walk], run.path[0])
        np.testing.assert_array_equal(cloud.path[1, :, walk], run.path[0])


@pytest.mark.parametrize("key", RULES)
def test_a_walk_steps_as_its_rule_does_alone(key):
    spec = dataclasses.replace(default_noisy("ravine", key), walks=5, steps=30)
    cloud = scatter(spec)
    draws = spec.noise * np.random.default_rng(spec.seed).standard_normal((30, 5, 2))
    decayed = dataclasses.replace(spec.rule, schedule=SCHEDULES[spec.decay]())
    variants = {"plain": (spec.rule, 1.0), "batch": (spec.rule, spec.batch**-0.5), "decay": (decayed, 1.0)}
    for row, name in enumerate(spec.variants[:3]):
        rule, scale = variants[name]
        point = np.array([spec.start])
        state = rule.init(point)
        for step in range(30):
            factor = rule.schedule.factor(step, 30, {})
            gradient = find("ravine").gradient(point) + scale * draws[step, 4]
            dataclasses.replace(rule, lr=rule.lr * factor).step(point, gradient, state)
        np.testing.assert_allclose(cloud.path[row, -1, 4], point[0], rtol=1e-9, atol=1e-12, err_msg=name)


def test_the_seed_decides_the_noise():
    spec = default_noisy()
    first, again, other = (scatter(dataclasses.replace(spec, seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.path, again.path)
    assert (first.path[:, 1:] != other.path[:, 1:]).all()
    few = scatter(dataclasses.replace(spec, seed=1, averaging=False))
    np.testing.assert_array_equal(few.path, first.path[:3], err_msg="switching a remedy off leaves the others alone")


def test_every_schedule_that_changes_the_rate_is_offered():
    assert set(DECAYS) == set(SCHEDULES) - {"constant"}
    ends = {decay: scatter(dataclasses.replace(default_noisy(), decay=decay)).path[2, -1, 0, 0] for decay in DECAYS}
    assert len(set(ends.values())) == len(DECAYS)


@settings(max_examples=30)
@given(st.integers(0, 30), st.integers(0, 2**32 - 1))
def test_the_average_is_the_mean_of_the_last_half(steps, seed):
    path = np.random.default_rng(seed).standard_normal((1, steps + 1, 2, 2))
    averaged = last_half(path)
    for t in range(steps + 1):
        np.testing.assert_allclose(averaged[0, t], path[0, math.ceil(t / 2) : t + 1].mean(axis=0), atol=1e-12)


def test_a_lost_walk_is_lost_from_then_on_and_no_other_is():
    spec = Noisy("rosenbrock", SGD(lr=0.003), 40.0, start=(-1.2, 1.0), steps=100, walks=60)
    cloud = scatter(spec)
    lost = cloud.lost[0]
    assert 0 < (lost >= 0).sum() < 60, "the test needs both"
    for walk, step in enumerate(lost):
        assert np.isfinite(cloud.loss[0, : step if step >= 0 else None, walk]).all()
        assert np.isnan(cloud.path[0, step:, walk]).all() or step < 0
        assert np.isnan(cloud.path[3, -1, walk]).all() == (step >= 0), "who lost its points has no mean of them"
    said = figure.reading(spec, cloud, say)
    assert f"SGD alone: {(lost >= 0).sum()} of 60 runs, the first at step {lost[lost >= 0].min()}" in said


# -- what theory says of bowls


def test_bowls_are_those_surfaces_whose_curvature_is_the_same_everywhere():
    assert {key for key, surface in SURFACES.items() if bowl(surface)} == BOWLS
    assert bowl(find("ravine")) == pytest.approx((0.1, 2.0), rel=1e-6)
    assert bowl(find("rotated~kappa~100")) == pytest.approx((1.0, 100.0), rel=1e-6)


@pytest.mark.parametrize("surface", sorted(BOWLS))
@pytest.mark.parametrize("share", [0.15, 0.8])
@pytest.mark.parametrize("batch", [1, 9])
def test_clouds_come_to_rest_at_the_floor(surface, share, batch):
    curvatures = bowl(find(surface))
    assert curvatures
    low, high = curvatures
    rate = share * 2 / high
    burn = int(6 / (rate * low)) + 10  # the slowest direction's share of the start is e^-12 of what it was
    steps = min(burn + 400, 2000)
    rule = SGD(lr=rate)
    spec = Noisy(
        surface, rule, 0.7, batch=batch, start=SURFACES[surface].minima[0], steps=steps, walks=MOST // steps // 2
    )
    above = heights(spec, scatter(spec))[1, burn if burn < steps - 100 else steps // 2 :]
    assert above.mean() == pytest.approx(noise_floor(spec, batch), rel=0.12)


@pytest.mark.parametrize("rate", [0.2, 0.9])
def test_the_variance_along_each_axis_is_the_closed_form(rate):
    spec = plain(rule=SGD(lr=rate), noise=1.0, steps=400, walks=120, start=(0.0, 0.0))
    points = scatter(spec).path[0, 250:]
    for axis, steep in enumerate((0.1, 2.0)):
        assert points[..., axis].var() == pytest.approx(rate / (steep * (2 - rate * steep)), rel=0.12)


def test_the_mean_of_the_walks_is_the_walk_without_noise():
    spec = plain(walks=200)
    cloud = scatter(spec)
    exact = scatter(dataclasses.replace(spec, noise=0.0, walks=1)).path[0, :, 0]
    far = np.abs(cloud.path[0].mean(axis=1) - exact)
    error = cloud.path[0].std(axis=1) / math.sqrt(200)
    assert (far <= 5 * error + 1e-12).all()


def test_there_is_no_floor_where_nothing_comes_to_rest():
    assert noise_floor(plain()) == pytest.approx(0.57 / (2 * (2 - 0.057)) + 0.57 / (2 * (2 - 1.14)))
    assert noise_floor(plain(rule=SGD(lr=1.0))) is None
    assert noise_floor(plain(rule=dataclasses.replace(SGD(lr=0.5), weight_decay=0.1))) is None
    assert noise_floor(plain(rule=SGD(lr=0.5, schedule=SCHEDULES["step"]()))) is None
    assert noise_floor(plain(rule=RULES["momentum"](lr=0.1))) is None
    assert noise_floor(plain("himmelblau")) is None


@pytest.mark.parametrize("surface", sorted(BOWLS))
def test_on_bowls_every_remedy_leads_at_least_four_times_lower(surface):
    spec = default_noisy(surface)
    ends = figure.bands(spec, scatter(spec))[1, :, -1]
    assert (ends[1:] < ends[0] / 4).all()


# -- Spec, scene, sentence


@pytest.mark.parametrize(
    "fields",
    [
        {"surface": "no"}, {"noise": -1.0}, {"noise": math.inf}, {"batch": 0}, {"decay": "constant"}, {"walks": 0},
        {"walks": 200, "steps": 2000}, {"start": (math.nan, 0.0)}, {"steps": 0}, {"seed": -1},
    ],
)  # fmt: skip
def test_what_makes_no_walks_is_refused(fields):
    with pytest.raises(Refused):
        dataclasses.replace(default_noisy(), **fields)


@pytest.mark.parametrize("surface", SURFACES)
def test_every_surface_has_its_noise(surface):
    spec = default_noisy(surface)
    assert spec.noise > 0
    assert spec.rule == suggested(surface, SGD)
    cloud = scatter(spec)
    assert cloud.path.shape == (4, spec.steps + 1, spec.walks, 2)
    said = figure.reading(spec, cloud, say)
    assert "SGD alone" in said
    data = pack(figure.scene(spec, cloud, say=say, alt=said))
    plane, curves = unpack(data)["panels"]
    for i, track in enumerate(plane["tracks"][:4]):
        assert track["cloud"] == spec.walks
        drawn = np.stack([track["x"], track["y"]], axis=-1).reshape(spec.steps + 1, spec.walks, 2)
        np.testing.assert_allclose(drawn, cloud.path[i], rtol=1e-6)
    low, middle, high = figure.bands(spec, cloud)
    assert (low <= middle).all()
    assert (middle <= high).all()
    for i in range(4):
        np.testing.assert_allclose(curves["tracks"][i]["y"], middle[i].astype(np.float32))
        shade = curves["shades"][i]
        np.testing.assert_allclose(curves["tracks"][shade["a"]]["y"], low[i].astype(np.float32))
        np.testing.assert_allclose(curves["tracks"][shade["b"]]["y"], high[i].astype(np.float32))
    bottom, top = curves["figure"]["layout"]["yaxis"]["range"]
    assert -math.inf < bottom < top < math.inf
    assert len(figure.numbers(spec, cloud, say)) == 1 + 3 * 4


def test_the_first_picture_is_small():
    spec = default_noisy()
    assert len(pack(figure.scene(spec, scatter(spec), say=say, alt=""))) < 350_000


def test_the_sentence_says_what_the_picture_shows():
    spec = default_noisy()
    cloud = scatter(spec)
    ends = dict(zip(spec.variants, figure.bands(spec, cloud)[1, :, -1], strict=True))
    said = figure.reading(spec, cloud, say)
    assert said.startswith(
        f"**SGD alone** ends at f − f* = {ends['plain']:.2g} with noise σ = 1 (median over runs, n = 40)."
    )
    for name, words in (("batch", "batch size 16"), ("decay", "learning rate decay"), ("average", "averaged path")):
        assert f"**{words}** ({ends[name]:.2g})" in said
    assert "Not lower" not in said
    alone = plain()
    assert "ower" not in figure.reading(alone, scatter(alone), say)
