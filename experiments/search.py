"""Hyperparameter search: a grid (or random draws) of settings, each scored by cross-validation, and the best one.

Every cell (combination) of the search trains on every fold, all of them side by side. The number of epochs is selected
too, but costs no extra training: it is read off the curves, because a network that stops at epoch 37 is a stage of a
longer training. The best combination is retrained on all rows except the test set, which is scored once. `resplit`
shows why this matters: it compares the score of those who select by the test set itself with the score of the same
networks on other rows.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from datasets import Dataset, find
from experiments.axes import AXES, Axis
from experiments.fit import Chunk, Fit, History, State, advance_for, begin, check_size, join, merged
from experiments.presets import Preset, offered
from optimizers import Adam, Optimizer
from spec import N_, N_n, Refused, check, same, setting, settings

Array = np.ndarray[Any, np.dtype[Any]]

MOST = 128  # networks: cells times folds
NONE = "none"
# A schedule may depend on the number of epochs, see `steady`; single changes do not form an axis of a grid.
KEYS = tuple(key for key in AXES if key not in ("schedule", "change"))
PLACES = ("first", "second", "third")


@dataclass(frozen=True)
class Search:
    """A search over one to three axes of `Fit`, scored by cross-validation on the rows outside the test set.

    `first`, `second` and `third` name axes (see `experiments.axes`), with their values as text; if none are given, the
    axis's default values are used. A "grid" takes every combination, like scikit-learn's `ParameterGrid`; "random"
    takes `draws` combinations: numbers are drawn between the smallest and largest value of the axis (see `drawn`),
    anything else from its values. `at` are the epochs to select from (if empty: every one); `measure` is what
    combinations are selected by, the mean over the validation folds. A setting that is not a field here can be fixed as
    an axis with one value. Raises `Refused` if the search is not valid or too large.
    """

    dataset: str = same(Fit, "dataset", "titanic")
    first: str = setting("lr", N_("First hyperparameter"), choices=KEYS)
    first_values: tuple[str, ...] = setting((), N_("Values of the first hyperparameter"), examples=("0.01", "0.1"))
    second: str = setting("dropout", N_("Second hyperparameter"), choices=(NONE, *KEYS))
    second_values: tuple[str, ...] = setting((), N_("Values of the second hyperparameter"), examples=("0.1", "0.5"))
    third: str = setting(NONE, N_("Third hyperparameter"), choices=(NONE, *KEYS))
    third_values: tuple[str, ...] = setting((), N_("Values of the third hyperparameter"), examples=("16", "32"))
    method: str = setting("grid", N_("Search"), choices=("grid", "random"))
    draws: int = setting(12, N_("Random draws"), low=2, high=40, minimum=1, maximum=MOST)
    folds: int = setting(3, N_("Folds"), low=2, high=10, minimum=2, maximum=20)
    epochs: int = same(Fit, "epochs", 60)
    at: tuple[int, ...] = setting(
        (), N_("Epochs to choose from"), minimum=1, maximum=20_000,
        help=N_("For example 200, 300, 600. Empty: any epoch can be chosen."),
    )  # fmt: skip
    measure: str = setting("score", N_("Select by"), choices=("score", "loss"))
    hidden: tuple[int, ...] = same(Fit, "hidden", (32, 16))
    activation: str = same(Fit, "activation", "relu")
    optimizer: Optimizer = same(Fit, "optimizer", Adam(lr=0.003))  # noqa: RUF009 (a frozen optimizer)
    batch_size: int | None = same(Fit, "batch_size", 64)
    seed: int = same(Fit, "seed", 0)
    split_seed: int = same(Fit, "split_seed", 0)
    test_size: float = setting(
        0.2, N_("Share of the test set"), low=0.1, high=0.5, minimum=0.05, maximum=0.5,
        help=N_("A data set with fixed test rows keeps them."),
    )  # fmt: skip
    splits: int = setting(
        6, N_("Repeated splits"), low=2, high=30, minimum=2, maximum=50
    )  # fmt: skip
    cell: int = setting(
        0, N_("Selected combination"), low=0, high=MOST, minimum=0, maximum=MOST, help=N_("0: the best combination.")
    )

    def __post_init__(self) -> None:
        check(self)
        named = [key for key in (self.first, self.second, self.third) if key != NONE]
        if len(set(named)) < len(named):
            raise Refused(N_("The hyperparameters of a search must be different."))
        for place in PLACES:
            if getattr(self, place) == NONE and getattr(self, f"{place}_values"):
                raise Refused(N_("A hyperparameter that is not searched must have no values."))
        if any(epoch > self.epochs for epoch in self.at):
            raise Refused(N_("The epochs to choose from must not be above {epochs}, the last epoch of training."),
                          epochs=self.epochs)  # fmt: skip
        count = self.draws if self.method == "random" else math.prod(len(values) for _axis, values in self.axes)
        if count * self.folds > MOST:
            raise Refused(
                N_("{cells} combinations on {folds} folds are {count} networks; the limit is {most}. Use fewer "
                   "values, folds or random draws."),
                cells=count, folds=self.folds, count=count * self.folds, most=MOST,
            )  # fmt: skip
        if self.cell > count:
            text = N_n("There is no combination {cell}; the search has {count} combination.",
                       "There is no combination {cell}; the search has {count} combinations.", count)  # fmt: skip
            raise Refused(text, count=count, cell=self.cell)
        for fit in self.fits:
            if not steady(fit.optimizer):
                raise Refused(N_("The number of epochs is chosen from the learning curves, so the schedule must "
                                 "not depend on the number of epochs or on the loss. Use a constant learning rate "
                                 "or step decay."))  # fmt: skip
        check_size(self.variants())

    @property
    def baseline(self) -> Fit:
        """The network that every cell changes; it is not assigned to a fold yet."""
        return _baseline(self)

    @property
    def axes(self) -> tuple[tuple[Axis, tuple[str, ...]], ...]:
        """The axes, each with its values as text."""
        return _axes(self)

    @property
    def cells(self) -> tuple[tuple[str, ...], ...]:
        """The values of every cell, one per axis, as text; the last axis changes fastest."""
        return _cells(self)

    @property
    def fits(self) -> tuple[Fit, ...]:
        """The network of every cell. The optimizer is set before its learning rate, whatever the order of the axes."""
        return _fits(self)

    @property
    def stops(self) -> list[int]:
        """The epochs to select from, in order; empty for every epoch."""
        return sorted(set(self.at))

    def variants(self) -> tuple[Fit, ...]:
        """Return the networks to train: the folds of the first cell, then those of the second, and so on."""
        return _variants(self)

    def refit(self, cell: int, epoch: int) -> Fit:
        """Return the network of a cell, to be trained on all rows except the test set, up to an epoch."""
        return replace(self.fits[cell], val_size=0.0, epochs=epoch)


# A page asks for these many times.


@functools.lru_cache(maxsize=64)
def _baseline(search: Search) -> Fit:
    shared = settings(Fit).keys() & settings(Search).keys() - {"folds"}
    return Fit(**{name: getattr(search, name) for name in shared})


@functools.lru_cache(maxsize=64)
def _axes(search: Search) -> tuple[tuple[Axis, tuple[str, ...]], ...]:
    found = []
    for place in PLACES:
        if (key := getattr(search, place)) != NONE:
            values = getattr(search, f"{place}_values") or usual(AXES[key], search.baseline)
            found.append((AXES[key], tuple(dict.fromkeys(values))))
    return tuple(found)


@functools.lru_cache(maxsize=64)
def _cells(search: Search) -> tuple[tuple[str, ...], ...]:
    if search.method == "grid":
        return tuple(itertools.product(*(values for _axis, values in search.axes)))
    source = np.random.default_rng([search.seed, 4])
    return tuple(tuple(drawn(axis, values, source) for axis, values in search.axes) for _draw in range(search.draws))


@functools.lru_cache(maxsize=64)
def _fits(search: Search) -> tuple[Fit, ...]:
    order = sorted(range(len(search.axes)), key=lambda i: list(AXES).index(search.axes[i][0].key))
    axes, fits = search.axes, []
    for texts in search.cells:
        fit = search.baseline
        for i in order:
            fit = axes[i][0].put(fit, axes[i][0].read(texts[i]))
        fits.append(fit)
    return tuple(fits)


@functools.lru_cache(maxsize=16)
def _variants(search: Search) -> tuple[Fit, ...]:
    return tuple(replace(fit, folds=search.folds, fold=fold) for fit in search.fits for fold in range(search.folds))


def usual(axis: Axis, fit: Fit) -> tuple[str, ...]:
    """Return the default values of a search on an axis, as text."""
    if axis.key == "lr":
        middle = round(2 * math.log10(fit.optimizer.lr or 0.001))  # in half powers of ten: 0.001, 0.003, 0.01 …
        return tuple(axis.write(float(f"{10 ** (half / 2):.1g}")) for half in range(middle - 2, middle + 3))
    return ("0", "0.4", "0.8") if axis.key == "dropout" else axis.usual(fit)


def drawn(axis: Axis, values: Sequence[str], source: np.random.Generator) -> str:
    """Return a value drawn between the smallest and the largest number of an axis, or else one of its values.

    If the ends are positive and span at least a power of ten, it is drawn log-uniformly (Bergstra and Bengio 2012,
    section 4), else uniformly; whole numbers are rounded, others keep three digits.
    """
    numbers = [axis.read(value) for value in values]
    if not numeric(numbers):
        return values[int(source.integers(len(values)))]
    low, high = min(numbers), max(numbers)
    if logarithmic(numbers):
        number = math.exp(source.uniform(math.log(low), math.log(high)))
    else:
        number = source.uniform(low, high)
    if all(type(one) is int for one in numbers):
        return axis.write(round(number))
    return axis.write(min(max(float(f"{number:.3g}"), low), high))


def numeric(values: Sequence[Any]) -> bool:
    """Return whether an axis with these values can be drawn between the smallest and the largest of them."""
    return all(type(value) in (int, float) for value in values) and len(set(values)) > 1


def logarithmic(numbers: Sequence[float]) -> bool:
    """Return whether numbers are positive and span at least a power of ten, so that they are spaced logarithmically."""
    return min(numbers) > 0 and max(numbers) >= 10 * min(numbers)


def steady(rule: Optimizer) -> bool:
    """Return whether the learning rate at an epoch is independent of the number of epochs and of the losses."""
    schedule = rule.schedule
    if schedule.init(1):  # it keeps losses as state
        return False
    return all(schedule.factor(tick, 10, {}) == schedule.factor(tick, 1000, {}) for tick in range(10))


class Found(NamedTuple):
    """The results of a search so far; the best value is the highest score or the lowest loss.

    `mean` and `sd` [cells, epochs + 1] are taken over the validation folds, as in scikit-learn's `GridSearchCV` (the
    standard deviation divides by n). `epoch` and `value` [cells] are each cell's best epoch and its mean there; `order`
    are the cells from best to worst. A cell that has diverged at all its epochs has epoch -1 and comes last.
    """

    mean: Array
    sd: Array
    epoch: Array
    value: Array
    order: Array

    @property
    def best(self) -> int:
        """The best cell; -1 if there is none."""
        return int(self.order[0]) if self.order.size and self.epoch[self.order[0]] >= 0 else -1


def found(search: Search, history: History) -> Found:
    """Return the results of a search: means over folds, the best epoch of every cell, and the order of the cells.

    Ties go to the earlier epoch, and then to the earlier cell.
    """
    curves = history.val_loss if search.measure == "loss" else history.val_score
    folds = curves.reshape(len(curves) // search.folds, search.folds, curves.shape[1])
    with np.errstate(invalid="ignore"):
        mean, sd = folds.mean(axis=1), folds.std(axis=1)
    epochs = candidates(search, curves.shape[1] - 1)
    merit = _merit(search, mean[:, epochs])
    if not epochs.size:
        unknown = np.full(len(folds), -1)
        return Found(mean, sd, unknown, np.full(len(folds), np.nan), np.arange(len(folds)))
    at = merit.argmax(axis=1)
    rows = np.arange(len(folds))
    top = merit[rows, at]
    lost = np.isneginf(top)
    epoch = np.where(lost, -1, epochs[at])
    value = np.where(lost, np.nan, mean[rows, epochs[at]])
    return Found(mean, sd, epoch, value, np.argsort(-top, kind="stable"))


def candidates(search: Search, trained: int) -> Array:
    """Return the epochs to select from, as far as they have been trained; epoch 0 is never among them."""
    return np.array([epoch for epoch in search.stops or range(1, search.epochs + 1) if epoch <= trained], int)


def _merit(search: Search, values: Array) -> Array:
    """Return values so that higher is better; -inf for nan.

    Mean scores are rounded, so that rounding errors from the order of summation do not break ties.
    """
    merit = -values if search.measure == "loss" else values.round(12)
    return np.where(np.isnan(merit), -np.inf, merit)


# -- the rows of the folds


class Cut(NamedTuple):
    """A search, and its data, which a worker may not know by name. Chain("experiments.search:take", "...:cut", Cut)."""

    search: Search
    data: Dataset


def take(spec: Cut) -> Cut:
    """Return the initial state for the functions of this module that run in chunks."""
    return spec


def cut(spec: Cut, seconds: float) -> tuple[Cut, tuple[int, int, dict, dict]]:
    """Report for every fold to which part each row belongs, and the targets of the rows.

    `roles` [folds, rows] is 0 for training, 1 for validation and 2 for the test set.
    """
    from datasets.parts import split

    search, data = spec
    roles = np.zeros((search.folds, data.rows), np.uint8)
    for fold, row in enumerate(roles):
        _train, val, test = split(data, search.test_size, 0.0, search.split_seed, folds=search.folds, fold=fold)
        row[val], row[test] = 1, 2
    return spec, (1, 1, {}, {"roles": roles, "targets": data.read()[1]})


# -- why there is a test set


class Luck(NamedTuple):
    """Four ways to report a score, one number per split [n].

    `claimed` is the best score of all candidates on half of a test set, selected by that half, and `kept` is the score
    of the same network on the other half; both are means over the two halves. `validated` is the mean validation score
    of the best cell, and `tested` its score on the test set after it was retrained on all other rows.
    """

    claimed: Array
    kept: Array
    validated: Array
    tested: Array


class Resplit(NamedTuple):
    """The state: the number of splits completed, and the networks of the next split with their curves so far."""

    search: Search
    data: Dataset
    done: int
    training: State
    told: Chunk | None = None


def start_again(spec: Cut) -> Resplit:
    """Return the untrained networks of the first split, which is the search's own."""
    return Resplit(*spec, 0, begin(_everything(spec.search, 0), ("tests",)))


