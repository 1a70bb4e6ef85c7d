"""Training told chunk by chunk: the chain that worker processes run, and the history made of what they tell.

Chain("experiments.fit:begin", "experiments.live:advance", variants)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from datasets import DATASETS, prepare
from experiments.fit import Chunk, Fit, History, State, advance_for, begin, join

GROWN = ("train_loss", "val_loss", "train_score", "val_score")
LATEST = ("test_loss", "test_score", "best_test_score", "boundary")
POINTS = ("inputs", "targets", "held")

Report = tuple[int, int, dict[str, Any], dict[str, Any]]


def warm_up() -> None:
    """Train a little network, so that a worker has imported all that training needs before the first visitor asks."""
    advance_for(begin((Fit("breast_cancer", (2,), epochs=1),)), 0.0)


def advance(state: State, seconds: float) -> tuple[State, Report]:
    """Train for about so many seconds, one epoch at least; return the new state and what came of it.

    That is (epochs done, epochs in all, new columns of the curves, latest values).
    """
    first = state.epoch == 0
    state, chunk = advance_for(state, seconds)
    latest = {name: getattr(chunk, name) for name in LATEST if getattr(chunk, name) is not None}
    if first and DATASETS[state.variants[0].dataset].box is not None:
        latest |= dict(zip(POINTS, _points(state.variants[0]), strict=True))
    return state, (state.epoch, state.variants[0].epochs, {name: getattr(chunk, name) for name in GROWN}, latest)


def _points(fit: Fit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the inputs [n, 2] as they were read, the targets [n], and whether each row is held out for validation.

    The test part stays out of sight.
    """
    parts = prepare(
        DATASETS[fit.dataset], fit.test_size, fit.val_size, fit.split_seed, fit.scaling, fit.scaler_sees, fit.rows
    )
    scaled = np.concatenate([parts.train.x, parts.val.x])
    held = np.arange(len(scaled)) >= len(parts.train.x)
    return parts.scaler.inverse_transform(scaled), np.concatenate([parts.train.y, parts.val.y]), held


def points(result: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return (inputs, targets, held) of data that can be drawn, once they are known."""
    return (result["inputs"], result["targets"], result["held"]) if "inputs" in result else None


def history(variants: tuple[Fit, ...], result: Mapping[str, np.ndarray]) -> History:
    """Return the history so far; before the first chunk its curves have no column."""
    k = len(variants)
    unknown = np.full(k, np.nan)
    if not result:
        empty = np.empty((k, 0))
        return History(empty, empty, empty, empty, unknown, unknown, np.zeros(k, int), unknown, None)
    told = {name: result[name] for name in (*GROWN, *LATEST[:-1])}
    return join([Chunk(0, **told, boundary=result.get("boundary"))])
