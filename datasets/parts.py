"""A table becomes three parts: one to learn from, one to choose by, and one that is looked at once, at the end."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from datasets.dataset import Dataset

# What a scaler does, in one line each; the classes are scikit-learn's.
SCALERS: dict[str, str] = {
    "standard": "StandardScaler",  # mean 0, standard deviation 1
    "minmax": "MinMaxScaler",  # from 0 to 1
    "none": "FunctionTransformer",  # as it is: without a function, scikit-learn's identity
}


class Part(NamedTuple):
    """Inputs [n, columns] in float32, and targets [n]: whole numbers for classes, float32 for binary and numbers."""

    x: np.ndarray
    y: np.ndarray


class Parts(NamedTuple):
    """The three parts, scaled; `scaler` is the fitted scaler, which other points of the input space pass as well."""

    train: Part
    val: Part
    test: Part
    scaler: Any


def prepare(
    dataset: Dataset,
    test_size: float = 0.2,
    val_size: float = 0.2,
    split_seed: int = 0,
    scaling: str = "standard",
    scaler_sees: str = "train",
    rows: int | None = None,
) -> Parts:
    """Split a data set, cut its training part to its first `rows` rows, and scale all parts.

    `test_size` is a share of the whole, `val_size` a share of what the test part leaves (0: no validation part). Both
    splits are scikit-learn's `train_test_split` with `random_state=split_seed`. The scaler is fitted on the training
    part as it was cut, or on "train+val", as some lecture notes do. Targets that are numbers are standardised by the
    training part, so that losses are shares of its variance and learning rates keep their usual size.
    """
    # Imported here: it takes a second, and the web process only ever wants titles and sizes.
    from sklearn import preprocessing
    from sklearn.model_selection import train_test_split

    x, y = dataset.read()
    train, test = train_test_split(np.arange(len(x)), test_size=test_size, random_state=split_seed)
    val = train[:0]
    if val_size:
        train, val = train_test_split(train, test_size=val_size, random_state=split_seed)
    train = train[:rows]

    scaler = getattr(preprocessing, SCALERS[scaling])()
    scaler.fit(x[np.concatenate([train, val])] if scaler_sees == "train+val" else x[train])
    if dataset.task == "numbers":
        y = (y - y[train].mean()) / (y[train].std() or 1.0)
    y_dtype = np.int64 if dataset.task == "classes" else np.float32
    x, y = scaler.transform(x).astype(np.float32), y.astype(y_dtype)
    return Parts(Part(x[train], y[train]), Part(x[val], y[val]), Part(x[test], y[test]), scaler)
