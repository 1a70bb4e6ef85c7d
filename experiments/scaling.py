"""The effect of column scaling on the loss: a linear model with two weights, so that its whole loss surface is visible.

The model is fitted by least squares to two columns of real data, once unscaled and once scaled. Both are the same model
in different units, so both surfaces have the same minimum value; only their shape differs, and with it the path down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from datasets import DATASETS, find
from experiments.descend import Race, contenders_for, rerated
from optimizers import Optimizer
from spec import N_, N_n, Refused, check, same, setting
from surfaces.bowls import LeastSquares

Array = np.ndarray

BIAS = -1  # in place of a column number
TABLES = ("scores", "california")  # regression data sets whose columns differ greatly in scale
RULES = ("sgd", "momentum", "adam")
MOST = 4


@dataclass(frozen=True)
class ColumnScaling:
    """A linear model of two columns, or of one column and a bias (`second` is `BIAS`), and the optimizers that fit it.

    With two columns the bias always has its best value for the current weights, so that only two weights remain. The
    contenders' learning rates are those on the scaled surface; on the unscaled surface each keeps its ratio to the
    recommended learning rate, or is the same if `same_rate` is on. Raises `Refused` if a column does not exist, equals
    the other one, or is constant.
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
            text = N_n("This data set has {count} column, numbered from 0.",
                       "This data set has {count} columns, numbered from 0.", count)  # fmt: skip
            raise Refused(text, count=count)
        if self.first == self.second:
            raise Refused(N_("Choose two different columns, or the bias as the second."))
        if not self.contenders:
            object.__setattr__(self, "contenders", contenders_for(self.surface(self.scaling), RULES))
        if len(self.contenders) > MOST:
            raise Refused(
                N_("Between 1 and {most} optimizers can be shown, not {count}."), most=MOST, count=len(self.contenders)
            )
        self.races()  # raises Refused if the races are not valid

    @classmethod
    def on(cls, dataset: str) -> ColumnScaling:
        """Return the study with the most instructive columns of a data set."""
        return cls() if dataset == "scores" else cls(dataset, first=0, second=1)

    def on_columns(self, **fields: int | str) -> ColumnScaling:
        """Return the study of other columns or scaling; learning rates keep their ratio to those recommended."""
        other = replace(self, **fields, contenders=())
        return replace(other, contenders=rerated(self.races()[1], other.surface(other.scaling)))

    def surface(self, scaling: str) -> str:
        """Return the name of the loss surface under a scaling, see `surfaces.find`."""
        return _surface(self.dataset, self.first, self.second, scaling)

    def races(self) -> tuple[Race, Race]:
        """Return the races on the unscaled and on the scaled columns; both start at weights 0."""
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

    "standard" gives mean 0 and standard deviation 1, "minmax" the range from 0 to 1, like scikit-learn's scalers;
    "none" leaves the columns as they are.
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
    """Return the mean squared error of predicting y from the columns a [rows, 2], as a surface over the two weights.

    Unless a column is constant, the model also has a bias, which is at its best value for any weights, mean(y) - w ·
    mean(a); what remains is the error of the centred columns. Raises `Refused` if the best weights are not unique.
    """
    if np.ptp(a, axis=0).all():
        a, y = a - a.mean(0), y - y.mean()
    products = a.T @ a / len(a)
    (xx, xy), (_, yy) = products
    LeastSquares(xx=float(xx), xy=float(xy), yy=float(yy))  # refuses collinear columns
    best = np.linalg.lstsq(a, y, rcond=None)[0]
    return LeastSquares(
        float(xx), float(xy), float(yy), float(best[0]), float(best[1]), float(np.mean((y - a @ best) ** 2))
    )


def condition(surface: LeastSquares) -> float:
    """Return the condition number of a surface: the ratio of the Hessian's eigenvalues, largest to smallest."""
    low, high = surface.curvatures
    return high / low if low > 0 else math.inf
