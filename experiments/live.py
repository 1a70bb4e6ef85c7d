"""Training told chunk by chunk: the chain that worker processes run, and the history made of what they tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from datasets import Dataset, find, prepare
from experiments import fit
from experiments.fit import CURVES, Chunk, Fit, History, State, advance_for, join
from experiments.training import PREPARED

STANDING = ("test_loss", "test_score", "best_test_score", "boundary", "counts", "baseline")
POINTS = ("inputs", "targets", "held")
RECORD = "record "  # what the names of records begin with among the results of a run

MOVED = 2e8  # bytes of a state that move to a worker and back in a second
SHARE = 0.1  # of the time, at most, that moving a state may take

Report = tuple[int, int, dict[str, Any], dict[str, Any]]


class Training(NamedTuple):
    """What a run of this chain is: variants that train side by side, their data, and what is written down of them.

    Chain("experiments.live:begin", "experiments.live:advance", training)
    """

    variants: tuple[Fit, ...]
    data: Dataset  # a worker may not know a visitor's own table until it is sent
    records: tuple[str, ...] = ()


def training(variants: Sequence[Fit], records: Sequence[str] = ()) -> Training:
    """Return the training of these variants, for a `Chain`."""
    return Training(tuple(variants), find(variants[0].dataset), tuple(records))


def warm_up() -> None:
    """Train a little network, so that a worker has imported all that training needs before the first visitor asks."""
    advance_for(fit.begin((Fit("breast_cancer", (2,), epochs=1),)), 0.0)


def begin(spec: Training) -> State:
    """Return the untrained networks."""
    return fit.begin(spec.variants, spec.records)


def advance(state: State, seconds: float) -> tuple[State, Report]:
    """Train for about so many seconds, one epoch at least; return the new state and what came of it.

    That is (epochs done, epochs in all, new columns of the curves and records, latest values). The state travels with
    every chunk: where it is large the chunks are longer, all but the first.
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
    """Return about how many bytes a state is: the weights, the best so far, and what rules remember of each."""
    slots = (array for group in state.groups for slots in group.memory for array in slots.values())
    arrays = [*slots, *(array for group in state.groups for array in (group.params, group.best_params))]
    return sum(np.asarray(array).nbytes for array in arrays)


def _points(variant: Fit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the inputs [n, 2] as they were read, the targets [n], and whether each row is held out for validation.

    The test part stays out of sight.
    """
    entry = find(variant.dataset)
    parts = prepare(entry, **{name: getattr(variant, name) for name in PREPARED})
    seen = np.concatenate([parts.train.rows, parts.val.rows])
    held = np.arange(len(seen)) >= len(parts.train.rows)
    return entry.read()[0][seen], np.concatenate([parts.train.y, parts.val.y]), held


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
    told: dict[str, Any] = {"boundary": None} | {name: result[name] for name in (*CURVES, *STANDING) if name in result}
    records = {name.removeprefix(RECORD): array for name, array in result.items() if name.startswith(RECORD)}
    return join([Chunk(0, **told, records=records)])
