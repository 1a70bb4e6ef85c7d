"""The study of overfitting: one large network on few rows, without and with each remedy against overfitting.

A remedy is a field of `Remedies`: its name, its strength, and how it changes the network without it. To add a remedy,
add a field; the page, the figure and the sentence find it in `REMEDIES`.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from datasets import find
from experiments.fit import Fit, History, check_size
from experiments.presets import Preset, offered
from experiments.stopping import Stopping
from optimizers import SGD, Adam, Optimizer
from spec import N_, check, same, setting

Change = Callable[[Fit, Any], Fit]


class Remedy(NamedTuple):
    """One remedy against overfitting; `change(fit, value)` returns a network with it, of this strength.

    `title` is the name of a network that has it, with its {value}. A remedy that is `usual` is among the main settings.
    """

    title: str
    change: Change
    usual: bool


def remedy(field: Any, title: str, change: Change, *, usual: bool = False) -> Any:
    """Return a field of a Spec that is a remedy; a value of 0, empty or False leaves it out."""
    metadata: Mapping[str, Any] = {**field.metadata, "remedy": Remedy(title, change, usual)}
    return dataclasses.field(default=field.default, metadata=metadata)


def _sets(name: str) -> Change:
    """Return the change that sets field `name` of a network to the remedy's value."""
    return lambda fit, value: replace(fit, **{name: value})


def _penalised(fit: Fit, strengths: tuple[float, float]) -> Fit:
    """Return a network with both penalties added to those it may have: the elastic net of Zou and Hastie (2005)."""
    return replace(fit, l1=fit.l1 + strengths[0], l2=fit.l2 + strengths[1])


def _more(fit: Fit, times: int) -> Fit:
    return fit if fit.rows is None else replace(fit, rows=fit.rows * max(times, 1))


def _fewer(fit: Fit, columns: tuple[int, ...]) -> Fit:
    """Return a network that sees only these columns; a data set with two keeps both, because its boundary is drawn."""
    there = tuple(dict.fromkeys(column for column in columns if column < find(fit.dataset).columns))
    return fit if two_dimensional(fit.dataset) else replace(fit, features=there)


@dataclass(frozen=True)
class Remedies(Stopping):
    """A large network on few rows, with and without each remedy against overfitting.

    A strength of 0, an empty list or a switch that is off leaves that remedy out, and so does one that changes nothing
    here. `together` adds a network with all of them.
    """

    dataset: str = same(Fit, "dataset", "moons")
    rows: int | None = same(Fit, "rows", 80)
    label_noise: float = same(Fit, "label_noise", 0.2)
    hidden: tuple[int, ...] = same(Fit, "hidden", (64, 64))
    optimizer: Optimizer = same(Fit, "optimizer", Adam(lr=0.01))  # noqa: RUF009 (a frozen optimizer)
    dropout: float = remedy(same(Fit, "dropout", 0.3), N_("Dropout {value}"), _sets("dropout"), usual=True)
    l2: float = remedy(same(Fit, "l2", 0.01), N_("L2 {value}"), _sets("l2"), usual=True)
    l1: float = remedy(same(Fit, "l1", 0.004), N_("L1 {value}"), _sets("l1"), usual=True)
    dropout_by_layer: tuple[float, ...] = remedy(
        same(Fit, "dropout_by_layer", ()), N_("Dropout {value}"), _sets("dropout_by_layer")
    )
    elastic: tuple[float, float] = remedy(
        setting(
            (0.0, 0.0), N_("Elastic net: L1 and L2 penalty"), minimum=0, maximum=1000,
            help=N_("Both penalties together, for example 0.002, 0.01. 0, 0: off."),
        ),
        N_("Elastic net {value}"), _penalised,
    )  # fmt: skip
    linf: float = remedy(same(Fit, "linf", 0.0), N_("L∞ {value}"), _sets("linf"))
    batch_norm: bool = remedy(same(Fit, "batch_norm", False), N_("Batch normalization"), _sets("batch_norm"))
    smaller: tuple[int, ...] = remedy(
        setting(
            (), N_("Smaller network: hidden units"), minimum=1, maximum=512,
            help=N_("The hidden units of a smaller network, such as 6 or 8, 8. Empty: off."),
        ),
        N_("Units {value}"), _sets("hidden"),
    )  # fmt: skip
    more: int = remedy(
        setting(
            0, N_("More data: multiple of the training rows"), low=0, high=10, minimum=0, maximum=1000,
            help=N_("Multiplies the number of training rows, as far as rows are available. 0: off."),
        ),
        N_("Rows × {value}"), _more,
    )  # fmt: skip
    columns: tuple[int, ...] = remedy(
        setting(
            (), N_("Fewer columns: columns to keep"), minimum=0, maximum=999,
            help=N_("The columns to keep, numbered from 0. Empty: off. Two-dimensional data keep both columns."),
        ),
        N_("Columns {value}"), _fewer,
    )  # fmt: skip
    together: bool = setting(False, N_("Add a network with all methods"))
    activation: str = same(Fit, "activation", "relu")
    init: str = same(Fit, "init", "he")
    batch_size: int | None = same(Fit, "batch_size", None)
    epochs: int = same(Fit, "epochs", 400)
    seed: int = same(Fit, "seed", 0)

    def __post_init__(self) -> None:
        check(self)
        check_size(self.variants())

    @classmethod
    def on(cls, dataset: str) -> Remedies:
        """Return the study that shows overfitting on a data set: a preset, or one with few enough rows to overfit."""
        for preset in PRESETS.values():
            if preset.spec.dataset == dataset:
                return preset.spec
        if two_dimensional(dataset):
            return cls(dataset)
        return cls(
            dataset, 80, 0.0, (128, 128), Adam(lr=0.005), dropout=0.5, l2=0.02, l1=0.004, batch_size=32, epochs=150
        )

    @property
    def remedies(self) -> tuple[dict[str, Any], ...]:
        """What distinguishes the networks, as {remedy: value}; the first, without a remedy, is empty."""
        values = {name: getattr(self, name) for name in REMEDIES}
        plain = self._plain()
        alone = [
            {name: value} for name, value in values.items() if _strong(value) and _with(plain, {name: value}) != plain
        ]
        every = {name: value for one in alone for name, value in one.items()}
        return ({}, *alone, *([every] if self.together and len(alone) > 1 else []))

    def variants(self) -> tuple[Fit, ...]:
        """Return the network without a remedy and one for each; all have the same seed, initial weights and batches."""
        return _variants(self)

    def _plain(self) -> Fit:
        return Fit(
            self.dataset, self.hidden, self.activation, self.init, optimizer=self.optimizer,
            batch_size=self.batch_size, epochs=self.epochs, seed=self.seed, rows=self.rows,
            label_noise=self.label_noise,
        )  # fmt: skip


