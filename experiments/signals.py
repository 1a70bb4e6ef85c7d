"""Signals: one deep network with several initializations, with and without batch normalization."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from experiments import layers
from experiments.fit import Fit, History, check_size
from experiments.layers import Layers
from experiments.presets import Preset, offered
from experiments.records import RECORDS
from networks import INITS
from optimizers import SGD, Optimizer
from spec import N_, Refused, check, listed, same, setting

SCALES = tuple(float(scale) for scale in np.logspace(0, -4, 16))  # of normal initial weights
GOOD = 0.5  # the score above which a network has learned: an accuracy, or an R², of one half


class Start(NamedTuple):
    """An initialization: an entry of `INITS` and the scale of the weights."""

    title: str
    init: str
    scale: float

    def gain(self, n_in: int, n_out: int) -> float:
        """Return n_in · E[w²]: the factor by which a layer's weights multiply the mean square of its inputs.

        This holds before the activation function, for independent weights with mean 0 (Glorot, Bengio 2010; He et al.
        2015).
        """
        return n_in * (self.scale * INITS[self.init].spread(n_in, n_out)) ** 2


STARTS: dict[str, Start] = {
    "ones": Start(N_("All 1"), "ones", 1.0),
    "normal": Start("N(0, 1)", "normal", 1.0),
    "small": Start("N(0, 0.01²)", "normal", 0.01),
    "xavier": Start(N_("Xavier"), "xavier", 1.0),
    "he": Start(N_("He"), "he", 1.0),
}


@dataclass(frozen=True)
class Signals:
    """A deep network and its training; its variants differ in initialization and batch normalization.

    `starts` names the entries of `STARTS` that `ways` compares; `batch_norm` applies only to these, because `scales`
    trains every network with and without it.
    """

    dataset: str = same(Fit, "dataset", "mnist")
    rows: int | None = same(Fit, "rows", 1000)
    hidden: tuple[int, ...] = same(Fit, "hidden", (100,) * 5)
    activation: str = same(Fit, "activation", "tanh")
    starts: tuple[str, ...] = setting(tuple(STARTS), N_("Initialization"), examples=tuple(STARTS))
    batch_norm: bool = same(Fit, "batch_norm", False)
    optimizer: Optimizer = same(Fit, "optimizer", SGD(lr=0.01))  # noqa: RUF009 (a frozen optimizer)
    batch_size: int | None = same(Fit, "batch_size", 100)
    epochs: int = same(Fit, "epochs", 20)
    seed: int = same(Fit, "seed", 0)

    def __post_init__(self) -> None:
        check(self)
        if not self.chosen or set(self.starts) - set(STARTS):
            raise Refused(N_("Initialization: choose one or more of {choices}."), choices=listed(STARTS))
        if not self.hidden:
            raise Refused(N_("This page shows signals in hidden layers. Add at least one hidden layer."))
        check_size(self.ways())

    @property
    def chosen(self) -> dict[str, Start]:
        """The initializations that are compared, in the order of `STARTS`."""
        return {key: start for key, start in STARTS.items() if key in self.starts}

    def _network(self) -> Fit:
        """Return what all variants share; there is no validation set, because the study is about training alone."""
        return Fit(
            self.dataset, self.hidden, self.activation, optimizer=self.optimizer, batch_size=self.batch_size,
            epochs=self.epochs, seed=self.seed, rows=self.rows, val_size=0.0,
        )  # fmt: skip

    def ways(self) -> tuple[Fit, ...]:
        """Return a network for each initialization."""
        network = replace(self._network(), batch_norm=self.batch_norm)
        return tuple(replace(network, init=start.init, init_scale=start.scale) for start in self.chosen.values())

    def scales(self) -> tuple[Fit, ...]:
        """Return a network for each of `SCALES` with batch normalization, and then one for each without.

        Those with the same scale have the same initial weights, scale · N(0, 1), and all see the same batches.
        """
        network = replace(self._network(), init="normal")
        return tuple(replace(network, batch_norm=norm, init_scale=scale) for norm in (True, False) for scale in SCALES)


def presets() -> dict[str, Preset[Signals]]:
    """Return the experiments of the lecture, if this server's limits allow them."""
    return offered(
        {
            "layers": lambda: Preset(
                N_("Layer by layer"),
                N_("The activations of five hidden layers, for five initializations."),
                Signals(),
                "layers",
            ),
            "scales": lambda: Preset(
                N_("Sixteen scales"),
                N_("As in the lecture: ReLU, 20 epochs, 16 scales of the initial weights, with and without batch "
                   "normalization."),
                Signals(activation="relu"),
                "scales",
            ),
        }
    )  # fmt: skip


PRESETS = presets()
"""The experiments of the lecture."""


def told(spec: Signals, history: History) -> tuple[np.ndarray, Layers]:
    """Return the epochs at which the layers of `ways` have been recorded so far, and what was recorded."""
    seen = layers.read(history.records.get("layers"), len(spec.chosen), len(spec.hidden))
    return RECORDS["layers"].moments(spec.epochs)[: seen.mean.shape[-1]], seen


def learnt(history: History) -> tuple[int, int]:
    """Return how many of `scales` have learned so far: with batch normalization, and without."""
    good = history.train_score[:, -1] > GOOD
    return int(good[: len(SCALES)].sum()), int(good[len(SCALES) :].sum())
