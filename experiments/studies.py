"""A study is a question about networks, turned into variants that train together.

`Comparison` asks what one setting changes, `Remedies` what each means against overfitting does.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np

from datasets import DATASETS
from experiments.axes import AXES, LECTURE, Axis, suggested
from experiments.fit import Fit, History, early_stop
from optimizers import RULES, Adam, Optimizer
from spec import N_, Refused, check, same, setting, settings

MOST = 8


@dataclass(frozen=True)
class Comparison:
    """The same network again and again, but for one thing: what `vary` names, an entry of `AXES`.

    `values` are its values as text; none given means the usual ones. Where rules are compared, `contenders` are these;
    else the first of them is everybody's rule. All else is shared: the data, the initial weights, the batches. With
    `apart` the biases follow their rule at a rate of their own, as a parameter group does. With `seeds` above 1 there
    are that many networks of each kind, each from other initial weights and batches. Raises `Refused` for what makes no
    network.
    """

    dataset: str = same(Fit, "dataset", "breast_cancer")
    vary: str = setting("optimizer", N_("What varies"), choices=tuple(AXES))
    values: tuple[str, ...] = setting((), N_("values"), examples=("none", "0.1", "1"))
    contenders: tuple[Optimizer, ...] = setting(tuple(suggested(RULES[key]) for key in LECTURE), N_("rules"))
    hidden: tuple[int, ...] = same(Fit, "hidden", (16, 16))
    activation: str = same(Fit, "activation", "relu")
    init: str = same(Fit, "init", "he")
    init_scale: float = same(Fit, "init_scale", 1.0)
    batch_size: int | None = same(Fit, "batch_size", 32)
    epochs: int = same(Fit, "epochs", 60)
    rows: int | None = same(Fit, "rows", None)
    features: tuple[int, ...] = same(Fit, "features", ())
    label_noise: float = same(Fit, "label_noise", 0.0)
    batch_norm: bool = same(Fit, "batch_norm", False)
    dropout: float = same(Fit, "dropout", 0.0)
    l1: float = same(Fit, "l1", 0.0)
    l2: float = same(Fit, "l2", 0.0)
    apart: bool = setting(False, N_("Another rate for the biases"))
    bias_rate: float = setting(
        1.0, N_("Learning rate of the biases"), symbol=r"\eta", low=1e-3, high=10.0, log=True, minimum=0, maximum=1e6
    )
    scaling: str = same(Fit, "scaling", "standard")
    scaler_sees: str = same(Fit, "scaler_sees", "train")
    scale_target: bool = same(Fit, "scale_target", True)
    test_size: float = same(Fit, "test_size", 0.2)
    val_size: float = same(Fit, "val_size", 0.2)
    split_seed: int = same(Fit, "split_seed", 0)
    seeds: int = setting(1, N_("seeds per variant"), low=1, high=5, minimum=1, maximum=8)
    seed: int = same(Fit, "seed", 0)

    def __post_init__(self) -> None:
        check(self)
        if not 1 <= len(self.contenders) <= MOST:
            raise Refused(N_("Compare between 1 and {most} rules, not {count}."), most=MOST, count=len(self.contenders))
        if self.values and self.vary == "optimizer":
            raise Refused(N_("Where rules are compared they are named one by one, not as values."))
        if self.vary != "optimizer" and len(self.points) > MOST:
            raise Refused(N_("Compare at most {most} values."), most=MOST)
        self.variants()  # raises Refused where these settings make no network

    @property
    def axis(self) -> Axis:
        """What varies."""
        return AXES[self.vary]

    @property
    def points(self) -> tuple[Any, ...]:
        """Where on the axis the variants lie; for rules these are the contenders."""
        if self.vary == "optimizer":
            return self.contenders
        return tuple(self.axis.read(text) for text in self.values or self.axis.usual(self.base)[:MOST])

    @property
    def base(self) -> Fit:
        """The network that all variants are, but for what varies."""
        shared = {field.name: getattr(self, field.name) for field in fields(self) if field.name in settings(Fit)}
        return Fit(optimizer=self.contenders[0], **shared)

    @property
    def repeats(self) -> int:
        """How many networks of each kind there are."""
        return 1 if self.vary == "seed" else self.seeds

    def variants(self) -> tuple[Fit, ...]:
        """Return the networks to train: the seeds of the first variant, then those of the second, and so on."""
        base = self.base
        if self.vary == "optimizer":
            kinds = [replace(base, optimizer=rule) for rule in self.contenders]
        else:
            kinds = [self.axis.put(base, point) for point in self.points]
        if self.apart:
            kinds = [replace(kind, bias_optimizer=replace(kind.optimizer, lr=self.bias_rate)) for kind in kinds]
        return tuple(replace(kind, seed=kind.seed + again) for kind in kinds for again in range(self.repeats))


@dataclass(frozen=True)
class Remedies:
    """A large network on little data, with and without each means against overfitting.

    A strength of 0 leaves that remedy out. `patience` only reads the finished curves: it never changes the training.
    """

    dataset: str = same(Fit, "dataset", "diabetes")
    rows: int | None = same(Fit, "rows", 150)
    hidden: tuple[int, ...] = same(Fit, "hidden", (64, 64))
    optimizer: Optimizer = same(Fit, "optimizer", Adam(lr=0.002))  # noqa: RUF009 (a frozen rule)
    dropout: float = same(Fit, "dropout", 0.4)
    l2: float = same(Fit, "l2", 0.1)
    l1: float = same(Fit, "l1", 0.02)
    together: bool = setting(False, N_("also all of them together"))
    patience: int = setting(20, N_("patience of early stopping"), low=1, high=100, minimum=1, maximum=5000)
    batch_size: int | None = same(Fit, "batch_size", 32)
    epochs: int = same(Fit, "epochs", 150)
    seed: int = same(Fit, "seed", 0)

    def __post_init__(self) -> None:
        check(self)
        self.variants()

    @classmethod
    def on(cls, dataset: str) -> Remedies:
        """Return the study that shows overfitting on a data set; small sets, as they have fewer rows to learn from."""
        if dataset == "diabetes":
            return cls()
        if two_dimensional(dataset):
            return cls(dataset, rows=60, optimizer=Adam(lr=0.01), dropout=0.3, l2=0.02, l1=0.004, epochs=300)
        return cls(dataset, rows=80, hidden=(128, 128), optimizer=Adam(lr=0.005), dropout=0.5, l2=0.02, l1=0.004)

    @property
    def remedies(self) -> tuple[dict[str, float], ...]:
        """The settings that tell the variants apart, one dict each; the first is the baseline's, empty."""
        alone = [{name: value} for name in ("dropout", "l2", "l1") if (value := getattr(self, name))]
        every = {name: value for one in alone for name, value in one.items()}
        return ({}, *alone, *([every] if self.together and len(alone) > 1 else []))

    def variants(self) -> tuple[Fit, ...]:
        """Return the baseline and one network per remedy; all start from the same weights and see the same batches."""
        baseline = Fit(
            self.dataset, self.hidden, optimizer=self.optimizer, batch_size=self.batch_size, epochs=self.epochs,
            seed=self.seed, rows=self.rows,
        )  # fmt: skip
        return tuple(replace(baseline, **remedy) for remedy in self.remedies)


class Opening(NamedTuple):
    """Where a gap between training and validation opens: the epoch (-1 where it does not) and its size at the end."""

    epoch: int
    end: float


def gap(history: History, row: int) -> Opening:
    """Return when validation loss last parted from training loss for good, for one variant.

    The gap opens at the first epoch after the best one from which validation loss stays above its best value by a
    twentieth of the difference between its start and its best; a curve that never does so has not opened.
    """
    val, train = history.val_loss[row], history.train_loss[row]
    if not val.size:
        return Opening(-1, float("nan"))
    best = int(history.best_epoch[row])
    above = val > val[best] + 0.05 * abs(val[0] - val[best])
    above[:best] = False
    stays = np.logical_and.accumulate(above[::-1])[::-1]
    return Opening(int(stays.argmax()) if stays.any() else -1, float(val[-1] - train[-1]))


def stops(history: History, patience: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (stop epoch, best epoch) [k] that early stopping with this patience reads off the curves so far."""
    if not history.val_loss.size:
        return history.best_epoch - 1, history.best_epoch
    return early_stop(history.val_loss, patience)


def two_dimensional(dataset: str) -> bool:
    """Return whether a data set's decision boundary can be drawn."""
    return DATASETS[dataset].box is not None
