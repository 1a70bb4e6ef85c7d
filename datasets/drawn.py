"""Drawn data: points in the plane that follow a formula plus noise, so that a decision boundary can be seen."""

from __future__ import annotations

from functools import partial

import numpy as np

from datasets.dataset import Dataset, Table
from spec import N_


def moons(rows: int, noise: float, seed: int) -> Table:
    """Draw two interleaved half circles of radius 1, shifted by normal noise.

    The first half of the rows lies on (cos t, sin t), class 0, the other on (1 - cos t, 1/2 - sin t), class 1, with t
    evenly spaced on [0, pi]: the curves of scikit-learn's `make_moons`.
    """
    t = np.linspace(0, np.pi, rows // 2)
    upper = np.column_stack([np.cos(t), np.sin(t)])
    lower = np.column_stack([1 - np.cos(t), 0.5 - np.sin(t)])
    return _with_noise([upper, lower], noise, seed)


def circles(rows: int, noise: float, seed: int) -> Table:
    """Draw a circle of radius 1, class 0, round one of radius 1/2, class 1, shifted by normal noise.

    Angles are evenly spaced on [0, 2 pi): the curves of scikit-learn's `make_circles` at `factor=0.5`.
    """
    t = np.linspace(0, 2 * np.pi, rows // 2, endpoint=False)
    outer = np.column_stack([np.cos(t), np.sin(t)])
    return _with_noise([outer, outer / 2], noise, seed)


def spiral(rows: int, noise: float, seed: int) -> Table:
    """Draw two arms of an Archimedean spiral, shifted by normal noise.

    The first arm, class 0, is t (cos 3 pi t, sin 3 pi t) with t evenly spaced on [0.1, 1]: one turn and a third. The
    second, class 1, is the first turned by half a turn.
    """
    t = np.linspace(0.1, 1, rows // 2)
    arm = np.column_stack([t * np.cos(3 * np.pi * t), t * np.sin(3 * np.pi * t)])
    return _with_noise([arm, -arm], noise, seed)


def _with_noise(curves: list[np.ndarray], noise: float, seed: int) -> Table:
    points = np.concatenate(curves)
    points += noise * np.random.default_rng(seed).standard_normal(points.shape)
    return points, np.repeat(np.arange(len(curves)), [len(curve) for curve in curves])


_SOURCE = N_("Drawn by a formula, always with the same random numbers.")
_TERMS = N_("No data behind it: free to use.")
_NAMES = ("x", "y")

DRAWN = (
    Dataset(
        key="moons",
        title=N_("Two moons"),
        sentence=N_("A row is a point of the plane; tell on which of two interleaved half circles it lies."),
        task="binary",
        rows=400,
        columns=2,
        classes=(N_("upper moon"), N_("lower moon")),
        source=_SOURCE,
        terms=_TERMS,
        read=partial(moons, 400, noise=0.25, seed=0),
        names=_NAMES,
        box=((-2.0, 3.0), (-1.5, 2.0)),
    ),
    Dataset(
        key="circles",
        title=N_("Two circles"),
        sentence=N_("A row is a point of the plane; tell the outer circle from the inner."),
        task="binary",
        rows=400,
        columns=2,
        classes=(N_("outer circle"), N_("inner circle")),
        source=_SOURCE,
        terms=_TERMS,
        read=partial(circles, 400, noise=0.12, seed=0),
        names=_NAMES,
        box=((-1.5, 1.5), (-1.5, 1.5)),
    ),
    Dataset(
        key="spiral",
        title=N_("Spiral"),
        sentence=N_("A row is a point of the plane; tell on which of two winding arms it lies."),
        task="binary",
        rows=400,
        columns=2,
        classes=(N_("first arm"), N_("second arm")),
        source=_SOURCE,
        terms=_TERMS,
        read=partial(spiral, 400, noise=0.03, seed=0),
        names=_NAMES,
        box=((-1.25, 1.25), (-1.25, 1.25)),
    ),
)
