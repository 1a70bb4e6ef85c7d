"""Activations and gradients in the layers of a network: their distributions, as numbers.

This module handles torch tensors but does not import torch: the web process reads what this module has recorded.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from experiments.snapshot import Snapshot
from networks import ACTIVATIONS

Array = np.ndarray[Any, np.dtype[Any]]

ROWS = 256  # training rows, at most, in the forward pass
BINS = 41  # odd: an activation of 0 lies in the middle of a bin
DECADES = (-10.0, 2.0)  # range of the absolute gradients, in powers of ten
NEAR = 0.005  # an activation this close to a limit, as a share of the range between its limits, is saturated


class Layers(NamedTuple):
    """What is recorded for k networks and their L hidden layers at each recorded epoch (moment).

    For the activations, [k, L, moments]: their `mean` and standard `deviation`, the share that is `lost` (see
    `lost_share`), and the shares that lie `below` and `above` the range of `histogram` [k, L, BINS, moments]. For the
    gradient of the mean loss with respect to the layer's weights: its root mean square `gradient`, the shares that are
    `fainter` and `stronger` than DECADES, and a histogram of its absolute values on a logarithmic scale, `gradients`.
    The first and last bin of a histogram also count the values beyond its range.
    """

    mean: Array
    deviation: Array
    lost: Array
    below: Array
    above: Array
    gradient: Array
    fainter: Array
    stronger: Array
    histogram: Array
    gradients: Array


def read(record: Array | None, k: int, depth: int) -> Layers:
    """Split what `look` has recorded for k networks with `depth` hidden layers, [k, L, numbers, moments].

    None is a record that has not begun: it has no moments.
    """
    single = len(Layers._fields) - 2
    if record is None:
        record = np.empty((k, depth, single + 2 * BINS, 0))
    numbers = (record[:, :, i] for i in range(single))
    return Layers._make([*numbers, record[:, :, single : single + BINS], record[:, :, single + BINS :]])


def look(snapshot: Snapshot) -> Array:
    """Return what `Layers` describes, as [k, L, numbers], for a batch of each network's first training rows.

    The gradient is that of the mean loss of these rows, without penalties. For a network that has diverged, nan values
    are not counted in any bin.
    """
    x, y = (table[:, :ROWS][snapshot.which] for table in (snapshot.tables.train_x, snapshot.tables.train_y))
    stack = snapshot.stack.copy()  # otherwise these rows would change the running statistics of batch normalization
    outputs = stack(x)
    stack.backward(snapshot.task.slope(outputs, y) / x.shape[1])
    values = [layer.numpy() for layer in stack.activations]
    counts = [weight.shape[1] * weight.shape[2] for weight in stack.weights[:-1]]
    gradients = np.split(stack.grads[:, : stack.n_weights], np.cumsum(counts), axis=1)
    limits = ACTIVATIONS[snapshot.variants[0].activation].limits
    with np.errstate(all="ignore"):  # divergence is data
        told = [_told(a, g, limits) for a, g in zip(values, gradients[:-1], strict=True)]
    return np.stack(told, axis=1)


def _told(values: Array, gradients: Array, limits: tuple[float, float]) -> Array:
    """Return all numbers of one layer [k, numbers], from its activations [k, rows, units] and its gradients [k, n]."""
    low, high = span(limits)
    flat = values.reshape(len(values), -1).astype(float)
    sizes = np.log10(np.abs(gradients))
    square = np.mean(gradients.astype(float) ** 2, axis=1)
    numbers = (
        flat.mean(1), flat.std(1), lost_share(values, limits), (flat < low).mean(1), (flat > high).mean(1),
        np.sqrt(square), (sizes < DECADES[0]).mean(1), (sizes > DECADES[1]).mean(1),
    )  # fmt: skip
    return np.concatenate([np.stack(numbers, 1), count(flat, low, high), count(sizes, *DECADES)], axis=1)


def span(limits: tuple[float, float]) -> tuple[float, float]:
    """Return the range of a histogram of activations: their limits, or else -1 and 4, for inputs of variance 1."""
    low, high = limits
    return (low if math.isfinite(low) else -1.0, high if math.isfinite(high) else 4.0)


def saturation(limits: tuple[float, float]) -> tuple[float, float]:
    """Return the values below and above which a bounded activation is saturated; for tanh -0.99 and 0.99."""
    low, high = limits
    return low + NEAR * (high - low), high - NEAR * (high - low)


def lost_share(values: Array, limits: tuple[float, float]) -> Array:
    """Return the share [k] of activations [k, rows, units] that let no gradient through.

    For an activation function with two limits, it is the share of saturated values. With only a lower limit, it is the
    share of dead units: those at the limit in every row. Without limits there is no such share: nan.
    """
    low, high = limits
    if not math.isfinite(low):
        share = np.full(len(values), np.nan)
    elif math.isfinite(high):
        lower, upper = saturation(limits)
        share = ((values < lower) | (values > upper)).mean((1, 2))
    else:
        share = (values == low).all(axis=1).mean(1)
    return np.where(np.isnan(values).any((1, 2)), np.nan, share)


def count(values: Array, low: float, high: float) -> Array:
    """Return how many values [k, n] lie in each of BINS equal bins from `low` to `high`, [k, BINS].

    The first and the last bin also count the values beyond them; nan is not counted.
    """
    place = np.clip(np.floor((values - low) * (BINS / (high - low))), 0, BINS - 1)
    place += BINS * np.arange(len(values))[:, None]
    return np.bincount(place[~np.isnan(place)].astype(int), minlength=BINS * len(values)).reshape(-1, BINS)
