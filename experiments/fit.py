"""Variants of one small network, trained side by side on the same data.

A variant is a `Fit`. Variants of the same shape train together, as rows of one array, in lock-step: from the same
initial weights, on the same batches, with the same random numbers for dropout, unless their seeds differ. Variants of
other shapes train next to them, epoch by epoch. Training is a sequence of pure steps,

    state = begin(variants)
    state, chunk = advance(state, epochs=10)    # and again, until state.done
    history = join([chunk, ...])

so it can be shown while it runs, stopped, moved to another process, and resumed; `fit(variants)` runs the whole
sequence. The results do not depend on where the sequence is cut, nor on which variants train side by side.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from datasets import Dataset, find
from experiments import training
from experiments.records import RECORDS
from experiments.tables import GRID
from experiments.training import Group
from experiments.variant import Fit, check_size, seconds
from spec import N_, Refused, settings

__all__ = [
    "GRID", "Chunk", "Fit", "History", "State", "advance", "advance_for", "begin", "check_size", "early_stop", "fit",
    "join", "seconds",
]  # fmt: skip

Array = np.ndarray[Any, np.dtype[Any]]


class State(NamedTuple):
    """Training after `epoch` epochs: the networks of `variants`, in groups that train together.

    `data` is the data set, because the process that receives a state may not know it by name; `records` names what is
    recorded besides the curves, see `experiments.records`.
    """

    variants: tuple[Fit, ...]
    data: Dataset
    records: tuple[str, ...]
    epoch: int
    groups: tuple[Group, ...]

    @property
    def done(self) -> bool:
        """Whether all epochs have been trained."""
        return self.epoch >= self.variants[0].epochs


class Chunk(NamedTuple):
    """The part that one `advance` adds to a history: n columns [k, n] of every curve, beginning with `first_epoch`.

    The first chunk begins with epoch 0, the untrained networks. `test_loss`, `test_score` and `best_test_score` [k] are
    nan until the last chunk. `boundary` and `records` are described at `History`; here a record holds only the new
    part.
    """

    first_epoch: int
    train_loss: Array
    val_loss: Array
    train_score: Array
    val_score: Array
    test_loss: Array
    test_score: Array
    best_test_score: Array
    boundary: Array | None
    records: Mapping[str, Array] = {}
    counts: Array | None = None
    baseline: Array | None = None


class History(NamedTuple):
    """The training of k variants: curves [k, epochs + 1], where column 0 is the untrained network, and results [k].

    Losses are means over rows: cross-entropy in nats, or squared error, divided by the variance of the training targets
    unless target scaling is off. Scores are accuracy, or R² for regression. Both are computed without dropout and
    without penalties. They are nan for a network that has diverged, and if there is no validation set. R² is nan if all
    targets of a part are equal, for example those of a single row. `test_loss` and `test_score` belong to the final
    weights, `best_test_score` to those of `best_epoch`, the first trained epoch with the lowest validation loss
    (without a validation set, the last epoch). The test set is scored once, at the end; before that these are nan.

    `boundary` [k, 64, 64] exists for data sets with a `box`: the network's current prediction at the points of a
    regular grid over the box, y ascending along axis 1 and x along axis 2, edges included, in uint8. For two classes it
    is the probability of class 1, from 0 to 255, and 128 if it is not a number; for more classes it is the predicted
    class, and 255 if the outputs are not numbers. `records` are the arrays [k, ..., moments] that `begin`
    was asked to record; if networks of different shapes give arrays of different shapes, the smaller ones are padded
    with nan.

    `counts` [k, 3, classes] are the numbers of rows per class in the training, the validation and the test set (for
    regression, all rows are one class), and `baseline` [k, 3] the scores of a constant prediction there, see
    `experiments.tables.guess`. Both are None before the first epoch.
    """

    train_loss: Array
    val_loss: Array
    train_score: Array
    val_score: Array
    test_loss: Array
    test_score: Array
    best_epoch: Array
    best_test_score: Array
    boundary: Array | None
    records: Mapping[str, Array] = {}
    counts: Array | None = None
    baseline: Array | None = None

    def error(self, score: float, row: int, part: int) -> float:
        """Return the standard error of an accuracy, sqrt(p (1 - p) / n), n being the rows of part 0, 1 or 2.

        It is the standard error of a binomial proportion: how much the accuracy of this network varies between random
        samples of rows. nan for R², and if the number of rows is not known.
        """
        if self.counts is None or self.counts.shape[2] == 1:
            return math.nan
        n = int(self.counts[row, part].sum())
        return math.sqrt(max(score * (1 - score), 0) / n) if n else math.nan


def begin(variants: Sequence[Fit], records: Sequence[str] = ()) -> State:
    """Return the untrained networks of variants that share a data set and the number of epochs.

    Raises `Refused` if they do not, and if the networks are too many or too large.
    """
    variants = tuple(variants)
    for name in ("dataset", "epochs"):
        if len({getattr(variant, name) for variant in variants}) != 1:
            raise Refused(
                N_("Networks that are trained together must have the same setting: {label}."),
                label=settings(Fit)[name].label,
            )
    if unknown := set(records) - set(RECORDS):
        raise ValueError(f"no such records: {unknown}")
    check_size(variants)
    return State(variants, find(variants[0].dataset), tuple(records), 0, training.groups(variants))


def advance(state: State, epochs: int) -> tuple[State, Chunk]:
    """Return the state after `epochs` more epochs, or at the end if that comes first, and the chunk to add."""
    if state.done or epochs < 1:
        raise ValueError(f"cannot train {epochs} epochs from epoch {state.epoch} of {state.variants[0].epochs}")
    end = min(state.epoch + epochs, state.variants[0].epochs)
    trained = training.side_by_side(state.variants, state.groups, state.epoch, end - state.epoch, state.records)
    groups, columns, stands = zip(*trained, strict=True)
    told = _in_order(groups, columns) | _in_order(groups, stands)
    records = {name: told.pop(name) for name in state.records if name in told}
    first = state.epoch + 1 if state.epoch else 0
    chunk = Chunk(first, boundary=told.pop("boundary", None), records=records, **told)
    return state._replace(epoch=end, groups=groups), chunk


def _in_order(groups: Sequence[Group], found: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """Put the rows of all groups in the order of the variants; results that a group lacks (a boundary) are omitted."""
    order = np.argsort([member for group in groups for member in group.members])
    names = [name for name in found[0] if all(name in part for part in found)]
    return {name: _stacked([part[name] for part in found])[order] for name in names}


def _stacked(parts: Sequence[Array]) -> Array:
    """Concatenate arrays along axis 0; smaller ones are padded with nan."""
    largest = np.max([part.shape[1:] for part in parts], axis=0)
    if any(part.shape[1:] != tuple(largest) for part in parts):
        missing = [largest - part.shape[1:] for part in parts]
        parts = [
            np.pad(part.astype(float), [(0, 0), *((0, int(n)) for n in short)], constant_values=np.nan)
            for part, short in zip(parts, missing, strict=True)
        ]
    return np.concatenate(parts)


def advance_for(state: State, seconds: float) -> tuple[State, Chunk]:
    """Like `advance`, for as many epochs as begin within `seconds`, at least one.

    The number of epochs depends on the machine; the results do not.
    """
    deadline = time.monotonic() + seconds
    chunks = []
    epochs = 1
    while not chunks or (not state.done and time.monotonic() < deadline):
        begun = time.monotonic()
        state, chunk = advance(state, epochs)
        chunks.append(chunk)
        now = time.monotonic()
        epochs = max(1, int((deadline - now) / ((now - begun) / epochs)))
    return state, merged(chunks)


def fit(variants: Sequence[Fit], records: Sequence[str] = ()) -> History:
    """Train variants of one data set, for the same number of epochs, to the end."""
    return join([advance(begin(variants, records), variants[0].epochs)[1]])


CURVES = ("train_loss", "val_loss", "train_score", "val_score")


def merged(chunks: Sequence[Chunk]) -> Chunk:
    """Return consecutive chunks merged into one chunk."""
    curves = {name: np.concatenate([getattr(chunk, name) for chunk in chunks], axis=1) for name in CURVES}
    names = dict.fromkeys(name for chunk in chunks for name in chunk.records)
    records = {
        name: np.concatenate([chunk.records[name] for chunk in chunks if name in chunk.records], axis=-1)
        for name in names
    }
    return chunks[-1]._replace(first_epoch=chunks[0].first_epoch, records=records, **curves)


def join(chunks: Sequence[Chunk]) -> History:
    """Return the history so far, made from the chunks so far."""
    told = merged(chunks)._asdict()
    del told["first_epoch"]
    _, best_epoch = early_stop(told["val_loss"], patience=told["val_loss"].shape[1])
    return History(best_epoch=best_epoch, **told)


def early_stop(
    val_loss: Array, patience: int, min_delta: float = 0.0, start_from_epoch: int = 0
) -> tuple[Array, Array]:
    """Return the epoch after which training stops and the best epoch up to it, [k] each, for losses [k, epochs + 1].

    The criterion is that of `keras.callbacks.EarlyStopping`. An epoch is an improvement if its loss + min_delta is
    below the loss of the best epoch. Training stops after `patience` epochs in a row without improvement, or else at
    the last epoch. Column 0 is the untrained network, which Keras does not see: it is never best. The first
    `start_from_epoch` epochs are ignored too. nan is never an improvement; if no epoch improves, the first epoch that
    is not ignored counts as best, as in Keras. A row that is all nan (there is no validation set) runs to its last
    epoch, which counts as best. skorch's `EarlyStopping(threshold=min_delta, threshold_mode="abs")` uses the same
    criterion.

    Raises `Refused` for a patience below 1 (Keras accepts 0 and treats it as 1), and for a negative `min_delta` or
    `start_from_epoch`.
    """
    if patience < 1:
        raise Refused(N_("Patience must be at least 1 epoch, not {patience}."), patience=patience)
    if min_delta < 0 or start_from_epoch < 0:
        raise Refused(N_("min_delta and start_from_epoch must not be negative."))
    read = [_stopped(row, patience, min_delta, start_from_epoch) for row in val_loss.tolist()]
    stop, best = np.array(read, int).reshape(-1, 2).T
    return stop, best


def _stopped(losses: Sequence[float], patience: int, min_delta: float, start_from_epoch: int) -> tuple[int, int]:
    """Return (stop, best) of one network, see `early_stop`."""
    last = len(losses) - 1
    first = start_from_epoch + 1
    if first > last or all(map(math.isnan, losses)):
        return last, last
    best, least, waited = first, math.inf, 0
    for epoch in range(first, last + 1):
        waited += 1
        if losses[epoch] + min_delta < least:
            best, least, waited = epoch, losses[epoch], 0
        elif waited >= patience and epoch > 1:  # Keras never stops after the very first epoch
            return epoch, best
    return last, best
