"""Splits a data set into a training, a validation and a test set, and scales them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from datasets.dataset import Dataset
from spec import N_


class Scaler(NamedTuple):
    """A way to scale columns: its title, and the name of scikit-learn's class for it."""

    title: str
    name: str


SCALERS: dict[str, Scaler] = {
    "standard": Scaler(N_("standardized: mean 0, standard deviation 1"), "StandardScaler"),
    "sample": Scaler(N_("standardized: standard deviation with n − 1"), "StandardScaler"),
    "minmax": Scaler(N_("min-max scaling to 0 … 1"), "MinMaxScaler"),
    "none": Scaler(N_("unscaled"), "FunctionTransformer"),  # the identity if it has no function
}


class Part(NamedTuple):
    """Inputs [n, columns] and targets [n] in float64; in multi-class classification the targets are integers.

    `rows` [n] are the indices of these rows in the table.
    """

    x: np.ndarray
    y: np.ndarray
    rows: np.ndarray


class Parts(NamedTuple):
    """Training, validation and test set, scaled; `scaler` is the fitted scaler, to be applied to other inputs as well.

    In regression the original target is `unit` times the one in the parts, plus `centre`.
    """

    train: Part
    val: Part
    test: Part
    scaler: Any
    centre: float
    unit: float


def split(
    dataset: Dataset,
    test_size: float = 0.2,
    val_size: float = 0.2,
    split_seed: int = 0,
    *,
    folds: int | None = None,
    fold: int = 0,
    stratify: str = "auto",
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the row indices of the training, the validation and the test set.

    `test_size` is a fraction of all rows; a data set with a test set of its own (`held`) keeps that one. `val_size` is
    a fraction of the remaining rows (0: no validation set). Both splits are scikit-learn's `train_test_split` with
    `random_state=split_seed`. With `folds` the remaining rows are divided into so many folds instead, shuffled with the
    same seed, and number `fold` is the validation set: scikit-learn's `StratifiedKFold` or `KFold`.

    With `stratify` "yes" splits of classes are stratified: every part has the classes in the proportions of the whole.
    That needs two rows of every class and as many rows on each side as there are classes, or in every class as many
    rows as there are folds; where scikit-learn would raise an error, the split is not stratified. "no" never
    stratifies. "auto" means "yes", except that `train_test_split` does not stratify a data set with a `plain_split`.
    """
    # Imported here: it takes a second, and the web process only needs titles and sizes.
    from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

    targets = dataset.read()[1]

    def halves(rows: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
        if not share:
            return rows, rows[:0]
        labels = targets[rows] if stratifies(dataset, stratify, targets[rows], share) else None
        first, second = train_test_split(rows, test_size=share, random_state=split_seed, stratify=labels)
        return np.asarray(first), np.asarray(second)

    rows = np.arange(dataset.rows)
    if dataset.held:
        train, test = rows[: -dataset.held], rows[-dataset.held :]
    else:
        train, test = halves(rows, test_size)
    if folds is not None:
        y = targets[train]
        kind = StratifiedKFold if stratifies_folds(dataset, stratify, y, folds) else KFold
        parts = list(kind(folds, shuffle=True, random_state=split_seed).split(train, y))
        learnt, held = parts[fold]
        return train[learnt], train[held], test
    return *halves(train, val_size), test


def left(dataset: Dataset, test_size: float) -> int:
    """Return the number of rows for training and validation; scikit-learn rounds the size of the test set up."""
    return dataset.rows - (dataset.held or math.ceil(test_size * dataset.rows))


def stratifies(dataset: Dataset, stratify: str, y: np.ndarray, share: float) -> bool:
    """Return whether a split of targets `y` with this share of them in the second part is stratified."""
    wanted = not dataset.plain_split if stratify == "auto" else stratify == "yes"
    counts = np.unique(y, return_counts=True)[1]
    second = math.ceil(share * len(y))
    possible = counts.min() >= 2 and min(second, len(y) - second) >= len(counts)
    return wanted and dataset.task != "numbers" and bool(possible)


def stratifies_folds(dataset: Dataset, stratify: str, y: np.ndarray, folds: int) -> bool:
    """Return whether that many folds of targets `y` are stratified."""
    possible = dataset.task != "numbers" and np.unique(y, return_counts=True)[1].min() >= folds
    return stratify != "no" and bool(possible)


def prepare(
    dataset: Dataset,
    test_size: float = 0.2,
    val_size: float = 0.2,
    split_seed: int = 0,
    scaling: str = "standard",
    scaler_sees: str = "train",
    rows: int | None = None,
    features: Sequence[int] = (),
    label_noise: float = 0.0,
    folds: int | None = None,
    fold: int = 0,
    scale_target: bool = True,
    stratify: str = "auto",
) -> Parts:
    """Split a data set (see `split`), cut its training set to its first `rows` rows, and scale all parts.

    `features` are the indices of the columns to use (empty: all). The scaler is fitted on the training set after the
    cut, or on "train+val", as some lecture notes do; so is scikit-learn's `SimpleImputer`, which replaces missing
    values by the median. Regression targets are standardized with the training set, unless `scale_target` is off, so
    that losses are shares of its variance and learning rates keep their usual size.

    `label_noise` changes targets of the training set, and of no other: each class, with that probability, becomes
    another one, drawn uniformly; a number is shifted by so many standard deviations times a standard normal number. The
    labels that are changed at one level of noise are changed at every higher level too.
    """
    from sklearn import preprocessing
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    x, y = dataset.read()
    x = x[:, list(features)] if features else x
    train, val, test = split(dataset, test_size, val_size, split_seed, folds=folds, fold=fold, stratify=stratify)
    train = train[:rows]
    seen = np.concatenate([train, val]) if scaler_sees == "train+val" else train

    scaler = getattr(preprocessing, SCALERS[scaling].name)()
    imputer = [SimpleImputer(strategy="median", keep_empty_features=True)] if np.isnan(x).any() else []
    whole = make_pipeline(*imputer, scaler).fit(x[seen])
    if scaling == "sample":
        scaler.scale_ = scaler.scale_ * math.sqrt(len(seen) / max(len(seen) - 1, 1))

    centre, unit = 0.0, 1.0
    if dataset.task == "numbers" and scale_target:
        centre, unit = float(y[train].mean()), float(y[train].std()) or 1.0
        y = (y - centre) / unit
    if label_noise:
        spoilt = _spoilt(dataset, y, label_noise, float(y[train].std()), split_seed)
        y = np.where(np.isin(np.arange(len(y)), train), spoilt, y)
    x, y = whole.transform(x).astype(float), y.astype(np.int64 if dataset.task == "classes" else float)
    learnt, held, last = (Part(x[index], y[index], index) for index in (train, val, test))
    return Parts(learnt, held, last, whole, centre, unit)


def _spoilt(dataset: Dataset, y: np.ndarray, share: float, spread: float, seed: int) -> np.ndarray:
    """Return the targets with noise, see `prepare`; `spread` is the standard deviation of regression targets."""
    source = np.random.default_rng([seed, 3])
    if dataset.task == "numbers":
        return y + share * spread * source.standard_normal(len(y))
    chosen = source.random(len(y)) < share
    classes = max(len(dataset.classes), 2)
    other = (y + source.integers(1, classes, len(y))) % classes
    return np.where(chosen, other, y)
