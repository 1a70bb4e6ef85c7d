"""Signals: the records of every layer agree with torch and with theory; the grid of scales is one stack."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from conftest import visit
from torch import nn
from torch.nn import functional as F

from experiments.fit import Fit, History, advance, begin, fit
from experiments.layers import BINS, ROWS, Layers, count, lost_share, read, saturation, span
from experiments.signals import GOOD, SCALES, STARTS, Signals, learnt, told
from experiments.tables import tensors
from experiments.variant import sizes
from figures import signals as figure
from networks import ACTIVATIONS, count_weights
from optimizers import SGD
from spec import Refused
from ui.stage import pack

TORCH = {name: getattr(nn, entry.module) for name, entry in ACTIVATIONS.items()}
WIDTH = 150  # of the networks that are held against theory
SMALL = Signals("digits", rows=200, hidden=(9, 7, 5), epochs=3)


def say(text: str) -> str:
    return text


def looked(variants: tuple[Fit, ...]) -> Layers:
    """What is written down of networks, the untrained ones first."""
    record = fit(variants, ("layers",)).records["layers"]
    return read(record, len(variants), len(variants[0].hidden))


def module(variant: Fit, row: np.ndarray) -> nn.Sequential:
    """An untrained network of a stack, in torch.nn."""
    units, weights = sizes(variant), torch.from_numpy(row.copy())
    parts: list[nn.Module] = []
    at = 0
    for n_in, n_out in itertools.pairwise(units):
        linear = nn.Linear(n_in, n_out)
        linear.weight.data = weights[at : at + n_in * n_out].view(n_in, n_out).T.clone()
        linear.bias.data.zero_()
        parts += [linear, *([nn.BatchNorm1d(n_out)] if variant.batch_norm else []), TORCH[variant.activation]()]
        at += n_in * n_out
    assert at == count_weights(units)
    return nn.Sequential(*parts[: -2 if variant.batch_norm else -1]).double()


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_what_is_written_down_is_what_hooks_see_in_torch(activation: str, batch_norm: bool) -> None:
    starts = ("normal", "small", "xavier", "he")  # equal weights have a gradient of 0 and rounding
    variants = replace(SMALL, activation=activation, batch_norm=batch_norm, starts=starts, epochs=1).ways()
    state = begin(variants, ("layers",))
    seen = read(advance(state, 1)[1].records["layers"][..., :1], len(variants), 3)
    data = tensors(variants[0])
    x, y = data.train_x[0, :ROWS], data.train_y[0, :ROWS]
    limits = ACTIVATIONS[activation].limits
    (group,) = state.groups
    for i, row in zip(group.members, group.params, strict=True):
        network = module(variants[i], row)
        values: list[np.ndarray] = []

        def keep(_module: nn.Module, _inputs: Any, output: torch.Tensor, values: list[np.ndarray] = values) -> None:
            values.append(output.detach().numpy())

        for layer in network:
            if isinstance(layer, TORCH[activation]):
                layer.register_forward_hook(keep)
        F.cross_entropy(network(x), y).backward()
        linears = [layer for layer in network if isinstance(layer, nn.Linear)][:-1]
        for j, (value, linear) in enumerate(zip(values, linears, strict=True)):
            assert linear.weight.grad is not None
            gradient = linear.weight.grad.numpy()
            close: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-6}
            np.testing.assert_allclose(seen.mean[i, j, 0], value.mean(), **close)
            np.testing.assert_allclose(seen.deviation[i, j, 0], value.std(), **close)
            np.testing.assert_allclose(seen.gradient[i, j, 0], np.sqrt((gradient**2).mean()), rtol=1e-3, atol=1e-7)
            assert abs(seen.lost[i, j, 0] - lost_share(value[None], limits)[0]) < 0.01 or np.isinf(limits[0])
            low, high = span(limits)
            bins = np.histogram(value.clip(low, high), BINS, (low, high))[0]
            assert np.abs(seen.histogram[i, j, :, 0] - bins).sum() <= 0.01 * value.size, "but for rounding at borders"


def test_looking_changes_nothing() -> None:
    variants = replace(SMALL, batch_norm=True).ways()
    for plain, watched in zip(fit(variants)[:5], fit(variants, ("layers",))[:5], strict=True):
        np.testing.assert_array_equal(plain, watched)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_value_is_in_a_bin(activation: str) -> None:
    seen = looked(replace(SMALL, activation=activation, starts=("small", "xavier", "he")).ways())
    units = np.array(SMALL.hidden)[:, None]
    assert (seen.histogram.sum(axis=2) == 200 * units).all()
    assert (seen.gradients.sum(axis=2) == units * np.array([64, *SMALL.hidden[:-1]])[:, None]).all()
    assert seen.mean.shape[-1] == 4


def test_a_network_that_diverged_is_in_no_bin_and_says_so() -> None:
    diverging = replace(
        SMALL, activation="relu", starts=("normal", "small"), hidden=(100,) * 4, optimizer=SGD(lr=1.0), epochs=2
    )
    history = fit(diverging.ways(), ("layers",))
    _moments, seen = told(diverging, history)
    assert np.isnan(history.train_score[0, -1])
    assert np.isfinite(history.train_score[1, -1])
    assert np.isnan(seen.deviation[0, :, -1]).all()
    assert (seen.histogram[0, :, :, -1].sum(axis=1) == 0).all()
    sentence = figure.spread(diverging, history, say)
    assert "Diverged: N(0, 1)." in sentence
    assert "exploded activations with **N(0, 1)** σ" in sentence


def test_bins_ends_and_shares() -> None:
    values = np.array([[-np.inf, -2, -1, 0, 0.999, 1, np.inf, np.nan]])
    counts = count(values, -1, 1)[0]
    assert counts.sum() == 7
    assert counts[[0, BINS // 2, -1]].tolist() == [3, 1, 3]
    low, high = saturation((-1.0, 1.0))
    assert (low, high) == (-0.99, 0.99)
    a = np.array([[[1.0, 0.0], [-0.995, 0.0]], [[0.0, 0.0], [0.5, 0.0]]])
    assert lost_share(a, (-1.0, 1.0)).tolist() == [0.5, 0.0]
    assert lost_share(a.clip(0), (0.0, np.inf)).tolist() == [0.5, 0.5]
    assert np.isnan(lost_share(a, (-np.inf, np.inf))).all()


# -- theory


@pytest.fixture(scope="module")
def wide() -> dict[str, np.ndarray]:
    """By how much every further layer of untrained networks multiplies the mean square of its inputs, over seeds."""
    found = {}
    for activation in ("relu", "tanh"):
        spec = Signals("digits", rows=100, hidden=(WIDTH,) * 4, activation=activation, epochs=1)
        ways = tuple(replace(way, seed=seed) for way in spec.ways() for seed in range(2))
        state = begin(ways, ("layers",))
        seen = read(advance(state, 1)[1].records["layers"][..., :1], len(ways), 4)
        square = (seen.mean**2 + seen.deviation**2)[:, :, 0].reshape(len(STARTS), 2, 4)
        growth = np.exp(np.log(square[:, :, 1:] / square[:, :, :-1]).mean(axis=(1, 2)))
        found |= {f"{activation} {key}": value for key, value in zip(STARTS, growth, strict=True)}
    return found


@pytest.mark.parametrize(
    ("start", "activation", "kept"),
    [("he", "relu", 0.5), ("xavier", "relu", 0.5), ("normal", "relu", 0.5), ("small", "relu", 0.5),
     ("small", "tanh", 1.0)],
)  # fmt: skip
def test_a_layer_multiplies_the_mean_square_as_theory_says(
    wide: dict[str, Any], start: str, activation: str, kept: float
) -> None:
    """n · E[w²] for a unit that hands on what it gets, half of it for one that hands on one sign."""
    expected = kept * STARTS[start].gain(WIDTH, WIDTH)
    assert wide[f"{activation} {start}"] == pytest.approx(expected, rel=0.12)


def test_gains_are_those_of_the_papers() -> None:
    assert STARTS["he"].gain(300, 50) == pytest.approx(2)
    assert STARTS["xavier"].gain(300, 300) == pytest.approx(1)
    assert STARTS["small"].gain(100, 7) == pytest.approx(0.01)


def test_xavier_keeps_tanh_alive_where_the_others_lose_it(wide: dict[str, Any]) -> None:
    assert 0.6 < wide["tanh xavier"] < 1
    assert wide["tanh small"] < 0.05
    spec = Signals("digits", rows=200, epochs=1)
    seen = looked(spec.ways())
    lost = dict(zip(STARTS, seen.lost[:, -1, 0], strict=True))
    assert lost["ones"] > 0.9
    assert lost["normal"] > 0.5
    assert lost["xavier"] == lost["small"] == 0
    assert (seen.gradient[list(STARTS).index("ones"), :, 0] == 0).all(), "nothing passes through saturated units"


# -- the grid of scales


def test_the_grid_is_one_stack_from_the_same_weights() -> None:
    spec = replace(SMALL, epochs=1)
    variants = spec.scales()
    (group,) = begin(variants).groups
    n = count_weights(sizes(variants[0]))
    weights = dict(zip(group.members, group.params[:, :n], strict=True))
    for i, scale in enumerate(SCALES):
        np.testing.assert_array_equal(weights[i], weights[len(SCALES) + i])
        np.testing.assert_allclose(weights[i], scale * weights[0], rtol=1e-6)
        assert (variants[i].batch_norm, variants[len(SCALES) + i].batch_norm) == (True, False)
    assert SCALES[0] == 1
    assert SCALES[-1] == pytest.approx(1e-4)


def test_batch_normalisation_makes_more_scales_learn() -> None:
    spec = Signals("digits", rows=500, hidden=(50,) * 4, epochs=8)
    history = fit(spec.scales())
    with_norm, without = learnt(history)
    assert with_norm >= without + 4
    assert (
        f"**training succeeds at {with_norm} of 16 weight scales with batch normalization, {without} without**"
        in figure.counted(spec, history, say)
    )
    assert with_norm == sum(score > GOOD for score in history.train_score[:16, -1])


# -- the picture


def test_the_picture_says_what_was_written_down() -> None:
    history = fit(SMALL.ways(), ("layers",))
    moments, seen = told(SMALL, history)
    for show, counts, size in (
        ("activations", seen.histogram, seen.deviation),
        ("gradients", seen.gradients, seen.gradient),
    ):
        ridges, profile, scores = figure.layer_by_layer(SMALL, history, say=say, alt="", running=False, show=show)[
            "panels"
        ]
        heights = ridges["heights"].reshape(5, 3, len(moments), BINS)
        top = counts.max(axis=2, keepdims=True)
        np.testing.assert_array_equal(heights.transpose(0, 1, 3, 2), np.ceil(255 * counts / top))
        np.testing.assert_array_equal(ridges["told"].reshape(5, 3, len(moments), 4)[..., 0], size)
        for i in range(5):
            np.testing.assert_array_equal(profile["tracks"][i]["y"].reshape(-1, 3), seen.gradient[i].T)
            np.testing.assert_array_equal(scores["tracks"][i]["y"], history.train_score[i])


@pytest.mark.parametrize("dataset", ["digits", "diabetes", "moons"])
def test_every_state_of_a_run_has_its_picture_and_its_sentence(dataset: str) -> None:
    spec = replace(SMALL, dataset=dataset, rows=60)
    pictures: list[Any] = []
    for history in (empty(5), fit(spec.ways(), ("layers",))):
        pictures.append(figure.layer_by_layer(spec, history, say=say, alt="", running=True))
        assert figure.spread(spec, history, say)
        assert len(figure.numbers(spec, history, say)) == 7
        assert len(figure.gains(spec, say)) == len(STARTS)
    for history in (empty(32), fit(spec.scales())):
        pictures.append(figure.grid(spec, history, say=say, alt="", running=True))
        assert figure.counted(spec, history, say)
        assert len(figure.grid_numbers(spec, history, say)) == 33
    assert all(len(pack(picture)) < 60_000 for picture in pictures)


def empty(k: int) -> History:
    none, unknown = np.empty((k, 0)), np.full(k, np.nan)
    return History(none, none, none, none, unknown, unknown, np.zeros(k, int), unknown, None)


# -- the Spec


@pytest.mark.parametrize("wrong", [{"starts": ()}, {"starts": ("he", "none")}, {"hidden": ()}, {"activation": "swish"}])
def test_a_spec_without_meaning_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        replace(SMALL, **wrong)


def test_the_order_in_which_starts_are_chosen_does_not_matter() -> None:
    one, other = (replace(SMALL, starts=starts) for starts in (("he", "ones"), ("ones", "he")))
    assert one.ways() == other.ways()
    assert figure.looks(one) == figure.looks(other) == [figure.looks(SMALL)[0], figure.looks(SMALL)[4]]


# -- a view that cannot be trained


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize(
    ("query", "reason"),
    [({"batch_size": ["1"]}, "Batch normalization needs batches"), ({"epochs": ["1000"]}, "Training would take about")],
)
def test_scales_that_cannot_be_trained_are_refused_before(query: dict[str, list[str]], reason: str) -> None:
    tested = visit("signals", query={"view": ["scales"], **query})
    assert not tested.exception
    assert any(warning.value.startswith(reason) for warning in tested.warning)
    assert tested.session_state["state signals"]["own"]["view"] == "layers"
    tested = visit("signals", query=query)  # and neither by the switch
    assert not tested.warning
    next(toggle for toggle in tested.sidebar.toggle if toggle.key.endswith("view view")).set_value(True)
    tested.run()
    assert not tested.exception
    assert any(warning.value.startswith(reason) for warning in tested.warning)
    assert tested.session_state["state signals"]["own"]["view"] == "layers"
