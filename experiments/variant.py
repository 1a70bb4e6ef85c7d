"""The Spec of a training run: one network, its data, its settings, and what follows from them without training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from datasets import DATASETS, SCALERS, find
from datasets.parts import left
from networks import ACTIVATIONS, INITS, count_params, count_weights
from optimizers import Adam, Optimizer
from spec import N_, Refused, check, setting, settings
from spec.limits import allowed

__all__ = ["Fit", "check_size", "precision", "prepared", "rates", "seconds", "sizes", "work"]

MAX_LAYERS = 8
HEAVY = 2_000_000
"""Multiplications in the forward pass above which one network's step keeps a core busy by itself.

Such a step is computed in float32, which takes half the time; smaller steps are mostly overhead, and float64 costs
little.
"""


@dataclass(frozen=True)
class Fit:
    """One network, its data, and its training settings: everything a training run depends on.

    Penalties apply to weights, not to biases: `l2` adds l2 · w to a weight's gradient (the derivative of l2/2 · w²),
    `l1` adds l1 · sign(w) (of l1 · |w|), and `linf` adds the derivative of linf · max|w|, which is linf · sign(w) at
    the largest weight of the network, shared equally if several are largest. Dropout follows every hidden activation,
    during training only, and scales the activations it keeps by 1 / (1 - dropout); `output_dropout` does the same to
    the outputs, a common mistake. Batch normalization comes between a layer's weighted sums and its activation
    function. `precision` "auto" computes in float64 if the forward pass of a step takes at most two million
    multiplications, else in float32. Raises `Refused` if a value is not valid or the training would take too long.
    """

    dataset: str = setting("breast_cancer", N_("Data set"), examples=tuple(DATASETS))
    hidden: tuple[int, ...] = setting(
        (16, 16), N_("Hidden units"), low=1, high=128, minimum=1, maximum=512, counts=("weights", "seconds")
    )
    activation: str = setting("relu", N_("Activation function"), choices=tuple(ACTIVATIONS))
    init: str = setting("he", N_("Initial weights"), choices=tuple(INITS))
    init_scale: float = setting(
        1.0, N_("Scale of the initial weights"), symbol="s", low=1e-4, high=10.0, log=True, minimum=0, maximum=1000
    )
    optimizer: Optimizer = setting(Adam(), N_("Optimizer"))  # noqa: RUF009
    bias_optimizer: Optimizer | None = setting(  # noqa: RUF009
        None,
        N_("Optimizer for the biases"),
        optional=True,
        help=N_("None: the biases use the optimizer of the weights."),
    )
    batch_size: int | None = setting(
        32, N_("Batch size"), low=1, high=256, log=True, minimum=1, maximum=1_000_000, optional=True,
        help=N_("None: all rows in one batch."),
    )  # fmt: skip
    epochs: int = setting(
        100, N_("Epochs"), low=10, high=1000, log=True, minimum=1, maximum=20_000, limit="epochs", counts=("seconds",)
    )
    l1: float = setting(0.0, N_("L1 penalty"), symbol=r"\lambda_1", low=0.0, high=0.1, minimum=0, maximum=1000)
    l2: float = setting(0.0, N_("L2 penalty"), symbol=r"\lambda_2", low=0.0, high=0.1, minimum=0, maximum=1000)
    linf: float = setting(
        0.0, N_("L∞ penalty"), symbol=r"\lambda_\infty", low=0.0, high=0.1, minimum=0, maximum=1000,
        help=N_("A multiple of the largest absolute weight is added to the loss."),
    )  # fmt: skip
    dropout: float = setting(0.0, N_("Dropout"), symbol="p", low=0.0, high=0.9, minimum=0, maximum=0.95)
    dropout_by_layer: tuple[float, ...] = setting(
        (), N_("Dropout per layer"), low=0.0, high=0.9, minimum=0, maximum=0.95,
        help=N_("Dropout rates of the hidden layers, in turn: 0.5 0.7 means 0.5, 0.7, 0.5 and so on. Empty: the "
                "same rate for all layers."),
    )  # fmt: skip
    output_dropout: float = setting(
        0.0, N_("Dropout on the output"), symbol="p", low=0.0, high=0.9, minimum=0, maximum=0.95,
        help=N_("A common mistake: dropout sets the outputs of the network to zero before the loss is computed."),
    )  # fmt: skip
    batch_norm: bool = setting(False, N_("Batch normalization"))
    shuffle: bool = setting(
        True, N_("Shuffle the rows every epoch"), help=N_("Off: every epoch has the same batches in the same order.")
    )
    seed: int = setting(0, N_("Seed"), low=0, high=99, minimum=0, maximum=2**31 - 1)
    rows: int | None = setting(
        None, N_("Training rows"), low=20, high=500, log=True, minimum=2, maximum=1_000_000, optional=True,
        help=N_("The largest number of training rows to use. None: all."), data=True,
    )  # fmt: skip
    features: tuple[int, ...] = setting(
        (),
        N_("Columns"),
        minimum=0,
        maximum=999,
        help=N_("The numbers of the columns to use. Empty: all."),
        data=True,
    )
    label_noise: float = setting(
        0.0, N_("Label noise"), low=0.0, high=0.5, minimum=0, maximum=1,
        help=N_("The share of training rows with a wrong target: another class, or a number with noise added."),
        data=True,
    )  # fmt: skip
    test_size: float = setting(
        0.2, N_("Share of the test set"), low=0.0, high=0.5, minimum=0, maximum=0.5,
        help=N_("0: no test set. A data set with fixed test rows keeps them."), data=True,
    )  # fmt: skip
    val_size: float = setting(
        0.2, N_("Share of the validation set"), low=0.0, high=0.5, minimum=0, maximum=0.5,
        help=N_("Share of the rows that are not in the test set. 0: no validation set."), data=True,
    )  # fmt: skip
    stratify: str = setting(
        "auto", N_("Stratified split"), choices=("auto", "yes", "no"),
        help=N_("Every part has the same share of each class. auto: yes, except for breast cancer, where the "
                "figures of the lecture notes come from a plain split."), data=True,
    )  # fmt: skip
    folds: int | None = setting(
        None, N_("Folds"), low=2, high=10, minimum=2, maximum=20, optional=True,
        help=N_("The rows that are not in the test set are divided into this many folds; one fold is the "
                "validation set. None: a single split."), data=True,
    )  # fmt: skip
    fold: int = setting(0, N_("Validation fold"), low=0, high=9, minimum=0, maximum=19, data=True)
    split_seed: int = setting(0, N_("Seed of the split"), low=0, high=99, minimum=0, maximum=2**31 - 1, data=True)
    scaling: str = setting("standard", N_("Scaling of the columns"), choices=tuple(SCALERS), data=True)
    scaler_sees: str = setting(
        "train", N_("Scaler fitted on"), choices=(N_("train"), N_("train+val")),
        help=N_("If the scaler is also fitted on the validation set, information about this set leaks into "
                "training (data leakage)."), data=True,
    )  # fmt: skip

    scale_target: bool = setting(
        True,
        N_("Standardize the target"),
        help=N_("For regression: losses are then shares of the variance of the target."),
        data=True,
    )
    precision: str = setting(
        "auto", N_("Precision"), choices=("auto", "float64", "float32"),
        help=N_("auto: float64 for small networks, float32 if a step takes more than two million multiplications."),
    )  # fmt: skip

    def __post_init__(self) -> None:
        check(self)
        if not isinstance(self.hidden, tuple) or len(self.hidden) > MAX_LAYERS:
            raise Refused(N_("At most {most} hidden layers are possible."), most=MAX_LAYERS)
        for rule in (self.optimizer, self.bias_optimizer or self.optimizer):
            if not isinstance(rule, Optimizer):
                raise Refused(N_("{value} is not an optimizer."), value=rule)
        if self.batch_norm and self.batch_size == 1:
            raise Refused(N_("Batch normalization needs batches of more than one row."))
        columns = find(self.dataset).columns
        if len(set(self.features)) < len(self.features) or any(column >= columns for column in self.features):
            raise Refused(N_("Give each column only once, by a number below {count}."), count=columns)
        if self.folds is not None and self.fold >= self.folds:
            text = N_("There is no fold {fold}: the folds are numbered from 0 to {last}.")
            raise Refused(text, fold=self.fold, last=self.folds - 1)
        if self.folds is not None and self.folds > (rows := left(find(self.dataset), self.test_size)):
            text = N_("More folds ({folds}) than rows outside the test set ({rows}). Use fewer folds.")
            raise Refused(text, folds=self.folds, rows=rows)
        check_size([self])


_PREPARED = tuple(name for name, fact in settings(Fit).items() if fact.data)


def prepared(variant: Fit) -> dict[str, Any]:
    """Return the settings that determine the prepared data, named like the arguments of `datasets.prepare`."""
    return {name: getattr(variant, name) for name in _PREPARED}


def sizes(variant: Fit) -> tuple[int, ...]:
    """Return the number of units in each layer, (inputs, *hidden, outputs)."""
    entry = find(variant.dataset)
    inputs = len(variant.features) or entry.columns
    return (inputs, *variant.hidden, len(entry.classes) if entry.task == "classes" else 1)


def rates(variant: Fit) -> tuple[float, ...]:
    """Return the dropout rate after every hidden layer."""
    cycle = variant.dropout_by_layer or (variant.dropout,)
    return tuple(cycle[layer % len(cycle)] for layer in range(len(variant.hidden)))


def work(variant: Fit) -> float:
    """Return how many multiplications the forward pass of one step takes, at most."""
    rows = min(variant.batch_size or math.inf, variant.rows or math.inf, find(variant.dataset).rows)
    return count_weights(sizes(variant)) * rows


def precision(variant: Fit) -> str:
    """Return the dtype in which a network is computed, "float64" or "float32"."""
    if variant.precision != "auto":
        return variant.precision
    return "float32" if work(variant) > HEAVY else "float64"


def check_size(variants: Sequence[Fit]) -> None:
    """Raise `Refused` if the networks would not fit into a chunk, or would take much too long."""
    numbers = [count_params(sizes(variant), variant.batch_norm) for variant in variants]
    if sum(numbers) > allowed().weights:  # each costs 8 bytes or more in every chunk
        raise Refused(
            N_("These networks have {count} weights and biases in all; at most {limit} can be trained together."),
            count=f"{sum(numbers):,}", limit=f"{allowed().weights:,}",
        )  # fmt: skip
    estimate = seconds(variants)
    if estimate > allowed().seconds:
        raise Refused(
            N_("Training would take about {seconds} seconds; the limit is {limit}. Use fewer epochs or units."),
            seconds=f"{math.ceil(estimate):,}", limit=f"{allowed().seconds:,}",
        )  # fmt: skip


def seconds(variants: Sequence[Fit]) -> float:
    """Return about how many seconds one core takes to train networks side by side.

    Networks of one shape share the overhead per epoch, per layer, and per step of each optimizer. Each network costs
    one multiplication per weight and row: two forward, four backward, two for measuring; and per unit and row the
    activation, and a random number if there is dropout. The times are rounded from measurements of the presets; float32
    is faster than float64.
    """
    total = 0.0
    stacks: dict[tuple[Any, ...], set[tuple[type, type]]] = {}  # the optimizers of the networks that train together
    for variant in variants:
        rows, units = _rows(variant), sum(sizes(variant)[1:])
        rate = {"float64": 1.2e10, "float32": 8e10}[precision(variant)]
        drops = any(rates(variant)) or variant.output_dropout > 0
        epoch = 8 * count_params(sizes(variant), variant.batch_norm) * rows / rate
        total += variant.epochs * (epoch + rows * units * (8e-8 if drops else 3.5e-8))
        shape = sizes(variant), variant.activation, variant.batch_size, math.ceil(rows), precision(variant)
        stacks.setdefault(shape, set()).add((type(variant.optimizer), type(variant.bias_optimizer)))
    for (units, _, batch_size, rows, _), rules in stacks.items():
        steps = math.ceil(rows / (batch_size or rows))
        total += variants[0].epochs * (1.1e-3 + steps * (6e-5 * len(units) + 1.2e-4 * len(rules)))
    return total


def _rows(variant: Fit) -> float:
    """Return about how many training rows a network has, at least one."""
    held = 1 / variant.folds if variant.folds else variant.val_size
    rows = find(variant.dataset).rows * (1 - variant.test_size) * (1 - held)
    return max(1.0, min(rows, variant.rows or rows))