@functools.lru_cache(maxsize=256)  # validating the networks takes too long to repeat each time a page asks
def _variants(study: Remedies) -> tuple[Fit, ...]:
    plain = study._plain()
    return tuple(_with(plain, remedies) for remedies in study.remedies)


def _strong(value: Any) -> bool:
    return any(value) if isinstance(value, tuple) else bool(value)


def _with(fit: Fit, remedies: Mapping[str, Any]) -> Fit:
    for name, value in remedies.items():
        fit = REMEDIES[name].change(fit, value)
    return fit


REMEDIES: dict[str, Remedy] = {
    field.name: field.metadata["remedy"] for field in dataclasses.fields(Remedies) if "remedy" in field.metadata
}


def presets() -> dict[str, Preset[Remedies]]:
    """Return the experiments that start with one click, if this server's limits allow them.

    The first one for a data set is the page's default for it; the first of all is what the page opens on.
    """
    return offered(
        {
            "circles": lambda: Preset(
                N_("Two circles, label noise"),
                N_("50 training rows, and about one label in five is wrong. The validation loss falls, turns in the "
                   "first half of the training, and rises."),
                Remedies(
                    "circles", 50, 0.2, (192, 128), Adam(lr=0.004), dropout=0.3, l2=0.01, l1=0.008, epochs=270, seed=4
                ),
            ),
            "moons": lambda: Preset(
                N_("Two moons, label noise"),
                N_("80 training rows, and about one label in five is wrong. The network learns these labels too."),
                Remedies(),
            ),
            "diabetes": lambda: Preset(
                N_("Diabetes, 150 rows"),
                N_("Regression with few rows."),
                Remedies(
                    "diabetes", 150, 0.0, optimizer=Adam(lr=0.002), dropout=0.4, l2=0.1, l1=0.02, batch_size=32,
                    epochs=150,
                ),
            ),
            "mnist": lambda: Preset(
                N_("MNIST, 300 images"),
                N_("A 784-100x6-10 network, as in the lecture. Training accuracy reaches 1; validation accuracy "
                   "stays lower."),
                Remedies(
                    "mnist", 300, 0.0, (100,) * 6, SGD(lr=0.01), dropout=0.2, l2=0.1, l1=0.0, batch_size=100,
                    epochs=301,
                ),
                "score",
            ),
            "titanic": lambda: Preset(
                N_("Titanic, dropout per layer"),
                N_("A 10-32-64-32-16-4-1 network, as in the lecture, trained for 1,000 epochs. The lecture plots "
                   "the accuracy; the losses differ much more."),
                Remedies(
                    "titanic", None, 0.0, (32, 64, 32, 16, 4), Adam(lr=0.001), dropout=0.0, l2=0.0, l1=0.0,
                    dropout_by_layer=(0.5, 0.7), batch_size=64, epochs=1000,
                ),
                "score",
            ),
            "batch_norm": lambda: Preset(
                N_("Batch normalization"),
                N_("Batch normalization and dropout, each alone, with batches of 16 rows."),
                Remedies(dropout=0.3, l2=0.0, l1=0.0, batch_norm=True, batch_size=16, epochs=200),
            ),
            "linf": lambda: Preset(
                N_("L1, L2 and L∞"),
                N_("Three penalties, each alone: on the sum of the absolute weights, on the sum of their squares, "
                   "and on the largest absolute weight."),
                Remedies(dropout=0.0, linf=0.1),
            ),
        }
    )  # fmt: skip


PRESETS = presets()
"""The experiments that start with one click; the networks for MNIST and Titanic are those of the lecture notes."""


class Opening(NamedTuple):
    """Where the generalization gap opens: the epoch (-1 if it does not) and its size at the end."""

    epoch: int
    end: float


def gap(history: History, row: int) -> Opening:
    """Return when the generalization gap of one variant opens for good.

    It opens at the first epoch from which on the validation loss exceeds the training loss by more than a quarter of
    the lowest validation loss. The gap of the untrained network is subtracted: it is only the difference between two
    samples.
    """
    val, train = history.val_loss[row], history.train_loss[row]
    if not val.size:
        return Opening(-1, float("nan"))
    with np.errstate(invalid="ignore"):  # divergence is data
        between = val - train
        wide = between - np.maximum(between[0], 0) > np.fmin.reduce(val) / 4
    stays = np.logical_and.accumulate(wide[::-1])[::-1]
    return Opening(int(stays.argmax()) if stays.any() else -1, float(between[-1]))


def two_dimensional(dataset: str) -> bool:
    """Return whether a data set's decision boundary can be drawn."""
    return find(dataset).box is not None
