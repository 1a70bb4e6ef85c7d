"""The likelihood is the binomial's, its slope its derivative, and every optimizer that converges does so at K/N."""

from __future__ import annotations

import dataclasses
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_figures import unpack

from experiments.likelihood import (
    CLIP,
    MOST,
    NEAR,
    REPETITIONS,
    CoinTosses,
    climb,
    contenders_for,
    default_throws,
    log_likelihood,
    repeat,
    slope,
    steepest,
    suggested,
)
from figures import likelihood as figure
from optimizers import RULES
from spec import Refused
from ui.stage import pack

SGD, Adam = RULES["sgd"], RULES["adam"]
BORDERS = ("free", "clip", "logit")
COUNTS = st.integers(1, 60).flatmap(lambda throws: st.tuples(st.just(throws), st.integers(0, throws)))

every_rule = pytest.mark.parametrize("key", RULES)
all_borders = pytest.mark.parametrize("borders", BORDERS)


def say(text: str) -> str:
    return text


def one(rule, **fields) -> CoinTosses:
    return CoinTosses(**{"contenders": (rule,), **fields})


# -- the function


@given(COUNTS, st.floats(0.001, 0.999))
def test_the_likelihood_is_the_probability_of_the_throws(counts, theta):
    throws, hits = counts
    exact = math.log(theta**hits * (1 - theta) ** (throws - hits)) if theta**hits * (1 - theta) ** throws else None
    if exact is not None:
        assert float(log_likelihood(theta, hits, throws)) == pytest.approx(exact, rel=1e-9, abs=1e-9)


@given(COUNTS, st.floats(0.01, 0.99))
def test_the_slope_is_the_derivative_of_the_loss_per_throw(counts, theta):
    throws, hits = counts
    h = 1e-6
    ahead, behind = (float(log_likelihood(theta + step, hits, throws)) for step in (h, -h))
    exact = float(slope(np.array([theta]), hits / throws)[0])
    assert exact == pytest.approx(-(ahead - behind) / (2 * h) / throws, rel=1e-5, abs=1e-6)


@given(COUNTS, st.floats(0, 1))
def test_no_theta_is_likelier_than_the_share_of_hits(counts, theta):
    throws, hits = counts
    top = float(log_likelihood(hits / throws, hits, throws))
    assert np.isfinite(top)
    assert float(log_likelihood(theta, hits, throws)) <= top + 1e-9


def test_outside_its_borders_theta_has_no_likelihood():
    np.testing.assert_array_equal(log_likelihood([-0.1, 1.1, np.nan], 3, 5), [np.nan] * 3)
    np.testing.assert_array_equal(log_likelihood([0.0, 1.0], 3, 5), [-np.inf] * 2)
    np.testing.assert_array_equal(log_likelihood([0.0, 1.0], [0, 5], 5), [0.0] * 2)


@pytest.mark.parametrize("hits", [1, 27, 50, 99])
def test_the_curvature_at_the_maximum_is_that_of_the_slope(hits):
    share, h = hits / 100, 1e-6
    numeric = (slope(np.array(share + h), share) - slope(np.array(share - h), share)) / (2 * h)
    assert steepest(CoinTosses(hits=hits)) == pytest.approx(float(numeric), rel=1e-6)
    assert steepest(CoinTosses(hits=hits, borders="logit")) == pytest.approx(share * (1 - share))


# -- the climb


@every_rule
@all_borders
def test_the_share_of_hits_is_where_every_rule_rests(key, borders):
    rule = suggested(RULES[key], borders)
    if hasattr(rule, "weight_decay"):  # pulls towards 0 whatever the throws say
        rule = dataclasses.replace(rule, weight_decay=0.0)
    run = climb(one(rule, throws=2, hits=1, start=0.5, borders=borders, steps=20))
    np.testing.assert_array_equal(run.theta[0], 0.5)
    assert run.arrived[0] == 0


@pytest.mark.heavy
@every_rule
@all_borders
def test_every_rule_climbs_to_the_share_of_hits(key, borders):
    rule = suggested(RULES[key], borders)
    if hasattr(rule, "weight_decay"):
        rule = dataclasses.replace(rule, weight_decay=0.0)
    run = climb(one(rule, borders=borders, steps=2000))
    assert run.left[0] == -1
    assert abs(run.theta[0, -1] - 0.27) < 2 * rule.lr + NEAR  # steps of equal length oscillate around it
    assert run.height[0, -1] > run.height[0, 0]


@pytest.mark.parametrize("key", ["sgd", "momentum", "adagrad", "adam"])
@all_borders
def test_the_lectures_rules_arrive_and_the_steps_are_told(key, borders):
    run = climb(dataclasses.replace(default_throws(100, borders, [key]), steps=300))
    step = int(run.arrived[0])
    assert 0 < step < 300
    assert (np.abs(run.theta[0, step:] - 0.27) < NEAR).all()
    assert abs(run.theta[0, step - 1] - 0.27) >= NEAR