def resplit(state: Resplit, seconds: float) -> tuple[Resplit, tuple[int, int, dict, dict]]:
    """Repeat a search on other splits; when a split is complete, report its numbers, under the names of `Luck`."""
    search, data, done, training, told = state
    training, chunk = advance_for(training, seconds)
    told = chunk if told is None else merged([told, chunk])
    grown = {}
    if training.done:
        luck = _luck(search, join([told]))
        grown = {name: np.array([value]) for name, value in luck._asdict().items()}
        done += 1
        if done < search.splits:
            training, told = begin(_everything(search, done), ("tests",)), None
    epochs = done * search.epochs + (training.epoch if done < search.splits else 0)
    return Resplit(search, data, done, training, told), (epochs, search.splits * search.epochs, grown, {})


def _everything(search: Search, number: int) -> tuple[Fit, ...]:
    """Return the networks of one split: those of the search, then every cell on all rows except the test set."""
    again = replace(search, split_seed=search.split_seed + number)
    return (*again.variants(), *(again.refit(cell, search.epochs) for cell in range(len(again.cells))))


def _luck(search: Search, history: History) -> Luck:
    """Return the numbers of one split."""
    count = len(search.cells) * search.folds
    curves = {name: getattr(history, name)[:count] for name in ("val_loss", "val_score")}
    won = found(search, history._replace(**curves))
    unknown = np.array(np.nan)
    if won.best < 0:
        return Luck(unknown, unknown, unknown, unknown)
    # [cells, parts, epochs + 1]; the parts are the two halves and the whole test set
    tests = history.records["tests"][count:, 0 if search.measure == "loss" else 1]
    epochs = candidates(search, search.epochs)
    claims = []
    for half in (0, 1):
        merit = _merit(search, tests[:, half, epochs])
        cell, at = np.unravel_index(merit.argmax(), merit.shape)
        claims.append(tests[cell, [half, 1 - half], epochs[at]])
    claimed, kept = np.mean(claims, axis=0)
    return Luck(claimed, kept, won.value[won.best], tests[won.best, 2, won.epoch[won.best]])


