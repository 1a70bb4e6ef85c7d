"""Training in chunks: the functions that worker processes run, and the history made from their reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from datasets import Dataset, find, prepare
from experiments import fit
from experiments.fit import CURVES, Chunk, Fit, History, State, advance_for, join
from experiments.variant import prepared

STANDING = ("test_loss", "test_score", "best_test_score", "boundary", "counts", "baseline")
POINTS = ("inputs", "targets", "held")
RECORD = "record "  # prefix of the names of records among the results of a run

MOVED = 2e8  # bytes of a state that are sent to a worker and back per second
SHARE = 0.1  # the largest share of the time that may be spent on sending a state

Report = tuple[int, int, dict[str, Any], dict[str, Any]]


class Training(NamedTuple):
    """A training run in chunks: variants that train side by side, their data, and the names of what is recorded.

    Chain("experiments.live:begin", "experiments.live:advance", training)
    """

    variants: tuple[Fit, ...]
    data: Dataset  # a worker does not know a visitor's own table unless it is sent along
    records: tuple[str, ...] = ()


def training(variants: Sequence[Fit], records: Sequence[str] = ()) -> Training:
    """Return the training of these variants, for a `Chain`."""
    return Training(tuple(variants), find(variants[0].dataset), tuple(records))


def warm_up() -> None:
    """Train a small network, so that a worker has imported everything needed before the first visitor asks."""
    advance_for(fit.begin((Fit("breast_cancer", (2,), epochs=1),)), 0.0)


def begin(spec: Training) -> State:
    """Return the untrained networks."""
    return fit.begin(spec.variants, spec.records)


def advance(state: State, seconds: float) -> tuple[State, Report]:
    """Train for about `seconds`, at least one epoch; return the new state and a report.

    The report is (epochs done, total epochs, new columns of the curves and records, latest values). The state is sent
    with every chunk: if it is large the chunks are longer, except the first.
    """
    first = state.epoch == 0
    state, chunk = advance_for(state, seconds if first else max(seconds, weight(state) / MOVED / SHARE))
    grown = {name: getattr(chunk, name) for name in CURVES}
    grown |= {RECORD + name: array for name, array in chunk.records.items()}
    latest = {name: getattr(chunk, name) for name in STANDING if getattr(chunk, name) is not None}
    if first and "boundary" in latest:
        latest |= dict(zip(POINTS, _points(state.variants[0]), strict=True))
    return state, (state.epoch, state.variants[0].epochs, grown, latest)


def weight(state: State) -> int:
    """Return about how many bytes a state has: the weights, the best weights so far, and the optimizers' states."""
    slots = (array for group in state.groups for slots in group.memory for array in slots.values())
    arrays = [*slots, *(array for group in state.groups for array in (group.params, group.best_params))]
    return sum(np.asarray(array).nbytes for array in arrays)


def _points(variant: Fit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the inputs [n, 2] before scaling, the targets [n], and whether each row is in the validation set.

    The test set is not included.
    """
    entry = find(variant.dataset)
    parts = prepare(entry, **prepared(variant))
    seen = np.concatenate([parts.train.rows, parts.val.rows])
    held = np.arange(len(seen)) >= len(parts.train.rows)
    return entry.read()[0][seen], np.concatenate([parts.train.y, parts.val.y]), held


def points(result: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return (inputs, targets, held) of data that can be drawn, or None if they are not known yet."""
    return (result["inputs"], result["targets"], result["held"]) if "inputs" in result else None


def history(variants: tuple[Fit, ...], result: Mapping[str, np.ndarray]) -> History:
    """Return the history so far; before the first chunk its curves have no columns."""
    k = len(variants)
    unknown = np.full(k, np.nan)
    if not result:
        empty = np.empty((k, 0))
        return History(empty, empty, empty, empty, unknown, unknown, np.zeros(k, int), unknown, None)
    told: dict[str, Any] = {"boundary": None} | {name: result[name] for name in (*CURVES, *STANDING) if name in result}
    records = {name.removeprefix(RECORD): array for name, array in result.items() if name.startswith(RECORD)}
    return join([Chunk(0, **told, records=records)])
