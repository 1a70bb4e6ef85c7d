"""What scaling the columns does to the loss: a linear model with two weights, whose whole loss surface can be seen.

The model is fitted by least squares to two columns of real data, once as they are and once scaled. Both are the same
model in other units, so both surfaces have the same floor; only their shape differs, and with it the way down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from datasets import DATASETS, find
from experiments.descend import Race, contenders_for, rerated
from optimizers import Optimizer
from spec import N_, Refused, check, same, setting
from surfaces.bowls import LeastSquares

Array = np.ndarray

BIAS = -1  # in the place of a column's number
TABLES = ("scores", "california")  # with a number to predict and columns of very different size
RULES = ("sgd", "momentum", "adam")
MOST = 4


@dataclass(frozen=True)
class Stretch:
    """A linear model of two columns, or of one column and a bias (`second` is `BIAS`), and the rules that fit it.

    With two columns the bias always takes its best value for the present weights, so that two weights are all there is.
    The contenders' learning rates are those on the scaled surface; on the other one each is as far from the rate that
    suits it there, or the very same where `same_rate` is on. Raises `Refused` where a column is not there, is the
    other one, or has one value only.
    """

    dataset: str = setting("scores", N_("Data set"), choices=TABLES)
    first: int = setting(0, N_("Column of the first weight"), low=0, high=7, minimum=0, maximum=7)
    second: int = setting(
        BIAS, N_("Column of the second weight"), low=BIAS, high=7, minimum=BIAS, maximum=7,
        help=N_("The bias is the weight of a column that is 1 in every row."),
    )  # fmt: skip
    scaling: str = setting("standard", N_("Scaling"), choices=("standard", "minmax"))
    contenders: tuple[Optimizer, ...] = setting((), N_("Optimizers"))
    steps: int = same(Race, "steps", 100)
    same_rate: bool = setting(
        False, N_("same learning rates on both surfaces"), help=N_("Off: each surface has learning rates that suit it.")
    )

    def __post_init__(self) -> None:
        check(self)
        count = find(self.dataset).columns
        if max(self.first, self.second) >= count:
            raise Refused(N_("This data set has {count} columns, numbered from 0."), count=count)
        if self.first == self.second:
            raise Refused(N_("Choose two different columns, or the bias as the second."))
        if not self.contenders:
            object.__setattr__(self, "contenders", contenders_for(self.surface(self.scaling), RULES))
        if len(self.contenders) > MOST:
            raise Refused(
                N_("Between 1 and {most} optimizers can be shown, not {count}."), most=MOST, count=len(self.contenders)
            )
        self.races()  # raises Refused where these settings make no race

    @classmethod
    def on(cls, dataset: str) -> Stretch:
        """Return the study with the columns of a data set that show most."""
        return cls() if dataset == "scores" else cls(dataset, first=0, second=1)

    def on_columns(self, **fields: int | str) -> Stretch:
        """Return the study of other columns or another scaling; each rate keeps its proportion to the suited one."""
        other = replace(self, **fields, contenders=())
        return replace(other, contenders=rerated(self.races()[1], other.surface(other.scaling)))

    def surface(self, scaling: str) -> str:
        """Return the name of the loss surface under a scaling, see `surfaces.find`."""
        return _surface(self.dataset, self.first, self.second, scaling)

    def races(self) -> tuple[Race, Race]:
        """Return the race on the columns as they are, and the one on the scaled columns; both start at weights 0."""
        scaled = Race(self.surface(self.scaling), self.contenders, (0.0, 0.0), self.steps)
        plain = replace(scaled, surface=self.surface("none"))
        if not self.same_rate:
            plain = replace(plain, contenders=rerated(scaled, plain.surface))
        return plain, scaled


@lru_cache(maxsize=64)
def _surface(dataset: str, first: int, second: int, scaling: str) -> str:
    x, y = DATASETS[dataset].read()
    return loss_surface(columns(x[:, first], None if second == BIAS else x[:, second], scaling), y).name


def columns(first: Array, second: Array | None, scaling: str) -> Array:
    """Return the two columns [rows, 2] that the weights multiply: scaled, and a column of ones for the bias.

    "standard" gives mean 0 and deviation 1, "minmax" a range from 0 to 1, as scikit-learn's scalers do; "none" leaves
    them as they are.
    """
    return np.stack([_scaled(first, scaling), np.ones(len(first)) if second is None else _scaled(second, scaling)], 1)


def _scaled(column: Array, scaling: str) -> Array:
    column = np.asarray(column, float)
    if scaling == "none" or np.ptp(column) == 0:
        return column
    if scaling == "minmax":
        return (column - column.min()) / np.ptp(column)
    return (column - column.mean()) / column.std()


def loss_surface(a: Array, y: Array) -> LeastSquares:
    """Return the mean squared error of y by the columns a [rows, 2] as a surface over their two weights.

    Unless a column is constant, there is a bias beside them, which is at its best for any weights,
    mean(y) - w · mean(a); what is left is the error of the centred columns. Raises `Refused` where no single pair of
    weights is best.
    """
    if np.ptp(a, axis=0).all():
        a, y = a - a.mean(0), y - y.mean()
    products = a.T @ a / len(a)
    (xx, xy), (_, yy) = products
    LeastSquares(xx=float(xx), xy=float(xy), yy=float(yy))  # refuses columns that tell the same
    best = np.linalg.lstsq(a, y, rcond=None)[0]
    return LeastSquares(
        float(xx), float(xy), float(yy), float(best[0]), float(best[1]), float(np.mean((y - a @ best) ** 2))
    )


def condition(surface: LeastSquares) -> float:
    """Return how many times steeper a surface is curved across than along: the ratio of the Hessian's eigenvalues."""
    low, high = surface.curvatures
    return high / low if low > 0 else math.inf