def luck(result: Mapping[str, Array]) -> Luck:
    """Return the numbers of the splits completed."""
    return Luck(*(result.get(name, np.empty(0)) for name in Luck._fields))


# -- the searches of the lecture notes


NOTES = Search(
    dataset="titanic", hidden=(32, 64, 32, 16, 4), batch_size=64, optimizer=Adam(lr=0.001), second=NONE,
    first_values=("0.001", "0.005", "0.01"),
)  # fmt: skip


def presets() -> dict[str, Preset[Search]]:
    """Return the searches of the lecture notes, if this server's limits allow them."""
    return offered(
        {
            "cut": lambda: Preset(
                N_("Three folds, seed 42"),
                N_("Three learning rates, each validated on three folds of the Titanic data. The folds are drawn "
                   "with seed 42, as in the lecture notes."),
                replace(NOTES, epochs=60, split_seed=42),
            ),
            "rules": lambda: Preset(
                N_("Optimizers and learning rates"),
                N_("Every combination of two optimizers and three learning rates. The lecture notes search this grid "
                   "with scikit-learn's GridSearchCV."),
                replace(NOTES, second="optimizer", second_values=("adam", "rmsprop"), epochs=200),
            ),
            "epochs": lambda: Preset(
                N_("Learning rates and epochs"),
                N_("Three learning rates and three numbers of epochs. In the lecture notes the learning rate 0.001 "
                   "with 600 epochs has the highest accuracy; the differences are smaller than the standard errors."),
                replace(NOTES, epochs=600, at=(200, 300, 600)),
            ),
            "folds": lambda: Preset(
                N_("Five folds"),
                N_("The best network of the lecture notes on five folds: how much the accuracy differs from fold "
                   "to fold."),
                replace(NOTES, first_values=("0.001",), folds=5, epochs=600, at=(600,)),
            ),
        }
    )  # fmt: skip


PRESETS = presets()


def data_of(search: Search) -> Cut:
    """Return the search with its data, for a `Chain` of this module."""
    return Cut(search, find(search.dataset))