def test_gradient_descent_steps_as_the_formula_says():
    run = climb(one(SGD(lr=0.02), start=0.6, steps=1))
    assert run.theta[0, 1] == pytest.approx(0.6 - 0.02 * (0.6 - 0.27) / (0.6 * 0.4), rel=1e-12)
    run = climb(one(SGD(lr=0.5), start=0.6, steps=1, borders="logit"))
    z = np.log(0.6 / 0.4) - 0.5 * (0.6 - 0.27)
    assert run.theta[0, 1] == pytest.approx(1 / (1 + np.exp(-z)), rel=1e-12)


def test_a_rate_means_the_same_for_few_and_many_throws():
    few, many = (climb(one(Adam(lr=0.02), throws=n, hits=27 * n // 100)) for n in (100, 1_000_000))
    np.testing.assert_array_equal(few.theta, many.theta)
    np.testing.assert_allclose(many.height, 10_000 * few.height, rtol=1e-9)


def test_contenders_climb_as_if_alone():
    rules = (*contenders_for(list(RULES)[: MOST - 2]), Adam(lr=0.1), SGD(lr=0.001))[::-1]
    together = climb(CoinTosses(contenders=rules, steps=40))
    for row, rule in enumerate(rules):
        alone = climb(one(rule, steps=40))
        for name in together._fields:
            np.testing.assert_array_equal(getattr(alone, name)[0], getattr(together, name)[row], err_msg=name)


@pytest.mark.parametrize("hits", [0, 27, 100])
def test_who_leaves_ends_there_and_says_so(hits):
    spec = one(SGD(lr=0.9), hits=hits, start=0.5)
    run = climb(spec)
    step = int(run.left[0])
    assert step >= 1
    assert not 0 <= run.theta[0, step] <= 1, "where it went is kept"
    assert np.isfinite(run.height[0, :step]).all()
    assert np.isnan(run.height[0, step:]).all()
    assert np.isnan(run.theta[0, step + 1 :]).all()
    assert run.arrived[0] == -1
    said = figure.climbed(spec, run, say)
    assert f"stops at step {step}" in said
    assert ("above 0.394" in said) == (hits == 27), "2 · 0.27 · 0.73; on the border there is no such bound"
    assert ("on the border" in said) == (hits != 27)


def test_clipped_steps_are_those_that_stand_on_a_border():
    run = climb(one(SGD(lr=0.5), borders="clip"))
    assert run.left[0] == -1
    assert run.clipped.any()
    assert np.isin(run.theta[run.clipped], [CLIP, 1 - CLIP]).all()
    assert np.isfinite(run.height).all()
    calm = climb(one(SGD(lr=0.02), borders="clip"))
    assert not calm.clipped.any()
    np.testing.assert_array_equal(calm.theta, climb(one(SGD(lr=0.02))).theta)


@pytest.mark.parametrize("hits", [0, 27, 100])
@pytest.mark.parametrize("lr", [0.5, 100.0])
def test_the_logit_never_leaves(hits, lr):
    run = climb(one(SGD(lr=lr), hits=hits, borders="logit", steps=500))
    assert run.left[0] == -1
    assert ((run.theta >= 0) & (run.theta <= 1)).all()
    assert np.isfinite(run.height).all()


# -- throwing again


@pytest.mark.parametrize("truth", [0.1, 0.5, 0.8])
def test_estimates_spread_as_the_binomial_says(truth):
    many = [repeat(CoinTosses(truth=truth, seed=seed)) for seed in range(40)]
    for size in (5, 50, 500):
        shares = np.concatenate([run.share[:, size - 1] for run in many])
        exact = math.sqrt(truth * (1 - truth) / size)
        assert abs(shares.mean() - truth) < 5 * exact / math.sqrt(len(shares))
        assert shares.std() == pytest.approx(exact, rel=0.1)
        np.testing.assert_allclose(shares * size, np.round(shares * size), atol=1e-9)


def test_the_losses_are_entropy_and_cross_entropy():
    many = repeat(CoinTosses(truth=0.3))
    assert many.share.shape == (REPETITIONS, 500)
    assert (many.fresh >= many.best - 1e-12).all(), "nothing beats the truth on new throws"
    q = many.share[:, -1]
    np.testing.assert_allclose(many.own[:, -1], -q * np.log(q) - (1 - q) * np.log(1 - q))
    np.testing.assert_allclose(many.fresh[:, -1], -0.3 * np.log(q) - 0.7 * np.log(1 - q))
    one_sided = (many.share == 0) | (many.share == 1)
    np.testing.assert_array_equal(np.isinf(many.fresh), one_sided)
    assert (many.own[one_sided] == 0).all()


def test_the_gap_falls_as_one_over_the_throws():
    gaps = []
    for size in (100, 400):
        runs = [repeat(CoinTosses(truth=0.5, sizes=(size,), seed=seed)) for seed in range(60)]
        gaps.append(np.mean([run.fresh[:, -1].mean() - run.own[:, -1].mean() for run in runs]))
        assert gaps[-1] == pytest.approx(1 / size, rel=0.25), "one parameter: half on each side of the entropy"
    assert gaps[0] > gaps[1]


def test_the_seed_decides_the_throws():
    first, again, other = (repeat(CoinTosses(seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.share, again.share)
    assert (first.share != other.share).any()
    few = repeat(CoinTosses(seed=1, sizes=(3, 500)))
    np.testing.assert_array_equal(few.share, first.share)


# -- the Spec, the scene, the sentences


@pytest.mark.parametrize(
    "fields",
    [
        {"hits": 101}, {"hits": -1}, {"throws": 0}, {"start": 0.0}, {"start": math.nan}, {"borders": "wall"},
        {"contenders": ()}, {"contenders": (Adam(lr=0.1),) * (MOST + 1)}, {"sizes": ()}, {"sizes": (1, 2, 3, 4, 5, 6)},
        {"sizes": (0,)}, {"truth": 1.0},
    ],
)  # fmt: skip
def test_what_makes_no_throws_is_refused(fields):
    with pytest.raises(Refused):
        CoinTosses(**fields)


def test_a_spec_is_one_whatever_it_was_written_with():
    spec = CoinTosses(sizes=(500, 5, 50, 5), start=0.8)
    assert spec.sizes == (5, 50, 500)
    assert pickle.loads(pickle.dumps(spec)) == spec == CoinTosses()


@pytest.mark.parametrize("lr", [0.02, 0.9])
@pytest.mark.parametrize(("throws", "hits"), [(1, 0), (1, 1), (100, 27), (1_000_000, 999_999)])
@all_borders
def test_a_scene_shows_the_climb(lr, throws, hits, borders):
    spec = CoinTosses(throws=throws, hits=hits, contenders=(SGD(lr=lr), Adam(lr=lr)), borders=borders)
    run = climb(spec)
    said = figure.climbed(spec, run, say)
    data = pack(figure.climbing(spec, run, say=say, alt=said))
    assert len(data) < 100_000
    scene = unpack(data)
    curve, values = scene["panels"]
    bell, line = curve["figure"]["data"]
    top = int(np.argmax(line["y"]))
    assert line["x"][top] == pytest.approx(hits / throws, abs=1e-6)
    assert bell["y"].max() == pytest.approx(1)
    np.testing.assert_allclose(values["tracks"][0]["y"], run.theta[0], rtol=1e-6)
    low, high = curve["figure"]["layout"]["yaxis"]["range"]
    assert low < curve["start"][1] < high
    marked = [track["y"] for track in values["tracks"] if track.get("scatter")]
    assert sum(np.isfinite(track).sum() for track in marked) == run.clipped.sum()
    columns = figure.climb_numbers(spec, run, say)
    assert {len(column) for column in columns.values()} == {spec.steps + 1}


@pytest.mark.parametrize("sizes", [(1,), (5, 50, 500), (1, 2, 3, 1000, 2000)])
@pytest.mark.parametrize("truth", [0.01, 0.5])
def test_a_scene_shows_the_repetitions(sizes, truth):
    spec = CoinTosses(sizes=sizes, truth=truth)
    many = repeat(spec)
    said = figure.strayed(spec, many, say)
    data = pack(figure.repeated(spec, many, say=say, alt=said))
    assert len(data) < 300_000
    ridges, losses = unpack(data)["panels"]
    for i, size in enumerate(spec.sizes):
        ridge, dots = ridges["tracks"][2 * i : 2 * i + 2]
        np.testing.assert_allclose(dots["x"], many.share[:, size - 1], rtol=1e-6)
        frames = ridge["y"].reshape(-1, ridge["take"]) - (len(sizes) - 1 - i)
        assert len(frames) == REPETITIONS
        peaks = ridge["x"][frames.argmax(1)]
        step = ridge["x"][1] - ridge["x"][0]
        assert np.abs(peaks - many.share[:, size - 1]).max() <= step, "a ridge is highest at its estimate"
        below = dots["y"] - (len(sizes) - 1 - i)
        assert (below < 0).all()
        assert (below > -0.45).all(), "a stack of dots stays in its row"
    assert np.isfinite(losses["figure"]["data"][1]["y"]).all()
    assert f"**N = {spec.sizes[0]}**" in said
    assert len(figure.repeat_numbers(spec, many, say)) == 1 + len(sizes)


def test_the_sentence_says_what_the_arrays_say():
    spec = CoinTosses()
    run = climb(spec)
    order = np.argsort(run.arrived)
    titles = [rule.title for rule in spec.contenders]
    said = figure.climbed(spec, run, say)
    assert said.startswith(
        f"**{titles[order[0]]}** reaches K/N = 0.27 at step {run.arrived[order[0]]} and ends at θ = 0.270."
    )
    assert f"{titles[order[1]]}: step {run.arrived[order[1]]}." in said
