"""Variants of one small network, trained side by side on the same data.

A variant is a `Fit`. Variants of the same shape train together, as rows of one array, in lock-step: from the same
initial weights, on the same batches, with the same random numbers for dropout, unless their seeds differ. Variants of
other shapes train next to them, epoch by epoch. Training is a sequence of pure steps,

    state = begin(variants)
    state, chunk = advance(state, epochs=10)    # and again, until state.done
    history = join([chunk, ...])

so it can be shown while it runs, stopped, moved to another process, and resumed; `fit(variants)` runs the whole
sequence. The results do not depend on where the sequence is cut, nor on which variants train side by side.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from datasets import DATASETS, SCALERS, Dataset, find
from datasets.parts import left
from experiments import training
from experiments.records import RECORDS
from experiments.training import GRID, Group, sizes
from networks import ACTIVATIONS, INITS, count_params
from optimizers import Adam, Optimizer
from spec import N_, Refused, check, setting, settings
from spec.limits import allowed

__all__ = [
    "GRID", "Chunk", "Fit", "History", "State", "advance", "advance_for", "begin", "check_size", "early_stop", "fit",
    "join", "seconds",
]  # fmt: skip

Array = np.ndarray[Any, np.dtype[Any]]

MAX_LAYERS = 8


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
        help=N_("The largest number of training rows to use. None: all."),
    )  # fmt: skip
    features: tuple[int, ...] = setting(
        (), N_("Columns"), minimum=0, maximum=999, help=N_("The numbers of the columns to use. Empty: all.")
    )
    label_noise: float = setting(
        0.0, N_("Label noise"), low=0.0, high=0.5, minimum=0, maximum=1,
        help=N_("The share of training rows with a wrong target: another class, or a number with noise added."),
    )  # fmt: skip
    test_size: float = setting(
        0.2, N_("Share of the test set"), low=0.0, high=0.5, minimum=0, maximum=0.5,
        help=N_("0: no test set. A data set with fixed test rows keeps them."),
    )  # fmt: skip
    val_size: float = setting(
        0.2, N_("Share of the validation set"), low=0.0, high=0.5, minimum=0, maximum=0.5,
        help=N_("Share of the rows that are not in the test set. 0: no validation set."),
    )  # fmt: skip
    stratify: str = setting(
        "auto", N_("Stratified split"), choices=("auto", "yes", "no"),
        help=N_("Every part has the same share of each class. auto: yes, except for breast cancer, where the "
                "figures of the lecture notes come from a plain split."),
    )  # fmt: skip
    folds: int | None = setting(
        None, N_("Folds"), low=2, high=10, minimum=2, maximum=20, optional=True,
        help=N_("The rows that are not in the test set are divided into this many folds; one fold is the "
                "validation set. None: a single split."),
    )  # fmt: skip
    fold: int = setting(0, N_("Validation fold"), low=0, high=9, minimum=0, maximum=19)
    split_seed: int = setting(0, N_("Seed of the split"), low=0, high=99, minimum=0, maximum=2**31 - 1)
    scaling: str = setting("standard", N_("Scaling of the columns"), choices=tuple(SCALERS))
    scaler_sees: str = setting(
        "train", N_("Scaler fitted on"), choices=(N_("train"), N_("train+val")),
        help=N_("If the scaler is also fitted on the validation set, information about this set leaks into "
                "training (data leakage)."),
    )  # fmt: skip

    scale_target: bool = setting(
        True,
        N_("Standardize the target"),
        help=N_("For regression: losses are then shares of the variance of the target."),
    )
    precision: str = setting(
        "auto", N_("Precision"), choices=("auto", "float64", "float32"),
        help=N_("auto: float64 for small networks, float32 if a step takes more than two million multiplications."),
    )  # fmt: skip

    def __post_init__(self) -> None:
        check(self)
        if not isinstance(self.hidden, tuple) or len(self.hidden) > MAX_LAYERS:
            raise Refused(N_("At most {most} hidden layers are possible."), most=MAX_LAYERS)
        whole = (self.batch_size, self.epochs, self.seed, self.rows, self.split_seed, self.folds, self.fold)
        for number in (*whole, *self.hidden, *self.features):
            if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
                raise Refused(N_("{value} must be a whole number."), value=number)
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


class State(NamedTuple):
    """Training after `epoch` epochs: the networks of `variants`, in groups that train together.

    `data` is the data set, because the process that receives a state may not know it by name; `records` names what is
    recorded besides the curves, see `experiments.records`.
    """

    variants: tuple[Fit, ...]
    data: Dataset
    records: tuple[str, ...]
    epoch: int
    groups: tuple[Group, ...]

    @property
    def done(self) -> bool:
        """Whether all epochs have been trained."""
        return self.epoch >= self.variants[0].epochs


class Chunk(NamedTuple):
    """The part that one `advance` adds to a history: n columns [k, n] of every curve, beginning with `first_epoch`.

    The first chunk begins with epoch 0, the untrained networks. `test_loss`, `test_score` and `best_test_score` [k] are
    nan until the last chunk. `boundary` and `records` are described at `History`; here a record holds only the new
    part.
    """

    first_epoch: int
    train_loss: Array
    val_loss: Array
    train_score: Array
    val_score: Array
    test_loss: Array
    test_score: Array
    best_test_score: Array
    boundary: Array | None
    records: Mapping[str, Array] = {}
    counts: Array | None = None
    baseline: Array | None = None


class History(NamedTuple):
    """The training of k variants: curves [k, epochs + 1], where column 0 is the untrained network, and results [k].

    Losses are means over rows: cross-entropy in nats, or squared error, divided by the variance of the training targets
    unless target scaling is off. Scores are accuracy, or R² for regression. Both are computed without dropout and
    without penalties. They are nan for a network that has diverged, and if there is no validation set. R² is nan if all
    targets of a part are equal, for example those of a single row. `test_loss` and `test_score` belong to the final
    weights, `best_test_score` to those of `best_epoch`, the first trained epoch with the lowest validation loss
    (without a validation set, the last epoch). The test set is scored once, at the end; before that these are nan.

    `boundary` [k, 64, 64] exists for data sets with a `box`: the network's current prediction at the points of a
    regular grid over the box, y ascending along axis 1 and x along axis 2, edges included, in uint8. For two classes it
    is the probability of class 1, from 0 to 255, and 128 if it is not a number; for more classes it is the predicted
    class, and 255 if the outputs are not numbers. `records` are the arrays [k, ..., moments] that `begin`
    was asked to record; if networks of different shapes give arrays of different shapes, the smaller ones are padded
    with nan.

    `counts` [k, 3, classes] are the numbers of rows per class in the training, the validation and the test set (for
    regression, all rows are one class), and `baseline` [k, 3] the scores of a constant prediction there, see
    `experiments.training.guess`. Both are None before the first epoch.
    """

    train_loss: Array
    val_loss: Array
    train_score: Array
    val_score: Array
    test_loss: Array
    test_score: Array
    best_epoch: Array
    best_test_score: Array
    boundary: Array | None
    records: Mapping[str, Array] = {}
    counts: Array | None = None
    baseline: Array | None = None

    def error(self, score: float, row: int, part: int) -> float:
        """Return the standard error of an accuracy, sqrt(p (1 - p) / n), n being the rows of part 0, 1 or 2.

        It is the standard error of a binomial proportion: how much the accuracy of this network varies between random
        samples of rows. nan for R², and if the number of rows is not known.
        """
        if self.counts is None or self.counts.shape[2] == 1:
            return math.nan
        n = int(self.counts[row, part].sum())
        return math.sqrt(max(score * (1 - score), 0) / n) if n else math.nan


def begin(variants: Sequence[Fit], records: Sequence[str] = ()) -> State:
    """Return the untrained networks of variants that share a data set and the number of epochs.

    Raises `Refused` if they do not, and if the networks are too many or too large.
    """
    variants = tuple(variants)
    for name in ("dataset", "epochs"):
        if len({getattr(variant, name) for variant in variants}) != 1:
            raise Refused(
                N_("Networks that are trained together must have the same setting: {label}."),
                label=settings(Fit)[name].label,
            )
    if unknown := set(records) - set(RECORDS):
        raise ValueError(f"no such records: {unknown}")
    check_size(variants)
    return State(variants, find(variants[0].dataset), tuple(records), 0, training.groups(variants))


def advance(state: State, epochs: int) -> tuple[State, Chunk]:
    """Return the state after `epochs` more epochs, or at the end if that comes first, and the chunk to add."""
    if state.done or epochs < 1:
        raise ValueError(f"cannot train {epochs} epochs from epoch {state.epoch} of {state.variants[0].epochs}")
    end = min(state.epoch + epochs, state.variants[0].epochs)
    trained = training.side_by_side(state.variants, state.groups, state.epoch, end - state.epoch, state.records)
    groups, columns, stands = zip(*trained, strict=True)
    told = _in_order(groups, columns) | _in_order(groups, stands)
    records = {name: told.pop(name) for name in state.records if name in told}
    first = state.epoch + 1 if state.epoch else 0
    chunk = Chunk(first, boundary=told.pop("boundary", None), records=records, **told)
    return state._replace(epoch=end, groups=groups), chunk


def _in_order(groups: Sequence[Group], found: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """Put the rows of all groups in the order of the variants; results that a group lacks (a boundary) are omitted."""
    order = np.argsort([member for group in groups for member in group.members])
    names = [name for name in found[0] if all(name in part for part in found)]
    return {name: _stacked([part[name] for part in found])[order] for name in names}


def _stacked(parts: Sequence[Array]) -> Array:
    """Concatenate arrays along axis 0; smaller ones are padded with nan."""
    largest = np.max([part.shape[1:] for part in parts], axis=0)
    if any(part.shape[1:] != tuple(largest) for part in parts):
        missing = [largest - part.shape[1:] for part in parts]
        parts = [
            np.pad(part.astype(float), [(0, 0), *((0, int(n)) for n in short)], constant_values=np.nan)
            for part, short in zip(parts, missing, strict=True)
        ]
    return np.concatenate(parts)


def advance_for(state: State, seconds: float) -> tuple[State, Chunk]:
    """Like `advance`, for as many epochs as begin within `seconds`, at least one.

    The number of epochs depends on the machine; the results do not.
    """
    deadline = time.monotonic() + seconds
    chunks = []
    epochs = 1
    while not chunks or (not state.done and time.monotonic() < deadline):
        begun = time.monotonic()
        state, chunk = advance(state, epochs)
        chunks.append(chunk)
        now = time.monotonic()
        epochs = max(1, int((deadline - now) / ((now - begun) / epochs)))
    return state, merged(chunks)


def fit(variants: Sequence[Fit], records: Sequence[str] = ()) -> History:
    """Train variants of one data set, for the same number of epochs, to the end."""
    return join([advance(begin(variants, records), variants[0].epochs)[1]])


CURVES = ("train_loss", "val_loss", "train_score", "val_score")


def merged(chunks: Sequence[Chunk]) -> Chunk:
    """Return consecutive chunks merged into one chunk."""
    curves = {name: np.concatenate([getattr(chunk, name) for chunk in chunks], axis=1) for name in CURVES}
    names = dict.fromkeys(name for chunk in chunks for name in chunk.records)
    records = {
        name: np.concatenate([chunk.records[name] for chunk in chunks if name in chunk.records], axis=-1)
        for name in names
    }
    return chunks[-1]._replace(first_epoch=chunks[0].first_epoch, records=records, **curves)


def join(chunks: Sequence[Chunk]) -> History:
    """Return the history so far, made from the chunks so far."""
    told = merged(chunks)._asdict()
    del told["first_epoch"]
    _, best_epoch = early_stop(told["val_loss"], patience=told["val_loss"].shape[1])
    return History(best_epoch=best_epoch, **told)


def early_stop(
    val_loss: Array, patience: int, min_delta: float = 0.0, start_from_epoch: int = 0
) -> tuple[Array, Array]:
    """Return the epoch after which training stops and the best epoch up to it, [k] each, for losses [k, epochs + 1].

    The criterion is that of `keras.callbacks.EarlyStopping`. An epoch is an improvement if its loss + min_delta is
    below the loss of the best epoch. Training stops after `patience` epochs in a row without improvement, or else at
    the last epoch. Column 0 is the untrained network, which Keras does not see: it is never best. The first
    `start_from_epoch` epochs are ignored too. nan is never an improvement; if no epoch improves, the first epoch that
    is not ignored counts as best, as in Keras. A row that is all nan (there is no validation set) runs to its last
    epoch, which counts as best. skorch's `EarlyStopping(threshold=min_delta, threshold_mode="abs")` uses the same
    criterion.

    Raises `Refused` for a patience below 1 (Keras accepts 0 and treats it as 1), and for a negative `min_delta` or
    `start_from_epoch`.
    """
    if patience < 1:
        raise Refused(N_("Patience must be at least 1 epoch, not {patience}."), patience=patience)
    if min_delta < 0 or start_from_epoch < 0:
        raise Refused(N_("min_delta and start_from_epoch must not be negative."))
    read = [_stopped(row, patience, min_delta, start_from_epoch) for row in val_loss.tolist()]
    stop, best = np.array(read, int).reshape(-1, 2).T
    return stop, best


def _stopped(losses: Sequence[float], patience: int, min_delta: float, start_from_epoch: int) -> tuple[int, int]:
    """Return (stop, best) of one network, see `early_stop`."""
    last = len(losses) - 1
    first = start_from_epoch + 1
    if first > last or all(map(math.isnan, losses)):
        return last, last
    best, least, waited = first, math.inf, 0
    for epoch in range(first, last + 1):
        waited += 1
        if losses[epoch] + min_delta < least:
            best, least, waited = epoch, losses[epoch], 0
        elif waited >= patience and epoch > 1:  # Keras never stops after the very first epoch
            return epoch, best
    return last, best


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
        rate = {"float64": 1.2e10, "float32": 8e10}[training.precision(variant)]
        drops = any(training.rates(variant)) or variant.output_dropout > 0
        epoch = 8 * count_params(sizes(variant), variant.batch_norm) * rows / rate
        total += variant.epochs * (epoch + rows * units * (8e-8 if drops else 3.5e-8))
        shape = sizes(variant), variant.activation, variant.batch_size, math.ceil(rows), training.precision(variant)
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
