"""What is written down of networks in training beside their curves: one entry of `RECORDS` each.

A page names the records it draws; nobody else pays for them. torch is imported inside functions, as only workers call
them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from experiments import layers, results

if TYPE_CHECKING:
    from torch import Tensor

    from experiments.fit import Fit
    from experiments.training import Data
    from networks.stack import Stack
    from networks.tasks import Task

Array = np.ndarray[Any, np.dtype[Any]]
TRACED = 6  # weights whose history is told
BINS, BIN = 401, 0.02  # of the histograms of weights: how many, and how wide; the middle one lies around 0
ZERO = 1e-3  # a weight below this in size does as good as nothing


class Glimpse(NamedTuple):
    """The networks of one group as they stand after an epoch.

    Row i of `stack`, and of `best` (the weights with the lowest validation loss so far), is the network of
    `variants[i]`; it learns from row `which[i]` of every tensor in `tables`. `seconds` is the time that the epoch took
    to train, for all of them together; measuring is not counted.
    """

    stack: Stack
    best: Stack
    variants: Sequence[Fit]
    tables: Data
    which: Tensor
    task: Task
    seconds: float = 0.0


def every(epochs: int) -> Array:
    """Return all epochs, the untrained network's included."""
    return np.arange(epochs + 1)


def snapshots(epochs: int, most: int = 30) -> Array:
    """Return at most `most` epochs from 0 to the last, closer together in the beginning, where most happens."""
    return np.unique(np.rint(epochs * np.linspace(0, 1, most) ** 2).astype(int))


def last(epochs: int) -> Array:
    """Return the last epoch."""
    return np.array([epochs])


@dataclass(frozen=True)
class Record:
    """`take(glimpse)` returns what is written down [k, ...], of one shape every time; `moments(epochs)` when."""

    take: Callable[[Glimpse], Array]
    moments: Callable[[int], Array] = snapshots


def take(recorded: dict[str, list[Array]], glimpse: Glimpse, epoch: int, epochs: int) -> None:
    """Add to every list what its record says of this epoch, where it is one of its moments."""
    for name, seen in recorded.items():
        record = RECORDS[name]
        if epoch in record.moments(epochs):
            seen.append(record.take(glimpse))


def _traces(glimpse: Glimpse) -> Array:
    """Return `TRACED` of each network's weights [k, TRACED], evenly spread over its layers, the first and last too."""
    stack = glimpse.stack
    return stack.params[:, np.linspace(0, stack.n_weights - 1, TRACED).astype(int)].copy()


def _boundaries(glimpse: Glimpse) -> Array:
    """Return the decision boundaries [k, 64, 64] in uint8, as `History.boundary`; there is none without a grid."""
    from experiments.training import boundary

    assert glimpse.tables.grid is not None, "this record is for data that can be drawn"
    return boundary(glimpse.stack.evaluate(glimpse.tables.grid, glimpse.which))


def _weights(glimpse: Glimpse) -> Array:
    """Return how many weights of each network lie in each bin [k, BINS]; the outermost also count what lies beyond.

    A network that has diverged has none.
    """
    weights = glimpse.stack.params[:, : glimpse.stack.n_weights]
    counts = np.zeros((len(weights), BINS), np.int32)
    for row, own in zip(counts, weights, strict=True):
        finite = own[np.isfinite(own)].astype(np.float64)
        places = np.clip(np.rint(finite / BIN), -(BINS // 2), BINS // 2).astype(int) + BINS // 2
        row[:] = np.bincount(places, minlength=BINS)
    return counts


def _zeros(glimpse: Glimpse) -> Array:
    """Return the share of each network's weights [k] that are as good as 0."""
    weights = glimpse.stack.params[:, : glimpse.stack.n_weights]
    return (np.abs(weights) < ZERO).mean(axis=1)


def _tests(glimpse: Glimpse) -> Array:
    """Return the loss (0) and the score (1) on either half of the test part, and on the whole [k, 2, 3].

    Only to show what the luck in a test score is worth, and what early stopping keeps. The seed of the split deals the
    rows to the halves.
    """
    outputs, y = glimpse.stack.evaluate(glimpse.tables.test_x, glimpse.which), glimpse.tables.test_y[glimpse.which]
    order = np.random.default_rng([glimpse.variants[0].split_seed, 5]).permutation(y.shape[1])
    parts = (*np.array_split(order, 2), slice(None))
    return np.stack([glimpse.task.measure(outputs[:, part], y[:, part]) for part in parts], axis=-1).swapaxes(0, 1)


def _seconds(glimpse: Glimpse) -> Array:
    """Return how long the epoch took to train [k]: the one record that depends on the machine."""
    return np.full(len(glimpse.variants), glimpse.seconds)


RECORDS: dict[str, Record] = {
    "layers": Record(layers.look),
    "outputs": Record(results.outputs, last),
    "seconds": Record(_seconds, every),
    "traces": Record(_traces, every),
    "boundaries": Record(_boundaries),
    "tests": Record(_tests, every),
    "weights": Record(_weights),
    "zeros": Record(_zeros),
}
