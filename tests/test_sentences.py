"""The sentences under the title are true: they report what is tied, untrained, diverged or undefined."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from datasets import find
from experiments.descend import default_race, descend
from experiments.fit import History, early_stop
from experiments.remedies import Remedies
from experiments.stopping import Stopping, stops
from figures import overfitting, readings, theme, training
from figures.scene import leaders, loss_text, number
from figures.stopping import stopped
from optimizers import RULES
from surfaces import SURFACES


def say(text: str) -> str:
    return text


def history(val: np.ndarray, counts: np.ndarray | None = None) -> History:
    """Return a history with these validation losses; the training loss is the same, and a score is 1 - loss."""
    best = early_stop(val, val.shape[1])[1]
    unknown = np.full(len(val), np.nan)
    return History(val, val, 1 - val, 1 - val, unknown, unknown, unknown, best, None, {}, counts, None)


def lines(count: int) -> list[training.Line]:
    return [training.Line("ABCDEFGH"[i], look, slice(i, i + 1)) for i, look in enumerate(theme.variant_styles(count))]


LOSSES = st.sampled_from([0.2, 0.25, 0.5, 1.0, 1.5, 3.0, 40.0, np.inf, np.nan])
CURVES = st.tuples(st.integers(1, 4), st.integers(2, 8)).flatmap(lambda shape: arrays(float, shape, elements=LOSSES))


def started(curves: np.ndarray) -> np.ndarray:
    """Return curves whose untrained networks have a finite loss, and which stay lost once they are."""
    curves = curves.copy()
    curves[:, 0] = np.where(np.isfinite(curves[:, 0]), curves[:, 0], 1.0)
    for curve in curves:
        if (beyond := training.lost(curve)) is not None:
            curve[beyond:] = np.nan
    return curves


# -- races


@pytest.mark.parametrize(("surface", "steps"), [("ravine", 3), ("sphere", 60), ("hyperbolic_saddle", 5)])
def test_equal_optimizers_are_tied(surface: str, steps: int) -> None:
    """Momentum with μ = 0 is SGD: it neither reaches the minimum first nor ends lowest."""
    twins = RULES["sgd"](lr=0.05), RULES["momentum"](lr=0.05, momentum=0.0)
    race = dataclasses.replace(default_race(surface), contenders=twins, steps=steps)
    run = descend(race)
    np.testing.assert_array_equal(run.loss[0], run.loss[1])
    sentence = readings.raced(race, run, say)
    assert "ied" in sentence
    assert "**SGD**" in sentence
    assert "**Momentum**" in sentence
    assert not re.search("first|lowest", sentence)


@pytest.mark.parametrize("name", [name for name, surface in SURFACES.items() if surface.minimum is None])
def test_what_is_called_unbounded_has_no_lower_bound(name: str) -> None:
    around = np.stack([np.cos(angles := np.linspace(0, 2 * np.pi, 360)), np.sin(angles)], axis=-1)
    lowest = [SURFACES[name].value(scale * around).min() for scale in (1e1, 1e3, 1e5)]
    assert lowest[0] < 0
    assert lowest[2] < 1e3 * lowest[1] < 1e6 * lowest[0]


# -- comparisons


@given(CURVES)
def test_nobody_is_lowest_in_a_tie(curves: np.ndarray) -> None:
    curves = started(curves)
    drawn = lines(len(curves))
    sentence = readings.compared(history(curves), drawn, say, done=True)
    assert "nan" not in sentence
    told = re.search(r"\*\*(\w)\*\* has the lowest validation loss: (\S+) at epoch (\d+)\.", sentence)
    if told:
        row, epoch = "ABCDEFGH".index(told[1]), int(told[3])
        assert loss_text(curves[row, epoch]) == told[2]
        assert curves[row, epoch] < curves[row, 0] or f"Never below the initial loss: {told[1]}" in sentence
        assert (rest := np.delete(curves, row, axis=0)).size == 0 or not (rest[:, 1:] <= curves[row, epoch]).any()
    if tied := re.search(r"Tied for the lowest validation loss, (\S+): (.*?)\.(?: |$)", sentence):
        rows = ["ABCDEFGH".index(name) for name in re.findall(r"\*\*(\w)\*\*", tied[2])]
        assert len(rows) > 1
        assert {loss_text(curves[row, 1:].min()) for row in rows} == {tied[1]}


@given(CURVES.map(lambda curves: np.round(np.clip(np.nan_to_num(curves, nan=0.3, posinf=0.4), 0, 1), 2)))
def test_a_winner_by_accuracy_is_more_than_one_standard_error_ahead(curves: np.ndarray) -> None:
    counts = np.full((len(curves), 3, 2), 20)
    told = history(curves, counts)
    sentence = readings.compared(told, lines(len(curves)), say, done=True, data=find("moons"), measure="score")
    best = np.sort((1 - curves)[:, 1:].max(axis=1))
    if len(best) > 1 and "has the highest" in sentence:
        p = (40 * best[-1] + 2) / 44
        assert best[-1] - best[-2] > math.sqrt(p * (1 - p) / 44) - 1e-12


def test_a_tie_by_r2_is_said() -> None:
    curves = np.array([[1.0, 0.5], [1.0, 0.5], [1.0, 0.9]])
    sentence = readings.compared(history(curves), lines(3), say, done=True, data=find("diabetes"), measure="score")
    assert sentence == "Tied for the highest validation R², 0.500: **A**, **B**. **C** reaches only 0.100."


def test_an_undefined_r2_has_its_reason_in_the_sentence() -> None:
    """The validation set has one row."""
    curves, counts = np.array([[1.0, 0.5], [1.0, 0.6], [1.0, 0.7]]), np.full((3, 3, 1), 9)
    counts[:, 1] = 1
    told = history(curves, counts)._replace(
        val_score=np.full_like(curves, np.nan), baseline=np.array([[0.0, np.nan, 0.0]] * 3)
    )
    reason = "R² of the validation set is undefined (–): the part has only one row."
    sentence = readings.compared(told, lines(3), say, done=True, data=find("diabetes"), measure="score")
    assert sentence.startswith("**A** has the highest training R²: 0.500 at epoch 1.")
    assert reason in sentence
    study = Remedies(dataset="diabetes", hidden=(4,), epochs=1, patience=None, l1=0.1, l2=0.1)
    drawn = overfitting.lines(study, say)[:3]
    sentence = readings.overfitted(study, told, drawn, say, done=True, measure="score")
    assert sentence == f"Without regularization R² ends at 0.500 (training) and – (validation). {reason}"


# -- overfitting and early stopping


@given(CURVES, st.integers(1, 4), st.booleans())
def test_what_early_stopping_keeps_is_true(curves: np.ndarray, patience: int, restore: bool) -> None:
    curves = started(curves)
    told, settings = history(curves), Stopping(patience=patience, restore_best_weights=restore)
    found = stops(told, settings)
    for row, line in enumerate(lines(len(curves))):
        [sentence] = stopped(settings, told, [line], say)
        curve, stop, kept = curves[row], int(found.stop[row]), int(found.kept[row])
        beyond = training.lost(curve)
        assert not re.search("nan|inf|∞", sentence)
        assert ("later the network diverges" in sentence) <= (beyond is not None and beyond > stop)
        assert ("before the network diverges" in sentence) <= (beyond is not None and kept < beyond <= stop)
        assert ("already diverged" in sentence) == (not np.isfinite(curve[kept]))
        if "does not end" not in sentence and np.isfinite(curve[kept]):
            assert loss_text(curve[kept]) in sentence
        if "untrained" in sentence:
            assert curve[0] <= curve[kept]
        assert "of epoch 0" not in sentence


@given(CURVES)
def test_the_sentence_about_overfitting_names_no_untrained_network_and_no_tie(curves: np.ndarray) -> None:
    curves = started(curves)
    study = Remedies(dataset="diabetes", hidden=(4,), epochs=curves.shape[1] - 1, patience=None)
    sentence = readings.overfitted(study, history(curves), lines(len(curves)), say, done=True)
    assert "nan" not in sentence
    if told := re.search(r"lowest at epoch (\d+) \((\S+)\)", sentence):
        epoch = int(told[1])
        assert loss_text(curves[0, epoch]) == told[2]
        assert curves[0, epoch] < curves[0, 0]
    if told := re.search(r"With (.*?) validation loss ends at (\S+)\.(?: |$)", sentence):
        rows = ["ABCDEFGH".index(name) for name in re.findall(r"\*\*(\w)\*\*", told[1])]
        ends = curves[:, -1][np.isfinite(curves[:, -1])]
        assert {loss_text(curves[row, -1]) for row in rows} == {told[2]} == {loss_text(ends.min())}
        assert 0 not in rows


def test_a_network_that_diverges_at_once_does_not_diverge_later() -> None:
    """SGD with learning rate 100 and patience 5: the first epoch is the last with a number, or there is none."""
    for curve, said in (
        ([1.0, np.nan, np.nan], "**Early stopping** keeps the weights of epoch 1, where the network has already "
                                "diverged."),
        ([1.0, 2.5, np.nan], "**Early stopping** keeps the weights of epoch 1 (2.500); the untrained network is better "
                             "(1.000)."),
    ):  # fmt: skip
        curves = np.array([curve + [np.nan] * 5])
        assert stopped(Stopping(patience=5), history(curves), lines(1), say) == [said]


def test_numbers_of_a_tie_are_those_shown() -> None:
    """Losses that are written alike are a tie, however they differ in further digits."""
    assert leaders({"A": 0.50001, "B": 0.50002, "C": 0.6}, loss_text, min) == (["A", "B"], "0.500")
    assert leaders({"A": 1.0, "B": 2.0}, number, max) == (["B"], "2")
