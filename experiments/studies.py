"""A study is a question about networks, turned into variants that train together.

`Comparison` asks what another rule changes, `Remedies` what each means against overfitting does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from datasets import DATASETS
from experiments.fit import Fit, History, early_stop
from optimizers import RULES, Adam, Optimizer
from spec import N_, Refused, check, same, setting

LECTURE = ("sgd", "momentum", "adagrad", "rmsprop", "adam")
MOST = 8

# Learning rates at which each family of rules trains these small, standardised problems well.
RATES = {"gradient": 0.05, "velocity": 0.02, "accumulating": 0.02, "normalised": 0.003, "searching": 0.005}


def suggested(rule: type[Optimizer]) -> Optimizer:
    """Return a rule with a learning rate that suits small networks."""
    return rule(lr=float(f"{rule.pace * RATES[rule.family]:.3g}"))


@dataclass(frozen=True)
class Comparison:
    """The same network trained by several rules: same data, same initial weights, same batches.

    With `seeds` above 1 every rule trains that many networks, each from other initial weights and batches.
    """

    dataset: str = same(Fit, "dataset", "breast_cancer")
    hidden: tuple[int, ...] = same(Fit, "hidden", (16, 16))
    activation: str = same(Fit, "activation", "relu")
    init: str = same(Fit, "init", "he")
    contenders: tuple[Optimizer, ...] = setting(tuple(suggested(RULES[key]) for key in LECTURE), N_("rules"))
    batch_size: int | None = same(Fit, "batch_size", 32)
    epochs: int = same(Fit, "epochs", 60)
    seeds: int = setting(1, N_("seeds per rule"), low=1, high=5, minimum=1, maximum=8)
    seed: int = same(Fit, "seed", 0)

    def __post_init__(self) -> None:
        check(self)
        if not 1 <= len(self.contenders) <= MOST:
            raise Refused(N_("Compare between 1 and {most} rules, not {count}."), most=MOST, count=len(self.contenders))
        self.variants()  # raises Refused where these settings make no network

    def variants(self) -> tuple[Fit, ...]:
        """Return the networks to train: the seeds of the first rule, then those of the second, and so on."""
        return tuple(
            Fit(
                self.dataset, self.hidden, self.activation, self.init, optimizer=rule, batch_size=self.batch_size,
                epochs=self.epochs, seed=self.seed + again,
            )
            for rule in self.contenders for again in range(self.seeds)
        )  # fmt: skip


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
